"""A full disk ends a load with a clear error and leaves the old snapshot."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from jicha.errors import ExplainedError
from jicha.mart import BatchInfo, Mart, storage
from jicha.mart.catalogue import Catalogue
from jicha.mart.retention import drop

from .desk import Desk, bill
from .loader_process import stage


def no_space(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def check_unchanged(desk: Desk) -> None:
    """The first snapshot is whole, nothing is left over, and the next load goes through."""
    assert [info.id for info in desk.mart.snapshots()] == [1]
    assert desk.rows("bill", "kwh") == [(1,)]
    assert len(list((desk.mart.root / "data").rglob("*.parquet"))) == 1
    assert list((desk.mart.root / "tmp").iterdir()) == []
    assert desk.load({"bill": [bill("B1", "3", "1")]}).snapshot_id is not None


@pytest.mark.parametrize("place", ["sync_file", "sync_folder", "sha256_of"])
def test_no_space_while_publishing(desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    desk.load({"bill": [bill("B1", "1", "1")]})
    with monkeypatch.context() as patch:
        patch.setattr(f"jicha.mart.commit.{place}", no_space)
        with pytest.raises(
            ExplainedError, match=r"no space left.*newest snapshot is the one before.*snapshots drop"
        ):
            desk.load({"bill": [bill("B1", "2", "1")]})
    check_unchanged(desk)


def test_no_space_in_the_catalogue(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise sqlite3.OperationalError("database or disk is full")

    desk.load({"bill": [bill("B1", "1", "1")]})
    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "_insert_files", full)
        with pytest.raises(ExplainedError, match="no space left"):
            desk.load({"bill": [bill("B1", "2", "1")]})
    check_unchanged(desk)


def test_fault_of_a_statement_is_not_called_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError), storage.explained_disk_errors(tmp_path, "loading"):
        raise sqlite3.OperationalError("no such table: file")
    with pytest.raises(FileNotFoundError), storage.explained_disk_errors(tmp_path, "loading"):
        (tmp_path / "absent").read_text()


def test_too_little_memory_is_told(tmp_path: Path) -> None:
    told = pytest.raises(ExplainedError, match="not enough memory while loading")
    with told, storage.explained_disk_errors(tmp_path, "loading"):
        raise duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block")


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a disk of its own in memory."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def may_mount() -> bool:
    """Tell whether this process may mount a disk."""
    with contextlib.suppress(OSError):
        return subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0
    return False


def load_until_full(mart: Mart, folder: Path) -> int:
    """Load bigger and bigger versions until one is refused; return the last one that was not."""
    for version in range(1, 200):
        staged = [stage(folder, "reading", version, version * 20_000)]
        try:
            mart.merge(BatchInfo(f"{version:064d}", f"version {version}"), staged)
        except ExplainedError as error:
            assert "no space left" in str(error)
            return version - 1
    raise AssertionError("the disk never got full")


def fill_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the right to mount: let the engine's write fail as it does on a full disk."""
    monkeypatch.setattr("jicha.mart.engine.Engine.write", no_space)
    mart = Mart.open(tmp_path / "mart")
    with pytest.raises(ExplainedError, match="no space left"):
        mart.merge(BatchInfo("0" * 64, "full"), [stage(tmp_path, "reading", 1, 10)])


def test_a_real_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not may_mount():
        fill_by_hand(tmp_path, monkeypatch)
        return
    with small_disk(tmp_path / "disk", "2m") as disk:
        mart = Mart.open(disk / "mart")
        version = load_until_full(mart, tmp_path)
        assert version >= 3
        check_version(mart, version)
        fill_to_the_brim(disk / "filler")
        check_version(mart, version)
        with pytest.raises(ExplainedError, match="no space left"):
            mart.merge(BatchInfo("f" * 64, "too much"), [stage(tmp_path, "reading", 900, 100)])
        check_version(mart, version)
        drop(mart, range(1, version))
        (disk / "filler").unlink()
        mart.merge(BatchInfo("f" * 64, "enough room"), [stage(tmp_path, "reading", 900, 100)])


@contextlib.contextmanager
def read_only(folder: Path, is_disk: bool) -> Iterator[None]:
    """Make a folder read-only: the disk if it is one, else by its rights (which stop everybody but root)."""
    if is_disk:
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        yield
        return
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    yield
    for path in folders:
        path.chmod(0o755)


def test_a_read_only_disk_can_be_read(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") if may_mount() else contextlib.nullcontext(tmp_path) as disk:
        mart = Mart.open(disk / "mart")
        mart.merge(BatchInfo("f" * 64, "all"), [stage(tmp_path, "reading", 1, 20_000)])
        with read_only(disk, may_mount()):
            check_version(Mart.open(disk / "mart"), 1)


def fill_to_the_brim(path: Path) -> None:
    """Leave not a single free block."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def check_version(mart: Mart, version: int) -> None:
    """The newest snapshot is whole, and no file is left over."""
    latest = mart.latest()
    assert latest is not None
    with duckdb.connect() as connection, latest.held():
        latest.create_views(connection, ["reading"])
        found = connection.execute("SELECT count(*), min(value), max(value) FROM reading").fetchall()
    assert found == [(version * 20_000, version, version)]
    on_disk = {path.relative_to(mart.root).as_posix() for path in (mart.root / "data").rglob("*.parquet")}
    assert on_disk == mart.catalogue.known_paths()
    assert list((mart.root / "tmp").iterdir()) == []
