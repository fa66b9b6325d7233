"""Power factor (功率因数) and its adjustment in whole numbers."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from importlib.resources import files

import numpy as np
import yaml

from jicha.demo.grid import Ints


@cache
def adjustment_table() -> dict[int, Ints]:
    """Return for each standard (× 100) the adjustment in 0.01 % for the power factors 0.00 … 1.00."""
    path = files("jicha") / "policies" / "power_factor" / "1983.yaml"
    table: dict[int, Ints] = {}
    for row in yaml.safe_load(path.read_text(encoding="utf-8"))["rows"]:
        standard = int(Decimal(row["pf_standard"]) * 100)
        values = table.setdefault(standard, np.zeros(101, dtype=np.int64))
        values[int(Decimal(row["power_factor"]) * 100)] = int(Decimal(row["adjust_pct"]) * 100)
    return table


def power_factor(active: Ints, reactive: Ints) -> Ints:
    """Return P / √(P² + Q²) × 100 rounded half up, decided on whole numbers."""
    square = active * active + reactive * reactive
    guess = np.rint(100 * active / np.sqrt(np.maximum(square, 1).astype(np.float64))).astype(np.int64)
    # cosφ ≥ (k − ½)/100  ⇔  P²·200² ≥ (2k − 1)²·(P² + Q²)
    for _ in range(2):
        guess = np.where(_reaches(active, square, guess + 1), guess + 1, guess)
        guess = np.where(_reaches(active, square, guess), guess, guess - 1)
    return np.where(square > 0, np.clip(guess, 0, 100), 0)


def adjustment(standard: Ints, factor: Ints) -> Ints:
    """Return the adjustment in 0.01 % for standards given × 10⁶ and factors × 100."""
    result = np.zeros(len(factor), dtype=np.int64)
    for value, table in adjustment_table().items():
        rows = standard == value * 10_000
        result[rows] = table[factor[rows]]
    return result


def _reaches(active: Ints, square: Ints, factor: Ints) -> np.ndarray:
    scale = np.maximum(active // 10_000_000, 1)  # keeps P²·200² inside 64 bits for the largest customers
    top = (active // scale) ** 2 * 40_000
    return np.asarray(top >= (2 * factor - 1) ** 2 * (square // (scale * scale)))
