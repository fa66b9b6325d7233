"""Shows personal data in full, once, for a reason; the log keeps who, whose, which columns and why, and never the values."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.contract import Field
from jicha.desk.flow.refusals import Missing, NotAllowed, Refusal
from jicha.desk.journal.append import append
from jicha.desk.journal.words import name_action
from jicha.desk.people.models import Organisation
from jicha.desk.people.standing import Standing
from jicha.desk.ui.home import home
from jicha.desk.ui.personal import RIGHT, kind_of
from jicha.desk.ui.values import shown, title_of

TITLE = gettext_lazy("Show personal data")
name_action("reveal", TITLE)
MOST_OF_A_REASON = 200


class TellsTheValue(Refusal):
    """A reason that repeats what it asks for would carry it into the log."""

    status = 422

    def __init__(self) -> None:
        super().__init__(
            _(
                "The reason holds a name, number or address of the customer: leave it out, it would stay in the log."
            )
        )


def reveal(standing: Standing, number: str, unit: Organisation, reason: str) -> list[tuple[str, str]]:
    """Return the customer's personal data as (title, value), the log told first; a reason must be given."""
    reason = reason.strip()[:MOST_OF_A_REASON]
    if not standing.may(RIGHT, unit.path):
        raise NotAllowed(TITLE)
    if not reason:
        raise Missing(TITLE, [_("reason")])
    found = _personal(number)
    if any(value in reason for _place, _field, value in found):
        raise TellsTheValue
    with transaction.atomic():
        append(
            "reveal", unit, actor=standing.user, organisation=unit,
            details={"record": f"customer {number}", "fields": sorted({place for place, _field, _value in found}), "reason": reason},
            stands_in_for=standing.acts_for(RIGHT, unit.path),
        )  # fmt: skip
    return list(dict.fromkeys((title_of(field), value) for _place, field, value in found))


def _personal(number: str) -> list[tuple[str, Field, str]]:
    """Return every personal value of the customer as (table.column, column, value)."""
    found = []
    for one in home().customer_file(number):
        for place, column in enumerate(one.columns):
            if kind_of(one.table.name, column) is None:
                continue
            field = one.table.field(column)
            for row in one.rows:
                if row[place] not in (None, ""):
                    value = shown(field, row[place], one.table.name, is_masked=False)
                    found.append((f"{one.table.name}.{column}", field, value))
    return found
