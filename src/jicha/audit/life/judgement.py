"""What a rule is worth: precision and yuan an hour from the outcomes of its findings, and whether to keep, tune or retire it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jicha.audit.life.outcomes import CONFIRMED, REFUTED, Outcome
from jicha.audit.yaml_file import read_mapping

KEEP, TUNE, RETIRE, UNDECIDED = "keep", "tune", "retire", "undecided"
Finding = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which shares and numbers a rule is judged: policies/rules/life.yaml."""

    least_outcomes: int
    keep_precision: Decimal
    retire_precision: Decimal
    prior_confirmed: Decimal
    prior_refuted: Decimal
    screens: tuple[str, ...]
    screen_prior_confirmed: Decimal
    screen_prior_refuted: Decimal
    least_refuted: int
    most_values: int

    def prior(self, rule_id: str) -> tuple[Decimal, Decimal]:
        """Return how many imagined findings of the rule are taken to be confirmed and refuted."""
        if rule_id in self.screens:
            return self.screen_prior_confirmed, self.screen_prior_refuted
        return self.prior_confirmed, self.prior_refuted


@cache
def thresholds() -> Thresholds:
    """Return the thresholds that the project ships."""
    content = read_mapping(Path(__file__).resolve().parents[2] / "policies" / "rules" / "life.yaml")
    values: dict[str, Any] = {name: content[name] for name in Thresholds.__slots__}
    values["screens"] = tuple(values["screens"])
    exact: dict[str, Any] = {k: Decimal(v) if isinstance(v, str) else v for k, v in values.items()}
    return Thresholds(**exact)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a rule did: its findings, what became of them, yuan in its name, yuan recovered an hour, and the verdict.

    `confirmed_rate` leans on the prior where little is decided; `precision` is None where nothing is.
    """

    rule_id: str
    findings: int
    confirmed: int
    refuted: int
    yuan_at_stake: Decimal
    recovered_yuan: Decimal
    hours: Decimal
    precision: Decimal | None
    confirmed_rate: Decimal
    yuan_an_hour: Decimal | None
    verdict: str

    @property
    def undecided(self) -> int:
        """The findings of which nothing is known."""
        return self.findings - self.confirmed - self.refuted


def judge(rule_id: str, findings: Iterable[Finding], outcomes: Mapping[str, Outcome]) -> Judgement:
    """Return the judgement over distinct findings; `outcomes` are the last decisions by subject."""
    distinct = {row["finding_id"]: row for row in findings}
    decided = {
        row["subject_id"]: outcomes[row["subject_id"]]
        for row in distinct.values()
        if row["subject_id"] in outcomes
    }
    results = Counter(_result(row, outcomes) for row in distinct.values())
    confirmed, refuted = results[CONFIRMED], results[REFUTED]
    recovered = sum((one.recovered_yuan for one in decided.values()), Decimal(0))
    hours = sum((one.hours for one in decided.values()), Decimal(0))
    limits = thresholds()
    precision = share(Decimal(confirmed), Decimal(confirmed + refuted))
    right, wrong = limits.prior(rule_id)
    rate = share(confirmed + right, confirmed + refuted + right + wrong)
    return Judgement(
        rule_id, len(distinct), confirmed, refuted,
        sum((abs(row["yuan_at_stake"] or Decimal(0)) for row in distinct.values()), Decimal(0)), recovered, hours,
        precision, rate or Decimal(0), share(recovered, hours), _verdict(confirmed + refuted, precision, recovered, limits),
    )  # fmt: skip


def _result(row: Finding, outcomes: Mapping[str, Outcome]) -> str | None:
    one = outcomes.get(row["subject_id"])
    return None if one is None else one.result


def share(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return part ÷ whole, half up to four decimals; None of nothing."""
    return None if not whole else (part / whole).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def _verdict(decided: int, precision: Decimal | None, recovered: Decimal, limits: Thresholds) -> str:
    if precision is None or decided < limits.least_outcomes:
        return UNDECIDED
    if precision >= limits.keep_precision:
        return KEEP
    return RETIRE if precision < limits.retire_precision and not recovered else TUNE


@dataclass(frozen=True, slots=True)
class Quiet:
    """A proposal to keep a kind of finding quiet (白名单建议): all decided ones that share a value were refuted.

    `silenced` open findings with `silenced_yuan` would fall silent with them: what the quiet would cost if it were wrong.
    """

    rule_id: str
    column: str
    value: str
    refuted: int
    silenced: int
    silenced_yuan: Decimal


def quiets(rule_id: str, findings: Iterable[Finding], outcomes: Mapping[str, Outcome]) -> list[Quiet]:
    """Return the quiets that lose no confirmed finding, the one with most refuted findings first."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    distinct = {row["finding_id"]: row for row in findings}
    for row in distinct.values():
        for column, value in _values(row):
            groups[column, value].append(row)
    limits = thresholds()
    kinds = Counter(column for column, _ in groups)
    found = [
        _quiet(rule_id, place, rows, outcomes)
        for place, rows in groups.items()
        if kinds[place[0]] <= limits.most_values
        and not any(_result(row, outcomes) == CONFIRMED for row in rows)
    ]
    # A value that all findings share tells nothing apart.
    told = [
        one
        for one in found
        if one.refuted >= limits.least_refuted and one.refuted + one.silenced < len(distinct)
    ]
    return sorted(told, key=lambda one: (-one.refuted, one.column, one.value))


def _values(row: Finding) -> Iterator[tuple[str, str]]:
    evidence = json.loads(row["evidence"])["columns"] if row.get("evidence") else {}
    yield "org_no", str(row["org_no"])
    for column, value in evidence.items():
        if isinstance(value, str) and value and not _is_number(value):
            yield column, value


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()


def _quiet(
    rule_id: str, place: tuple[str, str], rows: list[Finding], outcomes: Mapping[str, Outcome]
) -> Quiet:
    open_rows = [row for row in rows if _result(row, outcomes) is None]
    yuan = sum((abs(row["yuan_at_stake"] or Decimal(0)) for row in open_rows), Decimal(0))
    return Quiet(rule_id, *place, len(rows) - len(open_rows), len(open_rows), yuan)
