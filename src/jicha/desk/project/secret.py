"""The secret that signs sessions, made once for each home, and changed without signing anybody out."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def kept_secret(path: Path) -> str:
    """Return the secret kept in the file, made on the first call and readable by its owner only."""
    if given := os.environ.get("JICHA_SECRET"):
        return given
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _lines(path)[0]
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(64))
    return _lines(path)[0]


def former_secrets(path: Path) -> list[str]:
    """Return the secrets that were in force before: what they signed still counts."""
    if os.environ.get("JICHA_SECRET"):
        return os.environ.get("JICHA_FORMER_SECRETS", "").split()
    return _lines(path)[1:] if path.exists() else []


def renew_secret(path: Path, *, keep_former: bool) -> None:
    """Put a new secret in force; the one before still counts until the next change, or no more at once."""
    kept = [kept_secret(path)] if keep_former else []
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write("\n".join([secrets.token_urlsafe(64), *kept]))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="ascii").split()
