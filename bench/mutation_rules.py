"""How many small mistakes in the SQL of rules their own worked cases would notice.

    python bench/mutation_rules.py [--each 6] [--rule MR-08] [--jobs 2] [--seed 1] [--survivors]

A mutant is one small change of a rule's SELECT (mutants_sql.py), drawn by a seed, so many of each rule. It is killed when a case
of the rule fails. Those that no case kills but the lint refuses (a parameter that is used no more) are no rules and do not count;
nor do equivalent mutants, which no input can tell: they stand with their reason in mutation_rules_equivalent.yaml. Exits 1 below the goal.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml

import mutants_sql
from jicha.audit.cases import staged
from jicha.audit.dialect import Select
from jicha.audit.library import Library, lint_rule, load_library
from jicha.audit.rule import Rule
from mutants_python import Mutant

GOAL = 0.85
EQUIVALENT = Path(__file__).with_name("mutation_rules_equivalent.yaml")


@cache
def library() -> Library:
    """Return the shipped rules, read once a process."""
    return load_library()


def drawn(rule_id: str, each: int, seed: int) -> list[Mutant]:
    """Return so many mutants of a rule, without those known to be equivalent."""
    known = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or {}
    told = {entry["mutant"] for entry in known.get(rule_id, ())}
    rule = library().rules[rule_id]
    every = [one for one in mutants_sql.mutants(rule.tree, rule.name) if text_of(one) not in told]
    return random.Random(f"{seed} {rule_id}").sample(every, min(each, len(every)))


def text_of(mutant: Mutant) -> str:
    """Return what names a mutant in the list of equivalent ones."""
    return mutant.change


def judged(rule_id: str, each: int, seed: int) -> tuple[str, int, list[Mutant]]:
    """Return the rule, how many of its mutants were judged, and those that no case noticed.

    The rows and facts of a case do not depend on the rule's text, so they are made once for all its mutants.
    """
    rule = library().rules[rule_id]
    chosen = drawn(rule_id, each, seed)
    alive = chosen
    for case in rule.cases:
        with staged(library(), rule, case) as stage:
            alive = [one for one in alive if not stage.differences(changed(rule, one))]
    stillborn = [one for one in alive if lint_rule(library(), changed(rule, one))]
    return rule_id, len(chosen) - len(stillborn), [one for one in alive if one not in stillborn]


def changed(rule: Rule, mutant: Mutant) -> Rule:
    """Return the rule with the one change made."""
    return replace(rule, select=Select("", rule.name, mutants_sql.mutated(rule.tree, mutant)))


def results(rule_ids: list[str], each: int, seed: int, jobs: int) -> Iterator[tuple[str, int, list[Mutant]]]:
    """Yield the result of each rule."""
    if jobs == 1:
        yield from (judged(rule_id, each, seed) for rule_id in rule_ids)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(judged, rule_ids, [each] * len(rule_ids), [seed] * len(rule_ids))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=6, help="mutants of each rule")
    parser.add_argument("--rule", action="append", help="only this rule (repeatable)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--survivors", action="store_true", help="print every mutant that no case noticed")
    options = parser.parse_args()
    total, alive = 0, defaultdict(list)
    for rule_id, count, survived in results(
        options.rule or list(library().rules), options.each, options.seed, options.jobs
    ):
        total += count
        alive[rule_id] += survived
        if options.survivors:
            for one in survived:
                print(f"{rule_id}:{one.line}: {text_of(one)}", flush=True)
    left = sum(map(len, alive.values()))
    worst = sorted(((len(some), rule_id) for rule_id, some in alive.items() if some), reverse=True)[:12]
    print(
        f"{total} mutants of {len(alive)} rules, {total - left} killed: {(total - left) / max(1, total):.1%}"
    )
    print("most survivors: " + ", ".join(f"{rule_id} {count}" for count, rule_id in worst))
    return 0 if total - left >= GOAL * total else 1


if __name__ == "__main__":
    sys.exit(main())
