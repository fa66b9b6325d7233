"""Subscriptions, and the outbox: a message for each event and subscription, written with the event."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from jicha.desk.journal.models import Event
from jicha.desk.people.models import Organisation, ScopedQuerySet, User


class Subscription(models.Model):
    """To which address which events of a subtree are told; its secret is made from the desk's own, so no copy of the database holds it."""

    name = models.CharField(_("what it is for"), max_length=80)
    url = models.CharField(_("address"), max_length=500)
    actions = models.JSONField(_("events"), default=list, blank=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("organisation and all below")
    )
    nonce = models.CharField(max_length=64)
    made_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True, db_index=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name

    def wants(self, action: str, path: str) -> bool:
        """Return whether an event of this action in the organisation with this path is told."""
        return path.startswith(self.organisation.path) and (not self.actions or action in self.actions)


class Message(models.Model):
    """An event on its way to one address; the body is that of the moment of the event."""

    class State(models.TextChoices):
        """Where a message is."""

        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    subscription = models.ForeignKey(Subscription, models.PROTECT, related_name="messages")
    event = models.ForeignKey(Event, models.PROTECT, related_name="+")
    body = models.TextField()
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    answer = models.PositiveSmallIntegerField(_("answer"), null=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["subscription", "event"], name="event_told_once"),)
        indexes = (models.Index(fields=["state", "due_at"], name="message_due"),)

    def __str__(self) -> str:
        return f"{self.event_id} → {self.subscription_id}"
