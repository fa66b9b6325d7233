"""Fence one: no hostile text is jicha SQL, and each refusal says which part is wrong (promises A1)."""

from __future__ import annotations

import pytest

from jicha.audit.dialect import SqlRefused, lint, parse
from jicha.audit.library import load_library
from tests.audit.hostile import hostile_texts

SCHEMA = {
    "reading": {"mp_id": "VARCHAR", "register": "VARCHAR", "bill_month": "DATE", "value": "DECIMAL(16,4)"},
    "customer": {"customer_no": "VARCHAR"},
}
TEXTS = dict(hostile_texts())


def test_corpus_is_large() -> None:
    assert len(TEXTS) >= 150


@pytest.mark.parametrize("name", TEXTS)
def test_lint_refuses(name: str) -> None:
    try:
        problems = lint(parse(TEXTS[name], name), SCHEMA, frozenset(), name)
    except SqlRefused as refused:
        problems = refused.problems
    assert problems and all(problem.strip() for problem in problems)


def test_honest_texts_pass() -> None:
    """Every shipped rule and fact, and what a user is told to write, is jicha SQL (promises A2)."""
    library = load_library()
    assert len(library.rules) + len(library.facts) >= 60
    for text in HONEST:
        assert (
            lint(
                parse(text, "honest"),
                SCHEMA,
                frozenset({"limit"}) if "$limit" in text else frozenset(),
                "honest",
            )
            == []
        )


HONEST = [
    "SELECT mp_id AS subject_id FROM reading WHERE value > $limit",
    "SELECT r.mp_id, row_number() OVER (PARTITION BY r.mp_id ORDER BY r.bill_month) AS n FROM reading AS r QUALIFY n = 1",
    "WITH a AS (SELECT * FROM reading) SELECT a.mp_id FROM a ANTI JOIN customer AS c ON c.customer_no = a.mp_id",
    "SELECT mp_id, div_hu(sum(value), count(value), 4) AS mean FROM reading GROUP BY mp_id HAVING count(*) > 2",
    "SELECT mp_id, CAST(value AS DECIMAL(38,4)) * value AS square FROM reading WHERE EXISTS (SELECT 1 FROM customer)",
    "SELECT mp_id FROM reading WHERE bill_month BETWEEN add_months($month, -3) AND $month",
    "SELECT mp_id, median(value) FILTER (WHERE value > 0) AS m FROM reading GROUP BY mp_id",
    "SELECT string_agg(register, ',' ORDER BY register) AS registers FROM reading",
    "SELECT mp_id FROM reading UNION ALL SELECT customer_no FROM customer",
    "SELECT CASE WHEN value IS NULL THEN 0 ELSE ym(bill_month) END AS x, substr(mp_id, 1, 2) AS p FROM reading",
]
