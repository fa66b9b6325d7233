"""Residential steps: the energy of tiers, their increments and their months."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.billing.energy_charge import charge
from jicha.billing.residential_steps import (
    months_served,
    scaled_limits,
    step_increments,
    tier_energies,
    tier_months,
)

ZHEJIANG = [Decimal(2760), Decimal(4800)]
INCREMENTS = [Decimal("0.05"), Decimal("0.30")]
uses = st.decimals(-5000, 20000, places=1)


@pytest.mark.parametrize(
    ("use", "before", "limits", "expected"),
    [
        (450, 0, (240, 400), (240, 160, 50)),
        (3000, 3500, (2760, 4800), (0, 1300, 1700)),
        (1100, 4460, (2760, 4800), (0, 340, 760)),
        (50, 2500, (2520, 4800), (20, 30, 0)),
        (2760, 0, (2760, 4800), (2760, 0, 0)),  # the limit itself is the lower tier's
        (1, 2760, (2760, 4800), (0, 1, 0)),
        (300, 100, (240,), (140, 160)),  # two tiers only
        (300, 100, (), (300,)),
        (-100, 2800, (2760, 4800), (-60, -40, 0)),  # a refund gives back the upper tier first
    ],
)
def test_tiers(use: int, before: int, limits: tuple[int, ...], expected: tuple[int, ...]) -> None:
    assert tier_energies(Decimal(use), Decimal(before), [Decimal(limit) for limit in limits]) == list(
        expected
    )


@pytest.mark.parametrize(
    ("use", "expected"), [(2760, "1484.88"), (3000, "1626.00"), (4800, "2684.40"), (5000, "2852.00")]
)
def test_a_zhejiang_year(use: int, expected: str) -> None:
    # base 0.538 on all, + 0.05 above 2760, + 0.30 above 4800
    energies = tier_energies(Decimal(use), Decimal(0), ZHEJIANG)
    steps = step_increments(energies, INCREMENTS)
    assert charge(Decimal(use), Decimal("0.538")) + sum(amount for _, _, amount in steps) == Decimal(expected)


def test_the_increments_of_two_tiers() -> None:
    # 270 x 0.05 = 13.50, 200 x 0.30 = 60.00
    found = step_increments([Decimal(180), Decimal(270), Decimal(200)], INCREMENTS)
    assert found == [
        (Decimal(270), Decimal("0.05"), Decimal("13.50")),
        (Decimal(200), Decimal("0.30"), Decimal("60.00")),
    ]


def test_limits_of_several_months_and_of_part_of_a_year() -> None:
    assert scaled_limits([Decimal(200), Decimal(400)], 2, 1) == [400, 800]
    assert scaled_limits(ZHEJIANG, 7, 12) == [1610, 2800]
    assert scaled_limits(ZHEJIANG, 12, 12) == ZHEJIANG


def test_many_persons_lift_every_tier() -> None:
    # from February: 11 x 100 = 1100 on every tier; 2760 x 11/12 = 2530, 4800 x 11/12 = 4400
    assert scaled_limits(ZHEJIANG, 11, 12, Decimal(100)) == [3630, 5500]


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("2026-01-01", "2026-02-01", 1),
        ("2026-01-01", "2026-03-01", 2),
        ("2026-01-01", "2026-01-10", 1),  # at least one
        ("2026-01-01", "2026-02-15", 1),  # 14 days left over
        ("2026-01-01", "2026-02-16", 2),  # 15 days left over
        ("2026-01-20", "2026-03-05", 1),  # one month to 20 February, then 13 days
        ("2025-12-31", "2026-02-28", 2),  # to 31 January, then 28 days
        ("2025-11-30", "2026-03-01", 3),
    ],
)
def test_tier_months(begin: str, end: str, expected: int) -> None:
    assert tier_months(date.fromisoformat(begin), date.fromisoformat(end), 15) == expected


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        (None, 12),
        ("2019-07-01", 12),
        ("2026-01-31", 12),
        ("2026-06-15", 7),
        ("2026-12-31", 1),
        ("2027-01-01", 0),
    ],
)
def test_months_served(opened: str | None, expected: int) -> None:
    assert months_served(2026, date.fromisoformat(opened) if opened else None) == expected


@given(uses, st.decimals(0, 10000, places=1), st.lists(st.integers(1, 5000).map(Decimal), max_size=4))
def test_tiers_add_up(use: Decimal, before: Decimal, limits: list[Decimal]) -> None:
    energies = tier_energies(use, before, sorted(limits))
    assert sum(energies) == use
    assert all((energy >= 0) is (use >= 0) or energy == 0 for energy in energies)


@given(st.lists(st.decimals(0, 3000, places=1), min_size=1, max_size=6))
def test_a_year_in_parts_is_the_year(parts: list[Decimal]) -> None:
    before, sums = Decimal(0), [Decimal(0)] * 3
    for part in parts:
        sums = [a + b for a, b in zip(sums, tier_energies(part, before, ZHEJIANG), strict=True)]
        before += part
    assert sums == tier_energies(before, Decimal(0), ZHEJIANG)


@given(st.integers(0, 8000), st.integers(0, 8000), st.integers(0, 8000))
def test_more_energy_never_costs_less(before: int, use: int, more: int) -> None:
    def total(kwh: int) -> Decimal:
        energies = tier_energies(Decimal(kwh), Decimal(before), ZHEJIANG)
        steps = step_increments(energies, INCREMENTS)
        return charge(Decimal(kwh), Decimal("0.538")) + sum((amount for _, _, amount in steps), Decimal(0))

    assert total(use + more) >= total(use)
