"""The event log: rows that are written once, each with the hash of the one before."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from jicha.desk.people.models import Organisation, User


class Event(models.Model):
    """Who did what to which record; `content` is the text that was hashed, so that reading it back cannot change it."""

    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField(_("time"), db_index=True)
    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="+")
    action = models.CharField(_("action"), max_length=64, db_index=True)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.CharField(max_length=64)
    content = models.TextField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)
        indexes = (models.Index(fields=["subject_kind", "subject_id", "number"], name="event_of_subject"),)

    def __str__(self) -> str:
        return f"{self.number} {self.action}"


class ChainHead(models.Model):
    """The one row that holds the end of the chain; who appends locks it first, so the chain cannot fork."""

    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return f"{self.number} {self.hash[:12]}"
