"""Clues that were put off come back on their day."""

from __future__ import annotations

from django.utils import timezone

from jicha.desk.clues.models import Clue
from jicha.desk.clues.moves import FLOW
from jicha.desk.flow.refusals import NotNow, Overtaken
from jicha.desk.jobs.schedule import every

LOOK_SECONDS = 600


@every(LOOK_SECONDS, "wake_clues")
def wake_clues() -> int:
    """Bring back every clue whose day has come; return how many."""
    woken = 0
    sleeping = Clue.objects.filter(state=Clue.State.SNOOZED, snoozed_until__lte=timezone.localdate())
    for clue in sleeping.select_related("organisation").iterator(chunk_size=500):
        try:
            FLOW.make_by_system(clue, "wake_by_day", {})
            woken += 1
        except (NotNow, Overtaken):
            continue  # somebody was faster: it is awake
    return woken
