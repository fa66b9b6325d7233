"""One small utility for all tests: built, loaded and audited once, shared by the workers through a lock file."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jicha.demo import build
from jicha.home import Home, open_home

CUSTOMERS = 400
HEAVY = ("curve",)  # a fifth of a million rows that no test of the audit needs


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all workers of this test session share."""
    base = tmp_path_factory.getbasetemp()
    place = (base if worker_id == "master" else base.parent) / "shared"
    place.mkdir(exist_ok=True)
    return place


@contextmanager
def once(folder: Path) -> Iterator[bool]:
    """Tell, under a lock between processes, whether the folder must still be made; mark it made afterwards."""
    mark = folder.with_suffix(".done")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists():
            yield False
            return
        yield True
        mark.touch()


@pytest.fixture(scope="session")
def extract(shared: Path) -> Path:
    """The extract of an invented county of 400 customers with everything planted (without load curves)."""
    folder = shared / "extract"
    with once(folder) as missing:
        if missing:
            build(folder, customers=CUSTOMERS)
            for name in HEAVY:
                (folder / f"{name}.csv").unlink()
    return folder


@pytest.fixture(scope="session")
def loaded(shared: Path, extract: Path) -> Path:
    """A home that holds the extract and no run; copy it before you change it."""
    folder = shared / "loaded"
    with once(folder) as missing:
        if missing:
            report = open_home(folder).load([extract])
            assert report.quarantined == 0
    return folder


@pytest.fixture(scope="session")
def audited(shared: Path, loaded: Path) -> Path:
    """A home with the audits of 2026-09 and 2026-10; for reading only."""
    folder = shared / "audited"
    with once(folder) as missing:
        if missing:
            shutil.copytree(loaded, folder)
            home = open_home(folder)
            home.audit("2026-09")
            home.audit("2026-10")
    return folder


@pytest.fixture
def home_copy(loaded: Path, tmp_path: Path) -> Callable[[str], Home]:
    """Return a function that gives a copy of the loaded home, to be changed freely."""

    def copy(name: str = "home") -> Home:
        shutil.copytree(loaded, tmp_path / name)
        return open_home(tmp_path / name)

    return copy


@pytest.fixture
def home(audited: Path, tmp_path: Path) -> Home:
    """A copy of the audited home."""
    shutil.copytree(audited, tmp_path / "audited")
    return open_home(tmp_path / "audited")
