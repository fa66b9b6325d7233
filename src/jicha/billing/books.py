"""Price books (电价表): reading, checking, and the rows of the tables price and price_step that they give."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypeVar

from jicha.billing.book_forms import BookReader, PlacedPrice, PlacedStep, PriceRow, StepRow
from jicha.billing.policy_file import (
    Dated,
    Lined,
    PolicyProblem,
    Problems,
    breaks,
    read_policy,
    shipped_files,
)
from jicha.billing.transmission import composed_content

__all__ = [
    "Book",
    "PriceRow",
    "StepRow",
    "check_book",
    "compose_book",
    "load_books",
    "price_rows",
    "read_book",
    "shipped_books",
    "shipped_price_rows",
    "shipped_step_rows",
    "step_rows",
]

FOLDER = "price_books"
STEP_OF = {"step2": 2, "step3": 3}
Placed = TypeVar("Placed", PlacedPrice, PlacedStep)
Told = tuple[PlacedPrice | PlacedStep, str]


@dataclass(frozen=True)
class Book:
    """One price book that passed every check."""

    price_book: str
    title: dict[str, str]
    illustrative: bool
    prices: tuple[PlacedPrice, ...]
    steps: tuple[PlacedStep, ...]
    is_own: bool = False

    def price_rows(self) -> tuple[PriceRow, ...]:
        """Return the rows of the table price."""
        return tuple(placed.row for placed in self.prices)

    def step_rows(self) -> tuple[StepRow, ...]:
        """Return the rows of the table price_step."""
        return tuple(placed.row for placed in self.steps)

    def tariffs(self) -> frozenset[str]:
        """Return the tariff codes of the book."""
        return frozenset(placed.row.tariff_code for placed in self.prices)

    def price_of(self, row: PriceRow) -> PlacedPrice | None:
        """Return where a price stands and whether it was verified."""
        return next((placed for placed in self.prices if placed.row == row), None)


def read_book(path: Path) -> Book:
    """Return the checked book of a file; raise PolicyProblem with every problem and its line."""
    return _book(read_policy(path), Problems(path.name))


def compose_book(
    grid: str,
    purchase: Decimal,
    system: Decimal,
    ratios: Mapping[str, Decimal],
    floating: Collection[str],
    *,
    valid_from: date,
    valid_to: date | None = None,
    codes: Mapping[str, str] | None = None,
    source: str = "composed",
) -> tuple[PriceRow, ...]:
    """Return the commercial and industrial prices of a grid for its purchase and system price.

    `codes` names the tariff code of each rate (single, two_part). The line-loss price follows from the purchase price.
    """
    parts = {
        "purchase": purchase,
        "system": system,
        "ratios": ratios,
        "floating": floating,
        "codes": codes or {"single": "CI_SINGLE", "two_part": "CI_TWO"},
    }
    name = f"{grid}-{valid_from}"
    content = composed_content(name, grid, Dated(valid_from, valid_to, 1), parts, source, False)
    return _book(content, Problems(name)).price_rows()


def _book(content: Lined, problems: Problems) -> Book:
    reader = BookReader(content, problems)
    reader.read()
    if not reader.prices and not problems.found:
        problems.add(content.line, "holds no price; write at least one tariff")
    for line, text in _contents(reader.prices, reader.steps):
        problems.add(line, text)
    problems.stop()
    return Book(
        reader.name,
        dict(content["title"]),
        bool(content.get("illustrative")),
        tuple(reader.prices),
        tuple(reader.steps),
    )


def check_book(path: Path) -> list[str]:
    """Return every problem of a book as `file:line: what is wrong and what to do`; none means that it can be used."""
    try:
        read_book(path)
    except PolicyProblem as error:
        return error.problems
    return []


def load_books(extra_folder: Path | None = None) -> tuple[Book, ...]:
    """Return the shipped books and those of `<home>/policies/price_books`; the own book of a tariff hides the shipped one."""
    own = sorted(extra_folder.glob("*.yaml")) if extra_folder and extra_folder.is_dir() else []
    books, found = [], []
    for path in own:
        try:
            books.append(replace(read_book(path), is_own=True))
        except PolicyProblem as error:
            found += error.problems
    hidden = frozenset(tariff for book in books for tariff in book.tariffs())
    found += list(_conflicts(books))
    if found:
        raise PolicyProblem("price books", found)
    return (*(_without(book, hidden) for book in shipped_books()), *books)


@cache
def shipped_books() -> tuple[Book, ...]:
    """Return the books that the project ships, by file name."""
    books = tuple(read_book(path) for path in shipped_files(FOLDER))
    found = list(_conflicts(books))
    if found:
        raise PolicyProblem("price books", found)
    return books


def price_rows(books: Iterable[Book]) -> tuple[PriceRow, ...]:
    """Return the rows of the table price of several books."""
    return tuple(row for book in books for row in book.price_rows())


def step_rows(books: Iterable[Book]) -> tuple[StepRow, ...]:
    """Return the rows of the table price_step of several books."""
    return tuple(row for book in books for row in book.step_rows())


@cache
def shipped_price_rows() -> tuple[PriceRow, ...]:
    """Return every price of the shipped books."""
    return price_rows(shipped_books())


@cache
def shipped_step_rows() -> tuple[StepRow, ...]:
    """Return every step limit of the shipped books."""
    return step_rows(shipped_books())


def _without(book: Book, tariffs: frozenset[str]) -> Book:
    """Return the book without some tariffs."""
    prices = tuple(placed for placed in book.prices if placed.row.tariff_code not in tariffs)
    steps = tuple(placed for placed in book.steps if placed.row.tariff_code not in tariffs)
    return replace(book, prices=prices, steps=steps)


def _conflicts(books: Iterable[Book]) -> Iterator[str]:
    """Yield gaps and overlaps between books: a tariff of two books is one tariff, with at most one price a day."""
    books = list(books)
    prices = [placed for book in books for placed in book.prices]
    steps = [placed for book in books for placed in book.steps]
    told: list[Told] = [*_broken(prices), *_broken(steps)]
    for placed, text in told:
        yield f"{placed.file}:{placed.line}: {text}"


def _contents(prices: Sequence[PlacedPrice], steps: Sequence[PlacedStep]) -> Iterator[tuple[int, str]]:
    """Yield what only the whole book shows: gaps, overlaps, missing columns, steps without limits."""
    told: list[Told] = [*_broken(prices), *_broken(steps)]
    for placed, text in told:
        yield placed.line, text
    yield from _missing_columns(prices)
    yield from _missing_steps(prices, steps)


def _broken(placed: Sequence[Placed]) -> Iterator[Told]:
    versions: dict[tuple[object, ...], list[Placed]] = defaultdict(list)
    for item in placed:
        versions[item.key].append(item)
    for key, items in versions.items():
        name = " ".join(map(str, key))
        for kind, earlier, later in breaks(items):
            other = f"the version of {earlier.valid_from} ends {earlier.valid_to or 'never'}"
            fault = "two prices on one day" if kind == "overlap" else "a gap"
            yield (
                later,
                f"{name} has {fault}: this version begins {later.valid_from}, {other}; make them meet",
            )


def _missing_columns(prices: Sequence[PlacedPrice]) -> Iterator[tuple[int, str]]:
    """Yield every voltage of a tariff that lacks a component and register which the tariff has at another voltage."""
    tariffs: dict[tuple[object, ...], dict[str, dict[tuple[str, str], int]]] = defaultdict(dict)
    for placed in prices:
        row = placed.row
        columns = tariffs[row.tariff_code,].setdefault(row.voltage_code, {})
        columns[row.component, row.register] = placed.line
    for (tariff,), voltages in tariffs.items():
        everything = {pair for columns in voltages.values() for pair in columns}
        for voltage, columns in voltages.items():
            missing = sorted(everything - columns.keys())
            if missing:
                listed = ", ".join(f"{component} {register}" for component, register in missing)
                yield (
                    min(columns.values()),
                    f"{tariff} has no {listed} at {voltage}, which other voltages have; add it",
                )
    yield from _missing_in_versions(prices)


def _missing_in_versions(prices: Sequence[PlacedPrice]) -> Iterator[tuple[int, str]]:
    """Yield tariffs whose components do not begin on one day, or do not end on one day."""
    groups: dict[tuple[str, str], dict[str, list[PlacedPrice]]] = defaultdict(lambda: defaultdict(list))
    for placed in prices:
        groups[placed.row.tariff_code, placed.row.voltage_code][placed.row.component].append(placed)
    for (tariff, voltage), components in groups.items():
        begins = {name: min(items, key=lambda item: item.valid_from) for name, items in components.items()}
        ends = {name: max(items, key=lambda item: item.valid_from) for name, items in components.items()}
        for verb, told in (
            ("begin", {name: (item.valid_from, item.line) for name, item in begins.items()}),
            ("end", {name: (item.valid_to, item.line) for name, item in ends.items()}),
        ):
            if len({day for day, _ in told.values()}) > 1:
                listed = ", ".join(f"{name} {day or 'never'}" for name, (day, _) in sorted(told.items()))
                line = min(line for day, line in told.values() if day is not None)
                yield (
                    line,
                    f"{tariff} at {voltage}: its prices {verb} on different days ({listed}); give all one day",
                )


def _missing_steps(prices: Sequence[PlacedPrice], steps: Sequence[PlacedStep]) -> Iterator[tuple[int, str]]:
    """Yield increments without a limit, limits without an increment, and limits out of order."""
    increments = {
        (placed.row.tariff_code, STEP_OF[placed.row.component]): placed.line
        for placed in prices
        if placed.row.component in STEP_OF
    }
    limits = {(placed.row.tariff_code, placed.row.step): placed.line for placed in steps}
    for tariff, step in increments.keys() - limits.keys():
        yield (
            increments[tariff, step],
            f"{tariff} has an increment of step {step} but no limit; add it under `steps`",
        )
    for tariff, step in limits.keys() - increments.keys():
        yield (
            limits[tariff, step],
            f"{tariff} has a limit of step {step} but no step{step} price; add it under `prices`",
        )
    for lower in steps:
        for upper in steps:
            same = (
                lower.row.tariff_code == upper.row.tariff_code
                and lower.row.step_scheme == upper.row.step_scheme
            )
            meet = same and lower.valid_from == upper.valid_from and lower.row.step < upper.row.step
            if meet and lower.row.above_kwh >= upper.row.above_kwh:
                yield upper.line, f"limit of step {upper.row.step} is not above that of step {lower.row.step}"
