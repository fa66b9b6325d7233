"""Customer 360°: everything that the data hold of one customer, and what the desk did."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render

from jicha.audit.customer_file import CustomerRows
from jicha.desk.clues.models import Clue, in_english
from jicha.desk.orders.models import Order
from jicha.desk.people.models import Organisation
from jicha.desk.people.standing import DeskRequest, Standing
from jicha.desk.ui.home import home
from jicha.desk.ui.values import shown_rows, title_of

MONTHS = 24


def find(request: DeskRequest) -> HttpResponseBase:
    """Ask for a customer number, and go to the page of the one that is given."""
    if wanted := request.GET.get("number", "").strip():
        return redirect("customer", wanted)
    return render(request, "customers/find.html")


def show(request: DeskRequest, number: str) -> HttpResponseBase:
    """Show a customer who is served where the person may see customers."""
    name, unit = seen_customer(request.standing, number)
    tables = home().customer_file(number)
    clues = Clue.objects.seen_by(request.standing, "clue.see").filter(customer_no=number)
    orders = Order.objects.seen_by(request.standing, "order.see").filter(clue__customer_no=number)
    told: dict[str, Any] = {
        "number": number, "name": name, "unit": unit, "tables": [_shown(one) for one in tables], "clues": clues, "orders": orders,
        "energy": _by_month(tables, "kwh"), "money": _by_month(tables, "total_yuan"),
    }  # fmt: skip
    return render(request, "customers/customer.html", told)


def seen_customer(standing: Standing, number: str) -> tuple[str, Organisation]:
    """Return name and unit of a customer who is served where the person may see customers; else 404."""
    named = home().customer_name(number)
    unit = named and Organisation.objects.filter(number=named[1]).first()
    if not named or unit is None or not standing.may("customer.see", unit.path):
        raise Http404
    return named[0], unit


def _shown(one: CustomerRows) -> dict[str, Any]:
    """Return a table with its titles in the reader's language."""
    return {
        "name": one.table.name,
        "title": one.table.title_en if in_english() else one.table.title_zh,
        "columns": [title_of(one.table.field(column)) for column in one.columns],
        "rows": shown_rows(one.table, one.columns, one.rows),
        "more": one.more,
    }


def _by_month(tables: list[CustomerRows], column: str) -> list[tuple[str, Decimal]]:
    """Return the sum of a column of the bills by month, the last 24 months in order."""
    bills = next((one for one in tables if one.table.name == "bill"), None)
    if bills is None or column not in bills.columns or "bill_month" not in bills.columns:
        return []
    month, value = bills.columns.index("bill_month"), bills.columns.index(column)
    sums: dict[str, Decimal] = {}
    for row in bills.rows:
        if row[value] is not None:
            key = f"{row[month]:%y-%m}"
            sums[key] = sums.get(key, Decimal(0)) + row[value]
    return sorted(sums.items())[-MONTHS:]
