"""Moves raced by eight threads on both databases: one wins, the rest get a clean refusal, the chain stays whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.intake.servers import postgresql

PROCESS = Path(__file__).parent / "race_process.py"


def race(home: Path, url: str | None) -> dict[str, object]:
    """Run the race in a process of its own."""
    environment = {
        k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    } | {"JICHA_PLAIN_HTTP": "1"}
    environment["PYTHONPATH"] = str(PROCESS.parents[2])
    if url:
        environment["DATABASE_URL"] = url
    told = subprocess.run(
        [sys.executable, str(PROCESS), str(home)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert told.returncode == 0, told.stderr
    return dict(json.loads(told.stdout.splitlines()[-1]))


def check(told: dict[str, object], vendor: str) -> None:
    """Each clue was taken once, every other try was refused politely, and the log is whole and cannot be changed."""
    assert (told["vendor"], told["errors"]) == (vendor, [])
    assert told["tally"] is True  # what the triggers of this database kept is what a count gives
    assert (told["won"], told["taken"], told["refused"]) == (True, 40, 7 * 40)
    assert set(told["kinds"]) <= {"Overtaken", "NotNow"}  # type: ignore[call-overload]
    assert (told["whole"], told["anchored"], told["kept"], told["outside"]) == (
        True,
        True,
        [True, True],
        True,
    )


def test_sqlite(tmp_path: Path) -> None:
    """On the file in the home folder."""
    check(race(tmp_path, None), "sqlite")


@pytest.mark.database
def test_postgresql(tmp_path: Path) -> None:
    """On a real PostgreSQL."""
    with postgresql() as url:
        check(race(tmp_path, url), "postgresql")
