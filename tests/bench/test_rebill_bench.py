"""The bench of re-billing runs at a small size, and its comparison with PySAM agrees to the rounding of the lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"


def run(*options: str) -> str:
    """Return what the bench prints with these options."""
    command = [sys.executable, str(BENCH / "rebill.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_sql_engine_prices_every_synthetic_bill() -> None:
    printed = run("--bills", "3000", "--lines-bills", "0", "--pysam-customers", "0")
    assert "3,000 synthetic bills" in printed
    assert "SQL engine, bills/s" in printed


def test_pysam_and_lines_agree_on_every_bill() -> None:
    printed = run("--bills", "0", "--lines-bills", "0", "--pysam-customers", "4")
    assert "48 bills" in printed
    assert "rounding of their lines: 0" in printed
