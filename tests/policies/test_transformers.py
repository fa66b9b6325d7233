"""Transformer parameters and loss shares against the published table."""

from __future__ import annotations

from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
import yaml

POLICIES = files("jicha") / "policies"


def _rows(name: str) -> list[dict[str, Any]]:
    rows = yaml.safe_load((POLICIES / name).read_text(encoding="utf-8"))["rows"]
    assert isinstance(rows, list)
    return rows


# series, kVA, no-load loss, load loss, no-load current, impedance: copied by hand.
PRINTED = [
    ("S9", "30", "0.13", "0.60", "2.8", "4.0"),
    ("S10", "125", "0.29", "1.80", "2.0", "4.0"),
    ("S11", "315", "0.47", "3.65", "1.6", "4.0"),
    ("S11", "400", "0.56", "4.30", "1.5", "4.0"),
    ("S9", "630", "1.20", "6.20", "1.3", "4.5"),
    ("S11", "800", "0.98", "7.50", "1.2", "4.5"),
    ("S7", "250", "0.64", "4.00", None, None),
    ("S7", "1000", "1.80", "11.6", None, None),
    ("S9", "1250", "1.95", "12.0", None, None),
    ("S11", "1600", "1.64", "14.5", None, None),
]


@pytest.mark.parametrize("printed", PRINTED)
def test_parameters_are_the_printed_ones(printed: tuple[str, ...]) -> None:
    """Each series and capacity has the printed values, and none where nothing was read."""
    names = ("series", "kva", "no_load_loss_kw", "load_loss_kw", "no_load_current_pct", "impedance_pct")
    rows = [tuple(row[name] for name in names) for row in _rows("transformers/parameters.yaml")]
    assert rows.count(printed) == 1


def test_each_series_and_capacity_stands_once() -> None:
    """No series has two rows for one capacity."""
    keys = [(row["series"], Decimal(row["kva"])) for row in _rows("transformers/parameters.yaml")]
    assert len(keys) == len(set(keys)) == 63  # S7 15, S9 17, S10 14, S11 17


def test_losses_grow_with_capacity_and_fall_with_the_series() -> None:
    """A slip of the pen would break the order: larger units lose more, later series less at no load."""
    by_key = {(row["series"], Decimal(row["kva"])): row for row in _rows("transformers/parameters.yaml")}
    for series in ("S7", "S9", "S10", "S11"):
        sizes = sorted(kva for name, kva in by_key if name == series)
        for name in ("no_load_loss_kw", "load_loss_kw"):
            values = [Decimal(by_key[series, kva][name]) for kva in sizes]
            assert values == sorted(values), (series, name)
    for kva in {kva for name, kva in by_key if name == "S10"}:
        losses = [Decimal(by_key[name, kva]["no_load_loss_kw"]) for name in ("S7", "S9", "S10", "S11")]
        assert losses == sorted(losses, reverse=True)


def test_copper_shares() -> None:
    """Two percent in the old Guangdong method; one and a half or one percent in the worked problem."""
    shares = {
        (row["region"], row["below_kva"]): row["share"] for row in _rows("transformer_loss/methods.yaml")
    }
    assert sorted(shares.values()) == ["0.01", "0.015", "0.02"]


def test_surcharges_of_2018() -> None:
    """Fen per kWh of the table in yuan: 1.08, 0.62, 0.05, 2, 0.1 residential, 1.9 others."""
    values = [row["value"] for row in _rows("surcharges/ZJ-2018.yaml")]
    assert values == ["0.0108", "0.0062", "0.0005", "0.02", "0.001", "0.019"]
