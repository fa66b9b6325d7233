"""The calculation sheet of a bill: as data, in the terminal and as PDF."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import jicha
from jicha.demo import build
from jicha.home import Home

MONTH = "2026-10"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return a small demo utility with planted mis-billings."""
    folder = tmp_path_factory.mktemp("sheet")
    build(folder / "extract", customers=500)
    home = jicha.open(folder / "home")
    home.load([folder / "extract"])
    return home


@pytest.fixture(scope="module")
def bill_id(home: Home) -> str:
    """Return the bill with the largest difference."""
    return str(home.rebill(MONTH).differences["bill_id"][0].as_py())


def test_the_lines_add_up_to_both_totals(home: Home, bill_id: str) -> None:
    document = home.bill_sheet(bill_id)

    def total(column: str) -> Decimal:
        return sum((Decimal(line[column].replace(",", "")) for line in document["lines"]), Decimal(0))

    assert f"{total('issued_yuan'):,.2f}" == document["issued"]["total_yuan"]
    assert f"{total('due_yuan'):,.2f}" == document["recomputed"]["total_yuan"]
    assert f"{total('difference_yuan'):,.2f}" == document["difference_yuan"]
    assert document["cause"]
    assert document["steps"][-1]["step"] == "total"


def test_inputs_name_the_file_and_line_they_came_from(home: Home, bill_id: str) -> None:
    sources = {source["table"]: source for source in home.bill_sheet(bill_id)["sources"]}
    assert sources["reading"]["places"]
    assert all(":" in place for place in sources["reading"]["places"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_becomes_a_pdf(language: str, home: Home, bill_id: str, tmp_path: Path) -> None:
    path = home.write_bill_sheet(home.bill_sheet(bill_id, language), tmp_path / "sheet.pdf", language)
    assert path.read_bytes().startswith(b"%PDF")


def test_text_of_the_data_is_never_markup(home: Home, bill_id: str, tmp_path: Path) -> None:
    document = home.bill_sheet(bill_id)
    document["cause"] = '#panic("markup") $x$ *bold* #include "/etc/passwd"'
    assert home.write_bill_sheet(document, tmp_path / "sheet.pdf").stat().st_size > 1000


def test_the_command_tells_the_same(home: Home, bill_id: str) -> None:
    program = str(Path(sys.executable).with_name("jicha"))
    command = [program, "explain", bill_id, "--home", str(home.path), "--json"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(told) == home.bill_sheet(bill_id)
