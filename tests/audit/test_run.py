"""An audit is the same whatever the order, the threads, the memory; and never a silent zero (promises C5, C6, A6)."""

from __future__ import annotations

import csv
import json
import random
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jicha.errors import ExplainedError
from jicha.home import Home, Run, open_home

# One rule of each topic that finds something in the demo: a whole run is made once, in the shared home.
SOME = ("MR-02", "MR-08", "BL-26", "CL-01", "MT-01", "IN-09", "SL-01", "PM-01")
WITHOUT_SNAPSHOT = ("finding_id", "status", "direction", "kwh_at_stake", "yuan_at_stake", "message")
OCTOBER = "2026-10"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in sorted(folder.glob("*/ledger.parquet"))}


def told(run: Run) -> list[tuple[Any, ...]]:
    """What a run says, without the numbers of run and snapshot."""
    return list(zip(*(run.findings[name].to_pylist() for name in WITHOUT_SNAPSHOT), strict=True))


def verdicts(run: Run, rule_id: str) -> set[str]:
    return {v.verdict for v in run.manifest.verdicts if v.rule_id == rule_id}


def without(extract: Path, folder: Path, *tables: str) -> Path:
    """A copy of the extract that lacks these tables."""
    folder.mkdir()
    for path in extract.glob("*.csv"):
        if path.stem not in tables:
            (folder / path.name).symlink_to(path)
    return folder


def own_rule(home: Home, name: str, sql: str, **changes: str) -> None:
    """Put a user's rule into the home."""
    folder = home.path / "rules" / "reading"
    folder.mkdir(parents=True, exist_ok=True)
    lines = {
        "id": "ZZ-01", "title": "{zh: 自编, en: Own}", "topic": "reading", "severity": "1", "owner": "MRd", "status": "active",
        "version": "1", "side": "internal", "lifecycle": "standing", "basis": "[{document: 内部制度, verified: false}]",
        "needs": "{customer: [org_no]}", "subject": "customer", "fingerprint": "[subject_id]",
        "value": "{kwh: null, yuan: null, direction: none, why: none is computed}",
        "message": '{zh: "户 {subject_id}", en: "customer {subject_id}"}',
        "triage": "{steps: {zh: [看], en: [look]}, benign: {zh: [无], en: [none]}, blind_spots: {zh: [无], en: [none]}, evidence: [e1]}",
        "cases": "[]", **changes,
    }  # fmt: skip
    (folder / f"{name}.yaml").write_text(
        "\n".join(f"{key}: {value}" for key, value in lines.items()), encoding="utf-8"
    )
    (folder / f"{name}.sql").write_text(sql, encoding="utf-8")


ALL_CUSTOMERS = "SELECT c.customer_no AS subject_id, c.customer_no, c.org_no FROM customer AS c"


def test_the_same_audit_again_leaves_the_same_bytes(home: Home) -> None:
    before = contents(home.store.folder)
    facts = {
        p: (p.stat().st_mtime_ns, p.stat().st_size) for p in (home.mart.root / "facts").rglob("*.parquet")
    }
    home.audit("2026-10")
    assert contents(home.store.folder) == before
    assert facts == {
        p: (p.stat().st_mtime_ns, p.stat().st_size) for p in (home.mart.root / "facts").rglob("*.parquet")
    }


@pytest.mark.parametrize(("threads", "memory"), [(1, "500MB"), (2, "2GB")])
def test_threads_and_memory_change_nothing(
    home_copy: Callable[[str], Home], threads: int, memory: str, audited: Path
) -> None:
    run = home_copy("limits").audit(OCTOBER, rules=SOME, threads=threads, memory_limit=memory)
    whole = open_home(audited).run(OCTOBER)
    expected = {row[0]: (row[2:]) for row in told(whole)}
    assert run.findings.num_rows > 0
    assert all(expected[row[0]] == row[2:] for row in told(run))


@pytest.mark.proof
@pytest.mark.parametrize(("threads", "memory"), [(1, "2GB"), (2, "16GB")])
def test_threads_and_memory_change_nothing_in_the_whole_library(
    home_copy: Callable[[str], Home], threads: int, memory: str, audited: Path
) -> None:
    copy = home_copy("limits")
    copy.audit("2026-09", threads=threads, memory_limit=memory)
    run, whole = copy.audit(OCTOBER, threads=threads, memory_limit=memory), open_home(audited).run(OCTOBER)
    assert told(run) == told(whole)
    assert len(run.manifest.verdicts) == len(whole.manifest.verdicts) > len(copy.library.rules)


def test_the_order_of_the_rows_changes_nothing(extract: Path, audited: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shuffled"
    folder.mkdir()
    for path in extract.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = list(csv.reader(file))
        random.Random(path.stem).shuffle(rows)
        with (folder / path.name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *rows])
    shuffled = open_home(tmp_path / "home")
    shuffled.load([folder])
    shuffled.audit("2026-09")
    run, whole = shuffled.audit(OCTOBER), open_home(audited).run(OCTOBER)
    assert told(run) == told(whole)
    assert whole.findings.num_rows > 30


def planted(extract: Path) -> list[dict[str, str]]:
    with (extract / "answer_key" / "answer_key.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row for row in csv.DictReader(file) if row["kind"] == "fault"]


def test_lives_follow_the_planted_months(audited: Path, extract: Path) -> None:
    home = open_home(audited)
    september, october = home.run("2026-09"), home.run(OCTOBER)
    standing = {rule_id for rule_id, rule in home.library.rules.items() if rule.lifecycle == "standing"}
    seen = {(r["rule_id"], r["subject_id"]): r["status"] for r in october.findings.to_pylist()}
    before = {(r["rule_id"], r["subject_id"]) for r in september.findings.to_pylist()}
    wrong = []
    for row in planted(extract):
        key = (row["rule_id"], row["subject_id"])
        first, last = row["first_month"][:7], row["last_month"][:7]
        if key[0] not in standing or key not in before:
            continue
        if first <= "2026-09" and last >= OCTOBER and seen.get(key) != "continuing":
            wrong.append((key, "continuing", seen.get(key)))
        if first <= "2026-09" and last == "2026-09" and seen.get(key) != "cleared":
            wrong.append((key, "cleared", seen.get(key)))
    assert not wrong
    assert {"new", "continuing", "cleared"} <= set(october.findings["status"].to_pylist())


def test_every_verdict_is_stated_and_none_failed(audited: Path) -> None:
    home = open_home(audited)
    run = home.run(OCTOBER)
    assert [v for v in run.manifest.verdicts if v.verdict == "failed"] == []
    organisations = {v.org_no for v in run.manifest.verdicts}
    told_of = {(v.rule_id, v.org_no) for v in run.manifest.verdicts}
    assert told_of >= {(rule_id, org) for rule_id in home.library.rules for org in organisations if org}


def test_a_corrected_delivery_clears(home_copy: Callable[[str], Home], tmp_path: Path, extract: Path) -> None:
    home = home_copy("corrected")
    first = home.audit(OCTOBER, rules=["MR-02"])
    wrong = first.findings.to_pylist()[0]
    corrected = tmp_path / "corrected-delivery"
    corrected.mkdir()
    with (extract / "reading.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = [r for r in reader if r["mp_id"] == wrong["mp_id"] and r["bill_month"].startswith("2026-10")]
    columns = json.loads(wrong["evidence"])["columns"]
    for row in rows:
        if row["register"] == "total":
            row["value"] = columns["freeze_value"]
    with (corrected / "reading.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    assert home.load([corrected]).total("corrected") > 0
    second = home.audit(OCTOBER, rules=["MR-02"])
    lives = dict(
        zip(second.findings["finding_id"].to_pylist(), second.findings["status"].to_pylist(), strict=True)
    )
    assert lives.pop(wrong["finding_id"]) == "cleared"
    assert set(lives.values()) <= {"continuing"}
    assert home.run(first.run_id).findings.equals(first.findings)  # the first run can still be read as it was


def test_a_run_of_some_rules_is_no_base_for_a_run_of_all(home_copy: Callable[[str], Home]) -> None:
    home = home_copy("selection")
    september = home.audit("2026-09", rules=SOME)
    narrow = home.audit("2026-09", rules=["MR-02"])
    october = home.audit(OCTOBER, rules=SOME)
    assert october.manifest.base_run_id == september.run_id
    assert home.audit(OCTOBER, rules=["MR-02"]).manifest.base_run_id in (september.run_id, narrow.run_id)
    assert home.store.base("all", date(2026, 10, 1), 1) is None


def test_a_missing_table_gives_insufficient_data(extract: Path, tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    home.load(
        [
            without(
                extract,
                tmp_path / "part",
                "daily_freeze",
                "topology_link",
                "outage_notice",
                "dunning",
                "seal_operation",
            )
        ]
    )
    run = home.audit(OCTOBER, rules=["MR-02", "BL-26"])
    assert verdicts(run, "MR-02") == {"insufficient_data"}
    assert {v.detail for v in run.manifest.verdicts if v.rule_id == "MR-02"} == {"daily_freeze"}
    assert "insufficient_data" not in verdicts(run, "BL-26")
    assert "daily_freeze" in {m for missing in home.coverage().missing.values() for m in missing}


def test_a_user_s_own_rule_runs_behind_the_fence(home_copy: Callable[[str], Home]) -> None:
    home = home_copy("own")
    own_rule(home, "ZZ-01_all", ALL_CUSTOMERS)
    run = home.audit(OCTOBER, rules=["ZZ-01"])
    assert run.findings.num_rows == 400
    assert verdicts(run, "ZZ-01") == {"ran"}
    assert run.findings["message"][0].as_py().startswith("户 ")


@pytest.mark.parametrize("keep_facts", [True, False])
def test_a_user_s_rule_reads_facts(home_copy: Callable[[str], Home], keep_facts: bool) -> None:
    home = home_copy("facts")
    sql = "SELECT DISTINCT m.customer_no AS subject_id, m.org_no FROM customer_month AS m WHERE m.bill_month = $month"
    own_rule(home, "ZZ-01_facts", sql, needs="{bill: [total_yuan]}", facts="[customer_month]")
    run = home.audit(OCTOBER, rules=["ZZ-01"], keep_facts=keep_facts)
    assert {v.detail for v in run.manifest.verdicts} == {""}
    assert run.findings.num_rows > 300


@pytest.mark.parametrize(
    ("name", "sql", "changes", "reason"),
    [
        ("division", "SELECT c.customer_no AS subject_id, 1 / 0 AS x FROM customer AS c", {}, "Div"),
        ("file", "SELECT t.content AS subject_id FROM read_text('/etc/passwd') AS t", {}, "not in jicha SQL|table function"),
        ("undeclared", "SELECT e.employee_id AS subject_id FROM employee AS e", {}, "employee"),
        ("two statements", f"{ALL_CUSTOMERS}; DROP TABLE customer", {}, "2 statements"),
        ("no subject", "SELECT c.org_no FROM customer AS c", {}, "subject_id"),
        ("doubled", "SELECT c.org_no AS subject_id FROM customer AS c", {}, "two rows with subject_id"),
        ("no money", "SELECT c.customer_no AS subject_id, c.name AS yuan FROM customer AS c",
         {"value": "{kwh: null, yuan: yuan, direction: company, why: a name is no amount}"}, "InvalidOperation|Conversion"),
        ("taken", ALL_CUSTOMERS, {"id": "MR-02"}, "is taken by"),
        ("unknown key", ALL_CUSTOMERS, {"surprise": "1"}, "surprise"),
    ],
)  # fmt: skip
def test_a_broken_or_hostile_rule_fails_alone(
    home_copy: Callable[[str], Home], name: str, sql: str, changes: dict[str, str], reason: str
) -> None:
    home = home_copy("broken")
    for path in home.store.folder.glob("*"):
        shutil.rmtree(path)
    own_rule(home, "ZZ-01_broken", sql, **changes)
    keep = {rule_id: r for rule_id, r in home.library.rules.items() if rule_id in ("BL-26", "ZZ-01")}
    object.__setattr__(home.library, "rules", keep)
    run = home.audit(OCTOBER)
    failed = {v.rule_id: v.detail for v in run.manifest.verdicts if v.verdict == "failed"}
    assert set(failed) <= {"ZZ-01", "ZZ-01_broken"}
    assert len(failed) == 1
    assert re.search(reason, next(iter(failed.values()))), failed
    assert verdicts(run, "BL-26") <= {"ran", "nothing_found"}
    assert not [r for r in run.findings["rule_id"].to_pylist() if r.startswith("ZZ")]
    assert next(iter(failed)) in {line.rule_id for line in run.summary("en").lines if line.missing}


def test_an_organisation_is_audited_with_all_below_it(
    home_copy: Callable[[str], Home], audited: Path
) -> None:
    home = home_copy("organisation")
    whole = open_home(audited).run(OCTOBER)
    organisations = sorted({o for o in whole.findings["org_no"].to_pylist() if o})
    run = home.audit(OCTOBER, rules=SOME, org_no=organisations[0])
    assert set(run.findings["org_no"].to_pylist()) <= {organisations[0]}
    assert run.manifest.scope == organisations[0]
    assert {v.org_no for v in run.manifest.verdicts} == {organisations[0]}


def test_an_unknown_organisation_is_an_error_and_no_zero(home_copy: Callable[[str], Home]) -> None:
    home = home_copy("unknown")
    with pytest.raises(ExplainedError, match="no organisation 999; expected one of"):
        home.audit(OCTOBER, rules=["BL-26"], org_no="999")
    assert home.runs() == []


def test_bad_limits_are_explained(home_copy: Callable[[str], Home]) -> None:
    with pytest.raises(ExplainedError, match="memory_limit"):
        home_copy("limits").audit(OCTOBER, rules=["BL-26"], memory_limit="much")


def test_an_interrupted_audit_leaves_no_run(home_copy: Callable[[str], Home]) -> None:
    home = home_copy("interrupted")

    def stop(label: str, done: int, total: int) -> None:
        if label.startswith("BL-26"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        home.audit(OCTOBER, rules=["BL-04", "BL-26"], progress=stop)
    assert home.runs() == []
    assert list(home.store.folder.glob("*")) == []
    assert home.audit(OCTOBER, rules=["BL-26"]).run_id == home.run().run_id


def test_a_draft_of_a_killed_process_is_no_run(home: Home) -> None:
    before = [run.run_id for run in home.runs()]
    kept = home.store.folder / before[-1]
    shutil.copytree(kept, home.store.folder / ".draft-0123")
    assert [run.run_id for run in home.runs()] == before


def test_findings_have_the_declared_shape(audited: Path) -> None:
    from jicha.audit.finding import FINDING_SCHEMA

    findings = open_home(audited).run(OCTOBER).findings
    assert findings.schema.equals(FINDING_SCHEMA)
    assert isinstance(findings, pa.Table)
    assert len(set(findings["finding_id"].to_pylist())) == findings.num_rows
