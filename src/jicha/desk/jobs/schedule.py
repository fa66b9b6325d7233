"""Steps that come round by themselves: registered by `every`, taken by a worker, never by two at once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from jicha.desk.jobs.models import Step, Worker

LOG = logging.getLogger(__name__)
Run = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Regular:
    """A step that is due so many seconds after it was last begun."""

    name: str
    interval: timedelta
    run: Run


STEPS: dict[str, Regular] = {}


def every(seconds: int, name: str) -> Callable[[Run], Run]:
    """Register a function as a step that a worker takes every so many seconds; its module is imported in an `AppConfig.ready`.

    A step is called without arguments and outside a transaction. It may be cut off at any moment and is then taken again, so it
    must be repeatable. An error is kept with the step, and the next time it is tried anew.
    """

    def register(run: Run) -> Run:
        known = STEPS.setdefault(name, Regular(name, timedelta(seconds=seconds), run))
        if known.run is not run:
            raise ValueError(f"two steps are called {name}")
        return run

    return register


def take_due_steps(worker: Worker) -> list[str]:
    """Take each step that is due and that no living worker is at; return their names."""
    return [one.name for one in list(STEPS.values()) if _take(one, worker)]


def _take(one: Regular, worker: Worker) -> bool:
    """Take one step if it is due and nobody else began it first."""
    row, _made = Step.objects.select_related("worker").get_or_create(name=one.name)
    if not _is_due(row, one.interval) or not _claim(row, worker):
        return False
    error = ""
    try:
        one.run()
    except Exception as problem:
        LOG.exception("step %s", one.name)
        error = f"{type(problem).__name__}: {problem}"
    mine = Step.objects.filter(name=one.name, version=row.version + 1)
    mine.update(worker=None, ended_at=timezone.now(), error=error)
    return True


def _is_due(row: Step, interval: timedelta) -> bool:
    if row.worker is not None and row.worker.is_alive:
        return False
    now = timezone.now()
    # A clock that was set back must not make a step wait for the time that it lost.
    return row.begun_at is None or not row.begun_at <= now < row.begun_at + interval or row.worker is not None


def _claim(row: Step, worker: Worker) -> bool:
    """Compare and set: of two workers that saw the same row one becomes its owner."""
    seen = Step.objects.filter(name=row.name, version=row.version)
    return bool(seen.update(version=F("version") + 1, worker=worker, begun_at=timezone.now(), error=""))
