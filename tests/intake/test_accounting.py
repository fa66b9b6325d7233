"""Whatever a file holds: rows read = added + corrected + repeated + quarantined, and every line is placed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jicha.contract import contract
from jicha.errors import JichaError
from jicha.intake import load, quarantine_list
from jicha.intake.batches import TypedRows, arrow_schema
from jicha.intake.careful import BadValue, Noted, read_value
from jicha.intake.columns import ColumnReader, text_table
from jicha.intake.csv_chunks import Lines, read_chunks
from jicha.intake.encodings import Encoding
from jicha.intake.engine import open_engine
from jicha.mart import Mart

from .helpers import figures

KEYS = st.sampled_from(
    ["1", "2", "3", "007", " 4 ", "-", "", '"5"', '"6', 'x"y', "北", "\0", "\ufffd", "a\rb"]
)
CELL = st.one_of(
    KEYS,
    st.text(alphabet=' ,"\n\r\t-x\u3000é', max_size=4),
    st.sampled_from(["city", "station", "省公司", "bad"]),
)
LINE = st.one_of(
    st.tuples(KEYS, CELL, st.sampled_from(["city", "station", "odd", ""])).map(",".join),
    st.lists(CELL, max_size=5).map(",".join),
    st.just(""),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(LINE, max_size=12), st.sampled_from(["\n", "\r\n"]))
def test_every_row_is_accounted_for(lines: list[str], end: str) -> None:
    text = end.join(["org_no,name,level", *lines, ""])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "org.csv").write_bytes(text.encode())
        mart = Mart.open(folder / "mart")
        report = load(mart, [folder / "org.csv"])
        read, *_ = figures(report)
        assert len(quarantine_list(mart)) == report.quarantined
        latest = mart.latest()
        assert (latest.rows("org") if latest else 0) == report.total("added")
        assert read <= text.count("\n") - 1 + text.count("\r")
        again = load(mart, [folder / "org.csv"])
        assert figures(again)[0] == read and again.total("added") == 0


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(alphabet='ab,"\n', max_size=6), max_size=30), st.integers(1, 40))
def test_chunks_join_to_the_whole_and_number_their_lines(parts: list[str], size: int) -> None:
    data = "".join(parts).encode()
    blocks = (data[start : start + size] for start in range(0, len(data), size))
    line, joined = 1, b""
    for chunk in read_chunks(blocks, Encoding("utf-8"), "x"):
        assert chunk.first_line == line
        assert chunk.data == b"" or chunk.data.endswith(b"\n")
        line += len(Lines(chunk.data))
        joined += chunk.data
    assert joined == (data if data.endswith(b"\n") or not data else data + b"\n")


TEXTS = st.one_of(
    st.text(alphabet="0123456789.,-+eE_ xX１２年月日/:TZ", max_size=20),
    st.sampled_from(
        [
            "2026-10-01",
            "2026-10-01 24:00:00",
            "1e3",
            "1_000",
            "0x10",
            "1.5",
            "infinity",
            "26-10-01",
            "12.340000",
            "true",
            "t",
            "是",
            "2026-10-01 00:00+08",
        ]
    ),
)
FIELDS = [
    ("bill", "kwh"),
    ("bill", "total_yuan"),
    ("bill", "period_from"),
    ("bill", "bill_month"),
    ("bill", "issued_at"),
    ("bill", "trial_run"),
    ("bill_line", "line_no"),
    ("bill", "calculated_by"),
]


@pytest.mark.parametrize(("table_name", "field_name"), FIELDS)
@settings(max_examples=150, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=20))
def test_fast_and_careful_reading_agree(table_name: str, field_name: str, texts: list[str]) -> None:
    table = contract().table(table_name)
    field = table.field(field_name)
    found: dict[int, object] = {}
    for row in _fast_only(table_name, field_name, texts):
        found[row["_line"]] = row[field_name]
    for line, value in found.items():
        try:
            careful = read_value(table, field, texts[line])
        except BadValue as bad:
            raise AssertionError(f"{texts[line]!r} was taken as {value!r} but is {bad}") from None
        assert not isinstance(careful, Noted)
        assert careful == value


def _fast_only(table_name: str, field_name: str, texts: list[str]) -> list[dict[str, object]]:
    """Return the rows that the engine takes as plain, other required columns filled in."""
    table = contract().table(table_name)
    filler = {
        "text": "x",
        "month": "2026-10-01",
        "date": "2026-10-01",
        "timestamp": "2026-10-01 00:00:00",
        "bool": "true",
    }
    columns: dict[str, list[str]] = {}
    for field in table.fields:
        if field.name == field_name:
            columns[field.name] = texts
        elif field.required:
            columns[field.name] = [field.enum[0] if field.enum else filler.get(field.kind, "1")] * len(texts)
    with open_engine("200MB") as connection:
        reader = _Plain(connection, table, "test")
        rows = reader.read(text_table(columns, list(range(len(texts)))))
    return [row for part in rows.good for row in part.to_pylist()]


class _Plain(ColumnReader):
    """Reads plain rows only, so that the careful reader can be asked about them."""

    def _sorted_out(self, rows: object, found: object) -> TypedRows:
        plain = found.column("_plain")  # type: ignore[attr-defined]
        good = found.drop_columns(["_plain"]).filter(plain).cast(arrow_schema(self._table))  # type: ignore[attr-defined]
        return TypedRows(good=[good])


def test_conservation_is_checked_by_the_report_itself(tmp_path: Path) -> None:
    from jicha.intake.report import FileReport

    with pytest.raises(JichaError, match="3 rows read but 2 placed"):
        FileReport("a.csv", "org", rows_read=3, added=2).check()
