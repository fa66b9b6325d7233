"""The kinds of jobs: higher rooms register what a worker then does for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from jicha.desk.jobs.control import Control
from jicha.desk.jobs.models import Job

# Does the job and returns what came of it, as plain values.
Do = Callable[[Job, Control], Mapping[str, Any]]
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: who may ask for it, what it does, how often a worker may die of it.

    `do` must be repeatable: it may be cut off at any moment, and the next attempt must neither lose nor double anything.
    """

    name: str
    title: str | Promise
    right: str
    do: Do
    attempts: int = ATTEMPTS


KINDS: dict[str, Kind] = {}


def kind(name: str, title: str | Promise, right: str, attempts: int = ATTEMPTS) -> Callable[[Do], Do]:
    """Register a function as what jobs of a kind do; its module is imported in an `AppConfig.ready`."""

    def register(do: Do) -> Do:
        KINDS[name] = Kind(name, title, right, do, attempts)
        return do

    return register
