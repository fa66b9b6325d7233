"""Transmission prices and funds by grid against the published tables, and what is composed from them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from jicha.billing.books import compose_book, read_book
from jicha.billing.policy_file import PolicyProblem
from jicha.billing.transmission import all_grids, grid_on, line_loss_price, read_grids
from jicha.errors import ExplainedError

DAY = date(2026, 8, 1)
RATIOS = {
    band: Decimal(ratio)
    for band, ratio in (("total", "1"), ("peak", "1.6"), ("flat", "1"), ("valley", "0.4"))
}
FLOATING = ["purchase", "line_loss", "transmission", "system"]

# Copied by hand from the order's table: grid, table, then <1 kV, 1–10, 35, 110, ≥ 220 kV.
TABLES = [
    "",
    "北京 single 0.3800 0.3100 0.2500 0.2500 0.2000",
    "北京 two_part - 0.2050 0.1650 0.1650 0.1500",
    "天津 demand 43.2 43.2 40.0 40.0 36.8",
    "河北 capacity 23 22 21 20 19",
    "山西 two_part - 0.1040 0.0740 0.0490 0.0290",
    "上海 single 0.2891 0.2446 0.1989 0.1656 0.1076",
    "江苏 demand - 51.2 48.0 44.8 41.6",
    "浙江 single 0.2412 0.2114 0.1700 0.1500 0.1350",
    "浙江 two_part - 0.1250 0.0895 0.0767 0.0663",
    "浙江 demand - 47.2 44.0 40.8 37.6",
    "浙江 capacity - 29.5 27.5 25.5 23.5",
    "福建 capacity - 25.0 24.4 23.8 23.1",
    "山东 two_part - 0.1400 0.1230 0.1060 0.0890",
    "河南 single 0.1955 0.1680 0.1412 0.1145 0.1000",
    "湖南 single 0.2609 0.2409 0.2209 0.2009 0.1809",
    "广东 demand - 36.1 31.0 31.0 26.1",
    "四川 demand - 35 30 27 24",
    "海南 capacity - 26 24 22 20",
    "",
][1:-1]


@pytest.mark.parametrize("line", TABLES)
def test_the_tables_are_the_published_ones(line: str) -> None:
    """Each grid has the printed column at each voltage, and none where the table has none."""
    name, table, *printed = line.split()
    columns = grid_on(name, DAY).table(table)
    for voltage, price in zip(("lt1", "kv1_10", "kv35", "kv110", "kv220"), printed, strict=True):
        assert columns.get(voltage) == (None if price == "-" else Decimal(price)), voltage


@pytest.mark.parametrize(
    ("name", "loss", "fund"),
    [
        ("北京", "3.11", "0.02716875"),
        ("浙江", "3.07", "0.02923875"),
        ("河南", "4.82", "0.028889375"),
        ("湖南", "4.95", "0.04625"),
        ("新疆", "3.45", "0.0041"),
        ("四川", "5.64", "0.04716875"),
    ],
)
def test_losses_and_funds(name: str, loss: str, fund: str) -> None:
    """Each grid has its loss percent and its funds, to nine decimals."""
    grid = grid_on(name, DAY)
    assert (grid.loss_pct, grid.fund) == (Decimal(loss), Decimal(fund))


def test_single_rate_funds_may_differ() -> None:
    """Guangxi takes 0.051825 from single-rate customers and 0.041825 from all others."""
    grid = grid_on("广西", DAY)
    assert (grid.fund_of("single"), grid.fund_of("two_part")) == (Decimal("0.051825"), Decimal("0.041825"))


def test_one_column_of_the_original_is_told() -> None:
    """Beijing and Guangdong publish one column from 35 to 110 kV."""
    merged = [grid.grid for grid in all_grids() if grid.merged_35_110]
    assert merged == ["北京", "广东"]
    assert all(grid.single["kv35"] == grid.single["kv110"] for grid in all_grids() if grid.merged_35_110)


def test_twenty_kilovolts_has_the_column_of_ten() -> None:
    """1–10 (20) kV is one column, but for Hunan, whose column is 1–10 kV."""
    assert grid_on("浙江", DAY).single["kv20"] == Decimal("0.2114")
    assert "kv20" not in grid_on("湖南", DAY).single


@pytest.mark.parametrize(
    ("purchase", "loss", "price"),
    [
        # 0.4 × 5 ÷ 95 = 2 ÷ 95 = 0.02105263157… ; 0.41 × 3.07 ÷ 96.93 = 1.2587 ÷ 96.93 = 0.0129856597…
        ("0.4", "5", "0.021052632"),
        ("0.41", "3.07", "0.012985660"),
        ("0", "3.07", "0"),
    ],
)
def test_the_line_loss_price(purchase: str, loss: str, price: str) -> None:
    """purchase × loss ÷ (1 − loss), half up at the ninth decimal."""
    assert line_loss_price(Decimal(purchase), Decimal(loss)) == Decimal(price)


@pytest.mark.parametrize("name", ["北京", "天津", "上海", "浙江", "湖南", "广东"])
def test_any_whole_grid_gives_a_book(name: str) -> None:
    """The composed book has both rates, all components and, per tariff, the same voltages in each."""
    rows = compose_book(name, Decimal("0.40"), Decimal("0.03"), RATIOS, FLOATING, valid_from=DAY)
    components = {row.component for row in rows if row.tariff_code == "CI_TWO"}
    assert components == {"purchase", "line_loss", "transmission", "system", "fund", "capacity", "demand"}
    for code in ("CI_SINGLE", "CI_TWO"):
        columns = {row.component: set() for row in rows if row.tariff_code == code}
        for row in rows:
            if row.tariff_code == code:
                columns[row.component].add(row.voltage_code)
        assert len({frozenset(voltages) for voltages in columns.values()}) == 1


def test_an_unread_table_is_explained() -> None:
    """A grid whose energy columns were not read gives no book, and says what to write."""
    with pytest.raises(
        PolicyProblem, match="the single energy prices of 四川 were not read; write `versions`"
    ):
        compose_book("四川", Decimal("0.40"), Decimal("0.03"), RATIOS, FLOATING, valid_from=DAY)


def test_a_day_before_the_table_is_explained() -> None:
    """Before 2026-08-01 another table held, which is not shipped."""
    with pytest.raises(ExplainedError, match="none on 2026-07-31"):
        grid_on("浙江", date(2026, 7, 31))


BOOK = """
price_book: ZJ-MONTHLY
title: {zh: 代理购电, en: Agency purchase}
unit: {purchase: yuan/kWh, line_loss: yuan/kWh, transmission: yuan/kWh, system: yuan/kWh, fund: yuan/kWh, capacity: yuan/(kVA·month), demand: yuan/(kW·month)}
illustrative: false
grid: 浙江
floating: [purchase, line_loss, transmission, system]
ratios: {total: "1", peak: "1.6", flat: "1", valley: "0.4"}
pf_base: [purchase, line_loss, transmission, system, capacity, demand]
common:
  - {component: purchase, value: "0.40", valid_from: 2026-09-01, valid_to: 2026-10-01, source: sheet of September, verified: true}
  - {component: purchase, value: "0.42", valid_from: 2026-10-01, valid_to: 2026-11-01, source: sheet of October, verified: true}
  - {component: system, value: "0.03", valid_from: 2026-09-01, valid_to: 2026-11-01, source: sheets, verified: true}
tariffs:
  - {tariff_code: CI_SINGLE, title: {zh: 单一制, en: Single}, rate: single}
  - {tariff_code: CI_TWO, title: {zh: 两部制, en: Two-part}, rate: two_part}
"""


def test_a_book_may_name_its_grid(tmp_path: Path) -> None:
    """A user writes the month's purchase and system price; all else comes from the grid's table."""
    path = tmp_path / "monthly.yaml"
    path.write_text(BOOK, encoding="utf-8")
    rows = [
        row
        for row in read_book(path).price_rows()
        if (row.tariff_code, row.voltage_code, row.register)
        in (("CI_TWO", "kv35", "total"), ("CI_TWO", "kv35", "any"))
    ]
    found = {(row.component, row.valid_from): row.unit_price for row in rows}
    september, october = date(2026, 9, 1), date(2026, 10, 1)
    assert found == {
        ("purchase", september): Decimal("0.40"),
        ("purchase", october): Decimal("0.42"),
        ("line_loss", september): Decimal(
            "0.012668936"
        ),  # 0.40 × 3.07 ÷ 96.93 = 1.228 ÷ 96.93 = 0.01266893634
        ("line_loss", october): Decimal(
            "0.013302383"
        ),  # 0.42 × 3.07 ÷ 96.93 = 1.2894 ÷ 96.93 = 0.01330238316
        ("transmission", september): Decimal("0.0895"),
        ("system", september): Decimal("0.03"),
        ("fund", september): Decimal("0.02923875"),
        ("capacity", september): Decimal("27.5"),
        ("demand", september): Decimal("44.0"),
    }


def test_a_bad_table_is_told_with_its_line(tmp_path: Path) -> None:
    """A slip in a table of one's own is found: a bare number, an unknown column, uneven columns."""
    path = tmp_path / "own.yaml"
    path.write_text(
        "title: {zh: 表, en: Table}\nunit: {}\nsource: test\nmark: D\nverified: false\nvalid_from: 2026-08-01\nvalid_to: null\n"
        'grids:\n  - grid: 甲\n    single: {lt1: 0.2}\n    two_part: {kv10: "0.1"}\n'
        '    demand: {kv35: "40"}\n    capacity: {kv110: "20"}\n    loss_pct: "3"\n    fund: "0.02"\n',
        encoding="utf-8",
    )
    with pytest.raises(PolicyProblem) as error:
        read_grids(path)
    assert [
        problem[: problem.index(";")] if ";" in problem else problem for problem in error.value.problems
    ] == [
        "own.yaml:10: single lt1 is 0.2, not a quoted number",
        "own.yaml:11: two_part kv10: 0.1",
        "own.yaml:13: `capacity` has other voltage columns than `demand`",
    ]
