"""The draft of a settlement: facts and acts of each scenario, and the sheet that they give."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.casework import Casework
from jicha.desk.flow.refusals import Missing, NotAllowed, NotNow, Refusal
from jicha.desk.journal.append import append
from jicha.desk.journal.words import name_action
from jicha.desk.orders.models import Order
from jicha.desk.people.models import Organisation
from jicha.desk.people.standing import Standing
from jicha.desk.settlements.models import Settlement
from jicha.desk.ui.home import home
from jicha.errors import JichaError
from jicha.settle.sheet.case import plain_sheet

RIGHT = "settlement.draft"
SCENARIOS = ("A", "B")
BEGIN, CHANGE = gettext_lazy("Begin a settlement"), gettext_lazy("Change the draft")
name_action("settlement_begin", BEGIN)
name_action("settlement_change", CHANGE)


class Unsettled(Refusal):
    """Facts that give no sheet, with what is wrong with them."""

    status = 422


def begin(
    standing: Standing,
    organisation: Organisation,
    title: str,
    customer: tuple[str, str],
    order: Order | None = None,
) -> Settlement:
    """Make an empty draft of an order, or of a matter that has none; `customer` is number and name."""
    if not standing.may(RIGHT, organisation.path):
        raise NotAllowed(BEGIN)
    number, name = (text.strip() for text in customer)
    empty = [
        label for label, text in ((_("matter"), title), (_("customer number"), number)) if not text.strip()
    ]
    if empty:
        raise Missing(BEGIN, empty)
    content = {
        "found_on": timezone.localdate().isoformat(),
        "customer": {},
        "scenarios": {"A": {"title": "", "acts": []}},
    }
    with transaction.atomic():
        made = Settlement.objects.create(
            order=order, organisation=organisation, title=title.strip()[:200], customer_no=number[:32], customer_name=name[:200], content=content,
            drafter=standing.user,
        )  # fmt: skip
        append(
            "settlement_begin",
            made,
            actor=standing.user,
            organisation=organisation,
            details={"order": order.pk if order else None},
        )
    return made


def change(settlement: Settlement, standing: Standing, content: dict[str, Any], told: dict[str, Any]) -> None:
    """Write the content of a draft; `told` says in the log what was changed, without names or numbers of persons."""
    if not standing.may(RIGHT, settlement.organisation.path):
        raise NotAllowed(CHANGE)
    with transaction.atomic():
        changed = Settlement.objects.filter(
            pk=settlement.pk, state=Settlement.State.DRAFT, version=settlement.version
        )
        # Whoever writes last becomes the drafter: it is this person who must not approve.
        if not changed.update(content=content, drafter=standing.user, moved_at=timezone.now()):
            raise NotNow(CHANGE)
        append(
            "settlement_change",
            settlement,
            actor=standing.user,
            organisation=settlement.organisation,
            details=told,
        )
    settlement.refresh_from_db()


def put_act(
    content: dict[str, Any], scenario: str, place: int | None, act: dict[str, Any] | None
) -> dict[str, Any]:
    """Return the content with an act added (no place), replaced, or taken out (no act)."""
    acts = list(content["scenarios"].get(scenario, {}).get("acts", ()))
    if place is None:
        acts.append(act)
    elif not 0 < place <= len(acts):
        raise NotNow(CHANGE)
    else:
        acts[place - 1 : place] = [act] if act is not None else []
    return _with(content, scenario, acts=acts)


def copy_scenario(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content with scenario B made of A, to be changed from there."""
    return _with(content, "B", acts=list(content["scenarios"]["A"]["acts"]), title="")


def drop_scenario(content: dict[str, Any]) -> dict[str, Any]:
    """Return the content without scenario B."""
    return content | {"scenarios": {"A": content["scenarios"]["A"]}}


def _with(content: dict[str, Any], scenario: str, **values: Any) -> dict[str, Any]:
    scenarios = dict(content["scenarios"])
    scenarios[scenario] = {"title": "", "acts": []} | scenarios.get(scenario, {}) | values
    return content | {"scenarios": scenarios}


def sheet_of(settlement: Settlement, only: str = "") -> dict[str, Any]:
    """Return the sheet of the draft as plain data, of one scenario or of all that hold an act; `Unsettled` says what is wrong."""
    scenarios = {
        code: one
        for code, one in settlement.content["scenarios"].items()
        if one["acts"] and only in ("", code)
    }
    if not scenarios:
        raise Unsettled(_("There is no act yet: add what was proved."))
    content = settlement.content | {
        "case": settlement.number, "title": settlement.title, "scenarios": scenarios,
        "customer": settlement.content["customer"] | {"number": settlement.customer_no, "name": settlement.customer_name},
    }  # fmt: skip
    try:
        return plain_sheet(Casework(home()).settle(content, settlement.number))
    except JichaError as error:
        raise Unsettled(str(error)) from error
