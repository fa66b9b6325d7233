"""Webhooks: tell other systems what happened, signed, as often as it needs."""
