"""The life of a rule: a new one that runs, outcomes taken whole or not, tests on the past, differences, upgrades of the pack."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jicha.audit.exceptions import ExceptionEntry
from jicha.audit.library import load_library
from jicha.audit.life.judgement import judge, quiets
from jicha.audit.life.outcomes import COLUMNS, Outcome, OutcomeProblem
from jicha.audit.life.pack import compare_packs, pack_of
from jicha.audit.life.scaffold import SUBJECTS, NewRuleProblem
from jicha.home import Home, open_home
from tests.cli.test_commands import call, read

OCTOBER = "2026-10"
MONTH = date(2026, 10, 1)


def finding(number: int, yuan: str = "100", org: str = "A", **columns: str) -> dict[str, Any]:
    evidence = json.dumps({"columns": columns})
    return {
        "finding_id": f"f{number}",
        "subject_id": f"s{number}",
        "org_no": org,
        "yuan_at_stake": Decimal(yuan),
        "evidence": evidence,
    }


def outcome(number: int, result: str, yuan: str = "0", hours: str = "1") -> Outcome:
    return Outcome("XX-01", f"s{number}", MONTH, result, Decimal(yuan), Decimal(hours))


def decided(*results: str, yuan: str = "0") -> dict[str, Outcome]:
    return {
        f"s{n}": outcome(n, result, yuan if result == "confirmed" else "0")
        for n, result in enumerate(results)
    }


@pytest.mark.parametrize(
    ("results", "yuan", "verdict"),
    [
        (("confirmed",) * 3 + ("refuted",) * 2, "50", "keep"),  # 3 of 5 = 0.60 ≥ 0.50
        (("confirmed",) + ("refuted",) * 4, "50", "tune"),  # 1 of 5 = 0.20
        (("refuted",) * 5, "0", "retire"),  # 0 of 5 and nothing recovered
        (("refuted",) * 4, "0", "undecided"),  # four are too few
    ],
)
def test_a_rule_is_judged_by_its_outcomes(results: tuple[str, ...], yuan: str, verdict: str) -> None:
    judged = judge("XX-01", [finding(n) for n in range(8)], decided(*results, yuan=yuan))
    confirmed = results.count("confirmed")
    assert (judged.findings, judged.confirmed, judged.refuted, judged.verdict) == (
        8,
        confirmed,
        results.count("refuted"),
        verdict,
    )
    assert judged.recovered_yuan == confirmed * Decimal(yuan)
    assert judged.hours == len(results)
    assert judged.undecided == 8 - len(results)


def test_the_confirmed_rate_leans_on_the_prior() -> None:
    judged = judge("XX-01", [finding(0)], decided("confirmed"))
    # (1 + 2) ÷ (1 + 2 + 2) = 0.6, not 1
    assert (judged.precision, judged.confirmed_rate) == (Decimal("1.0000"), Decimal("0.6000"))


def test_a_screen_is_believed_less_until_outcomes_tell() -> None:
    rates = [
        judge("BL-27", [finding(n) for n in range(4)], decided(*some)).confirmed_rate
        for some in ((), ("confirmed",) * 4)
    ]
    # 0.4 ÷ 4, then (4 + 0.4) ÷ (4 + 4)
    assert rates == [Decimal("0.1000"), Decimal("0.5500")]
    assert judge("XX-01", [finding(0)], decided()).confirmed_rate == Decimal("0.5000")


def test_a_quiet_never_loses_a_confirmed_finding() -> None:
    rows = [finding(n, kind="pump") for n in range(3)] + [
        finding(3, kind="shop"),
        finding(4, kind="shop"),
        finding(5, kind="pump", yuan="7"),
    ]
    told = quiets("XX-01", rows, decided("refuted", "refuted", "refuted", "confirmed"))
    assert [(one.column, one.value, one.refuted, one.silenced, one.silenced_yuan) for one in told] == [
        ("kind", "pump", 3, 1, Decimal(7))
    ]
    assert quiets("XX-01", rows, decided("refuted", "refuted", "confirmed", "confirmed")) == []


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_new_rule_runs_and_passes_its_cases(subject: str, home_copy: Callable[[str], Home]) -> None:
    home = home_copy("home")
    place = ("--home", str(home.path))
    call(
        "rules",
        "new",
        "ZZ-77",
        "--title-en",
        "Large: one",
        "--title-zh",
        "大：户",
        "--subject",
        subject,
        *place,
    )
    assert read("rules", "lint", "ZZ-77", *place)["problems"] == []
    assert read("rules", "test", "ZZ-77", *place) == {"checked": "4 of 4 cases pass", "problems": []}
    shown = read(
        "rules", "preview", "ZZ-77", "-m", OCTOBER, "--set", f"ZZ-77.{only_parameter(home)}=0", *place
    )
    assert shown["months"][0]["findings"] > 0 and shown["gaps"] == {}
    assert not list((home.path / "mart" / "findings").glob("*")) and not list(
        (home.path / "mart" / "tmp").glob("rehearsal-*")
    )


def only_parameter(home: Home) -> str:
    (name,) = open_home(home.path).library.rule("ZZ-77").parameters
    return name


def test_everything_wrong_with_a_new_rule_is_told(home_copy: Callable[[str], Home]) -> None:
    with pytest.raises(NewRuleProblem) as error:
        home_copy("home").studio.new_rule("zz", subject="moon", topic="sea", title_zh="甲", title_en="?")
    assert len(error.value.problems) == 4


def write_outcomes(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_outcomes_are_taken_whole_or_not_at_all(home_copy: Callable[[str], Home], tmp_path: Path) -> None:
    home = home_copy("home")
    good = {
        "rule_id": "CL-08",
        "subject_id": "R1",
        "bill_month": OCTOBER,
        "result": "confirmed",
        "recovered_yuan": "12.50",
        "decided_on": "2026-11-05",
    }
    bad = {**good, "result": "perhaps", "bill_month": "October", "hours": "-1"}
    with pytest.raises(OutcomeProblem) as error:
        home.studio.outcomes.take(write_outcomes(tmp_path / "bad.csv", [good, bad]))
    assert [problem.split(" ")[0] for problem in error.value.problems] == [
        "bad.csv:3:bill_month:",
        "bad.csv:3:result:",
        "bad.csv:3:hours:",
    ]
    assert home.studio.outcomes.entries == ()
    home.studio.outcomes.take(write_outcomes(tmp_path / "one.csv", [good]))
    home.studio.outcomes.take(
        write_outcomes(tmp_path / "two.csv", [{**good, "result": "refuted", "decided_on": "2026-11-04"}])
    )
    assert [one.result for one in home.studio.outcomes.entries] == ["confirmed"]
    home.studio.outcomes.take(
        write_outcomes(tmp_path / "two.csv", [{**good, "result": "refuted", "decided_on": "2026-11-06"}])
    )
    assert [one.result for one in home.studio.outcomes.entries] == ["refuted"]


def test_a_backtest_counts_what_verification_found(home_copy: Callable[[str], Home], tmp_path: Path) -> None:
    home = home_copy("home")
    found = home.studio.preview(["CL-08"], [OCTOBER]).all.to_pylist()
    rows = [
        {
            "rule_id": "CL-08",
            "subject_id": row["subject_id"],
            "bill_month": OCTOBER,
            "result": result,
            "recovered_yuan": yuan,
            "hours": "2",
        }
        for row, result, yuan in zip(found, ("confirmed", "refuted"), ("300.00", "0"), strict=False)
    ]
    home.studio.outcomes.take(write_outcomes(tmp_path / "outcomes.csv", rows))
    result = read("rules", "backtest", "CL-08", "-m", "2026-09..2026-10", "--home", str(home.path))
    october = next(line for line in result["lines"] if line["month"] == "2026-10-01")
    confirmed = min(1, len(found))
    assert (october["findings"], october["confirmed"]) == (len(found), confirmed)
    assert result["judgements"][0]["recovered_yuan"] == "300.00"
    assert "CL-08" in call("rules", "backtest", "CL-08", "-m", OCTOBER, "--home", str(home.path))


def test_a_difference_tells_what_a_threshold_changes(home_copy: Callable[[str], Home]) -> None:
    home = home_copy("home")
    place = ("--home", str(home.path))
    shown = read("rules", "diff", "CL-08", "-m", OCTOBER, "--set", "CL-08.large_yuan=100000000", *place)
    before = home.studio.preview(["CL-08"], [OCTOBER]).all.num_rows
    assert shown["same"] + len(shown["only_before"]) + len(shown["changed"]) == before
    assert shown["only_after"] == []


def test_another_version_of_a_rule_is_compared(home_copy: Callable[[str], Home], tmp_path: Path) -> None:
    home = home_copy("home")
    rule = home.library.rule("CL-08")
    folder = tmp_path / "other"
    folder.mkdir()
    shutil.copy(rule.path, folder)
    text = rule.path.with_suffix(".sql").read_text(encoding="utf-8")
    (folder / rule.path.with_suffix(".sql").name).write_text(
        text.replace("FROM judged\nWHERE ", "FROM judged\nWHERE 1 = 0 AND (").rstrip() + ")\n"
    )
    result = home.studio.difference("CL-08", [OCTOBER], replacements=folder)
    assert result.same == 0 and result.only_before.num_rows > 0 and result.only_after.num_rows == 0


def test_scores_stand_on_the_kept_runs(home: Home) -> None:
    judged = {one["rule_id"]: one for one in read("rules", "score", "--home", str(home.path))}
    assert judged["CL-08"]["verdict"] == "undecided"
    assert judged["CL-08"]["findings"] >= 1


# ── upgrade of the pack ──────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_local_survives_two_pack_versions(home_copy: Callable[[str], Home]) -> None:
    """A hundred exceptions, local values and retired rules before and after; conflicts are told, nothing is changed."""
    home = home_copy("home")
    settings = '[parameters.MR-08]\nratio = "1.6"\n[rules]\nBL-27 = "retired"\n'
    (home.path / "settings.toml").write_text(settings, encoding="utf-8")
    for number in range(100):
        home.exceptions.add(ExceptionEntry("MR-08", f"P{number}", "r", "a", MONTH, date(2030, 1, 1)))
    home = open_home(home.path)
    assert home.studio.upgrade() == []  # the first look remembers
    assert {one.kind for one in home.studio.upgrade()} == {"value_kept", "state_kept", "exceptions_kept"}
    library = home.library_as_shipped
    first = pack_of(library)
    second = dict(first) | {
        "MR-08": {
            **first["MR-08"],
            "parameters": {**first["MR-08"]["parameters"], "ratio": "1.4"},
            "sha256": "other",
        }
    }
    del second["BL-26"]
    changes = compare_packs(
        second, library, home.settings.parameters, home.settings.rules, home.exceptions.entries
    )
    told = {(one.kind, one.rule_id, one.name): (one.before, one.local, one.after) for one in changes}
    assert told["value_and_default_changed", "MR-08", "ratio"] == (
        "1.4",
        "1.6",
        str(library.rule("MR-08").defaults["ratio"]),
    )
    assert ("new_rule", "BL-26", "") in told and ("meaning_changed", "MR-08", "") in told
    assert told["exceptions_kept", "MR-08", ""][1] == "100"
    assert changes[0].is_conflict
    assert (home.path / "settings.toml").read_text(encoding="utf-8") == settings
    assert len(open_home(home.path).exceptions.entries) == 100


def test_what_has_no_place_any_more_is_a_conflict() -> None:
    library = load_library()
    before = pack_of(library)
    rule = library.rules["MR-08"]
    smaller = {name: one for name, one in rule.parameters.items() if name != "ratio"}
    later = replace(
        library,
        rules={k: r for k, r in library.rules.items() if k != "BL-26"}
        | {"MR-08": replace(rule, parameters=smaller)},
    )
    local = {"MR-08": {"ratio": "1.6", "floor_home_kwh": "-5"}, "BL-26": {"order_months": 3}}
    told = {
        (one.kind, one.rule_id, one.name)
        for one in compare_packs(before, later, local, {}, [])
        if one.is_conflict
    }
    assert ("parameter_gone", "MR-08", "ratio") in told
    assert ("rule_gone", "BL-26", "") in told
