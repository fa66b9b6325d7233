"""How many clues of what value lie in each unit, state and band: kept by the database with every change, read instead of counted.

Counting is the slow part of a long list. The triggers change the tally in the transaction of the clue, so it is never wrong; they
are made after each migration (SQLite forgets triggers when it builds a table anew), and then everything is counted once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Any

from django.db import connections, transaction
from django.db.models import Sum

from jicha.desk.clues.models import Clue, Tally

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Sums:
    """What some clues come to; `expected` counts only those of which something may be hoped."""

    clues: int
    company: Decimal
    customer: Decimal
    expected: Decimal


def sums(units: Iterable[int] | None, states: Iterable[str] = (), band: str = "") -> Sums:
    """Return the sums over the clues of some units (None: of all), of some states (none: of all) and a band."""
    rows = _of(units)
    if states := tuple(states):
        rows = rows.filter(state__in=states)
    if band:
        rows = rows.filter(band=band)
    told = rows.aggregate(
        n=Sum("clues"), company=Sum("company_fen"), customer=Sum("customer_fen"), expected=Sum("expected_fen")
    )
    return Sums(told["n"] or 0, *((told[name] or 0) * _CENT for name in ("company", "customer", "expected")))


def facets(units: Iterable[int] | None) -> dict[str, list[tuple[str, str, int]]]:
    """Return how many of the clues lie in each state and band, as (code, title, count)."""
    counts: dict[str, dict[str, int]] = {"state": defaultdict(int), "band": defaultdict(int)}
    for state, band, count in _of(units).values_list("state", "band").annotate(Sum("clues")):
        counts["state"][state] += count
        counts["band"][band] += count
    choices = {"state": Clue.State.choices, "band": Clue.Band.choices}
    return {
        name: [(code, str(title), counts[name][code]) for code, title in told if counts[name][code]]
        for name, told in choices.items()
    }


def _of(units: Iterable[int] | None) -> Any:
    return Tally.objects.all() if units is None else Tally.objects.filter(organisation_id__in=list(units))


def put_up(using: str = "default", **_signal: Any) -> None:
    """Make the triggers and count everything once; called after a migration."""
    connection = connections[using]
    if not {Clue._meta.db_table, Tally._meta.db_table} <= set(connection.introspection.table_names()):
        return
    with transaction.atomic(using), connection.cursor() as cursor:
        for name in ("tally", "recount"):
            text = files("jicha.desk.clues").joinpath("sql", f"{name}_{connection.vendor}.sql")
            for statement in text.read_text(encoding="utf-8").split("--;"):
                cursor.execute(statement.strip())
