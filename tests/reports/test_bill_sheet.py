"""The calculation sheet of a bill: as data, in the terminal and as PDF."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import jicha
from jicha.audit.explain import source_rows
from jicha.audit.rebill.session import BillSheet, open_rebilling, sheet_links
from jicha.billing.policies import shipped_policies
from jicha.billing.policy import rule_values
from jicha.billing.sheet import STEP_TITLES
from jicha.cli import app
from jicha.demo import build
from jicha.home import Home
from jicha.reports.basis import mark_text, source_text
from jicha.reports.bill_sheet import SHEET_WORDS, sheet_document
from jicha.reports.words import word

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


# What a Chinese sheet may hold in Latin letters and an English one in Chinese characters.
UNITS = {"kWh", "kvarh", "kVA", "kW", "h", "d", "PDF"}
SYMBOLS = {"P", "Q", "T", "K", "S", "I0", "Uk", "Pk", "P0", "Wp", "Wq"}
LATIN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
CHINESE = re.compile(r"[\u3400-\u9fff\uff00-\uffef\u3000-\u303f]")


def texts(node: Any, skipped: frozenset[str]) -> Iterator[str]:
    """Yield every text of a document, without what the data or a program says."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in skipped:
                yield from texts(value, skipped)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value, skipped)
    elif isinstance(node, str):
        yield node


# Codes of the project and of the data: the names of steps, tables and columns, the code of a refusal, files.
CODES = frozenset({"part", "step", "table", "columns", "code", "places", "rows", "bill_id", "customer_no"})


def is_code(word: str) -> bool:
    """Return whether a Latin word is a number of the data, a tariff, a document or a unit, and no word of English."""
    return bool(re.fullmatch(r"[A-Z]{1,2}\d+\w*|CI_\w+|RES_\w+|AGRI\w*|ZJ\d*\w*|S\d+", word))


def documents(home: Home) -> dict[str, list[dict[str, Any]]]:
    """Return the sheets of one bill of each kind in both languages; a kind is the steps that its sheet has."""
    kinds: dict[tuple[Any, ...], BillSheet] = {}
    snapshot = home.snapshot()
    with open_rebilling(home.mart, snapshot, home.policies) as rebilling:
        for case in rebilling.cases(rebilling.bill_ids(date(2026, 10, 1))):
            sheet = rebilling.sheet_of(case)
            steps = {(step.step, step.component) for step in sheet.sheet.steps}
            kinds.setdefault((sheet.priced.refusal, frozenset(steps)), sheet)
    told: dict[str, list[dict[str, Any]]] = {"zh": [], "en": []}
    for language, sheets in told.items():
        for number, sheet in enumerate(kinds.values()):
            sources = source_rows(snapshot, sheet_links(sheet)) if number % 10 == 0 else []
            sheets.append(sheet_document(sheet, sources, {}, language))
    return told


@pytest.fixture(scope="module")
def both(home: Home) -> dict[str, list[dict[str, Any]]]:
    """Return the sheets of every kind of bill in both languages."""
    return documents(home)


def test_the_demo_has_every_kind_of_bill(both: dict[str, list[dict[str, Any]]]) -> None:
    """What the next two tests say, they say of every step and of refusals."""
    steps = {step["step"] for sheet in both["en"] for step in sheet["steps"]}
    assert steps == set(STEP_TITLES)
    components = {
        step["subject"].split()[-1]
        for sheet in both["en"]
        for step in sheet["steps"]
        if step["step"] == "basic_charge"
    }
    assert components == {"capacity", "demand"}
    assert any(sheet["refusal"] for sheet in both["en"]) and any(sheet["cause"] for sheet in both["en"])


def test_a_chinese_sheet_holds_no_english_word(both: dict[str, list[dict[str, Any]]]) -> None:
    """Only units, symbols of a formula and codes are written in Latin letters."""
    words = {key: word(f"sheet.{key}", "zh") for key in SHEET_WORDS}
    found = {
        latin
        for text in texts([both["zh"], words], CODES)
        for latin in LATIN.findall(text)
        if latin not in UNITS | SYMBOLS and not is_code(latin)
    }
    assert found == set()


def test_an_english_sheet_holds_no_chinese_word(both: dict[str, list[dict[str, Any]]]) -> None:
    """No Chinese character and no full-width mark stands in an English sheet."""
    words = {key: word(f"sheet.{key}", "en") for key in SHEET_WORDS}
    assert [text for text in texts([both["en"], words], CODES) if CHINESE.search(text)] == []


def test_every_shipped_source_is_told_in_both_languages() -> None:
    """A sheet may quote any rule and any price that is shipped."""
    policies = shipped_policies()
    sources = {row.source for row in policies.price_rows} | {rule.source for rule in rule_values()}
    marks = {rule.mark for rule in rule_values()}
    chinese = [*(source_text(s, "zh") for s in sources), *(mark_text(m, "zh") for m in marks)]
    english = [*(source_text(s, "en") for s in sources), *(mark_text(m, "en") for m in marks)]
    assert [t for t in chinese if any(not is_code(latin) for latin in LATIN.findall(t))] == []
    assert [t for t in english if CHINESE.search(t)] == []
    assert source_text("省公司 letter 12", "en") == "省公司 letter 12"


def test_roundings_and_notes_are_told_in_words(both: dict[str, list[dict[str, Any]]]) -> None:
    """As the trade says it, and as an English reader expects it."""

    def of(language: str, step: str) -> dict[str, Any]:
        return next(s for sheet in both[language] for s in sheet["steps"] if s["step"] == step)

    assert of("zh", "metered_energy")["rounding"] == "四舍五入到整千瓦时"
    assert of("en", "metered_energy")["rounding"] == "half up to whole kWh"
    assert of("zh", "energy_charge")["rounding"] == "四舍五入到分"
    assert of("en", "power_factor")["rounding"] == "half up to 2 decimals"
    assert of("en", "power_factor")["basis"].endswith("[read in source S18]")
    assert of("zh", "power_factor")["basis"] == "（83）水电财字第215号 [已核对资料S18]"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_terminal_speaks_one_language(language: str, home: Home, bill_id: str) -> None:
    """The tables of the terminal have heads in the language that was asked for."""
    result = CliRunner().invoke(app, ["explain", bill_id, "--home", str(home.path), "--language", language])
    assert result.exit_code == 0
    if language == "zh":
        steps = result.output.split("依据的数据")[0]
        assert [w for w in LATIN.findall(steps) if w not in UNITS | SYMBOLS and not is_code(w)] == []
        assert "示数" in result.output and "远程" in result.output
    else:
        assert [line for line in result.output.splitlines() if CHINESE.search(line)] == []


def test_the_parts_of_a_difference_add_up(both: dict[str, list[dict[str, Any]]]) -> None:
    """Quantity, price, multiplier, period, power factor and rounding give the difference to the cent, on every sheet."""
    for document in both["zh"]:
        parts = [Decimal(one["yuan"]) for one in document["attribution"]]
        assert len(parts) == (0 if document["refusal"] else 6)
        if parts:
            assert sum(parts) == Decimal(document["difference_yuan"].replace(",", ""))
