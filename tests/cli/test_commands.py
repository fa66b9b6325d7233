"""The command line from a folder of CSV to an explained finding: what it prints, what it returns."""

from __future__ import annotations

import csv
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import Result
from typer.main import get_command
from typer.testing import CliRunner

from jicha.cli import app
from jicha.errors import JichaError
from tests.audit.test_run import own_rule

RUNNER = CliRunner()
OCTOBER = "2026-10"


def call(*arguments: str, code: int = 0) -> str:
    """Run a command; return what it printed and hold its exit code."""
    result: Result = RUNNER.invoke(app, list(arguments))
    if isinstance(result.exception, JichaError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def read(*arguments: str, code: int = 0) -> Any:
    """Run a command with --json and return what it said."""
    return json.loads(RUNNER.invoke(app, [*arguments, "--json"], catch_exceptions=False).stdout)


@pytest.fixture(scope="module")
def place(audited: Path) -> tuple[str, str]:
    """The options that name the shared audited home: for reading only."""
    return ("--home", str(audited))


def commands() -> Iterator[tuple[str, ...]]:
    def below(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield path
        for name, child in getattr(command, "commands", {}).items():
            yield from below(child, (*path, name))

    yield from below(get_command(app), ())


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    text = call(*path, "--help")
    assert "Usage:" in text
    assert len(text.splitlines()) > 4


def test_the_installed_program_speaks() -> None:
    program = Path(sys.executable).with_name("jicha")
    assert re.match(
        r"\d+\.\d+\.\d+",
        subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout,
    )


READS = [
    ("runs",), ("findings",), ("findings", "--silenced"), ("snapshots", "list"), ("exceptions", "list"), ("rules", "list"),
    ("rules", "show", "MR-02"), ("rules", "lint", "MR-02"), ("rules", "test", "CL-08"), ("coverage",), ("quarantine", "list"), ("doctor",),
]  # fmt: skip


@pytest.mark.parametrize("command", READS, ids=" ".join)
def test_every_read_gives_json(command: tuple[str, ...], place: tuple[str, str]) -> None:
    assert read(*command, *place) is not None


@pytest.mark.parametrize("command", [("contract", "list"), ("contract", "show", "bill")], ids=" ".join)
def test_the_contract_gives_json(command: tuple[str, ...]) -> None:
    assert read(*command)


def test_findings_are_filtered_sorted_and_paged(place: tuple[str, str]) -> None:
    every = read("findings", *place, "--limit", "100000")
    yuan = [Decimal(row["yuan_at_stake"]) for row in every if row["yuan_at_stake"]]
    assert yuan == sorted(yuan, reverse=True)
    rule = every[0]["rule_id"]
    of_rule = read("findings", *place, "--rule", rule, "--limit", "100000")
    assert of_rule == [row for row in every if row["rule_id"] == rule]
    new = read("findings", *place, "--status", "new", "--least-yuan", "10", "--limit", "100000")
    assert new == [
        r for r in every if r["status"] == "new" and r["yuan_at_stake"] and Decimal(r["yuan_at_stake"]) >= 10
    ]
    pages = [read("findings", *place, "--limit", "7", "--page", str(n)) for n in (1, 2)]
    assert [*pages[0], *pages[1]] == every[:14]
    by_rule = read("findings", *place, "--sort", "rule_id", "--limit", "100000")
    assert [row["rule_id"] for row in by_rule] == sorted(row["rule_id"] for row in every)
    one = read("findings", *place, "--subject", every[0]["subject_id"], "--rule", rule)
    assert every[0]["finding_id"] in {row["finding_id"] for row in one}
    assert read("findings", *place, "--text", "no such text") == []


@pytest.mark.parametrize("ending", [".parquet", ".csv", ".jsonl", ".xlsx"])
def test_findings_are_exported(ending: str, place: tuple[str, str], tmp_path: Path) -> None:
    target = tmp_path / f"found{ending}"
    assert "→" in call("findings", *place, "--out", str(target))
    assert target.stat().st_size > 100
    if ending == ".parquet":
        assert pq.read_table(target).num_rows == len(read("findings", *place, "--limit", "100000"))


def test_an_unknown_ending_is_explained(place: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(JichaError, match=r"found the ending '.docx'; expected .parquet .csv .jsonl .xlsx"):
        call("findings", *place, "--out", str(tmp_path / "found.docx"))


def test_explain_goes_back_to_file_and_line(place: tuple[str, str]) -> None:
    found = read("findings", *place, "--rule", "MR-02", "--limit", "1")[0]
    card = read("explain", found["finding_id"], *place)
    assert card["rule"]["rule_id"] == "MR-02"
    places = [row["_source"] for source in card["sources"] for row in source["rows"]]
    assert places
    assert all(re.fullmatch(r"[a-z_]+\.csv:\d+", one) for one in places), places
    text = call("explain", found["finding_id"][:12], *place, "--language", "en")
    assert re.search(r"reading\.csv:\d+", text)
    assert found["finding_id"] in text


def test_a_source_line_is_the_line_of_the_file(place: tuple[str, str], extract: Path) -> None:
    found = read("findings", *place, "--rule", "MR-02", "--limit", "1")[0]
    sources = read("explain", found["finding_id"], *place)["sources"]
    row = next(s for s in sources if s["table"] == "reading")["rows"][0]
    line = int(row["_source"].split(":")[1])
    with (extract / "reading.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    written = dict(zip(rows[0], rows[line - 1], strict=True))
    assert (written["mp_id"], written["register"]) == (row["mp_id"], row["register"])
    assert Decimal(written["value"]) == Decimal(str(row["value"]))


@pytest.mark.parametrize(("language", "words"), [("zh", ("延续", "新增")), ("en", ("Continuing", "New"))])
def test_both_languages(language: str, words: tuple[str, ...], place: tuple[str, str]) -> None:
    text = call("findings", *place, "--language", language, "--limit", "1000")
    assert any(word in text for word in words)
    listed = call("rules", "list", *place, "--language", language)
    assert ("抄表" in listed) is (language == "zh")


@pytest.mark.parametrize(
    "wrong",
    [
        ("findings", "--language", "fr"), ("findings", "--page", "0"), ("findings", "--sort", "colour"), ("findings", "--least-yuan", "much"),
        ("audit",), ("audit", "--month", OCTOBER, "--as-of", "yesterday"), ("nothing",), ("snapshots", "diff", "1"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_wrong_command_line_gives_2(wrong: tuple[str, ...], place: tuple[str, str]) -> None:
    options = place if wrong[0] != "nothing" else ()
    assert RUNNER.invoke(app, [*wrong, *options]).exit_code == 2


@pytest.mark.parametrize(
    ("wrong", "parts"),
    [
        (("audit", "--month", "2026-13"), ("month", "2026-13", "2026-10", "YYYY-MM")),
        (
            ("audit", "--month", OCTOBER, "--rule", "XX-99"),
            ("rule library", "XX-99", "one of", "jicha rules list"),
        ),
        (
            ("audit", "--month", OCTOBER, "--set", "MR-02"),
            ("--set", "MR-02", "RULE.name=value", "MR-08.ratio"),
        ),
        (
            ("audit", "--month", OCTOBER, "--set", "MR-02.tolerance_kwh=-1"),
            ("MR-02.tolerance_kwh", "-1", "outside"),
        ),
        (("audit", "--month", OCTOBER, "--snapshot", "99"), ("99",)),
        (("findings", "--run", "1999-01"), ("runs", "1999-01", "jicha audit")),
        (
            ("explain", "zzz", "--language", "en"),
            ("0 findings that begin with 'zzz'", "exactly one", "jicha findings"),
        ),
        (("load", "/no/such/folder"), ("/no/such/folder",)),
        (("contract", "show", "weather"), ("weather",)),
        (("rules", "show", "XX-99"), ("XX-99",)),
    ],
    ids=lambda value: " ".join(value),
)
def test_errors_name_place_found_expected_and_remedy(
    wrong: tuple[str, ...], parts: tuple[str, ...], place: tuple[str, str]
) -> None:
    options = () if wrong[0] == "contract" else place
    with pytest.raises(JichaError) as caught:
        call(*wrong, *options)
    for part in parts:
        assert part in str(caught.value)


def test_an_explained_error_is_printed_and_gives_1(place: tuple[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from jicha.cli import main; main()", "explain", "zzz", "-l", "en", *place],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_interrupt_gives_130(home_copy: Callable[[str], Any], tmp_path: Path) -> None:
    home = home_copy("interrupt")
    command = [
        sys.executable,
        "-c",
        "from jicha.cli import main; main()",
        "audit",
        "--month",
        OCTOBER,
        "--home",
        str(home.path),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    facts = home.mart.root / "facts"
    while not list(facts.rglob("*.parquet")) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "interrupted" in errors
    assert home.runs() == []


def test_contract_export_in_every_form(tmp_path: Path) -> None:
    for form, expected in (
        ("schemas", "bill"),
        ("templates", "bill"),
        ("workbook", "contract.xlsx"),
        ("ddl", "contract.sql"),
        ("dictionary", "dictionary.en.md"),
    ):
        folder = tmp_path / form
        call("contract", "export", str(folder), "--form", form, "--language", "en")
        assert any(expected in path.name for path in folder.rglob("*")), form
    with pytest.raises(JichaError, match="schemas, templates, workbook, ddl or dictionary"):
        call("contract", "export", str(tmp_path / "x"), "--form", "pdf")


def test_a_bad_row_is_quarantined_fixed_and_replayed(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    folder = tmp_path / "delivery"
    folder.mkdir()
    (folder / "org.csv").write_text(
        "org_no,name,level\n0101,Beicheng,city\n0102,Nancheng,nowhere\n", encoding="utf-8"
    )
    assert "nothing was kept" in call("check", str(folder), *home, code=3)
    assert read("snapshots", "list", *home) == []
    assert "quarantine" in call("load", str(folder), *home)
    (entry,) = read("quarantine", "list", *home)
    assert "org.csv" in json.dumps(entry)
    assert "nowhere" in call("quarantine", "list", *home)
    work_list = tmp_path / "work.csv"
    call("quarantine", "export", str(work_list), *home)
    text = work_list.read_text(encoding="utf-8-sig")
    work_list.write_text(text.replace(",nowhere", ",station"), encoding="utf-8-sig")
    call("quarantine", "replay", str(work_list), *home)
    assert read("quarantine", "list", *home) == []
    kept = read("snapshots", "list", *home)
    assert [line["rows"] for line in kept] == [1, 2]
    (change,) = read("snapshots", "diff", "1", "2", *home)
    assert (change["table"], change["added"], change["removed"]) == ("org", 1, 0)
    call("snapshots", "drop", "1", *home)
    assert [line["snapshot"] for line in read("snapshots", "list", *home)] == [2]
    assert "no data" not in call("coverage", *home)


def test_a_check_says_why_rows_are_bad(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    rows = "".join(f"{number:04d},Beicheng,nowhere{number}\n" for number in range(23))
    (tmp_path / "org.csv").write_text(f"org_no,name,level\n{rows}99,,city\n", encoding="utf-8")
    text = call("check", str(tmp_path / "org.csv"), *home, code=3)
    assert "org.level: 未知代码 (code not in the list) (23). Correct the code" in text
    assert re.search(r"org\.csv:21 +nowhere19 +one of ", text) and "nowhere20" not in text
    assert "and 3 more; --json gives all" in text
    assert "org.name: 必填项为空 (required value empty) (1). Fill in the value." in text
    told = read("check", str(tmp_path / "org.csv"), *home, code=3)
    assert len(told["problems"]) == 24
    last = told["problems"][-1]
    assert [last[name] for name in ("line", "column", "value", "reason")] == [
        25,
        "name",
        "",
        "required_empty",
    ]
    assert last["remedy"] == "Fill in the value." and last["file"].endswith("org.csv")
    assert [(kind["column"], kind["total"]) for kind in told["kinds"]] == [("level", 23), ("name", 1)]
    assert told["files"][0]["quarantined"] == 24 and told["is_check"]


def test_the_quarantine_is_listed_in_parts(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    rows = "".join(f"{number:04d},Beicheng,nowhere\n" for number in range(60))
    (tmp_path / "org.csv").write_text(f"org_no,name,level\n{rows}99,,city\n", encoding="utf-8")
    call("load", str(tmp_path / "org.csv"), *home)
    assert "50 of 61 rows in quarantine" in call("quarantine", "list", *home)
    assert len(read("quarantine", "list", *home)) == 61
    (one,) = read("quarantine", "list", "--reason", "required_empty", *home)
    assert one["line"] == 62
    part = read(
        "quarantine", "list", "--table", "org", "--sort", "reason", "--offset", "1", "--limit", "2", *home
    )
    assert [row["line"] for row in part] == [2, 3]
    with pytest.raises(JichaError, match="reason 'bad'"):
        call("quarantine", "list", "--reason", "bad", *home)


def test_a_repeated_load_says_so(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    (tmp_path / "org.csv").write_text("org_no,name,level\n0101,Beicheng,city\n", encoding="utf-8")
    call("load", str(tmp_path / "org.csv"), *home)
    assert "was loaded before" in call("load", str(tmp_path / "org.csv"), *home)


def test_exceptions_are_kept_and_taken_back(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    call(
        "exceptions",
        "add",
        "MR-02",
        "M1",
        "--reason",
        "核实",
        "--approved-by",
        "王",
        "--expires",
        "2999-01-01",
        *home,
    )
    (entry,) = read("exceptions", "list", *home)
    assert (entry["rule_id"], entry["approved_by"], entry["expires_on"]) == ("MR-02", "王", "2999-01-01")
    call("exceptions", "remove", "MR-02", "M1", *home)
    assert "no exception" in call("exceptions", "remove", "MR-02", "M1", *home, code=1)
    with pytest.raises(JichaError, match="XX-99"):
        call(
            "exceptions",
            "add",
            "XX-99",
            "M1",
            "--reason",
            "r",
            "--approved-by",
            "a",
            "--expires",
            "2999-01-01",
            *home,
        )


def test_an_empty_home_says_what_to_do(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    assert "jicha load" in call("snapshots", "list", *home)
    with pytest.raises(JichaError, match="jicha load FOLDER"):
        call("audit", "--month", OCTOBER, *home)
    with pytest.raises(JichaError, match="jicha audit"):
        call("findings", *home)
    checks = {line["check"]: line for line in read("doctor", *home)}
    assert not checks["data"]["ok"]
    assert checks["rules"]["found"].startswith("55 rules") or checks["rules"]["ok"]


def test_an_audit_writes_files_and_a_page(home_copy: Callable[[str], Any], tmp_path: Path) -> None:
    home = home_copy("audit")
    text = call(
        "audit", "--month", OCTOBER, "--rule", "BL-26", "--rule", "MR-02", "--set", "MR-02.tolerance_kwh=6", "--home", str(home.path),
        "--out", str(tmp_path / "f.csv"), "--page", str(tmp_path / "p.html"), "--language", "en",
    )  # fmt: skip
    assert "Marketing audit result 2026-10" in text
    assert (tmp_path / "f.csv").exists()
    assert (tmp_path / "p.html").exists()
    (run,) = read("runs", "--home", str(home.path))
    assert home.run(run["run_id"]).manifest.rules["MR-02"]["parameters"]["tolerance_kwh"] == "6"


def test_an_unreadable_rule_is_an_offence_of_lint(home_copy: Callable[[str], Any]) -> None:
    home = home_copy("unreadable")
    folder = home.path / "rules" / "reading"
    folder.mkdir(parents=True)
    shutil.copy(home.library.rules["MR-02"].path, folder / "ZZ-01_without_select.yaml")
    text = call("rules", "lint", "--home", str(home.path), code=3)
    assert "ZZ-01_without_select.sql is missing" in re.sub(r"\s+", " ", text)


def test_a_failed_rule_gives_4(home_copy: Callable[[str], Any]) -> None:
    home = home_copy("failing")
    own_rule(home, "ZZ-01_doubled", "SELECT c.org_no AS subject_id FROM customer AS c")
    text = call(
        "audit",
        "--month",
        OCTOBER,
        "--rule",
        "ZZ-01",
        "--rule",
        "BL-26",
        "--home",
        str(home.path),
        "-l",
        "en",
        code=4,
    )
    assert "two rows with subject_id" in text


def test_the_demo_can_only_build(tmp_path: Path) -> None:
    with pytest.raises(JichaError, match="at least 200"):
        call("demo", "--customers", "5", "--extract", str(tmp_path / "x"), "--build-only")


def test_rules_alone_leave_no_folder_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that is not there yet is made by what has data to keep, not by a look at the rules."""
    monkeypatch.chdir(tmp_path)
    call("rules", "lint", "MR-02")
    call("rules", "list")
    assert list(tmp_path.iterdir()) == []
