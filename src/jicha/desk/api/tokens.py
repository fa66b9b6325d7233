"""What is done with tokens: made, shown once, used, revoked."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Collection
from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.administration.actions import RIGHT as MANAGE
from jicha.desk.administration.filters import managed_people
from jicha.desk.api.models import ApiToken
from jicha.desk.flow.refusals import Missing, NotAllowed, Refusal
from jicha.desk.journal.append import append
from jicha.desk.journal.words import name_action
from jicha.desk.people.models import Organisation
from jicha.desk.people.rights import rights, roles
from jicha.desk.people.standing import Standing

MAKE = gettext_lazy("Make a token")
REVOKE = gettext_lazy("Revoke a token")
name_action("make_token", MAKE)
name_action("revoke_token", REVOKE)

# Whoever finds one in a file or a log sees what it is, and tools that look for leaked secrets find it.
PREFIX = "jicha_"
SHOWN = len(PREFIX) + 6
MINUTE_SECONDS = 60


class TooOften(Refusal):
    """A token that was used more often in this minute than it may be."""

    status = 429

    def __init__(self, limit: int, wait_seconds: int) -> None:
        self.wait_seconds = wait_seconds
        super().__init__(_("More than %(limit)s calls in one minute.") % {"limit": limit})


class NotAToken(Refusal):
    """A token that cannot be made as it is asked for."""

    status = 422


def rights_of(standing: Standing) -> list[str]:
    """Return the rights that the person holds anywhere, in the order of the policies."""
    held = {right for post in standing.posts for right in roles()[post.role].rights}
    return [right for right in rights() if right in held]


def units_of(standing: Standing) -> QuerySet[Organisation]:
    """Return the organisations in which the person holds any post, all below included."""
    wanted = Q(pk__in=())
    for path in {post.path for post in standing.posts}:
        wanted |= Q(path__startswith=path)
    return Organisation.objects.filter(wanted)


def make_token(
    standing: Standing,
    name: str,
    wanted: Collection[str],
    organisation: Organisation,
    expires_on: date,
    *,
    may_be_grave: bool = False,
) -> tuple[ApiToken, str]:
    """Make a token for the person's own use; return it with its secret, which nobody can show again."""
    _must_be_possible(standing, name, wanted, organisation, expires_on)
    secret = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        made = ApiToken.objects.create(
            owner=standing.user, name=name.strip(), start=secret[:SHOWN], sha256=hash_of(secret), rights=sorted(wanted),
            organisation=organisation, expires_on=expires_on, may_be_grave=may_be_grave,
        )  # fmt: skip
        append(
            "make_token", made, actor=standing.user, organisation=organisation,
            details={"token": str(made), "rights": made.rights, "until": expires_on, "may_be_grave": may_be_grave},
        )  # fmt: skip
    return made, secret


def _must_be_possible(
    standing: Standing, name: str, wanted: Collection[str], organisation: Organisation, expires_on: date
) -> None:
    if standing.key is not None:
        raise NotAllowed(MAKE)  # a key that makes keys would outlive its own end
    if not name.strip() or not wanted:
        raise Missing(MAKE, [str(_("what it is for")), str(_("rights"))])
    if not set(wanted) <= set(rights_of(standing)):
        raise NotAllowed(MAKE)
    if not units_of(standing).filter(pk=organisation.pk).exists():
        raise NotAllowed(MAKE)
    today, most = timezone.localdate(), settings.API_TOKEN_MOST_DAYS
    if not today < expires_on <= today + timedelta(days=most):
        raise NotAToken(
            _("A token is valid for 1 to %(most)s days; until before %(day)s is not.")
            % {"most": most, "day": expires_on}
        )


def hash_of(secret: str) -> str:
    """Return what is kept of a secret: it has 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def token_of(secret: str) -> ApiToken | None:
    """Return the token with this secret if it opens anything now."""
    if not secret.startswith(PREFIX):
        return None
    rows = ApiToken.objects.select_related("owner", "organisation")
    found = rows.filter(sha256=hash_of(secret)).first()
    return found if found is not None and found.is_valid else None


def count_call(token: ApiToken) -> None:
    """Count a use of the token; `TooOften` where it was used more often in this minute than the settings allow."""
    now = time.time()
    minute = int(now) // MINUTE_SECONDS
    with transaction.atomic():
        row = ApiToken.objects.filter(pk=token.pk)
        row.update(
            calls=Case(When(minute=minute, then=F("calls") + 1), default=Value(1)),
            minute=minute,
            last_used_at=timezone.now(),
        )
        calls = row.values_list("calls", flat=True).get()
    if calls > settings.API_CALLS_A_MINUTE:
        raise TooOften(settings.API_CALLS_A_MINUTE, MINUTE_SECONDS - int(now) % MINUTE_SECONDS)


def tokens_seen(standing: Standing) -> QuerySet[ApiToken]:
    """Return the person's own tokens, and those of everybody whom the person manages."""
    rows = ApiToken.objects.select_related("owner", "organisation", "revoked_by")
    mine = Q(owner=standing.user)
    if standing.may_somewhere(MANAGE):
        mine |= Q(owner__in=managed_people(standing))
    return rows.filter(mine)


def revoke_token(standing: Standing, token: ApiToken) -> None:
    """End a token at once; one that is revoked already stays as it is."""
    if not tokens_seen(standing).filter(pk=token.pk).exists():
        raise NotAllowed(REVOKE)
    with transaction.atomic():
        row = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
        if row.update(revoked_at=timezone.now(), revoked_by=standing.user):
            append(
                "revoke_token", token, actor=standing.user, organisation=token.organisation,
                details={"token": str(token), "owner": token.owner_id},
            )  # fmt: skip
