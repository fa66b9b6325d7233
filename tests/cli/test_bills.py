"""`jicha rebill` and `jicha explain BILL` asked for what is not there: said in the language of the command, and what to do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from jicha.errors import JichaError
from tests.cli.test_commands import OCTOBER, call

CHINESE = re.compile(r"[\u3400-\u9fff]")
# (command, what is told in English, what is told in Chinese); EMPTY is a home without data, REVERSAL a bill of that kind
WRONG = [
    (("explain", "NOPE"), "no bill 'NOPE'", "没有编号为 NOPE 的电费单"),
    (("explain", "NOPE", "--pdf", "sheet.pdf"), "no bill 'NOPE'", "没有编号为 NOPE 的电费单"),
    (("explain", "BR", "--home", "REVERSAL"), "a bill of kind reversal; expected a normal bill", "类型为“冲正”"),
    (("explain", "NOPE", "--snapshot", "99"), "no snapshot 99", "没有数据快照 99"),
    (("explain", "NOPE", "--home", "EMPTY"), "no data; expected a loaded extract", "没有数据；应先导入"),
    (("rebill", "--month", "2030-01"), "no bill of 2030-01; expected a month with bills: 2025", "没有 2030-01 的电费单；有电费单的月份为 2025"),
    (("rebill", "--month", "2026-13"), "'2026-13'; expected a billing month such as 2026-10", "'2026-13' 不是月份"),
    (("rebill", "--month", OCTOBER, "--snapshot", "99"), "no snapshot 99", "没有数据快照 99"),
    (("rebill", "--month", OCTOBER, "--home", "EMPTY"), "no data; expected a loaded extract", "没有数据；应先导入"),
    (("rebill", "--month", OCTOBER, "--home", "ORGS"), "no bill of 2026-10; expected a filled table bill", "电费发行表没有数据"),
    (("rebill", "--month", OCTOBER, "--out", "found.docx"), "the ending '.docx'", "不能写成 '.docx' 文件"),
]  # fmt: skip


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory, audited: Path) -> dict[str, str]:
    """The homes that the cases name."""
    folder = tmp_path_factory.mktemp("homes")
    (folder / "org.csv").write_text("org_no,name,level\n0101,Beicheng,city\n", encoding="utf-8")
    call("load", str(folder / "org.csv"), "--home", str(folder / "orgs"))
    columns = "bill_id,customer_no,org_no,bill_month,kind,period_from,period_to,kwh,total_yuan,issued_at"
    columns += ",calculated_at,due_on,calculated_by,reviewed_by,trial_run"
    (folder / "bill.csv").write_text(
        f"{columns}\nBR,1,0101,2026-10-01,reversal,2026-09-01,2026-10-01,-5,-2.79,2026-10-10 09:00:00,,,,,\n",
        encoding="utf-8",
    )
    call("load", str(folder / "bill.csv"), "--home", str(folder / "reversal"))
    return {
        "EMPTY": str(folder / "empty"),
        "ORGS": str(folder / "orgs"),
        "REVERSAL": str(folder / "reversal"),
        "": str(audited),
    }


@pytest.mark.parametrize(("command", "english", "chinese"), WRONG, ids=[" ".join(case[0]) for case in WRONG])
def test_what_is_not_there_is_told_in_the_language_asked(
    command: tuple[str, ...], english: str, chinese: str, homes: dict[str, str]
) -> None:
    """Each error names what was asked, what there is and what to do; in one language."""
    asked = [homes.get(part, part) for part in command]
    asked += [] if "--home" in command else ["--home", homes[""]]
    for language, part in (("en", english), ("zh", chinese)):
        with pytest.raises(JichaError) as error:
            call(*asked, "--language", language)
        assert part in str(error.value)
        assert bool(CHINESE.search(str(error.value))) is (language == "zh")


def test_a_chinese_error_has_a_chinese_head(homes: dict[str, str]) -> None:
    """The program prints one line without a traceback and ends with 1."""
    command = [sys.executable, "-c", "from jicha.cli import main; main()", "explain", "NOPE"]
    done = subprocess.run([*command, "--home", homes[""]], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("错误 没有编号为 NOPE 的电费单")
    assert done.stdout == "" and "Traceback" not in done.stderr


def test_a_sheet_is_written_into_a_new_folder(homes: dict[str, str], tmp_path: Path) -> None:
    """A folder that is not there yet is made, as for every other file."""
    text = call("rebill", "--month", OCTOBER, "--home", homes[""], "--quiet")
    bill_id = next(line.split()[0] for line in text.splitlines() if line.startswith("B34"))
    target = tmp_path / "new" / "sheet.pdf"
    call("explain", bill_id, "--home", homes[""], "--pdf", str(target))
    assert target.read_bytes().startswith(b"%PDF")
