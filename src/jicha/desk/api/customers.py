"""Customers: found by number, with everything that the data hold of one; personal numbers masked as on the pages."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404
from ninja import Query as FromQuery
from ninja import Schema

from jicha.desk.api.operation import operation, refuse_unknown
from jicha.desk.api.people import UnitRow, unit_row
from jicha.desk.api.values import Words
from jicha.desk.clues.models import Clue
from jicha.desk.customers.views import seen_customer
from jicha.desk.orders.models import Order
from jicha.desk.ui.home import home
from jicha.desk.ui.values import shown_rows

TAG, RIGHT = "customers", "customer.see"


class CustomerRow(Schema):
    """A customer."""

    number: str
    name: str
    unit: UnitRow


class CustomerRows(Schema):
    """The customer with a number, or none."""

    rows: list[CustomerRow]


class CustomerTable(Schema):
    """A customer's rows of one table of the contract, newest first, values as the page shows them; `more` where some were left out."""

    table: str
    columns: list[str]
    rows: list[list[str]]
    more: bool


class CustomerFile(CustomerRow):
    """A customer with all rows of the newest data, and the clues and orders that the token sees."""

    tables: list[CustomerTable]
    clues: list[int]
    orders: list[int]


def _row(request: Any, number: str) -> dict[str, Any]:
    name, unit = seen_customer(request.standing, number)
    return {"number": number, "name": name, "unit": unit_row(unit)}


@operation("GET", "customers", "customers", RIGHT, CustomerRows, tag=TAG)
def find(request: Any, number: Annotated[Words, FromQuery()]) -> Any:
    """Find a customer by number."""
    refuse_unknown(request, {"number"})
    try:
        return {"rows": [_row(request, number)]}
    except Http404:
        return {"rows": []}


@operation("GET", "customers/<str:number>", "customer", RIGHT, CustomerFile, tag=TAG)
def file(request: Any, number: Words) -> Any:
    """Tell everything that the newest data hold of a customer, and what the desk did."""
    row = _row(request, number)
    tables = [
        {"table": one.table.name, "columns": list(one.columns), "rows": shown_rows(one.table, one.columns, one.rows), "more": one.more}
        for one in home().customer_file(number)
    ]  # fmt: skip
    clues = Clue.objects.seen_by(request.standing, "clue.see").filter(customer_no=number)
    orders = Order.objects.seen_by(request.standing, "order.see").filter(clue__customer_no=number)
    return row | {
        "tables": tables, "clues": list(clues.values_list("pk", flat=True)), "orders": list(orders.values_list("pk", flat=True)),
    }  # fmt: skip
