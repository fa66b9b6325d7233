"""Every class of bill occurs in a county of 2,000 customers, with orders and contracts that agree."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

import duckdb
import pytest
from tests.demo.conftest import load

from jicha.demo import build

CENT = Decimal("0.01")
CLASSES = {
    "scheme changed by an order": "SELECT mp_id FROM price_scheme JOIN work_order USING (order_no) WHERE kind = 'price_change'",
    "single-rate to two-part or back": """
        SELECT mp_id FROM price_scheme GROUP BY mp_id HAVING count(DISTINCT basic_charge_mode) > 1 AND count(DISTINCT tariff_code) > 1""",
    "another voltage column": "SELECT mp_id FROM price_scheme GROUP BY mp_id HAVING count(DISTINCT voltage_code) > 1",
    "another power-factor standard": "SELECT mp_id FROM price_scheme GROUP BY mp_id HAVING count(DISTINCT pf_standard) > 1",
    "time of use in agriculture": "SELECT mp_id FROM price_scheme WHERE tariff_code = 'AGRI' AND tou",
    "time of use at home": "SELECT mp_id FROM price_scheme WHERE tariff_code = 'RES_STEP' AND tou",
    "35 kV": "SELECT customer_no FROM customer WHERE voltage_code = 'kv35'",
    "110 kV": "SELECT customer_no FROM customer WHERE voltage_code = 'kv110'",
    "agreed line loss": """
        SELECT c.customer_no FROM supply_contract c JOIN metering_point p USING (customer_no) JOIN price_scheme s USING (mp_id)
        WHERE s.line_loss_pct = c.line_loss_pct""",
    "left the market": "SELECT customer_no FROM customer WHERE market_mode = 'exited'",
    "large household": """
        SELECT customer_no FROM proof JOIN customer USING (customer_no) WHERE proof.kind = 'multi_person' AND household_persons >= 5""",
    "reduced capacity": "SELECT transformer_id FROM transformer_state JOIN work_order USING (order_no) WHERE kind = 'capacity_reduction'",
    "hot standby": "SELECT transformer_id FROM transformer_state WHERE state = 'hot_standby'",
    "cold standby": "SELECT transformer_id FROM transformer_state WHERE state = 'cold_standby' AND sealed_on IS NOT NULL",
    "two transformers, metered on the low side": """
        SELECT mp_id FROM transformer JOIN metering_point USING (mp_id) WHERE metering_mode = 'hv_lv' GROUP BY mp_id HAVING count(*) = 2""",
    "two feeds by actual demand": """
        SELECT customer_no FROM metering_point JOIN price_scheme USING (mp_id)
        WHERE parent_mp_id IS NULL AND basic_charge_mode = 'actual_demand' GROUP BY customer_no HAVING count(*) = 2""",
    "sub meter of high voltage": """
        SELECT s.mp_id FROM metering_point s JOIN metering_point m ON m.mp_id = s.parent_mp_id JOIN meter_installation i ON i.mp_id = s.mp_id
        WHERE m.metering_mode <> 'lv_lv'""",
    "fixed share of an assessed customer": """
        SELECT s.mp_id FROM metering_point s JOIN price_scheme t USING (mp_id) JOIN price_scheme m ON m.mp_id = s.parent_mp_id
        WHERE coalesce(t.fixed_ratio, t.fixed_kwh) IS NOT NULL AND m.pf_standard IS NOT NULL""",
    "meter of high voltage exchanged": """
        SELECT mp_id FROM meter_installation JOIN metering_point USING (mp_id) WHERE removal_order_no LIKE '%3' AND metering_mode <> 'lv_lv'""",
    "two-part customer of some days": """
        SELECT b.bill_id FROM bill b JOIN bill_line l USING (bill_id) WHERE l.item = 'basic' AND b.period_to - b.period_from < 27""",
    "high voltage left": "SELECT customer_no FROM customer WHERE kind = 'hv' AND status = 'closed'",
    "basic charge waived": "SELECT mp_id FROM price_scheme WHERE tariff_code = 'CI_TWO' AND basic_charge_mode = 'none'",
}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A county of 2,000 customers in which nothing is planted."""
    folder = tmp_path_factory.mktemp("town")
    build(folder, customers=2_000, clean=True)
    connection = load(folder)
    yield connection
    connection.close()


@pytest.mark.parametrize("name", CLASSES)
def test_there_are_five_of_each_class(town: duckdb.DuckDBPyConnection, name: str) -> None:
    assert len(set(town.execute(CLASSES[name]).fetchall())) >= 5


def test_schemes_follow_each_other_without_gap(town: duckdb.DuckDBPyConnection) -> None:
    lost = town.execute(
        """
        SELECT mp_id FROM (SELECT *, lag(valid_to) OVER (PARTITION BY mp_id ORDER BY valid_from) AS before,
            count(*) OVER (PARTITION BY mp_id) AS schemes FROM price_scheme)
        WHERE schemes > 1 AND valid_from <> coalesce(before, valid_from)
        """
    ).fetchall()
    assert lost == []


def test_no_order_of_a_scheme_or_a_transformer_is_missing(town: duckdb.DuckDBPyConnection) -> None:
    for table in ("price_scheme", "transformer_state"):
        assert (
            town.execute(
                f"SELECT * FROM {table} ANTI JOIN work_order USING (order_no) WHERE order_no IS NOT NULL"
            ).fetchall()
            == []
        )


def test_a_part_month_of_capacity_is_kva_days_over_calendar_days(town: duckdb.DuckDBPyConnection) -> None:
    """One transformer from its connection on: kVA × days × price ÷ days of the calendar month (prices of the demo's book)."""
    rows = town.execute(
        """
        SELECT t.kva, b.period_to - b.period_from, day(last_day(b.period_from)), l.unit_price, l.amount_yuan
        FROM bill b JOIN bill_line l USING (bill_id) JOIN customer c USING (customer_no) JOIN transformer t USING (customer_no)
        WHERE l.component = 'capacity' AND b.period_from = c.opened_on AND t.transformer_id IN
            (SELECT transformer_id FROM transformer_state GROUP BY transformer_id HAVING count(*) = 1)
            AND (SELECT count(*) FROM transformer u WHERE u.customer_no = t.customer_no) = 1
            AND (SELECT count(*) FROM bill_line m WHERE m.bill_id = b.bill_id AND m.item = 'basic') = 1
        """
    ).fetchall()
    assert rows
    for kva, days, of_month, price, amount in rows:
        assert amount == (kva * days * price / of_month).quantize(CENT, ROUND_HALF_UP)


def test_segments_share_the_energy_by_days(town: duckdb.DuckDBPyConnection) -> None:
    """Two segments of E kWh: the first has E × days ÷ all days, half up, the second the rest."""
    rows = town.execute(
        """
        SELECT b.bill_id, s.valid_from - b.period_from AS first_days, b.period_to - b.period_from AS days,
            list(l.quantity ORDER BY l.line_no) AS quantities
        FROM bill b JOIN metering_point p USING (customer_no) JOIN price_scheme s USING (mp_id)
        JOIN bill_line l ON l.bill_id = b.bill_id AND l.mp_id = s.mp_id AND l.component = 'fund'
        WHERE s.valid_from > b.period_from AND s.valid_from < b.period_to AND b.bill_month <> DATE '2026-08-01'
        GROUP BY ALL
        """
    ).fetchall()
    assert len(rows) >= 5
    for bill, first_days, days, quantities in rows:
        # Each of four bands is rounded for itself; the lines of a bill are not in the order of time.
        assert len(quantities) == 2, bill
        first = sum(quantities) * first_days / days
        assert min(abs(quantity - first) for quantity in quantities) <= 2, bill
