"""A subject that a month tells nothing of is not cleared: bills every second month, quarterly readings, a silent meter."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from jicha.audit import cases
from jicha.audit.finding import rows_of
from jicha.audit.library import lint_rule, load_library
from jicha.audit.lifecycle import FOUND_SCHEMA, place
from jicha.audit.observed import OBSERVING, absent_of, observations_of, unobserved
from jicha.audit.rule import Case, Rule
from jicha.audit.workspace import Moment, Workspace, calendar_span, create_working_day
from jicha.contract import contract
from jicha.home import Home, open_home
from jicha.periods import parse_month
from tests.audit.test_run import own_rule

LIBRARY = load_library()
DEFAULTS = cases.case_defaults()
MONTHS = [date(2026, number, 1) for number in range(1, 7)]

# What each point's register moved by in the months in which it was read; more than 500 is the fault.
QUARTERLY_FAULTY = {1: 900, 4: 900}
READ = {
    "always": dict.fromkeys(range(1, 7), 100),
    "quarterly": QUARTERLY_FAULTY,
    "repaired": {1: 900, 4: 300},
    "relapsed": {1: 900, 3: 200, 5: 900},
    "silent": {1: 900},
    "unread": {1: 900, 2: None, 3: 100},
}
# The same months by hand: n new, c continuing, r recurred, x cleared in this month; "-" stands and was not judged,
# "." is known no more than before (cleared long ago, or never found).
LIVES = {
    "always": "......",
    "quarterly": "n--c--",
    "repaired": "n--x..",
    "relapsed": "n-x.r-",
    "silent": "n-----",
    "unread": "n-x...",
}
SIGN = {"new": "n", "continuing": "c", "recurred": "r", "cleared": "x"}


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    whole = [{**DEFAULTS[name], **row} for row in rows]
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, sorted({key for row in whole for key in row}))
        writer.writeheader()
        writer.writerows(whole)


def reading(point: str, month: int, moved: int | None) -> dict[str, Any]:
    at = f"2026-{month:02d}-20 00:00:00"
    value = None if moved is None else 1000 + moved
    status = "missed" if moved is None else "read"
    return {"mp_id": point, "meter_id": f"meter-{point}", "bill_month": f"2026-{month:02d}-01", "previous_value": 1000,
            "value": value, "read_at": at, "status": status}  # fmt: skip


@pytest.fixture
def quarterly(tmp_path: Path) -> Home:
    """Six months of a station whose points are read monthly, every second month, quarterly or no more."""
    folder = tmp_path / "extract"
    folder.mkdir()
    write(folder, "org", [{}])
    write(folder, "customer", [{"customer_no": f"customer-{point}"} for point in READ])
    write(folder, "metering_point", [{"mp_id": point, "customer_no": f"customer-{point}"} for point in READ])
    readings = [reading(p, month, moved) for p, months in READ.items() for month, moved in months.items()]
    write(folder, "reading", readings)
    bills = [
        {"bill_id": f"{p}-{month}", "customer_no": f"customer-{p}", "bill_month": f"2026-{month:02d}-01", "kwh": moved}
        for p, months in READ.items() for month, moved in months.items() if moved is not None
    ]  # fmt: skip
    write(folder, "bill", bills)
    home = open_home(tmp_path / "home")
    assert home.load([folder]).quarantined == 0
    return home


def lives(home: Home, subjects: Mapping[str, str]) -> dict[str, str]:
    """Audit each month; return what became of each subject in it, one sign a month."""
    told = dict.fromkeys(subjects, "")
    for month in MONTHS:
        run = home.audit(month, rules=["ZZ-01"])
        ledger = home.store.ledger(run.manifest)
        assert ledger is not None
        rows = {row["subject_id"]: row for row in ledger.to_pylist()}
        for name, subject in subjects.items():
            row = rows.get(subject)
            judged = row is not None and row["run_id"] == run.run_id
            told[name] += SIGN[row["status"]] if row and judged else "-" if row and row["active"] else "."
    return told


READING_RULE = """
SELECT m.mp_id AS subject_id, p.org_no, p.customer_no, m.mp_id
FROM reading AS m INNER JOIN metering_point AS p ON p.mp_id = m.mp_id
WHERE m.bill_month = $month AND m.value - m.previous_value > 500
"""
BILL_RULE = (
    "SELECT b.customer_no AS subject_id, b.org_no FROM bill AS b WHERE b.bill_month = $month AND b.kwh > 500"
)


def test_a_point_is_judged_only_in_months_with_its_reading(quarterly: Home) -> None:
    needs = "{reading: [previous_value, value], metering_point: [customer_no]}"
    own_rule(quarterly, "ZZ-01_reading", READING_RULE, needs=needs, subject="metering_point")
    assert lives(quarterly, {point: point for point in READ}) == LIVES


def test_a_customer_is_judged_only_in_months_with_a_bill(quarterly: Home) -> None:
    own_rule(quarterly, "ZZ-01_bill", BILL_RULE, needs="{bill: [kwh]}", subject="customer")
    assert lives(quarterly, {point: f"customer-{point}" for point in READ}) == LIVES


def test_a_rule_that_needs_no_monthly_rows_always_judges(quarterly: Home) -> None:
    """The archive is there every month, so what it does not show any more is cleared at once."""
    sql = (
        "SELECT c.customer_no AS subject_id, c.org_no FROM customer AS c WHERE month($month) IN (1, 4) "
        "AND c.customer_no = 'customer-quarterly'"
    )
    own_rule(quarterly, "ZZ-01_archive", sql, needs="{customer: [org_no]}")
    assert lives(quarterly, {"quarterly": "customer-quarterly"}) == {"quarterly": "nx.rx."}


def test_what_was_not_judged_keeps_its_life(quarterly: Home) -> None:
    needs = "{reading: [previous_value, value], metering_point: [customer_no]}"
    own_rule(quarterly, "ZZ-01_reading", READING_RULE, needs=needs, subject="metering_point")
    first = quarterly.audit(MONTHS[0], rules=["ZZ-01"])
    third = [quarterly.audit(month, rules=["ZZ-01"]) for month in MONTHS[1:3]][-1]
    ledger = quarterly.store.ledger(third.manifest)
    assert ledger is not None
    row = next(row for row in ledger.to_pylist() if row["subject_id"] == "quarterly")
    assert (row["status"], row["first_seen"], row["last_seen"]) == ("new", MONTHS[0], MONTHS[0])
    assert (row["run_id"], row["active"], row["message"]) == (first.run_id, True, "户 quarterly")


# ── every shipped rule ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def utility(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty utility with every contract table."""
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def hits() -> Iterator[Any]:
    """Every worked hit of a standing rule; only some in each run, all in the proof."""
    quick = {"MR-15", "LL-01", "LL-05", "BX-12", "MT-06", "BL-31", "CL-01", "MR-01"}
    for rule in LIBRARY.rules.values():
        for number, case in enumerate(rule.cases):
            if rule.lifecycle == "standing" and case.kind == "hit":
                mark = () if rule.rule_id in quick else (pytest.mark.proof,)
                yield pytest.param(rule, case, id=f"{rule.rule_id}-{number}", marks=mark)


def found(connection: duckdb.DuckDBPyConnection, rule: Rule, case: Case, moment: Moment) -> pa.Table:
    workspace = Workspace(connection, moment)
    workspace.build(LIBRARY.facts_of(rule.facts))
    values = {**rule.defaults, **cases._parameters(rule, case)}
    rows = rows_of(rule, workspace.rows(rule, values), 1, moment.month)
    return pa.Table.from_pylist([{**row, "silenced": False} for row in rows], schema=FOUND_SCHEMA)


@pytest.mark.parametrize(("rule", "case"), list(hits()))
def test_a_month_without_rows_clears_nothing(
    rule: Rule, case: Case, utility: duckdb.DuckDBPyConnection
) -> None:
    """Take away what the month observed: what the rule then no longer finds was not judged."""
    moment = Moment.of(parse_month(case.month[:7]), case.parameters.get("as_of"))
    cases._fill(utility, LIBRARY, rule, case, DEFAULTS)
    create_working_day(utility, *calendar_span([moment.month]))
    before = place(
        found(utility, rule, case, moment), base=None, same_month=None, judged=(), rules=[rule],
        month=moment.month, run_id="a", snapshot_id=1,
    )  # fmt: skip
    here = {name for (name,) in utility.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    for table in sorted(OBSERVING):
        if table not in here:
            utility.execute(contract().table(table).ddl())
        field = contract().table(table).month_field
        utility.execute(f"DELETE FROM {table} WHERE date_trunc('month', \"{field}\") >= ?", [moment.month])
    absent = absent_of(before, found(utility, rule, case, moment), [rule])
    assert sorted(unobserved(utility, absent, [rule], moment.month)) == sorted(
        absent["finding_id"].to_pylist()
    )
    assert before.num_rows > 0


def test_a_paid_bill_is_cleared_without_another_bill(utility: duckdb.DuckDBPyConnection) -> None:
    """The subject is a document itself: CL-01 is cleared by the payment, whenever the next bill comes."""
    assert observations_of(LIBRARY.rule("CL-01")) == ()
    assert observations_of(LIBRARY.rule("MR-02")) == (frozenset({"daily_freeze"}), frozenset({"reading"}))
    assert observations_of(LIBRARY.rule("BL-31")) == (frozenset({"curve", "reading"}),)


@pytest.mark.parametrize("judged_by", ["[meter]", "[reading or customer]", "['reading, bill']"])
def test_judged_by_names_observing_tables_only(judged_by: str, quarterly: Home) -> None:
    needs = "{reading: [previous_value, value], metering_point: [customer_no]}"
    own_rule(quarterly, "ZZ-01_x", READING_RULE, needs=needs, subject="metering_point", judged_by=judged_by)
    problems = lint_rule(quarterly.library, quarterly.library.rule("ZZ-01"))
    assert (
        len(problems) == 1
        and "judged_by names" in problems[0]
        and "daily_freeze, district_daily" in problems[0]
    )


def test_a_district_is_judged_by_the_freezes_of_its_points(utility: duckdb.DuckDBPyConnection) -> None:
    """District D1 has a frozen point and its own energy, D2 only its own energy: D2 was not judged."""
    rule = LIBRARY.rule("LL-01")
    for table in ("metering_point", "daily_freeze", "district_daily"):
        utility.execute(contract().table(table).ddl().replace(" NOT NULL", ""))
    for district in ("D1", "D2"):
        utility.execute(
            "INSERT INTO metering_point (mp_id, district_id) VALUES (?, ?)", [f"M-{district}", district]
        )
        utility.execute(
            "INSERT INTO district_daily (district_id, day, supply_kwh) VALUES (?, '2026-02-03', 9)",
            [district],
        )
    utility.execute(
        "INSERT INTO daily_freeze (mp_id, meter_id, day, register, value) VALUES ('M-D1', 'A', '2026-02-03', 'total', 5), ('M-D2', 'A', '2026-03-01', 'total', 5)"
    )
    absent = pa.Table.from_pylist(
        [{"finding_id": d, "rule_id": "LL-01", "subject_kind": "district", "subject_id": d, "kwh_at_stake": Decimal(1)} for d in ("D1", "D2")],
        schema=FOUND_SCHEMA,
    )  # fmt: skip
    assert unobserved(utility, absent, [rule], date(2026, 2, 1)) == ["D2"]
