"""Transmission and distribution prices (输配电价) by grid, and the price book that follows from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jicha.billing.policy import rules_on
from jicha.billing.policy_file import (
    Dated,
    Lined,
    Problems,
    check_mark,
    exact_number,
    holds_on,
    known_keys,
    read_policy,
    shipped_files,
    take_dates,
    take_list,
    take_number,
    take_text,
    take_verified,
)
from jicha.errors import ExplainedError
from jicha.money import divide_half_up

FOLDER = "transmission"
TABLES = ("single", "two_part", "demand", "capacity")
GRID_KEYS = ("grid", *TABLES, "loss_pct", "merged_35_110", "with_20", "fund", "fund_single", "note")
FILE_KEYS = ("title", "unit", "source", "mark", "verified", "valid_from", "valid_to", "note", "grids")
COLUMNS = ("lt1", "kv1_10", "kv35", "kv110", "kv220")
WHOLE = Decimal(100)
Columns = dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class GridPrices:
    """The prices of one grid in [valid_from, valid_to); an empty table was not read or does not exist."""

    grid: str
    single: Columns
    two_part: Columns
    demand: Columns
    capacity: Columns
    loss_pct: Decimal | None
    merged_35_110: bool
    fund: Decimal | None
    fund_single: Decimal | None
    valid_from: date
    valid_to: date | None
    source: str
    mark: str
    verified: bool
    note: str

    def table(self, name: str) -> Columns:
        """Return one of the four tables by name."""
        return {"single": self.single, "two_part": self.two_part, "demand": self.demand}.get(
            name, self.capacity
        )

    def fund_of(self, rate: str) -> Decimal | None:
        """Return the government funds per kWh of single-rate or two-part customers."""
        return self.fund_single if rate == "single" and self.fund_single is not None else self.fund


def read_grids(path: Path) -> tuple[GridPrices, ...]:
    """Return the grids of one file; raise PolicyProblem with every problem and its line."""
    content = read_policy(path)
    problems = Problems(path.name)
    known_keys(content, FILE_KEYS, problems)
    dates = take_dates(content, problems)
    rows = take_list(content, "grids", problems)
    grids = tuple(_grid(node, content, dates, problems) for node in rows if dates)
    for name in {grid.grid for grid in grids if sum(other.grid == grid.grid for other in grids) > 1}:
        problems.add(content.line_of("grids"), f"grid {name} is told twice; keep one")
    problems.stop()
    return grids


def _grid(node: Lined, content: Lined, dates: Dated, problems: Problems) -> GridPrices:
    known_keys(node, GRID_KEYS, problems)
    verified = take_verified(content, problems)
    tables = {name: _columns(node, name, problems) for name in TABLES}
    for first, second in (("demand", "capacity"), ("two_part", "demand")):
        if tables[first] and tables[second] and tables[first].keys() != tables[second].keys():
            problems.add(node.line_of(second), f"`{second}` has other voltage columns than `{first}`")
    return GridPrices(
        take_text(node, "grid", problems),
        tables["single"],
        tables["two_part"],
        tables["demand"],
        tables["capacity"],
        take_number(node, "loss_pct", problems),
        node.get("merged_35_110") is True,
        take_number(node, "fund", problems),
        take_number(node, "fund_single", problems),
        dates.valid_from,
        dates.valid_to,
        take_text(content, "source", problems),
        check_mark(content, verified, problems),
        verified,
        node.get("note") or "",
    )


def _columns(node: Lined, name: str, problems: Problems) -> Columns:
    """Return the prices by voltage, each above zero; 20 kV has the column of 1 to 10 kV where the table says so."""
    table = node.get(name)
    if table is None:
        return {}
    if not isinstance(table, Lined):
        problems.add(
            node.line_of(name), f"`{name}` is no mapping of voltages; write null where it was not read"
        )
        return {}
    found: Columns = {}
    for voltage, value in table.items():
        number = exact_number(value, table.line_of(voltage), f"{name} {voltage}", problems)
        if voltage not in COLUMNS or (number is not None and number <= 0):
            problems.add(
                table.line_of(voltage),
                f"{name} {voltage}: {value}; a price above zero at {', '.join(COLUMNS)}",
            )
        elif number is not None:
            found[voltage] = number
            if voltage == "kv1_10" and node.get("with_20") is True:
                found["kv20"] = number
    return found


@cache
def all_grids() -> tuple[GridPrices, ...]:
    """Return the prices of every grid and period that the project ships."""
    return tuple(grid for path in shipped_files(FOLDER) for grid in read_grids(path))


def grid_on(name: str, day: date) -> GridPrices:
    """Return the prices of a grid on a day."""
    for grid in all_grids():
        if grid.grid == name and holds_on(grid, day):
            return grid
    names = sorted({grid.grid for grid in all_grids() if holds_on(grid, day)})
    raise ExplainedError(
        where=f"transmission prices of {name}",
        found=f"none on {day}",
        expected=f"one of {', '.join(names) or 'the grids of a later day'}",
        remedy="Write the transmission prices into a book of your own: see docs/how-to/price-book.md.",
    )


def line_loss_price(purchase: Decimal, loss_pct: Decimal) -> Decimal:
    """Return the grid-side line-loss price (上网环节线损费用) per kWh.

    purchase × loss ÷ (1 − loss), half up to the decimals of a unit price (billing rule line_loss_price, K:med).
    """
    places = rules_on(date.max).unit_price_places
    return divide_half_up(purchase * loss_pct, WHOLE - loss_pct, places)


# ── a book that names its grid ───────────────────────────────────────────────────────────────────────────────────


def with_grid(content: Lined, problems: Problems) -> None:
    """Fill a book that names its `grid`: transmission, capacity, demand, funds and the line-loss price of that grid."""
    dates = _purchase_span(content, problems)
    if dates is None:
        return
    try:
        grid = grid_on(str(content["grid"]), dates.valid_from)
    except ExplainedError as error:
        problems.add(content.line_of("grid"), str(error))
        return
    common = content["common"]
    told = {node.get("component") for node in common}
    if "line_loss" not in told:
        common += list(_line_losses(common, grid, content, problems))
    for tariff in content.get("tariffs") or ():
        if isinstance(tariff, Lined) and "rate" in tariff:
            _fill(tariff, grid, dates, "fund" not in told, problems)


def _purchase_span(content: Lined, problems: Problems) -> Dated | None:
    """Return from when to when the book has a purchase price: nothing else of it need be dated."""
    nodes = [node for node in take_list(content, "common", problems) if node.get("component") == "purchase"]
    spans = [dates for node in nodes if (dates := take_dates(node, Problems(problems.file)))]
    if not spans:
        problems.add(content.line_of("common"), "a book that names its grid needs a dated `purchase` price")
        return None
    ends = [span.valid_to for span in spans if span.valid_to is not None]
    last = max(ends) if len(ends) == len(spans) else None
    return Dated(min(span.valid_from for span in spans), last, content.line_of("grid"))


def _line_losses(
    common: list[Lined], grid: GridPrices, content: Lined, problems: Problems
) -> Iterator[Lined]:
    """Yield the line-loss price that follows from each purchase price."""
    for node in common:
        if node.get("component") != "purchase":
            continue
        purchase = take_number(node, "value", Problems(problems.file))
        if purchase is not None and grid.loss_pct is not None:
            price = line_loss_price(purchase, grid.loss_pct)
            yield _lined({**node, "component": "line_loss", "value": str(price)}, node.line)
        elif purchase is not None:
            problems.add(
                content.line_of("grid"), f"the loss percent of {grid.grid} was not read; add `line_loss`"
            )


def _fill(tariff: Lined, grid: GridPrices, dates: Dated, with_fund: bool, problems: Problems) -> None:
    """Write the version of a tariff that its rate and grid give."""
    rate = tariff.pop("rate")
    tables = {"transmission": rate}
    tables |= {"capacity": "capacity", "demand": "demand"} if rate == "two_part" else {}
    columns = grid.table(rate) if rate in ("single", "two_part") else {}
    if not columns:
        problems.add(tariff.line_of("rate"), _no_rate(str(rate), grid))
        return
    version: dict[str, Any] = {
        "valid_from": dates.valid_from,
        "valid_to": dates.valid_to,
        "source": grid.source,
        "verified": grid.verified,
    }
    for component, name in tables.items():
        version[component] = _lined({key: str(value) for key, value in grid.table(name).items()}, tariff.line)
    fund = grid.fund_of(rate)
    if with_fund and fund is None:
        problems.add(
            tariff.line_of("rate"), f"the funds of {grid.grid} were not read; add `fund` under `common`"
        )
    elif with_fund:
        version["fund"] = _lined(dict.fromkeys(columns, str(fund)), tariff.line)
    tariff["versions"] = [_lined(version, tariff.line)]


def _no_rate(rate: str, grid: GridPrices) -> str:
    if rate not in ("single", "two_part"):
        return f"`rate` is {rate!r}; write single or two_part"
    return f"the {rate} energy prices of {grid.grid} were not read; write `versions` with the prices of your own table"


def _lined(values: Mapping[str, Any], line: int) -> Lined:
    return Lined(values.items(), dict.fromkeys(values, line), line)


def composed_content(
    name: str, grid: str, dates: Dated, parts: Mapping[str, Any], source: str, verified: bool
) -> Lined:
    """Return the content of a book of one grid: `parts` holds purchase, system, ratios, floating and the codes by rate."""
    entry = {
        "valid_from": dates.valid_from,
        "valid_to": dates.valid_to,
        "source": source,
        "verified": verified,
    }
    common = [
        _lined({**entry, "component": component, "value": str(parts[component])}, 1)
        for component in ("purchase", "system")
    ]
    tariffs = [_lined({"tariff_code": code, "rate": rate}, 1) for rate, code in parts["codes"].items()]
    units = dict.fromkeys(("purchase", "line_loss", "transmission", "system", "fund"), "yuan/kWh")
    units |= {"capacity": "yuan/(kVA·month)", "demand": "yuan/(kW·month)"}
    return _lined(
        {
            "price_book": name,
            "title": _lined(
                {"zh": f"{grid} 工商业电价", "en": f"Commercial and industrial prices of {grid}"}, 1
            ),
            "unit": _lined(units, 1),
            "grid": grid,
            "floating": list(parts["floating"]),
            "ratios": _lined({band: str(ratio) for band, ratio in parts["ratios"].items()}, 1),
            "pf_base": [name for name in units if name != "fund"],
            "common": common,
            "tariffs": tariffs,
        },
        1,
    )
