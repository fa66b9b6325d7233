"""Fences two and three: with the lint off, hostile texts still reach nothing and hold nothing (promises A3, A4)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jicha.audit import fence
from jicha.audit.fence import FencedQuery, FenceError, FenceLimits, ResourceExceeded, run_fenced
from tests.audit.hostile import hostile_texts

COLUMNS = {
    "reading": {"mp_id": "VARCHAR", "register": "VARCHAR", "bill_month": "DATE", "value": "DECIMAL(16,4)"},
    "customer": {"customer_no": "VARCHAR"},
}
LIMITS = FenceLimits(memory_mb=600, seconds=6, rows=100_000)
# Texts that must answer within limits even though nothing is stolen: a sample for each run, all in the proof.
QUICK = (
    "copy out", "copy over a file of the mart", "read text", "file as table quoted", "http as table", "install",
    "set memory", "set external access", "attach file", "export database", "two statements", "repeat text",
)  # fmt: skip


@pytest.fixture()
def mart(tmp_path: Path) -> Path:
    folder = tmp_path / "mart"
    folder.mkdir()
    table = pa.table(
        {
            "mp_id": ["M1", "M2"],
            "register": ["total", "total"],
            "value": pa.array([Decimal("1.0000"), Decimal("2.5000")], pa.decimal128(16, 4)),
            "secret": ["do not show", "do not show"],
        }
    )
    pq.write_table(table, folder / "reading.parquet")
    return folder


@pytest.fixture()
def listener() -> Iterator[tuple[int, list[int]]]:
    """A socket that counts who knocks."""
    server = socket.create_server(("127.0.0.1", 0))
    knocks: list[int] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            knocks.append(1)
            connection.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield server.getsockname()[1], knocks
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def query(text: str, mart: Path) -> FencedQuery:
    return FencedQuery(text, COLUMNS, {"reading": [str(mart / "reading.parquet")]})


def attack(text: str, mart: Path) -> str:
    """Run the text straight in the worker; return what came out as text, or the error."""
    try:
        return str(run_fenced(query(text, mart), LIMITS).to_pylist()[:50])
    except FenceError as error:
        return f"{type(error).__name__}: {error}"


def assert_harmless(
    name: str, text: str, mart: Path, outside: Path, knocks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in mart.iterdir()}
    peak = watch_memory(monkeypatch)
    began = time.monotonic()
    answer = attack(text, mart)
    took = time.monotonic() - began
    assert {path: path.read_bytes() for path in mart.iterdir()} == before, name
    assert list(outside.iterdir()) == [], name
    assert not knocks, name
    assert "root:" not in answer and "do not show" not in answer and "100.0 GB" not in answer, (
        name,
        answer[:200],
    )
    assert took <= LIMITS.seconds + 2, (name, took)
    assert max(peak, default=0) <= LIMITS.memory_mb * 1.1, (name, max(peak))


def watch_memory(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the list into which every measured size of a worker goes, in MB."""
    seen: list[float] = []

    def measured(pid: int) -> float:
        try:
            size = psutil.Process(pid).memory_info().rss / 1024**2
        except psutil.NoSuchProcess:
            return 0.0
        seen.append(size)
        return size

    monkeypatch.setattr(fence, "_resident_mb", measured)
    return seen


def test_an_honest_rule_gets_its_rows(mart: Path) -> None:
    rows = run_fenced(query("SELECT mp_id, value FROM reading WHERE value > 1", mart), LIMITS)
    assert rows.to_pylist() == [{"mp_id": "M2", "value": Decimal("2.5000")}]


def test_a_column_that_was_not_declared_does_not_exist(mart: Path) -> None:
    with pytest.raises(FenceError, match="secret"):
        run_fenced(query("SELECT secret FROM reading", mart), LIMITS)


def test_a_missing_column_of_an_old_file_is_null(mart: Path) -> None:
    rows = run_fenced(query("SELECT count(bill_month) AS n FROM reading", mart), LIMITS)
    assert rows.to_pylist() == [{"n": 0}]


def test_a_result_is_never_cut_silently(mart: Path) -> None:
    with pytest.raises(FenceError, match="more than 1 rows"):
        run_fenced(query("SELECT mp_id FROM reading", mart), FenceLimits(rows=1))


def test_time_ends_the_worker(mart: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ResourceExceeded, match="ran longer than 3 s"):
        run_fenced(
            query("SELECT sum(hash(range)) AS x FROM range(1000000000000)", mart), FenceLimits(seconds=3)
        )
    assert time.monotonic() - began <= 5


def test_memory_ends_the_worker(mart: Path) -> None:
    with pytest.raises(FenceError, match=r"memory|Memory"):
        run_fenced(
            query("SELECT repeat('x', 2000000000) AS x FROM range(50)", mart),
            FenceLimits(memory_mb=500, seconds=30),
        )


@pytest.mark.parametrize("name", QUICK)
def test_a_hostile_text_reaches_nothing(
    name: str, mart: Path, tmp_path: Path, listener: tuple[int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    port, knocks = listener
    texts = dict(hostile_texts(str(outside), str(mart), port))
    assert_harmless(name, texts[name], mart, outside, knocks, monkeypatch)


@pytest.mark.proof
def test_no_hostile_text_reaches_anything(
    mart: Path, tmp_path: Path, listener: tuple[int, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    port, knocks = listener
    count = 0
    for name, text in hostile_texts(str(outside), str(mart), port):
        assert_harmless(name, text, mart, outside, knocks, monkeypatch)
        count += 1
    assert count >= 150
    print(f"{count} hostile texts: no file read or written, no socket, no setting, limits held")
