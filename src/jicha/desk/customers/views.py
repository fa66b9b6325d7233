"""Customer 360°: everything that the data hold of one customer, how it came about, with whom it hangs together, and what the desk did."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from jicha.audit.customer_file import CustomerRows
from jicha.desk.clues.models import Clue, Finding, in_english
from jicha.desk.customers.changes import changes_shown
from jicha.desk.customers.links import links_shown
from jicha.desk.customers.reveal import reveal
from jicha.desk.customers.strips import strips_of
from jicha.desk.orders.models import Order
from jicha.desk.people.models import Organisation
from jicha.desk.people.standing import DeskRequest, Standing
from jicha.desk.ui.fragments import fragment
from jicha.desk.ui.home import home
from jicha.desk.ui.months import chart_of_customer, finding_mark
from jicha.desk.ui.personal import RIGHT as REVEAL
from jicha.desk.ui.personal import hidden
from jicha.desk.ui.sheets import sheet_of
from jicha.desk.ui.values import shown_rows, title_of

MONTHS = 24


def find(request: DeskRequest) -> HttpResponseBase:
    """Ask for a customer number, and go to the page of the one that is given."""
    if wanted := request.GET.get("number", "").strip():
        return redirect("customer", wanted)
    return render(request, "customers/find.html")


def show(request: DeskRequest, number: str) -> HttpResponseBase:
    """Show a customer who is served where the person may see customers; chart, changes and links are fetched after the page."""
    name, unit = seen_customer(request.standing, number)
    tables = home().customer_file(number)
    clues = (
        Clue.objects.seen_by(request.standing, "clue.see")
        .filter(customer_no=number)
        .select_related("organisation")
    )
    orders = Order.objects.seen_by(request.standing, "order.see").filter(clue__customer_no=number)
    told: dict[str, Any] = {
        "number": number, "name": name, "unit": unit, "identity": _identity(tables), "strips": strips_of(tables), "clues": clues,
        "orders": orders, "tables": [_shown(one) for one in tables if one.table.name != "customer"],
        "months": list(reversed(_months(tables))), "may_reveal": request.standing.may(REVEAL, unit.path),
    }  # fmt: skip
    return render(request, "customers/customer.html", told)


def seen_customer(standing: Standing, number: str) -> tuple[str, Organisation]:
    """Return masked name and unit of a customer who is served where the person may see customers; else 404."""
    named = home().customer_name(number)
    unit = named and Organisation.objects.filter(number=named[1]).first()
    if not named or unit is None or not standing.may("customer.see", unit.path):
        raise Http404
    return str(hidden("customer", "name", named[0])), unit


def _shown(one: CustomerRows) -> dict[str, Any]:
    """Return a table with its titles in the reader's language."""
    return {
        "name": one.table.name,
        "title": one.table.title_en if in_english() else one.table.title_zh,
        "columns": [title_of(one.table.field(column)) for column in one.columns],
        "rows": shown_rows(one.table, one.columns, one.rows),
        "more": one.more,
    }


def _identity(tables: list[CustomerRows]) -> list[tuple[str, str]]:
    """Return the filled columns of the customer's own row, each with its title."""
    own = next((one for one in tables if one.table.name == "customer"), None)
    if own is None:
        return []
    shown = _shown(own)
    return [(title, value) for title, value in zip(shown["columns"], shown["rows"][0], strict=True) if value]


def _months(tables: list[CustomerRows]) -> list[date]:
    """Return the months that have a bill, the last 24 in order."""
    bills = next((one for one in tables if one.table.name == "bill"), None)
    if bills is None or "bill_month" not in bills.columns:
        return []
    place = bills.columns.index("bill_month")
    return sorted({row[place] for row in bills.rows})[-MONTHS:]


def chart(request: DeskRequest, number: str) -> HttpResponseBase:
    """Show the customer's months with what was found and what happened."""
    seen_customer(request.standing, number)
    seen = Clue.objects.seen_by(request.standing, "clue.see").filter(customer_no=number)
    findings = Finding.objects.filter(clue__in=seen).select_related("clue")
    marks = [finding_mark(one.clue.month, one.rule_id, one.message) for one in findings]

    def told() -> dict[str, Any]:
        months = home().months(home().snapshot())
        return {"chart": chart_of_customer(number, months[-1] if months else date.today(), marks)}

    return fragment(request, "ui/month_chart.html", told)


def changes(request: DeskRequest, number: str) -> HttpResponseBase:
    """Show what is another in the later of two months: only what differs."""
    seen_customer(request.standing, number)
    try:
        chosen = sorted(date.fromisoformat(f"{request.GET[key]}-01") for key in ("earlier", "later"))
    except (KeyError, ValueError):
        raise Http404 from None
    return fragment(request, "customers/changes.html", lambda: changes_shown(number, chosen[0], chosen[1]))


def links(request: DeskRequest, number: str) -> HttpResponseBase:
    """Show with what and whom the customer hangs together; customers of units that the person does not see are only counted."""
    _name, unit = seen_customer(request.standing, number)
    return fragment(request, "customers/links.html", lambda: links_shown(request.standing, number, unit))


def bill(request: DeskRequest, number: str, bill_id: str) -> HttpResponseBase:
    """Show a bill of the customer as issued beside the bill worked out again."""
    seen_customer(request.standing, number)
    bills = next((one for one in home().customer_file(number) if one.table.name == "bill"), None)
    if bills is None or bill_id not in {row[bills.columns.index("bill_id")] for row in bills.rows}:
        raise Http404
    return render(request, "customers/bill.html", {"number": number} | sheet_of(bill_id))


@never_cache
def show_personal(request: DeskRequest, number: str) -> HttpResponseBase:
    """Show the customer's personal data in full, this once, to somebody who says why."""
    _name, unit = seen_customer(request.standing, number)
    values = reveal(request.standing, number, unit, request.POST.get("reason", ""))
    template = "customers/revealed.html" if request.htmx else "customers/revealed_page.html"  # type: ignore[attr-defined]
    return render(request, template, {"values": values, "number": number})
