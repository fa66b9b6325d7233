"""The topic of a wrong bill, and the figures that stand beside it: rows by hand, one bill a row of the table."""

from __future__ import annotations

from typing import Any

import duckdb

from jicha.audit.fact import load_facts
from jicha.audit.workspace import Moment, fact_sql
from tests.billing_sql.bills import OCTOBER

Charges = tuple[tuple[str, str], ...]
BASIC, DEMAND = ("basic", "capacity"), ("basic", "demand")
STEP2, STEP3 = ("step", "step2"), ("step", "step3")
FUND, FUND_OF_ENERGY = ("fund", "fund"), ("energy", "fund")
ENERGY, PURCHASE = ("energy", "energy"), ("energy", "purchase")
ADJUSTMENT = ("pf_adjustment", "pf_adjustment")

# Cause, the charges that differ, and the topic they make: the one item's, or that of the cause (OTHER).
BILLS: dict[str, tuple[str, Charges, str]] = {
    "one_basic": ("unexplained", (BASIC,), "BL-10"),
    "basic_and_its_adjustment": ("unexplained", (BASIC, DEMAND, ADJUSTMENT), "BL-10"),
    "basic_not_examined": ("not_examined", (BASIC,), "BL-10"),
    "basic_with_a_cause": ("old_price", (BASIC,), "OTHER"),
    "basic_and_energy": ("unexplained", (BASIC, ENERGY), "OTHER"),
    "steps": ("unexplained", (STEP2, STEP3), "BL-22"),
    "step_and_adjustment": ("not_examined", (STEP2, ADJUSTMENT), "BL-22"),
    "step_and_energy": ("unexplained", (STEP2, ENERGY), "OTHER"),
    "fund": ("unexplained", (FUND,), "BL-30"),
    "fund_among_the_energy": ("unexplained", (FUND_OF_ENERGY, ADJUSTMENT), "BL-30"),
    "fund_and_energy": ("unexplained", (FUND, PURCHASE), "OTHER"),
    "energy_twice": ("unexplained", (ENERGY, PURCHASE), "OTHER"),
    "adjustment_alone": ("unexplained", (ADJUSTMENT,), "OTHER"),
    "no_charge_only_the_total": ("unexplained", (), "OTHER"),
}


def wrong_bills() -> dict[str, dict[str, Any]]:
    """Return the rows of the fact wrong_bill over the bills, by bill."""
    facts = load_facts()
    with duckdb.connect() as connection:
        for name in ("bill_cause", "recomputed_bill", "bill_line_difference", "issued_line"):
            columns = ", ".join(f'"{column}" {kind}' for column, kind in facts[name].columns.items())
            connection.execute(f'CREATE TABLE "{name}" ({columns})')
        for number, (bill_id, (cause, charges, _)) in enumerate(BILLS.items()):
            connection.execute(
                "INSERT INTO bill_cause (bill_id, topic, cause, difference_yuan) VALUES (?, 'OTHER', ?, ?)",
                [bill_id, cause, number],
            )
            connection.execute(
                "INSERT INTO recomputed_bill (bill_id, customer_no, basic_yuan) VALUES (?, ?, ?)",
                [bill_id, f"C{number}", 100 + number],
            )
            for place, (item, component) in enumerate(charges):
                connection.execute(
                    "INSERT INTO bill_line_difference (bill_id, mp_id, item, component) VALUES (?, ?, ?, ?)",
                    [bill_id, f"P{place}", item, component],
                )
            if number:  # the first bill was issued without any line
                for item, yuan in (("basic", 200), ("basic", number), ("fund", 300 + number), ("energy", 7)):
                    connection.execute(
                        "INSERT INTO issued_line (bill_id, item, amount_yuan) VALUES (?, ?, ?)",
                        [bill_id, item, yuan],
                    )
        text = fact_sql(facts["wrong_bill"], Moment.of(OCTOBER))
        rows: list[dict[str, Any]] = connection.sql(text).to_arrow_table().to_pylist()
    assert len(rows) == len(BILLS)
    return {row["bill_id"]: row for row in rows}


def test_the_topic_is_that_of_the_one_item_that_differs() -> None:
    rows = wrong_bills()
    assert {bill_id: row["topic"] for bill_id, row in rows.items()} == {
        bill_id: topic for bill_id, (_, _, topic) in BILLS.items()
    }


def test_every_bill_has_its_own_figures_and_its_first_point() -> None:
    rows = wrong_bills()
    for number, (bill_id, (_, charges, _)) in enumerate(BILLS.items()):
        row = rows[bill_id]
        assert row["customer_no"] == f"C{number}"
        assert (row["due_basic_yuan"], row["difference_yuan"]) == (100 + number, number)
        assert row["mp_id"] == ("P0" if charges else None)
        issued = (200 + number, 300 + number) if number else (0, 0)
        assert (row["issued_basic_yuan"], row["issued_fund_yuan"]) == issued
