"""The rule library: every rule and fact, what they read together, and whether they keep the standard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from string import Formatter

from jicha.audit import observed
from jicha.audit.dialect import lint
from jicha.audit.fact import PACKAGE, WORKING_DAY, Columns, Fact, lint_fact, load_facts
from jicha.audit.rule import STATUSES, Rule, load_rule
from jicha.audit.yaml_file import YamlProblem
from jicha.billing.policies import BillingPolicies, shipped_policies
from jicha.contract import contract
from jicha.errors import ExplainedError, JichaError, ManyErrors

RULES_FOLDER = PACKAGE / "rules"


@dataclass(frozen=True)
class Library:
    """Rules and facts by id and name; facts stand in building order."""

    rules: Mapping[str, Rule]
    facts: Mapping[str, Fact]
    unreadable: Mapping[str, str] = field(default_factory=dict)  # a user's own rules that are none, and why

    @cached_property
    def contract_schema(self) -> dict[str, dict[str, str]]:
        """Column types of every contract table, and of the working calendar that the engine provides."""
        tables = {
            name: {field.name: field.sql_type for field in table.fields}
            for name, table in contract().tables.items()
        }
        return {**tables, "working_day": dict(WORKING_DAY)}

    @property
    def shipped(self) -> Library:
        """The library without the user's own rules: what rules.lock speaks of."""
        own = {k: rule for k, rule in self.rules.items() if rule.path.is_relative_to(RULES_FOLDER)}
        return Library(own, self.facts)

    def priced_by(self, policies: BillingPolicies) -> Library:
        """Return the library whose facts recompute bills with these price books and rules of billing."""
        if policies is shipped_policies():
            return self
        return replace(self, facts=load_facts(policies=policies))

    def rule(self, rule_id: str) -> Rule:
        """Return the rule, or say which ids there are."""
        if rule_id not in self.rules:
            raise ExplainedError(
                where="rule library",
                found=rule_id,
                expected="one of " + " ".join(sorted(self.rules)),
                remedy="See `jicha rules list`.",
            )
        return self.rules[rule_id]

    def select(self, rule_ids: Iterable[str] | None) -> Library:
        """Return the library of only these rules; None keeps all that are active."""
        if rule_ids is None:
            return replace(self, rules={k: r for k, r in self.rules.items() if r.status == "active"})
        chosen = [self.rule(rule_id) for rule_id in rule_ids]
        return replace(self, rules={rule.rule_id: rule for rule in chosen}, unreadable={})

    def in_state(self, status: str) -> tuple[str, ...]:
        """Return the ids of the rules in a state of a rule's life (draft, trial, active, retired)."""
        return tuple(rule_id for rule_id, rule in self.rules.items() if rule.status == status)

    def with_states(self, states: Mapping[str, str]) -> Library:
        """Return the library with the states that a home gives its rules; all problems at once."""
        problems = [
            f"rules.{rule_id}: there is no such rule; see `jicha rules list`"
            for rule_id in states
            if rule_id not in self.rules
        ]
        problems += [
            f"rules.{rule_id}: {state!r} is no state; write one of {', '.join(STATUSES)}"
            for rule_id, state in states.items()
            if state not in STATUSES
        ]
        if problems:
            raise YamlProblem("states of rules in settings.toml", problems)
        return replace(
            self,
            rules={k: replace(rule, status=states.get(k, rule.status)) for k, rule in self.rules.items()},
        )

    def facts_of(self, names: Iterable[str]) -> list[Fact]:
        """Return the named facts and all that they read, in building order."""
        wanted = set(names)
        for fact in reversed(list(self.facts.values())):
            if fact.name in wanted:
                wanted.update(fact.facts)
        return [fact for fact in self.facts.values() if fact.name in wanted]

    def needs_of(self, rule: Rule) -> Columns:
        """Return the contract tables and columns that must have data, through the facts too."""
        return _union(rule.needs, *(fact.needs for fact in self.facts_of(rule.facts)))

    def readable_by(self, needs: Columns, uses: Columns, facts: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the tables and columns that a rule or fact with this declaration may read."""
        schema: dict[str, dict[str, str]] = {}
        for table in (*needs, *uses):
            if table in self.contract_schema:
                schema[table] = self.contract_schema[table]
        schema["working_day"] = dict(WORKING_DAY)
        for name in facts:
            if name in self.facts:
                schema[name] = self.facts[name].columns
        return schema


def _union(*parts: Columns) -> Columns:
    merged: dict[str, dict[str, None]] = {}
    for part in parts:
        for table, columns in part.items():
            merged.setdefault(table, {}).update(dict.fromkeys(columns))
    return {table: tuple(columns) for table, columns in merged.items()}


def rule_files(folder: Path) -> list[Path]:
    """Return the YAML files of all rules below the folder, without the retired ones and the shared defaults."""
    return [
        path
        for path in sorted(folder.rglob("*.yaml"))
        if "_retired" not in path.parts and path.parent != folder
    ]


def load_library(extra: Iterable[Path] = (), *, strict: bool = True) -> Library:
    """Return the shipped library with the user's own rule folders beside it; all problems at once.

    A user's rule that cannot be read stands in `unreadable` and stops nobody else's. With `strict` false,
    shipped files that cannot be read are left out.
    """
    facts = load_facts()
    rules: dict[str, Rule] = {}
    problems = [p for path in rule_files(RULES_FOLDER) for p in _add(path, rules)]
    if problems and strict:
        raise YamlProblem("rule library", problems)
    own = {path.stem: _add(path, rules, parsed=True) for folder in extra for path in rule_files(folder)}
    unreadable = {name: "; ".join(found) for name, found in own.items() if found}
    return Library(dict(sorted(rules.items())), facts, unreadable)


def facts_only(policies: BillingPolicies) -> Library:
    """Return the facts without a rule: what recomputes bills need not read all rules first."""
    return _shipped_facts().priced_by(policies)


@cache
def _shipped_facts() -> Library:
    return Library({}, load_facts())


def _add(path: Path, rules: dict[str, Rule], *, parsed: bool = False) -> list[str]:
    """Put the rule into `rules`, or return why it cannot be one of them."""
    try:
        rule = load_rule(path)
        if parsed:  # a user's SQL is checked at once; the shipped one was checked before it was shipped
            _ = rule.tree
    except ManyErrors as error:
        return [
            f"{path.name}: {problem}" if path.name not in problem else problem for problem in error.problems
        ]
    except JichaError as error:
        return [str(error)]
    if rule.rule_id in rules:
        taken = rules[rule.rule_id].path.name
        return [f"{path.name}: id {rule.rule_id} is taken by {taken}; choose another"]
    rules[rule.rule_id] = rule
    return []


def lint_library(library: Library) -> list[str]:
    """Return every offence of every rule and fact against jicha SQL and the declarations."""
    problems = list(library.unreadable.values())
    for fact in library.facts.values():
        problems += _declarations(library, f"{fact.name}.yaml", fact.needs, fact.uses, fact.facts)
        problems += lint_fact(fact, library.readable_by(fact.needs, fact.uses, fact.facts))
    for rule in library.rules.values():
        problems += lint_rule(library, rule)
    return problems


def lint_rule(library: Library, rule: Rule) -> list[str]:
    """Return every offence of one rule."""
    where = rule.path.name
    problems = _declarations(library, where, rule.needs, rule.uses, rule.facts)
    schema = library.readable_by(rule.needs, rule.uses, rule.facts)
    problems += lint(rule.tree, schema, frozenset(rule.parameters), f"{rule.name}.sql")
    problems += list(_columns(rule))
    return problems


def _declarations(
    library: Library, where: str, needs: Columns, uses: Columns, facts: Iterable[str]
) -> list[str]:
    problems = [f"{where}: fact {name} does not exist" for name in facts if name not in library.facts]
    for table, columns in _union(needs, uses).items():
        known = library.contract_schema.get(table)
        if known is None:
            problems.append(f"{where}: {table} is not a contract table; see `jicha contract list`")
            continue
        problems += [f"{where}: {table} has no column {column}" for column in columns if column not in known]
    return problems


_VOLATILE = {"run_id", "snapshot_id", "bill_month", "read_at", "as_of"}


def _columns(rule: Rule) -> Iterator[str]:
    where = rule.path.name
    selected = set(rule.tree.named_selects)
    if "subject_id" not in selected:
        yield f"{where}: the SELECT gives no subject_id; every finding speaks of a subject"
    named = {"fingerprint": rule.fingerprint, "value": [c for c in (rule.value.kwh, rule.value.yuan) if c]}
    for part, columns in named.items():
        for column in columns:
            if column not in selected:
                yield f"{where}: {part} names {column}, which the SELECT does not give"
    if rule.lifecycle == "standing":
        for column in sorted(_VOLATILE & set(rule.fingerprint)):
            yield f"{where}: fingerprint holds {column}, which changes every month; a standing finding would never continue"
    for language, text in rule.message.items():
        yield from (f"{where}: message {language} {problem}" for problem in _placeholders(text, selected))
    if rule.value.direction == "column" and "direction" not in selected:
        yield f"{where}: value.direction is column, but the SELECT gives no direction"
    for table in sorted(frozenset().union(*observed.observations_of(rule)) - observed.OBSERVING):
        yield f"{where}: judged_by names {table}; write one of {', '.join(sorted(observed.OBSERVING))}, or several with ` or ` between"
    if rule.subject not in contract().tables:
        yield f"{where}: subject {rule.subject} is not a contract table"


def _placeholders(text: str, selected: set[str]) -> Iterator[str]:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        yield f"is no sentence with {{columns}}: {error}"
        return
    for _, name, form, conversion in parts:
        if name is not None and (name not in selected or form or conversion):
            yield f"names {{{name}}}; write the bare name of a column that the SELECT gives"
