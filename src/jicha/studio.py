"""The rule studio (规则工作室) of a home: preview, test on the past, score, compare; nothing of it touches the kept runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jicha import __version__
from jicha.audit.library import Library
from jicha.audit.life.judgement import Judgement, judge
from jicha.audit.life.outcomes import OutcomeList
from jicha.audit.life.pack import PackChange, compare_packs, pack_of, read_pack, write_pack
from jicha.audit.life.rehearsal import Backtest, Rehearsal, RuleDifference, backtest, compare, rehearse
from jicha.audit.life.scaffold import new_rule
from jicha.audit.parameters import local_parameters
from jicha.audit.rule import load_rule
from jicha.audit.run import RunOptions
from jicha.errors import ExplainedError

if TYPE_CHECKING:
    from jicha.home import Home

Progress = Callable[[str, int, int], None]
Parameters = Mapping[str, Mapping[str, Any]]


def _silent(_label: str, _done: int, _total: int) -> None:
    """Show no progress."""


class Studio:
    """What can be done with the rules of a home beside auditing with them."""

    def __init__(self, home: Home) -> None:
        self._home = home

    @property
    def outcomes(self) -> OutcomeList:
        """What verification made of findings: <home>/outcomes/outcomes.csv."""
        return OutcomeList(self._home.path / "outcomes" / "outcomes.csv")

    def preview(
        self,
        rule_ids: Sequence[str],
        months: Sequence[str | date],
        *,
        parameters: Parameters | None = None,
        replacements: Path | None = None,
        progress: Progress = _silent,
    ) -> Rehearsal:
        """Return what rules find in some months, keeping nothing.

        `replacements` is a folder with other versions of the rules; `parameters` as in `Home.audit`.
        """
        home = self._home
        library = home.library.priced_by(home.policies)
        if replacements is not None:
            library = _with_versions(library, rule_ids, replacements)
        local = {k: dict(v) for k, v in home.settings.parameters.items() if k in rule_ids}
        for rule_id, values in (parameters or {}).items():
            local.setdefault(rule_id, {}).update(values)
        options = RunOptions(
            rule_ids=tuple(rule_ids), memory_limit=home.settings.memory_limit, threads=home.settings.threads,
            parameters=local_parameters(library, local),
        )  # fmt: skip
        return rehearse(home.mart, home.snapshot(), library, options, home.months_of(months), progress)

    def backtest(
        self,
        rule_ids: Sequence[str],
        months: Sequence[str | date],
        *,
        parameters: Parameters | None = None,
        progress: Progress = _silent,
    ) -> Backtest:
        """Return how rules would have done in past months, by the outcomes that this home knows."""
        rehearsal = self.preview(rule_ids, months, parameters=parameters, progress=progress)
        return backtest(rehearsal, rule_ids, self.outcomes.of)

    def scores(self, rule_ids: Iterable[str] | None = None) -> list[Judgement]:
        """Return the judgement of each rule over all findings that the kept runs ever saw, the most yuan an hour first."""
        ledger = self._home.newest_ledger()
        outcomes = self.outcomes
        wanted = list(rule_ids or self._home.library.rules)
        rows: dict[str, list[dict[str, Any]]] = {rule_id: [] for rule_id in wanted}
        for row in ledger.to_pylist():
            if row["rule_id"] in rows:
                rows[row["rule_id"]].append(row)
        judged = [judge(rule_id, rows[rule_id], outcomes.of(rule_id)) for rule_id in wanted]
        return sorted(judged, key=lambda one: (-(one.yuan_an_hour or 0), -one.findings, one.rule_id))

    def new_rule(
        self, rule_id: str, *, subject: str, topic: str, title_zh: str, title_en: str, owner: str = "ACC"
    ) -> tuple[Path, Path]:
        """Write a new rule of this home that runs and passes its cases, to be changed; return its SQL and YAML."""
        home = self._home
        return new_rule(
            home.library, home.path / "rules", rule_id, subject=subject, topic=topic, title_zh=title_zh, title_en=title_en, owner=owner,
        )  # fmt: skip

    def upgrade(self, *, accept: bool = False) -> list[PackChange]:
        """Return what the library changed since this home last accepted it, three-way, conflicts first.

        The first call remembers the library as it is. `accept` remembers the new one; nothing local is ever changed.
        """
        home, path = self._home, self._home.path / "pack.yaml"
        library, before = home.library_as_shipped, read_pack(path)
        changes = [] if before is None else compare_packs(
            before, library, home.settings.parameters, home.settings.rules, home.exceptions.entries
        )  # fmt: skip
        if accept or before is None:
            write_pack(path, pack_of(library), __version__)
        return changes

    def difference(
        self,
        rule_id: str,
        months: Sequence[str | date],
        *,
        parameters: Parameters | None = None,
        replacements: Path | None = None,
        progress: Progress = _silent,
    ) -> RuleDifference:
        """Return what other parameters, or another version of the rule in a folder, would make of its findings."""
        before = self.preview([rule_id], months, progress=progress)
        after = self.preview(
            [rule_id], months, parameters=parameters, replacements=replacements, progress=progress
        )
        for which, one in (("this version", before), ("the other version", after)):
            if rule_id in one.gaps:
                raise ExplainedError(
                    where=f"{rule_id}, {which}", found=one.gaps[rule_id], expected="a rule that can run in these months",
                    remedy="See `jicha rules lint` and `jicha coverage`.",
                )  # fmt: skip
        return compare(before, after)


def _with_versions(library: Library, rule_ids: Sequence[str], folder: Path) -> Library:
    """Return the library with the rules of a folder in the place of those of the same ids."""
    others = {rule.rule_id: rule for rule in (load_rule(path) for path in sorted(folder.rglob("*.yaml")))}
    missing = [rule_id for rule_id in rule_ids if rule_id not in others]
    if missing:
        raise ExplainedError(
            where=str(folder), found=f"no rule {', '.join(missing)}", expected="another version of it: .yaml and .sql",
            remedy="Copy the rule's two files there and change them.",
        )  # fmt: skip
    return replace(library, rules={**library.rules, **{rule_id: others[rule_id] for rule_id in rule_ids}})
