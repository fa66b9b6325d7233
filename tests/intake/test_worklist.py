"""The quarantine in parts: filters, orders, pages that fit together, and little memory with 200,000 rows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jicha.errors import ExplainedError
from jicha.intake import LoadReport, Selection, WorkList, check, load, quarantine_export, replay
from jicha.intake.problems import MOST_SHOWN, Problem
from jicha.mart import Mart

Deliver = Callable[..., LoadReport]
ORG_HEAD = "org_no,name,level\n"
PRICE_HEAD = "price_book,tariff_code,voltage_code,component,register,valid_from,unit_price,in_pf_base\n"
# Lines 3 and 5 are right; 2 and 4 have an unknown level, 6 lacks its name and has an unknown level too.
ORG = ORG_HEAD + "01,A,nowhere\n02,B,city\n03,C,moon\n04,D,city\n05,,mars\n"
PRICE = PRICE_HEAD + "B,r,lt1,energy,total,2026-01-01,0.5,maybe\nB,r,lt1,energy,total,2026-13-01,0.5,true\n"


@pytest.fixture
def two(deliver: Deliver) -> None:
    """Two deliveries: organisations, then prices (and organisations again, which are repeated)."""
    deliver({"org.csv": ORG})
    deliver({"price.csv": PRICE})


def places(mart: Mart, **selection: Any) -> list[tuple[str, int, str]]:
    return [(one.table, one.line, one.reason) for one in WorkList(mart, Selection(**selection))]


ALL = [
    ("org", 2, "unknown_code"), ("org", 4, "unknown_code"), ("org", 6, "required_empty"),
    ("org", 2, "unknown_code"), ("org", 4, "unknown_code"), ("org", 6, "required_empty"),
    ("price", 2, "not_a_bool"), ("price", 3, "impossible_date"),
]  # fmt: skip


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({}, ALL),
        ({"sort": "newest"}, [*ALL[3:], *ALL[:3]]),
        ({"sort": "reason"}, [ALL[7], ALL[6], ALL[2], ALL[5], ALL[0], ALL[1], ALL[3], ALL[4]]),
        # org.level, org.name, price.in_pf_base, price.valid_from
        ({"sort": "column"}, [ALL[0], ALL[1], ALL[3], ALL[4], ALL[2], ALL[5], ALL[6], ALL[7]]),
        ({"table": "price"}, ALL[6:]),
        ({"reason": "required_empty"}, [ALL[2], ALL[5]]),
        ({"table": "price", "reason": "required_empty"}, []),
        ({"reason": "unknown_code", "sort": "column", "limit": 2, "offset": 1}, [ALL[1], ALL[3]]),
        ({"offset": 8}, []),
    ],
)
def test_rows_are_selected_and_ordered(
    selection: dict[str, Any], expected: list[tuple[str, int, str]], mart: Mart
) -> None:
    assert places(mart, **selection) == expected


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("sort", ["place", "newest", "reason", "column"])
@pytest.mark.parametrize("limit", [1, 3, 8, 100])
def test_pages_fit_together(sort: str, limit: int, mart: Mart) -> None:
    pages = [places(mart, sort=sort, limit=limit, offset=offset) for offset in range(0, 9, limit)]
    assert [one for page in pages for one in page] == places(mart, sort=sort)
    assert all(len(page) <= limit for page in pages)


@pytest.mark.usefixtures("two")
def test_what_was_replayed_is_passed_over(mart: Mart, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    assert quarantine_export(mart, path) == 8
    text = path.read_text(encoding="utf-8-sig").replace("nowhere", "city")
    path.write_text(text, encoding="utf-8-sig")
    replay(mart, path)
    left = WorkList(mart, Selection(table="org", limit=1, offset=1))
    assert left.count() == 4
    assert [(one.table, one.line) for one in left] == [("org", 6)]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("part", "value", "listed"),
    [("table", "orgs", "org"), ("reason", "bad", "not_a_number"), ("sort", "line", "newest")],
)
def test_a_misspelt_name_is_no_empty_list(part: str, value: str, listed: str, mart: Mart) -> None:
    with pytest.raises(ExplainedError, match=f"{part} '{value}'") as raised:
        WorkList(mart, Selection(**{part: value}))
    assert listed in str(raised.value)


# ── why a delivery would be refused ──────────────────────────────────────────────────────────────────────────────────


def test_a_check_says_why_kind_by_kind(mart: Mart, folder: Path) -> None:
    (folder / "org.csv").write_text(ORG, encoding="utf-8")
    every: list[Problem] = []
    report = check(mart, [folder], each_problem=every.append)
    kinds = {(kind.table, kind.column, kind.reason): kind for kind in report.kinds}
    # Line 6 has two wrong values and counts in both kinds; three rows are bad.
    assert {key: kind.total for key, kind in kinds.items()} == {
        ("org", "level", "unknown_code"): 3,
        ("org", "name", "required_empty"): 1,
    }
    assert report.quarantined == 3
    level = kinds["org", "level", "unknown_code"]
    assert [(one.line, one.value) for one in level.first] == [(2, "nowhere"), (4, "moon"), (6, "mars")]
    assert level.remedy == "Correct the code, or map it in the profile's code table."
    assert [(one.line, one.column) for one in every] == [
        (2, "level"),
        (4, "level"),
        (6, "name"),
        (6, "level"),
    ]
    assert mart.latest() is None and WorkList(mart).count() == 0


def test_a_check_keeps_the_first_of_each_kind_and_counts_all(mart: Mart, folder: Path) -> None:
    lines = "".join(f"{number:04d},A,nowhere\n" for number in range(30))
    (folder / "org.csv").write_text(ORG_HEAD + lines, encoding="utf-8")
    (kind,) = check(mart, [folder]).kinds
    assert (kind.total, [one.line for one in kind.first]) == (30, list(range(2, 2 + MOST_SHOWN)))


def test_a_check_tells_of_conflicting_keys(mart: Mart, folder: Path) -> None:
    (folder / "org.csv").write_text(ORG_HEAD + "01,A,city\n01,B,city\n", encoding="utf-8")
    kinds = check(mart, [folder]).kinds
    assert {(kind.column, kind.reason) for kind in kinds} == {("org_no", "duplicate_key_conflict")}


# ── size ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

ROWS = 200_000
PROBE = """
import contextlib, io, sys
from jicha.cli import app
with open(sys.argv[1], "w", encoding="utf-8") as file, contextlib.redirect_stdout(file):
    app(sys.argv[2:], standalone_mode=False)
# Not ru_maxrss: that one is inherited from the parent, whose size is no concern of the probe.
print(dict(line.split(":", 1) for line in open("/proc/self/status"))["VmHWM"].split()[0])
"""


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with 200,000 rows in quarantine."""
    folder = tmp_path_factory.mktemp("crowded")
    with (folder / "reading.csv").open("w", encoding="utf-8") as file:
        file.write("mp_id,meter_id,bill_month,register,value,status\n")
        file.writelines(
            f"P{n},M{n},2026-10-01,total,{'1O5.2' if n % 4 else '1.5'},reed\n" for n in range(ROWS)
        )
    assert (
        load(Mart.open(folder / "home" / "mart", create=True), [folder / "reading.csv"]).quarantined == ROWS
    )
    return folder / "home"


def listed(home: Path, target: Path, *options: str) -> int:
    """List the quarantine into a file by a process of its own; return the most memory that it held, in MB."""
    command = [sys.executable, "-c", PROBE, str(target), "quarantine", "list", *options, "--home", str(home)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return int(done.stdout) // 1024


def test_a_page_of_200_000_rows_takes_little_memory(crowded: Path, tmp_path: Path) -> None:
    """An empty list takes the program and its libraries; the rest is what the rows cost."""
    target = tmp_path / "page"
    empty = listed(crowded, target, "--table", "org")
    pages = {("--offset", "199990"): 10, ("--sort", "reason", "--offset", "120000", "--limit", "20"): 20}
    for options, shown in pages.items():
        assert listed(crowded, target, *options) < empty + 120, options
        assert f"{shown} of 200,000 rows in quarantine" in target.read_text(encoding="utf-8")


def test_all_of_200_000_rows_stream(crowded: Path, tmp_path: Path) -> None:
    target = tmp_path / "all.json"
    empty = listed(crowded, target, "--table", "org")
    assert listed(crowded, target, "--json") < empty + 120
    rows = json.loads(target.read_text(encoding="utf-8"))
    assert [row["line"] for row in rows] == list(range(2, ROWS + 2))
    assert len({row["id"] for row in rows}) == ROWS
