"""A backup of a desk in use, restored elsewhere; one that was changed is refused whole."""

from __future__ import annotations

import io
import sqlite3
import tarfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from jicha.desk.operation.backup import DATABASE, DamagedBackup, backup, restore
from jicha.errors import ExplainedError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with rows, evidence, an exception, a secret and a mart."""
    folder = tmp_path / "home"
    for name, text in {"evidence/ab/abcd": "photo", "exceptions/exceptions.yaml": "exceptions: []\n", "desk-secret": "s", "mart/data/x.parquet": "rows",
                       "static/desk.css": "made again", "settings.toml": ""}.items():  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    with closing(sqlite3.connect(folder / DATABASE)) as rows:
        rows.execute("PRAGMA journal_mode=WAL")
        rows.execute("CREATE TABLE pair (a INTEGER, b INTEGER)")
        rows.commit()
    return folder


def test_there_and_back(home: Path, tmp_path: Path) -> None:
    """Everything that people made comes back; the mart only where it was asked for, the static files never."""
    for with_mart in (False, True):
        backup(home, tmp_path / "b.tar.gz", with_mart=with_mart)
        restore(tmp_path / "b.tar.gz", tmp_path / f"new-{with_mart}")
        found = {
            p.relative_to(tmp_path / f"new-{with_mart}").as_posix()
            for p in (tmp_path / f"new-{with_mart}").rglob("*")
            if p.is_file()
        }
        expected = {
            "evidence/ab/abcd",
            "exceptions/exceptions.yaml",
            "desk-secret",
            "settings.toml",
            DATABASE,
        }
        assert found == expected | ({"mart/data/x.parquet"} if with_mart else set())
        assert (tmp_path / f"new-{with_mart}" / "evidence/ab/abcd").read_text() == "photo"


def test_the_rows_are_those_of_one_moment(home: Path, tmp_path: Path) -> None:
    """While a writer commits pairs, the copy holds whole pairs only."""
    stop = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(home / DATABASE, timeout=20)) as rows:
            number = 0
            while not stop.is_set():
                rows.execute("INSERT INTO pair VALUES (?, NULL)", (number,))
                rows.execute("UPDATE pair SET b = a WHERE a = ?", (number,))
                rows.commit()
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            backup(home, tmp_path / f"{number}.tar.gz", with_mart=False)
            restore(tmp_path / f"{number}.tar.gz", tmp_path / f"new-{number}")
            with closing(sqlite3.connect(tmp_path / f"new-{number}" / DATABASE)) as rows:
                assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert rows.execute("SELECT count(*) FROM pair WHERE b IS NULL").fetchone() == (0,)
    finally:
        stop.set()
        writer.join()


def rewrite(source: Path, target: Path, *, drop: str = "", change: str = "", add: str = "") -> None:
    """Copy a backup and change one thing in it."""
    with tarfile.open(source) as of, tarfile.open(target, "w:gz") as to:
        for member in of:
            if member.name == drop:
                continue
            data = of.extractfile(member)
            assert data is not None
            content = data.read()
            if member.name == change:
                content = b"X" + content[1:]
            to.addfile(member, io.BytesIO(content))
        if add:
            extra = tarfile.TarInfo(add)
            extra.size = 1
            to.addfile(extra, io.BytesIO(b"x"))


@pytest.mark.parametrize(("change", "told"), [
    ({"drop": "evidence/ab/abcd"}, "missing"), ({"change": "evidence/ab/abcd"}, "differs"), ({"add": "evidence/zz"}, "differs"),
    ({"add": "../outside"}, "no plain file"), ({"drop": "MANIFEST.json"}, "differs"),
])  # fmt: skip
def test_a_changed_backup_restores_nothing(
    change: dict[str, str], told: str, home: Path, tmp_path: Path
) -> None:
    """Whatever was changed in it; nothing is left behind, in the home or beside it."""
    backup(home, tmp_path / "b.tar.gz", with_mart=False)
    rewrite(tmp_path / "b.tar.gz", tmp_path / "c.tar.gz", **change)
    with pytest.raises(DamagedBackup, match=told):
        restore(tmp_path / "c.tar.gz", tmp_path / "new")
    assert {path.name for path in tmp_path.iterdir()} == {"home", "b.tar.gz", "c.tar.gz"}


def test_a_cut_backup_restores_nothing(home: Path, tmp_path: Path) -> None:
    """Half a file is refused."""
    backup(home, tmp_path / "b.tar.gz", with_mart=False)
    data = (tmp_path / "b.tar.gz").read_bytes()
    (tmp_path / "c.tar.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(DamagedBackup):
        restore(tmp_path / "c.tar.gz", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_home_that_holds_something_is_kept(home: Path, tmp_path: Path) -> None:
    """A restore never writes over anything."""
    backup(home, tmp_path / "b.tar.gz", with_mart=False)
    with pytest.raises(ExplainedError, match="holds something"):
        restore(tmp_path / "b.tar.gz", home)
