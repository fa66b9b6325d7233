"""Small mistakes made in the billing code on purpose: at least nine of ten are noticed, in Python and in SQL."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.proof

BENCH = Path(__file__).parents[2] / "bench"
MUTANTS = {"python": 150, "sql": 150}
SEED = 2026
LEAST = 0.90


@pytest.fixture(scope="module")
def bench() -> Iterator[Any]:
    """The bench of mutants, which stands outside the package."""
    sys.path.insert(0, str(BENCH))
    try:
        import mutation

        yield mutation
    finally:
        sys.path.remove(str(BENCH))


@pytest.fixture(scope="module")
def verdicts(bench: Any) -> Any:
    """The verdicts on a sample that is the same every time, by language."""
    return bench.run(**MUTANTS, jobs=os.cpu_count() or 1, seed=SEED)


@pytest.mark.parametrize("language", MUTANTS)
def test_nine_of_ten_mistakes_are_noticed(bench: Any, verdicts: Any, language: str) -> None:
    assert len(verdicts[language]) == MUTANTS[language]
    assert bench.report(language, verdicts[language]) >= LEAST


def test_every_equivalent_mutant_is_one_that_can_be_made_and_has_a_reason(bench: Any) -> None:
    known = [mutant for kind in MUTANTS for mutant in bench.all_mutants(kind)]
    idle = [one.change for one in bench.equivalents() if not any(one.names(mutant) for mutant in known)]
    assert idle == []
    assert all(len(one.reason) > 20 for one in bench.equivalents())
