"""Every kind of bad input: told by file, line, column, value and remedy, and nothing lost."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from jicha.errors import JichaError
from jicha.intake import LoadReport, check, load, quarantine_list
from jicha.mart import Mart

from .conftest import ORG
from .helpers import figures, rows

Deliver = Callable[..., LoadReport]

READING_HEAD = "mp_id,meter_id,bill_month,register,previous_value,value,read_at,status\n"


def reading(line: str) -> str:
    """Return a delivery of one reading between two good ones."""
    good = "M{0},T{0},2026-10-01,total,1.5,2.5,2026-10-31 08:00:00,read\n"
    return READING_HEAD + good.format(1) + line + "\n" + good.format(3)


# value of the row, column that is told, reason, value that is told
BAD_VALUES = {
    "impossible date": (
        "M2,T2,2026-10-01,total,1,2,2026-02-30,read",
        "read_at",
        "impossible_date",
        "2026-02-30",
    ),
    "impossible hour": (
        "M2,T2,2026-10-01,total,1,2,2026-10-01 25:00:00,read",
        "read_at",
        "impossible_date",
        "2026-10-01 25:00:00",
    ),
    "no date": ("M2,T2,2026-10-01,total,1,2,tomorrow,read", "read_at", "not_a_date", "tomorrow"),
    "day in a month": ("M2,T2,2026-10-05,total,1,2,,read", "bill_month", "not_a_month", "2026-10-05"),
    "too many decimals": ("M2,T2,2026-10-01,total,1,2.00001,,read", "value", "too_many_decimals", "2.00001"),
    "overflow": (
        "M2,T2,2026-10-01,total,1,1234567890123,,read",
        "value",
        "number_too_large",
        "1234567890123",
    ),
    "no number": ("M2,T2,2026-10-01,total,1,2kWh,,read", "value", "not_a_number", "2kWh"),
    "misplaced comma": ('M2,T2,2026-10-01,total,1,"12,34",,read', "value", "not_a_number", "12,34"),
    "scientific": ("M2,T2,2026-10-01,total,1,1.2E+5,,read", "value", "scientific_notation", "1.2E+5"),
    "unknown code": ("M2,T2,2026-10-01,totals,1,2,,read", "register", "unknown_code", "totals"),
    "required empty": (",T2,2026-10-01,total,1,2,,read", "mp_id", "required_empty", ""),
    "required dash": ("--,T2,2026-10-01,total,1,2,,read", "mp_id", "required_empty", "--"),
    "too few columns": ("M2,T2,2026-10-01", None, "ragged_row", None),
    "too many columns": ("M2,T2,2026-10-01,total,1,2,,read,more", None, "ragged_row", None),
    "unclosed quote": ('M2,"T2,2026-10-01,total,1,2,,read', None, "unclosed_quote", None),
    "text after a quote": ('M2,"T"2,2026-10-01,total,1,2,,read', None, "unclosed_quote", None),
    "NUL byte": ("M2,T\0,2026-10-01,total,1,2,,read", None, "nul_byte", None),
    "lost character": ("M2,T\ufffd,2026-10-01,total,1,2,,read", "meter_id", "wrong_encoding", "T\ufffd"),
}


@pytest.mark.parametrize("kind", BAD_VALUES)
def test_bad_value_is_quarantined_and_the_rest_loads(
    kind: str, deliver: Deliver, mart: Mart, folder: Path
) -> None:
    line, column, reason, value = BAD_VALUES[kind]
    report = deliver({"reading.csv": reading(line)})
    assert figures(report) == (3, 2, 0, 0, 1)
    (entry,) = quarantine_list(mart)
    assert (entry.file, entry.line, entry.column, entry.reason) == (
        str(folder / "reading.csv"),
        3,
        column,
        reason,
    )
    assert entry.value == value or (entry.value, value) == (None, "")
    assert entry.raw == line
    assert f"{folder}/reading.csv:3" in entry.message and entry.message.endswith(".")
    assert [row[0] for row in rows(mart, "reading", "_line")] == [2, 4]


# value of the row, what is loaded
GOOD_VALUES = {
    "compact dates": (
        "M2,T2,202610,total,1,2,20261001,read",
        (date(2026, 10, 1), Decimal("2.0000"), datetime(2026, 10, 1)),
    ),
    "slashes": (
        "M2,T2,2026/10,total,1,2,2026/10/1 8:05,read",
        (date(2026, 10, 1), Decimal("2.0000"), datetime(2026, 10, 1, 8, 5)),
    ),
    "Chinese dates": (
        "M2,T2,2026年10月,total,1,2,2026年10月1日,read",
        (date(2026, 10, 1), Decimal("2.0000"), datetime(2026, 10, 1)),
    ),
    "commas": (
        'M2,T2,2026-10-01,total,1,"1,234,567.50",,read',
        (date(2026, 10, 1), Decimal("1234567.5000"), None),
    ),
    "full width": (
        "M2,T2,2026-10-01,total,1,１２３．５,２０２６-１０-０１,read",
        (date(2026, 10, 1), Decimal("123.5000"), datetime(2026, 10, 1)),
    ),
    "dashes are null": ("M2,T2,2026-10-01,total,-,--,-,read", (date(2026, 10, 1), None, None)),
    "zeros beyond the scale": (
        "M2,T2,2026-10-01,total,1,2.500000,,read",
        (date(2026, 10, 1), Decimal("2.5000"), None),
    ),
    "blanks around": (" M2 ,T2,2026-10-01,total,1, 2 ,,read", (date(2026, 10, 1), Decimal("2.0000"), None)),
    "label for code": ("M2,T2,2026-10-01,总,1,2,,已抄", (date(2026, 10, 1), Decimal("2.0000"), None)),
    "end of the day": (
        "M2,T2,2026-10-01,total,1,2,2026-10-01 24:00:00,read",
        (date(2026, 10, 1), Decimal("2.0000"), datetime(2026, 10, 2)),
    ),
    "time zone": (
        "M2,T2,2026-10-01,total,1,2,2026-10-01T00:00:00Z,read",
        (date(2026, 10, 1), Decimal("2.0000"), datetime(2026, 10, 1, 8)),
    ),
    "negative": ("M2,T2,2026-10-01,total,-1,-2.5,,read", (date(2026, 10, 1), Decimal("-2.5000"), None)),
}


@pytest.mark.parametrize("kind", GOOD_VALUES)
def test_other_spelling_is_taken_exactly(kind: str, deliver: Deliver, mart: Mart) -> None:
    line, expected = GOOD_VALUES[kind]
    report = deliver({"reading.csv": reading(line)})
    assert figures(report) == (3, 3, 0, 0, 0)
    assert rows(mart, "reading", "bill_month, value, read_at, mp_id, register, status")[1] == (
        *expected,
        "M2",
        "total",
        "read",
    )


def test_numbers_that_are_names_stay_text(deliver: Deliver, mart: Mart) -> None:
    deliver({"org.csv": "org_no,name,level\n0012345678901234567890,007,city\n00,1e5,city\n"})
    assert rows(mart, "org", "org_no, name") == [("0012345678901234567890", "007"), ("00", "1e5")]


def test_quoted_line_end_and_doubled_quote(deliver: Deliver, mart: Mart) -> None:
    deliver({"org.csv": 'org_no,name,level\n1,"a ""b""\nc",city\n2,"x,y",city\n3,z,city\n'})
    assert rows(mart, "org", "org_no, name, _line") == [("1", 'a "b"\nc', 2), ("2", "x,y", 4), ("3", "z", 5)]


def test_unclosed_quotes_cost_their_own_lines_only(deliver: Deliver, mart: Mart) -> None:
    lines = [f"{n},name {n},city" if n % 10 else f'{n},"name {n},city' for n in range(1, 501)]
    report = deliver({"org.csv": "org_no,name,level\n" + "\n".join(lines) + "\n"})
    assert figures(report) == (500, 450, 0, 0, 50)
    assert {entry.reason for entry in quarantine_list(mart)} == {"unclosed_quote"}


def test_quotes_that_pair_up_by_accident_swallow_no_row(deliver: Deliver, mart: Mart) -> None:
    text = 'org_no,name,level\n1,a","b,city\n2,x,city\n3,y,city\n4,c","d,city\n5,z,city\n'
    report = deliver({"org.csv": text})
    assert figures(report) == (5, 3, 0, 0, 2)
    assert [row[0] for row in rows(mart, "org", "org_no")] == ["2", "3", "5"]


def test_mixed_line_ends_and_blank_lines(deliver: Deliver, mart: Mart) -> None:
    report = deliver({"org.csv": b"org_no,name,level\r\n1,a,city\n\r\n2,b,city\r\n\n3,c,city"})
    assert figures(report) == (3, 3, 0, 0, 0)
    assert rows(mart, "org", "org_no, _line") == [("1", 2), ("2", 4), ("3", 6)]


def test_old_mac_line_ends(deliver: Deliver, mart: Mart) -> None:
    assert figures(deliver({"org.csv": b"org_no,name,level\r1,a,city\r2,b,city\r"})) == (2, 2, 0, 0, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_are_found(encoding: str, deliver: Deliver, mart: Mart) -> None:
    # 𠮷 and 㐂 are rare characters: four bytes in GB18030.
    text = "org_no,name,level\n" + "".join(f"{n},供电所{n}𠮷㐂,station\n" for n in range(50))
    report = deliver({"org.csv": text.encode(encoding)})
    assert figures(report) == (50, 50, 0, 0, 0)
    assert rows(mart, "org", "name")[7] == ("供电所7𠮷㐂",)


def test_one_wrong_byte_costs_one_row(deliver: Deliver, mart: Mart) -> None:
    good = "".join(f"{n},供电所{n},station\n" for n in range(50)).encode()
    report = deliver(
        {"org.csv": b"org_no,name,level\n" + good + b"x,\xe4\xbe,station\n" + good.replace(b",", b"0,", 1)}
    )
    assert figures(report)[4] >= 1
    assert quarantine_list(mart)[0].reason == "wrong_encoding"


def test_encoding_that_nothing_fits_is_refused(deliver: Deliver) -> None:
    with pytest.raises(JichaError, match="neither UTF-8 nor GB18030"):
        deliver({"org.csv": b"org_no,name,level\n" + b"1,\xff\xff\x81,city\n" * 20})


REFUSED = {
    "empty file": ({"org.csv": b""}, "an empty file"),
    "empty first line": ({"org.csv": b"\n1,a,city\n"}, "an empty first line"),
    "column missing": ({"org.csv": b"org_no,name\n1,a\n"}, "no column level"),
    "column doubled": ({"org.csv": b"org_no,name,level,name\n1,a,city,b\n"}, "a column twice"),
    "cut off": ({"org.csv": b"org_no,name,level\n1,a,city\n2,b"}, "breaks off there"),
    "nothing to load": ({"readme.csv": b"a\n1\n"}, "expected files named like a table"),
    "a Parquet file cut off": ({"org.parquet": b"PAR1xxxx"}, "cannot be read"),
    "no workbook": ({"org.xlsx": b"PK but no"}, "no workbook"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_delivery_leaves_nothing(kind: str, deliver: Deliver, mart: Mart) -> None:
    files, message = REFUSED[kind]
    with pytest.raises(JichaError, match=message):
        deliver(
            {**files, "employee.csv": "employee_id,org_no,name,post\nE1,0101,a,it\n"}
            if kind != "nothing to load"
            else files
        )
    assert mart.latest() is None
    assert quarantine_list(mart) == []


def test_all_problems_of_a_delivery_are_told_at_once(deliver: Deliver) -> None:
    with pytest.raises(JichaError, match="2 problem") as caught:
        deliver({"org.csv": b"", "employee.csv": b"a,b\n1,2\n"})
    assert "org.csv" in str(caught.value) and "employee.csv" in str(caught.value)


def test_header_only_is_an_empty_table(deliver: Deliver) -> None:
    assert figures(deliver({"org.csv": "org_no,name,level\n"})) == (0, 0, 0, 0, 0)


def test_unknown_and_absent_columns_are_remarked(deliver: Deliver, folder: Path) -> None:
    report = deliver({"org.csv": "org_no,name,level,colour\n1,a,city,red\n"})
    remarks = {(one.column, one.text) for one in report.files[0].warnings}
    assert ("colour", "unknown column, not loaded") in remarks
    assert ("parent_org_no", "column absent, left empty") in remarks


def test_chinese_headers_and_tabs(deliver: Deliver, mart: Mart) -> None:
    deliver({"org.txt": "供电单位编号\t单位名称\t单位层级\n1\ta\t供电所\n"})
    assert rows(mart, "org", "org_no, name, level") == [("1", "a", "station")]


def test_key_twice(deliver: Deliver, mart: Mart) -> None:
    report = deliver({"org.csv": ORG + "0101,Beicheng,city\n0102,Other,station\n"})
    assert figures(report) == (4, 1, 0, 1, 2)
    assert [(entry.line, entry.reason) for entry in quarantine_list(mart)] == [
        (3, "duplicate_key_conflict"),
        (5, "duplicate_key_conflict"),
    ]


def test_key_twice_in_the_same_delivery_again(deliver: Deliver, mart: Mart) -> None:
    text = ORG + "0101,Beicheng,city\n0102,Other,station\n"
    deliver({"org.csv": text})
    assert figures(deliver({"org.csv": text})) == (4, 0, 0, 2, 2)
    assert len(quarantine_list(mart)) == 2


def test_table_split_over_files_and_delivered_twice(deliver: Deliver, mart: Mart) -> None:
    head, one, two = ORG.splitlines(keepends=True)
    report = deliver({"org/1.csv": head + one, "org/2.csv": head + two + one, "org_more.csv": head + two})
    assert figures(report) == (4, 2, 0, 2, 0)
    assert [(file.added, file.repeated) for file in report.files] == [(1, 0), (1, 1), (0, 1)]


def test_orphan_is_loaded_and_told(deliver: Deliver, mart: Mart) -> None:
    report = deliver(
        {
            "org.csv": ORG,
            "employee.csv": "employee_id,org_no,name,post\nE1,0101,a,it\nE2,9999,b,it\nE3,9999,c,it\n",
        }
    )
    assert figures(report, "employee") == (3, 3, 0, 0, 0)
    (remark,) = [
        one
        for file in report.files
        if file.table == "employee"
        for one in file.warnings
        if one.column == "org_no"
    ]
    assert (remark.count, remark.line) == (2, 3) and "'9999'" in remark.text


def test_orphans_are_asked_only_where_the_other_table_is_there(deliver: Deliver) -> None:
    report = deliver({"employee.csv": "employee_id,org_no,name,post\nE2,9999,b,it\n"})
    assert all(one.column != "org_no" for file in report.files for one in file.warnings)


def test_file_that_grows_while_it_is_read_is_refused(mart: Mart, folder: Path) -> None:
    path = folder / "org.csv"
    path.write_text(ORG)

    def grow(step: str, done: int, total: int) -> None:
        if step.startswith("read"):
            with path.open("a") as file:
                file.write("0103,x,city\n")

    with pytest.raises(JichaError, match="still being written"):
        load(mart, [folder], progress=grow)
    assert mart.latest() is None


def test_two_loads_at_once_both_arrive(mart: Mart, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "org.csv").write_text(f"org_no,name,level\n{name},x,city\n")
    threads = [threading.Thread(target=load, args=(mart, [tmp_path / name])) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row[0] for row in rows(mart, "org", "org_no")) == ["a", "b"]


def test_packed_text(deliver: Deliver, mart: Mart) -> None:
    import gzip

    assert figures(deliver({"org.csv.gz": gzip.compress(ORG.encode())})) == (2, 2, 0, 0, 0)


def test_check_commits_nothing(mart: Mart, folder: Path) -> None:
    (folder / "org.csv").write_text(ORG + "0103,x,bad\n")
    report = check(mart, [folder])
    assert figures(report) == (3, 2, 0, 0, 1) and report.is_check
    assert mart.latest() is None and quarantine_list(mart) == []


def test_full_disk_is_told(mart: Mart, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    import pyarrow.parquet as pq

    def full(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (folder / "org.csv").write_text(ORG)
    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(JichaError, match="no space left"):
        load(mart, [folder])
    assert mart.latest() is None
