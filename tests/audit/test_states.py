"""The states of a rule: on trial it runs beside and is kept apart, retired it is silent; a home decides both."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jicha.audit.yaml_file import YamlProblem
from jicha.home import Home, open_home
from tests.cli.test_commands import call

OCTOBER = "2026-10"


def states(home: Home, text: str) -> Home:
    (home.path / "settings.toml").write_text(text, encoding="utf-8")
    return open_home(home.path)


def test_a_rule_on_trial_is_kept_apart(home_copy: Callable[[str], Home]) -> None:
    others = "\n".join(
        f'{name} = "retired"' for name in home_copy("all").library.rules if name not in ("CL-08", "IN-09")
    )
    home = states(home_copy("home"), f'[rules]\nCL-08 = "trial"\n{others}\n')
    run = home.audit(OCTOBER)
    assert set(run.findings["rule_id"].to_pylist()) == {"IN-09"}
    assert run.trial is not None and set(run.trial.findings["rule_id"].to_pylist()) == {"CL-08"}
    assert home.run(OCTOBER).findings.equals(run.findings)
    assert home.run(OCTOBER, trial=True).findings.equals(run.trial.findings)
    assert [one.run_id for one in home.runs(trial=True)] == [run.trial.run_id]
    assert home.pinned_snapshots() == {1}
    shown = call("findings", "--trial", "--home", str(home.path), "--limit", "1")
    assert "CL-08" in shown and "IN-09" not in shown
    assert run.trial.run_id in call("runs", "--trial", "--home", str(home.path), "--json")


def test_a_rule_that_is_named_runs_in_every_state(home_copy: Callable[[str], Home]) -> None:
    home = states(home_copy("home"), '[rules]\nCL-08 = "retired"\n')
    run = home.audit(OCTOBER, rules=["CL-08"])
    assert run.trial is None and run.findings.num_rows > 0


def test_wrong_states_are_told_at_once(home_copy: Callable[[str], Home]) -> None:
    home = states(home_copy("home"), '[rules]\nXX-99 = "trial"\nCL-08 = "sleeping"\n')
    with pytest.raises(YamlProblem) as error:
        _ = home.library
    assert len(error.value.problems) == 2
    assert "XX-99" in str(error.value) and "draft, trial, active, retired" in str(error.value)
