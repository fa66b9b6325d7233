"""Identity and life of findings: new, continuing, cleared, recurred; documents only within their month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from jicha.audit.finding import RuleResultError, finding_id, rows_of, shown
from jicha.audit.library import load_library
from jicha.audit.lifecycle import FOUND_SCHEMA, place
from jicha.audit.rule import Rule, Value

LIBRARY = load_library()
SEPTEMBER, OCTOBER, NOVEMBER = date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)


def rule_with(**changes: Any) -> Rule:
    rule = next(iter(LIBRARY.rules.values()))
    plain = {
        "rule_id": "XX-01", "subject": "customer", "fingerprint": ("subject_id",), "lifecycle": "standing", "needs": {},
        "value": Value("kwh_at_stake", "yuan_at_stake", "company", ""), "message": {"zh": "{subject_id}", "en": "{subject_id}"},
    }  # fmt: skip
    return replace(rule, **{**plain, **changes})


STANDING = rule_with()
DOCUMENT = rule_with(rule_id="XX-02", lifecycle="occurrence")


def found(rule: Rule, subjects: list[str], month: date, **more: Any) -> list[dict[str, Any]]:
    rows = [
        {
            "subject_id": s,
            "org_no": "A",
            "kwh_at_stake": Decimal(1),
            "yuan_at_stake": Decimal("1.005"),
            **more,
        }
        for s in subjects
    ]
    return (
        [{**row, "silenced": False} for row in rows_of(rule, pa.Table.from_pylist(rows), 1, month)]
        if rows
        else []
    )


def run(rows: list[dict[str, Any]], month: date, base: pa.Table | None = None, **more: Any) -> pa.Table:
    judged = more.pop("judged", [(r, o) for r in ("XX-01", "XX-02") for o in ("A", "")])
    return place(
        pa.Table.from_pylist(rows, schema=FOUND_SCHEMA), base=base, same_month=more.pop("same_month", None),
        judged=judged, rules=[STANDING, DOCUMENT], month=month, run_id=f"run-{month}", snapshot_id=1,
    )  # fmt: skip


def lives(ledger: pa.Table) -> dict[str, str]:
    return {row["subject_id"]: row["status"] for row in ledger.to_pylist()}


def test_a_fault_lives_from_new_to_recurred() -> None:
    first = run(found(STANDING, ["c1", "c2"], SEPTEMBER), SEPTEMBER)
    second = run(found(STANDING, ["c1", "c3"], OCTOBER), OCTOBER, first)
    third = run(found(STANDING, ["c1", "c2"], NOVEMBER), NOVEMBER, second)
    assert lives(first) == {"c1": "new", "c2": "new"}
    assert lives(second) == {"c1": "continuing", "c2": "cleared", "c3": "new"}
    assert lives(third) == {"c1": "continuing", "c2": "recurred", "c3": "cleared"}
    c1 = next(row for row in third.to_pylist() if row["subject_id"] == "c1")
    assert (c1["first_seen"], c1["last_seen"]) == (SEPTEMBER, NOVEMBER)


def test_what_was_not_judged_is_not_cleared() -> None:
    first = run(found(STANDING, ["c1"], SEPTEMBER), SEPTEMBER)
    second = run([], OCTOBER, first, judged=[])
    assert lives(second) == {"c1": "new"}
    assert second["active"].to_pylist() == [True]


def test_documents_of_another_month_stay_with_its_run() -> None:
    first = run(found(DOCUMENT, ["d1"], SEPTEMBER), SEPTEMBER)
    second = run(found(DOCUMENT, ["d2"], OCTOBER), OCTOBER, first)
    assert lives(second) == {"d2": "new"}


def test_what_was_cleared_long_ago_keeps_its_dates_only() -> None:
    first = run(found(STANDING, ["c1"], SEPTEMBER), SEPTEMBER)
    third = run([], NOVEMBER, run([], OCTOBER, first))
    (row,) = third.to_pylist()
    assert (row["status"], row["active"], row["last_seen"]) == ("cleared", False, SEPTEMBER)
    assert row["message"] is None and row["run_id"] == "run-2026-10-01"


def test_a_corrected_delivery_clears_documents_of_its_month() -> None:
    first = run(found(DOCUMENT, ["d1", "d2"], OCTOBER), OCTOBER)
    again = run(found(DOCUMENT, ["d1"], OCTOBER), OCTOBER, first, same_month=first)
    assert lives(again) == {"d1": "continuing", "d2": "cleared"}


def test_identity_holds_the_fingerprint_only() -> None:
    row = {"subject_id": "c1", "yuan_at_stake": Decimal("5.00"), "bill_month": SEPTEMBER}
    later = {"subject_id": "c1", "yuan_at_stake": Decimal("7.10"), "bill_month": OCTOBER}
    assert finding_id(STANDING, row) == finding_id(STANDING, later)
    assert finding_id(STANDING, row) != finding_id(STANDING, {**row, "subject_id": "c2"})
    assert finding_id(STANDING, row) != finding_id(DOCUMENT, row)


def test_two_rows_of_one_identity_are_refused() -> None:
    with pytest.raises(RuleResultError, match="two rows with subject_id=c1"):
        found(STANDING, ["c1", "c1"], OCTOBER)


def test_money_is_rounded_half_up_to_the_cent() -> None:
    (row,) = found(STANDING, ["c1"], OCTOBER)
    assert row["yuan_at_stake"] == Decimal("1.01")
    assert row["direction"] == "company"


def test_direction_follows_the_sign_where_the_rule_says_so() -> None:
    signed = rule_with(value=Value("kwh_at_stake", "yuan_at_stake", "by_sign", ""))
    (row,) = rows_of(
        signed,
        pa.Table.from_pylist(
            [{"subject_id": "c", "kwh_at_stake": Decimal(-3), "yuan_at_stake": Decimal("-2.5")}]
        ),
        1,
        OCTOBER,
    )
    assert (row["direction"], row["kwh_at_stake"], row["yuan_at_stake"]) == (
        "customer",
        Decimal("3.0000"),
        Decimal("2.50"),
    )


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("fee_yuan", Decimal("1234.5"), "1,234.50"),
        ("kwh", Decimal("1234567.8900"), "1,234,567.89"),
        ("kwh", Decimal("-0.5000"), "-0.5"),
        ("kwh", Decimal("100.0000"), "100"),
        ("bill_month", OCTOBER, "2026-10"),
        ("read_on", OCTOBER, "2026-10-01"),
        ("note", None, "—"),
        ("count", 12345, "12,345"),
    ],
)
def test_values_are_shown_as_people_read_them(name: str, value: Any, text: str) -> None:
    assert shown(name, value) == text
