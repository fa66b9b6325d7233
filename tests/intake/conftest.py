"""A mart of its own for each test, and small deliveries written in place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jicha.intake import LoadReport, load
from jicha.mart import Mart

ORG = "org_no,name,level\n0101,Beicheng,city\n0102,Nancheng,station\n"


@pytest.fixture
def mart(tmp_path: Path) -> Mart:
    """Return an empty mart."""
    return Mart.open(tmp_path / "mart", lock_wait_seconds=5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an empty folder for a delivery."""
    place = tmp_path / "delivery"
    place.mkdir()
    return place


@pytest.fixture
def deliver(mart: Mart, folder: Path) -> Callable[..., LoadReport]:
    """Return a function that writes files and loads them."""

    def run(files: dict[str, str | bytes], **options: object) -> LoadReport:
        for name, content in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load(mart, [folder], **options)  # type: ignore[arg-type]

    return run
