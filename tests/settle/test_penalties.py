"""Default usage and theft: back-pay, charges, multiples, and the change of the rule on 2024-06-01."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.settle.default_usage import (
    BACK_PAY,
    CHARGE,
    CapacityUse,
    LowPriceLoad,
    assumed_hours,
    charge_per_event,
    charge_per_kw,
    energy_of_load,
    exceeded_quota,
    low_price_line,
    two_part_capacity,
    unknown_days,
)
from jicha.settle.law import LawSpan, Provision, law_of, spans_of
from jicha.settle.problems import ImpossibleInput, MultipleAboveLaw
from jicha.settle.theft import (
    BACK_CHARGE,
    assumed_days,
    power_at_current_kw,
    settle_theft,
    stolen_at_master_meter,
    stolen_by_capacity,
    stolen_by_factor,
    stolen_by_normal_use,
)
from jicha.settle.theft import CHARGE as THEFT_CHARGE
from jicha.settle.theft import assumed_hours as theft_hours
from jicha.settle.wiring import PhaseOfMeter, ct_factor

LOW_1996, LOW_2024 = (law_of("low_price_line", version) for version in ("1996", "2024"))
EXTRA, SEALED = law_of("over_capacity", "1996"), law_of("suspended_or_sealed", "1996")
THEFT_1996, THEFT_2024 = (law_of("theft_quantity", version) for version in ("1996", "2024"))
RESIDENTIAL = Decimal("0.5653")


def _unknown(law: Provision) -> tuple[LawSpan, ...]:
    return (LawSpan(law, unknown_days(law)),)


def _two_loads() -> list[LowPriceLoad]:
    """A resident's line with 5 kW of power and 3 kW of shop lighting since an unknown day."""
    power, lighting = assumed_hours(LOW_1996, lighting=False), assumed_hours(LOW_1996, lighting=True)
    return [
        LowPriceLoad(
            "power",
            RESIDENTIAL,
            Decimal("0.7625"),
            _unknown(LOW_1996),
            power_kw=Decimal(5),
            hours_per_day=power,
        ),
        LowPriceLoad(
            "shop",
            RESIDENTIAL,
            Decimal("0.8895"),
            _unknown(LOW_1996),
            power_kw=Decimal(3),
            hours_per_day=lighting,
        ),
    ]


# ── a load of a higher price on a line of a lower one ───────────────────────────────────────────────────────────


def test_the_charge_is_of_the_difference_before_rounding() -> None:
    """5 × 12 × 90 = 5,400; 3 × 6 × 90 = 1,620 kWh; 5,400 × 0.1972 + 1,620 × 0.3242 = 1,590.084; × 2 = 3,180.168."""
    loads = _two_loads()
    assert [energy_of_load(load) for load in loads] == [5400, 1620]
    settled = low_price_line(loads)
    assert settled.named(BACK_PAY) == Decimal("1590.08")
    assert settled.named(CHARGE) == Decimal("3180.17")
    assert settled.total == Decimal("4770.25")
    assert settled.lines[0].clause == "供电营业规则 1996 Art. 100(1)"


def test_the_charge_of_the_rounded_difference_is_a_setting() -> None:
    """2 × 1,590.08."""
    settled = low_price_line(_two_loads(), from_rounded=True)
    assert settled.named(CHARGE) == Decimal("3180.16")
    assert "rounded back-pay" in settled.lines[1].rounding


def test_a_home_shop_by_its_metered_months() -> None:
    """(200 + 200 + 250) × (0.8 − 0.5) = 195; × 2 = 390."""
    load = LowPriceLoad("shop", Decimal("0.5"), Decimal("0.8"), _unknown(LOW_1996), energy_kwh=Decimal(650))
    settled = low_price_line([load])
    assert (settled.named(BACK_PAY), settled.named(CHARGE)) == (195, 390)


def test_a_change_of_category_over_the_change_of_the_rule_is_split() -> None:
    """1,000 kWh from 22 May to 10 June 2024, ten days each: 500 × 0.3 = 150 twice; 2 × 150 and, by contract, 1 × 150."""
    spans = spans_of("low_price_line", date(2024, 5, 22), date(2024, 6, 11))
    load = LowPriceLoad("shop", Decimal("0.5"), Decimal("0.8"), spans, energy_kwh=Decimal(1000))
    settled = low_price_line([load], multiple={"2024": Decimal(1)})
    found = [(line.name, line.law_version, line.amount_yuan) for line in settled.lines]
    assert found == [
        (BACK_PAY, "1996", Decimal("150.00")),
        (BACK_PAY, "2024", Decimal("150.00")),
        (CHARGE, "1996", Decimal("300.00")),
        (CHARGE, "2024", Decimal("150.00")),
    ]


def test_the_last_day_of_the_old_rule_and_the_first_of_the_new_one() -> None:
    for first, version in ((date(2024, 5, 31), "1996"), (date(2024, 6, 1), "2024")):
        spans = spans_of("low_price_line", first, date.fromordinal(first.toordinal() + 1))
        load = LowPriceLoad("shop", Decimal("0.5"), Decimal("0.8"), spans, energy_kwh=Decimal(10))
        assert {line.law_version for line in low_price_line([load]).lines} == {version}


def test_a_multiple_above_the_law_is_refused() -> None:
    load = LowPriceLoad("shop", Decimal("0.5"), Decimal("0.8"), _unknown(LOW_2024), energy_kwh=Decimal(650))
    assert low_price_line([load], multiple=Decimal("1.5")).named(CHARGE) == Decimal("292.50")
    assert "ceiling 2" in low_price_line([load], multiple=Decimal("1.5")).lines[1].formula
    with pytest.raises(MultipleAboveLaw, match="at most 2 times"):
        low_price_line([load], multiple=Decimal("2.01"))
    with pytest.raises(MultipleAboveLaw):
        low_price_line([load], multiple=Decimal(-1))


def test_a_load_without_energy_and_power_is_refused() -> None:
    load = LowPriceLoad("shop", Decimal("0.5"), Decimal("0.8"), _unknown(LOW_1996), power_kw=Decimal(3))
    with pytest.raises(ImpossibleInput, match="load shop"):
        low_price_line([load])


# ── capacity, events, quota ─────────────────────────────────────────────────────────────────────────────────────


def test_extra_capacity() -> None:
    """Two-part: 200 × 29.5 × 3 = 17,700, × 3 = 53,100. Other customers: 200 × 50 = 10,000."""
    settled = two_part_capacity(Decimal(200), Decimal("29.5"), [CapacityUse(EXTRA, Decimal(3))])
    assert (settled.named(BACK_PAY), settled.named(CHARGE)) == (17700, 53100)
    assert charge_per_kw(Decimal(200), EXTRA).total == 10000


def test_suspended_capacity() -> None:
    """Two-part: 250 × 29.5 × 2 = 14,750, × 2 = 29,500. Other customers: 250 × 30 = 7,500 each time."""
    settled = two_part_capacity(Decimal(250), Decimal("29.5"), [CapacityUse(SEALED, Decimal(2))])
    assert (settled.named(BACK_PAY), settled.named(CHARGE)) == (14750, 29500)
    assert charge_per_kw(Decimal(250), SEALED).total == 7500
    assert charge_per_kw(Decimal(250), SEALED, times=2).total == 15000


def test_a_part_month_is_thirtieths_under_the_old_rule_and_calendar_days_under_the_new_one() -> None:
    """2,000 × 15 × (2 + 21/30) = 81,000; × 2 = 162,000. In a month of 28 days: 2,000 × 15 × (2 + 21/28) = 82,500."""
    old = CapacityUse(SEALED, Decimal(2), Decimal(21), calendar_days=Decimal(28))
    settled = two_part_capacity(Decimal(2000), Decimal(15), [old])
    assert (settled.named(BACK_PAY), settled.named(CHARGE)) == (81000, 162000)
    present = law_of("suspended_or_sealed", "2024")
    new = CapacityUse(present, Decimal(2), Decimal(21), calendar_days=Decimal(28))
    assert two_part_capacity(Decimal(2000), Decimal(15), [new]).named(BACK_PAY) == 82500
    with pytest.raises(ImpossibleInput, match="calendar days"):
        two_part_capacity(Decimal(2000), Decimal(15), [CapacityUse(present, Decimal(2), Decimal(21))])


def test_moved_equipment() -> None:
    moved = law_of("moved_equipment", "2024")
    assert charge_per_event(1, moved, residential=True).total == 500
    assert charge_per_event(2, moved).total == 10000
    assert "article" not in charge_per_event(1, moved).lines[0].clause


def test_a_source_without_leave() -> None:
    """30 kW × 500."""
    assert charge_per_kw(Decimal(30), law_of("unauthorised_source", "1996")).total == 15000


def test_an_exceeded_quota_of_the_old_rule() -> None:
    """100 kW × 1 yuan × 2 + 5 × 1,000 kWh × 0.50 = 200 + 2,500."""
    quota = law_of("exceeded_quota", "1996")
    settled = exceeded_quota(Decimal(100), Decimal(1000), Decimal("0.50"), quota, times=2)
    assert settled.total == 2700


# ── theft ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _stolen(law: Provision, capacity_kw: str, price: str, *, lighting: bool = False) -> list:  # type: ignore[type-arg]
    span = LawSpan(law, assumed_days(law))
    hours = theft_hours(law, lighting=lighting)
    return stolen_by_capacity(Decimal(capacity_kw), hours, [span], Decimal(price))


def test_tapping_for_an_unknown_time() -> None:
    """10 kW × 180 d × 12 h = 21,600 kWh; × 0.60 = 12,960; × 3 = 38,880."""
    stolen = _stolen(THEFT_1996, "10", "0.60")
    settled = settle_theft(stolen)
    assert stolen[0].energy_kwh == 21600
    assert (settled.named(BACK_CHARGE), settled.named(THEFT_CHARGE)) == (12960, 38880)
    assert [line.clause for line in settled.lines] == [
        "供电营业规则 1996 Art. 103",
        "供电营业规则 1996 Art. 102",
    ]


def test_theft_at_the_basic_current_of_a_single_phase_meter() -> None:
    """0.22 × 5 = 1.1 kW × 180 d × 6 h = 1,188 kWh; × 0.538 = 639.144; × 3 of the unrounded = 1,917.43."""
    power = power_at_current_kw(Decimal(220), Decimal(5))
    settled = settle_theft(_stolen(THEFT_1996, str(power), "0.538", lighting=True))
    assert settled.named(BACK_CHARGE) == Decimal("639.14")
    assert settled.named(THEFT_CHARGE) == Decimal("1917.43")


def test_theft_through_current_transformers() -> None:
    """3 × 0.22 × 5 × 40 = 132 kW × 180 d × 12 h = 285,120 kWh."""
    power = power_at_current_kw(Decimal(220), Decimal(5), phases=3, ct_ratio=Decimal(40))
    assert _stolen(THEFT_1996, str(power), "1")[0].energy_kwh == 285120


def test_power_of_a_three_wire_meter() -> None:
    """√3 × 100 V × 5 A × 20 × 100 ÷ 1000 = 1,732.050807568877 kW."""
    power = power_at_current_kw(
        Decimal(100), Decimal(5), phases=3, line_to_line=True, ct_ratio=Decimal(20), pt_ratio=Decimal(100)
    )
    assert power == Decimal("1732.050807568877")


def test_an_exchanged_current_transformer() -> None:
    """K 1.125; 50,000 × 0.125 × 0.8777 = 5,485.625; × 3 = 16,456.875 or of the rounded 16,456.89; 5,000 for tampering."""
    factor = ct_factor([PhaseOfMeter(Decimal(ratio)) for ratio in (60, 40, 40)], Decimal(40))
    stolen = [stolen_by_factor(Decimal(50000), factor, Decimal("0.8777"), THEFT_1996)]
    settled = settle_theft(stolen, from_rounded=True, tamper_charge_yuan=Decimal(5000))
    assert settled.total == Decimal("5485.63") + Decimal("16456.89") + 5000
    assert settle_theft(stolen).named(THEFT_CHARGE) == Decimal("16456.88")
    assert settled.lines[2].clause == "供电营业规则 1996 Art. 100(5)"


def test_three_times_is_the_most_since_2024() -> None:
    """3 × 180 × 6 = 3,240 kWh × 0.56 = 1,814.40; at most 5,443.20."""
    stolen = _stolen(THEFT_2024, "3", "0.56", lighting=True)
    settled = settle_theft(stolen)
    assert settled.named(THEFT_CHARGE) == Decimal("5443.20")
    assert "ceiling 3" in settled.lines[1].formula
    assert settle_theft(stolen, multiple=Decimal(1)).named(THEFT_CHARGE) == Decimal("1814.40")
    with pytest.raises(MultipleAboveLaw, match="at most 3 times"):
        settle_theft(stolen, multiple=Decimal(5))


def test_a_theft_over_the_change_of_the_rule_is_split() -> None:
    """10 kW × 12 h: ten days to 31 May and ten from 1 June are 1,200 kWh × 0.60 = 720 each; 3 × 720 and 2 × 720."""
    spans = spans_of("theft_quantity", date(2024, 5, 22), date(2024, 6, 11))
    stolen = stolen_by_capacity(Decimal(10), Decimal(12), spans, Decimal("0.60"))
    settled = settle_theft(stolen, multiple={"2024": Decimal(2)})
    assert [line.amount_yuan for line in settled.lines] == [720, 720, 2160, 1440]
    assert [line.law_version for line in settled.lines] == ["1996", "2024", "1996", "2024"]


def test_two_prices_in_one_theft() -> None:
    """1,000 kWh at 0.50 and 500 kWh at 0.60: 500 + 300; the charge of both is one line of 3 × 800."""
    one = stolen_by_normal_use(Decimal(1500), Decimal(1), Decimal(500), Decimal("0.50"), THEFT_1996)
    two = stolen_at_master_meter(Decimal(1400), Decimal(100), Decimal(1000), Decimal("0.60"), THEFT_1996)
    settled = settle_theft([one, two])
    assert [line.amount_yuan for line in settled.lines] == [500, 300, 2400]


@given(st.decimals(0, 10000, places=2), st.integers(0, 24), st.integers(1, 3000), st.decimals(0, 2, places=4))
def test_the_charge_is_three_times_the_energy_charge_but_for_its_rounding(
    capacity: Decimal, hours: int, days: int, price: Decimal
) -> None:
    span = LawSpan(THEFT_1996, Decimal(days))
    settled = settle_theft(stolen_by_capacity(capacity, Decimal(hours), [span], price))
    exact = Fraction(capacity) * hours * days * Fraction(price)
    half_a_cent = Fraction(1, 200)
    assert abs(Fraction(settled.named(BACK_CHARGE)) - exact) <= half_a_cent
    assert abs(Fraction(settled.named(THEFT_CHARGE)) - 3 * exact) <= half_a_cent
