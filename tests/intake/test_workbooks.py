"""Workbooks and Parquet: values as they are shown, and archives that are made to harm."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from jicha.errors import JichaError
from jicha.intake import archives, load, quarantine_list
from jicha.mart import Mart

from .helpers import figures, rows


def write_book(path: Path, sheets: dict[str, list[list[object]]]) -> None:
    """Write a workbook; dates as spreadsheet dates."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, content in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(content):
                sheet.write_row(number, 0, row)


def test_sheets_named_like_tables(mart: Mart, folder: Path) -> None:
    write_book(
        folder / "extract.xlsx",
        {
            "org": [["org_no", "name", "level"], ["001", "a", "city"], [2, "b", "供电所"]],
            "说明": [["whatever"]],
            "employee": [
                [],
                ["employee_id", "org_no", "name", "post", "hired_on"],
                [],
                ["E1", "001", "n", "it", date(2026, 1, 2)],
            ],
        },
    )
    report = load(mart, [folder])
    assert figures(report) == (3, 3, 0, 0, 0)
    assert rows(mart, "org", "org_no, level, _line") == [("001", "city", 2), ("2", "station", 3)]
    assert rows(mart, "employee", "hired_on, _line") == [(date(2026, 1, 2), 4)]


def test_book_named_like_a_table(mart: Mart, folder: Path) -> None:
    write_book(folder / "org.xlsx", {"Sheet1": [["org_no", "name", "level"], ["1", "a", "city"]]})
    assert figures(load(mart, [folder])) == (1, 1, 0, 0, 0)


def test_numbers_have_the_digits_that_are_shown(mart: Mart, folder: Path) -> None:
    head = [
        "bill_id",
        "customer_no",
        "org_no",
        "bill_month",
        "kind",
        "period_from",
        "period_to",
        "kwh",
        "total_yuan",
        "issued_at",
    ]
    good = [
        "B1",
        123456789012345,
        "1",
        datetime(2026, 10, 1),
        "normal",
        "2026-09-01",
        "20261001",
        0.1 + 0.2,
        12.34,
        datetime(2026, 10, 2, 8, 30),
    ]
    lost = ["B2", 1234567890123456789012.0, *good[2:]]
    fine = ["B3", "1", *good[2:8], 12.345, None]
    write_book(folder / "bill.xlsx", {"bill": [head, good, lost, fine]})
    assert figures(load(mart, [folder])) == (3, 1, 0, 0, 2)
    assert rows(mart, "bill", "customer_no, kwh, total_yuan, issued_at") == [
        ("123456789012345", Decimal("0.3000"), Decimal("12.34"), datetime(2026, 10, 2, 8, 30))
    ]
    assert {(one.line, one.column, one.reason) for one in quarantine_list(mart)} == {
        (3, "customer_no", "digits_lost"),
        (4, "total_yuan", "too_many_decimals"),
    }


def test_typed_parquet(mart: Mart, folder: Path) -> None:
    table = pa.table(
        {
            "feeder_id": ["1", None, "3"],
            "org_no": ["a", "b", "c "],
            "name": ["x", "y", "z"],
            "nominal_kv": pa.array(
                [Decimal("10.0000"), Decimal("10.0000"), Decimal("0.4")], pa.decimal128(14, 4)
            ),
        }
    )
    pq.write_table(table, folder / "feeder.parquet")
    assert figures(load(mart, [folder])) == (3, 2, 0, 0, 1)
    assert rows(mart, "feeder", "feeder_id, org_no, nominal_kv, _line") == [
        ("1", "a", Decimal(10), 1),
        ("3", "c", Decimal("0.4"), 3),
    ]


def bomb(path: Path, size: int) -> None:
    """Write an archive of `size` zero bytes: a thousandth of it on the disk."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as entry,
    ):
        for _ in range(size >> 20):
            entry.write(bytes(1 << 20))


def lie(path: Path, declared: int) -> None:
    """Change the size that the directory of an archive declares for its only entry."""
    data = bytearray(path.read_bytes())
    place = data.rfind(b"PK\x01\x02")
    data[place + 24 : place + 28] = declared.to_bytes(4, "little")
    path.write_bytes(data)


PROBE = """
import sys
from pathlib import Path
from jicha.errors import JichaError
from jicha.intake.archives import refuse_bomb
try:
    refuse_bomb(Path(sys.argv[1]))
except JichaError as error:
    # Not ru_maxrss: that one is inherited from the parent, whose size is no concern of the probe.
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(int(status["VmHWM"].split()[0]), error)
"""


@pytest.mark.parametrize("declared", [None, 1000])
def test_bomb_is_refused_in_little_memory(declared: int | None, tmp_path: Path) -> None:
    path = tmp_path / "org.xlsx"
    bomb(path, 300 << 20)
    if declared is not None:
        lie(path, declared)
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(path)], capture_output=True, text=True, check=True, timeout=60
    )
    kilobytes, _, message = done.stdout.partition(" ")
    assert int(kilobytes) < 300 * 1024
    assert "times its size" in message


def test_archive_with_false_sizes_or_too_many_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "org.xlsx"
    write_book(path, {"org": [["org_no"]]})
    monkeypatch.setattr(archives, "MOST_ENTRIES", 3)
    with pytest.raises(JichaError, match="at most 3"):
        archives.refuse_bomb(path)
    monkeypatch.undo()
    bomb(path, 1 << 20)
    lie(path, 10)
    with pytest.raises(JichaError, match="declares 10"):
        archives.refuse_bomb(path)


def test_empty_sheet_is_refused(mart: Mart, folder: Path) -> None:
    write_book(folder / "x.xlsx", {"org": []})
    with pytest.raises(JichaError, match="an empty sheet"):
        load(mart, [folder])
