"""Where the bytes lie: one file for each content, named by its hash, written once, its hash checked whenever it is read."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jicha.errors import ExplainedError


@dataclass(frozen=True, slots=True)
class Damage:
    """A content that is not what its name says."""

    sha256: str
    kind: str  # missing | changed


class Vault:
    """The folder of all contents of a home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Return where a content lies."""
        return self.folder / sha256[:2] / sha256

    def keep(self, data: bytes) -> str:
        """Write a content, on the disk before its name exists; return its hash. The same content twice is written once."""
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        if path.exists() and not self.damage(digest):
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o440)
        Path(draft).replace(path)
        return digest

    def read(self, sha256: str) -> bytes:
        """Return a content; an error where it is gone or is no longer what was kept."""
        if found := self.damage(sha256):
            raise ExplainedError(
                where=f"evidence {sha256[:12]}", found=found.kind, expected="the bytes that were kept",
                remedy="Restore the file from a backup; `jicha verify` lists all that are damaged.",
            )  # fmt: skip
        return self.path(sha256).read_bytes()

    def damage(self, sha256: str) -> Damage | None:
        """Return what is wrong with a content, or None."""
        path = self.path(sha256)
        if not path.exists():
            return Damage(sha256, "missing")
        with path.open("rb") as file:
            is_same = hashlib.file_digest(file, "sha256").hexdigest() == sha256
        return None if is_same else Damage(sha256, "changed")

    def sweep(self, known: Iterator[str]) -> list[Damage]:
        """Return every damaged content of those that are known."""
        return [found for one in known if (found := self.damage(one))]
