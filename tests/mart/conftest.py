"""A mart in a temporary folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jicha.mart import Mart

from .desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk before an empty mart."""
    folder = tmp_path / "deliveries"
    folder.mkdir()
    yield Desk(Mart.open(tmp_path / "mart", lock_wait_seconds=5), folder)
