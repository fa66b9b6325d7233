"""The events of one record."""

from __future__ import annotations

from django.db.models import Model

from jicha.desk.journal.models import Event
from jicha.desk.journal.words import words_of


def history(record: Model) -> list[tuple[Event, str]]:
    """Return the events of a record, oldest first, each with its title."""
    place = {"subject_kind": record._meta.label_lower, "subject_id": str(record.pk)}
    return [
        (event, words_of(event.action)) for event in Event.objects.filter(**place).select_related("actor")
    ]
