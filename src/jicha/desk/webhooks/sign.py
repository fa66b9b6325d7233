"""The signature of a message, as the open standard “Standard Webhooks” has it, so that receivers find a library for it."""

from __future__ import annotations

import base64
import hashlib
import hmac

from django.utils.crypto import salted_hmac

from jicha.desk.webhooks.models import Subscription

SECRET_PREFIX = "whsec_"


def secret_of(subscription: Subscription) -> str:
    """Return the secret that desk and receiver share: made anew from the desk's own secret whenever it is needed."""
    made = salted_hmac("jicha.webhooks", f"{subscription.pk}:{subscription.nonce}", algorithm="sha256")
    return SECRET_PREFIX + base64.b64encode(made.digest()).decode("ascii")


def signature_of(secret: str, message_id: str, timestamp: int, body: str) -> str:
    """Return `v1,` and the HMAC-SHA256 over id, second since 1970 and body, in base64."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    told = f"{message_id}.{timestamp}.{body}".encode()
    return "v1," + base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode("ascii")
