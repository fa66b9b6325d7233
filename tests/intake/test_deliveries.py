"""Deliveries over time: the same again, a corrected one, control totals, and the quarantine as a work list."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from jicha.errors import JichaError
from jicha.intake import LoadReport, coverage, load, quarantine_export, quarantine_list, replay
from jicha.mart import Mart

from .conftest import ORG
from .helpers import figures, rows

Deliver = Callable[..., LoadReport]

BILL = (
    "bill_id,customer_no,org_no,bill_month,kind,period_from,period_to,kwh,total_yuan\n"
    "B1,C1,0101,2026-10-01,normal,2026-09-01,2026-10-01,100,54.69\n"
    "B2,C2,0101,2026-10-01,normal,2026-09-01,2026-10-01,200.5,109.65\n"
)


def test_same_delivery_again_changes_nothing(deliver: Deliver, mart: Mart) -> None:
    first = deliver({"org.csv": ORG})
    again = deliver({"org.csv": ORG})
    assert figures(first) == (2, 2, 0, 0, 0)
    assert figures(again) == (2, 0, 0, 2, 0) and again.is_repeated
    assert len(mart.snapshots()) == 1


def test_same_rows_in_another_order_change_nothing(deliver: Deliver, mart: Mart) -> None:
    deliver({"org.csv": ORG})
    head, one, two = ORG.splitlines(keepends=True)
    assert figures(deliver({"org.csv": head + two + one})) == (2, 0, 0, 2, 0)
    assert len(mart.snapshots()) == 1


def test_corrected_delivery_reports_the_difference(deliver: Deliver, mart: Mart) -> None:
    deliver({"bill.csv": BILL})
    report = deliver(
        {
            "bill.csv": BILL.replace("200.5,109.65", "210.5,110.00")
            + BILL.splitlines()[1].replace("B1", "B3")
            + "\n"
        }
    )
    assert figures(report) == (3, 1, 1, 1, 0)
    assert (
        report.tables[0]["deltas"]["kwh"] == "10.0000" and report.tables[0]["deltas"]["total_yuan"] == "0.35"
    )
    assert len(mart.snapshots()) == 2


def test_report_is_plain_data(deliver: Deliver) -> None:
    report = deliver({"org.csv": ORG, "notes.doc": b"x"})
    data = json.loads(json.dumps(report.to_dict()))
    assert data["files"][0]["rows_read"] == 2 and data["snapshot_id"] == 1
    assert data["ignored"] == [str(Path(report.files[0].path).parent / "notes.doc")]


CONTROLS = {
    "control.yaml": "bill: {rows: 2, kwh: 300.5, yuan: 164.34}\n",
    "control.csv": "table,rows,kwh,yuan,sum_total_yuan\nbill,2,300.5000,164.34,164.34\n",
}


@pytest.mark.parametrize("name", CONTROLS)
def test_control_totals_that_hold(name: str, deliver: Deliver) -> None:
    report = deliver({"bill.csv": BILL, name: CONTROLS[name]})
    assert {one.verdict for one in report.controls} == {"equal"} and len(report.controls) >= 3


def test_control_totals_count_what_is_in_quarantine(deliver: Deliver) -> None:
    bad = 'B3,C3,0101,2026-10-01,odd,2026-09-01,2026-10-01,"1,000",1.00\n'
    report = deliver(
        {"bill.csv": BILL + bad, "control.yaml": "bill.csv: {rows: 3, kwh: 1300.5, yuan: 165.34}\n"}
    )
    assert {one.verdict for one in report.controls} == {"equal_with_quarantine"}
    assert [one.quarantined for one in report.controls] == ["1", "1000.0000", "1.00"]


def test_control_totals_that_differ_refuse_the_load(deliver: Deliver, mart: Mart) -> None:
    files = {"bill.csv": BILL, "control.yaml": "bill: {rows: 3, yuan: 200.00}\n"}
    with pytest.raises(JichaError, match=r"35\.66 are missing"):
        deliver(files)
    assert mart.latest() is None
    report = deliver(files, accept_control_difference=True)
    assert {one.verdict for one in report.controls} == {"differs"} and report.snapshot_id == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("bills: {rows: 3}\n", "totals for 'bills'"),
        ("bill: {cows: 3}\n", "a total of 'cows'"),
        ("bill: {rows: many}\n", "expected a number"),
        ("bill: 3\n", "another structure"),
    ],
)
def test_control_file_that_cannot_be_used(content: str, message: str, deliver: Deliver) -> None:
    with pytest.raises(JichaError, match=message):
        deliver({"bill.csv": BILL, "control.yaml": content})


def fix(source: Path, target: Path, changes: dict[int, dict[str, str]]) -> Path:
    """Write a work list with some cells changed, row by row."""
    with source.open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    for number, cells in changes.items():
        lines[number].update(cells)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, lines[0].keys())
        writer.writeheader()
        writer.writerows(lines)
    return target


BAD_ORG = ORG + "0103,x,bad\n0104,y\n0105,z,worse\n"


def test_fix_and_replay(deliver: Deliver, mart: Mart, tmp_path: Path) -> None:
    deliver({"org.csv": BAD_ORG})
    assert quarantine_export(mart, tmp_path / "work.csv") == 3
    fixed = fix(
        tmp_path / "work.csv", tmp_path / "fixed.csv", {0: {"level": "city"}, 1: {"_decision": "drop"}}
    )
    report = replay(mart, fixed)
    assert figures(report) == (2, 1, 0, 0, 1)
    assert sorted(row[0] for row in rows(mart, "org", "org_no")) == ["0101", "0102", "0103"]
    assert [entry.row["org_no"] for entry in quarantine_list(mart)] == ["0105"]
    again = replay(mart, fixed)
    assert again.is_repeated and len(mart.snapshots()) == 2


def test_work_list_as_a_workbook(deliver: Deliver, mart: Mart, tmp_path: Path) -> None:
    deliver({"org.csv": ORG + "00103,x,bad\n"})
    quarantine_export(mart, tmp_path / "work.xlsx")
    report = replay(mart, tmp_path / "work.xlsx")
    assert figures(report) == (1, 0, 0, 0, 1)
    assert quarantine_list(mart)[0].row["org_no"] == "00103"


def test_replay_refuses_rows_that_are_not_in_quarantine(deliver: Deliver, mart: Mart, tmp_path: Path) -> None:
    deliver({"org.csv": BAD_ORG})
    quarantine_export(mart, tmp_path / "work.csv")
    fixed = fix(tmp_path / "work.csv", tmp_path / "fixed.csv", {0: {"_id": "nobody"}})
    with pytest.raises(JichaError, match=r"fixed.csv:2:_id: found 'nobody'"):
        replay(mart, fixed)


def test_quarantine_is_settled_only_once_and_stays_settled(
    deliver: Deliver, mart: Mart, tmp_path: Path
) -> None:
    deliver({"org.csv": BAD_ORG})
    quarantine_export(mart, tmp_path / "work.csv")
    replay(
        mart,
        fix(
            tmp_path / "work.csv",
            tmp_path / "f.csv",
            {0: {"level": "city"}, 1: {"_decision": "drop"}, 2: {"_decision": "drop"}},
        ),
    )
    deliver({"org.csv": BAD_ORG})
    assert quarantine_list(mart) == []


def test_export_holds_no_formula(deliver: Deliver, mart: Mart, tmp_path: Path) -> None:
    names = ["=1+1", "+cmd", "-2+3", "@sum", "-5.5"]
    deliver({"org.csv": "org_no,name,level\n" + "".join(f"{n},{name},bad\n" for n, name in enumerate(names))})
    quarantine_export(mart, tmp_path / "work.csv")
    with (tmp_path / "work.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["'=1+1", "'+cmd", "'-2+3", "'@sum", "-5.5"]
    changes = {number: {"level": "city"} for number in range(5)}
    replay(mart, fix(tmp_path / "work.csv", tmp_path / "f.csv", changes))
    assert [row[0] for row in rows(mart, "org", "name")] == names


def test_coverage(deliver: Deliver, mart: Mart) -> None:
    deliver({"bill.csv": BILL, "org.csv": ORG})
    latest = mart.latest()
    assert latest is not None
    needs = {
        "A": {"bill": ["kwh", "total_yuan"]},
        "B": {"bill": ["due_on"]},
        "C": {"reading": ["value"], "org": ["name"]},
    }
    report = coverage(latest, needs)
    assert report.runnable == ("A",)
    assert report.missing == {"B": ("bill.due_on",), "C": ("reading",)}
    assert (
        report.sentence
        == f"With this extract 2 of {len(mart.contract.tables)} tables are filled; 1 of 3 rules can run."
    )
    assert report.wanted() == [("bill.due_on", 1), ("reading", 1)]


def test_replace_mode_takes_rows_out(deliver: Deliver, mart: Mart, folder: Path) -> None:
    deliver({"bill.csv": BILL})
    (folder / "bill.csv").write_text("".join(BILL.splitlines(keepends=True)[:2]))
    report = load(mart, [folder], mode="replace")
    assert figures(report) == (1, 0, 0, 1, 0)
    assert rows(mart, "bill", "bill_id, total_yuan") == [("B1", Decimal("54.69"))]
