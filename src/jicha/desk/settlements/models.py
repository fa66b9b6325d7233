"""Settlements, the ledger of what is owed and paid, and agreed instalments."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from jicha.desk.orders.models import Order
from jicha.desk.people.models import Organisation, ScopedQuerySet, User


class Settlement(models.Model):
    """What one customer owes, or is owed, for what was proved; its moves are in `moves.py`.

    `content` is the case as `jicha settle` reads it; `sheet` is what it gave when it was handed in for approval, never worked out again.
    """

    class State(models.TextChoices):
        """Where a settlement is on its way."""

        DRAFT = "draft", _("draft")
        SUBMITTED = "submitted", _("waiting for approval")
        APPROVED = "approved", _("approved")
        SERVED = "served", _("notice served")
        AGREED = "agreed", _("agreed")
        CLOSED = "closed", _("closed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    ENDED = (State.CLOSED, State.WITHDRAWN)
    # In these states money may come in or go out.
    PAYABLE = (State.APPROVED, State.SERVED, State.AGREED)

    class Chosen(models.TextChoices):
        """Which of the two scenarios is put forward."""

        A = "A", "A"
        B = "B", "B"

    class Service(models.TextChoices):
        """How the customer got the notice."""

        SIGNED = "signed", _("signed by the customer")
        REFUSED = "refused", _("refused; witnessed or filmed")
        POSTED = "posted", _("by registered post")

    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="settlements", verbose_name=_("order")
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="settlements", verbose_name=_("responsible unit")
    )
    title = models.CharField(_("matter"), max_length=200)
    customer_no = models.CharField(_("customer number"), max_length=32, db_index=True)
    customer_name = models.CharField(_("customer"), max_length=200, blank=True)
    content = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(_("opened"), auto_now_add=True)
    moved_at = models.DateTimeField(_("last moved"), auto_now=True)

    drafter = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("drafted by"))
    approver = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    chosen = models.CharField(_("scenario put forward"), max_length=1, choices=Chosen, blank=True)
    choice_reason = models.TextField(_("why this scenario"), blank=True)
    sheet = models.JSONField(null=True)
    energy_kwh = models.DecimalField(_("energy, kWh"), max_digits=20, decimal_places=6, null=True)
    back_pay_yuan = models.DecimalField(_("back-pay, yuan"), max_digits=16, decimal_places=2, null=True)
    charge_yuan = models.DecimalField(
        _("default-usage charge, yuan"), max_digits=16, decimal_places=2, null=True
    )
    late_fee_yuan = models.DecimalField(
        _("late-payment charge, yuan"), max_digits=16, decimal_places=2, null=True
    )
    total_yuan = models.DecimalField(_("total, yuan"), max_digits=16, decimal_places=2, null=True)
    at_stake_yuan = models.DecimalField(_("at stake, yuan"), max_digits=16, decimal_places=2, null=True)
    opinion = models.TextField(_("opinion"), blank=True)
    served_on = models.DateField(_("served on"), null=True, blank=True)
    service = models.CharField(_("how it was served"), max_length=8, choices=Service, blank=True)
    service_note = models.CharField(
        _("who received it, or who witnessed the refusal"), max_length=200, blank=True
    )
    agreed_on = models.DateField(_("agreed on"), null=True, blank=True)
    signer = models.CharField(_("signed for the customer by"), max_length=100, blank=True)
    withdrawal_reason = models.TextField(_("why it is withdrawn"), blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["organisation", "state"], name="settlement_of_unit"),)

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number that people say."""
        return f"JS{self.pk:07d}"


class Entry(models.Model):
    """One line of the ledger: written once. Owed is above zero; what was paid, and what is owed to the customer, below."""

    class Kind(models.TextChoices):
        """What the line says."""

        OWED = "owed", _("owed")
        RECEIPT = "receipt", _("received")
        REFUND = "refund", _("paid out")
        REVERSAL = "reversal", _("reversal")

    class Component(models.TextChoices):
        """Which part of the debt it belongs to; never mixed in a sum."""

        BACK_PAY = "back_pay", _("energy charge")
        CHARGE = "charge", _("default-usage charge")
        LATE_FEE = "late_fee", _("late-payment charge")

    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="entries")
    number = models.PositiveIntegerField(_("line"))
    kind = models.CharField(_("kind of line"), max_length=8, choices=Kind)
    component = models.CharField(_("part of the debt"), max_length=8, choices=Component)
    amount_yuan = models.DecimalField(_("amount, yuan"), max_digits=16, decimal_places=2)
    sheet_line = models.PositiveIntegerField(_("line of the sheet"), null=True)
    reverses = models.OneToOneField("self", models.PROTECT, null=True, related_name="reversed_by")
    on = models.DateField(_("day"))
    voucher = models.CharField(_("voucher"), max_length=64, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    booked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("booked by"))
    booked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("settlement_id", "number")
        constraints = (
            models.UniqueConstraint(fields=["settlement", "number"], name="one_line_of_the_ledger_once"),
            models.CheckConstraint(
                condition=~models.Q(amount_yuan=0), name="a_line_of_the_ledger_is_not_nothing"
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.kind} {self.amount_yuan}"


class Instalment(models.Model):
    """One payment of an agreed plan (分期); a new plan stands beside the old one and in its place."""

    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="instalments")
    plan = models.PositiveIntegerField(_("plan"))
    number = models.PositiveIntegerField(_("instalment"))
    due_on = models.DateField(_("due on"))
    amount_yuan = models.DecimalField(_("amount, yuan"), max_digits=16, decimal_places=2)
    agreed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    agreed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("settlement_id", "plan", "number")
        constraints = (
            models.UniqueConstraint(fields=["settlement", "plan", "number"], name="one_instalment_once"),
        )

    def __str__(self) -> str:
        return f"{self.plan}.{self.number} {self.due_on} {self.amount_yuan}"


def sums_of(sheet: dict[str, Any]) -> dict[str, str]:
    """Return the sums of the scenario of a frozen sheet."""
    sums: dict[str, str] = sheet["scenarios"][0]["sums"]
    return sums
