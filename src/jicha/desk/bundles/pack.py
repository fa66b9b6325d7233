"""The zip file of a bundle: the same contents always give the same bytes."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jicha.desk.bundles.parts import Content

FORMAT = "jicha-bundle-1"
MANIFEST, SEAL = "manifest.json", "seal.json"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3


def document(told: Any) -> bytes:
    """Return plain data as JSON that always reads the same: keys sorted, one line a value."""
    return (json.dumps(told, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def manifest_of(contents: Iterable[Content]) -> bytes:
    """Return the manifest: every file with its hash and size."""
    files = {one.name: {"sha256": one.sha256, "bytes": one.size_bytes} for one in contents}
    return document({"format": FORMAT, "files": files})


def root_of(manifest: bytes) -> str:
    """Return the one hash that stands for the whole bundle."""
    return hashlib.sha256(manifest).hexdigest()


def write(path: Path, manifest: bytes, seal: bytes, contents: Iterable[Content]) -> None:
    """Write the bundle; it appears under its name when it is whole.

    Nothing is compressed: what a compressor makes of equal bytes differs between its versions, and photos shrink no further.
    """
    draft = path.with_name(f".{path.name}.draft")
    try:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED) as archive:
            _add(archive, MANIFEST, manifest)
            _add(archive, SEAL, seal)
            for one in sorted(contents, key=lambda content: content.name):
                _add(archive, one.name, one.read())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.create_system, entry.external_attr = _UNIX, _PLAIN_FILE
    archive.writestr(entry, data)
