"""Policies: dated values with their source, among them the price books."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import jicha
from jicha.billing.policy import RuleValue, rule_values
from jicha.billing.time_of_use import Calendar, shipped_calendars
from jicha.billing.transmission import GridPrices, all_grids
from reference_pages.markdown import table

FOLDER = Path(jicha.__file__).parent / "policies"
SHOWN_WHOLE = ("price_books", "billing_rules", "transmission", "time_of_use")
RULES = """How a bill is worked out where law, price orders or practice leave room. Marks: `V:S…` read in a source; `K:…` from knowledge, with
confidence; `D` a design default. A company's own values stand in `<home>/policies/billing_rules/`, in the same form, and come first.

"""
GRIDS = """A book that names its grid takes these prices: see [Add your province's book](../how-to/price-book.md). A dash was not read.

"""
INTRO = """# Policies

Rates, limits and tables that a law, a price order or a standard decides are data with unit, source and dates, never numbers in
code. A value without a verified source says so. An extract may bring the company's own prices (tables `price` and `price_step`): they
are used where they cover a tariff, and the shipped books elsewhere.

"""


def pages() -> dict[str, str]:
    """Return the page."""
    books = "".join(_book(path) for path in sorted((FOLDER / "price_books").glob("*.yaml")))
    others = [path for path in sorted(FOLDER.rglob("*.yaml")) if path.parent.name not in SHOWN_WHOLE]
    heads = ("File", "What", "Source", "Mark")
    rows = ((f"`{path.relative_to(FOLDER).as_posix()}`", *_described(_read(path))) for path in others)
    parts = (
        f"## Price books (电价表)\n\n{books}",
        f"## Rules of billing (电费计算规则)\n\n{RULES}{_rules()}",
        f"## Transmission prices by grid (输配电价)\n\n{GRIDS}{_grids()}",
        f"## Times of use (分时时段)\n\n{_calendars()}",
        f"## Other policies\n\n{table(heads, rows)}",
    )
    return {"policies.md": INTRO + "\n".join(parts)}


def _rules() -> str:
    """Return every version of every rule of billing."""
    heads = ("Rule", "What", "Value", "Unit", "In force", "Source", "Mark", "Note")
    return table(heads, (_rule(value) for value in rule_values()))


def _rule(value: RuleValue) -> tuple[object, ...]:
    shown = {None: "none", True: "yes", False: "no"}.get(value.value, value.value)  # type: ignore[arg-type]
    where = f" ({value.province})" if value.province else ""
    return (
        f"`{value.key}`{where}",
        f"{value.title['en']} {value.title['zh']}",
        f"`{shown}`" if value.unit == "choice" else shown,
        value.unit,
        _validity(value.valid_from, value.valid_to),
        value.source,
        value.mark,
        value.note,
    )


def _grids() -> str:
    """Return one row a grid: its loss percent and funds, and which tables are shipped."""
    heads = ("Grid", "Single-rate", "Two-part", "Demand, capacity", "Loss %", "Funds", "In force", "Source")
    return table(heads, (_grid(grid) for grid in all_grids()))


def _grid(grid: GridPrices) -> tuple[object, ...]:
    held = ["yes" if grid.table(name) else "–" for name in ("single", "two_part", "demand")]
    fund = "–" if grid.fund is None else str(grid.fund)
    fund += f" (single-rate {grid.fund_single})" if grid.fund_single is not None else ""
    return (
        grid.grid,
        *held,
        grid.loss_pct or "–",
        fund,
        _validity(grid.valid_from, grid.valid_to),
        grid.source,
    )


def _calendars() -> str:
    """Return one row a calendar: its bands or that its hours were not read."""
    heads = ("Calendar", "What", "Bands", "Ratios", "In force", "Source", "Mark")
    return table(heads, (_calendar(calendar) for calendar in shipped_calendars()))


def _calendar(calendar: Calendar) -> tuple[object, ...]:
    overriding = {override.band for override in calendar.overrides}
    bands = ", ".join(sorted({*calendar.bands.values(), *overriding})) or "hours not read"
    ratios = ", ".join(f"{band} {ratio}" for band, ratio in calendar.ratios.items())
    return (
        f"`{calendar.name}`",
        f"{calendar.title['en']} {calendar.title['zh']}",
        bands,
        ratios or "–",
        _validity(calendar.valid_from, calendar.valid_to),
        calendar.source,
        calendar.mark,
    )


def _validity(begin: object, end: object) -> str:
    return f"{begin or ''} – {end or ''}"


def _read(path: Path) -> Mapping[str, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, Mapping)
    return content


def _described(content: Mapping[str, Any]) -> tuple[str, str, str]:
    title = content.get("title") or {}
    named = f"{title['en']} ({title['zh']})" if title else ""
    return named, str(content.get("source") or ""), str(content.get("mark") or "")


def _book(path: Path) -> str:
    """Return one book: what it holds, since when, from which source."""
    content = _read(path)
    named, _, _ = _described(content)
    kind = " **Illustrative**: for the demo utility and tests." if content.get("illustrative") else ""
    heads = ("Entry", "Title", "In force", "Verified", "Source")
    return f"### {content['price_book']}\n\n{named}.{kind}\n\n{table(heads, _entries(content))}\n"


def _entries(content: Mapping[str, Any]) -> Iterator[tuple[object, ...]]:
    """Yield one row a tariff and version, and one a component that all tariffs share."""
    for entry in (*(content.get("tariffs") or ()), *(content.get("common") or ())):
        title = entry.get("title") or {}
        name = entry.get("tariff_code") or entry.get("component")
        named = f"{title.get('en', '')} {title.get('zh', '')}"
        for version in entry.get("versions") or (entry,):
            validity = _validity(version.get("valid_from"), version.get("valid_to"))
            verified = "yes" if version.get("verified") else "no"
            yield f"`{name}`", named, validity, verified, version.get("source") or ""
