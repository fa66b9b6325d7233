"""Clues (线索): the findings on one place put together, with a score, its reasons, and the yuan to be expected from a visit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jicha.audit.rule import Rule
from jicha.audit.yaml_file import read_mapping

Row = Mapping[str, Any]
LANGUAGES = ("zh", "en")
_CENT, _PLACES = Decimal("0.01"), Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Band:
    """A range of scores, what it is called and from where it reaches."""

    code: str
    begin: Decimal
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Weights:
    """How findings are put together: policies/clues/weights.yaml."""

    severity_weight: Mapping[int, Decimal]
    bands: tuple[Band, ...]
    collectability_unknown: Decimal
    visit_cost_yuan: Decimal
    desk_cost_yuan: Decimal
    site_evidence: frozenset[str]

    def band(self, score: Decimal) -> Band:
        """Return the highest band that the score reaches."""
        return next(band for band in self.bands if score >= band.begin)


@cache
def weights() -> Weights:
    """Return the weights that the project ships."""
    content = read_mapping(Path(__file__).resolve().parents[1] / "policies" / "clues" / "weights.yaml")
    bands = [
        Band(one["code"], Decimal(one["from"]), {key: one[key] for key in LANGUAGES})
        for one in content["bands"]
    ]
    amounts = {
        name: Decimal(content[name])
        for name in ("collectability_unknown", "visit_cost_yuan", "desk_cost_yuan")
    }
    return Weights(
        {int(level): Decimal(value) for level, value in content["severity_weight"].items()},
        tuple(sorted(bands, key=lambda band: -band.begin)), site_evidence=frozenset(content["site_evidence"]), **amounts,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a finding is part of a clue, and how much it weighs."""

    finding_id: str
    rule_id: str
    weight: Decimal
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Clue:
    """One place with all that speaks against it; `expected_yuan` may be below zero: the visit costs more than it brings.

    `company_yuan` was charged too little, `customer_yuan` too much; findings on one month's money are not added.
    """

    place_kind: str
    place_id: str
    org_no: str
    score: Decimal
    band: str
    company_yuan: Decimal
    customer_yuan: Decimal
    kwh: Decimal
    confirmed_yuan: Decimal
    collectability: Decimal
    cost_yuan: Decimal
    expected_yuan: Decimal
    is_visit: bool
    reasons: tuple[Reason, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that found something, the weightiest first."""
        return tuple(dict.fromkeys(reason.rule_id for reason in self.reasons))


def compose(
    findings: Iterable[Row],
    rules: Mapping[str, Rule],
    confirmed_rates: Mapping[str, Decimal],
    paid_shares: Mapping[str, Decimal],
) -> list[Clue]:
    """Return the clues of a run, the one with the most expected yuan first.

    `confirmed_rates` by rule (audit.life.judgement), `paid_shares` by customer: what came in of the bills that fell due.
    """
    places: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in findings:
        if row["status"] != "cleared" and row["rule_id"] in rules:
            places[place_of(row)].append(row)
    clues = [
        _clue(place, rows, rules, confirmed_rates, paid_shares.get(place[1]))
        for place, rows in places.items()
    ]
    return sorted(clues, key=lambda clue: (-clue.expected_yuan, -clue.score, clue.place_kind, clue.place_id))


def place_of(row: Row) -> tuple[str, str]:
    """Return where a finding is verified: at the customer, else at the metering point, else at the subject itself."""
    if row["customer_no"]:
        return "customer", str(row["customer_no"])
    if row["mp_id"]:
        return "metering_point", str(row["mp_id"])
    return str(row["subject_kind"]), str(row["subject_id"])


def _clue(
    place: tuple[str, str],
    rows: Sequence[Row],
    rules: Mapping[str, Rule],
    rates: Mapping[str, Decimal],
    paid_share: Decimal | None,
) -> Clue:
    told = weights()
    reasons = sorted(
        (_reason(row, rules[row["rule_id"]], rates[row["rule_id"]]) for row in rows),
        key=lambda reason: (-reason.weight, reason.rule_id, reason.finding_id),
    )
    score = combined(reasons, rules)
    confirmed = sum(_once_a_month(rows, "company", rates), Decimal(0))
    collectability = told.collectability_unknown if paid_share is None else paid_share
    is_visit = any(told.site_evidence & set(rules[row["rule_id"]].triage.get("evidence", ())) for row in rows)
    cost = told.visit_cost_yuan if is_visit else told.desk_cost_yuan
    return Clue(
        *place, str(rows[0]["org_no"] or ""), score, told.band(score).code,
        sum(_once_a_month(rows, "company"), Decimal(0)), sum(_once_a_month(rows, "customer"), Decimal(0)),
        max((row["kwh_at_stake"] or Decimal(0) for row in rows), default=Decimal(0)),
        confirmed.quantize(_CENT, ROUND_HALF_UP), collectability, cost,
        (confirmed * collectability - cost).quantize(_CENT, ROUND_HALF_UP), is_visit, tuple(reasons),
    )  # fmt: skip


def _reason(row: Row, rule: Rule, rate: Decimal) -> Reason:
    weight = (weights().severity_weight[row["severity"]] * rate).quantize(_PLACES, ROUND_HALF_UP)
    yuan = row["yuan_at_stake"]
    stake = (
        {"zh": "", "en": ""}
        if yuan is None
        else {"zh": f"，涉及 {yuan:,.2f} 元", "en": f", {yuan:,.2f} yuan at stake"}
    )
    words = {
        "zh": f"{rule.rule_id} {rule.title['zh']}：权重 {weight:.2f}（等级 {row['severity']}，规则属实率 {rate:.2f}）{stake['zh']}",
        "en": f"{rule.rule_id} {rule.title['en']}: weight {weight:.2f} (severity {row['severity']}, rule confirmed at {rate:.2f}){stake['en']}",
    }
    return Reason(row["finding_id"], rule.rule_id, weight, words)


def combined(reasons: Iterable[Reason], rules: Mapping[str, Rule]) -> Decimal:
    """Return 1 − Π (1 − w) over the groups of topics, with the heaviest finding of each group: those of one group lean on one another."""
    heaviest: dict[str, Decimal] = {}
    for reason in reasons:
        topic = rules[reason.rule_id].topic
        heaviest[topic] = max(heaviest.get(topic, Decimal(0)), reason.weight)
    doubt = Decimal(1)
    for weight in heaviest.values():
        doubt *= 1 - weight
    return (1 - doubt).quantize(_PLACES, ROUND_HALF_UP)


def _once_a_month(
    rows: Iterable[Row], direction: str, rates: Mapping[str, Decimal] | None = None
) -> Iterator[Decimal]:
    """Yield, for each month, the largest amount of a direction: two rules may speak of the same money, so they are not added."""
    months: dict[date, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["direction"] == direction and row["yuan_at_stake"]:
            yuan = row["yuan_at_stake"] * (rates[row["rule_id"]] if rates else 1)
            months[row["bill_month"]] = max(months[row["bill_month"]], yuan)
    yield from months.values()
