"""The judging corpus of the mutation proof: awkward bills on which both engines agree, and what they agree on.

Three utilities: one drawn from a seed, and what Hypothesis draws for a month of 2026 and for the leap month of 2024.
Made once, by the code as it is; an engine's mutant is then judged against it.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

CUSTOMERS = 800
EXAMPLES = 120
NUMBERS = (
    "customer_no", "mp_id", "parent_mp_id", "meter_id", "bill_id", "reverses_bill_id", "transformer_id", "proof_id",
)  # fmt: skip
Rows = dict[str, list[dict[str, Any]]]


@dataclass
class Corpus:
    """One utility: its database with all facts built, the inputs of its bills, and what is expected of each."""

    name: str
    month: date
    database: str
    facts: list[tuple[str, str]]
    prices: tuple[Any, ...]
    bills: list[tuple[Any, Any, Any]]
    expected: dict[str, Any]
    same_refusal: frozenset[str]
    differences: dict[str, list[tuple[Any, ...]]]


def make(folder: Path) -> list[str]:
    """Write the corpora and return the paths of their pickles; fails where the engines do not agree."""
    from tests.billing_sql.utility import FOREIGN_OWNER, MONTH, utility
    from tests.rebill.drawn import PERIODS

    paths = [_write(folder, "seed", MONTH, utility(1, CUSTOMERS), FOREIGN_OWNER)]
    paths += [_write(folder, f"drawn-{month:%Y-%m}", month, _drawn(month), "") for month in sorted(PERIODS)]
    return paths


def _drawn(month: date) -> Rows:
    """Return several drawn utilities as one, with the extract's own book."""
    from hypothesis import HealthCheck, Phase, given, settings
    from tests.rebill.drawn import own_book, utilities

    rows: Rows = own_book()
    seen = 0

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(drawn=utilities(month))
    def gather(drawn: Rows) -> None:
        nonlocal seen
        seen += 1
        for table, some in drawn.items():
            rows.setdefault(table, []).extend(_renumbered(row, f"U{seen:03d}") for row in some)

    gather()
    return rows


def _renumbered(row: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {
        key: f"{prefix}{value}" if key in NUMBERS and value is not None else value
        for key, value in row.items()
    }


def _write(folder: Path, name: str, month: date, rows: Rows, alone: str) -> str:
    from tests.rebill.engines import FACTS, answer_of, build_facts, fact_texts, fill, sql_answers

    from jicha.audit.rebill.session import Rebilling

    database = folder / f"{name}.duckdb"
    with duckdb.connect(str(database)) as connection:
        fill(connection, rows)
        build_facts(connection, month)
        rebilling = Rebilling(connection)
        wanted = rebilling.bill_ids(month)
        # The owner of the foreign sub meters stands apart, since a point read for two customers would count twice.
        groups = [
            [one for one in wanted if (bool(alone) and alone in one) is apart] for apart in (False, True)
        ]
        cases = [case for group in groups if group for case in rebilling.cases(group)]
        expected = {case.bill.bill_id: answer_of(rebilling.price(case)) for case in cases}
        sql = sql_answers(connection, wanted)
        apart = [
            one
            for one in wanted
            if sql[one] != expected[one] and not (sql[one].refusal and expected[one].refusal)
        ]
        assert not apart, f"the engines differ on {apart[:5]} before any mutation"
        corpus = Corpus(
            name=name,
            month=month,
            database=str(database),
            facts=[(fact, text) for fact, _, text in fact_texts(month)],
            prices=price_arguments(connection),
            bills=[
                (case.bill, case.issued.lines, rebilling.rules.on(case.bill.period_from)) for case in cases
            ],
            expected={bill_id: tuple(answer) for bill_id, answer in expected.items()},
            same_refusal=frozenset(one for one in wanted if sql[one].refusal == expected[one].refusal),
            differences=differences_of(
                (case.bill.bill_id, case.issued.lines, rebilling.price(case)) for case in cases
            ),
        )
        assert differences_in(connection) == corpus.differences, (
            "the engines tell other differences before any mutation"
        )
        assert FACTS[0] in dict(corpus.facts)
    path = folder / f"{name}.pickle"
    path.write_bytes(pickle.dumps(corpus))
    return str(path)


def price_arguments(connection: duckdb.DuckDBPyConnection) -> tuple[Any, ...]:
    """Return what PriceList is made of, so that a mutant of it makes its own."""
    from jicha.audit.rebill import price_list as module

    caught: list[tuple[Any, ...]] = []
    original = module.PriceList
    try:
        module.PriceList = lambda *given: caught.append(given)  # type: ignore[assignment,misc,return-value]
        module.read_price_list(connection)
    finally:
        module.PriceList = original  # type: ignore[misc]
    prices, steps, own = caught[0]
    return list(prices), list(steps), own


def differences_of(priced: Iterator[tuple[str, Any, Any]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the charges that differ of each bill that is not refused, as the Decimal side tells them."""
    from jicha.billing.difference import compare

    found = {}
    for bill_id, issued, bill in priced:
        if bill.refusal is None:
            rows = [
                (*row[:4], row.issued_yuan, row.due_yuan)
                for row in compare(issued, bill.lines)
                if row.difference_yuan
            ]
            if rows:
                found[bill_id] = sorted(rows, key=repr)
    return found


def differences_in(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Return the same as the fact bill_line_difference tells it."""
    query = (
        "SELECT bill_id, mp_id, item, component, register, issued_yuan, due_yuan FROM bill_line_difference"
    )
    found: dict[str, list[tuple[Any, ...]]] = {}
    for bill_id, *row in connection.execute(query).fetchall():
        found.setdefault(bill_id, []).append(tuple(row))
    return {bill_id: sorted(rows, key=repr) for bill_id, rows in found.items()}


def load(path: str) -> Corpus:
    """Return a corpus; its bills are made by the billing modules that are importable now."""
    corpus: Corpus = pickle.loads(Path(path).read_bytes())
    return corpus
