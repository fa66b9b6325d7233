"""Clues: findings on one place put together; score, money and expected recovery worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from jicha.audit.clues import Clue, compose
from jicha.audit.library import load_library
from jicha.home import Home
from tests.cli.test_commands import call, read

LIBRARY = load_library()
OCTOBER, SEPTEMBER = date(2026, 10, 1), date(2026, 9, 1)
_RULE = LIBRARY.rules["CL-08"]


def rule(rule_id: str, topic: str, evidence: str) -> Any:
    return replace(_RULE, rule_id=rule_id, topic=topic, triage={**_RULE.triage, "evidence": [evidence]})


RULES = {
    "BL-98": rule("BL-98", "billing", "e9"),
    "BL-99": rule("BL-99", "billing", "e9"),
    "MT-99": rule("MT-99", "metering", "e5"),
}
RATES = {"BL-98": Decimal("0.50"), "BL-99": Decimal("0.50"), "MT-99": Decimal("0.80")}


def row(number: int, rule_id: str, severity: int, yuan: str | None, **more: Any) -> dict[str, Any]:
    return {
        "finding_id": f"f{number}", "rule_id": rule_id, "subject_kind": "bill", "subject_id": f"B{number}", "org_no": "A", "customer_no": "C1",
        "mp_id": None, "bill_month": OCTOBER, "severity": severity, "direction": "company", "kwh_at_stake": Decimal(10 * number),
        "yuan_at_stake": None if yuan is None else Decimal(yuan), "status": "new", **more,
    }  # fmt: skip


def one(*rows: dict[str, Any], paid: str | None = None) -> Clue:
    (clue,) = compose(rows, RULES, RATES, {} if paid is None else {"C1": Decimal(paid)})
    return clue


def test_findings_on_one_customer_make_one_clue() -> None:
    clue = one(row(1, "BL-98", 3, "1000"), row(2, "BL-99", 2, "400"), row(3, "MT-99", 3, "600"), paid="0.75")
    # billing: the heavier of 1.00 × 0.50 and 0.80 × 0.50; metering 1.00 × 0.80: 1 − 0.5 × 0.2 = 0.90
    assert clue.score == Decimal("0.9000") and clue.band == "urgent"
    # one month's money counts once: at stake 1,000.00; confirmed max(500, 200, 480) = 500.00
    assert (clue.company_yuan, clue.confirmed_yuan) == (Decimal("1000"), Decimal("500.00"))
    # e5 asks for a visit: 500 × 0.75 − 150 = 225.00
    assert (clue.is_visit, clue.expected_yuan) == (True, Decimal("225.00"))
    assert clue.rules == ("MT-99", "BL-98", "BL-99")
    assert "权重 0.80（等级 3，规则属实率 0.80），涉及 600.00 元" in clue.reasons[0].words["zh"]


def test_different_months_are_different_money() -> None:
    clue = one(row(1, "BL-98", 3, "1000"), row(2, "BL-98", 3, "700", bill_month=SEPTEMBER))
    # 1,700 at stake; confirmed 850; no bill known: 850 × 0.90 − 30 (desk) = 735.00
    assert (clue.company_yuan, clue.expected_yuan, clue.is_visit) == (
        Decimal("1700"),
        Decimal("735.00"),
        False,
    )


def test_what_was_overcharged_is_no_recovery() -> None:
    clue = one(row(1, "BL-98", 1, "1000", direction="customer"))
    assert (clue.customer_yuan, clue.company_yuan, clue.expected_yuan) == (
        Decimal("1000"),
        Decimal(0),
        Decimal("-30.00"),
    )
    # 0.60 × 0.50 = 0.30
    assert (clue.score, clue.band) == (Decimal("0.3000"), "ordinary")


def test_cleared_findings_speak_no_more_and_places_are_kept_apart() -> None:
    rows = [
        row(1, "BL-98", 1, None, status="cleared"), row(2, "BL-98", 1, None, customer_no=None, mp_id="P1"),
        row(3, "BL-98", 1, None, customer_no=None, subject_kind="employee", subject_id="E1"),
    ]  # fmt: skip
    places = [(clue.place_kind, clue.place_id) for clue in compose(rows, RULES, RATES, {})]
    assert places == [("employee", "E1"), ("metering_point", "P1")]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_clues_of_a_run_are_listed_filtered_and_exported(home: Home, tmp_path: Path, language: str) -> None:
    place = ("--home", str(home.path), "--language", language)
    clues = home.run().clues()
    open_ones = [row for row in home.run().findings.to_pylist() if row["status"] != "cleared"]
    assert sum(len(clue.reasons) for clue in clues) == len(open_ones)
    assert all(0 <= clue.collectability <= 1 for clue in clues)
    first = read("clues", "--limit", "1", *place)[0]
    assert Decimal(first["expected_yuan"]) == max(clue.expected_yuan for clue in clues)
    assert first["place_id"] in call("clues", "--limit", "1", *place)
    several = read("clues", "--least-findings", "2", "--sort", "findings", *place)
    assert all(one["findings"] >= 2 for one in several)
    call("clues", "--out", str(tmp_path / "clues.parquet"), *place)
    assert pl.read_parquet(tmp_path / "clues.parquet").height == len(clues)
    assert call("clues", "--reasons", "--limit", "2", *place).strip()
