"""A fact: a derived table that several rules share, one SELECT in jicha SQL with its declaration."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from sqlglot import exp

from jicha.audit.computed_facts import COMPUTED, Computation, code_fingerprint
from jicha.audit.dialect import Schema, Select, lint
from jicha.audit.policy_rows import POLICY_ROWS
from jicha.audit.yaml_file import Keys, YamlProblem, read_mapping
from jicha.billing.policies import BillingPolicies, shipped_policies

PACKAGE = Path(__file__).resolve().parent.parent
FACTS_FOLDER = PACKAGE / "mart" / "facts"
BILLING_FOLDER = PACKAGE / "billing" / "sql"
FACT_FOLDERS = (FACTS_FOLDER, BILLING_FOLDER)
Columns = dict[str, tuple[str, ...]]

# Provided by the engine from the extract's working_calendar, or the shipped calendar where it brings none.
WORKING_DAY: dict[str, str] = {"day": "DATE", "is_working_day": "BOOLEAN", "working_day_no": "BIGINT"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as its files declare it.

    Instead of `select`, a fact that is a policy table has `rows`, and one that a function makes has `compute`.
    """

    name: str
    title: dict[str, str]
    grain: str
    scope: Literal["snapshot", "month"]
    needs: Columns
    uses: Columns
    facts: tuple[str, ...]
    columns: dict[str, str]
    select: Select | None
    rows: tuple[dict[str, Any], ...]
    sha256: str
    compute: Computation | None = None
    # The engine's text by moment: made once, not for every worked case.
    texts: dict[str, str] = field(init=False, default_factory=dict, compare=False, repr=False)

    @property
    def tree(self) -> exp.Query | None:
        """The parsed SELECT."""
        return None if self.select is None else self.select.tree

    @property
    def uses_month(self) -> bool:
        """Whether the result depends on the audited month."""
        return self.scope == "month"


def load_facts(*folders: Path, policies: BillingPolicies | None = None) -> dict[str, Fact]:
    """Return every fact of the folders (default: all shipped) by name, each after those it reads.

    `policies` are the price books and rules that bills are recomputed with (default: the shipped ones).
    """
    policies = policies or shipped_policies()
    problems: list[str] = []
    paths = [path for folder in folders or FACT_FOLDERS for path in sorted(folder.glob("*.yaml"))]
    facts = {path.stem: _load(path, policies, problems) for path in paths}
    if problems:
        raise YamlProblem("facts", problems)
    return {name: facts[name] for name in _ordered(facts)}


def _load(path: Path, policies: BillingPolicies, problems: list[str]) -> Fact:
    content = read_mapping(path)
    keys = Keys(content, path.name, problems)
    rows_from = keys.take("rows_from", str, None)
    computed_by = keys.choice("computed_by", tuple(COMPUTED)) if "computed_by" in content else None
    sql_path = path.with_suffix(".sql")
    has_sql = not rows_from and not computed_by
    text = sql_path.read_text(encoding="utf-8") if has_sql else ""
    if computed_by:
        text = code_fingerprint() + policies.sha256
    rows = _policy_rows(rows_from, policies) if rows_from else ()
    fact = Fact(
        name=path.stem,
        title=keys.both_languages("title"),
        grain=keys.take("grain", str),
        scope=keys.choice("scope", ("snapshot", "month")),  # type: ignore[arg-type]
        needs=as_columns(keys.take("needs", dict, {})),
        uses=as_columns(keys.take("uses", dict, {})),
        facts=tuple(keys.take("facts", list, [])),
        columns=keys.take("columns", dict),
        select=Select(text, sql_path.name) if has_sql else None,
        rows=rows,
        sha256=hashlib.sha256((text + path.read_text(encoding="utf-8") + repr(rows)).encode()).hexdigest(),
        compute=partial(COMPUTED[computed_by], policies) if computed_by else None,
    )
    keys.finish()
    return fact


def _policy_rows(source: str, policies: BillingPolicies) -> tuple[dict[str, Any], ...]:
    """Return the rows of a policy file, or those that a function of jicha.audit.policy_rows makes."""
    if source in POLICY_ROWS:
        return POLICY_ROWS[source](policies)
    return tuple(read_mapping(PACKAGE / source)["rows"])


def as_columns(mapping: dict[str, Any]) -> Columns:
    """Return {table: columns} with tuples, whatever the YAML wrote."""
    return {table: tuple(columns or ()) for table, columns in mapping.items()}


def _ordered(facts: dict[str, Fact]) -> list[str]:
    done: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            raise YamlProblem("facts", [f"{' → '.join((*path, name))} read each other; break the circle"])
        if name in done or name not in facts:
            return
        for other in facts[name].facts:
            visit(other, (*path, name))
        done.append(name)

    for name in facts:
        visit(name, ())
    return done


def lint_fact(fact: Fact, schema: Schema) -> list[str]:
    """Return every way in which the fact's SQL breaks jicha SQL; `schema` holds what it declares to read."""
    if fact.tree is None:
        return []
    problems = lint(fact.tree, schema, frozenset(), f"{fact.name}.sql")
    selected = [column.lower() for column in fact.tree.named_selects]
    if not problems and selected != [column.lower() for column in fact.columns]:
        problems.append(
            f"{fact.name}.sql: selects {', '.join(selected)}; {fact.name}.yaml declares {', '.join(fact.columns)}. "
            "Make both lists equal, in the same order."
        )
    return problems
