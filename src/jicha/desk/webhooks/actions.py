"""What is done with subscriptions: made, given a new secret, ended; and messages sent again."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.flow.refusals import Missing, NotAllowed, NotNow, Refusal
from jicha.desk.journal.append import append
from jicha.desk.journal.words import WORDS, name_action
from jicha.desk.people.models import Organisation
from jicha.desk.people.standing import Standing
from jicha.desk.webhooks.models import Message, Subscription
from jicha.desk.webhooks.send import refuse_address

RIGHT = "people.manage"
TITLES = {
    "add_webhook": gettext_lazy("Add a webhook"), "renew_webhook": gettext_lazy("Give a webhook a new secret"),
    "end_webhook": gettext_lazy("End a webhook"), "send_again": gettext_lazy("Send again"),
}  # fmt: skip
for _action, _title in TITLES.items():
    name_action(_action, _title)


class UnknownEvents(Refusal):
    """Kinds of events that there are not."""

    status = 422


def _may(standing: Standing, organisation: Organisation, title: str | Promise) -> None:
    if not standing.may(RIGHT, organisation.path):
        raise NotAllowed(title)


def add_webhook(
    standing: Standing, name: str, url: str, actions: Collection[str], organisation: Organisation
) -> Subscription:
    """Tell events of a subtree to an address from now on; without actions, all."""
    title = TITLES["add_webhook"]
    _may(standing, organisation, title)
    if not name.strip():
        raise Missing(title, [str(Subscription._meta.get_field("name").verbose_name)])
    if unknown := set(actions) - set(WORDS):
        raise UnknownEvents(_("No such events: %(names)s.") % {"names": ", ".join(sorted(unknown))})
    refuse_address(url)
    with transaction.atomic():
        made = Subscription.objects.create(
            name=name.strip(), url=url, actions=sorted(actions), organisation=organisation, nonce=secrets.token_hex(32), made_by=standing.user,
        )  # fmt: skip
        append(
            "add_webhook", made, actor=standing.user, organisation=organisation,
            details={"name": made.name, "url": url, "events": made.actions},
        )  # fmt: skip
    return made


def renew_webhook(standing: Standing, subscription: Subscription) -> None:
    """Give a webhook a new secret; the old one signs nothing any more."""
    _may(standing, subscription.organisation, TITLES["renew_webhook"])
    _change(standing, subscription, "renew_webhook", {"nonce": secrets.token_hex(32)})


def end_webhook(standing: Standing, subscription: Subscription) -> None:
    """Send nothing more to the address, what waits included."""
    _may(standing, subscription.organisation, TITLES["end_webhook"])
    _change(standing, subscription, "end_webhook", {"ended_at": timezone.now()})


def _change(standing: Standing, subscription: Subscription, action: str, new: dict[str, object]) -> None:
    with transaction.atomic():
        if not Subscription.objects.filter(pk=subscription.pk, ended_at=None).update(**new):
            raise NotNow(TITLES[action])
        append(
            action, subscription, actor=standing.user, organisation=subscription.organisation, details={"name": subscription.name}
        )  # fmt: skip
    subscription.refresh_from_db()


def send_again(standing: Standing, message: Message) -> None:
    """Let a message that failed be tried as if it were new."""
    subscription, title = message.subscription, TITLES["send_again"]
    _may(standing, subscription.organisation, title)
    with transaction.atomic():
        row = Message.objects.filter(pk=message.pk, state=Message.State.FAILED, subscription__ended_at=None)
        if not row.update(state=Message.State.WAITING, attempts=0, due_at=timezone.now(), error=""):
            raise NotNow(title)
        append(
            "send_again", subscription, actor=standing.user, organisation=subscription.organisation, details={"event": message.event_id}
        )  # fmt: skip
