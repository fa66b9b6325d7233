"""Fetches what the chart of a customer's months shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.utils.translation import get_language

from jicha.contract import contract
from jicha.desk.ui.chart import MONTHS, Chart, Mark, chart_of
from jicha.desk.ui.home import home
from jicha.desk.ui.values import shown


def chart_of_customer(customer_no: str, until: date, findings: Iterable[Mark]) -> Chart:
    """Return the chart of the 24 months that end with `until`, with the findings and with what the records say happened."""
    sums = {one.month: (one.kwh, one.yuan) for one in home().customer_months(customer_no, until, MONTHS)}
    events = [
        Mark(one.day, "event", f"{one.day:%m-%d} {event_words(one.table, one.column, one.code)}")
        for one in home().customer_marks(customer_no, until, MONTHS)
    ]
    return chart_of(sums, [*findings, *events], until)


def finding_mark(month: date, rule_id: str, message: str) -> Mark:
    """Return the mark of a finding."""
    return Mark(month, "finding", f"{rule_id} {message}")


def event_words(table: str, column: str, code: str) -> str:
    """Return what happened in words: the table's title and the code's label."""
    of = contract().table(table)
    title = of.title_en if (get_language() or "").startswith("en") else of.title_zh
    return f"{title} {shown(of.field(column), code, table)}"
