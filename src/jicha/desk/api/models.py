"""Tokens: by what a program acts for a person."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jicha.desk.people.models import Organisation, User
from jicha.desk.people.standing import Key


class ApiToken(models.Model):
    """A token (访问令牌); of its secret only the hash is kept, so that a copy of the database opens nothing."""

    owner = models.ForeignKey(User, models.PROTECT, related_name="tokens", verbose_name=_("owner"))
    name = models.CharField(_("what it is for"), max_length=80)
    start = models.CharField(_("begins with"), max_length=16)
    sha256 = models.CharField(max_length=64, unique=True)
    rights = models.JSONField(_("rights"), default=list)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="+", verbose_name=_("organisation and all below")
    )
    may_be_grave = models.BooleanField(_("may make moves that are hard to take back"), default=False)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    expires_on = models.DateField(_("valid until before"))
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    revoked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    last_used_at = models.DateTimeField(_("last used"), null=True)
    # How often it was used in which minute since 1970: two numbers that one statement counts on, whoever else counts, too.
    minute = models.PositiveBigIntegerField(default=0)
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["owner", "revoked_at"], name="token_of_owner"),)

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"

    @property
    def is_valid(self) -> bool:
        """Whether it opens anything today."""
        return (
            self.revoked_at is None and timezone.localdate() < self.expires_on and bool(self.owner.is_active)
        )

    @property
    def key(self) -> Key:
        """What it opens of that which its owner may do at this moment."""
        return Key(str(self), frozenset(self.rights), self.organisation.path, self.may_be_grave)
