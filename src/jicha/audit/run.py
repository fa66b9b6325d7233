"""One audit run: facts, then every rule, then each finding's life, kept as a whole."""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from jicha.audit.connection import connect
from jicha.audit.dialect import ParameterValue, SqlRefused
from jicha.audit.fact import Fact
from jicha.audit.fence import FencedQuery, FenceLimits, run_fenced
from jicha.audit.finding import rows_of
from jicha.audit.kept_facts import keep_fact, kept_fact_key
from jicha.audit.library import RULES_FOLDER, Library, lint_rule
from jicha.audit.lifecycle import FOUND_SCHEMA, place
from jicha.audit.observed import absent_of, unobserved
from jicha.audit.rule import Rule
from jicha.audit.run_store import RunManifest, RunStore, Verdict, now_text
from jicha.audit.scope import OwnRows
from jicha.audit.sufficiency import Presence, measure
from jicha.audit.workspace import Moment, Workspace, calendar_span, create_working_day, rule_sql
from jicha.errors import ExplainedError, JichaError
from jicha.mart import Mart, Snapshot
from jicha.mart.fact_store import FactStore
from jicha.mart.lock import owned_folder

Progress = Callable[[str, int, int], None]
# What a rule's own SELECT, values or sentence can cause; it fails that rule and no other.
_RULE_ERRORS = (duckdb.Error, JichaError, LookupError, ArithmeticError, ValueError, TypeError)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run is done: which rules, which organisations, with which limits."""

    rule_ids: tuple[str, ...] | None = None
    org_no: str | None = None
    as_of: date | None = None
    memory_limit: str = "2GB"
    threads: int | None = None
    parameters: Mapping[str, Mapping[str, ParameterValue]] = field(default_factory=dict)
    fence: FenceLimits = field(default_factory=FenceLimits)
    keep_facts: bool = True

    @property
    def scope(self) -> str:
        """Runs are compared only with runs over the same organisations."""
        return self.org_no or "all"


@dataclass(slots=True)
class _Outcome:
    """What came of the rules so far."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    gaps: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


class AuditRun:
    """Runs the library over one month of one snapshot."""

    def __init__(
        self,
        mart: Mart,
        snapshot: Snapshot,
        library: Library,
        options: RunOptions,
        silenced: Callable[[date], frozenset[tuple[str, str]]],
        progress: Progress,
        store: RunStore | None = None,
    ) -> None:
        self.mart = mart
        self.snapshot = snapshot
        self.library = library.select(options.rule_ids)
        self.options = options
        self.silenced = silenced
        self.progress = progress
        self.store = store or RunStore(mart.root / "findings")
        self.fact_store = FactStore(mart)
        self.names: dict[str, str] = {}
        self.own_rows: OwnRows | None = None  # set where only some organisations are audited

    def over(self, months: Iterable[date]) -> Iterator[RunManifest]:
        """Audit the months in order, each compared with the one before; yield each run when it is kept."""
        ordered = sorted(months)
        with (
            connect(self.mart, self.options.memory_limit, self.options.threads) as connection,
            owned_folder(self.mart.root / "tmp") as folder,
        ):
            self.snapshot.create_views(connection)
            create_working_day(connection, *calendar_span(ordered))
            presence = measure(connection, self._needed_columns())
            organisations = self._organisations(connection, presence)
            if self.options.org_no is not None:
                self.own_rows = OwnRows(connection, organisations, folder)
            self.names = dict(connection.execute("SELECT org_no, name FROM org").fetchall())
            for month in ordered:
                moment = Moment.of(month, self.options.as_of)
                yield self._one(connection, presence, organisations, moment)

    def _needed_columns(self) -> dict[str, set[str]]:
        needed: dict[str, set[str]] = defaultdict(set)
        for rule in self.library.rules.values():
            for table, columns in self.library.needs_of(rule).items():
                needed[table] |= set(columns)
        return needed

    def _one(
        self,
        connection: duckdb.DuckDBPyConnection,
        presence: Presence,
        organisations: list[str],
        moment: Moment,
    ) -> RunManifest:
        started, began = now_text(), time.perf_counter()
        outcome = _Outcome()
        runnable = self._judge_data(presence, organisations, moment, outcome)
        workspace = Workspace(connection, moment, self.progress)
        self._build_facts(workspace, runnable, outcome)
        for number, rule in enumerate(runnable, 1):
            self.progress(f"{rule.rule_id} {rule.title['zh']}", number, len(runnable))
            self._run_rule(workspace, rule, outcome)
        if self.options.org_no is not None:
            outcome.rows = [row for row in outcome.rows if (row["org_no"] or "") in set(organisations)]
        outcome.seconds["total"] = round(time.perf_counter() - began, 3)
        return self._keep(connection, moment, organisations, outcome, started)

    def _organisations(self, connection: duckdb.DuckDBPyConnection, presence: Presence) -> list[str]:
        if self.options.org_no is None:
            return presence.organisations
        query = resource("organisation_subtree.sql")
        below = [row[0] for row in connection.execute(query, {"org_no": self.options.org_no}).fetchall()]
        if below or self.options.org_no in presence.organisations:
            return below or [self.options.org_no]
        raise ExplainedError(
            where=f"snapshot {self.snapshot.id}",
            found=f"no organisation {self.options.org_no}",
            expected="one of " + " ".join(presence.organisations[:20]),
            remedy="See the column org_no of the table org.",
        )

    def _judge_data(
        self, presence: Presence, organisations: list[str], moment: Moment, outcome: _Outcome
    ) -> list[Rule]:
        """Return the rules that at least one organisation has the data for; note what the others lack."""
        runnable = []
        for rule in self.library.rules.values():
            needs = self.library.needs_of(rule)
            gaps = {
                org_no: missing
                for org_no in organisations
                if (missing := presence.missing(needs, rule.history_months, moment.month, org_no, rule.needs))
            }
            outcome.gaps[rule.rule_id] = gaps
            if len(gaps) < len(organisations):
                runnable.append(rule)
        return runnable

    def _build_facts(self, workspace: Workspace, rules: list[Rule], outcome: _Outcome) -> None:
        facts = self.library.facts_of({name for rule in rules for name in rule.facts})
        broken: dict[str, str] = {}
        for number, fact in enumerate(facts, 1):
            self.progress(f"fact {fact.name}", number, len(facts))
            began = time.perf_counter()
            cause = next((broken[name] for name in fact.facts if name in broken), None)
            try:
                if cause is None:
                    workspace.build([fact], lambda one: self._kept(workspace, one))
            except (duckdb.Error, JichaError) as error:
                cause = f"fact {fact.name}: {error}"
            if cause is not None:
                broken[fact.name] = cause
            outcome.seconds[f"fact {fact.name}"] = round(time.perf_counter() - began, 3)
        for rule in rules:
            cause = next(
                (broken[f.name] for f in self.library.facts_of(rule.facts) if f.name in broken), None
            )
            if cause is not None:
                outcome.failures[rule.rule_id] = cause

    def _kept(self, workspace: Workspace, fact: Fact) -> Path | None:
        """Return the fact's Parquet file, written now if this snapshot, text and month have none yet."""
        if not self.options.keep_facts:
            return None
        key = kept_fact_key(self.library, self.snapshot, fact, workspace.moment)
        keep_fact(self.fact_store, key, workspace.connection, fact, workspace.moment, self.progress)
        return self.fact_store.path(fact.name, key)

    def _run_rule(self, workspace: Workspace, rule: Rule, outcome: _Outcome) -> None:
        if rule.rule_id in outcome.failures:
            return
        began = time.perf_counter()
        try:
            table = self._rows(workspace, rule)
            rows = list(rows_of(rule, table, self.snapshot.id, workspace.moment.month))
            # Refused here, a value that no finding can hold fails its own rule and not the whole run.
            pa.Table.from_pylist(rows, schema=FOUND_SCHEMA)
            outcome.rows += rows
        except _RULE_ERRORS as error:
            outcome.failures[rule.rule_id] = f"{type(error).__name__}: {error}"
        outcome.seconds[rule.rule_id] = round(time.perf_counter() - began, 3)

    def _rows(self, workspace: Workspace, rule: Rule) -> pa.Table:
        values = {**rule.defaults, **self.options.parameters.get(rule.rule_id, {})}
        if rule.path.is_relative_to(RULES_FOLDER):
            return workspace.rows(rule, values)
        problems = lint_rule(self.library, rule)
        if problems:
            raise SqlRefused(rule.rule_id, problems)
        return run_fenced(self._fenced_query(workspace, rule, values), self.options.fence)

    def _fenced_query(
        self, workspace: Workspace, rule: Rule, values: Mapping[str, ParameterValue]
    ) -> FencedQuery:
        readable = self.library.readable_by(rule.needs, rule.uses, rule.facts)
        tables = {name: self._files(name, columns) for name, columns in readable.items()}
        inline = {"working_day": workspace.connection.table("working_day").to_arrow_table()}
        for fact in self.library.facts_of(rule.facts):
            if fact.name in readable:
                tables[fact.name] = self._fact_files(workspace, fact)
                if not tables[fact.name]:
                    inline[fact.name] = workspace.connection.table(fact.name).to_arrow_table()
        return FencedQuery(rule_sql(rule, values, workspace.moment), readable, tables, inline)

    def _files(self, name: str, columns: Mapping[str, str]) -> list[str]:
        """Return the files of a contract table that a user's rule may read: of its own organisations only."""
        own = self.own_rows.file(name, columns) if self.own_rows and name in self.snapshot.tables else None
        return [str(own)] if own else [str(path) for path in self.snapshot.paths(name)]

    def _fact_files(self, workspace: Workspace, fact: Fact) -> list[str]:
        """Return the files of a fact that a user's rule may read; none where the fact is kept in memory only."""
        key = kept_fact_key(self.library, self.snapshot, fact, workspace.moment)
        own = self.own_rows.file(fact.name, fact.columns, key) if self.own_rows else None
        kept = self.fact_store.path(fact.name, key) if self.options.keep_facts else None
        return [str(path) for path in (own or kept,) if path is not None]

    def _keep(
        self,
        connection: duckdb.DuckDBPyConnection,
        moment: Moment,
        organisations: list[str],
        outcome: _Outcome,
        started: str,
    ) -> RunManifest:
        selection = None if self.options.rule_ids is None else frozenset(self.library.rules)
        place_in_time = (self.options.scope, moment.month, self.snapshot.id, selection)
        base = self.store.base(*place_in_time)
        same = self.store.same_month(*place_in_time)
        silenced = self.silenced(moment.as_of)
        for row in outcome.rows:
            row["silenced"] = (row["rule_id"], row["subject_id"]) in silenced
        run_id = self._run_id(moment, silenced, base, same)
        ran = [rule for rule in self.library.rules.values() if rule.rule_id not in outcome.failures]
        found = pa.Table.from_pylist(outcome.rows, schema=FOUND_SCHEMA)
        before = self.store.ledger(base)
        absent = None if before is None else absent_of(before, found, ran)
        ledger = place(
            found,
            base=before,
            same_month=self.store.ledger(same),
            judged=self._judged(ran, organisations, outcome),
            rules=self.library.rules.values(),
            unobserved=() if absent is None else unobserved(connection, absent, ran, moment.month),
            month=moment.month,
            run_id=run_id,
            snapshot_id=self.snapshot.id,
        )
        manifest = RunManifest(
            run_id=run_id,
            month=moment.month,
            as_of=moment.as_of,
            snapshot_id=self.snapshot.id,
            snapshot_fingerprint=self.snapshot.fingerprint,
            scope=self.options.scope,
            rules={rule.rule_id: self._rule_entry(rule) for rule in self.library.rules.values()},
            library_sha256=self._library_hash(),
            base_run_id=base.run_id if base else None,
            same_month_run_id=same.run_id if same else None,
            verdicts=[
                *_verdicts(self.library.rules.values(), organisations, outcome),
                *(Verdict(name, "", "failed", detail=why) for name, why in self.library.unreadable.items()),
            ],
            seconds=outcome.seconds,
            organisations=self.names,
            started_at=started,
            is_selection=selection is not None,
        )
        self.store.write(manifest, ledger)
        return manifest

    def _judged(
        self, ran: list[Rule], organisations: list[str], outcome: _Outcome
    ) -> Iterator[tuple[str, str]]:
        for rule in ran:
            gaps = outcome.gaps[rule.rule_id]
            yield from ((rule.rule_id, org_no) for org_no in {*organisations, ""} if org_no not in gaps)
            yield from {
                (rule.rule_id, row["org_no"] or "") for row in outcome.rows if row["rule_id"] == rule.rule_id
            }

    def _rule_entry(self, rule: Rule) -> dict[str, Any]:
        values = {**rule.defaults, **self.options.parameters.get(rule.rule_id, {})}
        parameters = {name: value if isinstance(value, int) else str(value) for name, value in values.items()}
        return {"version": rule.version, "sha256": rule.sha256, "parameters": parameters}

    def _library_hash(self) -> str:
        facts = {name: fact.sha256 for name, fact in self.library.facts.items()}
        entries = {rule_id: self._rule_entry(rule) for rule_id, rule in self.library.rules.items()}
        return hashlib.sha256(
            json.dumps([facts, entries, dict(self.library.unreadable)], sort_keys=True).encode()
        ).hexdigest()

    def _run_id(
        self,
        moment: Moment,
        silenced: frozenset[tuple[str, str]],
        base: RunManifest | None,
        same: RunManifest | None,
    ) -> str:
        """Equal inputs give an equal id, so that a repeated run is the same run, byte for byte."""
        parts = [
            self.snapshot.fingerprint, self._library_hash(), self.options.scope, repr(moment), repr(sorted(silenced)),
            base.run_id if base else "", same.run_id if same else "",
        ]  # fmt: skip
        digest = hashlib.sha256("|".join(parts).encode()).hexdigest()[:10]
        return f"{moment.month:%Y-%m}-s{self.snapshot.id}-{digest}"


def _verdicts(rules: Iterable[Rule], organisations: list[str], outcome: _Outcome) -> Iterator[Verdict]:
    totals: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in outcome.rows:
        totals[row["rule_id"], row["org_no"] or ""].append(row)
    for rule in rules:
        orgs = {*organisations, *(org for rule_id, org in totals if rule_id == rule.rule_id)}
        for org_no in sorted(orgs):
            yield _verdict(rule, org_no, totals[rule.rule_id, org_no], outcome)


def _verdict(rule: Rule, org_no: str, rows: list[dict[str, Any]], outcome: _Outcome) -> Verdict:
    if rule.rule_id in outcome.failures:
        return Verdict(rule.rule_id, org_no, "failed", detail=outcome.failures[rule.rule_id])
    missing = outcome.gaps[rule.rule_id].get(org_no)
    if missing and not rows:
        return Verdict(rule.rule_id, org_no, "insufficient_data", detail=", ".join(missing))
    loud = [row for row in rows if not row["silenced"]]
    yuan = sum((row["yuan_at_stake"] or Decimal(0) for row in loud), Decimal(0))
    verdict = "ran" if rows else "nothing_found"
    return Verdict(rule.rule_id, org_no, verdict, len(loud), len(rows) - len(loud), f"{yuan:.2f}")


def resource(name: str) -> str:
    """Return one of the audit's own SQL texts."""
    return (Path(__file__).parent / "sql" / name).read_text(encoding="utf-8")
