"""Price books: every shipped number against the published table, and what is said of a broken book."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.billing.books import (
    check_book,
    compose_book,
    load_books,
    read_book,
    shipped_books,
    shipped_price_rows,
    shipped_step_rows,
)
from jicha.billing.policy_file import PolicyProblem, holds_on

BROKEN = Path(__file__).parent / "broken_books"
DAY = date(2026, 10, 1)


def _price(tariff: str, voltage: str, component: str, register: str, day: date = DAY) -> Decimal | None:
    found = [
        row.unit_price
        for row in shipped_price_rows()
        if (row.tariff_code, row.voltage_code, row.component, row.register)
        == (tariff, voltage, component, register)
        and holds_on(row, day)
    ]
    assert len(found) <= 1
    return found[0] if found else None


# The catalogue table of Zhejiang in force 2018-04-01, copied by hand: total, sharp, peak, valley.
TABLE_2018 = [
    "",
    "RES_STEP lt1 0.5380 - 0.5680 0.2880",
    "RES_FLAT lt1 0.5580 - - -",
    "RES_FLAT kv1_10 0.5380 - - -",
    "RES_FLAT kv220 0.5380 - - -",
    "RES_FLAT_RURAL kv1_10 0.5080 - - -",
    "ZJ18_LARGE kv1_10 0.6644 1.0824 0.9004 0.4164",
    "ZJ18_LARGE kv20 0.6444 1.0571 0.8771 0.4004",
    "ZJ18_LARGE kv35 0.6344 1.0444 0.8654 0.3924",
    "ZJ18_LARGE kv110 0.6124 1.0114 0.8364 0.3724",
    "ZJ18_LARGE kv220 0.6074 1.0014 0.8284 0.3684",
    "ZJ18_ALUMINIUM kv110 0.4934 - - -",
    "ZJ18_LARGE_SUB kv1_10 0.5984 0.9744 0.8104 0.3754",
    "ZJ18_LARGE_SUB kv20 0.5804 0.9514 0.7894 0.3604",
    "ZJ18_LARGE_SUB kv35 0.5714 0.9404 0.7794 0.3534",
    "ZJ18_LARGE_SUB kv110 0.5514 0.9104 0.7534 0.3354",
    "ZJ18_GENERAL lt1 0.8277 1.3377 1.0327 0.5097",
    "ZJ18_GENERAL kv1_10 0.7897 1.2877 0.9897 0.4777",
    "ZJ18_GENERAL kv20 0.7697 1.2617 0.9670 0.4610",
    "ZJ18_GENERAL kv35 0.7597 1.2487 0.9557 0.4527",
    "ZJ18_GENERAL kv220 0.7597 1.2487 0.9557 0.4527",
    "ZJ18_GENERAL_SUB lt1 0.6117 - - -",
    "ZJ18_GENERAL_SUB kv1_10 0.5737 - - -",
    "ZJ18_GENERAL_SUB kv20 0.5537 - - -",
    "ZJ18_GENERAL_SUB kv110 0.5437 - - -",
    "AGRI lt1 0.7280 0.9984 0.8986 0.4992",
    "AGRI kv1_10 0.6900 0.9462 0.8516 0.4731",
    "AGRI kv20 0.6700 0.9188 0.8269 0.4594",
    "AGRI kv110 0.6600 0.9052 0.8147 0.4526",
    "AGRI_IRRIG lt1 0.4770 0.6542 0.5888 0.3271",
    "AGRI_IRRIG kv1_10 0.4390 0.6020 0.5418 0.3010",
    "AGRI_IRRIG kv20 0.4190 0.5746 0.5171 0.2873",
    "AGRI_IRRIG kv35 0.4090 0.5608 0.5047 0.2804",
    "AGRI_IRRIG_POOR lt1 0.2100 0.2880 0.2592 0.1440",
    "AGRI_IRRIG_POOR kv1_10 0.1720 0.2358 0.2122 0.1179",
    "",
][1:-1]


@pytest.mark.parametrize("line", TABLE_2018)
def test_the_catalogue_of_2018_is_the_published_one(line: str) -> None:
    """Each class and voltage has the printed prices, and no others."""
    tariff, voltage, *prices = line.split()
    for register, printed in zip(("total", "sharp", "peak", "valley"), prices, strict=True):
        expected = None if printed == "-" else Decimal(printed)
        assert _price(tariff, voltage, "energy", register) == expected, register


def test_residential_steps_are_increments() -> None:
    """0.5880 − 0.5380 = 0.05 and 0.8380 − 0.5380 = 0.30, above 2,760 and 4,800 kWh a year."""
    assert _price("RES_STEP", "lt1", "step2", "any") == Decimal("0.05")
    assert _price("RES_STEP", "lt1", "step3", "any") == Decimal("0.30")
    limits = {(row.step, row.step_scheme): row.above_kwh for row in shipped_step_rows()}
    assert limits == {(2, "annual"): 2760, (3, "annual"): 4800}


def test_large_industry_of_2018_pays_capacity_or_demand() -> None:
    """30 yuan a kVA and month or 40 yuan a kW and month, at every voltage; general industry pays neither."""
    for tariff in ("ZJ18_LARGE", "ZJ18_ALUMINIUM", "ZJ18_LARGE_SUB"):
        assert _price(tariff, "kv35", "capacity", "any") == 30
        assert _price(tariff, "kv35", "demand", "any") == 40
    assert _price("ZJ18_GENERAL", "kv35", "capacity", "any") is None


def test_what_the_layout_alone_says_is_not_verified() -> None:
    """A row whose label is lost says so; the printed rows are verified."""
    told = {placed.row.tariff_code: placed.verified for book in shipped_books() for placed in book.prices}
    assert not any(
        told[code] for code in ("ZJ18_LARGE_SUB", "ZJ18_GENERAL_SUB", "AGRI_IRRIG_POOR", "ZJ18_ALUMINIUM")
    )
    assert all(told[code] for code in ("ZJ18_LARGE", "ZJ18_GENERAL", "RES_STEP", "AGRI"))


ILLUSTRATIVE = [
    # price × ratio by hand: 0.41 × 1.92, 0.41 × 1.6, 0.41 × 0.4; 0.125 × 1.92; the fund does not float
    ("CI_TWO", "kv1_10", "purchase", "sharp", "0.7872"),
    ("CI_TWO", "kv1_10", "purchase", "peak", "0.656"),
    ("CI_TWO", "kv1_10", "purchase", "valley", "0.164"),
    ("CI_TWO", "kv1_10", "transmission", "sharp", "0.24"),
    ("CI_TWO", "kv1_10", "fund", "any", "0.02923875"),
    ("CI_TWO", "kv1_10", "capacity", "any", "29.5"),
    ("CI_TWO", "kv1_10", "demand", "any", "47.2"),
    ("CI_SINGLE", "lt1", "transmission", "total", "0.2412"),
]


@pytest.mark.parametrize(("tariff", "voltage", "component", "register", "price"), ILLUSTRATIVE)
def test_the_illustrative_book_floats(
    tariff: str, voltage: str, component: str, register: str, price: str
) -> None:
    """A floating component is multiplied by the ratio of its band."""
    assert _price(tariff, voltage, component, register) == Decimal(price)


def test_the_illustrative_book_changes_on_its_day() -> None:
    """The transmission price of 2026-08-01 holds from that day."""
    assert _price("CI_TWO", "kv1_10", "transmission", "total", date(2026, 7, 31)) == Decimal("0.1310")
    assert _price("CI_TWO", "kv1_10", "transmission", "total", date(2026, 8, 1)) == Decimal("0.1250")


def test_composing_zhejiang_gives_the_real_parts_of_the_illustrative_book() -> None:
    """Transmission, capacity, demand and funds are those of the order; purchase and system are given."""
    ratios = {"total": "1", "sharp": "1.92", "peak": "1.6", "flat": "1", "valley": "0.4"}
    rows = compose_book(
        "浙江", Decimal("0.41"), Decimal("0.035"), {band: Decimal(ratio) for band, ratio in ratios.items()},
        ["purchase", "line_loss", "transmission", "system"], valid_from=date(2026, 8, 1),
    )  # fmt: skip
    composed = {_key(row): (row.unit_price, row.in_pf_base) for row in rows if row.component != "line_loss"}
    shipped = {
        _key(row): (row.unit_price, row.in_pf_base)
        for row in shipped_price_rows()
        if row.price_book == "DEMO-ZJ-2026"
        and row.component != "line_loss"
        and holds_on(row, date(2026, 8, 1))
    }
    assert composed == shipped
    # 0.41 × 3.07 ÷ (100 − 3.07) = 1.2587 ÷ 96.93 = 0.0129856597… → 0.012985660
    losses = {row.register: row.unit_price for row in rows if row.component == "line_loss"}
    assert losses["total"] == Decimal("0.012985660")
    assert losses["sharp"] == Decimal("0.024932467")  # 0.012985660 × 1.92 = 0.0249324672


def _key(row: object) -> tuple[str, ...]:
    names = ("tariff_code", "voltage_code", "component", "register")
    return tuple(getattr(row, name) for name in names)


@given(day=st.dates(date(2018, 1, 1), date(2030, 12, 31)))
def test_on_any_day_each_key_has_at_most_one_price(day: date) -> None:
    """Whatever the day, a tariff, voltage, component and register has at most one price, over all books."""
    keys = [_key(row) for row in shipped_price_rows() if holds_on(row, day)]
    assert len(keys) == len(set(keys))


def test_prices_fit_the_table() -> None:
    """No price has more than the nine decimals of the table price, or is below zero."""
    for row in shipped_price_rows():
        assert row.unit_price >= 0
        assert row.unit_price == row.unit_price.quantize(Decimal("1e-9"))


# Each broken book has its expected messages as comments `# told: <line>: <beginning>` at its end.


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_broken_book_is_told_with_file_and_line(path: Path) -> None:
    """Each fault is told once, where it stands; nothing else is told."""
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = [f"{path.name}:{line[8:]}" for line in lines if line.startswith("# told: ")]
    found = check_book(path)
    assert expected
    assert len(found) == len(expected), "\n".join(found)
    assert [told for told in expected if not any(problem.startswith(told) for problem in found)] == []


def test_a_good_book_has_no_problem() -> None:
    """The shipped books pass their own check."""
    folder = Path(__file__).parents[2] / "src" / "jicha" / "policies" / "price_books"
    assert [problem for path in folder.glob("*.yaml") for problem in check_book(path)] == []


OWN = """
price_book: OWN
title: {zh: 自有, en: Own}
unit: {energy: yuan/kWh}
illustrative: false
tariffs:
  - tariff_code: RES_FLAT
    title: {zh: 合表, en: Flat}
    valid_from: 2026-01-01
    valid_to: null
    source: our price sheet
    verified: true
    in_pf_base: false
    prices: {lt1: {energy: {total: "0.6000"}}}
"""


def test_an_own_book_hides_the_shipped_tariff(tmp_path: Path) -> None:
    """A book in the user's folder is used whole for its tariffs; all other shipped tariffs stay."""
    (tmp_path / "own.yaml").write_text(OWN, encoding="utf-8")
    rows = [row for book in load_books(tmp_path) for row in book.price_rows()]
    flat = [(row.price_book, row.voltage_code) for row in rows if row.tariff_code == "RES_FLAT"]
    assert flat == [("OWN", "lt1")]
    assert any(row.tariff_code == "AGRI" for row in rows)


def test_two_own_books_may_not_price_one_day_twice(tmp_path: Path) -> None:
    """Two files with one tariff must meet; the second is named."""
    (tmp_path / "a.yaml").write_text(OWN, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(OWN.replace("2026-01-01", "2026-06-01"), encoding="utf-8")
    with pytest.raises(
        PolicyProblem, match=r"b\.yaml:14: RES_FLAT lt1 energy total has two prices on one day"
    ):
        load_books(tmp_path)


def test_monthly_books_meet(tmp_path: Path) -> None:
    """One file a month is one tariff with a price on every day."""
    first = OWN.replace("valid_to: null", "valid_to: 2026-02-01")
    (tmp_path / "a.yaml").write_text(first, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(OWN.replace("2026-01-01", "2026-02-01"), encoding="utf-8")
    assert (
        len([row for book in load_books(tmp_path) for row in book.price_rows() if row.price_book == "OWN"])
        == 2
    )


def test_ratios_may_change_with_time(tmp_path: Path) -> None:
    """A list of dated ratios cuts the prices at each change."""
    path = tmp_path / "own.yaml"
    text = (Path(__file__).parents[2] / "src/jicha/policies/price_books/DEMO-ZJ-2026.yaml").read_text("utf-8")
    old = 'ratios: {total: "1", sharp: "1.92", peak: "1.6", flat: "1", valley: "0.4"}'
    entry = "  - {valid_from: %s, valid_to: %s, source: test, verified: false, values: %s}\n"
    new = "ratios:\n" + entry % ("2025-01-01", "2026-03-01", old[8:])
    new += entry % ("2026-03-01", "null", old[8:].replace("1.6", "1.7"))
    assert old in text
    path.write_text(text.replace(old, new.rstrip()), encoding="utf-8")
    prices = {
        (row.valid_from, row.valid_to): row.unit_price
        for row in read_book(path).price_rows()
        if _key(row) == ("CI_TWO", "kv35", "purchase", "peak")
    }
    # 0.41 × 1.6 and 0.41 × 1.7
    assert prices == {
        (date(2025, 1, 1), date(2026, 3, 1)): Decimal("0.656"),
        (date(2026, 3, 1), None): Decimal("0.697"),
    }
