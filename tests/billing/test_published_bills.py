"""Published bills and price notices, recomputed by the engine; docs/explain/published-bills.md shows the same figures.

The examples stand once, in published/*.yaml: source, price book, what jicha is given, and what was published. `published`
is the publication's own figure; `rounded_to` the decimals that it gives; `jicha` stands only where the engine has more
digits or another result (then with `why`), worked out by hand in the comment beside it.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from jicha.billing.books import read_book
from jicha.billing.lines import price_bill
from jicha.billing.model import BillInput, Customer, Line, Point, PricedBill, Reading, Scheme
from jicha.billing.policy import rule_book
from jicha.billing.price_list import PriceList
from jicha.money import round_half_up

FOLDER = Path(__file__).parent / "published"
PAGE = Path(__file__).parents[2] / "docs" / "explain" / "published-bills.md"
LONG_AGO = date(2000, 1, 1)
Example = dict[str, Any]


class _Plain(yaml.SafeDumper):
    """Writes a book without anchors."""

    def ignore_aliases(self, data: object) -> bool:
        return True


@cache
def example(name: str) -> Example:
    content: Example = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    assert content["name"] == name
    return content


NAMES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
COMPARISONS = [
    pytest.param(name, row, id=f"{name}: {row['what']}")
    for name in NAMES
    for row in example(name)["comparisons"]
]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PriceList]:
    """Return the price list of every example, its book read and checked as a company's own is."""
    folder = tmp_path_factory.mktemp("books")
    return {name: price_list(example(name)["book"], folder / f"{name}.yaml") for name in NAMES}


def price_list(content: Example, path: Path) -> PriceList:
    path.write_text(yaml.dump(content, Dumper=_Plain, allow_unicode=True, sort_keys=False), encoding="utf-8")
    book = read_book(path)
    return PriceList(book.price_rows(), book.step_rows(), own=book.tariffs())


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def month_after(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, day.day)


def inputs(told: Example) -> list[BillInput]:
    """Return the bills of one entry: a month, or a row of months that go on from each other."""
    bills: list[BillInput] = []
    begin = told["begin"]
    for place in range(told.get("months", 1)):
        end = month_after(begin)
        points = tuple(point(node, begin, end) for node in told["points"])
        used = sum((r.value or Decimal(0)) - (r.previous_value or Decimal(0)) for r in points[0].readings)
        before = {points[0].mp_id: Decimal(place * used)}
        bills.append(
            BillInput(
                f"B{place + 1}", begin, begin, end, customer(told.get("customer", {})), points, (), before
            )
        )
        begin = end
    return bills


def customer(node: Example) -> Customer:
    since = node.get("multi_person_since")
    return Customer(
        "1", number(node.get("contract_kva")), number(node.get("running_kva")), "agency", LONG_AGO, None,
        node.get("household_persons"), () if since is None else ((since, None),),
    )  # fmt: skip


def point(node: Example, begin: date, end: date) -> Point:
    scheme = Scheme(
        LONG_AGO, None, node["tariff_code"], node["voltage_code"], node.get("tou", False),
        number(node.get("pf_standard")), node.get("basic_charge_mode", "none"), None, node.get("step_scheme"), None,
        number(node.get("fixed_kwh")), None, False,
    )  # fmt: skip
    ct, pt = Decimal(node.get("ct_ratio", "1")), Decimal(node.get("pt_ratio", "1"))
    shown = [
        reading(name, (pair[0], pair[1]), begin, end, ct, pt)
        for name, pair in node.get("readings", {}).items()
    ]
    whole = [reading(name, ("0", kwh), begin, end) for name, kwh in node.get("whole_kwh", {}).items()]
    return Point(node["mp_id"], node.get("parent_mp_id"), "hv_hv", True, (scheme,), (*shown, *whole))


def reading(
    register: str,
    pair: tuple[str, str],
    begin: date,
    end: date,
    ct: Decimal = Decimal(1),
    pt: Decimal = Decimal(1),
) -> Reading:
    previous, value = (Decimal(text) for text in pair)
    at, until = (datetime(day.year, day.month, day.day) for day in (begin, end))
    return Reading("M1", register, previous, at, value, until, "read", ct, pt, ct * pt, 8)


def priced(name: str, bill: str, prices: PriceList) -> list[PricedBill]:
    """Return the bills of one entry as the engine prices them under the dated rules of the province."""
    told = example(name)
    entry = next(entry for entry in told["bills"] if entry["name"] == bill)
    rules = rule_book(told["province"])
    results = [price_bill(one, prices, rules.on(one.period_from)) for one in inputs(entry)]
    assert [result.refusal for result in results] == [None] * len(results)
    return results


def measured(name: str, chosen: Example, measure: str, prices: PriceList) -> Decimal:
    """Return the sum of the amounts, or quantities, of the chosen lines of an entry's bills."""
    keys = {"item", "component", "register"} & chosen.keys()
    lines = [line for bill in priced(name, chosen["bill"], prices) for line in bill.lines]
    kept = [line for line in lines if all(getattr(line, key) == chosen[key] for key in keys)]
    assert kept
    values = [line.quantity if measure == "quantity" else line.amount_yuan for line in kept]
    return sum((value for value in values if value is not None), Decimal(0))


def outcome(name: str, row: Example, prices: PriceList) -> Decimal:
    measure = row.get("measure", "amount")
    less = measured(name, row["less"], measure, prices) if "less" in row else Decimal(0)
    return measured(name, row["of"], measure, prices) - less


@pytest.mark.parametrize(("name", "row"), COMPARISONS)
def test_the_engine_gives_what_was_published(name: str, row: Example, books: dict[str, PriceList]) -> None:
    result = outcome(name, row, books[name])
    if "jicha" in row:
        assert str(result) == row["jicha"]
    if "why" in row:
        assert result != Decimal(row["published"])
    else:
        published = Decimal(row["published"])
        assert round_half_up(result, row.get("rounded_to", 2)) == published


def test_a_book_of_which_only_some_components_float_gives_the_same(tmp_path: Path) -> None:
    name = "hubei_2026_01"
    prices = price_list(example(name)["floating_book"], tmp_path / "book.yaml")
    # 1,000,000 kWh at the printed 0.613986 yuan
    assert measured(name, {"bill": "TWO kv110 flat"}, "amount", prices) == Decimal("613986.00")


def test_most_prices_of_the_sheet_follow_from_its_components() -> None:
    rows = example("hubei_2026_01")["comparisons"]
    assert len(rows) == 28
    assert [row["what"] for row in rows if "why" in row] == [
        "single-rate below 1 kV, flat",
        "single-rate 1-10 (20) kV, flat",
        "single-rate 35 kV, flat",
        "two-part 1-10 (20) kV, peak",
    ]


def shown(value: Decimal | str) -> str:
    return f"{Decimal(value):,}".replace("-", "−")


def page_row(row: Example) -> str:
    """Return the comparison as a line of the page's table."""
    unit = " kWh" if row.get("measure") == "quantity" else ""
    result: str = row.get("jicha") or row["published"]
    if "why" in row:
        difference = f"{shown(Decimal(result) - Decimal(row['published']))}: {row['why']}"
    else:
        difference = "rounding" if Decimal(result) != Decimal(row["published"]) else "none"
    return f"| {row['what']} | {shown(row['published'])}{unit} | {shown(result)}{unit} | {difference} |"


def page_line(line: Line) -> str:
    """Return a bill line as a line of the page's table."""
    name = " ".join(
        part for part in (line.component or line.item, line.register) if part not in (None, "any")
    )
    quantity = "" if line.quantity is None else f"{shown(line.quantity.normalize() + 0)} {line.unit}"
    price = "" if line.unit_price is None else f"{line.unit_price.normalize():f}"
    return f"| {line.mp_id or 'bill'} | {name} | {quantity} | {price} | {shown(line.amount_yuan)} |"


@pytest.mark.parametrize("name", NAMES)
def test_the_page_states_the_same_figures(name: str, books: dict[str, PriceList]) -> None:
    page, told = PAGE.read_text(encoding="utf-8"), example(name)
    rows = [page_row(row) for row in told["comparisons"] if row.get("on_page", True)]
    lines = [
        page_line(line)
        for line in priced(name, told["show"]["bill"], books[name])[told["show"]["place"]].lines
    ]
    addresses = [f"`{source['address']}`" for source in told["sources"]]
    assert [text for text in [f"## {told['title']}", *addresses, *rows, *lines] if text not in page] == []


def test_the_page_shows_nothing_else(books: dict[str, PriceList]) -> None:
    written = {line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")}
    known = {page_row(row) for name in NAMES for row in example(name)["comparisons"]}
    for name in NAMES:
        shown_bill = example(name)["show"]
        known |= {
            page_line(line)
            for line in priced(name, shown_bill["bill"], books[name])[shown_bill["place"]].lines
        }
    heads = ("| Example |", "| What |", "| Point |", "| ---")
    assert [line for line in written - known if not line.startswith((*heads, "| ["))] == []
