"""The Python API: one import, one home, the same results as the command line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

import jicha
from jicha.audit.finding import FINDING_SCHEMA
from jicha.errors import ExplainedError, ManyErrors
from jicha.settings import read_settings


@pytest.fixture(scope="module")
def home(audited: Path) -> jicha.Home:
    """The shared audited home: for reading only."""
    return jicha.open(audited)


def test_a_run_is_arrow_polars_and_pandas_without_loss(home: jicha.Home) -> None:
    run = home.run()
    assert run.findings.schema.equals(FINDING_SCHEMA)
    frame = run.to_polars()
    assert frame.schema["yuan_at_stake"] == pl.Decimal(18, 2)
    assert frame.height == run.findings.num_rows == len(run.to_pandas())
    total = sum((v for v in run.findings["yuan_at_stake"].to_pylist() if v is not None), Decimal(0))
    assert frame["yuan_at_stake"].sum() == total
    assert run.to_pandas()["yuan_at_stake"].sum() == total


def test_the_summary_is_the_sum_of_the_findings(home: jicha.Home) -> None:
    run = home.run("2026-10")
    summary = run.summary("en")
    standing = [row for row in run.findings.to_pylist() if row["status"] != "cleared"]
    assert summary.total.open_count == len(standing)
    assert summary.total.yuan + summary.total.refund_yuan == sum(
        (r["yuan_at_stake"] or Decimal(0) for r in standing), Decimal(0)
    )
    assert sum((line.stake.yuan for line in summary.lines), Decimal(0)) == summary.total.yuan
    assert sum((stake.yuan for stake in summary.organisations.values()), Decimal(0)) == summary.total.yuan
    assert sum((stake.yuan for _, stake in summary.topics), Decimal(0)) == summary.total.yuan
    assert sum(summary.verdicts.values()) == len(run.manifest.verdicts) == run.verdicts.num_rows


def test_runs_are_found_by_id_month_and_age(home: jicha.Home) -> None:
    assert [run.manifest.month for run in home.runs()] == [date(2026, 9, 1), date(2026, 10, 1)]
    assert home.run().run_id == home.run("2026-10").run_id == home.runs()[-1].run_id
    assert home.run("2026-09").run_id == home.runs()[0].run_id
    with pytest.raises(ExplainedError, match="jicha audit"):
        home.run("2020-01")


def test_a_finding_is_explained_by_rule_and_rows(home: jicha.Home) -> None:
    wanted = home.run().findings["finding_id"][0].as_py()
    finding, rule, sources = home.explain(wanted)
    assert (finding["finding_id"], finding["rule_id"]) == (wanted, rule.rule_id)
    assert sources
    assert all(file is not None and line is not None and line > 1 for s in sources for file, line in s.places)
    with pytest.raises(ExplainedError, match="expected exactly one"):
        home.finding("")


def test_months_and_coverage(home: jicha.Home) -> None:
    months = home.months(home.snapshot())
    assert date(2026, 10, 1) in months
    assert months == sorted(months)
    assert home.coverage().sentence
    with pytest.raises(Exception, match="99"):
        home.snapshot(99)


def test_a_new_home_is_empty_and_says_so(tmp_path: Path) -> None:
    home = jicha.open(tmp_path / "home")
    assert home.runs() == []
    assert home.quarantine() == []
    with pytest.raises(ExplainedError, match="found no data; expected a loaded extract"):
        home.snapshot()
    with pytest.raises(ExplainedError, match="no run"):
        home.run()


def test_the_home_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JICHA_HOME", str(tmp_path / "elsewhere"))
    assert jicha.open().path == tmp_path / "elsewhere"


def test_settings_are_read_and_all_problems_told(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    assert read_settings(path).memory_limit == "2GB"
    path.write_text(
        'memory_limit = "1GB"\nthreads = 1\n[parameters.MR-02]\ntolerance_kwh = "9"\n', encoding="utf-8"
    )
    settings = read_settings(path)
    assert (settings.memory_limit, settings.threads, settings.parameters) == (
        "1GB",
        1,
        {"MR-02": {"tolerance_kwh": "9"}},
    )
    path.write_text('memory_limit = 2\ncolour = "red"\n', encoding="utf-8")
    with pytest.raises(ManyErrors, match="2 problem") as caught:
        read_settings(path)
    assert "colour is not a setting; known: memory_limit" in str(caught.value)
    path.write_text("memory_limit = \n", encoding="utf-8")
    with pytest.raises(ManyErrors, match="correct the TOML there"):
        read_settings(path)


def test_local_parameters_of_settings_are_used(home_copy: object, loaded: Path, tmp_path: Path) -> None:
    home = home_copy("settings")  # type: ignore[operator]
    (home.path / "settings.toml").write_text(
        '[parameters.MR-02]\ntolerance_kwh = "99999"\ntolerance_share = "0.5"\n', encoding="utf-8"
    )
    own = jicha.open(home.path)
    run = own.audit("2026-10", rules=["MR-02"])
    assert run.manifest.rules["MR-02"]["parameters"]["tolerance_kwh"] == "99999"
    assert run.findings.num_rows == 0
    once = own.audit(date(2026, 10, 17), rules=["MR-02"], parameters={"MR-02": {"tolerance_kwh": "6"}})
    assert {"tolerance_kwh": "6", "tolerance_share": "0.5"}.items() <= once.manifest.rules["MR-02"][
        "parameters"
    ].items()


def test_findings_can_be_joined_by_anyone(home: jicha.Home) -> None:
    """What a run gives is a plain Arrow table: it can be read by DuckDB, polars or anything else."""
    import duckdb

    findings = home.run().findings
    assert isinstance(findings, pa.Table)
    counted = duckdb.execute("SELECT count(*), sum(yuan_at_stake) FROM findings").fetchall()
    assert counted[0][0] == findings.num_rows
