"""Two loads at once take turns, and readers are never in the way of either."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jicha.errors import ExplainedError
from jicha.mart import Mart
from jicha.mart.lock import owned_folder, sweep, write_lock
from jicha.mart.retention import drop

from .desk import Desk, bill
from .test_kill import LOADER, ROWS, check_whole


def test_two_processes_take_turns(tmp_path: Path) -> None:
    root = tmp_path / "mart"
    loads = [[sys.executable, str(LOADER), str(root), str(first), "4", str(ROWS)] for first in (100, 200)]
    processes = [subprocess.Popen(load, stdout=subprocess.PIPE, text=True) for load in loads]
    outputs = [process.communicate(timeout=120)[0].split() for process in processes]
    assert outputs == [["ready", "100", "101", "102", "103"], ["ready", "200", "201", "202", "203"]]
    mart = Mart.open(root)
    assert len(mart.snapshots()) == 8
    assert check_whole(mart) in (103, 203)


def test_a_reader_sees_one_version_while_loads_go_on(tmp_path: Path) -> None:
    root = tmp_path / "mart"
    mart = Mart.open(root)
    command = [sys.executable, str(LOADER), str(root), "1", "4", str(ROWS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        seen = []
        while process.poll() is None:
            seen.append(check_whole(mart))
    assert seen == sorted(seen)
    assert check_whole(mart) == 4


def test_second_load_gives_up_and_names_the_first(desk: Desk) -> None:
    impatient = Mart.open(desk.mart.root, lock_wait_seconds=0.2)
    with write_lock(desk.mart.root, 1), pytest.raises(ExplainedError) as error:
        Desk(impatient, desk.mart.root).load({"bill": [bill("B1", "1", "1")]})
    assert re.search(rf"another load by process {os.getpid()}, which started at 20\d\d-", str(error.value))
    assert "within 0.2 s" in str(error.value)


def test_second_load_waits_for_the_first(desk: Desk) -> None:
    with write_lock(desk.mart.root, 1):
        thread = threading.Thread(target=desk.load, args=({"bill": [bill("B1", "1", "1")]},))
        thread.start()
        assert desk.mart.latest() is None
    thread.join()
    assert desk.mart.latest() is not None


def test_reader_keeps_its_snapshot_while_a_writer_commits(desk: Desk) -> None:
    desk.load({"bill": [bill("B1", "1", "1")]})
    snapshot = desk.mart.snapshot(1)
    with snapshot.held():
        desk.load({"bill": [bill("B1", "2", "1")]})
        with pytest.raises(ExplainedError, match="a process that is reading it"):
            drop(desk.mart, [1])
        assert desk.rows("bill", "kwh", snapshot) == [(1,)]
    assert drop(desk.mart, [1]).snapshots == (1,)
    with pytest.raises(ExplainedError, match="dropped a moment ago"), snapshot.held():
        pass


def test_sweep_spares_folders_in_use(tmp_path: Path) -> None:
    dead = tmp_path / "dead"
    dead.mkdir()
    dead.with_suffix(".lock").touch()
    (dead / "rest.parquet").touch()
    with owned_folder(tmp_path) as folder:
        sweep(tmp_path)
        assert folder.is_dir()
        assert not dead.exists()
    assert list(tmp_path.iterdir()) == []
