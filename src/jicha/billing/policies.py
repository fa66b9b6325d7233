"""What bills are recomputed with: the shipped price books and rules of billing, and those of one home before them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from jicha.billing import books, policy
from jicha.billing.books import Book, PriceRow, StepRow, load_books, shipped_books
from jicha.billing.policy import RuleBook, load_rule_book, read_rules, rule_book
from jicha.billing.policy_file import PolicyProblem, read_policy, shipped_files

FOLDERS = (books.FOLDER, policy.FOLDER)


@dataclass(frozen=True)
class BillingPolicies:
    """Price books and rules of billing, every one checked; a home's own stand before the shipped ones."""

    books: tuple[Book, ...]
    rules: RuleBook

    @cached_property
    def price_rows(self) -> tuple[PriceRow, ...]:
        """The rows of the table price of all books."""
        return books.price_rows(self.books)

    @cached_property
    def step_rows(self) -> tuple[StepRow, ...]:
        """The rows of the table price_step of all books."""
        return books.step_rows(self.books)

    @cached_property
    def sha256(self) -> str:
        """The hash of every price, limit and rule with its source: equal policies give an equal one."""
        content = (self.price_rows, self.step_rows, tuple(self.rules.versions()))
        return hashlib.sha256(repr(content).encode()).hexdigest()


@cache
def shipped_policies() -> BillingPolicies:
    """Return the policies that the project ships."""
    return BillingPolicies(shipped_books(), rule_book())


def load_policies(folder: Path) -> BillingPolicies:
    """Return the shipped policies under those of `<home>/policies`; raise PolicyProblem with every problem of every file."""
    found = list(_unread(folder))
    own_books, rules = shipped_books(), rule_book()
    try:
        own_books = load_books(folder / books.FOLDER)
    except PolicyProblem as error:
        found += [f"{books.FOLDER}/{problem}" for problem in error.problems]
    try:
        rules = load_rule_book(extra_folder=folder / policy.FOLDER)
    except PolicyProblem as error:
        found += [f"{policy.FOLDER}/{problem}" for problem in error.problems]
    if found:
        raise PolicyProblem(str(folder), found)
    return BillingPolicies(own_books, rules) if own_files(folder) else shipped_policies()


def own_files(folder: Path) -> tuple[Path, ...]:
    """Return the files of a home's own policies, by folder and name."""
    return tuple(path for name in FOLDERS for path in sorted((folder / name).glob("*.yaml")))


def check_folder(folder: Path) -> list[str]:
    """Return every problem of `<home>/policies`; none means that bills can be recomputed with them."""
    try:
        load_policies(folder)
    except PolicyProblem as error:
        return error.problems
    return []


def check_file(path: Path) -> list[str]:
    """Return every problem of one file, a price book or rules of billing, wherever it lies."""
    try:
        if "rows" in read_policy(path):
            read_rules(shipped_files(policy.FOLDER), [path])
        else:
            books.read_book(path)
    except PolicyProblem as error:
        return error.problems
    return []


def _unread(folder: Path) -> Iterator[str]:
    """Yield the YAML files that nothing would read: whoever wrote them believes that they are used."""
    read = set(own_files(folder))
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in (".yaml", ".yml") and path not in read:
            where = path.relative_to(folder).as_posix()
            yield f"{where}:1: is not read; move it to {' or '.join(FOLDERS)} and let its name end in .yaml"
