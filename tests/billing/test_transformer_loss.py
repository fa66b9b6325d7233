"""Transformer loss by formula, by shares of the reading, by table and at a load factor."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.billing.register_energy import whole
from jicha.billing.transformer_loss import (
    Nameplate,
    combined_loss_kw,
    copper_share_kwh,
    formula_loss,
    iron_loss_kwh,
    loaded_kw,
    month_share_kwh,
)

ONE = Decimal(1)


def plate(*values: str) -> Nameplate:
    return Nameplate(*(Decimal(value) for value in values))


S11_315 = plate("315", "0.47", "3.65", "1.6", "4.0")
S11_500 = plate("500", "0.67", "5.10", "1.4", "4.0")


@pytest.mark.parametrize(
    ("reactive", "expected"),
    [
        # 0.47*720 = 338.4; 3.65*(60000^2 + 25000^2)/(315^2*720) = 215.86; 1.6%*315*720 = 3628.8; + 745.15
        ("25000", (554, 4374)),
        ("45000", (626, 4621)),
        ("9000", (526, 4278)),
    ],
)
def test_the_formula_on_315_kva(reactive: str, expected: tuple[int, int]) -> None:
    assert formula_loss([(S11_315, 720)], Decimal(60000), Decimal(reactive), ONE) == expected


def test_an_idle_transformer_loses_its_iron() -> None:
    # S7-250: 0.64 kW x 720 h = 460.8
    idle = formula_loss([(plate("250", "0.64", "4.00", "0", "4"), 720)], Decimal(0), Decimal(0), ONE)
    assert idle == (461, 0)


def test_hours_and_load_shape() -> None:
    # 240 h, K 3: 0.47*240 = 112.8; 3*3.65*(20000^2 + 5000^2)/(99225*240) = 195.42 -> 308.22
    # 1.6%*315*240 = 1209.6; 3*0.04*4.25e8/(315*240) = 674.60 -> 1884.2
    assert formula_loss([(S11_315, 240)], Decimal(20000), Decimal(5000), Decimal(3)) == (308, 1884)


def test_two_in_parallel_share_by_capacity() -> None:
    # W^2 = 100000^2 + 40000^2 = 1.16e10 on 815 kVA
    # active: (0.47 + 0.67)*720 + (3.65 + 5.10)*1.16e10/(815^2*720) = 820.8 + 212.24 = 1033.04
    # reactive: (5.04 + 7)*720 + 0.04*815*1.16e10/(815^2*720) = 8668.8 + 790.73 = 9459.5 (9459.53)
    units = [(S11_315, 720), (S11_500, 720)]
    assert formula_loss(units, Decimal(100000), Decimal(40000), ONE) == (1033, 9460)


def test_different_hours_of_two() -> None:
    # 0.47*720 + 0.67*360 = 579.6; 1.16e10/815^2 = 17463.96; *(3.65/720 + 5.10/360) = 335.93 -> 915.53
    # 5.04*720 + 7*360 = 6148.8; 17463.96*0.04*(315/720 + 500/360) = 1275.8 -> 7424.6
    units = [(S11_315, 720), (S11_500, 360)]
    assert formula_loss(units, Decimal(100000), Decimal(40000), ONE) == (916, 7425)


def test_one_out_of_service_neither_loses_nor_carries() -> None:
    alone = formula_loss([(S11_315, 720)], Decimal(60000), Decimal(25000), ONE)
    assert formula_loss([(S11_315, 720), (S11_500, 0)], Decimal(60000), Decimal(25000), ONE) == alone
    assert formula_loss([(S11_500, 0)], Decimal(60000), Decimal(25000), ONE) == (0, 0)


def test_a_tie_is_rounded_up() -> None:
    # 0.125 kW x 4 h = 0.5 kWh
    assert formula_loss([(plate("1", "0.125", "0", "0", "0"), 4)], Decimal(0), Decimal(0), ONE)[0] == 1


def test_iron_by_hours_and_copper_by_share() -> None:
    # 0.48 x 720 = 345.6; 2 % of 30000 = 600
    assert iron_loss_kwh(Decimal("0.48"), 720) == Decimal("345.6")
    assert copper_share_kwh(Decimal(30000), Decimal(2)) == 600


def test_a_months_loss_in_part() -> None:
    assert month_share_kwh(Decimal(620), 13, 30) == 269  # 268.67
    assert month_share_kwh(Decimal(304), 20, 30) == 203  # 202.67
    assert month_share_kwh(Decimal(15), 13, 30) == 7  # 6.5


def test_losses_at_a_load_factor() -> None:
    # beta = 10000/16000 = 0.625, KT 1.05: 15.3 + 1.05*0.390625*77.1 = 46.923; 86.4 + 1.05*0.390625*1696 = 782.025
    beta, fluctuation = Decimal("0.625"), Decimal("1.05")
    active = loaded_kw(Decimal("15.3"), Decimal("77.1"), beta, fluctuation)
    reactive = loaded_kw(Decimal("86.4"), Decimal(1696), beta, fluctuation)
    assert (whole(active, 3), whole(reactive, 3)) == (Decimal("46.923"), Decimal("782.025"))
    # 46.923 + 0.04*782.025 = 78.204
    assert whole(combined_loss_kw(active, reactive, Decimal("0.04")), 3) == Decimal("78.204")


plates = st.builds(
    Nameplate,
    st.integers(30, 20000).map(Decimal),
    st.decimals("0.05", 20, places=2),
    st.decimals("0.5", 90, places=2),
    st.decimals("0.1", 3, places=1),
    st.decimals(4, 11, places=1),
)
kwh = st.integers(0, 10**8).map(Decimal)


@given(
    st.lists(st.tuples(plates, st.integers(0, 31).map(lambda days: days * 24)), min_size=1, max_size=4),
    kwh,
    kwh,
)
def test_the_formula_is_exact(units: list[tuple[Nameplate, int]], active: Decimal, reactive: Decimal) -> None:
    running = [(unit, hours) for unit, hours in units if hours]
    square = Fraction(active) ** 2 + Fraction(reactive) ** 2
    capacity = sum(Fraction(unit.kva) for unit, _ in running)
    active_loss = sum(
        (Fraction(u.no_load_kw) * h + Fraction(u.load_kw) * square / capacity**2 / h for u, h in running),
        Fraction(0),
    )
    reactive_loss = sum(
        (
            Fraction(u.no_load_current_pct) * Fraction(u.kva) * h / 100
            + Fraction(u.impedance_pct) * Fraction(u.kva) * square / capacity**2 / h / 100
            for u, h in running
        ),
        Fraction(0),
    )
    expected = tuple(int(loss + Fraction(1, 2)) for loss in (active_loss, reactive_loss))
    assert formula_loss(units, active, reactive, ONE) == expected


@given(kwh, kwh, kwh)
def test_more_load_never_loses_less(active: Decimal, reactive: Decimal, more: Decimal) -> None:
    lower = formula_loss([(S11_315, 720)], active, reactive, ONE)
    higher = formula_loss([(S11_315, 720)], active + more, reactive, ONE)
    assert higher[0] >= lower[0]
    assert higher[1] >= lower[1]
