"""Planted mis-billings: enough of each, yuan that hand arithmetic gives, and figures that show what was planted."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import pytest
from tests.demo.conftest import load

from jicha.demo import DemoSummary, build
from jicha.demo.plant.causes import CAUSES

CENT = Decimal("0.01")
STATIC = [
    "BL-14",
    "BL-18",
    "BL-19",
    "BL-21",
    "BL-27",
    "BL-28",
    "BL-29",
    "BL-37",
    "BL-38",
    "CL-04",
    "IN-06",
    "NE-06",
    "EV-04",
    "BL-10",
    "BL-11",
    "BL-13",
    "BL-15",
    "BL-16",
    "BL-17",
    "BL-22",
    "BL-24",
    "BL-30",
    "BL-34",
]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    """A county of 2,000 customers, the smallest with room for every mistake."""
    return build(tmp_path_factory.mktemp("town"), customers=2_000)


@pytest.fixture(scope="module")
def tables(town: DemoSummary) -> Iterator[duckdb.DuckDBPyConnection]:
    """Its tables."""
    connection = load(town.folder)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def key(town: DemoSummary) -> list[dict[str, str]]:
    """Its answer key."""
    return read_key(town.answer_key)


def read_key(path: Path) -> list[dict[str, str]]:
    """Return the rows of an answer key."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def half_up(value: Decimal) -> Decimal:
    """Round half up to the cent."""
    return value.quantize(CENT, ROUND_HALF_UP)


def of_cause(key: list[dict[str, str]], cause: str) -> list[dict[str, str]]:
    """Return the mis-billings of one cause."""
    return [row for row in key if row["cause"] == cause]


def test_each_mistake_is_on_three_customers_of_the_audited_month(key: list[dict[str, str]]) -> None:
    customers: dict[str, set[str]] = defaultdict(set)
    for row in key:
        if row["cause"] and row["first_month"] == "2026-10":
            customers[row["cause"]].add(row["customer_no"])
    few = {cause: len(customers[cause]) for cause in CAUSES if len(customers[cause]) < 3}
    # One quota has ended at each third household in doubt (BL-21).
    assert set(few) <= {"quota_expired"}
    assert len(CAUSES) >= 40


def test_each_mistake_speaks_of_a_bill_with_exact_yuan(key: list[dict[str, str]]) -> None:
    for row in key:
        if row["cause"]:
            assert row["rule_id"] == CAUSES[row["cause"]][0]
            assert (row["kind"], row["subject_kind"]) == ("fault", "bill")
            assert Decimal(row["yuan"]) > 0
            assert row["direction"] in ("company", "customer")


def test_no_bill_has_two_mistakes(key: list[dict[str, str]]) -> None:
    bills = [row["subject_id"] for row in key if row["cause"]]
    assert len(bills) == len(set(bills))


@pytest.mark.parametrize("rule", STATIC)
def test_each_topic_has_faults_and_look_alikes(key: list[dict[str, str]], rule: str) -> None:
    kinds = {row["kind"] for row in key if row["rule_id"] == rule and row["last_month"] == "2026-10"}
    assert kinds == {"fault", "look_alike"}


def test_funds_left_out_are_kwh_times_the_rate_of_zhejiang(
    tables: duckdb.DuckDBPyConnection, key: list[dict[str, str]]
) -> None:
    """0.02923875 yuan per kWh on every kWh of the bill, rounded half up."""
    for row in of_cause(key, "fund_left_out"):
        (kwh,) = tables.execute("SELECT kwh FROM bill WHERE bill_id = ?", [row["subject_id"]]).fetchone() or (
            0,
        )
        assert half_up(kwh * Decimal("0.02923875")) == Decimal(row["yuan"])
        assert row["direction"] == "company"


def test_half_of_the_purchase_price_more_is_charged_where_nobody_left_the_market(
    tables: duckdb.DuckDBPyConnection, key: list[dict[str, str]]
) -> None:
    """Purchase 0.4100 instead of 0.6150 yuan per kWh: the shops have one register and no power factor."""
    for row in of_cause(key, "exit_factor_given"):
        (kwh,) = tables.execute("SELECT kwh FROM bill WHERE bill_id = ?", [row["subject_id"]]).fetchone() or (
            0,
        )
        assert half_up(kwh * Decimal("0.615")) - half_up(kwh * Decimal("0.41")) == Decimal(row["yuan"])
        assert row["direction"] == "customer"


def test_old_prices_are_those_of_before_august(
    tables: duckdb.DuckDBPyConnection, key: list[dict[str, str]]
) -> None:
    """Transmission below 1 kV, single rate: 0.2480 yuan per kWh until 31 July 2026, 0.2412 after."""
    for row in of_cause(key, "price_version"):
        (kwh,) = tables.execute("SELECT kwh FROM bill WHERE bill_id = ?", [row["subject_id"]]).fetchone() or (
            0,
        )
        assert half_up(kwh * Decimal("0.248")) - half_up(kwh * Decimal("0.2412")) == Decimal(row["yuan"])


def test_a_part_month_by_thirtieths(tables: duckdb.DuckDBPyConnection, key: list[dict[str, str]]) -> None:
    """kVA × days × 29.5 (27.5 at 35 kV, 25.5 at 110 kV) ÷ 30 is on the bill, ÷ 31 is right: October has 31 days."""
    price = {"kv1_10": Decimal("29.5"), "kv35": Decimal("27.5"), "kv110": Decimal("25.5")}
    found = of_cause(key, "thirtieth")
    assert found
    for row in found:
        bill = tables.execute(
            """
            SELECT period_to - period_from AS days, contract_kva, voltage_code, l.amount_yuan
            FROM bill b JOIN customer c USING (customer_no) JOIN bill_line l USING (bill_id) WHERE bill_id = ? AND l.item = 'basic'
            """,
            [row["subject_id"]],
        ).fetchone()
        assert bill is not None
        days, kva, voltage, amount = bill
        assert amount == half_up(kva * days * price[voltage] / 30)
        assert row["direction"] == "customer"


def test_energy_between_two_registers(tables: duckdb.DuckDBPyConnection, key: list[dict[str, str]]) -> None:
    """A frozen reading is four kWh below the billed one: 2.15 or 2.16 yuan at 0.538, more in a step."""
    for row in of_cause(key, "frozen_reading"):
        billed = tables.execute(
            "SELECT kwh, bill_month FROM bill WHERE bill_id = ?", [row["subject_id"]]
        ).fetchone()
        assert billed is not None
        read = tables.execute(
            "SELECT sum(value - previous_value) FROM reading WHERE mp_id = ? AND bill_month = ? AND register = 'total'",
            [f"P{row['customer_no']}0", billed[1]],
        ).fetchone()
        assert read is not None
        assert billed[0] == read[0].quantize(Decimal(1), ROUND_HALF_UP) - 4


def test_a_late_fee_is_two_permille_a_day_for_firms_and_one_for_homes(
    tables: duckdb.DuckDBPyConnection, key: list[dict[str, str]]
) -> None:
    rows = [row for row in key if row["rule_id"] == "CL-04"]
    assert {row["kind"] for row in rows} == {"fault", "look_alike"}
    for row in rows:
        found = tables.execute(
            """
            SELECT b.total_yuan, CAST(r.received_at AS DATE) - b.due_on, r.late_fee_yuan, c.kind
            FROM receipt r JOIN bill b USING (bill_id) JOIN customer c ON c.customer_no = b.customer_no WHERE receipt_id = ?
            """,
            [row["subject_id"]],
        ).fetchone()
        assert found is not None
        total, days, charged, kind = found
        due = half_up(total * days * Decimal("0.001" if kind == "lv_res" else "0.002"))
        assert abs(charged - due) == (Decimal(row["yuan"]) if row["kind"] == "fault" else 0)


def test_demands_are_as_odd_as_told(tables: duckdb.DuckDBPyConnection, key: list[dict[str, str]]) -> None:
    """Below the average power, above 1.2 × the capacity, equal to last month's, or outside the cycle."""
    for row in key:
        if row["rule_id"] != "BL-14":
            continue
        found = tables.execute(
            """
            SELECT r.value * i.multiplier, p.value, r.value, r.max_demand_at < b.period_from, c.contract_kva,
                (SELECT sum(t.value - t.previous_value) FROM reading t WHERE t.mp_id = r.mp_id AND t.bill_month = r.bill_month AND t.register = 'total')
                    * i.multiplier / ((b.period_to - b.period_from) * 24) AS average
            FROM reading r JOIN meter_installation i USING (mp_id, meter_id) JOIN metering_point m USING (mp_id) JOIN customer c USING (customer_no)
            JOIN bill b ON b.customer_no = c.customer_no AND b.bill_month = r.bill_month AND b.kind = 'normal'
            JOIN reading p ON p.mp_id = r.mp_id AND p.register = r.register AND p.bill_month = DATE '2026-09-01'
            WHERE r.mp_id = ? AND r.register = 'max_demand' AND r.bill_month = DATE '2026-10-01'
            """,
            [row["subject_id"]],
        ).fetchone()
        assert found is not None
        demand, before, now, outside, kva, average = found
        odd = (demand < average, demand > Decimal("1.2") * kva, before == now, outside)
        assert sum(odd) == (row["kind"] == "fault"), (row["note"], odd)
