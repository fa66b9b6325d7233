"""Drops snapshots and gives their space back: never one that an audit refers to or that somebody reads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from jicha.errors import ExplainedError
from jicha.mart.catalogue import SnapshotInfo
from jicha.mart.commit import sweep_orphans
from jicha.mart.fact_store import FactStore
from jicha.mart.lock import closed_to_readers, sweep, write_lock
from jicha.mart.mart import Mart
from jicha.mart.storage import explained_disk_errors, keep_spare, release_spare, remove_files


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """Which snapshots stay: the last few, and the last one of each of the last few months."""

    keep_last: int = 3
    keep_month_ends: int = 24

    def kept(self, snapshots: Sequence[SnapshotInfo]) -> frozenset[int]:
        """Return the numbers of the snapshots that stay; the newest always does."""
        ids = [info.id for info in snapshots]
        month_ends: dict[tuple[int, int], int] = {}
        for info in snapshots:
            local = info.created_at.astimezone()
            month_ends[local.year, local.month] = info.id
        ends = [month_ends[month] for month in sorted(month_ends)]
        return frozenset(ids[-1:] + _last(ids, self.keep_last) + _last(ends, self.keep_month_ends))


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a drop did."""

    snapshots: tuple[int, ...]
    bytes_freed: int


def drop(
    mart: Mart, snapshot_ids: Iterable[int], pinned: frozenset[int] = frozenset(), force: bool = False
) -> Dropped:
    """Drop snapshots by number.

    `pinned` are the snapshots that audit runs refer to: they, and the newest snapshot, go by `force` only.
    Dropping the newest takes the mart back to the one before, and its deliveries may be loaded again.
    """
    wanted = sorted(set(snapshot_ids))
    with _writing(mart, "dropping snapshots"):
        for snapshot_id in wanted:
            mart.snapshot(snapshot_id)
            if not force:
                _check_unforced(mart, snapshot_id, pinned)
        with closed_to_readers(mart.root, wanted):
            mart.catalogue.drop(wanted)
        return Dropped(tuple(wanted), _collect(mart))


def apply_policy(mart: Mart, policy: RetentionPolicy, pinned: frozenset[int] = frozenset()) -> Dropped:
    """Drop every snapshot that the policy does not keep, that no audit refers to and that nobody reads now."""
    snapshots = mart.snapshots()
    kept = policy.kept(snapshots) | pinned
    dropped: list[int] = []
    freed = 0
    for info in snapshots:
        if info.id not in kept and not mart.is_read_now(info.id):
            result = drop(mart, [info.id], pinned)
            dropped.extend(result.snapshots)
            freed += result.bytes_freed
    return Dropped(tuple(dropped), freed)


def collect_garbage(mart: Mart) -> int:
    """Delete what no kept snapshot needs; return the bytes set free."""
    with _writing(mart, "collecting garbage"):
        return _collect(mart)


@contextlib.contextmanager
def _writing(mart: Mart, action: str) -> Iterator[None]:
    """Hold the write lock, with the spare space at hand: this is what one does when the disk is full."""
    release_spare(mart.root)
    try:
        with explained_disk_errors(mart.root, action), write_lock(mart.root, mart.lock_wait_seconds):
            yield
    finally:
        keep_spare(mart.root)


def _collect(mart: Mart) -> int:
    """Forget first, delete after: a kill in between leaves orphans, which the next writer sweeps."""
    sweep(mart.root / "tmp")
    freed = remove_files(mart.root / path for path in mart.catalogue.forget_unseen())
    freed += sweep_orphans(mart.root, mart.catalogue)
    return freed + FactStore(mart).collect_garbage()


def _check_unforced(mart: Mart, snapshot_id: int, pinned: frozenset[int]) -> None:
    if snapshot_id in pinned:
        raise ExplainedError(
            where=f"snapshot {snapshot_id}",
            found="an audit run that refers to it",
            expected="a snapshot that no audit run needs",
            remedy="Without it the findings of that run cannot be traced to their rows. Drop it with --force if you mean it.",
        )
    if snapshot_id == mart.catalogue.latest_id():
        raise ExplainedError(
            where=f"snapshot {snapshot_id}",
            found="the newest snapshot",
            expected="an older one",
            remedy="Dropping it takes the mart back to the one before; its deliveries must be loaded again. "
            "Drop it with --force if you mean it.",
        )


def _last(items: list[int], count: int) -> list[int]:
    return items[-count:] if count > 0 else []
