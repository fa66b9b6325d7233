"""Bills priced again by hand-sized Decimal arithmetic, from the county's own tables only."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import numpy as np
import pytest

from jicha.demo.power_factor import adjustment, power_factor

CENT = Decimal("0.01")
# Customers with transformers that were out, came later or stand beside a second one, and those who came or left.
LIVELY = """
    SELECT customer_no FROM transformer JOIN transformer_state USING (transformer_id) JOIN customer USING (customer_no)
    WHERE state <> 'running' OR valid_from > opened_on
    UNION SELECT customer_no FROM transformer GROUP BY customer_no HAVING count(*) > 1
    UNION SELECT customer_no FROM customer WHERE closed_on IS NOT NULL OR opened_on >= DATE '2025-08-01'
    UNION SELECT customer_no FROM metering_point JOIN meter_installation USING (mp_id) WHERE meter_installation.removed_at IS NOT NULL"""


def rows(con: duckdb.DuckDBPyConnection, query: str, *values: Any) -> list[dict[str, Any]]:
    """Return rows as dictionaries."""
    result = con.execute(query, list(values))
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def half_up(value: Decimal, step: Decimal = CENT) -> Decimal:
    """Round half up to a step."""
    return value.quantize(step, rounding=ROUND_HALF_UP)


def energy(con: duckdb.DuckDBPyConnection, mp_id: str, month: Any) -> dict[str, Decimal]:
    """Return whole kWh a register: the readings' differences × multiplier, both meters of a swap together."""
    found = rows(
        con,
        """
        SELECT r.register, sum((r.value - r.previous_value + CASE WHEN r.value < r.previous_value THEN CAST(10 ** m.digits AS DECIMAL(16,4)) ELSE 0 END)
            * i.multiplier) AS kwh
        FROM reading r JOIN meter_installation i USING (mp_id, meter_id) JOIN meter m USING (meter_id)
        WHERE r.mp_id = ? AND r.bill_month = ? AND r.register <> 'max_demand' GROUP BY r.register
        """,
        mp_id,
        month,
    )
    return {row["register"]: half_up(Decimal(row["kwh"]), Decimal(1)) for row in found}


def price(
    con: duckdb.DuckDBPyConnection, scheme: dict[str, Any], component: str, register: str, day: Any
) -> Decimal:
    """Return the price of the county's book on a day."""
    found = rows(
        con,
        """
        SELECT unit_price FROM price WHERE tariff_code = ? AND voltage_code = ? AND component = ? AND register = ?
            AND valid_from <= ? AND (valid_to IS NULL OR valid_to > ?)
        """,
        scheme["tariff_code"], scheme["voltage_code"], component, register, day, day,
    )  # fmt: skip
    assert len(found) == 1
    return Decimal(found[0]["unit_price"])


def bills_of(con: duckdb.DuckDBPyConnection, where: str, limit: int) -> list[dict[str, Any]]:
    """Return some normal bills of ordinary life, with the one scheme of the customer's only billing point."""
    return rows(
        con,
        f"""
        SELECT b.*, s.*, c.kind AS customer_kind, p.mp_id AS point FROM bill b JOIN customer c USING (customer_no)
        JOIN metering_point p ON p.customer_no = b.customer_no AND p.usage = 'billing' JOIN price_scheme s USING (mp_id)
        WHERE b.kind = 'normal' AND b.kwh > 0 AND {where}
            AND NOT EXISTS (SELECT 1 FROM price_scheme z WHERE z.mp_id = p.mp_id AND z.valid_from > c.opened_on)
            AND b.bill_id NOT IN (SELECT bill_id FROM mistaken) AND c.market_mode <> 'exited' AND s.line_loss_pct IS NULL
            AND NOT EXISTS (SELECT 1 FROM metering_point q WHERE q.customer_no = b.customer_no AND q.usage = 'billing' AND q.mp_id <> p.mp_id)
            AND NOT EXISTS (SELECT 1 FROM metering_point q WHERE q.parent_mp_id = p.mp_id OR (q.mp_id = p.mp_id AND q.parent_mp_id IS NOT NULL))
        ORDER BY b.bill_id LIMIT {limit}
        """,
    )


def test_residential_bills_with_steps(con: duckdb.DuckDBPyConnection) -> None:
    """energy × base, plus 0.05 from 2,760 and 0.30 from 4,800 kWh of the calendar year (from September in 2025)."""
    customers = rows(
        con,
        """
        SELECT DISTINCT customer_no FROM bill_line l JOIN bill USING (bill_id) JOIN customer USING (customer_no)
        WHERE item = 'step' AND customer_no NOT IN (SELECT customer_no FROM bill WHERE kwh < 0)
            AND NOT EXISTS (SELECT 1 FROM proof WHERE proof.customer_no = bill.customer_no AND proof.kind = 'multi_person')
            AND opened_on < DATE '2025-01-01' AND customer_no NOT IN (SELECT customer_no FROM mistaken) ORDER BY customer_no LIMIT 6
        """,
    )
    assert customers
    for customer in customers:
        used: dict[int, Decimal] = {}
        for bill in bills_of(
            con, f"b.customer_no = '{customer['customer_no']}' AND tariff_code = 'RES_STEP'", 20
        ):
            kwh = energy(con, bill["point"], bill["bill_month"])
            bands = ("peak", "valley") if bill["tou"] else ("total",)
            day = bill["period_from"]
            total = sum((half_up(kwh[b] * price(con, bill, "energy", b, day)) for b in bands), Decimal(0))
            whole = sum((kwh[band] for band in bands), Decimal(0))
            before = used.get(bill["bill_month"].year, Decimal(0))
            after = used[bill["bill_month"].year] = before + whole
            for step, low, high in (("step2", 2760, 4800), ("step3", 4800, 10**9)):
                inside = max(min(after, Decimal(high)) - max(before, Decimal(low)), Decimal(0))
                total += half_up(inside * price(con, bill, step, "any", day))
            assert (bill["kwh"], bill["total_yuan"]) == (whole, total), bill["bill_id"]


@pytest.mark.parametrize(
    "where",
    [
        "tariff_code = 'CI_SINGLE' AND NOT tou AND c.kind = 'lv_nonres'",
        "tariff_code = 'CI_SINGLE' AND tou AND transformer_loss",
        "tariff_code = 'CI_TWO' AND basic_charge_mode = 'capacity' AND b.bill_month IN (DATE '2026-08-01', DATE '2026-09-01')",
        "tariff_code = 'CI_TWO' AND basic_charge_mode IN ('contract_demand', 'actual_demand')",
        "tariff_code = 'AGRI'",
    ],
)
def test_commercial_bills(con: duckdb.DuckDBPyConnection, where: str) -> None:
    """components × bands + fund + basic charge, then the power-factor adjustment on all but the fund."""
    found = bills_of(
        con,
        f"c.customer_no NOT IN ({LIVELY}) AND day(b.period_from) = 1 AND day(b.period_to) = 1 AND {where}",
        12,
    )
    assert found
    for bill in found:
        assert _commercial(con, bill) == bill["total_yuan"], bill["bill_id"]


def _commercial(con: duckdb.DuckDBPyConnection, bill: dict[str, Any]) -> Decimal:
    kwh = energy(con, bill["point"], bill["bill_month"])
    bands = ["sharp", "peak", "flat", "valley"] if bill["tou"] else ["total"]
    reactive = kwh.get("reactive", Decimal(0))
    if bill["transformer_loss"]:
        active_loss, reactive_loss = _loss(con, bill, sum((kwh[b] for b in bands), Decimal(0)), reactive)
        kwh["flat" if bill["tou"] else "total"] += active_loss
        reactive += reactive_loss
    day = bill["period_from"]
    floating = bill["tariff_code"].startswith("CI_")
    components = ("purchase", "line_loss", "transmission", "system") if floating else ("energy",)
    base = sum((half_up(kwh[b] * price(con, bill, c, b, day)) for c in components for b in bands), Decimal(0))
    whole = sum((kwh[b] for b in bands), Decimal(0))
    base += _basic(con, bill, whole)
    total = base + (half_up(whole * price(con, bill, "fund", "any", day)) if floating else 0)
    if bill["pf_standard"] is None:
        return total
    factor = half_up(whole / (whole**2 + reactive**2).sqrt())
    assert factor == bill["power_factor"]
    row = adjustment(np.array([int(bill["pf_standard"] * 10**6)]), np.array([int(factor * 100)]))
    return total + half_up(base * Decimal(int(row[0])) / 10_000)


def _loss(
    con: duckdb.DuckDBPyConnection, bill: dict[str, Any], active: Decimal, reactive: Decimal
) -> tuple[Decimal, Decimal]:
    """ΔWp = P0·T + Pk·(Wp² + Wq²)/(S²·T); ΔWq = I0 %·S·T + Uk %·(Wp² + Wq²)/(S·T); T = 720 h; whole units."""
    (unit,) = rows(con, "SELECT * FROM transformer WHERE customer_no = ?", bill["customer_no"])
    size, hours, square = unit["kva"], Decimal(720), active**2 + reactive**2
    loss = unit["no_load_loss_kw"] * hours + unit["load_loss_kw"] * square / (size**2 * hours)
    kvar = unit["no_load_current_pct"] / 100 * size * hours + unit["impedance_pct"] / 100 * square / (
        size * hours
    )
    return half_up(loss, Decimal(1)), half_up(kvar, Decimal(1))


def _basic(con: duckdb.DuckDBPyConnection, bill: dict[str, Any], kwh: Decimal) -> Decimal:
    mode = bill["basic_charge_mode"]
    if mode == "none":
        return Decimal(0)
    (size,) = rows(con, "SELECT sum(kva) AS kva FROM transformer WHERE customer_no = ?", bill["customer_no"])
    if mode == "capacity":
        return half_up(size["kva"] * price(con, bill, "capacity", "any", bill["period_from"]))
    (peak,) = rows(
        con,
        "SELECT value * multiplier AS kw FROM reading JOIN meter_installation USING (mp_id, meter_id) WHERE mp_id = ? AND bill_month = ? AND register = 'max_demand'",
        bill["point"], bill["bill_month"],
    )  # fmt: skip
    actual, unit = peak["kw"], price(con, bill, "demand", "any", bill["period_from"])
    if kwh >= 260 * size["kva"]:
        unit *= Decimal("0.9")
    if mode == "actual_demand":
        return half_up(actual * unit)
    # At least 40 % of the capacity; above 105 % of that the excess counts twice.
    contract = max(bill["contract_demand_kw"], size["kva"] * Decimal("0.4"))
    over = actual + (actual - Decimal("1.05") * contract)
    return half_up((over if actual > Decimal("1.05") * contract else contract) * unit)


def test_power_factor_at_its_edges() -> None:
    """0.855 rounds to 0.86, 0.754 to 0.75; the printed ratios 0.1003 and 0.1004 part 1.00 from 0.99."""
    active = np.array([10_000, 10_000, 10_000, 0, 10_000])
    reactive = np.array([1_003, 1_004, 11_231, 500, 0])
    assert power_factor(active, reactive).tolist() == [100, 99, 66, 0, 100]
    assert adjustment(np.array([900_000]), np.array([22])).tolist() == [10_100]
