"""The law as data: dated, marked, without gaps, and chosen by the day of the act."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import jicha
from jicha.settle.law import Provision, law_of, law_on, spans_of, versions
from jicha.settle.problems import ImpossibleInput, NoLaw

FOLDER = Path(jicha.__file__).parent / "policies" / "law"
MARK = re.compile(r"V:S\d+|K:(high|med|low)|\bD\b")
LAST_DAY_OF_1996 = date(2024, 5, 31)
FIRST_DAY_OF_2024 = date(2024, 6, 1)
# Article numbers that were read in a source; every other one stays empty.
READ_ARTICLES = {"98", "102", "103", "80(1)", "80(2)", "80(3)", "81(1)", "81(2)", "81(3)", "101"} | {
    f"100({item})" for item in range(1, 7)
}


def _rows() -> list[dict[str, Any]]:
    files = sorted(FOLDER.glob("*.yaml"))
    assert files
    return [row for path in files for row in yaml.safe_load(path.read_text(encoding="utf-8"))["provisions"]]


def test_every_provision_says_where_it_is_from_and_how_sure_it_is() -> None:
    """Source, mark, a yes or no to "verified", and numbers written as text so that none is a float."""
    for row in _rows():
        place = f"{row['provision']} {row['version']}"
        assert row["source"], place
        assert MARK.search(row["mark"]), place
        assert isinstance(row["verified"], bool), place
        for value in row["values"].values():
            assert value is None or isinstance(value, bool | str), place


def test_no_article_is_named_that_was_not_read() -> None:
    """An article number stands only where a source showed it; unverified values of 2024 say so."""
    for row in _rows():
        assert row["article"] is None or row["article"] in READ_ARTICLES, row
        if row["version"] == "2024" and row["article"] is None:
            assert row["verified"] is False, row


def test_versions_follow_each_other_without_gap_or_overlap() -> None:
    """Where a provision has two versions, one ends on the day on which the other begins."""
    for name in {row["provision"] for row in _rows()}:
        for earlier, later in pairwise(versions(name)):
            assert earlier.valid_to == later.valid_from


@pytest.mark.parametrize("name", ["late_fee", "theft_charge", "low_price_line", "wire_voltage_drop"])
def test_the_day_of_the_act_chooses_the_version(name: str) -> None:
    assert law_on(name, LAST_DAY_OF_1996).version == "1996"
    assert law_on(name, FIRST_DAY_OF_2024).version == "2024"


def test_an_act_before_all_versions_has_no_law() -> None:
    with pytest.raises(NoLaw, match="1996-10-07"):
        law_on("late_fee", date(1996, 10, 7))
    with pytest.raises(NoLaw, match="version 2030"):
        law_of("late_fee", "2030")
    with pytest.raises(NoLaw, match="no provision bribery"):
        law_on("bribery", FIRST_DAY_OF_2024)


def test_a_quota_has_no_law_from_june_2024() -> None:
    """The item on quotas is gone from the rule of 2024."""
    with pytest.raises(NoLaw, match="exceeded_quota"):
        law_on("exceeded_quota", FIRST_DAY_OF_2024)


def test_a_span_over_the_change_is_split() -> None:
    """20 May to 9 June 2024 is 12 days of the old rule (20 to 31 May) and 9 of the new one."""
    old, new = spans_of("theft_quantity", date(2024, 5, 20), date(2024, 6, 10))
    assert (old.law.version, old.days, old.to_day) == ("1996", 12, FIRST_DAY_OF_2024)
    assert (new.law.version, new.days, new.from_day) == ("2024", 9, FIRST_DAY_OF_2024)


def test_a_span_that_ends_where_it_begins_is_refused() -> None:
    with pytest.raises(ImpossibleInput, match="a first day before"):
        spans_of("late_fee", FIRST_DAY_OF_2024, FIRST_DAY_OF_2024)


@given(st.dates(date(1996, 10, 8), date(2060, 1, 1)), st.integers(1, 4000))
def test_the_days_of_the_spans_are_the_days_of_the_whole(first: date, days: int) -> None:
    spans = spans_of("late_fee", first, first + timedelta(days=days))
    assert sum(span.days for span in spans) == days
    assert [span.law for span in spans] == [law_on("late_fee", span.from_day or first) for span in spans]


def test_a_clause_names_no_article_that_nobody_read() -> None:
    assert law_of("theft_charge", "1996").clause == "供电营业规则 1996 Art. 102"
    assert law_of("theft_charge", "2024").clause == "供电营业规则 2024 (article not verified)"


def test_a_value_that_a_version_does_not_set_is_said_to_be_missing() -> None:
    """The minimum of 1 yuan is not known for 2024: no number, and no silent zero."""
    law: Provision = law_of("late_fee", "2024")
    assert law.optional("minimum_yuan") is None
    with pytest.raises(NoLaw, match="no value for minimum_yuan"):
        law.number("minimum_yuan")
    assert law_of("late_fee", "1996").number("minimum_yuan") == Decimal(1)
