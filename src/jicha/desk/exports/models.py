"""Requests for large exports."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from jicha.desk.people.models import Organisation, ScopedQuerySet, User


class ExportRequest(models.Model):
    """Somebody wants more rows of a list than one may export alone; `address` and `query` say which list and filter."""

    class State(models.TextChoices):
        """Where a request is on its way."""

        ASKED = "asked", _("waits for approval")
        GRANTED = "granted", _("approved, being made")
        REFUSED = "refused", _("refused")
        READY = "ready", _("ready")
        EXPIRED = "expired", _("deleted")

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")
    asker = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked for by"))
    asked_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    address = models.CharField(max_length=200)
    query = models.CharField(max_length=1000)
    name = models.CharField(_("list"), max_length=40)
    purpose = models.TextField(_("what it is needed for"), max_length=1000)
    rows = models.PositiveBigIntegerField(_("rows"))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.ASKED)
    version = models.PositiveIntegerField(default=0)
    granter = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    opinion = models.TextField(_("opinion"), blank=True)
    ready_at = models.DateTimeField(_("ready"), null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["state", "ready_at"], name="export_by_state"),)

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number that people say."""
        return f"DC{self.pk:06d}"

    @property
    def form(self) -> str:
        """The ending of the file."""
        return "xlsx" if "export=xlsx" in self.query else "csv"

    @property
    def path(self) -> Path:
        """Where the file lies once it is made."""
        return Path(settings.HOME) / "exports" / f"{self.number}.{self.form}"
