"""The shipped price books (电价表) as table rows and as integer prices for billing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from jicha.demo.grid import day_number

PRICE_SCALE = 10**9
OPEN_END = 10**6


@dataclass(frozen=True)
class PriceRow:
    """One price with its validity."""

    price_book: str
    tariff_code: str
    voltage_code: str
    component: str
    register: str
    valid_from: date
    valid_to: date | None
    unit_price: Decimal
    in_pf_base: bool
    source: str


@dataclass(frozen=True)
class StepRow:
    """One step limit (阶梯限额) with its validity."""

    price_book: str
    tariff_code: str
    step_scheme: str
    step: int
    above_kwh: Decimal
    valid_from: date
    valid_to: date | None


@cache
def price_rows() -> tuple[PriceRow, ...]:
    """Return every price of the shipped books."""
    rows: list[PriceRow] = []
    for book in _books():
        rows.extend(_floating_rows(book) if "floating" in book else _catalogue_rows(book))
    return tuple(rows)


@cache
def step_rows() -> tuple[StepRow, ...]:
    """Return every step limit of the shipped books."""
    return tuple(
        StepRow(
            book["price_book"],
            tariff["tariff_code"],
            scheme,
            step,
            Decimal(limit),
            tariff["valid_from"],
            tariff["valid_to"],
        )
        for book in _books()
        for tariff in book["tariffs"]
        for scheme, limits in tariff.get("steps", {}).items()
        for step, limit in limits.items()
    )


@cache
def unit_price(tariff: str, voltage: str, component: str, register: str, day: int) -> int:
    """Return the price valid on a day in 10⁻⁹ yuan per unit; 0 where the book has no such price."""
    for row in price_rows():
        key = (row.tariff_code, row.voltage_code, row.component, row.register)
        end = day_number(row.valid_to) if row.valid_to else OPEN_END
        if key == (tariff, voltage, component, register) and day_number(row.valid_from) <= day < end:
            return int(row.unit_price * PRICE_SCALE)
    return 0


@cache
def step_limit(tariff: str, step: int) -> int:
    """Return the annual limit in kWh above which the step's increment is paid."""
    return next(int(row.above_kwh) for row in step_rows() if row.tariff_code == tariff and row.step == step)


def _books() -> Iterator[dict[str, Any]]:
    folder = files("jicha") / "policies" / "price_books"
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            yield yaml.safe_load(entry.read_text(encoding="utf-8"))


def _catalogue_rows(book: dict[str, Any]) -> Iterator[PriceRow]:
    for tariff in book["tariffs"]:
        for voltage, components in tariff["prices"].items():
            for component, registers in components.items():
                for register, value in registers.items():
                    yield PriceRow(
                        book["price_book"],
                        tariff["tariff_code"],
                        voltage,
                        component,
                        register,
                        tariff["valid_from"],
                        tariff["valid_to"],
                        Decimal(value),
                        tariff["in_pf_base"],
                        tariff["source"],
                    )


def _floating_rows(book: dict[str, Any]) -> Iterator[PriceRow]:
    for tariff in book["tariffs"]:
        voltages = tariff["versions"][0]["transmission"]
        for common in book["common"]:
            for voltage in voltages:
                yield from _component_rows(
                    book, tariff, voltage, common["component"], common["value"], common
                )
        for version in tariff["versions"]:
            for component in ("transmission", "capacity", "demand"):
                for voltage, value in version.get(component, {}).items():
                    yield from _component_rows(book, tariff, voltage, component, value, version)


def _component_rows(
    book: dict[str, Any],
    tariff: dict[str, Any],
    voltage: str,
    component: str,
    value: str,
    dated: dict[str, Any],
) -> Iterator[PriceRow]:
    ratios = book["ratios"] if component in book["floating"] else {"any": "1"}
    for register, ratio in ratios.items():
        yield PriceRow(
            book["price_book"],
            tariff["tariff_code"],
            voltage,
            component,
            register,
            dated["valid_from"],
            dated["valid_to"],
            Decimal(value) * Decimal(ratio),
            component in book["pf_base"],
            dated["source"],
        )
