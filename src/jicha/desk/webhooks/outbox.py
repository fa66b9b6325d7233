"""The outbox: filled in the transaction of the event, emptied by the worker."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from jicha.desk.flow.refusals import Refusal
from jicha.desk.jobs.schedule import every
from jicha.desk.journal.models import Event
from jicha.desk.journal.watchers import watch
from jicha.desk.people.models import ROOT, Organisation
from jicha.desk.webhooks.models import Message, Subscription
from jicha.desk.webhooks.send import send
from jicha.desk.webhooks.sign import secret_of, signature_of

# After how long it is tried again: five times after the first, over some ten hours; then a person looks at it.
DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))
MOST_ATTEMPTS = len(DELAYS) + 1
# A worker that died while sending is taken for dead after this long; then it is sent again, with the same id.
LEASE = timedelta(minutes=2)
MOST_AT_ONCE = 200
# How long a message that was sent is kept to be looked at.
KEPT = timedelta(days=30)
# What a body tells of an event: states, and no words that a person wrote, for these may hold names.
TOLD = ("from", "to")


@watch
def tell_subscribers(event: Event) -> None:
    """Write a message for every subscription that wants the event."""
    # What the system does to no unit in particular is told to those alone who see every unit.
    unit = event.organisation or Organisation.objects.filter(number=ROOT).first()
    alive = Subscription.objects.filter(ended_at=None).select_related("organisation")
    wanting = [one for one in alive if unit is not None and one.wants(event.action, unit.path)]
    if wanting:
        body = body_of(event)
        Message.objects.bulk_create(
            Message(subscription=one, event=event, body=body, due_at=event.at) for one in wanting
        )


def body_of(event: Event) -> str:
    """Return what is told of an event: which record, in which unit, from which state to which. All else is asked for by the API."""
    details = json.loads(event.content)["details"]
    told = {
        "type": event.action,
        "timestamp": event.at.isoformat(),
        "data": {
            "event": event.number, "hash": event.hash, "record": {"kind": event.subject_kind, "id": event.subject_id},
            "unit": event.organisation and event.organisation.number, "actor": event.actor_id,
        } | {name: details[name] for name in TOLD if isinstance(details.get(name), str)},
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def deliver_due(now: datetime | None = None) -> Counter[str]:
    """Send what is due; return how many messages were sent, are tried again later, and failed for good.

    A receiver that does not answer is asked once in a round. Of two workers one sends; one that dies leaves the message to be sent
    again with the same id, by which a receiver knows it.
    """
    now, told, silent = now or timezone.now(), Counter[str](), set[int]()
    for message in _due(now):
        if message.subscription_id in silent or not _claim(message, now):
            continue
        state = _settle(message, now)
        told[state] += 1
        if state != Message.State.SENT:
            silent.add(message.subscription_id)
    return told


def _due(now: datetime) -> list[Message]:
    rows = Message.objects.filter(
        state=Message.State.WAITING, due_at__lte=now, subscription__ended_at=None
    ).select_related("subscription__organisation")
    return list(rows.order_by("due_at", "id")[:MOST_AT_ONCE])


def _claim(message: Message, now: datetime) -> bool:
    """Compare and set: of two workers that saw the same row one may send it."""
    row = Message.objects.filter(pk=message.pk, state=Message.State.WAITING, attempts=message.attempts)
    is_mine = bool(row.update(attempts=F("attempts") + 1, due_at=now + LEASE))
    message.attempts += 1
    return is_mine


def _settle(message: Message, now: datetime) -> str:
    """Send one message and keep what came of it."""
    error, answer = _attempt(message, now)
    new: dict[str, object] = {"answer": answer, "error": error[:300]}
    if not error:
        new |= {"state": Message.State.SENT, "sent_at": now}
    elif message.attempts >= MOST_ATTEMPTS:
        new |= {"state": Message.State.FAILED}
    else:
        new |= {"due_at": now + DELAYS[message.attempts - 1]}
    Message.objects.filter(pk=message.pk, attempts=message.attempts).update(**new)
    return str(new.get("state", Message.State.WAITING))


def _attempt(message: Message, now: datetime) -> tuple[str, int | None]:
    """Return what went wrong (empty: nothing), and the status of the answer."""
    identifier, timestamp = f"event_{message.event_id}", int(now.timestamp())
    headers = {
        "Content-Type": "application/json", "User-Agent": "jicha", "webhook-id": identifier, "webhook-timestamp": str(timestamp),
        "webhook-signature": signature_of(secret_of(message.subscription), identifier, timestamp, message.body),
    }  # fmt: skip
    try:
        status = send(message.subscription.url, message.body, headers)
    except (OSError, Refusal) as error:
        return str(error) or type(error).__name__, None
    if 200 <= status < 300:
        return "", status
    if 300 <= status < 400:
        return _("The receiver sends on to another address; that is not followed."), status
    return _("The receiver answered %(status)s.") % {"status": status}, status


@every(15, "webhooks: deliver")
def deliver() -> None:
    """Send what is due."""
    deliver_due()


@every(24 * 3600, "webhooks: forget")
def forget_old() -> int:
    """Forget messages that were sent long ago; the log keeps the events."""
    old = Message.objects.filter(state=Message.State.SENT, sent_at__lt=timezone.now() - KEPT)
    return old.delete()[0]
