"""Visits: what was recorded on site, as it was sent; what was read, sealed and measured; and the files that must still arrive."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from jicha.desk.evidence.models import EvidenceFile
from jicha.desk.orders.models import Order
from jicha.desk.people.models import Organisation, ScopedQuerySet, User


class ExpectedFileQuerySet(models.QuerySet[Any]):
    """Announced files, asked for by whether they have arrived: the rows have two values more than the model."""

    def with_evidence(self) -> ExpectedFileQuerySet:
        """Return the files with `evidence_id` and `arrived_at` of the evidence of the same hash; None where there is none."""
        same = EvidenceFile.objects.filter(order=OuterRef("visit__order"), sha256=OuterRef("sha256"))
        found: ExpectedFileQuerySet = self.annotate(
            evidence_id=Subquery(same.values("pk")[:1]), arrived_at=Subquery(same.values("added_at")[:1])
        )
        return found

    def missing(self) -> ExpectedFileQuerySet:
        """Return the files that have not arrived and were not given up."""
        return self.with_evidence().filter(evidence_id=None, given_up=None)


class Visit(models.Model):
    """One visit (现场核查) of an order, sent by one device; `content` is the text that was sent, and is never changed.

    `begun_at` and `ended_at` are by the server's clock, `begun_told` and `ended_told` as the device's clock said; `base` is how many
    visits of the order the device knew.
    """

    class State(models.TextChoices):
        """Whether the record counts."""

        COUNTS = "counts", _("counts")
        RIVAL = "rival", _("in conflict")
        SET_ASIDE = "set_aside", _("set aside")

    class Signature(models.TextChoices):
        """What the customer did with the record."""

        SIGNED = "signed", _("signed")
        REFUSED = "refused", _("refused to sign")

    uuid = models.UUIDField(unique=True)
    order = models.ForeignKey(Order, models.PROTECT, related_name="visits")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(_("visit"))
    base = models.PositiveSmallIntegerField()
    device = models.CharField(_("device"), max_length=64)
    content = models.TextField()
    content_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField(_("received"), auto_now_add=True)

    begun_at = models.DateTimeField(_("begun"))
    ended_at = models.DateTimeField(_("ended"))
    begun_told = models.DateTimeField()
    ended_told = models.DateTimeField()
    clock_offset_seconds = models.IntegerField(_("clock of the device behind by, seconds"))
    latitude = models.CharField(max_length=24, blank=True)
    longitude = models.CharField(max_length=24, blank=True)
    accuracy_m = models.PositiveIntegerField(null=True)

    inspector = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("first inspector"))
    second_inspector = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("second inspector")
    )
    met_name = models.CharField(_("who was met"), max_length=100)
    met_role = models.CharField(_("in what capacity"), max_length=100, blank=True)
    signature = models.CharField(_("signature"), max_length=8, choices=Signature)
    refusal_reason = models.CharField(_("reason of the refusal"), max_length=400, blank=True)
    witness = models.CharField(_("witness"), max_length=100, blank=True)
    notes = models.TextField(_("notes"), blank=True)

    state = models.CharField(_("state"), max_length=10, choices=State)
    version = models.PositiveIntegerField(default=0)
    chooser = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    choice_reason = models.TextField(_("why this one"), blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ("order_id", "number")
        constraints = (
            models.UniqueConstraint(fields=["order", "number"], name="visit_number_once"),
            models.CheckConstraint(condition=~Q(inspector=models.F("second_inspector")), name="visit_has_two_inspectors"),
        )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.order.number}-{self.number}"

    def rivals(self) -> models.QuerySet[Visit]:
        """Return the visits that this one did not know of, or that did not know of this one."""
        unknown = Q(number__gt=self.base, number__lt=self.number)
        unknowing = Q(number__gt=self.number, base__lt=self.number)
        return Visit.objects.filter(unknown | unknowing, order=self.order_id)


class Reading(models.Model):
    """What a register showed; `energy_kwh` is what passed since the last reading on the records, times the multiplier."""

    class Hint(models.TextChoices):
        """What the step from the last reading to this one means."""

        NONE = "", _("no last reading")
        FORWARD = "forward", _("went forward")
        ROLLOVER = "rollover", _("rolled over")
        DOUBTED = "doubted", _("fell, too much for a rollover")
        BACKWARD = "backward", _("went backward")

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="readings")
    mp_id = models.CharField(_("metering point"), max_length=64, blank=True)
    meter_id = models.CharField(_("meter"), max_length=64)
    register = models.CharField(_("register"), max_length=16)
    previous_value = models.DecimalField(_("last reading"), max_digits=16, decimal_places=4, null=True)
    previous_at = models.DateTimeField(null=True)
    value = models.DecimalField(_("reading"), max_digits=16, decimal_places=4)
    digits = models.PositiveSmallIntegerField(null=True)
    multiplier = models.DecimalField(_("multiplier"), max_digits=12, decimal_places=6, null=True)
    energy_kwh = models.DecimalField(_("kWh"), max_digits=24, decimal_places=4, null=True)
    hint = models.CharField(_("step"), max_length=8, choices=Hint, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.meter_id} {self.register} {self.value}"


class Seal(models.Model):
    """A seal that was found, or that should have been; `is_on_record` says whether the records know it there."""

    class State(models.TextChoices):
        """How it was found."""

        INTACT = "intact", _("intact")
        BROKEN = "broken", _("broken")
        FORGED = "forged", _("looks forged")
        MISSING = "missing", _("missing")

    class Way(models.TextChoices):
        """How its number was taken."""

        RECORD = "record", _("compared with the record")
        SCANNED = "scanned", _("read by the camera")
        TYPED = "typed", _("typed")

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="seals")
    seal_no = models.CharField(_("seal"), max_length=64)
    place = models.CharField(_("where it hangs"), max_length=16)
    state = models.CharField(_("state"), max_length=8, choices=State)
    way = models.CharField(max_length=8, choices=Way)
    is_on_record = models.BooleanField()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.seal_no} {self.state}"


class Load(models.Model):
    """What was measured on one conductor with the customer's load on."""

    class Phase(models.TextChoices):
        """The conductor; the sum is of the three phases."""

        A = "a", _("phase A")
        B = "b", _("phase B")
        C = "c", _("phase C")
        NEUTRAL = "n", _("neutral")
        SUM = "sum", _("sum")

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="loads")
    phase = models.CharField(_("conductor"), max_length=4, choices=Phase)
    voltage_v = models.DecimalField(_("voltage, V"), max_digits=12, decimal_places=3, null=True)
    current_a = models.DecimalField(_("current, A"), max_digits=12, decimal_places=3, null=True)
    power_kw = models.DecimalField(_("power, kW"), max_digits=14, decimal_places=4, null=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["visit", "phase"], name="load_once_a_phase"),)

    def __str__(self) -> str:
        return f"{self.phase} {self.power_kw}"


class ExpectedFile(models.Model):
    """A file that the device announced with its hash: a photo or the drawn signature.

    It has arrived when the order holds evidence of the same hash, by whatever way it came; nothing else says so.
    """

    class Kind(models.TextChoices):
        """What it shows."""

        METER = "meter", _("meter")
        NAMEPLATE = "nameplate", _("nameplate")
        SEAL = "seal", _("seal")
        WIRING = "wiring", _("wiring")
        LOAD = "load", _("load")
        PLACE = "place", _("the site")
        OTHER = "other", _("other")
        SIGNATURE = "signature", _("signature")

    visit = models.ForeignKey(Visit, models.PROTECT, related_name="files")
    sha256 = models.CharField(_("hash"), max_length=64)
    size_bytes = models.PositiveIntegerField(_("size, bytes"))
    kind = models.CharField(_("what it shows"), max_length=10, choices=Kind)
    taken_at = models.DateTimeField(_("taken at"))
    latitude = models.CharField(max_length=24, blank=True)
    longitude = models.CharField(max_length=24, blank=True)

    objects = ExpectedFileQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["visit", "sha256"], name="file_announced_once"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.sha256[:12]}"


class GivenUp(models.Model):
    """That a file will never arrive (the phone was lost), who said so and why; the announcement stays."""

    file = models.OneToOneField(ExpectedFile, models.PROTECT, related_name="given_up")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(_("reason"), max_length=400)

    def __str__(self) -> str:
        return f"{self.file}: {self.reason}"
