"""The static files with hashes in their names, made small quickly: the first start of a desk must not take half a minute."""

from __future__ import annotations

from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Of 0 to 11: with 11 the first start took fifteen seconds of a core, with 5 three.
QUALITY = 5


class QuickCompressor(Compressor):  # type: ignore[misc]
    """Compresses well enough."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """Return the data made smaller."""
        made: bytes = brotli.compress(data, quality=QUALITY)
        return made


class DeskStatic(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Keeps the static files of the desk."""

    def create_compressor(self, **options: Any) -> QuickCompressor:
        """Return what compresses the files."""
        return QuickCompressor(**options)
