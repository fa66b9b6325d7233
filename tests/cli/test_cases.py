"""`jicha settle`: the sheet in the terminal, as JSON and as PDF; hostile text stays text."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jicha.cli import app
from jicha.reports.case_sheet import case_document
from jicha.reports.case_words import CASE_WORDS
from jicha.settle.sheet.case import ACTS
from jicha.settle.sheet.default_usage import COMPONENT
from jicha.settle.sheet.fields import CaseProblem
from jicha.settle.sheet.local_law import seen

DOCS = Path(__file__).resolve().parents[2] / "docs" / "how-to"
EVIL = "{{ 7*7 }} #panic() <script> 某"


def _example(page: str) -> str:
    found = re.search(r"```yaml\n(.+?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def _run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["settle", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The example of the guide as a file."""
    path = tmp_path / "case.yaml"
    path.write_text(_example("settle.md"), encoding="utf-8")
    return path


def test_the_example_of_the_guide_by_hand(case: Path, tmp_path: Path) -> None:
    """A: 12 × 133 d × 10 h = 15,960 kWh. B: 3 × 220 × 5 × 20 ÷ 1000 = 66 kW × 180 × 12 = 142,560 less 5,400."""
    told = json.loads(_run(str(case), "--json", "--home", str(tmp_path / "home")))
    first, second = (one["sums"] for one in told["scenarios"])
    assert (float(first["energy_kwh"]), float(second["energy_kwh"])) == (15960, 137160)
    assert float(told["difference"]["energy_kwh"]) == 121200
    # 137,160 kWh: 108 of 180 days at 0.73523875, 72 at 0.72843875 yuan, of the demo's price book
    assert second["back_pay_yuan"] == "100472.27"
    assert second["charge_yuan"] == "251180.68"
    assert told["scenarios"][0]["criminal"][0]["kwh"] == "8600.000000"  # 3,200 × 4 − 4,200


def test_both_guides_give_the_same_numbers(tmp_path: Path) -> None:
    told = []
    for page in ("settle.md", "settle.zh.md"):
        path = tmp_path / f"{page}.yaml"
        path.write_text(_example(page), encoding="utf-8")
        told.append(
            [
                one["sums"]
                for one in json.loads(_run(str(path), "--json", "--home", str(tmp_path / "home")))[
                    "scenarios"
                ]
            ]
        )
    assert told[0] == told[1]


@pytest.mark.parametrize(("language", "words"), [("zh", ("条款待确认", "方案差额（B − A）", "违约使用电费", "最高额")), ("en", ("clause to be", "Difference (B − A)", "Default-usage charge", "is the most"))])  # fmt: skip
def test_the_terminal_says_it_in_both_languages(
    case: Path, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    case.write_text(
        case.read_text(encoding="utf-8").replace(
            "        contract_clause: Supply contract, clause 8\n", "", 1
        ),
        encoding="utf-8",
    )
    shown = _run(str(case), "--home", str(tmp_path / "home"), "--language", language)
    assert [word for word in words if word not in shown] == []
    assert "100,472.27" in shown


def test_text_of_a_user_is_only_text(case: Path, tmp_path: Path) -> None:
    """Names that would act in a template, in Typst or in the terminal come out as they were written."""
    text = case.read_text(encoding="utf-8").replace("A restaurant", f'"{EVIL}"').replace("Bypassed meter", "'[red]x[/] #read(\"/etc/passwd\")'")  # fmt: skip
    case.write_text(text, encoding="utf-8")
    target = tmp_path / "out" / "sheet.pdf"
    shown = _run(str(case), "--home", str(tmp_path / "home"), "--pdf", str(target))
    assert '[red]x[/] #read("/etc/passwd")' in shown
    assert target.read_bytes().startswith(b"%PDF-")


def test_a_case_that_is_wrong_writes_nothing(case: Path, tmp_path: Path) -> None:
    case.write_text(case.read_text(encoding="utf-8").replace("kw: 12", "kw: twelve"), encoding="utf-8")
    with pytest.raises(CaseProblem, match=r"scenarios\.A\.acts\[1\]\.quantity\.kw: is 'twelve'"):
        CliRunner().invoke(
            app, ["settle", str(case), "--pdf", str(tmp_path / "x.pdf")], catch_exceptions=False
        )
    assert not (tmp_path / "x.pdf").exists()


def test_every_code_has_its_words() -> None:
    """Acts, components and local rules are told in both languages, and no text is left empty."""
    codes = (
        [f"act.{name}" for name in ACTS]
        + [f"component.{COMPONENT}"]
        + [f"act_code.{name}" for name in (*seen().acts, *seen().methods)]
    )
    assert [code for code in codes if code not in CASE_WORDS] == []
    assert all(all(pair) for pair in CASE_WORDS.values())


def test_a_document_needs_no_engine_objects(case: Path, tmp_path: Path) -> None:
    """What --json prints is all that a sheet is made of: a page can be made of it years later."""
    plain: dict[str, Any] = json.loads(_run(str(case), "--json", "--home", str(tmp_path / "home")))
    document = case_document(plain, "zh")
    assert document["scenarios"][1]["total"] == "351,652.95"
    assert document["scenarios"][1]["lines"][0]["period"] == "2026-04-15 – 2026-07-31"
