"""Is the desk alive, and is it ready: what a supervisor and a load balancer ask, in a few milliseconds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from jicha.desk.journal.guards import missing_guards
from jicha.desk.journal.models import ChainHead
from jicha.desk.ui.disk import free_bytes, is_full, is_low

MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `state` is ok, low (somebody should act soon) or failed."""

    name: str
    state: str
    words: str


def alive() -> list[Finding]:
    """Return whether the database answers, the home can be written and the disk has room."""
    return [_tried("database", _database), _tried("home", _home), _tried("disk", _disk)]


def ready() -> list[Finding]:
    """Return what `alive` says, and whether the database has the form that this release needs."""
    return [*alive(), _tried("migrations", _migrations), _tried("guards", _guards)]


def _tried(name: str, look: Callable[[], tuple[str, str]]) -> Finding:
    """Look, and take every error for a failure: its kind is told, its words stay out of an open page."""
    try:
        return Finding(name, *look())
    except Exception as error:
        return Finding(name, "failed", type(error).__name__)


def _database() -> tuple[str, str]:
    return "ok", f"{connection.vendor}, {ChainHead.objects.get(pk=1).number} events"


def _home() -> tuple[str, str]:
    can_write = os.access(settings.HOME, os.W_OK)
    return ("ok", "can be written") if can_write else ("failed", "cannot be written")


def _disk() -> tuple[str, str]:
    state = "failed" if is_full() else "low" if is_low() else "ok"
    return state, f"{free_bytes() // MIB} MiB free"


def _migrations() -> tuple[str, str]:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    newer = sorted(set(executor.loader.applied_migrations) - set(executor.loader.graph.nodes))
    if newer:
        return "failed", f"the database was made by a newer release: {len(newer)} changes unknown here"
    return ("failed", f"{len(missing)} changes not made") if missing else ("ok", "current")


def _guards() -> tuple[str, str]:
    missing = missing_guards()
    return ("failed", f"{len(missing)} triggers missing") if missing else ("ok", "in place")


def worst(findings: list[Finding]) -> str:
    """Return the worst state of all."""
    return max((finding.state for finding in findings), key=("ok", "low", "failed").index)


def lines(findings: list[Finding]) -> Iterator[str]:
    """Yield a line for each finding."""
    yield worst(findings)
    for finding in findings:
        yield f"{finding.name}: {finding.state}, {finding.words}"
