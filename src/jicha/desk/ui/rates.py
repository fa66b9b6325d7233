"""How often one person may do what is dear or dangerous: counted in the cache that all processes share."""

from __future__ import annotations

import time

from django.core.cache import cache
from django.utils.translation import gettext as _

from jicha.desk.flow.refusals import Refusal
from jicha.desk.people.models import User

HOUR = 3600


class TooOften(Refusal):
    """Done too often in a while; the clock makes it possible again."""

    status = 429

    def __init__(self, most: int, minutes: int) -> None:
        super().__init__(
            _("This may be done %(most)s times an hour. Come back in %(minutes)s minutes.")
            % {"most": most, "minutes": minutes}
        )


def count_one(user: User, action: str, most: int) -> None:
    """Count one more of an action of a person in this hour; raises TooOften where it were one too many."""
    now = time.time()
    key = f"rate:{action}:{user.pk}:{int(now // HOUR)}"
    cache.add(key, 0, HOUR)
    if cache.incr(key) > most:
        raise TooOften(most, int((HOUR - now % HOUR) // 60) + 1)
