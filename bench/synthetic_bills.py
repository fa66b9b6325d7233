"""Bills of a made-up province as the SQL engine prices them: metered and with losses, one month a folder of Parquet.

Four of five are households with yearly steps, one of seven a shop at a time-of-use price, the others plants with two-part
prices: capacity, contract demand or actual demand, and a power-factor standard.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import NamedTuple

import duckdb

from jicha.audit.library import load_library
from jicha.periods import next_month

SEED = 20261001
# A number drawn from the bill, the month and a salt: the same in every run and on every machine.
DRAW = "(hash(n, {salt}, month_no) % {bound})"


class Given(NamedTuple):
    """What a table of the population holds: an expression for each column (others are null), and which bills it has."""

    columns: dict[str, str]
    rows: str = "TRUE"


def draw(salt: int, bound: int) -> str:
    """Return the SQL of a whole number below the bound."""
    return DRAW.format(salt=SEED + salt, bound=bound)


BILL = {
    "bill_id": "bill_id", "customer_no": "customer_no", "org_no": "'1'", "bill_month": "month", "period_from": "month",
    "period_to": "month_end", "days": "days", "contract_kva": "CASE WHEN kind = 'plant' THEN kva END",
    "market_mode": "CASE WHEN kind = 'home' THEN 'catalogue' ELSE 'agency' END", "opened_on": "DATE '2015-05-01'",
    "is_full_month": "TRUE", "divisor": "days", "quota_kwh_per_month": f"CASE WHEN kind = 'home' AND {draw(1, 20)} = 0 THEN 100 ELSE 0 END",
    "rule_from": "(SELECT max(rule_from) FROM billing_rule WHERE rule_from <= month)", "issued_kwh": "kwh", "issued_total_yuan": "kwh",
}  # fmt: skip
SEGMENT = {
    "bill_id": "bill_id", "mp_id": "mp_id", "metering_mode": "'lv_lv'", "segment_from": "month", "segment_to": "month_end",
    "first_day": "0", "last_day": "days", "period_days": "days", "is_last": "TRUE", "tariff_code": "tariff_code",
    "voltage_code": "voltage_code", "price_from": "price_from", "is_own": "FALSE", "tou": "kind <> 'home'",
    "pf_standard": "CASE WHEN kind = 'plant' THEN 0.90 END",
    "basic_charge_mode": "CASE WHEN kind = 'plant' THEN ['capacity', 'contract_demand', 'actual_demand'][1 + n % 3] ELSE 'none' END",
    "contract_demand_kw": "CASE WHEN kind = 'plant' THEN kva * 6 // 10 END",
    "step_scheme": "CASE WHEN kind = 'home' THEN 'annual' END", "transformer_loss": "FALSE",
}  # fmt: skip
ENERGY = {
    "bill_id": "bill_id", "mp_id": "mp_id", "metered_kwh": "kwh", "loss_kwh": "0", "line_loss_kwh": "0",
    "kvarh": f"CASE WHEN kind = 'plant' THEN kwh * {draw(2, 80)} // 100 END",
    "demand_kw": f"CASE WHEN kind = 'plant' THEN (kva * (30 + {draw(3, 70)}) // 100) END",
    "kwh_total": "CASE WHEN kind = 'home' THEN kwh END", "kwh_sharp": "CASE WHEN kind <> 'home' THEN kwh // 10 END",
    "kwh_peak": "CASE WHEN kind <> 'home' THEN kwh // 4 END", "kwh_valley": "CASE WHEN kind <> 'home' THEN kwh // 3 END",
    "kwh_flat": "CASE WHEN kind <> 'home' THEN kwh - kwh // 10 - kwh // 4 - kwh // 3 END", "billed_kwh": "kwh",
}  # fmt: skip
UNIT = {
    "bill_id": "bill_id", "mp_id": "mp_id", "segment_from": "month", "transformer_id": "mp_id", "kva": "kva",
    "days_in_service": "days", "charged_days": "days", "period_days_in_service": "days", "period_days": "days",
}  # fmt: skip
BEFORE = {"bill_id": "bill_id", "mp_id": "mp_id", "before_kwh": f"(month_no - 1) * (120 + {draw(4, 400)})"}
ISSUED = {
    "bill_id": "bill_id", "mp_id": "mp_id", "item": "item", "component": "item", "register": "'any'",
    "quantity": "kwh", "unit_price": "0.5", "amount_yuan": "kwh * 0.5",
}  # fmt: skip
POPULATION = {
    "rebill_bill": Given(BILL),
    "bill_segment": Given(SEGMENT),
    "billed_energy": Given(ENERGY),
    "transformer_days": Given(UNIT, "kind = 'plant'"),
    "year_before": Given(BEFORE, "kind = 'home'"),
    "issued_line": Given(ISSUED),
}
KINDS = """
    SELECT
        range AS n,
        $month AS month,
        $month_end AS month_end,
        month($month) AS month_no,
        date_diff('day', $month, $month_end) AS days,
        'B' || lpad(CAST(range AS VARCHAR), 9, '0') || strftime($month, '%m') AS bill_id,
        'C' || lpad(CAST(range AS VARCHAR), 9, '0') AS customer_no,
        'P' || lpad(CAST(range AS VARCHAR), 9, '0') AS mp_id,
        CASE WHEN range % 20 = 0 THEN 'plant' WHEN range % 20 < 4 THEN 'shop' ELSE 'home' END AS kind,
        [315, 630, 1000, 2500][1 + range % 4] AS kva
    FROM range($bills)
"""
BILLS = f"""
    SELECT
        k.*,
        CASE kind WHEN 'plant' THEN 'CI_TWO' WHEN 'shop' THEN 'CI_SINGLE' ELSE 'RES_STEP' END AS tariff_code,
        CASE WHEN kind = 'plant' THEN 'kv1_10' ELSE 'lt1' END AS voltage_code,
        CASE kind WHEN 'plant' THEN kva * (60 + {draw(5, 300)}) WHEN 'shop' THEN 500 + {draw(6, 9000)} ELSE 40 + {draw(7, 600)} END AS kwh
    FROM ({KINDS}) AS k
"""
PRICED_BILLS = f"""
    SELECT b.*, p.price_from
    FROM ({BILLS}) AS b
    INNER JOIN billing_price AS p
        ON p.tariff_code = b.tariff_code AND p.voltage_code = b.voltage_code AND p.price_from <= b.month AND p.price_to > b.month
"""


def make_month(connection: duckdb.DuckDBPyConnection, folder: Path, month: date, bills: int) -> None:
    """Write the month's population; the connection must hold the facts billing_price and billing_rule."""
    folder.mkdir(parents=True)
    values = {"month": month, "month_end": next_month(month), "bills": bills}
    connection.execute(f"CREATE OR REPLACE TEMP TABLE made AS {PRICED_BILLS}", values)
    facts = load_library().facts
    for name, given in POPULATION.items():
        columns = ", ".join(
            f'CAST({given.columns.get(column, "NULL")} AS {kind}) AS "{column}"'
            for column, kind in facts[name].columns.items()
        )
        source = (
            "made"
            if name != "issued_line"
            else "made CROSS JOIN (VALUES ('energy'), ('fund'), ('step')) AS i (item)"
        )
        connection.execute(
            f"COPY (SELECT {columns} FROM {source} WHERE {given.rows}) TO '{folder}/{name}.parquet' (FORMAT parquet)"
        )


def months(bills: int, a_month: int) -> list[tuple[date, int]]:
    """Return the months and how many bills each has: `a_month`, the last one what is left; begins in 2026-01 again."""
    counts = [min(a_month, bills - begin) for begin in range(0, bills, a_month)]
    return [(date(2026, 1 + number % 12, 1), count) for number, count in enumerate(counts)]
