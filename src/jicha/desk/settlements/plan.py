"""Agreed instalments (分期): a plan covers the whole balance; what has been paid covers the earliest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.flow.refusals import NotAllowed, NotNow
from jicha.desk.journal.append import append
from jicha.desk.journal.words import name_action
from jicha.desk.people.standing import Standing
from jicha.desk.settlements.ledger import NotThisMuch, balance
from jicha.desk.settlements.models import Instalment, Settlement
from jicha.settle.sheet.segments import months_after

TITLE = gettext_lazy("Agree on instalments")
name_action("settlement_plan", TITLE)
MOST = 60


@dataclass(frozen=True, slots=True)
class Due:
    """An instalment with what of it is still open."""

    instalment: Instalment
    open_yuan: Decimal
    is_overdue: bool


def current_plan(settlement: Settlement) -> list[Instalment]:
    """Return the instalments of the newest plan."""
    rows = list(Instalment.objects.filter(settlement=settlement))
    newest = max((row.plan for row in rows), default=0)
    return [row for row in rows if row.plan == newest]


def dues(settlement: Settlement, day: date) -> list[Due]:
    """Return the instalments with what is still open of each: the balance lies on the latest ones."""
    left, found = max(balance(settlement), Decimal(0)), []
    for row in reversed(current_plan(settlement)):
        part = min(left, row.amount_yuan)
        left -= part
        found.append(Due(row, part, bool(part) and row.due_on < day))
    return found[::-1]


def agree(
    settlement: Settlement, standing: Standing, rows: Sequence[tuple[date, Decimal]]
) -> list[Instalment]:
    """Write a plan: days that follow each other, amounts that add up to the balance; an earlier plan stays to be read."""
    if not standing.may("settlement.draft", settlement.organisation.path):
        raise NotAllowed(TITLE)
    if settlement.state not in Settlement.PAYABLE:
        raise NotNow(TITLE)
    with transaction.atomic():
        Settlement.objects.select_for_update().get(pk=settlement.pk)
        _check(rows, balance(settlement))
        plan = max((row.plan for row in Instalment.objects.filter(settlement=settlement)), default=0) + 1
        made = [
            Instalment.objects.create(
                settlement=settlement,
                plan=plan,
                number=number,
                due_on=day,
                amount_yuan=amount,
                agreed_by=standing.user,
            )
            for number, (day, amount) in enumerate(rows, 1)
        ]
        append(
            "settlement_plan", settlement, actor=standing.user, organisation=settlement.organisation,
            details={"plan": plan, "instalments": [[day.isoformat(), f"{amount:f}"] for day, amount in rows]},
        )  # fmt: skip
    return made


def _check(rows: Sequence[tuple[date, Decimal]], owed: Decimal) -> None:
    if not 0 < len(rows) <= MOST or any(amount <= 0 for _day, amount in rows):
        raise NotThisMuch(_("A plan has 1 to %(most)s instalments, each above zero.") % {"most": MOST})
    if rows[0][0] < timezone.localdate() or any(later[0] <= earlier[0] for earlier, later in pairwise(rows)):
        raise NotThisMuch(_("The days of a plan follow each other, none in the past."))
    total = sum((amount for _day, amount in rows), Decimal(0))
    if total != owed:
        raise NotThisMuch(
            _("The instalments add up to %(total)s yuan, the balance is %(owed)s.")
            % {"total": f"{total:,.2f}", "owed": f"{owed:,.2f}"}
        )


def equal_rows(owed: Decimal, first_on: date, count: int) -> list[tuple[date, Decimal]]:
    """Return monthly instalments of equal cents, the last with the remainder."""
    each = (owed / count).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
    amounts = [each] * (count - 1) + [owed - each * (count - 1)]
    return [(months_after(first_on, number), amount) for number, amount in enumerate(amounts)]
