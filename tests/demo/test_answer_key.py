"""The answer key names subjects that exist, and covers every rule with faults and most with look-alikes."""

from __future__ import annotations

import csv
from collections import Counter

import duckdb
import pytest

from jicha.contract import contract
from jicha.demo import DemoSummary
from jicha.demo.answer_key import COLUMNS

RULES = [
    "MR-01",
    "MR-02",
    "MR-03",
    "MR-04",
    "MR-05",
    "MR-06",
    "MR-07",
    "MR-08",
    "MR-09",
    "MR-10",
    "MR-11",
    "MR-15",
    "MR-16",
    "BL-01",
    "BL-02",
    "BL-03",
    "BL-04",
    "BL-09",
    "BL-12",
    "BL-20",
    "BL-23",
    "BL-26",
    "BL-31",
    "CL-01",
    "CL-03",
    "CL-05",
    "CL-06",
    "CL-08",
    "MT-01",
    "MT-03",
    "MT-06",
    "MT-08",
    "MT-13",
    "BX-03",
    "BX-04",
    "BX-05",
    "BX-06",
    "BX-09",
    "BX-12",
    "IN-01",
    "IN-02",
    "IN-09",
    "LL-01",
    "LL-02",
    "LL-05",
    "CS-01",
    "CS-02",
    "SL-01",
    "SL-03",
    "SL-05",
    "NE-01",
    "NE-04",
    "EV-01",
    "PM-01",
    "PM-02",
]


@pytest.fixture(scope="module")
def answers(county: DemoSummary) -> list[dict[str, str]]:
    """Return the rows of the county's key."""
    with county.answer_key.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_columns(answers: list[dict[str, str]]) -> None:
    assert tuple(answers[0]) == COLUMNS


def test_every_rule_has_a_fault(answers: list[dict[str, str]]) -> None:
    faults = {row["rule_id"] for row in answers if row["kind"] == "fault" and row["note"] != "follows"}
    assert len(RULES) == 55
    assert sorted(set(RULES) - faults) == []


def test_most_rules_have_a_look_alike(answers: list[dict[str, str]]) -> None:
    alikes = {row["rule_id"] for row in answers if row["kind"] == "look_alike"}
    assert len(alikes & set(RULES)) >= 50


def test_subjects_exist(con: duckdb.DuckDBPyConnection, answers: list[dict[str, str]]) -> None:
    lost = []
    for row in answers:
        (key,) = contract().table(row["subject_kind"]).primary_key
        found = con.execute(
            f'SELECT count(*) FROM {row["subject_kind"]} WHERE "{key}" = ?', [row["subject_id"]]
        ).fetchone()
        if found != (1,):
            lost.append((row["rule_id"], row["subject_kind"], row["subject_id"]))
    assert lost == []


def test_no_subject_is_both_fault_and_look_alike_of_a_rule(answers: list[dict[str, str]]) -> None:
    kinds = Counter(
        {(row["rule_id"], row["subject_kind"], row["subject_id"], row["kind"]) for row in answers}
    )
    subjects = Counter(key[:3] for key in kinds)
    assert [subject for subject, count in subjects.items() if count > 1] == []


def test_months_are_in_order(answers: list[dict[str, str]]) -> None:
    assert all("2025-09" <= row["first_month"] <= row["last_month"] <= "2026-10" for row in answers)
