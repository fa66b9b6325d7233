"""Every rule and fact held to the standard: one test a property, and every offender in one message."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlglot import exp

from jicha.audit.cases import run_cases
from jicha.audit.dialect import BUILT_IN_PARAMETERS
from jicha.audit.library import lint_library, load_library
from jicha.audit.lock import read_lock, violations
from jicha.audit.rule import CASE_KINDS, Rule
from jicha.audit.topics import all_topics, not_written, open_topics
from jicha.reports.words import WORDS

LIBRARY = load_library()
RULES = list(LIBRARY.rules.values())
# The 55 rules of the first release: a rule that is lost or renamed is an offence, not a smaller library. All later ones are held by
# the catalogue of topics: each is a rule, or stands in the list of those that are none, with its reason.
_NUMBERS = """
    MR-01 MR-02 MR-03 MR-04 MR-05 MR-06 MR-07 MR-08 MR-09 MR-10 MR-11 MR-15 MR-16
    BL-01 BL-02 BL-03 BL-04 BL-09 BL-12 BL-20 BL-23 BL-26 BL-31 CL-01 CL-03 CL-05 CL-06 CL-08
    MT-01 MT-03 MT-06 MT-08 MT-13 BX-03 BX-04 BX-05 BX-06 BX-09 BX-12 IN-01 IN-02 IN-09
    LL-01 LL-02 LL-05 CS-01 CS-02 SL-01 SL-03 SL-05 NE-01 NE-04 EV-01 PM-01 PM-02
"""
RELEASED = frozenset(_NUMBERS.split())
TOPIC_OF_PREFIX = {
    "MR": "reading", "BL": "billing", "CL": "collection", "MT": "metering", "BX": "connection", "IN": "inspection",
    "LL": "line_loss", "CS": "service", "SL": "seal", "NE": "new_energy", "EV": "charging", "PM": "permission",
}  # fmt: skip
OWNERS = {"MRd", "ACC", "CASH", "MET", "BIZ", "INS", "LL", "CS", "STN", "IT"}
EVIDENCE_CODES = {f"e{number}" for number in range(1, 18)}
MONTHLY = {"bill_month", "run_id", "snapshot_id", "read_at", "as_of", "period_from", "period_to", "month"}
CHINESE = re.compile("[一-鿿]")
WORDS_OF_A_PERSON = re.compile(r"[^\W\d_]")  # a message may be put together from columns alone


def none(offenders: Iterator[str]) -> None:
    """Fail with all offenders at once."""
    found = list(offenders)
    assert not found, "\n" + "\n".join(found)


def test_the_released_rules_are_there() -> None:
    assert len(RELEASED) == 55
    none(f"{rule_id} is gone" for rule_id in sorted(RELEASED - set(LIBRARY.rules)))


def test_every_topic_is_a_rule_or_says_why_not() -> None:
    listed = {*(one.topic_id for one in open_topics()), *not_written()}
    none(
        f"{topic} is neither a rule nor in policies/rules/topics.yaml"
        for topic in all_topics()
        if topic not in {*LIBRARY.rules, *listed}
    )
    none(
        f"{topic} is a rule and stands in policies/rules/topics.yaml"
        for topic in sorted(listed & set(LIBRARY.rules))
    )
    assert len(all_topics()) == 201
    assert len(open_topics()) <= 10


def test_lint_finds_nothing() -> None:
    none(iter(lint_library(LIBRARY)))


def test_the_lock_is_up_to_date() -> None:
    none(iter(violations(LIBRARY, read_lock())))


@pytest.mark.parametrize("rule_id", list(LIBRARY.rules))
def test_cases_pass(rule_id: str) -> None:
    results = run_cases(LIBRARY, LIBRARY.rules[rule_id])
    none(f"{rule_id} [{r.case.kind}] {r.case.name}: {d}" for r in results for d in r.differences)


def test_every_rule_has_each_kind_of_case() -> None:
    none(
        f"{rule.rule_id}: no {kind} case"
        for rule in RULES
        for kind in CASE_KINDS
        if kind not in {case.kind for case in rule.cases}
    )


def test_hit_cases_expect_findings_and_the_others_none() -> None:
    def offenders() -> Iterator[str]:
        for rule in RULES:
            for case in rule.cases:
                where = f"{rule.rule_id} [{case.kind}] {case.name}"
                if case.kind == "hit" and not case.expect.get("findings"):
                    yield f"{where}: expects no finding"
                if case.kind == "insufficient" and case.expect.get("verdict") != "insufficient_data":
                    yield f"{where}: expects no verdict insufficient_data"
                if case.kind in ("near_miss", "look_alike") and case.expect.get("findings") is None:
                    yield f"{where}: states no findings, not even []"

    none(offenders())


def test_a_case_with_money_states_its_sum() -> None:
    none(
        f"{rule.rule_id} {case.name}: yuan_total is missing"
        for rule in RULES
        for case in rule.cases
        if any(
            "yuan_at_stake" in wanted and wanted["yuan_at_stake"] is not None
            for wanted in case.expect.get("findings") or []
        )
        and "yuan_total" not in case.expect
    )


def test_names_and_places_fit_the_id() -> None:
    def offenders() -> Iterator[str]:
        for rule in RULES:
            if not re.fullmatch(r"[A-Z]{2}-\d{2}", rule.rule_id):
                yield f"{rule.path.name}: id {rule.rule_id}"
            topic = TOPIC_OF_PREFIX[rule.rule_id[:2]]
            if (rule.topic, rule.path.parent.name) != (topic, topic):
                yield f"{rule.rule_id}: topic {rule.topic} in folder {rule.path.parent.name}; expected {topic}"
            if not re.fullmatch(rf"{rule.rule_id}_[a-z0-9_]+", rule.path.stem):
                yield f"{rule.rule_id}: file {rule.path.name}"

    none(offenders())


def test_severity_owner_status_and_version() -> None:
    def offenders() -> Iterator[str]:
        for rule in RULES:
            if rule.severity not in (1, 2, 3):
                yield f"{rule.rule_id}: severity {rule.severity}"
            if rule.owner not in OWNERS:
                yield f"{rule.rule_id}: owner {rule.owner}"
            if rule.version < 1:
                yield f"{rule.rule_id}: version {rule.version}"
            if rule.status != "active":
                yield f"{rule.rule_id}: status {rule.status}"

    none(offenders())


def _texts(rule: Rule) -> Iterator[tuple[str, str, Any]]:
    for name in ("title", "message"):
        for language in ("zh", "en"):
            yield name, language, getattr(rule, name).get(language)
    for part in ("steps", "benign", "blind_spots"):
        for language in ("zh", "en"):
            for text in rule.triage.get(part, {}).get(language) or [None]:
                yield f"triage.{part}", language, text


def test_everything_is_said_in_both_languages() -> None:
    def offenders() -> Iterator[str]:
        for rule in RULES:
            for part, language, text in _texts(rule):
                if not isinstance(text, str) or not text.strip():
                    yield f"{rule.rule_id}: {part} in {language} is {text!r}; expected a text"
                elif WORDS_OF_A_PERSON.search(said := re.sub(r"\{.*?\}", "", text)) and (
                    bool(CHINESE.search(said)) != (language == "zh")
                ):
                    yield f"{rule.rule_id}: {part} in {language} is not in that language: {text}"

    none(offenders())


def test_both_messages_name_only_result_columns() -> None:
    def offenders() -> Iterator[str]:
        for rule in RULES:
            selected = {name.lower() for name in rule.tree.named_selects}
            named = {lang: set(re.findall(r"\{(.*?)\}", text)) for lang, text in rule.message.items()}
            for language, columns in named.items():
                yield from (
                    f"{rule.rule_id}: message {language} names {c}" for c in sorted(columns - selected)
                )

    none(offenders())


def test_triage_says_what_to_collect() -> None:
    def offenders() -> Iterator[str]:
        for rule in RULES:
            codes = rule.triage.get("evidence") or []
            if not codes:
                yield f"{rule.rule_id}: no evidence codes"
            yield from (f"{rule.rule_id}: evidence {code}" for code in codes if code not in EVIDENCE_CODES)
            yield from (
                f"{rule.rule_id}: triage.{key}"
                for key in set(rule.triage) - {"steps", "benign", "blind_spots", "evidence"}
            )

    none(offenders())


def test_every_rule_states_its_basis() -> None:
    def offenders() -> Iterator[str]:
        for rule in RULES:
            if not rule.basis:
                yield f"{rule.rule_id}: no basis"
            for basis in rule.basis:
                if not basis.get("document") or not isinstance(basis.get("verified"), bool):
                    yield f"{rule.rule_id}: basis without document or verified: {basis}"
                if basis.get("clause") and not (basis.get("verified") or basis.get("mark")):
                    yield f"{rule.rule_id}: clause {basis['clause']} is neither verified nor marked"
                if basis.get("verified") and not basis.get("mark"):
                    yield f"{rule.rule_id}: {basis['document']} is called verified without a mark"

    none(offenders())


def test_parameters_are_used_and_explained() -> None:
    def offenders() -> Iterator[str]:
        for rule in RULES:
            used = {node.name for node in rule.tree.find_all(exp.Parameter, exp.Placeholder)}
            used |= set(re.findall(r"\$([a-z_0-9]+)", rule.sql_text))
            yield from (
                f"{rule.rule_id}: ${name} is undeclared"
                for name in used - set(rule.parameters) - BUILT_IN_PARAMETERS
            )
            for name, parameter in rule.parameters.items():
                where = f"{rule.rule_id}.{name}"
                if name not in used:
                    yield f"{where} is not used"
                if not parameter.why.strip():
                    yield f"{where} has no why"
                if parameter.kind in ("decimal", "int") and not parameter.unit.strip():
                    yield f"{where} has no unit"
                if parameter.kind in ("decimal", "int"):
                    if parameter.low is None or parameter.high is None:
                        yield f"{where} has no bounds"
                    elif not parameter.low <= parameter.default <= parameter.high:  # type: ignore[operator]
                        yield f"{where}: default {parameter.default} is outside its bounds"

    none(offenders())


def test_every_stake_says_how_it_is_computed() -> None:
    def offenders() -> Iterator[str]:
        for rule in RULES:
            if len(rule.value.why.strip()) < 10:
                yield f"{rule.rule_id}: value.why is {rule.value.why!r}"
            if rule.value.direction == "none" and rule.value.yuan:
                yield f"{rule.rule_id}: yuan at stake, but nobody gains"

    none(offenders())


def test_no_float_and_no_average() -> None:
    def offenders() -> Iterator[str]:
        texts = {rule.rule_id: rule.sql_text for rule in RULES}
        texts |= {
            fact.name: fact.tree.sql("duckdb") for fact in LIBRARY.facts.values() if fact.tree is not None
        }
        for name, text in texts.items():
            bare = re.sub(r"--.*|'[^']*'", "", text)
            for word in re.findall(r"\b(?:DOUBLE|FLOAT|REAL|avg)\b", bare, re.IGNORECASE):
                yield f"{name}: {word}"

    none(offenders())


def test_fingerprints_last() -> None:
    none(
        f"{rule.rule_id}: fingerprint holds {column}"
        for rule in RULES
        if rule.lifecycle == "standing"
        for column in sorted(MONTHLY & set(rule.fingerprint))
    )


def test_every_topic_and_severity_has_words() -> None:
    none(f"no words for topic.{rule.topic}" for rule in RULES if f"topic.{rule.topic}" not in WORDS)
    none(f"no words for severity.{level}" for level in (1, 2, 3) if f"severity.{level}" not in WORDS)


def test_facts_are_declared_in_both_languages() -> None:
    def offenders() -> Iterator[str]:
        for fact in LIBRARY.facts.values():
            if not (CHINESE.search(fact.title.get("zh", "")) and fact.title.get("en", "").strip()):
                yield f"{fact.name}: title {fact.title}"
            if not fact.grain.strip():
                yield f"{fact.name}: no grain"

    none(offenders())
