"""A load that is killed at any moment leaves the old or the new snapshot, whole."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from jicha.mart import Mart, Snapshot
from jicha.mart.storage import sha256_of

ROWS = 400
LOADER = Path(__file__).with_name("loader_process.py")


def load_and_kill(root: Path, first: int, moments: random.Random, load_seconds: float) -> int:
    """Start loads of one version after another, kill the process at some moment, return the last version acknowledged."""
    command = [sys.executable, str(LOADER), str(root), str(first), "1000", str(ROWS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        if moments.random() < 0.5:
            time.sleep(moments.uniform(0.0, 2 * load_seconds))
        else:
            wait_for_new_file(root / "data")
            time.sleep(
                moments.uniform(0.0, 0.03)
            )  # between the first file in its place and the commit, or just after
        process.send_signal(signal.SIGKILL)
        acknowledged = process.stdout.read().split()
    return int(acknowledged[-1]) if acknowledged else first - 1


def wait_for_new_file(folder: Path) -> None:
    """Wait until a load puts a file in its place."""
    before = set(folder.rglob("*.parquet"))
    deadline = time.monotonic() + 60
    while set(folder.rglob("*.parquet")) <= before and time.monotonic() < deadline:
        time.sleep(0.001)


def versions(snapshot: Snapshot) -> set[tuple[int, int]]:
    """Return number of rows and version of every table and month."""
    with duckdb.connect() as connection:
        snapshot.create_views(connection, ["reading", "bill", "customer"])
        return set(
            connection.execute(
                "SELECT count(*), value::INT FROM reading GROUP BY bill_month, value "
                "UNION ALL SELECT count(*) / 2, kwh::INT FROM bill GROUP BY kwh "
                "UNION ALL SELECT count(*) / 2, household_persons FROM customer GROUP BY household_persons"
            ).fetchall()
        )


def check_whole(mart: Mart) -> int:
    """Check every kept snapshot: all tables of one version, all rows, all hashes; return the newest version."""
    version = 0
    for info in mart.snapshots()[-3:]:
        snapshot = mart.snapshot(info.id)
        found = versions(snapshot)
        assert len(found) == 1, f"snapshot {info.id} mixes versions: {found}"
        rows, version = found.pop()
        assert rows == ROWS / 2
        assert all(
            sha256_of(mart.root / f.path) == f.sha256 for files in snapshot.files.values() for f in files
        )
    return version


def kill_many_times(root: Path, kills: int, seed: int) -> None:
    """Kill `kills` loads at random moments and check the mart after each."""
    moments = random.Random(seed)
    mart = Mart.open(root)
    version = 1
    started = time.monotonic()
    run_loader(root, version)
    load_seconds = time.monotonic() - started
    for _ in range(kills):
        acknowledged = load_and_kill(root, version + 1, moments, load_seconds)
        found = check_whole(mart)
        assert found in (acknowledged, acknowledged + 1)
        version = found
    check_nothing_is_left_over(mart, version)


def run_loader(root: Path, version: int) -> None:
    """Load one version in a process of its own."""
    command = [sys.executable, str(LOADER), str(root), str(version), "1", str(ROWS)]
    subprocess.run(command, check=True, capture_output=True)


def check_nothing_is_left_over(mart: Mart, version: int) -> None:
    """One more load sweeps what the killed ones left, and goes through."""
    run_loader(mart.root, version + 1)
    assert check_whole(mart) == version + 1
    on_disk = {path.relative_to(mart.root).as_posix() for path in (mart.root / "data").rglob("*.parquet")}
    assert on_disk == mart.catalogue.known_paths()
    assert list((mart.root / "tmp").iterdir()) == []


def test_killed_loads_leave_whole_snapshots(tmp_path: Path) -> None:
    kill_many_times(tmp_path / "mart", kills=4, seed=20261124)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(4))
def test_a_hundred_killed_loads_leave_whole_snapshots(tmp_path: Path, seed: int) -> None:
    kill_many_times(tmp_path / "mart", kills=25, seed=seed)
