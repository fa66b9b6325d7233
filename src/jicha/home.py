"""The Python API: `home = jicha.open(path)`, then load, audit and read. The command line uses only this."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from jicha.audit.clues import Clue, compose
from jicha.audit.customer_file import CustomerRows, customer_file, customer_name, organisations
from jicha.audit.customer_story import (
    Change,
    Links,
    Mark,
    MonthSum,
    changes_between,
    customers_of_districts,
    customers_of_reader,
    links_of,
    marks_of,
    months_of,
)
from jicha.audit.customer_story import (
    Entry as ArchiveEntry,
)
from jicha.audit.districts import districts_of
from jicha.audit.exceptions import ExceptionList
from jicha.audit.explain import SourceRows, file_names, source_rows
from jicha.audit.library import Library, facts_only, load_library
from jicha.audit.life.judgement import judge
from jicha.audit.paid_share import paid_shares
from jicha.audit.parameters import local_parameters
from jicha.audit.rebill.month import RebilledMonth, open_month, rebill_month
from jicha.audit.rebill.problems import neither, no_bills
from jicha.audit.rebill.session import has_bill, open_rebilling, sheet_links
from jicha.audit.rule import Rule
from jicha.audit.run import AuditRun, RunOptions
from jicha.audit.run_store import RunManifest, RunStore, verdict_rows
from jicha.audit.sample.draw import Item
from jicha.audit.sample.judge import Audited, judge_monetary, judge_random
from jicha.audit.sample.plan import MONETARY, Plan, Sample, draw_sample
from jicha.audit.site_sheet import SiteSheet, site_sheets
from jicha.billing.policies import BillingPolicies, load_policies
from jicha.errors import BilingualError, ExplainedError
from jicha.intake import (
    CoverageReport,
    Entry,
    LoadReport,
    Problem,
    Selection,
    WorkList,
    check,
    coverage,
    load,
    quarantine_export,
    quarantine_list,
    replay,
)
from jicha.mart import Mart, Snapshot
from jicha.periods import month_range, month_text, parse_month
from jicha.reports.bill_sheet import sheet_document, write_sheet_pdf
from jicha.reports.export import write_findings
from jicha.reports.page import write_page
from jicha.reports.sample_sheet import FilledSheet, told_of
from jicha.reports.summary import RunSummary, summarise
from jicha.settings import Settings, read_settings
from jicha.studio import Studio

Progress = Callable[[str, int, int], None]


def _silent(_label: str, _done: int, _total: int) -> None:
    """Show no progress."""


def open_home(path: str | os.PathLike[str] | None = None) -> Home:
    """Return the home folder at `path` (default: JICHA_HOME, else ./jicha-home), made if it is not there yet."""
    return Home(Path(path or os.environ.get("JICHA_HOME") or "jicha-home"))


class Run:
    """One finished audit of one month: findings, verdicts and where everything came from."""

    def __init__(
        self, home: Home, manifest: RunManifest, store: RunStore | None = None, trial: Run | None = None
    ) -> None:
        self.home = home
        self.manifest = manifest
        self.trial = trial  # what the rules on trial (试运行) found beside it
        self._store = store or home.store

    @property
    def run_id(self) -> str:
        """The run's identity: equal inputs give an equal one."""
        return self.manifest.run_id

    @cached_property
    def findings(self) -> pa.Table:
        """All findings of the run as an Arrow table in the shape of design 3 (money and energy DECIMAL)."""
        return self._store.findings(self.manifest)

    @cached_property
    def silenced(self) -> pa.Table:
        """The findings that an approved exception keeps quiet, in the same shape."""
        return self._store.findings(self.manifest, silenced=True)

    @cached_property
    def verdicts(self) -> pa.Table:
        """One row a rule and organisation: ran, nothing_found, insufficient_data (what is missing) or failed."""
        return pa.Table.from_pylist(list(verdict_rows(self.manifest)))

    def to_polars(self) -> pl.DataFrame:
        """Return the findings as a polars frame, without a copy where possible."""
        frame = pl.from_arrow(self.findings)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def to_pandas(self) -> Any:
        """Return the findings as a pandas frame with Arrow types, so that money stays exact (extra: pandas)."""
        import pandas

        return self.findings.to_pandas(types_mapper=pandas.ArrowDtype)

    def summary(self, language: str = "zh") -> RunSummary:
        """Return the table that a person reads: topics by yuan at stake, statuses, verdicts."""
        return summarise(self.findings, self.silenced, self.manifest, self.home.library, language)

    def clues(self) -> list[Clue]:
        """Return the findings put together by place (线索), the one with the most expected yuan first."""
        rows = self.findings.to_pylist()
        outcomes = self.home.studio.outcomes
        rules = {rule_id: self.home.library.rule(rule_id) for rule_id in {row["rule_id"] for row in rows}}
        mine = {rule_id: [row for row in rows if row["rule_id"] == rule_id] for rule_id in rules}
        rates = {
            rule_id: judge(rule_id, mine[rule_id], outcomes.of(rule_id)).confirmed_rate for rule_id in rules
        }
        customers = {row["customer_no"] for row in rows if row["customer_no"]}
        snapshot = self.home.snapshot(self.manifest.snapshot_id)
        return compose(rows, rules, rates, paid_shares(snapshot, customers, self.manifest.as_of))

    def districts(self) -> dict[str, str]:
        """Return the district (台区) of each customer of whom the run found something."""
        numbers = {number for number in self.findings["customer_no"].to_pylist() if number}
        return districts_of(self.home.snapshot(self.manifest.snapshot_id), numbers)

    def write(self, path: str | os.PathLike[str], language: str = "zh") -> int:
        """Write the findings as .parquet, .csv, .jsonl or .xlsx by the file's ending; return the number of rows."""
        return write_findings(self.findings, Path(path), language)

    def write_page(self, path: str | os.PathLike[str], language: str = "zh") -> Path:
        """Write the run as one self-contained HTML page; return its path."""
        return write_page(self.summary(language), self.findings, self.home.library, Path(path), language)


class Home:
    """One folder with a user's data: mart, findings, exceptions, settings, own rules, own price books."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.exceptions = ExceptionList(path / "exceptions" / "exceptions.yaml")

    @cached_property
    def mart(self) -> Mart:
        """The mart of this home, made on first use: a command that needs only rules leaves no folder behind."""
        return Mart.open(self.path / "mart", create=True)

    @cached_property
    def store(self) -> RunStore:
        """What the runs found."""
        return RunStore(self.mart.root / "findings")

    @cached_property
    def trial_store(self) -> RunStore:
        """What the rules on trial found."""
        return RunStore(self.mart.root / "trial")

    @cached_property
    def settings(self) -> Settings:
        """The settings of this home."""
        return read_settings(self.path / "settings.toml")

    @cached_property
    def library_as_shipped(self) -> Library:
        """The shipped rules and the user's own beside them (<home>/rules), in the states that their files give them."""
        own = self.path / "rules"
        return load_library([own] if own.exists() else [])

    @cached_property
    def library(self) -> Library:
        """The shipped rules and the user's own beside them, in the states that settings.toml gives them."""
        return self.library_as_shipped.with_states(self.settings.rules)

    @property
    def policies(self) -> BillingPolicies:
        """The price books and rules of billing of this home (<home>/policies) before the shipped ones, read and checked."""
        return load_policies(self.path / "policies")

    def load(
        self,
        sources: Sequence[str | Path],
        *,
        profile: str | Path | None = None,
        mode: Literal["upsert", "replace"] = "upsert",
        encoding: str | None = None,
        accept_control_difference: bool = False,
        progress: Progress = _silent,
    ) -> LoadReport:
        """Load an extract as one atomic snapshot; what cannot be loaded goes to quarantine with its reason.

        `sources` are folders, files or database URLs; `mode` is "upsert" or "replace".
        """
        return load(
            self.mart, sources, profile=profile, mode=mode, encoding=encoding, progress=progress,
            accept_control_difference=accept_control_difference,
            memory_limit=self.settings.memory_limit, threads=self.settings.threads,
        )  # fmt: skip

    def check(
        self,
        sources: Sequence[str | Path],
        *,
        profile: str | Path | None = None,
        encoding: str | None = None,
        each_problem: Callable[[Problem], None] | None = None,
        progress: Progress = _silent,
    ) -> LoadReport:
        """Read and check an extract as `load` would, and keep nothing.

        The report's `kinds` hold the first problems of each kind; `each_problem` is told of every one.
        """
        return check(
            self.mart, sources, profile=profile, encoding=encoding, progress=progress, each_problem=each_problem,
            memory_limit=self.settings.memory_limit, threads=self.settings.threads,
        )  # fmt: skip

    def snapshot(self, snapshot_id: int | None = None) -> Snapshot:
        """Return a snapshot, the newest if none is named; an error says how to load one."""
        try:
            found = self.mart.latest() if snapshot_id is None else self.mart.snapshot(snapshot_id)
        except ExplainedError as error:
            kept = "、".join(str(info.id) for info in self.mart.snapshots()) or "无"
            raise BilingualError(
                where=error.where, found=error.found, expected=error.expected, remedy=error.remedy,
                zh=f"{self.path}：没有数据快照 {snapshot_id}；保留的快照：{kept}。用 `jicha snapshots list` 查看。",
            ) from error  # fmt: skip
        if found is None:
            raise BilingualError(
                where=str(self.path),
                found="no data",
                expected="a loaded extract",
                remedy="Run `jicha load FOLDER`, or `jicha demo` for an invented utility.",
                zh=f"{self.path}：没有数据；应先导入。请运行 `jicha load 数据文件夹`，或用 `jicha demo` 生成示例数据。",
            )
        return found

    def months(self, snapshot: Snapshot) -> list[date]:
        """Return the months that can be audited: those with readings or bills."""
        return sorted({*snapshot.months("reading"), *snapshot.months("bill")})

    def months_of(self, wanted: Sequence[str | date]) -> list[date]:
        """Return months from texts such as 2026-10, 2026-05..2026-10 or all (those with readings or bills)."""
        months: list[date] = []
        for one in wanted:
            if one == "all":
                months += self.months(self.snapshot())
            elif isinstance(one, str) and ".." in one:
                first, last = one.split("..", 1)
                months += month_range(parse_month(first), parse_month(last))
            else:
                months.append(_month(one))
        return sorted(set(months))

    @property
    def studio(self) -> Studio:
        """Preview, test on the past, score and compare the rules of this home."""
        return Studio(self)

    def newest_ledger(self) -> pa.Table:
        """Return every finding that the runs of all organisations have seen up to the newest month, with its life."""
        whole = [run for run in self.store.manifests() if run.scope == "all" and not run.is_selection]
        ledger = self.store.ledger(whole[-1]) if whole else None
        if ledger is None:
            raise ExplainedError(
                where=str(self.path), found="no audit of all rules", expected="at least one", remedy="Run `jicha audit --month …`.",
            )  # fmt: skip
        return ledger.filter(pc.is_valid(ledger["evidence"]))

    def coverage(self, snapshot_id: int | None = None) -> CoverageReport:
        """Return which tables the data fill, which rules can run on them and what the others lack."""
        needs = {rule_id: self.library.needs_of(rule) for rule_id, rule in self.library.rules.items()}
        return coverage(self.snapshot(snapshot_id), needs)

    def quarantine(self, batch: str | None = None) -> list[Entry]:
        """Return the rows in quarantine, of one batch or of all: the work list."""
        return quarantine_list(self.mart, batch)

    def work_list(
        self,
        *,
        batch: str | None = None,
        table: str | None = None,
        reason: str | None = None,
        sort: str = "place",
        limit: int | None = None,
        offset: int = 0,
    ) -> WorkList:
        """Return the rows in quarantine to be counted and iterated, however many there are.

        `sort` is place, reason, column or newest.
        """
        return WorkList(self.mart, Selection(batch, table, reason, sort, limit, offset))

    def quarantine_export(self, path: str | os.PathLike[str]) -> int:
        """Write the work list as .csv or .xlsx, to be corrected and replayed; return the number of rows."""
        return quarantine_export(self.mart, Path(path))

    def replay(self, path: str | os.PathLike[str]) -> LoadReport:
        """Load the corrected rows of a work list as a new snapshot; those still wrong stay in quarantine."""
        return replay(self.mart, Path(path))

    def audit(
        self,
        month: str | date,
        *,
        rules: Iterable[str] | None = None,
        org_no: str | None = None,
        as_of: date | None = None,
        snapshot_id: int | None = None,
        memory_limit: str | None = None,
        threads: int | None = None,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
        keep_facts: bool = True,
        progress: Progress = _silent,
    ) -> Run:
        """Audit one month, or "all" months in order, and return the (last) run.

        `month` is 2026-10, a date in the month, or "all"; `as_of` defaults to the end of the month. Where no rules are named,
        those on trial run beside the active ones; what they find is kept apart, in the run's `trial`.
        """
        snapshot = self.snapshot(snapshot_id)
        months = self.months(snapshot) if month == "all" else [_month(month)]
        if not months:
            raise ExplainedError(
                where=f"snapshot {snapshot.id}", found="no month", expected="readings or bills",
                remedy="Load the tables reading or bill.",
            )  # fmt: skip
        library = self.library.priced_by(self.policies)
        options = RunOptions(
            rule_ids=None if rules is None else tuple(rules),
            org_no=org_no,
            as_of=as_of,
            memory_limit=memory_limit or self.settings.memory_limit,
            threads=threads or self.settings.threads,
            parameters=local_parameters(self.library, _merged(self.settings.parameters, parameters or {})),
            keep_facts=keep_facts,
        )
        on_trial = library.in_state("trial") if rules is None else ()
        with snapshot.held():
            audit = AuditRun(self.mart, snapshot, library, options, self.exceptions.silenced, progress)
            manifests = list(audit.over(months))
            trial = None
            if on_trial:
                beside = replace(options, rule_ids=on_trial)
                tried = AuditRun(
                    self.mart, snapshot, library, beside, self.exceptions.silenced, progress, self.trial_store
                )
                trial = Run(self, list(tried.over(months))[-1], self.trial_store)
        return Run(self, manifests[-1], trial=trial)

    def rebill(
        self,
        month: str | date,
        *,
        snapshot_id: int | None = None,
        memory_limit: str | None = None,
        threads: int | None = None,
        progress: Progress = _silent,
    ) -> RebilledMonth:
        """Recompute every normal bill of a month from readings, archive and prices, each difference with its cause."""
        limits = (memory_limit or self.settings.memory_limit, threads or self.settings.threads)
        snapshot, policies = self.snapshot(snapshot_id), self.policies
        if _month(month) not in (known := snapshot.months("bill")):
            raise no_bills(snapshot.id, _month(month), known)
        with open_rebilling(self.mart, snapshot, policies, *limits) as rebilling:
            open_month(rebilling, self.mart, snapshot, facts_only(policies), _month(month), progress)
            return rebill_month(rebilling, _month(month))

    def has_bill(self, bill_id: str, snapshot_id: int | None = None) -> bool:
        """Return whether the snapshot holds a bill of this number."""
        return has_bill(self.mart, self.snapshot(snapshot_id), bill_id, self.settings.memory_limit)

    def bill_sheet(
        self, bill_id: str, language: str = "zh", snapshot_id: int | None = None
    ) -> dict[str, Any]:
        """Return the calculation sheet (算费过程) of a bill as plain data: inputs with file and line, steps, lines."""
        snapshot = self.snapshot(snapshot_id)
        with open_rebilling(self.mart, snapshot, self.policies, self.settings.memory_limit) as rebilling:
            sheet = rebilling.sheet(bill_id)
        sources = source_rows(snapshot, sheet_links(sheet))
        return sheet_document(sheet, sources, file_names(self.mart, sources), language)

    def write_bill_sheet(
        self, document: dict[str, Any], path: str | os.PathLike[str], language: str = "zh"
    ) -> Path:
        """Write a calculation sheet as PDF; return its path."""
        return write_sheet_pdf(document, Path(path), language)

    def sample(self, plan: Plan, snapshot_id: int | None = None) -> Sample:
        """Draw a sample of bills; organisations stand for all below them."""
        return draw_sample(self.snapshot(snapshot_id), plan)

    def sample_again(self, path: str | os.PathLike[str]) -> tuple[FilledSheet, Sample, list[str]]:
        """Draw the sample of a sheet again; return the sheet, the sample, and in what the two differ."""
        sheet = FilledSheet(Path(path))
        sample = self.sample(sheet.plan, sheet.snapshot_id)
        told = told_of(sample)
        return sheet, sample, [name for name in told if sheet.told.get(name) != told[name]]

    def judge_sample(self, path: str | os.PathLike[str]) -> dict[str, Any]:
        """Judge a filled sheet: `rate` of a random sample, `over` and `under` of a monetary one, and the `plan`."""
        sheet, sample, differences = self.sample_again(path)
        if differences:
            raise ExplainedError(
                where=str(path), found=f"a sheet that differs in {', '.join(differences)}", expected="the one that its plan draws from this home",
                remedy="Run `jicha sample check`; draw it again where the data were loaded anew.",
            )  # fmt: skip
        amounts, plan, draw = sheet.audited(sample), sample.plan, sample.draw

        def audited(items: Iterable[Item]) -> list[Audited]:
            return [Audited(item, amounts[item.item_id]) for item in items]

        if plan.method != MONETARY:
            return {
                "plan": plan,
                "rate": judge_random(audited(draw.items), sample.frame.populations, plan.confidence),
            }
        assert draw.interval_yuan is not None
        hit, certain = audited(draw.items), audited(draw.certain)
        return {"plan": plan} | {
            name: judge_monetary(hit, certain, draw.interval_yuan, plan.confidence, over=name == "over")
            for name in ("over", "under")
        }

    def customer_file(self, customer_no: str, snapshot_id: int | None = None) -> list[CustomerRows]:
        """Return everything that a snapshot holds of one customer, table by table."""
        return customer_file(self.snapshot(snapshot_id), customer_no)

    def customer_name(self, customer_no: str, snapshot_id: int | None = None) -> tuple[str, str] | None:
        """Return name and organisation of a customer, or None where nobody has the number."""
        return customer_name(self.snapshot(snapshot_id), customer_no)

    def site_sheets(self, customers: Iterable[str], snapshot_id: int | None = None) -> dict[str, SiteSheet]:
        """Return what a visit takes along of each customer: address, meters with their last readings, seals."""
        return site_sheets(self.snapshot(snapshot_id), customers)

    def customer_months(
        self, customer_no: str, until: date, months: int = 24, snapshot_id: int | None = None
    ) -> list[MonthSum]:
        """Return energy and amount billed in each of the months that end with `until`."""
        return months_of(self.snapshot(snapshot_id), customer_no, until, months)

    def customer_marks(
        self, customer_no: str, until: date, months: int = 24, snapshot_id: int | None = None
    ) -> list[Mark]:
        """Return what happened to a customer in the months that end with `until`."""
        return marks_of(self.snapshot(snapshot_id), customer_no, until, months)

    def customer_changes(
        self, customer_no: str, earlier: date, later: date, snapshot_id: int | None = None
    ) -> tuple[list[Change], list[ArchiveEntry]]:
        """Return what is another in the later month, and what was changed in the archive between the two."""
        return changes_between(self.snapshot(snapshot_id), customer_no, earlier, later)

    def customer_links(self, customer_no: str, snapshot_id: int | None = None) -> Links:
        """Return points, other customers and readers that a customer hangs together with."""
        return links_of(self.snapshot(snapshot_id), customer_no)

    def customers_of_reader(self, reader_id: str, snapshot_id: int | None = None) -> list[str]:
        """Return the customers whose section an employee reads."""
        return customers_of_reader(self.snapshot(snapshot_id), reader_id)

    def customers_of_districts(self, customer_no: str, snapshot_id: int | None = None) -> list[str]:
        """Return the customers at the districts of a customer."""
        return customers_of_districts(self.snapshot(snapshot_id), customer_no)

    def organisations(self, snapshot_id: int | None = None) -> list[dict[str, Any]]:
        """Return the organisation tree of a snapshot as rows of org_no, parent_org_no, name, level."""
        return organisations(self.snapshot(snapshot_id))

    def pinned_snapshots(self) -> frozenset[int]:
        """Return the snapshots that runs refer to."""
        return self.store.pinned_snapshots() | self.trial_store.pinned_snapshots()

    def runs(self, *, trial: bool = False) -> list[Run]:
        """Return all runs, oldest month first; with `trial` those of the rules on trial instead."""
        store = self.trial_store if trial else self.store
        return [Run(self, manifest, store) for manifest in store.manifests()]

    def run(self, run_id: str | None = None, *, trial: bool = False) -> Run:
        """Return one run, the newest if none is named; a month such as 2026-10 names its last run."""
        store = self.trial_store if trial else self.store
        if run_id is not None and len(run_id) == 7:
            of_month = [m for m in store.manifests() if month_text(m.month) == run_id]
            run_id = of_month[-1].run_id if of_month else run_id
        return Run(self, store.manifest(run_id), store)

    def finding(self, finding_id: str, run_id: str | None = None) -> dict[str, Any]:
        """Return one finding by its id or a unique beginning of it, as its run left it."""
        run = self.run(run_id)
        ledger = self.store.ledger(run.manifest)
        assert ledger is not None
        told = pc.and_(pc.starts_with(ledger["finding_id"], finding_id), pc.is_valid(ledger["evidence"]))
        found = ledger.filter(told).to_pylist()
        if not found:
            raise neither(finding_id, run.run_id)
        if len(found) != 1:
            raise ExplainedError(
                where=f"run {run.run_id}",
                found=f"{len(found)} findings that begin with {finding_id!r}",
                expected="exactly one",
                remedy="See `jicha findings` and copy more of the id.",
            )
        return dict(found[0])

    def explain(
        self, finding_id: str, run_id: str | None = None
    ) -> tuple[dict[str, Any], Rule, list[SourceRows]]:
        """Return a finding, its rule and the source rows that it rests on, with file and line of each."""
        if run_id is None and not self.store.manifests():
            raise neither(finding_id, None)
        finding = self.finding(finding_id, run_id)
        rule = self.library.rule(finding["rule_id"])
        return finding, rule, source_rows(self.snapshot(finding["snapshot_id"]), finding)


def _merged(
    settings: Mapping[str, Mapping[str, Any]], given: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return both, value by value: what is given for one run hides only its own value of the settings."""
    return {
        rule_id: {**settings.get(rule_id, {}), **given.get(rule_id, {})} for rule_id in {**settings, **given}
    }


def _month(month: str | date) -> date:
    return month.replace(day=1) if isinstance(month, date) else parse_month(month)
