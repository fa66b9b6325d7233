"""Clues, the findings in them, and the runs that were brought in."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as now_translated
from django.utils.translation import gettext_lazy as _

from jicha.desk.people.models import Organisation, ScopedQuerySet, User


def in_english() -> bool:
    """Return whether the reader reads English."""
    return (get_language() or "").startswith("en")


def in_future(day: date) -> None:
    """Refuse a day that has come already."""
    if day <= timezone.localdate():
        raise ValidationError(now_translated("The day must lie in the future."))


class BroughtIn(models.Model):
    """A run (稽查) whose findings the desk holds; one row a run makes a second delivery harmless."""

    run_id = models.CharField(max_length=64, unique=True)
    month = models.DateField()
    snapshot_id = models.PositiveIntegerField()
    # The organisation whose audit it was, "all" for every one.
    scope = models.CharField(max_length=64, default="all")
    at = models.DateTimeField(auto_now_add=True)
    findings = models.PositiveIntegerField()
    new_clues = models.PositiveIntegerField()

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return self.run_id


# What the pool is grouped by, with what narrows it down: the sums of the groups are read from an index alone.
GROUPED = {
    "customer": ("customer_no", "state", "organisation"),
    "district": ("district_id", "state", "organisation"),
    "unit": ("organisation", "state"),
}
# The orders of the pool; each ends with the number, so that no two rows change places.
ORDERS = {
    "expected": ("-expected_yuan", "-id"),
    "yuan": ("-company_yuan", "-id"),
    "refund": ("-customer_yuan", "-id"),
    "score": ("-score", "-id"),
    "severity": ("-severity", "-expected_yuan", "-id"),
    "month": ("-month", "-id"),
    "place": ("place_id", "id"),
}


class NoProblem(models.TextChoices):
    """Why something is no problem (排除): one list of codes for a clue that is dismissed and an order that ends so (domain 7.3)."""

    BENIGN = "benign", _("a harmless cause")
    DATA = "data", _("wrong data in the extract")
    KNOWN = "known", _("already dealt with")
    POLICY = "policy", _("allowed by a local rule")
    SMALL = "small", _("not worth a visit")
    UNPROVEN = "unproven", _("could not be proven")

    @classmethod
    def before_a_verification(cls) -> list[tuple[str, Any]]:
        """Return the reasons of a dismissal: without having looked, nothing was left unproven."""
        return [choice for choice in cls.choices if choice[0] != cls.UNPROVEN]

    @classmethod
    def after_a_verification(cls) -> list[tuple[str, Any]]:
        """Return the reasons of an exclusion: once somebody was there, the visit cannot be not worth it."""
        return [choice for choice in cls.choices if choice[0] != cls.SMALL]


class Clue(models.Model):
    """Everything that speaks against one place, gathered for one decision."""

    class State(models.TextChoices):
        """Where a clue is on its way."""

        OPEN = "open", _("open")
        TAKEN = "taken", _("taken")
        ORDERED = "ordered", _("with an order")
        SNOOZED = "snoozed", _("put off")
        NEED_DATA = "need_data", _("lacks data")
        PROPOSED = "proposed", _("dismissal proposed")
        DISMISSED = "dismissed", _("dismissed")
        GONE = "gone", _("gone from the data")
        CLOSED = "closed", _("closed")

    class Band(models.TextChoices):
        """How much the score asks for attention."""

        URGENT = "urgent", _("urgent")
        SOON = "soon", _("soon")
        ORDINARY = "ordinary", _("ordinary")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="clues")
    place_kind = models.CharField(max_length=32)
    place_id = models.CharField(_("place"), max_length=64)
    customer_no = models.CharField(_("customer"), max_length=64, blank=True)
    district_id = models.CharField(_("district"), max_length=64, blank=True)
    rules = models.CharField(_("topics"), max_length=255)
    sentence_zh = models.TextField()
    sentence_en = models.TextField()
    band = models.CharField(_("band"), max_length=10, choices=Band)
    score = models.DecimalField(_("score"), max_digits=6, decimal_places=4)
    severity = models.PositiveSmallIntegerField(_("severity"))
    company_yuan = models.DecimalField(_("charged too little, yuan"), max_digits=16, decimal_places=2)
    customer_yuan = models.DecimalField(_("charged too much, yuan"), max_digits=16, decimal_places=2)
    kwh = models.DecimalField(_("kWh"), max_digits=18, decimal_places=4)
    expected_yuan = models.DecimalField(_("expected recovery, yuan"), max_digits=16, decimal_places=2)
    is_visit = models.BooleanField(_("needs a visit"))
    recurrence = models.CharField(_("recurrence"), max_length=12)
    month = models.DateField(_("month"))
    run_id = models.CharField(max_length=64)
    first_seen = models.DateField(_("first seen"))

    state = models.CharField(_("state"), max_length=12, choices=State, default=State.OPEN)
    version = models.PositiveIntegerField(default=0)
    holder = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="clues", verbose_name=_("held by")
    )
    proposer = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    approver = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(
        _("reason"), max_length=12, choices=NoProblem.before_a_verification(), blank=True
    )
    reason_text = models.TextField(_("reason in words"), blank=True)
    silent_until = models.DateField(_("silent until"), null=True, blank=True)
    snoozed_until = models.DateField(_("put off until"), null=True, blank=True, validators=[in_future])
    snooze_reason = models.TextField(_("why it is put off"), blank=True)
    missing_data = models.TextField(_("which data are missing"), blank=True)
    moved_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ("-expected_yuan", "-id")
        indexes = (
            # Each covers what a list or its sums ask of many rows, so that only the rows of a page are read.
            models.Index(
                fields=["organisation", "state", "band", "company_yuan", "customer_yuan"], name="clue_of_unit"
            ),
            models.Index(fields=["state", "band", "company_yuan", "customer_yuan"], name="clue_sums"),
            models.Index(fields=["state", "-company_yuan", "-id"], name="clue_by_stake"),
            models.Index(fields=["state", "-expected_yuan", "-id"], name="clue_by_value"),
            models.Index(fields=["place_kind", "place_id"], name="clue_by_place"),
            models.Index(fields=["state", "snoozed_until"], name="clue_to_wake"),
            models.Index(fields=["holder", "state", "-expected_yuan", "-id"], name="clue_held"),
            *(
                models.Index(
                    fields=[*names, "expected_yuan", "company_yuan", "severity"], name=f"clues_by_{name}"
                )
                for name, names in GROUPED.items()
            ),
            # One for each order of the pool; what the filters ask of most stands in it, so that rows are passed over unread.
            *(
                models.Index(fields=[*order, "organisation", "state", "band"], name=f"pool_by_{name}")
                for name, order in ORDERS.items()
            ),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.place_id}"

    @property
    def number(self) -> str:
        """The number that people say."""
        return f"XS{self.pk:07d}"

    @property
    def sentence(self) -> str:
        """The weightiest finding as a sentence, in the reader's language."""
        return self.sentence_en if in_english() else self.sentence_zh


class Tally(models.Model):
    """How many clues of what value lie in a unit, state and band; written by triggers only (tally.py), amounts in fen."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    state = models.CharField(max_length=12)
    band = models.CharField(max_length=10)
    clues = models.BigIntegerField()
    company_fen = models.BigIntegerField()
    customer_fen = models.BigIntegerField()
    expected_fen = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["organisation", "state", "band"], name="one_tally_of_a_kind"),
        )

    def __str__(self) -> str:
        return f"{self.organisation_id} {self.state} {self.band}: {self.clues}"


class SavedView(models.Model):
    """A filter of the pool under a name, for oneself or for everybody who sees clues of the unit."""

    owner = models.ForeignKey(User, models.PROTECT, related_name="saved_views")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+", verbose_name=_("unit"))
    name = models.CharField(_("name of the view"), max_length=60)
    query = models.CharField(max_length=1000)
    is_shared = models.BooleanField(_("shared with the unit"), default=False)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=["owner", "name"], name="one_view_of_a_name"),)

    def __str__(self) -> str:
        return self.name


class Finding(models.Model):
    """One row that a rule raised, as the newest run saw it."""

    class Status(models.TextChoices):
        """How a finding stands beside the run before."""

        NEW = "new", _("new")
        CONTINUING = "continuing", _("continuing")
        RECURRED = "recurred", _("recurred")
        CLEARED = "cleared", _("cleared")

    clue = models.ForeignKey(Clue, models.CASCADE, related_name="findings")
    finding_id = models.CharField(max_length=64)
    rule_id = models.CharField(_("topic"), max_length=16, db_index=True)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    severity = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=12, choices=Status)
    direction = models.CharField(max_length=10, blank=True)
    kwh = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    yuan = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    message_zh = models.TextField()
    message_en = models.TextField()
    run_id = models.CharField(max_length=64)
    first_seen = models.DateField()

    class Meta:
        ordering = ("-severity", "rule_id", "finding_id")
        constraints = (models.UniqueConstraint(fields=["clue", "finding_id"], name="finding_once_in_a_clue"),)
        indexes = (models.Index(fields=["finding_id"], name="finding_by_id"),)

    def __str__(self) -> str:
        return f"{self.rule_id} {self.finding_id[:12]}"

    @property
    def message(self) -> str:
        """The sentence in the reader's language."""
        return self.message_en if in_english() else self.message_zh
