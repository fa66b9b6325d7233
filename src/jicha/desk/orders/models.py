"""Orders: one piece of work on one clue, and what people say about it."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from jicha.desk.clues.models import Clue, Finding, NoProblem
from jicha.desk.people.models import Organisation, ScopedQuerySet, User


class Order(models.Model):
    """An order (稽查工单) from dispatch to the archive; its moves are in `moves.py`."""

    class State(models.TextChoices):
        """Where an order is on its way: domain 7.3."""

        DRAFT = "draft", _("draft")
        DISPATCHED = "dispatched", _("dispatched")
        ACCEPTED = "accepted", _("accepted")
        VERIFYING = "verifying", _("being verified")
        REPORTED = "reported", _("reported")
        REVIEWED = "reviewed", _("reviewed")
        EXCLUDED = "excluded", _("no problem")
        CONFIRMED = "confirmed", _("problem confirmed")
        RECTIFYING = "rectifying", _("being rectified")
        RECTIFIED = "rectified", _("rectified, to be re-checked")
        RECHECKED = "rechecked", _("re-checked")
        ARCHIVED = "archived", _("archived")
        TRANSFERRED = "transferred", _("transferred")

    # An order in one of these states is at its end.
    CLOSED = (State.ARCHIVED, State.TRANSFERRED)

    class Kind(models.TextChoices):
        """Where the facts are looked for."""

        DESK = "desk", _("on the desk")
        SITE = "site", _("on site")

    class Verdict(models.TextChoices):
        """What the verification says."""

        PROBLEM = "problem", _("a problem")
        NONE = "none", _("no problem")

    class Nature(models.TextChoices):
        """The class of a problem: domain 7.4."""

        ERROR = "error", _("error")
        BREACH = "breach", _("breach of rules")
        DISCIPLINE = "discipline", _("breach of discipline")
        CRIME = "crime", _("suspicion of a crime")
        DEFAULT_USE = "default_use", _("default usage of a customer")
        THEFT = "theft", _("theft by a customer")
        SYSTEM = "system", _("management or system")

    class Cause(models.TextChoices):
        """Where a problem comes from: domain 7.4."""

        PERSON = "person", _("a person")
        SYSTEM = "system", _("a system")
        DEVICE = "device", _("a metering device")
        CUSTOMER = "customer", _("the customer")
        POLICY = "policy", _("a policy or rule")
        INTERFACE = "interface", _("a data interface")

    class Size(models.TextChoices):
        """How large a problem is: policies/desk/problem_size.yaml."""

        COMMON = "common", _("common")
        MAJOR = "major", _("major")
        EXTREME = "extreme", _("extreme")

    class Receiver(models.TextChoices):
        """To whom a case is handed over."""

        DISCIPLINE = "discipline", _("discipline inspection")
        AUDIT = "audit", _("audit department")
        POLICE = "police", _("police")

    clue = models.OneToOneField(Clue, models.PROTECT, related_name="made_order")
    findings = models.ManyToManyField(Finding, related_name="orders", verbose_name=_("findings"))
    run_id = models.CharField(max_length=64)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="orders", verbose_name=_("responsible unit")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    severity = models.PositiveSmallIntegerField(_("severity"))
    request = models.TextField(_("what to find out"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=0)
    due_on = models.DateField(_("due on"), null=True)
    # The day that was due before the limit was extended; empty until it is, which happens once.
    extended_from = models.DateField(_("due before the extension"), null=True, blank=True)
    extension_reason = models.TextField(_("why the limit was extended"), blank=True)
    opened_at = models.DateTimeField(_("opened"), auto_now_add=True)
    moved_at = models.DateTimeField(_("last moved"), auto_now=True)

    issuer = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("issued by"))
    contact = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("accepted by")
    )
    verifier = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("verified by")
    )
    reviewer = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("reviewed by")
    )
    judge = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("ruled by"))
    rectifier = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("rectified by")
    )
    rechecker = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("re-checked by")
    )

    verdict = models.CharField(_("result"), max_length=8, choices=Verdict, blank=True)
    facts = models.TextField(_("facts found"), blank=True)
    found_kwh = models.DecimalField(
        _("energy found, kWh"), max_digits=18, decimal_places=4, null=True, blank=True
    )
    found_yuan = models.DecimalField(
        _("amount found, yuan (below zero: to be refunded)"),
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
    )
    returns = models.PositiveSmallIntegerField(_("returned"), default=0)
    opinion = models.TextField(_("opinion of the review"), blank=True)
    exclusion = models.CharField(
        _("why it is no problem"), max_length=10, choices=NoProblem.after_a_verification(), blank=True
    )
    nature = models.CharField(_("class of the problem"), max_length=12, choices=Nature, blank=True)
    cause = models.CharField(_("cause"), max_length=12, choices=Cause, blank=True)
    size = models.CharField(_("size"), max_length=8, choices=Size, blank=True)
    demand = models.TextField(_("what must be rectified"), blank=True)
    rectification = models.TextField(_("what was rectified"), blank=True)
    proof_run_id = models.CharField(_("run that proves it"), max_length=64, blank=True)
    proof_text = models.TextField(_("result of the re-check"), blank=True)
    unproven_reason = models.TextField(_("why the data cannot prove it"), blank=True)
    # The four that must not be let go (四不放过): each is filled before the archive.
    cause_found = models.TextField(_("the cause that was found"), blank=True)
    persons_dealt = models.TextField(_("what was done about the persons"), blank=True)
    measures_taken = models.TextField(_("the measures that were taken"), blank=True)
    staff_taught = models.TextField(_("what the staff was taught"), blank=True)
    receiver = models.CharField(_("handed over to"), max_length=12, choices=Receiver, blank=True)
    transfer_reason = models.TextField(_("why it is handed over"), blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["organisation", "state"], name="order_of_unit"),
            models.Index(fields=["state", "due_on"], name="order_by_day"),
        )

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number that people say."""
        return f"JC{self.pk:07d}"

    def is_overdue(self, day: date) -> bool:
        """Return whether the state should have ended before the day."""
        return self.due_on is not None and self.due_on < day


class Comment(models.Model):
    """What somebody had to say about an order."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="comments")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField(_("comment"), max_length=4000)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.author}: {self.text[:40]}"
