"""Where the desk keeps its rows: a file in the home folder, or a PostgreSQL named by DATABASE_URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from jicha.errors import ExplainedError


def database_from(url: str | None, home: Path) -> dict[str, Any]:
    """Return Django's description of the database; an error says which addresses are understood."""
    return _postgresql(url) if url else _sqlite(home / "desk.sqlite3")


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            # A writer takes its lock at once: two that read first and write later would refuse each other.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        },
    }


def _postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise ExplainedError(
            where="DATABASE_URL", found=f"{parts.scheme}://…{parts.path}", expected="postgresql://user:password@host:5432/database",
            remedy="Correct it, or leave it out: then the desk keeps its rows in the home folder.",
        )  # fmt: skip
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        # A socket is named as libpq does: postgresql://user@/database?host=/folder.
        "HOST": unquote(parts.hostname or "") or dict(parse_qsl(parts.query)).get("host", ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
    }
