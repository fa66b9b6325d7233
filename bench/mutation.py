"""How many small mistakes in the billing code and its SQL would be noticed: mutants, and how many of them are killed.

    python bench/mutation.py [--python 300] [--sql 300] [--jobs 2] [--seed 1] [--only NAME]

A mutant is one small change (mutants_python.py, mutants_sql.py), drawn from all by a seed. It is killed when the corpus
(mutation_corpus.py: bills on which both engines agree) is priced otherwise, or when a test of tests/billing (for SQL:
tests/billing_sql) with hand-made figures fails. A mutant that breaks or takes far too long is killed too. The source is never touched: each mutant
lives in a forked process. Equivalent mutants, which no input can tell, are listed with a reason in
mutation_equivalent.yaml; they do not count.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.abc
import importlib.util
import multiprocessing
import os
import pickle
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

import mutants_python
from mutants_python import CONTROL, Mutant

if TYPE_CHECKING:
    from jicha.audit.fact import Fact
    from mutation_corpus import Corpus

ROOT = Path(__file__).resolve().parents[1]
BILLING = ROOT / "src" / "jicha" / "billing"
EQUIVALENT = Path(__file__).with_name("mutation_equivalent.yaml")
PRIMITIVES = (
    "basic_charge", "deductions", "difference", "energy_charge", "line_loss", "lines", "network_loss", "power_factor",
    "price_list", "register_energy", "residential_steps", "transformer_loss", "work",
)  # fmt: skip
PYTHON_TESTS = (
    "basic_charge", "deductions", "energy_charge", "line_loss", "power_factor", "register_energy", "residential_steps",
    "transformer_loss", "mutants_*",
)  # fmt: skip
SQL_TESTS = ("mutants_*", "refusals", "segments_and_parts", "whole_bills")
# Modules that were imported before the forks cannot be rewritten for better messages, which nobody reads.
OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
GOAL = 0.90
# What a mutant may take of the processor, which a busy machine does not stretch: a corpus takes one to three seconds, the
# tests a minute. The clock stops only what does not even compute.
CORPUS_SECONDS, TESTS_SECONDS, CLOCK_SECONDS = 20, 240, 1800
KINDS = {
    "register": "total|sharp|peak|flat|valley|deep_valley",
    "component": "energy|purchase|line_loss|transmission|system",
    "again": r"(?: \(\d+\))?",
    "rest": ".*",
}
SURVIVED, TIME_LIMIT = "survived", "time limit"
Judge = Callable[[Mutant], str]


class Verdict(NamedTuple):
    """A mutant and what noticed it."""

    mutant: Mutant
    killed_by: str

    @property
    def is_killed(self) -> bool:
        """Whether anything noticed the mutant."""
        return self.killed_by != SURVIVED


# ── Python ───────────────────────────────────────────────────────────────────────────────────────────────────────


def python_files() -> dict[str, Path]:
    """Return the modules that are mutated, by what they are called in the report."""
    files = [BILLING / f"{name}.py" for name in PRIMITIVES] + sorted((BILLING / "steps").glob("*.py"))
    return {str(path.relative_to(ROOT / "src" / "jicha")): path for path in files}


class Overlay(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from a mutated tree, in place of its file."""

    def __init__(self, path: Path, tree: ast.Module) -> None:
        parts = path.relative_to(ROOT / "src").with_suffix("").parts
        self._name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self._path, self._tree = path, tree

    def find_spec(self, fullname: str, *_: Any) -> Any:
        """Answer for the mutated module only."""
        if fullname != self._name:
            return None
        is_package = self._path.name == "__init__.py"
        places = [str(self._path.parent)] if is_package else None
        return importlib.util.spec_from_file_location(
            fullname, self._path, loader=self, submodule_search_locations=places
        )

    def create_module(self, spec: Any) -> None:
        """Let the import system make the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutated tree in the module."""
        exec(compile(self._tree, str(self._path), "exec"), module.__dict__)


def judge_python(paths: Sequence[str], mutant: Mutant) -> str:
    """Return what notices a mutant of a module; nothing of jicha.billing may be imported before."""
    path = python_files()[mutant.file]
    sys.meta_path.insert(0, Overlay(path, mutants_python.mutated(path, mutant)))
    import mutation_corpus
    from jicha.billing.lines import price_bill
    from jicha.billing.price_list import PriceList

    for corpus in map(mutation_corpus.load, paths):
        allow(CORPUS_SECONDS)
        prices = PriceList(*corpus.prices)
        for bill, issued, rules in corpus.bills:
            told = mutation_corpus.told_of(issued, price_bill(bill, prices, rules))
            if told != corpus.expected[bill.bill_id]:
                return f"corpus {corpus.name}"
    return SURVIVED if is_equivalent(mutant) else tests_notice(named_tests("billing", PYTHON_TESTS))


def allow(seconds: int) -> None:
    """Stop this process when it has used the processor for so long from now on."""
    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + seconds, most))


def named_tests(folder: str, names: Sequence[str]) -> list[str]:
    """Return the test files of a folder by the patterns of their names."""
    place = ROOT / "tests" / folder
    return [str(one) for name in names for one in sorted(place.glob(f"test_{name}.py"))]


def tests_notice(tests: Sequence[str]) -> str:
    """Return whether a test fails in this process."""
    import pytest
    from hypothesis import HealthCheck, settings

    # A machine that is busy must not fail a test of code that is right.
    settings.register_profile(
        "mutation", deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    settings.load_profile("mutation")
    allow(TESTS_SECONDS)
    code = pytest.main([*OPTIONS, *tests])
    return SURVIVED if code == 0 else "tests"


# ── SQL ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def is_equivalent(mutant: Mutant) -> bool:
    """Return whether a mutant is one of those that no input can tell; the bills are asked all the same."""
    return any(one.names(mutant) for one in equivalents())


@cache
def shipped_facts() -> dict[str, Fact]:
    """Return every fact; read once, before the forks."""
    from jicha.audit.fact import load_facts

    return load_facts()


@cache
def _corpus(path: str) -> Corpus:
    import mutation_corpus

    return mutation_corpus.load(path)


def judge_sql(paths: Sequence[str], mutant: Mutant) -> str:
    """Return what notices a mutant of a fact."""
    import mutants_sql
    from jicha.audit.dialect import Select

    fact = shipped_facts()[mutant.file]
    assert fact.tree is not None
    mutated = replace(fact, select=Select("", fact.name, mutants_sql.mutated(fact.tree, mutant)))
    for corpus in map(_corpus, paths):
        allow(CORPUS_SECONDS)
        if corpus_notices(corpus, mutated):
            return f"corpus {corpus.name}"
    if is_equivalent(mutant):
        return SURVIVED
    facts = {**shipped_facts(), mutant.file: mutated}
    from jicha.audit import fact as module

    module.load_facts = lambda *_folders, **_options: facts
    return tests_notice(named_tests("billing_sql", SQL_TESTS))


def corpus_notices(corpus: Corpus, mutated: Fact) -> bool:
    """Build the mutated fact and those that read it, and return whether they say anything else of a bill."""
    import duckdb

    import mutation_corpus
    from jicha.audit.workspace import Moment, fact_sql

    text = fact_sql(mutated, Moment.of(corpus.month))
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"ATTACH '{corpus.database}' AS corpus (READ_ONLY)")
        connection.execute("SET search_path = 'memory.main,corpus.main'")
        changed = {mutated.name}
        for name, as_is in corpus.facts:
            if name == mutated.name or changed.intersection(shipped_facts()[name].facts):
                changed.add(name)
                body = text if name == mutated.name else as_is
                connection.execute(f'CREATE TABLE memory.main."{name}" AS {body}')
        told = mutation_corpus.told_in(connection, corpus.expected)
    for bill_id, expected in corpus.expected.items():
        # Where the engines told two of several refusals before any mutation, any refusal will do.
        same = told[bill_id].agrees if bill_id not in corpus.same_refusal else told[bill_id].__eq__
        if not same(expected):
            return True
    return False


# ── many at once ─────────────────────────────────────────────────────────────────────────────────────────────────


def judged(
    judge: Callable[[Sequence[str], Mutant], str], paths: Sequence[str], chosen: Sequence[Mutant], jobs: int
) -> list[Verdict]:
    """Return the verdicts; each mutant is judged in a forked process of its own, with a time limit."""
    context = multiprocessing.get_context("fork")
    waiting, running = list(reversed(chosen)), {}
    verdicts: list[Verdict] = []
    while waiting or running:
        while waiting and len(running) < (jobs if verdicts else 1):  # the control first and alone
            mutant = waiting.pop()
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=_in_fork, args=(judge, paths, mutant, sender))
            process.start()
            sender.close()
            running[receiver] = (mutant, process, time.monotonic())
        ready = wait(list(running), timeout=0.2)
        for receiver, (mutant, process, begun) in list(running.items()):
            if receiver in ready or time.monotonic() - begun > CLOCK_SECONDS:
                answer = _answer(receiver) if receiver in ready else TIME_LIMIT
                process.kill()
                process.join()
                verdicts.append(Verdict(mutant, answer))
                if mutant.node == CONTROL:
                    assert not verdicts[0].is_killed, f"no change at all is noticed: {answer}"
                del running[receiver]
                _progress(len(verdicts), len(chosen))
    return sorted(verdicts, key=lambda verdict: verdict.mutant)


def _answer(receiver: Connection) -> str:
    try:
        return str(receiver.recv())
    except EOFError:
        return TIME_LIMIT  # stopped by the limit of the processor


def _in_fork(
    judge: Callable[[Sequence[str], Mutant], str], paths: Sequence[str], mutant: Mutant, sender: Connection
) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    try:
        sender.send(judge(paths, mutant))
    except BaseException as error:
        sender.send(f"{type(error).__name__}")
    finally:
        sender.close()
        os._exit(0)


def _progress(done: int, total: int) -> None:
    if done % 50 == 0 or done == total:
        print(f"  {done} of {total}", file=sys.stderr, flush=True)


def drawn(everything: Sequence[Mutant], count: int, seed: int, only: str | None) -> list[Mutant]:
    """Return a control that changes nothing and as many mutants as asked for, the same for the same seed."""
    known = [one for one in everything if only is None or only in one.file]
    control = Mutant(known[0].file, 0, "nothing", CONTROL, 0)
    return [control, *sorted(random.Random(seed).sample(known, min(count, len(known))))]


def phase(kind: str, paths: Sequence[str], count: int, options: argparse.Namespace) -> list[Verdict]:
    """Judge the mutants of one language in this process, which must be fresh: it forks."""
    for name in ("duckdb", "hypothesis", "pyarrow", "pytest", "sqlglot"):
        importlib.import_module(name)  # once, before the forks

    if kind == "sql":
        importlib.import_module("mutation_corpus")
        for path in paths:
            _corpus(path)
    judge = judge_python if kind == "python" else judge_sql
    return judged(judge, paths, drawn(all_mutants(kind), count, options.seed, options.only), options.jobs)


def all_mutants(kind: str) -> list[Mutant]:
    """Return every mutant of one language."""
    if kind == "python":
        return [m for name, path in python_files().items() for m in mutants_python.mutants(path, name)]
    import mutants_sql

    trees = {
        name: fact.tree
        for name, fact in shipped_facts().items()
        if (BILLING / "sql" / f"{name}.sql").exists()
    }
    return [m for name, tree in trees.items() if tree is not None for m in mutants_sql.mutants(tree, name)]


# ── the report ───────────────────────────────────────────────────────────────────────────────────────────────────


class Equivalent(NamedTuple):
    """Mutants of one file that no input can tell, by a pattern of their change, and why that is so."""

    file: str
    change: str
    reason: str

    def names(self, mutant: Mutant) -> bool:
        """Return whether this is the mutant, or one of its kind: <register>, <component>, <again>, <rest>."""
        pattern = re.escape(self.change)
        for kind, values in KINDS.items():
            pattern = pattern.replace(re.escape(f"<{kind}>"), f"(?:{values})")
        return mutant.file == self.file and re.fullmatch(pattern, mutant.change) is not None


@cache
def equivalents() -> list[Equivalent]:
    """Return the mutants that no input can tell."""
    rows = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8"))["mutants"]
    return [Equivalent(**row) for row in rows]


def report(title: str, verdicts: Sequence[Verdict]) -> float:
    """Print the figures by file and every survivor; return the share killed."""
    counted = [one for one in verdicts if one.is_killed or not is_equivalent(one.mutant)]
    by_file: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in counted:
        by_file[verdict.mutant.file].append(verdict)
    print(f"{title}: {len(counted)} mutants, {len(verdicts) - len(counted)} equivalent ones left out")
    for file, some in sorted(by_file.items()):
        killed = sum(one.is_killed for one in some)
        print(f"  {file:34} {killed:4} of {len(some):4}  {killed / len(some):6.1%}")
    for verdict in counted:
        if not verdict.is_killed:
            print(f"  survivor {verdict.mutant.file}:{verdict.mutant.line}: {verdict.mutant.change}")
    share = sum(one.is_killed for one in counted) / len(counted) if counted else 1.0
    print(f"  killed {share:.1%} (goal >= {GOAL:.0%}): {'met' if share >= GOAL else 'MISSED'}")
    return share


def run(
    python: int, sql: int, jobs: int = 2, seed: int = 1, only: str | None = None
) -> dict[str, list[Verdict]]:
    """Make the corpus and judge the mutants of both languages, each language in a fresh process."""
    with tempfile.TemporaryDirectory(prefix="jicha-mutation-") as name:
        _alone("--make", name)
        found = {}
        for kind, count in (("python", python), ("sql", sql)):
            if count:
                more = ["--only", only] if only else []
                _alone("--phase", kind, name, f"--{kind}", count, "--jobs", jobs, "--seed", seed, *more)
                known = pickle.loads((Path(name) / kind).read_bytes())
                verdicts = [Verdict(Mutant(*mutant), killed_by) for mutant, killed_by in known]
                found[kind] = [one for one in verdicts if one.mutant.node != CONTROL]
        return found


def _alone(*arguments: object) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "src", Path(__file__).parent))),
    }
    command = [sys.executable, __file__, *map(str, arguments)]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", type=int, default=300, help="mutants of Python; 0 for none")
    parser.add_argument("--sql", type=int, default=300, help="mutants of SQL; 0 for none")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="only files whose name holds this")
    parser.add_argument("--make", help=argparse.SUPPRESS)
    parser.add_argument("--phase", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        import mutation_corpus

        mutation_corpus.make(Path(options.make))
        return 0
    if options.phase:
        kind, folder = options.phase
        paths = sorted(map(str, Path(folder).glob("*.pickle")))
        verdicts = phase(kind, paths, getattr(options, kind), options)
        (Path(folder) / kind).write_bytes(
            pickle.dumps([(tuple(one.mutant), one.killed_by) for one in verdicts])
        )
        return 0
    found = run(options.python, options.sql, options.jobs, options.seed, options.only)
    shares = [report({"python": "Python", "sql": "SQL"}[kind], verdicts) for kind, verdicts in found.items()]
    return 0 if min(shares, default=1.0) >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
