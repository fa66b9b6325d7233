"""Exceptions (白名单): approved, with an end, counted, and outside the library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from jicha.audit.exceptions import ExceptionEntry, ExceptionList
from jicha.errors import ExplainedError, ManyErrors
from jicha.home import Home, open_home

ENTRY = ExceptionEntry("MR-02", "M1", "核实无误", "王主任", date(2026, 10, 1), date(2027, 1, 1))


@pytest.fixture
def exceptions(tmp_path: Path) -> ExceptionList:
    return ExceptionList(tmp_path / "exceptions" / "exceptions.yaml")


def test_an_exception_survives_a_restart(exceptions: ExceptionList) -> None:
    exceptions.add(ENTRY)
    assert ExceptionList(exceptions.path).entries == [ENTRY]
    assert "核实无误" in exceptions.path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("day", "silent"), [(date(2026, 12, 31), True), (date(2027, 1, 1), False), (date(2027, 6, 1), False)]
)
def test_an_exception_ends_on_its_day(exceptions: ExceptionList, day: date, silent: bool) -> None:
    exceptions.add(ENTRY)
    assert (("MR-02", "M1") in exceptions.silenced(day)) is silent
    assert ENTRY.covers("MR-02", "M1", day) is silent


@pytest.mark.parametrize("changes", [{"reason": " "}, {"approved_by": ""}])
def test_reason_and_approver_are_asked_for(exceptions: ExceptionList, changes: dict[str, str]) -> None:
    with pytest.raises(ExplainedError, match="found no reason or no approver; expected both"):
        exceptions.add(replace(ENTRY, **changes))
    assert not exceptions.path.exists()


def test_an_end_before_its_start_is_refused(exceptions: ExceptionList) -> None:
    with pytest.raises(ExplainedError, match="expected a day after 2026-10-01"):
        exceptions.add(replace(ENTRY, expires_on=date(2026, 10, 1)))


def test_one_exception_a_subject_and_removal(exceptions: ExceptionList) -> None:
    exceptions.add(ENTRY)
    exceptions.add(replace(ENTRY, reason="again"))
    assert [entry.reason for entry in exceptions.entries] == ["again"]
    assert exceptions.remove("MR-02", "M1")
    assert not exceptions.remove("MR-02", "M1")
    assert ExceptionList(exceptions.path).entries == []


def test_a_broken_file_is_refused_with_all_its_problems(exceptions: ExceptionList) -> None:
    exceptions.path.parent.mkdir(parents=True)
    exceptions.path.write_text(
        "exceptions:\n  - {rule_id: MR-02}\n  - {subject_id: M1, colour: red}\n", encoding="utf-8"
    )
    with pytest.raises(ManyErrors) as caught:
        ExceptionList(exceptions.path)
    text = str(caught.value)
    assert all(
        part in text for part in ("exceptions[1]", "exceptions[2]", "subject_id", "colour", "approved_by")
    )


def test_what_is_silenced_stays_counted(home_copy: Callable[[str], Home]) -> None:
    home = home_copy("silent")
    loud = home.audit("2026-10", rules=["MR-02", "BL-26"])
    one = next(row for row in loud.findings.to_pylist() if row["rule_id"] == "MR-02")
    home.exceptions.add(replace(ENTRY, subject_id=one["subject_id"]))
    quiet = open_home(home.path).audit("2026-10", rules=["MR-02", "BL-26"])
    assert quiet.run_id != loud.run_id
    assert one["finding_id"] not in quiet.findings["finding_id"].to_pylist()
    assert quiet.silenced["finding_id"].to_pylist() == [one["finding_id"]]
    assert sum(v.silenced for v in quiet.manifest.verdicts) == 1
    summary = quiet.summary("en")
    assert (summary.silenced, summary.silenced_yuan) == (1, one["yuan_at_stake"] or Decimal(0))
    expired = home.audit("2026-10", rules=["MR-02", "BL-26"], as_of=date(2027, 1, 1))
    assert expired.silenced.num_rows == 0
