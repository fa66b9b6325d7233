"""Databases over real connections: every value exact, every row accounted for, one moment for all tables."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pymysql
import pytest

from jicha.errors import JichaError
from jicha.intake import load, quarantine_list
from jicha.intake.database_kinds import DatabaseTable, Oracle, as_text
from jicha.intake.databases import open_database
from jicha.mart import Mart

from . import servers
from .helpers import figures, rows

pytestmark = pytest.mark.database

BILL = """
CREATE TABLE bill (bill_id VARCHAR(30), customer_no CHAR(24), org_no VARCHAR(9), bill_month DATE, kind VARCHAR(10), period_from DATE,
  period_to DATE, kwh {number}(20,6), total_yuan {number}(18,2), issued_at {moment}, trial_run BOOLEAN, remark TEXT)
"""
ROWS = [
    (
        "B1",
        "0012345678901234567890",
        "0101",
        "2026-10-01",
        "normal",
        "2026-09-01",
        "2026-10-01",
        "99999999999999.123400",
        "0.10",
        "2026-10-02 08:30:00",
        True,
        'say "hi",\nnow',
    ),
    (
        "B2",
        "2",
        "0101",
        "2026-10-01",
        "normal",
        "2026-09-01",
        "2026-10-01",
        "1.000001",
        "0.20",
        None,
        None,
        "too many decimals",
    ),
    (
        "B3",
        "3",
        "0101",
        "2026-10-01",
        "back_bill",
        "2026-09-01",
        "2026-10-01",
        "-5",
        "-1234567.89",
        None,
        False,
        "北京",
    ),
    ("B4", "4", "0101", "2026-10-01", "odd", "2026-09-01", "2026-10-01", "1", "1", None, False, None),
]
EXPECTED = [
    (
        "B1",
        "0012345678901234567890",
        date(2026, 10, 1),
        Decimal("99999999999999.1234"),
        Decimal("0.10"),
        datetime(2026, 10, 2, 8, 30),
        True,
    ),
    ("B3", "3", date(2026, 10, 1), Decimal("-5.0000"), Decimal("-1234567.89"), None, False),
]
COLUMNS = "bill_id, customer_no, bill_month, kwh, total_yuan, issued_at, trial_run"


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL that holds the bills."""
    with servers.postgresql() as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BILL.format(number="NUMERIC", moment="TIMESTAMPTZ"))
        connection.execute("SET timezone = 'Asia/Shanghai'")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO bill VALUES (" + ", ".join(["%s"] * 12) + ")", ROWS)
        connection.execute(
            "CREATE SCHEMA sg; CREATE TABLE sg.c_cons (cons_id INT, cons_no TEXT, cons_name TEXT, org_no TEXT, cons_sort_code TEXT, "
            "elec_type_code TEXT, volt_code TEXT, status_code TEXT, tmp_flag TEXT, build_date DATE, secret BYTEA)"
        )
        connection.execute(
            "INSERT INTO sg.c_cons VALUES (1, '007', '张三', '3440101', '03', '202', 'AC02202', '正常', '0', '2020-01-01', 'x')"
        )
        yield url


@pytest.fixture(scope="module")
def mariadb() -> Iterator[str]:
    """Run a MariaDB that holds the bills."""
    with servers.mariadb() as url:
        socket = urlsplit(url).query.partition("=")[2]
        with contextlib.closing(
            pymysql.connect(
                user="root", unix_socket=socket, database="extract", charset="utf8mb4", autocommit=True
            )
        ) as connection:
            with connection.cursor() as cursor:
                cursor.execute(BILL.format(number="DECIMAL", moment="DATETIME"))
                cursor.executemany("INSERT INTO bill VALUES (" + ", ".join(["%s"] * 12) + ")", ROWS)
            yield url


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_values_arrive_exactly(kind: str, request: pytest.FixtureRequest, mart: Mart) -> None:
    url = request.getfixturevalue(kind)
    report = load(mart, [url])
    assert figures(report) == (4, 2, 0, 0, 2)
    assert rows(mart, "bill", COLUMNS) == EXPECTED
    assert {(one.row["bill_id"], one.column, one.reason) for one in quarantine_list(mart)} == {
        ("B2", "kwh", "too_many_decimals"),
        ("B4", "kind", "unknown_code"),
    }
    again = load(mart, [url])
    assert figures(again) == (4, 0, 0, 2, 2)


def test_database_through_a_profile(postgresql: str, mart: Mart) -> None:
    report = load(mart, [postgresql], profile="sg186")
    assert figures(report) == (1, 1, 0, 0, 0)
    assert rows(mart, "customer", "customer_no, name, kind") == [("007", "张三", "lv_res")]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secret@127.0.0.1:1/x",
        "mysql://u:secret@127.0.0.1:1/x",
        "oracle://u:secret@127.0.0.1:1/x",
    ],
)
def test_no_connection_is_told_without_the_password(url: str, mart: Mart) -> None:
    with pytest.raises(JichaError, match="an error of the database") as caught:
        load(mart, [url])
    assert "secret" not in str(caught.value)
    assert open_database(url).place == url.replace("u:secret@", "")


def test_database_without_a_known_table(postgresql: str, mart: Mart) -> None:
    with pytest.raises(JichaError, match="expected tables of the contract"):
        load(mart, [postgresql], profile="invoice_history")


def test_oracle_asks_for_exact_texts() -> None:
    table = DatabaseTable(
        "MKT",
        "A_RCVBL_FLOW",
        {
            "CONS_NO": "varchar2",
            "T_PQ": "number",
            "RELEASE_DATE": "date",
            "AT": "timestamp(6)",
            "Z": "timestamp(6) with time zone",
        },
    )
    statement = Oracle("oracle://u@h/s").statement(table, list(table.columns))
    assert statement == (
        "SELECT \"CONS_NO\", TO_CHAR(\"T_PQ\", 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,'''), TO_CHAR(\"RELEASE_DATE\", 'YYYY-MM-DD HH24:MI:SS'), "
        'TO_CHAR("AT", \'YYYY-MM-DD HH24:MI:SS.FF6\'), TO_CHAR("Z", \'YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM\') FROM "MKT"."A_RCVBL_FLOW"'
    )


class FakeOracle:
    """A connection that answers like the thin driver."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.arraysize = 0
        self._rows: list[list[Any]] = []

    def cursor(self) -> FakeOracle:
        return self

    def __enter__(self) -> FakeOracle:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def execute(self, statement: str) -> None:
        self.statements.append(statement)
        if "all_tab_columns" in statement:
            self._rows = [["MKT", "ORG", name, "VARCHAR2"] for name in ("ORG_NO", "NAME", "LEVEL")]
        else:
            self._rows = [["01", "a", "city"], ["02", "b ", None]]

    def fetchall(self) -> list[list[Any]]:
        return self._rows

    def fetchmany(self, _size: int) -> list[list[Any]]:
        found, self._rows = self._rows, []
        return found


def test_oracle_path_with_a_driver_of_our_own(
    mart: Mart, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = FakeOracle()

    @contextlib.contextmanager
    def connect(_self: Oracle) -> Iterator[FakeOracle]:
        yield fake

    monkeypatch.setattr(Oracle, "connect", connect)
    report = load(mart, ["oracle://u:p@h/s"])
    assert figures(report) == (2, 1, 0, 0, 1)
    assert report.files[0].path == "oracle://h/s#ORG"
    assert rows(mart, "org", "org_no, name") == [("01", "a")]


def test_values_of_drivers_as_texts() -> None:
    class Large:
        def read(self) -> str:
            return "long"

    assert [as_text(value) for value in (None, "a", b"\xe5\x8c\x97", Decimal("1.50"), Large())] == [
        None,
        "a",
        "北",
        "1.50",
        "long",
    ]
