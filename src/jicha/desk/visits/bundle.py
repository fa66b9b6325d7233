"""The visits of an order in its case bundle: what was read, sealed, measured and signed, those in conflict side by side."""

from __future__ import annotations

from typing import Any

from jicha.desk.bundles.parts import Part, Wanted, part, row_of
from jicha.desk.ui.personal import masked
from jicha.desk.visits.models import Visit

ROWS = ("readings", "seals", "loads", "files")
# Who was met, and who stood by, are persons; the record as the phone sent it names them, too.
NAMES, WHOLE = ("met_name", "witness"), "content"


@part("visits")
def visits_part(wanted: Wanted) -> Part:
    """Return every visit as it was recorded; the photos are among the evidence, by their hash."""
    visits = list(Visit.objects.filter(order=wanted.order).order_by("pk"))
    return Part([_told(one, wanted.is_masked) for one in visits], subjects=tuple(visits))


def _told(visit: Visit, is_masked: bool) -> dict[str, Any]:
    told = row_of(visit, "order", *((WHOLE,) if is_masked else ()))
    for name in NAMES:
        if is_masked and told[name]:
            told[name] = masked(told[name], "name")
    return told | {
        name: [row_of(one, "visit") for one in getattr(visit, name).order_by("pk")] for name in ROWS
    }
