"""Worked problems of the trade, recomputed by the product from their inputs alone.

    python bench/golden.py CASES.jsonl

A case is a line of JSON: id, topic, inputs, expected, and where they matter derived, quantum, rounding and
law_version. Prints a line a topic, then each disagreement. Exits 1 when one case disagrees or has no adapter, and when there is no case.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

MODULES = ("billing", "settle")
STATED = ("rounding", "law_version")
CENT = Decimal("0.01")


@dataclass
class Outcome:
    """What became of one case: nothing to say, or why it disagrees."""

    case: dict[str, Any]
    got: dict[str, Any] | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return not self.problems


def adapters() -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
    """Return {topic: adapter} of every module of golden_cases."""
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    merged: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
    for name in MODULES:
        try:
            merged.update(import_module(f"golden_cases.{name}").ADAPTERS)
        except ModuleNotFoundError as missing:
            if missing.name != f"golden_cases.{name}":
                raise
    return merged


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Return the cases; every fraction is a Decimal with the digits that were written."""
    cases = []
    for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            cases += [json.loads(line, parse_float=Decimal)] if line.strip() else []
        except json.JSONDecodeError as error:
            raise SystemExit(f"{path}:{place}: found {error}; expected one JSON object a line") from None
    return cases


def judge(case: dict[str, Any], known: dict[str, Callable[[dict[str, Any]], dict[str, Any]]]) -> Outcome:
    """Compute one case from its inputs, its rounding and its law; then compare."""
    outcome = Outcome(case)
    if case["topic"] not in known:
        outcome.problems.append(f"no adapter for topic {case['topic']}")
        return outcome
    question = {**case["inputs"], **{key: case[key] for key in STATED if key in case}}
    try:
        outcome.got = known[case["topic"]](question)
    except LookupError as missing:
        outcome.problems.append(f"no adapter: {missing}")
        return outcome
    except Exception as error:  # one case that breaks must not hide the others
        outcome.problems.append(f"{type(error).__name__}: {error}")
        return outcome
    for key, expected in {**case.get("derived", {}), **case["expected"]}.items():
        outcome.problems.extend(_compare(case, key, expected, outcome.got))
    return outcome


def _compare(case: dict[str, Any], key: str, expected: Any, answers: dict[str, Any]) -> Iterable[str]:
    if answers.get(key) is None:
        return [f"{key}: expected {expected}, got nothing"]
    got = answers[key]
    if isinstance(expected, (bool, str)) or isinstance(got, (bool, str)):
        agrees = got == expected and isinstance(got, bool) == isinstance(expected, bool)
    else:
        agrees = abs(Decimal(got) - Decimal(expected)) <= _tolerance(case, key, Decimal(expected))
    return [] if agrees else [f"{key}: expected {expected}, got {got}"]


def _tolerance(case: dict[str, Any], key: str, expected: Decimal) -> Decimal:
    """Return the quantum where one is given, else half a unit of the last digit: of the cent for yuan.

    Whole yuan are compared as such only where the case says that the answer is rounded to yuan.
    """
    if key in case.get("quantum", {}):
        return Decimal(case["quantum"][key])
    exponent = expected.as_tuple().exponent
    digits = Decimal(1).scaleb(min(0, exponent) if isinstance(exponent, int) else 0)
    is_money = key.endswith("_yuan")
    if is_money and not (digits == 1 and str(case.get("rounding", "")).strip() == "元"):
        digits = min(digits, CENT)
    return digits / 2


def report(outcomes: list[Outcome]) -> str:
    """Return a line a topic, then every disagreement with inputs, expected and got."""
    topics: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        topics[outcome.case["topic"]].append(outcome)
    lines = [f"{'topic':28} cases agree"]
    for topic, members in sorted(topics.items()):
        lines.append(f"{topic:28} {len(members):5} {sum(member.agrees for member in members):5}")
    lines.append(f"{'all':28} {len(outcomes):5} {sum(outcome.agrees for outcome in outcomes):5}")
    for outcome in outcomes:
        if not outcome.agrees:
            lines += ["", *_disagreement(outcome)]
    return "\n".join(lines)


def _disagreement(outcome: Outcome) -> list[str]:
    case = outcome.case
    return [
        f"{case.get('id', '?')} ({case['topic']}): " + "; ".join(outcome.problems),
        f"  inputs   {_text(case['inputs'])}",
        f"  expected {_text(case['expected'])}",
        f"  got      {_text(outcome.got)}",
    ]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def main(arguments: list[str]) -> int:
    """Run a file of cases; return the exit code."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    path = Path(arguments[0])
    if not path.is_file():
        print(f"{path}: found no file; expected cases, one JSON object a line", file=sys.stderr)
        return 2
    known = adapters()
    outcomes = [judge(case, known) for case in read_cases(path)]
    print(report(outcomes))
    return 0 if outcomes and all(outcome.agrees for outcome in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
