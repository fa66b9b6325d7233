"""What a job has in hand while it runs: it says how far it is, and hears whether it has to end."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

from jicha.desk.jobs.models import Job

# Progress is written at most so often: a page that refreshes each second sees no more.
EVERY_SECONDS = 0.5


class Ended(Exception):
    """A job that does not go on; what it had not kept is undone by the transaction that it was in."""


class Cancelled(Ended):
    """A person cancelled the job."""


class GivenBack(Ended):
    """The worker ends; another takes the job up again."""


class Lost(Ended):
    """The job is another worker's by now."""


class Control:
    """The hand on a running job; `must_end` says whether the worker is to end."""

    def __init__(self, job: Job, must_end: Callable[[], bool] = lambda: False) -> None:
        self._job = job
        self._attempt = job.attempts
        self._must_end = must_end
        self._written = 0.0

    def step(
        self, words: str, done: int, total: int, *, rows: int | None = None, yuan: Decimal | None = None
    ) -> None:
        """Tell how far the job is, and raise `Ended` where it must not go on; called between two steps of the work.

        `rows` and `yuan` are what it has brought about so far.
        """
        now = time.monotonic()
        if now - self._written >= EVERY_SECONDS or done >= total:
            self._written = now
            told = {"words": words[:200], "done": done, "total": total, "rows": rows, "yuan": yuan}
            mine = Job.objects.filter(pk=self._job.pk, attempts=self._attempt)
            mine.update(**{name: value for name, value in told.items() if value is not None})
        self.check()

    def check(self) -> None:
        """Raise `Ended` where the job must not go on."""
        now = Job.objects.filter(pk=self._job.pk).values_list("state", "attempts").get()
        if now == (Job.State.STOPPING, self._attempt):
            raise Cancelled
        if now != (Job.State.RUNNING, self._attempt):
            raise Lost
        if self._must_end():
            raise GivenBack

    def reach(self, place: int) -> None:
        """Keep how far the job came, in the transaction of the work that came so far."""
        Job.objects.filter(pk=self._job.pk).update(reached=place)
        self._job.reached = place
