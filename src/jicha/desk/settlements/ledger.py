"""The ledger: lines are only ever added; every figure of it is a sum."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.flow.refusals import Missing, NotAllowed, NotNow, Refusal, SamePerson
from jicha.desk.journal.append import append
from jicha.desk.journal.words import name_action
from jicha.desk.people.models import User
from jicha.desk.people.standing import Standing
from jicha.desk.settlements.models import Entry, Settlement
from jicha.desk.settlements.policy import receipt_order

PAY, REVERSE = gettext_lazy("Record a payment"), gettext_lazy("Reverse a line")
name_action("settlement_payment", PAY)
name_action("settlement_reverse", REVERSE)


class NotThisMuch(Refusal):
    """An amount that the balance does not allow."""

    status = 422


def balances(settlement: Settlement) -> dict[str, Decimal]:
    """Return what is still owed of each component; below zero it is owed to the customer."""
    rows = (
        Entry.objects.filter(settlement=settlement)
        .order_by()
        .values("component")
        .annotate(sum=Sum("amount_yuan"))
    )
    found = {row["component"]: row["sum"] for row in rows}
    return {component: found.get(component, Decimal("0.00")) for component in Entry.Component.values}


def balance(settlement: Settlement) -> Decimal:
    """Return what is still owed altogether."""
    return sum(balances(settlement).values(), Decimal("0.00"))


def paid(settlement: Settlement) -> dict[str, Decimal]:
    """Return what was received of each component, payments that were reversed left out; paid out is below zero."""
    rows = (
        Entry.objects.filter(
            settlement=settlement, kind__in=(Entry.Kind.RECEIPT, Entry.Kind.REFUND), reversed_by=None
        )
        .order_by()
        .values("component")
        .annotate(sum=Sum("amount_yuan"))
    )
    return {row["component"]: -row["sum"] for row in rows}


def book_sheet(settlement: Settlement, actor: User) -> None:
    """Book every line of the approved sheet that holds money."""
    assert settlement.sheet is not None
    lines = settlement.sheet["scenarios"][0]["lines"]
    today = timezone.localdate()
    _add(
        settlement,
        (
            Entry(
                settlement=settlement, kind=Entry.Kind.OWED, component=line["kind"], amount_yuan=Decimal(line["difference_yuan"]), sheet_line=place,
                on=today, booked_by=actor,
            )
            for place, line in enumerate(lines, 1)
            if Decimal(line["difference_yuan"])
        ),
    )  # fmt: skip


def record_payment(
    settlement: Settlement, standing: Standing, amount_yuan: Decimal, on: date, voucher: str
) -> list[Entry]:
    """Record money that came in, or went out where the customer is owed: parted among the components in the order of the policy.

    A payment above the balance is refused: what is paid too much belongs to another account.
    """
    _check(settlement, standing, "settlement.collect", PAY)
    if not voucher.strip():
        raise Missing(PAY, [_("voucher")])
    if on > timezone.localdate():
        raise NotThisMuch(_("A payment cannot lie in the future."))
    with transaction.atomic():
        _lock(settlement)
        entries = _parted(settlement, standing.user, amount_yuan, on, voucher.strip()[:64])
        _add(settlement, entries)
        append(
            "settlement_payment", settlement, actor=standing.user, organisation=settlement.organisation,
            details={"amount_yuan": f"{amount_yuan:f}", "on": on.isoformat(), "lines": [entry.number for entry in entries]},
        )  # fmt: skip
    return entries


def _parted(settlement: Settlement, actor: User, amount_yuan: Decimal, on: date, voucher: str) -> list[Entry]:
    open_now = balances(settlement)
    total = sum(open_now.values(), Decimal(0))
    # One component may be owed to the customer while another is owed by him: only what is owed the same way can be paid.
    sign = 1 if total > 0 else -1
    payable = {component: amount for component, amount in open_now.items() if amount * sign > 0}
    if amount_yuan <= 0 or amount_yuan > abs(total):
        raise NotThisMuch(_("Up to %(amount)s yuan can be paid now.") % {"amount": f"{abs(total):,.2f}"})
    left, entries = amount_yuan, []
    for component in receipt_order(timezone.localdate()):
        part = min(left, abs(payable.get(component, Decimal(0))))
        if part:
            kind = Entry.Kind.RECEIPT if sign > 0 else Entry.Kind.REFUND
            entries.append(
                Entry(
                    settlement=settlement,
                    kind=kind,
                    component=component,
                    amount_yuan=-part * sign,
                    on=on,
                    voucher=voucher,
                    booked_by=actor,
                )
            )
            left -= part
    return entries


def reverse(settlement: Settlement, standing: Standing, number: int, reason: str) -> Entry:
    """Add the line that takes back another one; by a second person, once, and never of a reversal."""
    _check(settlement, standing, "settlement.reverse", REVERSE)
    if not reason.strip():
        raise Missing(REVERSE, [str(Entry._meta.get_field("reason").verbose_name)])
    with transaction.atomic():
        _lock(settlement)
        found = Entry.objects.filter(settlement=settlement, number=number).first()
        if (
            found is None
            or found.kind == Entry.Kind.REVERSAL
            or Entry.objects.filter(reverses=found).exists()
        ):
            raise NotNow(
                REVERSE, _("This line cannot be reversed: it is a reversal, or was reversed already.")
            )
        if standing.user.pk == found.booked_by_id:
            raise SamePerson(REVERSE)
        made = _reversal(found, standing.user, reason)
        _add(settlement, [made])
        append(
            "settlement_reverse", settlement, actor=standing.user, organisation=settlement.organisation,
            details={"line": number, "by_line": made.number, "amount_yuan": f"{made.amount_yuan:f}", "reason": made.reason},
        )  # fmt: skip
    return made


def reverse_all(settlement: Settlement, actor: User, reason: str) -> None:
    """Reverse every line that still counts: what a withdrawal does."""
    standing_lines = Entry.objects.filter(settlement=settlement, reversed_by=None).exclude(
        kind=Entry.Kind.REVERSAL
    )
    _add(settlement, [_reversal(entry, actor, reason) for entry in standing_lines])


def _reversal(entry: Entry, actor: User, reason: str) -> Entry:
    return Entry(
        settlement_id=entry.settlement_id, kind=Entry.Kind.REVERSAL, component=entry.component, amount_yuan=-entry.amount_yuan,
        sheet_line=entry.sheet_line, reverses=entry, on=timezone.localdate(), reason=reason.strip()[:200], booked_by=actor,
    )  # fmt: skip


def _add(settlement: Settlement, entries: Iterable[Entry]) -> None:
    last = Entry.objects.filter(settlement=settlement).aggregate(last=Max("number"))["last"] or 0
    for number, entry in enumerate(entries, last + 1):
        entry.number = number
        entry.save(force_insert=True)


def _lock(settlement: Settlement) -> None:
    """Let one writer at a time read the balance and add to it, and only while money may move."""
    now = Settlement.objects.select_for_update().get(pk=settlement.pk)
    if now.state not in Settlement.PAYABLE:
        raise NotNow(PAY)


def _check(settlement: Settlement, standing: Standing, right: str, title: object) -> None:
    if not standing.may(right, settlement.organisation.path):
        raise NotAllowed(str(title))
    if settlement.state not in Settlement.PAYABLE:
        raise NotNow(str(title))
