"""How much room is left where the desk keeps what people make."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings


def free_bytes() -> int:
    """Return the free bytes of the disk of the home, or of the folder that it will be made in."""
    home = Path(settings.HOME)
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    return shutil.disk_usage(place).free


def is_low() -> bool:
    """Return whether people should be told: soon nothing can be kept any more."""
    return free_bytes() < settings.DISK_LOW_BYTES


def is_full() -> bool:
    """Return whether so little is left that the next file or move may fail."""
    return free_bytes() < settings.DISK_FULL_BYTES
