"""The line sheet under any input: splits change nothing, no ceiling is passed, limits hold to the day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jicha.settle.problems import ImpossibleInput, MultipleAboveLaw
from jicha.settle.sheet.case import ScenarioSheet, read_case, settle_case
from jicha.settle.sheet.lines import BACK_PAY, CHARGE
from jicha.settle.sheet.local_law import local_law
from jicha.settle.sheet.prices import NoPrices

OLD, NEW = "2024-05-01", "2026-03-02"  # days on which something is found under the rule of 1996 and of 2024
CHANGE = date(2024, 6, 1)


def _settle(*acts: dict[str, Any], found_on: str = OLD, prices: Any = None, **case: Any) -> ScenarioSheet:
    content = {"case": "X", "found_on": found_on, "customer": {}, "acts": list(acts)} | case
    return settle_case(read_case(content, "test", local_law), prices or NoPrices()).scenarios[0]


def _money(sheet: ScenarioSheet) -> tuple[str, str]:
    return str(sheet.back_pay_yuan), str(sheet.charge_yuan)


# ── properties ──────────────────────────────────────────────────────────────────────────────────────────────────

DAYS = st.integers(1, 900)
AMOUNTS = st.decimals(Decimal("0.01"), Decimal(5000), places=2).map(lambda value: f"{value:f}")


def _theft(first: date, last: date, **more: Any) -> dict[str, Any]:
    return {
        "act": "theft", "from": str(first), "until": str(last), "price": "0.5653", "quantity": {"method": "capacity", "kw": "7.3", "hours_per_day": "11"},
    } | more  # fmt: skip


def _usage(first: date, last: date, **more: Any) -> dict[str, Any]:
    loads = [
        {
            "kw": "3.7",
            "hours_per_day": "9",
            "price": [{"from": "1997-01-01", "yuan": "0.71"}, {"from": "2024-03-05", "yuan": "0.83"}],
        }
    ]
    return {
        "act": "low_price_line",
        "from": str(first),
        "until": str(last),
        "price_billed": "0.4977",
        "loads": loads,
    } | more


def _capacity(first: date, last: date, **more: Any) -> dict[str, Any]:
    return {
        "act": "suspended_or_sealed", "from": str(first), "until": str(last), "capacity": "317", "two_part": "true",
        "price": [{"from": "1997-01-01", "yuan": "29.5"}, {"from": "2024-03-05", "yuan": "31"}],
    } | more  # fmt: skip


def _slow(first: date, last: date, **more: Any) -> dict[str, Any]:
    return {
        "act": "back_billing", "fault": "wrong_wiring", "recorded_kwh": "12347", "lost_phases": "1", "from": str(first), "until": str(last),
        "price": "0.6177", "claimed_on": "2025-01-01",
    } | more  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([_theft, _usage, _capacity, _slow]), st.dates(date(2022, 6, 1), date(2024, 6, 20)), DAYS, st.lists(DAYS, max_size=4))  # fmt: skip
def test_writing_the_period_in_parts_changes_nothing(make: Callable[..., dict[str, Any]], first: date, length: int, cuts: list[int]) -> None:  # fmt: skip
    """A period cut at any days gives the same lines to the cent; only the law may part it."""
    last = first + timedelta(days=length)
    edges = sorted({first, last, *(first + timedelta(days=cut) for cut in cuts if cut < length)})
    parts = [{"from": str(begin), "until": str(end)} for begin, end in pairwise(edges)]
    whole = make(first, last)
    cut = {name: value for name, value in whole.items() if name not in ("from", "until")} | {
        "periods": parts[::-1]
    }
    assert _settle(cut, found_on="2026-01-01").lines == _settle(whole, found_on="2026-01-01").lines


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([_theft, _usage]),
    st.dates(date(2023, 1, 1), date(2024, 5, 1)),
    st.integers(2, 300),
    st.integers(1, 299),
)
def test_a_price_step_to_the_same_price_changes_no_sum(
    make: Callable[..., dict[str, Any]], first: date, length: int, at: int
) -> None:
    """More lines, the same totals: what is rounded is the running sum."""
    last, step = first + timedelta(days=length), first + timedelta(days=min(at, length - 1))
    price = [{"from": "1997-01-01", "yuan": "0.5653"}, {"from": str(step), "yuan": "0.5653"}]
    name = "price" if make is _theft else "price_billed"
    flat, stepped = (
        _settle(make(first, last) | {name: told}, found_on="2026-01-01") for told in ("0.5653", price)
    )
    assert len(stepped.lines) >= len(flat.lines)  # equal where the step lies on a change of the law
    assert flat.sums() == stepped.sums()


@settings(max_examples=60, deadline=None)
@given(AMOUNTS, st.decimals(0, 3, places=3).map(str), st.dates(date(2022, 1, 1), date(2026, 1, 1)), DAYS)
def test_the_charge_is_never_above_the_ceiling(kw: str, multiple: str, first: date, length: int) -> None:
    """Σ charge ≤ 3 × Σ back-pay of each version, but for half a cent of rounding each."""
    act = _theft(
        first, first + timedelta(days=length), quantity={"method": "capacity", "kw": kw}, multiple=multiple
    )
    lines = _settle(act, found_on="2030-01-01").lines
    for version in {line.law.version for line in lines}:
        own = [line for line in lines if line.law.version == version]
        back = sum(line.difference_yuan for line in own if line.kind == BACK_PAY)
        charge = sum(line.difference_yuan for line in own if line.kind == CHARGE)
        assert charge <= 3 * back + Decimal("0.02")
        assert charge >= 0


# ── limits: unknown days, limitation, criminal quantity ────────────────────────────────────────────────────────


@pytest.mark.parametrize(("days", "allowed"), [("179", False), ("180", True), ("181", True)])
def test_the_days_of_an_unknown_time(days: str, allowed: bool) -> None:
    act = {
        "act": "theft",
        "price": "1",
        "unknown_days": days,
        "quantity": {"method": "capacity", "kw": "1", "hours_per_day": "1"},
    }
    if allowed:
        assert _settle(act).energy_kwh == Decimal(days)
    else:
        with pytest.raises(ImpossibleInput, match="unknown_days: found 179; expected 180 or more"):
            _settle(act)


@pytest.mark.parametrize(
    ("begin", "kept"), [("2023-02-28", 1095), ("2023-03-01", 1095), ("2023-03-02", 1094)]
)
def test_the_limitation_of_a_back_billing(begin: str, kept: int) -> None:
    """Claimed on 2026-03-01, three years back to 2023-03-01: the day before is cut off; one kWh a day is owed."""
    first = date.fromisoformat(begin)
    length = (date(2026, 2, 28) - first).days
    act = {
        "act": "back_billing", "fault": "wrong_multiplier", "billed_kwh": str(length), "actual_multiplier": "2", "used_multiplier": "1",
        "from": str(first), "until": "2026-02-28", "price": "1", "claimed_on": "2026-03-01",
    }  # fmt: skip
    sheet = _settle(act, found_on="2026-03-01")
    assert sheet.energy_kwh == kept
    assert ("cut_by_limitation" in {note.code for note in sheet.notes}) == (first < date(2023, 3, 1))


def test_the_criminal_quantity_stands_apart() -> None:
    """Mean of (300+310+290+305+295+300) = 300; three months less 100, 90, 80 = 630 kWh × 0.538 = 338.94; in no sum."""
    act = {"act": "theft", "price": "0.538", "quantity": {"method": "proved", "kwh": "1000"}}
    facts = {"normal_kwh": ["300", "310", "290", "305", "295", "300"], "metered_kwh": ["100", "90", "80"]}
    with_it, without = _settle(act | {"criminal": facts}), _settle(act)
    assert (with_it.criminal[0].kwh, str(with_it.criminal[0].yuan)) == (630, "338.94")
    assert with_it.sums() == without.sums()
    assert "criminal_missing" in {note.code for note in without.notes}
    certified = _settle(act | {"criminal": facts | {"certified_price": "0.6"}}).criminal[0]
    assert (str(certified.yuan), certified.is_price_certified) == ("378.00", True)
    with pytest.raises(ImpossibleInput, match="7 months"):
        _settle(act | {"criminal": facts | {"normal_kwh": ["1"] * 7}})


def test_the_administrations_fine_is_on_no_bill() -> None:
    """Law Art. 71: up to five times is another authority's; five times is refused here, and the sheet says whose it is."""
    act = {"act": "theft", "price": "1", "quantity": {"method": "proved", "kwh": "100"}}
    sheet = _settle(act)
    assert sheet.total_yuan == 400
    assert "fine_not_here" in {note.code for note in sheet.notes}
    with pytest.raises(MultipleAboveLaw):
        _settle(act | {"multiple": "5"})
