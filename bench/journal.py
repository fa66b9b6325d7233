"""How fast the desk's log is written and checked: appends a second, each durable by itself, and events a second that are verified.

    python bench/journal.py --events 100000

Each figure stands beside a floor taken in the same run: bare commits of one row, and bare SHA-256 over the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

GOAL_APPENDS, GOAL_VERIFIED = 300, 200_000
BATCH = 5000


def main() -> int:
    """Measure on a new home, print the table, and return 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000, help="events of the log that is verified")
    parser.add_argument("--appends", type=int, default=1000, help="events that are appended one by one")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        unit = _open(home)
        appends = _rate(told.appends, lambda: _append_each(unit, told.appends))
        commits = _rate(told.appends, lambda: _commit_each(home / "floor.sqlite3", told.appends))
        _fill(unit, told.events)
        verified = _rate(told.events, _verify)
        hashes = _rate(told.events, lambda: _hash_each(told.events))
    rows = [
        ("durable appends a second", appends, "bare commits of one row", commits, GOAL_APPENDS),
        ("events verified a second", verified, "bare hashes of the same bytes", hashes, GOAL_VERIFIED),
    ]
    for name, rate, floor, floor_rate, goal in rows:
        print(
            f"{name:28} {rate:>10,.0f}   {floor:30} {floor_rate:>12,.0f}   ratio {rate / floor_rate:.2f}   goal {goal:,}"
        )
    return int(any(rate < goal for _name, rate, _floor, _floor_rate, goal in rows))


def _open(home: Path) -> Any:
    """Make the desk ready, and return the organisation that the events belong to."""
    os.environ |= {"JICHA_PLAIN_HTTP": "1"}
    os.environ.pop("DATABASE_URL", None)
    from jicha.desk import commands

    commands.open_desk(home)
    commands.prepare()
    from jicha.desk.people.models import ROOT, Organisation

    return Organisation.objects.get(number=ROOT)


def _rate(count: int, work: Callable[[], None]) -> float:
    begin = time.perf_counter()
    work()
    return count / (time.perf_counter() - begin)


def _append_each(unit: Any, count: int) -> None:
    from django.db import transaction

    from jicha.desk.journal.append import append

    for number in range(count):
        with transaction.atomic():
            append("comment", unit, actor=None, organisation=unit, details={"comment": number})


def _commit_each(path: Path, count: int) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as rows:
        rows.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE event (number INTEGER PRIMARY KEY, text TEXT)"
        )
        for number in range(count):
            rows.execute("BEGIN IMMEDIATE")
            rows.execute("INSERT INTO event VALUES (?, ?)", (number, "x" * 200))
            rows.execute("COMMIT")


def _fill(unit: Any, count: int) -> None:
    """Write a log of that many events, hashed as `append` hashes, by bulk: the check does not see how they came."""
    from django.utils import timezone

    from jicha.desk.journal.append import FIRST, content_of, hash_of
    from jicha.desk.journal.models import ChainHead, Event

    head = ChainHead.objects.get(pk=1)
    number, previous, place = head.number, head.hash or FIRST, ("people.organisation", str(unit.pk))
    rows = []
    while number < count:
        number, at = number + 1, timezone.now()
        content = content_of(
            number, at, None, unit.pk, "comment", place, {"comment": number, "words": "核对抄表与表计"}
        )
        rows.append(Event(number=number, at=at, organisation=unit, action="comment", subject_kind=place[0], subject_id=place[1],
                          content=content, previous_hash=previous, hash=hash_of(previous, content)))  # fmt: skip
        previous = rows[-1].hash
        if len(rows) == BATCH or number == count:
            Event.objects.bulk_create(rows)
            rows.clear()
    ChainHead.objects.filter(pk=1).update(number=number, hash=previous)


def _verify() -> None:
    from jicha.desk.journal.verify import verify

    told = verify()
    assert told.is_whole, told.faults[:3]


def _hash_each(count: int) -> None:
    text = ("0" * 64 + "\n" + "x" * 250).encode()
    for _ in range(count):
        hashlib.sha256(text).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
