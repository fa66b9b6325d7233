"""With --org, a user's rule reads the rows of that organisation and those below it, and no others (promise A6)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jicha.audit.library import load_library
from jicha.audit.run import AuditRun, RunOptions
from jicha.audit.scope import OwnRows, owning_keys, owning_keys_of_fact, referring
from jicha.contract import contract
from jicha.home import Home
from tests.audit.test_run import own_rule

OCTOBER = "2026-10"
# What belongs to nobody: everyone's prices and calendar, and the policy tables among the facts.
SHARED = {"price", "price_step", "working_calendar"}

# A province with two counties; county 2 has a station below it. Everything with "own" in its name is county 2's.
TREE = [("1", None), ("21", "1"), ("22", "1"), ("221", "22")]
OWN = ["22", "221"]


def test_every_table_has_an_owner_or_is_everyones() -> None:
    """A new table without a path to an organisation must be decided on, not slip through."""
    ownerless = {name for name in contract().tables if not owning_keys(name) and not referring(name)}
    assert ownerless == SHARED


def test_every_fact_with_a_subject_has_an_owner() -> None:
    facts = load_library().facts
    ownerless = {name for name, fact in facts.items() if not owning_keys_of_fact(fact.columns)}
    subjects = {
        "org_no",
        "customer_no",
        "mp_id",
        "bill_id",
        "district_id",
        "feeder_id",
        "order_no",
        "meter_id",
    }
    assert not {name for name in ownerless if subjects & set(facts[name].columns)}
    assert {"tariff_class", "power_factor_standard"} <= ownerless


@contextmanager
def utility(rows: Mapping[str, list[dict[str, Any]]]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        for name, table in contract().tables.items():
            connection.execute(table.ddl().replace(" NOT NULL", ""))
            for row in rows.get(name, ()):
                marks = ", ".join(f'"{column}"' for column in row)
                values = ", ".join("?" * len(row))
                connection.execute(f'INSERT INTO "{name}" ({marks}) VALUES ({values})', list(row.values()))
        for org_no, parent in TREE:
            connection.execute(
                "INSERT INTO org (org_no, parent_org_no, name, level) VALUES (?, ?, '', '')", [org_no, parent]
            )
        yield connection


def own(rows: Mapping[str, list[dict[str, Any]]], name: str, folder: Path) -> list[Any]:
    """Return the first column of what OwnRows gives of a table."""
    with utility(rows) as connection:
        columns = {field.name: field.sql_type for field in contract().table(name).fields}
        path = OwnRows(connection, OWN, folder).file(name, columns)
        assert path is not None
        table = pq.read_table(path)
        assert table.column_names == list(columns)
        return sorted(table.column(0).to_pylist())


CUSTOMERS = [
    {"customer_no": "own", "org_no": "22"}, {"customer_no": "own below", "org_no": "221"},
    {"customer_no": "sister", "org_no": "21"}, {"customer_no": "above", "org_no": "1"},
]  # fmt: skip
POINTS = [
    {"mp_id": "own M", "customer_no": "own", "org_no": "22"},
    {"mp_id": "sister M", "customer_no": "sister", "org_no": "21"},
]
STAFF = [{"employee_id": "own E", "org_no": "22"}, {"employee_id": "sister E", "org_no": "21"}]
ORDERS = [
    {"order_no": "own W", "org_no": "22", "customer_no": "sister"},
    {"order_no": "sister W", "org_no": "21", "customer_no": "own"},
]
SUBJECTS = {"customer": CUSTOMERS, "metering_point": POINTS, "employee": STAFF, "work_order": ORDERS}


@pytest.mark.parametrize(
    ("table", "rows", "expected"),
    [
        ("org", [], OWN),
        ("customer", [], ["own", "own below"]),
        # Its own org_no decides, whoever the customer belongs to.
        ("work_order", [], ["own W"]),
        ("work_order_node", [{"order_no": o["order_no"], "seq": 1} for o in ORDERS], ["own W"]),
        ("reading", [{"mp_id": p["mp_id"]} for p in POINTS] + [{"mp_id": "unknown"}], ["own M"]),
        # The state of an own transformer, switched by an order of another county.
        ("transformer_state", [{"transformer_id": "own T", "order_no": "sister W"}, {"transformer_id": "sister T", "order_no": "own W"}], ["own T"]),
        # A log speaks of its customer, else of its order, else of who did it.
        ("operation_log", [
            {"op_id": "own 1", "customer_no": "own", "account_id": "sister A"},
            {"op_id": "own 2", "order_no": "own W", "account_id": "sister A"},
            {"op_id": "own 3", "account_id": "own A"},
            {"op_id": "sister 1", "customer_no": "sister", "account_id": "own A"},
            {"op_id": "sister 2", "account_id": "sister A"},
            {"op_id": "nobody's"},
        ], ["own 1", "own 2", "own 3"]),
        # A meter belongs to nobody; it is seen where it hangs, hung, or was tested.
        ("meter", [{"meter_id": m} for m in ("own hangs", "own tested", "sister hangs", "in the store")], ["own hangs", "own tested"]),
        ("seal", [{"seal_no": "own S", "issued_to": "own E"}, {"seal_no": "sister S", "issued_to": "sister E"}, {"seal_no": "new S"}], ["own S"]),
    ],
)  # fmt: skip
def test_a_row_is_whose_its_keys_say(
    table: str, rows: list[dict[str, Any]], expected: list[str], tmp_path: Path
) -> None:
    given = {
        **SUBJECTS,
        "transformer": [{"transformer_id": "own T", "customer_no": "own"}, {"transformer_id": "sister T", "customer_no": "sister"}],
        "account": [{"account_id": "own A", "employee_id": "own E"}, {"account_id": "sister A", "employee_id": "sister E"}],
        "meter_installation": [{"mp_id": "own M", "meter_id": "own hangs"}, {"mp_id": "sister M", "meter_id": "sister hangs"}],
        "meter_test": [{"test_id": "1", "mp_id": "own M", "meter_id": "own tested"}],
    }  # fmt: skip
    if rows:
        given[table] = rows
    assert own(given, table, tmp_path) == expected


def test_what_is_everyones_is_not_copied(tmp_path: Path) -> None:
    with utility({}) as connection:
        rows = OwnRows(connection, OWN, tmp_path)
        assert [rows.file(name, {"a": "VARCHAR"}) for name in sorted(SHARED)] == [None, None, None]
        assert rows.file("tariff_class", {"tariff_code": "VARCHAR"}) is None


# ── through the worker, on the demo utility ──────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def organisation(extract: Path) -> str:
    """The organisation with the fewest customers, so that there is more to hide than to show."""
    with (extract / "customer.csv").open(encoding="utf-8-sig", newline="") as file:
        counts: dict[str, int] = {}
        for row in csv.DictReader(file):
            counts[row["org_no"]] = counts.get(row["org_no"], 0) + 1
    assert len(counts) > 1
    return min(counts, key=lambda org_no: counts[org_no])


def keys_of(extract: Path, table: str, key: str, org_no: str) -> set[str]:
    with (extract / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row[key] for row in csv.DictReader(file) if row["org_no"] == org_no}


# The greediest rules: all rows of a table or fact, with how many the rule could see at all. Each claims every row for
# the audited organisation, so that the filter on findings would let all of them pass.
GREEDY = {
    "customer": (
        "SELECT c.customer_no AS subject_id, 'ORG' AS org_no, (SELECT count(*) FROM customer) AS seen FROM customer AS c",
        "{customer: [org_no]}", "[]",
    ),
    "reading": (
        "SELECT p.customer_no AS subject_id, 'ORG' AS org_no, (SELECT count(DISTINCT mp_id) FROM reading) AS seen "
        "FROM metering_point AS p GROUP BY p.customer_no",
        "{reading: [value], metering_point: [customer_no]}", "[]",
    ),
    "fact": (
        "SELECT m.customer_no AS subject_id, 'ORG' AS org_no, (SELECT count(DISTINCT mp_id) FROM point_month) AS seen "
        "FROM point_month AS m GROUP BY m.customer_no",
        "{reading: [value]}", "[point_month]",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "keep_facts"), [(name, True) for name in GREEDY] + [("fact", False)])
def test_a_rule_that_takes_everything_gets_its_own_rows_only(
    name: str, keep_facts: bool, home_copy: Callable[[str], Home], extract: Path, organisation: str
) -> None:
    home = home_copy("greedy")
    sql, needs, facts = GREEDY[name]
    own_rule(home, "ZZ-01_greedy", sql.replace("ORG", organisation), needs=needs, facts=facts)
    findings = home.audit(OCTOBER, rules=["ZZ-01"], org_no=organisation, keep_facts=keep_facts).findings
    customers = keys_of(extract, "customer", "customer_no", organisation)
    points = keys_of(extract, "metering_point", "mp_id", organisation)
    with (extract / "reading.csv").open(encoding="utf-8-sig", newline="") as file:
        read = {row["mp_id"] for row in csv.DictReader(file)} & points
    found = set(findings["subject_id"].to_pylist())
    assert found <= customers if name == "fact" else found == customers
    seen = {json.loads(text)["columns"]["seen"] for text in findings["evidence"].to_pylist()}
    assert seen == {str(len(customers if name == "customer" else read))}


def test_a_fact_of_the_month_is_filtered_for_each_month(
    home_copy: Callable[[str], Home], organisation: str
) -> None:
    """The second month does not read the first one's rows, and nothing is left behind on disk."""
    home = home_copy("months")
    sql = (
        f"SELECT b.customer_no AS subject_id, '{organisation}' AS org_no, sum(b.received_yuan) AS received "
        "FROM bill_balance AS b GROUP BY b.customer_no"
    )
    own_rule(home, "ZZ-01_received", sql, needs="{bill: [total_yuan]}", facts="[bill_balance]")
    options = RunOptions(rule_ids=("ZZ-01",), org_no=organisation)
    audit = AuditRun(
        home.mart, home.snapshot(), home.library, options, home.exceptions.silenced, lambda *_: None
    )
    months = [date(2026, 9, 1), date(2026, 10, 1)]
    together = [told(home.store.findings(manifest)) for manifest in audit.over(months)]
    alone = [told(home.audit(month, rules=["ZZ-01"], org_no=organisation).findings) for month in months]
    assert together == alone and together[0] != together[1]
    assert list((home.mart.root / "tmp").glob("*")) == []


def told(findings: pa.Table) -> dict[str, str | None]:
    evidence = (json.loads(text)["columns"].get("received") for text in findings["evidence"].to_pylist())
    return dict(zip(findings["subject_id"].to_pylist(), evidence, strict=True))
