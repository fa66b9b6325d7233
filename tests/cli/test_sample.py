"""`jicha sample`: drawn, drawn again, filled in, judged; what does not fit is told whole."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from jicha.errors import ExplainedError, ManyErrors
from jicha.home import open_home
from jicha.reports.sample_sheet import AUDITED, DRAW, ITEMS
from tests.cli.test_commands import OCTOBER, call, read

Draw = Callable[..., Path]


@pytest.fixture
def place(audited: Path) -> tuple[str, str]:
    """The options that name the shared audited home: for reading only."""
    return "--home", str(audited)


@pytest.fixture
def draw(place: tuple[str, str], tmp_path: Path) -> Draw:
    """Draw a sheet."""

    def make(*more: str) -> Path:
        path = tmp_path / "sample.xlsx"
        call("sample", "draw", "--month", OCTOBER, "--seed", "s", "--out", str(path), *place, *more)
        return path

    return make


def pages(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(str(path))
    return {name: book.get_sheet_by_name(name).to_python() for name in (ITEMS, DRAW)}


def write(path: Path, content: dict[str, list[list[Any]]]) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in content.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)


def fill(path: Path, over: dict[int, str]) -> list[list[Any]]:
    """Write into each row that the bill is right, but for some that are too high by so much; return the rows."""
    content = pages(path)
    head, *rows = content[ITEMS]
    for number, row in enumerate(rows):
        right = Decimal(row[head.index("book_yuan")]) - Decimal(over.get(number, "0"))
        row[head.index(AUDITED)] = f"{right:.2f}"
    write(path, content)
    return rows


def test_a_random_sample_from_draw_to_judgement(place: tuple[str, str], draw: Draw) -> None:
    """With no error expected, 5 % tolerable and 95 %: without an error the rate is ruled out, with two it is not."""
    path = draw()
    assert "重抽一致" in call("sample", "check", str(path), *place)
    rows = fill(path, {})
    told = read("sample", "judge", str(path), *place)
    assert (told["rate"]["size"], told["rate"]["errors"]) == (len(rows), 0)
    assert Decimal(told["rate"]["upper"]) <= Decimal("0.05")
    fill(path, {0: "1.00", 1: "-2.00"})
    told = read("sample", "judge", str(path), *place)
    bills = int({row[0]: row[1] for row in pages(path)[DRAW]}["frame_items"])
    assert told["rate"]["errors"] == 2
    assert Decimal(told["rate"]["projected_over_yuan"]) == (Decimal(bills) / len(rows)).quantize(
        Decimal("0.01")
    )
    assert Decimal(told["rate"]["upper"]) > Decimal("0.05")
    assert "不能排除" in call("sample", "judge", str(path), *place)


def test_a_monetary_sample_in_both_directions(place: tuple[str, str], draw: Draw) -> None:
    path = draw("--method", "monetary", "--tolerable", "1000000", "--size", "30")
    rows = fill(path, {0: "10.00"})
    told = read("sample", "judge", str(path), *place)
    assert (told["over"]["errors"] + (Decimal(told["over"]["known_yuan"]) > 0), told["under"]["errors"]) == (
        1,
        0,
    )
    interval = Decimal({row[0]: row[1] for row in pages(path)[DRAW]}["interval_yuan"])
    # Without an error the bound is the interval times the published factor of 3.00 (2.995733).
    assert abs(Decimal(told["under"]["upper_yuan"]) - interval * Decimal("2.995733")) < 1
    assert len(rows) > 5
    assert "少收" in call("sample", "judge", str(path), *place)


def test_an_organisation_stands_for_all_below_it(place: tuple[str, str], draw: Draw) -> None:
    units = {row["org_no"]: row["parent_org_no"] for row in open_home(place[1]).organisations()}
    top = next(number for number, parent in units.items() if parent in units)
    rows = pages(draw("--org", top, "--by", "org_no", "--size", "10"))[ITEMS]
    assert {row[rows[0].index("org_no")] for row in rows[1:]} <= {
        top,
        *(n for n, p in units.items() if p == top or units.get(p) == top),
    }
    with pytest.raises(ExplainedError, match="nobody"):
        draw("--org", "nobody")


def test_a_sheet_that_was_drawn_otherwise_is_told(place: tuple[str, str], draw: Draw) -> None:
    path = draw()
    content = pages(path)
    for row in content[DRAW]:
        if row[0] == "seed":
            row[1] = "another"
        if row[0] == "frame_sha256":
            row[1] = "0" * 64
    write(path, content)
    assert "frame_sha256" in call("sample", "check", str(path), *place, code=3)
    with pytest.raises(ExplainedError, match="frame_sha256"):
        call("sample", "judge", str(path), *place)


def test_every_problem_of_a_filled_sheet_is_told_at_once(place: tuple[str, str], draw: Draw) -> None:
    path = draw()
    fill(path, {})
    content = pages(path)
    head, *rows = content[ITEMS]
    rows[0][head.index(AUDITED)] = "about 5"
    rows[1][0] = "B-unknown"
    rows.append(list(rows[2]))
    content[ITEMS] = [head, *rows]
    write(path, content)
    with pytest.raises(ManyErrors) as error:
        call("sample", "judge", str(path), *place)
    told = str(error.value)
    for part in (
        "sample.xlsx:2",
        "about 5",
        "B-unknown is not in the sample",
        "is there twice",
        "is missing",
    ):
        assert part in told, part


@pytest.mark.parametrize("content", [b"no workbook", b""])
def test_what_is_no_sheet_is_refused(place: tuple[str, str], tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sample.xlsx"
    path.write_bytes(content)
    with pytest.raises(ExplainedError, match="jicha sample draw"):
        call("sample", "check", str(path), *place)


def test_names_of_customers_are_texts(draw: Draw) -> None:
    """A name that begins like a formula stays a name: no cell of the sheet is a formula."""
    with zipfile.ZipFile(draw()) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist() if name.endswith(".xml"))
