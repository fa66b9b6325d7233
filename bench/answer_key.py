"""Every shipped rule against the demo utility's answer key: recall, precision, look-alikes, yuan.

    python bench/answer_key.py [--customers 20000] [--extract FOLDER] [--month 2026-10] [--show RULE] [--write FILE]
    python bench/answer_key.py --clean [--customers 20000]

Exits 1 when a rule is below 0.97 recall or precision, speaks of a look-alike or misses a stated amount. With --clean the utility
has no planted irregularity: exits 1 when a rule finds anything that answer_key_clean.yaml does not explain.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import yaml

import jicha
from jicha.demo import build

LEAST = Decimal("0.97")
EXPLAINED = Path(__file__).with_name("answer_key_clean.yaml")


@dataclass
class Score:
    """What one rule found of what was planted."""

    planted: set[str] = field(default_factory=set)
    look_alikes: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)
    yuan_stated: int = 0
    yuan_exact: int = 0

    @property
    def hits(self) -> set[str]:
        return self.planted & self.found

    @property
    def recall(self) -> Decimal:
        return _share(len(self.hits), len(self.planted))

    @property
    def precision(self) -> Decimal:
        return _share(len(self.hits), len(self.found))

    @property
    def good(self) -> bool:
        exact = self.yuan_exact == self.yuan_stated
        return (
            self.recall >= LEAST and self.precision >= LEAST and not self.look_alikes & self.found and exact
        )


def _share(part: int, whole: int) -> Decimal:
    return Decimal(part) / whole if whole else Decimal(1)


def read_key(path: Path, month: str) -> list[dict[str, str]]:
    """Return the rows of the key that concern the month."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [row for row in rows if row["first_month"][:7] <= month <= row["last_month"][:7]]


def score(
    rules: Iterable[str], key: list[dict[str, str]], findings: list[dict[str, object]]
) -> dict[str, Score]:
    """Return a score for each rule."""
    scores = {rule_id: Score() for rule_id in rules}
    yuan: dict[tuple[str, str], Decimal] = {}
    for row in key:
        if row["rule_id"] in scores:
            target = scores[row["rule_id"]]
            (target.planted if row["kind"] == "fault" else target.look_alikes).add(row["subject_id"])
            if row["kind"] == "fault" and row["yuan"]:
                yuan[row["rule_id"], row["subject_id"]] = Decimal(row["yuan"])
    for finding in findings:
        if finding["status"] != "cleared":
            rule_id, subject = str(finding["rule_id"]), str(finding["subject_id"])
            scores[rule_id].found.add(subject)
            if (rule_id, subject) in yuan:
                scores[rule_id].yuan_stated += 1
                scores[rule_id].yuan_exact += finding["yuan_at_stake"] == yuan[rule_id, subject]
    return scores


def print_table(scores: dict[str, Score]) -> None:
    """Print one line a rule and the total."""
    print(
        f"{'rule':7}{'planted':>8}{'found':>7}{'recall':>8}{'precision':>11}{'look-alikes':>13}{'hit':>5}{'yuan exact':>12}"
    )
    for rule_id, one in scores.items():
        stated = f"{one.yuan_exact}/{one.yuan_stated}" if one.yuan_stated else "-"
        mark = "" if one.good else "  <-"
        print(
            f"{rule_id:7}{len(one.planted):>8}{len(one.found):>7}{one.recall:>8.3f}{one.precision:>11.3f}"
            f"{len(one.look_alikes):>13}{len(one.look_alikes & one.found):>5}{stated:>12}{mark}"
        )
    planted, found, hits = (
        sum(len(getattr(s, name)) for s in scores.values()) for name in ("planted", "found", "hits")
    )
    print(f"{'all':7}{planted:>8}{found:>7}{_share(hits, planted):>8.3f}{_share(hits, found):>11.3f}")
    good = sum(1 for one in scores.values() if one.good)
    print(f"{good} of {len(scores)} rules reach recall and precision {LEAST} with every look-alike silent")


def show_misses(rule_id: str, one: Score, notes: dict[tuple[str, str], str]) -> None:
    """Print what the rule missed, what it said too much and which look-alikes it took."""
    for label, subjects in (
        ("missed", one.planted - one.found),
        ("not in the key", one.found - one.planted - one.look_alikes),
        ("look-alike", one.look_alikes & one.found),
    ):
        for subject in sorted(subjects)[:20]:
            print(f"  {rule_id} {label}: {subject} {notes.get((rule_id, subject), '')}")


def write_figures(path: Path, scores: dict[str, Score], month: str) -> None:
    """Write what each rule did, for the rule catalogue."""
    figures = {
        rule_id: {
            "planted": len(one.planted),
            "found": len(one.found),
            "recall": f"{one.recall:.3f}",
            "precision": f"{one.precision:.3f}",
            "look_alikes": len(one.look_alikes),
            "look_alikes_hit": len(one.look_alikes & one.found),
            "yuan_exact": f"{one.yuan_exact}/{one.yuan_stated}",
        }
        for rule_id, one in sorted(scores.items())
    }
    head = (
        f"# Written by `python bench/answer_key.py --write {path.as_posix()}`: the demo utility, {month}.\n"
    )
    path.write_text(head + yaml.safe_dump({"rules": figures}, sort_keys=True), encoding="utf-8")


def clean(customers: int, month: str) -> int:
    """Audit a utility without planted irregularities; return 1 where a finding is not explained."""
    explained = yaml.safe_load(EXPLAINED.read_text(encoding="utf-8"))["rules"] or {}
    with tempfile.TemporaryDirectory(prefix="jicha-clean-") as name:
        build(Path(name) / "extract", customers=customers, clean=True)
        home = jicha.open(Path(name) / "home")
        home.load([Path(name) / "extract"])
        rows = [row for row in home.audit(month).findings.to_pylist() if row["status"] != "cleared"]
    found = Counter(str(row["rule_id"]) for row in rows)
    for rule_id, count in sorted(found.items()):
        print(f"{rule_id:7}{count:>6}  {explained.get(rule_id, '<- not explained')}")
        shown = [row for row in rows if row["rule_id"] == rule_id][:3] if rule_id not in explained else []
        for row in shown:
            print(f"         {row['subject_id']} {row['message']}")
    print(
        f"{len(rows)} findings in a clean utility of {customers:,} customers, {sum(found[k] for k in explained)} of them explained"
    )
    return 0 if set(found) <= set(explained) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--extract", type=Path, help="a demo extract that is there already")
    parser.add_argument("--month", default="2026-10")
    parser.add_argument("--show", action="append", default=[], help="list misses of this rule, or all")
    parser.add_argument("--write", type=Path, help="write the figures as YAML: the rule catalogue shows them")
    parser.add_argument("--clean", action="store_true", help="a utility without planted irregularities")
    options = parser.parse_args()
    if options.clean:
        return clean(options.customers, options.month)
    with tempfile.TemporaryDirectory(prefix="jicha-answer-key-") as name:
        folder = options.extract or Path(name) / "extract"
        if options.extract is None:
            build(folder, customers=options.customers)
        home = jicha.open(Path(name) / "home")
        home.load([folder])
        run = home.audit(options.month)
        rows = run.findings.to_pylist()
        key = read_key(next(folder.rglob("answer_key.csv")), options.month)
        failed = [v for v in run.manifest.verdicts if v.verdict == "failed"]
    scores = score(run.manifest.rules, key, rows)
    print_table(scores)
    notes: dict[tuple[str, str], str] = defaultdict(str)
    notes.update({(row["rule_id"], row["subject_id"]): f"{row['kind']}: {row['note']}" for row in key})
    notes.update(
        {
            (str(f["rule_id"]), str(f["subject_id"])): str(f["message"])
            for f in rows
            if (str(f["rule_id"]), str(f["subject_id"])) not in notes
        }
    )
    for rule_id, one in scores.items():
        if rule_id in options.show or "all" in options.show:
            show_misses(rule_id, one, notes)
    if options.write:
        write_figures(options.write, scores, options.month)
    for verdict in failed:
        print(f"failed: {verdict.rule_id} {verdict.org_no}: {verdict.detail}")
    return 0 if all(one.good for one in scores.values()) and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
