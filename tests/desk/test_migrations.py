"""From the first release with data to this one, and from one machine to an empty one, on both databases: nothing lost, nothing changed."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from jicha.desk.operation.backup import restore
from jicha.errors import ExplainedError
from tests.intake.servers import postgresql

PROCESS = Path(__file__).parent / "migrate_process.py"
JICHA = Path(sys.executable).with_name("jicha")


def run(command: list[str], url: str | None, code: int = 0) -> str:
    """Run a program with a database, and return what it printed."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    environment |= {"JICHA_PLAIN_HTTP": "1", "PYTHONPATH": str(PROCESS.parents[2])} | (
        {"DATABASE_URL": url} if url else {}
    )
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == code, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def held(home: Path, step: str, url: str | None) -> dict[str, Any]:
    """Return what the desk of a home holds after a step."""
    return dict(json.loads(run([sys.executable, str(PROCESS), str(home), step], url).splitlines()[-1]))


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.database, pytest.mark.proof])]
)
def databases(request: pytest.FixtureRequest) -> Iterator[tuple[str, str | None, str | None]]:
    """Two empty databases of a kind: one to work in, one to restore into."""
    if request.param == "sqlite":
        yield "sqlite", None, None
        return
    import psycopg

    with postgresql() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE restored")
            name = connection.info.dbname
        yield "postgresql", url, url.replace(f"/{name}?", "/restored?")


def test_from_the_first_release_and_to_an_empty_machine(
    databases: tuple[str, str | None, str | None], tmp_path: Path
) -> None:
    """Upgraded with data, worked on, backed up, restored by one command: rows, sums of money and the log are equal."""
    vendor, here, there = databases
    (tmp_path / "home").mkdir()
    before = held(tmp_path / "home", "upgrade", here)
    assert (before["vendor"], before["faults"], before["ready"]) == (vendor, [], [])
    assert (before["rows"]["clues_clue"], before["rows"]["evidence_evidencefile"]) == (60, 1)
    assert before["sums"]["clues_clue.company_yuan"] == "18.3000"  # 0.01 + … + 0.60
    target = tmp_path / "backup.tar.gz"
    run([str(JICHA), "backup", str(target), "--home", str(tmp_path / "home")], here)
    run([str(JICHA), "restore", str(target), "--home", str(tmp_path / "new")], there)
    after = held(tmp_path / "new", "look", there)
    assert after == before
    assert '"damaged_files": []' in run(
        [str(JICHA), "verify", "--home", str(tmp_path / "new"), "--json"], there
    )
    # A second restore finds something there and changes nothing.
    with pytest.raises(ExplainedError, match="holds something"):
        restore(target, tmp_path / "new", database_url=there)
    if there:
        with pytest.raises(ExplainedError, match="an empty one"):
            restore(target, tmp_path / "third", database_url=there)
        with pytest.raises(ExplainedError, match="DATABASE_URL"):
            restore(target, tmp_path / "third")
        assert not (tmp_path / "third").exists()


def test_an_older_release_leaves_a_newer_database_alone(tmp_path: Path) -> None:
    """Every command that opens the desk refuses, says why, and writes nothing."""
    home = tmp_path / "home"
    home.mkdir()
    held(home, "upgrade", None)
    with closing(sqlite3.connect(home / "desk.sqlite3")) as rows:
        rows.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('clues', '0999_of_tomorrow', '2030-01-01')"
        )
        rows.commit()
        before = list(rows.iterdump())
    for command in (["verify"], ["serve", "--address", "127.0.0.1:1"]):
        told = run([str(JICHA), *command, "--home", str(home)], None, 1)
        assert ("newer release" in told, "clues.0999_of_tomorrow" in told, "Traceback" in told) == (
            True,
            True,
            False,
        )
    with closing(sqlite3.connect(home / "desk.sqlite3")) as rows:
        assert list(rows.iterdump()) == before
