"""Appends an event to the chain, inside the transaction of the change that it tells of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from jicha.desk.journal.checkpoints import leave_checkpoint
from jicha.desk.journal.discretion import discreet
from jicha.desk.journal.models import ChainHead, Event
from jicha.desk.journal.through import key_name
from jicha.desk.journal.watchers import WATCHERS
from jicha.desk.people.models import Organisation, User
from jicha.desk.people.seeing import refuse_while_only_reading

FIRST = "0" * 64


def content_of(
    number: int,
    at: datetime,
    actor_id: int | None,
    organisation_id: int | None,
    action: str,
    subject: tuple[str, str],
    details: Mapping[str, Any],
) -> str:
    """Return the canonical text of an event: keys sorted, no spaces, times in UTC."""
    told = {
        "number": number,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": actor_id,
        "organisation": organisation_id,
        "action": action,
        "subject": list(subject),
        "details": details,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)


def hash_of(previous_hash: str, content: str) -> str:
    """Return the SHA-256 that binds an event to the one before it."""
    return hashlib.sha256(f"{previous_hash}\n{content}".encode()).hexdigest()


def append(
    action: str,
    subject: Model,
    *,
    actor: User | None,
    organisation: Organisation | None,
    details: Mapping[str, Any] | None = None,
    stands_in_for: int | None = None,
) -> Event:
    """Append what was done to a record; must be called inside a transaction, which it becomes part of.

    `actor` is None where the system acted; `details` are plain values and hold no secrets. A key through which the person acts is
    told with them, and watchers learn of the event before the transaction ends.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an event must be appended in the transaction of its change")
    refuse_while_only_reading()
    told = discreet(dict(details or {})) | ({"stands_in_for": stands_in_for} if stands_in_for else {})
    told |= {"key": key} if (key := key_name()) else {}
    head = ChainHead.objects.select_for_update().get(pk=1)
    place = (subject._meta.label_lower, str(subject.pk))
    number, at = head.number + 1, timezone.now()
    content = content_of(
        number,
        at,
        actor.pk if actor else None,
        organisation.pk if organisation else None,
        action,
        place,
        told,
    )
    previous = head.hash or FIRST
    event = Event.objects.create(
        number=number, at=at, actor=actor, organisation=organisation, action=action, subject_kind=place[0], subject_id=place[1],
        content=content, previous_hash=previous, hash=hash_of(previous, content),
    )  # fmt: skip
    ChainHead.objects.filter(pk=1).update(number=number, hash=event.hash)
    for told_of in WATCHERS:
        told_of(event)
    transaction.on_commit(lambda: leave_checkpoint(number, event.hash, at))
    return event
