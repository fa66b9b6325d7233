"""Worker and web server killed by SIGKILL in the middle of a month: nothing is lost, nothing doubled, the log is whole (promise G1)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DRIVER = Path(__file__).parent / "kill_driver.py"


def month(home: Path, kills: int, seed: int) -> dict[str, Any]:
    """Live through a month with so many kills, in a process of its own; return what is left."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    environment |= {
        "JICHA_PLAIN_HTTP": "1",
        "JICHA_SECRET": "only-for-tests-" * 5,
        "PYTHONPATH": str(DRIVER.parents[2]),
    }
    told = subprocess.run(
        [sys.executable, str(DRIVER), str(home), str(kills), str(seed)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=3000,
    )
    assert told.returncode == 0, told.stdout + told.stderr[-4000:]
    return dict(json.loads(told.stdout.splitlines()[-1]))


def check(told: dict[str, Any], kills: int) -> None:
    """Everything the runs hold is there once, every record stands where the log says, every answered order exists."""
    assert told["worker_kills"] + told["web_kills"] >= kills and told["web_kills"] >= 1, told
    assert (told["runs"], told["bring_in_events"]) == (2, 2), told
    assert told["out_of_step"] == [] and told["web_errors"] == [], told
    wrong = {
        name: told[name]
        for name in told
        if name.endswith(("_lost", "_doubled", "_without_clue", "_not_done"))
    }
    assert wrong == dict.fromkeys(wrong, 0), told
    assert told["orders"] > 0 and 0 < told["proposed"] <= told["proposals"], told
    assert told["log_is_whole"], told


@pytest.fixture
def home(audited: Path, tmp_path: Path) -> Path:
    """An audited home of two months without a desk."""
    shutil.copytree(audited, tmp_path / "home")
    return tmp_path / "home"


@pytest.mark.proof
def test_five_kills(home: Path) -> None:
    """A few kills, to be sure of the driver before the long run."""
    check(month(home, 5, 1), 5)


@pytest.mark.proof
def test_fifty_kills(home: Path) -> None:
    """Fifty kills at random statements and moments."""
    check(month(home, 50, 2), 50)
