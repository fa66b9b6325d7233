"""The rows of a PostgreSQL in a backup: written by pg_dump from one moment, read by pg_restore into an empty database, whole or not at all."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from jicha.desk.project.database import database_from
from jicha.errors import ExplainedError


def dump(url: str, target: Path) -> None:
    """Write all rows and tables of the database to a file."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def load(url: str, source: Path) -> None:
    """Read a dump into the database, in one transaction."""
    _run(
        "pg_restore", url, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges",
        f"--dbname={database_from(url, Path())['NAME']}", str(source),
    )  # fmt: skip


def must_be_empty(url: str) -> None:
    """Refuse a database that holds tables: a restore never writes over anything."""
    import psycopg

    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()"
        ).fetchone()
    if found and found[0]:
        raise ExplainedError(
            where="DATABASE_URL", found=f"a database with {found[0]} tables", expected="an empty one",
            remedy="Make a new one with createdb and name it in DATABASE_URL.",
        )  # fmt: skip


def _run(program: str, url: str, *arguments: str) -> None:
    """Run a program of PostgreSQL; the password goes by the environment, where no list of processes shows it."""
    if shutil.which(program) is None:
        raise ExplainedError(
            where="PATH", found=f"no {program}", expected="the programs of PostgreSQL, as new as the server",
            remedy="Install them, for example Debian's postgresql-client.",
        )  # fmt: skip
    told = database_from(url, Path())
    names = {
        "PGDATABASE": "NAME",
        "PGUSER": "USER",
        "PGPASSWORD": "PASSWORD",
        "PGHOST": "HOST",
        "PGPORT": "PORT",
    }
    environment = os.environ | {name: told[key] for name, key in names.items() if told[key]}
    ended = subprocess.run([program, *arguments], env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise ExplainedError(
            where=program, found=ended.stderr.strip()[-500:], expected="no error",
            remedy="Mend what it says and begin again: nothing was restored, and no backup was written.",
        )  # fmt: skip
