"""Who wants to know of every event: rooms above the journal, told inside the transaction of the change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jicha.desk.journal.models import Event

Watcher = Callable[["Event"], None]
WATCHERS: list[Watcher] = []


def watch(watcher: Watcher) -> Watcher:
    """Have a function called for every event that is appended; what it writes stands or falls with the event."""
    if watcher not in WATCHERS:
        WATCHERS.append(watcher)
    return watcher
