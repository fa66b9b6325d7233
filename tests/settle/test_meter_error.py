"""Errors of meters, transformers and wires; multipliers; how far back they are billed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.settle.law import law_of, spans_of
from jicha.settle.lines import back_bill
from jicha.settle.meter_error import (
    creep_energy_kwh,
    energy_at_zero_error,
    expected_turns,
    meter_error_energy,
    metered_power_kw,
    normal_month_energy,
    relative_error_pct,
    theoretical_seconds,
    watt_second_error_pct,
    wire_drop_energy,
)
from jicha.settle.multiplier import (
    billed_energy_difference,
    multiplier_of,
    register_energy_difference,
    transformer_ratio,
)
from jicha.settle.periods import fault_span, limitation_start, recorded_by_span, span_before, years_before
from jicha.settle.problems import ImpossibleInput, NoLaw

METER = law_of("meter_or_transformer_error", "1996")
WIRES_1996, WIRES_2024 = (law_of("wire_voltage_drop", version) for version in ("1996", "2024"))
OTHER_CAUSES = law_of("other_causes", "1996")
MULTIPLIER = law_of("wrong_multiplier", "2024")
energies = st.decimals(0, 10**8, places=2)
errors = st.decimals("-99", "500", places=3)


# ── meters and wires ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_slow_meter_is_supplemented_for_half_of_the_span() -> None:
    """−5 %, 50,000 kWh over the whole span: 0.05 ÷ 0.95 × 50,000 × 0.5 = 1,315.79 kWh."""
    difference = meter_error_energy(Decimal(50000), Decimal(-5), METER)
    assert round(difference.energy_kwh, 2) == Decimal("1315.79")


def test_a_slow_meter_in_yuan() -> None:
    """19,000 ÷ 0.95 = 20,000; half of 1,000 is 500 kWh; × 0.45 = 225."""
    assert energy_at_zero_error(Decimal(19000), Decimal(-5)) == 20000
    settled = back_bill(meter_error_energy(Decimal(19000), Decimal(-5), METER), Decimal("0.45"))
    (line,) = settled.lines
    assert (line.quantity, line.amount_yuan, line.unit_price) == (500, 225, Decimal("0.45"))
    assert (line.clause, line.law_version) == ("供电营业规则 1996 Art. 80(1)", "1996")
    assert line.formula == "((19000 ÷ (1 − 5 %) − 19000) × 0.5) kWh × 0.45 yuan/kWh"


def test_a_fast_meter_is_refunded() -> None:
    """+4 %: 10,400 ÷ 1.04 = 10,000; half of −400 is −200 kWh; × 0.60 = −120."""
    difference = meter_error_energy(Decimal(10400), Decimal(4), METER)
    assert back_bill(difference, Decimal("0.60")).total == Decimal("-120.00")


@given(energies, errors)
def test_half_of_the_span_is_half_of_the_error(recorded: Decimal, error: Decimal) -> None:
    """Twice the difference on top of the reading is what a meter with this error makes the reading of."""
    twice = 2 * meter_error_energy(recorded, error, METER).exact_kwh
    assert (Fraction(recorded) + twice) * (1 + Fraction(error) / 100) == Fraction(recorded)


@given(energies)
def test_no_error_leaves_nothing_to_bill(recorded: Decimal) -> None:
    assert meter_error_energy(recorded, Decimal(0), METER).exact_kwh == 0
    drop = Decimal("0.25")
    assert wire_drop_energy(recorded, drop, drop, WIRES_1996).exact_kwh == 0
    assert billed_energy_difference(recorded, Decimal(30), Decimal(30), MULTIPLIER).exact_kwh == 0


def test_a_stopped_meter_has_no_error_but_a_normal_month() -> None:
    """1,850 × 2 − 0 = 3,700 kWh."""
    with pytest.raises(ImpossibleInput, match="normal month"):
        meter_error_energy(Decimal(0), Decimal(-100), METER)
    stopped = normal_month_energy(Decimal(1850), Decimal(2), Decimal(0), OTHER_CAUSES)
    assert stopped.exact_kwh == 3700
    assert back_bill(stopped).lines[0].amount_yuan is None


def test_the_drop_of_wires_counts_over_the_whole_span() -> None:
    """200,000 × (0.8 − 0.25) % = 1,100 kWh; within the allowed drop nothing."""
    assert wire_drop_energy(Decimal(200000), Decimal("0.8"), Decimal("0.25"), WIRES_1996).exact_kwh == 1100
    assert wire_drop_energy(Decimal(200000), Decimal("0.2"), Decimal("0.25"), WIRES_1996).exact_kwh == 0


def test_wires_by_which_a_meter_shows_too_much_are_refunded_since_2024() -> None:
    """1996 says supplement (补收), 2024 refund or supplement (退补): −200,000 × (0.8 − 0.25) %."""
    drops = Decimal("-0.8"), Decimal("0.25")
    assert wire_drop_energy(Decimal(200000), *drops, WIRES_1996).exact_kwh == 0
    assert wire_drop_energy(Decimal(200000), *drops, WIRES_2024).exact_kwh == -1100


def test_watt_second_test() -> None:
    """6 r at 3,600 r/kWh and 60 W take 100 s; in 60 s the meter runs (100 − 60) ÷ 60 = 66.7 % fast."""
    theory = theoretical_seconds(Decimal(6), Decimal(3600), Decimal(60))
    assert theory == 100
    assert round(watt_second_error_pct(theory, Decimal(60)), 1) == Decimal("66.7")


def test_power_by_pulses() -> None:
    """20 × 3600 × 30 ÷ (2000 × 15) = 72 kW of 100: −28 %."""
    shown = metered_power_kw(Decimal(20), Decimal(2000), Decimal(15), Decimal(30))
    assert (shown, relative_error_pct(shown, Decimal(100))) == (72, -28)


def test_turns_to_be_expected() -> None:
    """2 kW × 1/6 h × 450 r/kWh ÷ 10 = 15 r; 14 counted are −6.67 %."""
    expected = expected_turns(Decimal(2), Decimal(10), Decimal(450), Decimal(10))
    assert expected == 15
    assert round(relative_error_pct(Decimal(14), expected), 2) == Decimal("-6.67")


def test_creep() -> None:
    """16 h × 30 d at a turn in 300 s are 5,760 turns; ÷ 1,000 r/kWh = 5.76 kWh."""
    assert creep_energy_kwh(Decimal(16), Decimal(30), Decimal(300), Decimal(1000)) == Decimal("5.76")


def test_a_test_without_load_is_refused() -> None:
    with pytest.raises(ImpossibleInput):
        theoretical_seconds(Decimal(6), Decimal(3600), Decimal(0))
    with pytest.raises(ImpossibleInput):
        relative_error_pct(Decimal(1), Decimal(0))


# ── multipliers ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_multiplier_too_small_is_supplemented() -> None:
    """24,000 × (30 ÷ 20 − 1) = 12,000 kWh × 0.62 = 7,440."""
    difference = billed_energy_difference(Decimal(24000), Decimal(30), Decimal(20), MULTIPLIER)
    assert back_bill(difference, Decimal("0.62")).total == Decimal("7440.00")


def test_a_multiplier_too_large_is_refunded_exactly() -> None:
    """90,000 × (40 ÷ 60 − 1) = −30,000 kWh, although 40 ÷ 60 has no end in decimals; × 0.55 = −16,500."""
    difference = billed_energy_difference(Decimal(90000), Decimal(40), Decimal(60), MULTIPLIER)
    assert difference.exact_kwh == -30000
    assert back_bill(difference, Decimal("0.55")).total == Decimal("-16500.00")


@given(st.decimals(0, 10**6, places=2), st.integers(1, 5000), st.integers(1, 5000))
def test_billed_energy_and_registers_give_the_same(register: Decimal, actual: int, used: int) -> None:
    ratios = Decimal(actual), Decimal(used)
    by_bill = billed_energy_difference(register * used, *ratios, MULTIPLIER)
    assert by_bill.exact_kwh == register_energy_difference(register, *ratios, MULTIPLIER).exact_kwh


def test_multipliers_of_nameplates() -> None:
    """100/5 with two turns through the core is 10; 10000/100 × 100/5 is 2,000."""
    assert transformer_ratio(Decimal(100), Decimal(5), Decimal(2)) == 10
    ct, pt = transformer_ratio(Decimal(100), Decimal(5)), transformer_ratio(Decimal(10000), Decimal(100))
    assert multiplier_of(ct, pt) == 2000
    with pytest.raises(ImpossibleInput):
        transformer_ratio(Decimal(100), Decimal(5), Decimal(0))


# ── periods ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_fault_is_billed_from_the_later_of_test_and_installation() -> None:
    corrected, installed, tested = date(2025, 7, 1), date(2023, 1, 10), date(2025, 3, 1)
    assert fault_span(corrected, installed_on=installed, last_tested_on=tested).from_day == tested
    span = fault_span(corrected, installed_on=installed)
    # 2023-01-10 to 2024-01-10 365, to 2025-01-10 366, to 2025-07-01 172 days
    assert (span.from_day, span.days, span.is_cut_by_limitation) == (installed, 903, False)


def test_the_limitation_cuts_an_old_fault() -> None:
    """Three years before the claim."""
    span = fault_span(date(2025, 7, 1), installed_on=date(2019, 5, 1))
    assert (span.from_day, span.is_cut_by_limitation) == (date(2022, 7, 1), True)
    late = fault_span(date(2025, 7, 1), installed_on=date(2019, 5, 1), claimed_on=date(2025, 9, 15))
    assert late.from_day == date(2022, 9, 15)


def test_a_correction_before_the_installation_is_refused() -> None:
    with pytest.raises(ImpossibleInput, match="correction after them"):
        fault_span(date(2025, 7, 1), installed_on=date(2025, 8, 1))


def test_years_before_a_leap_day() -> None:
    assert years_before(date(2024, 2, 29), 3) == date(2021, 2, 28)
    assert years_before(date(2024, 2, 29), 4) == date(2020, 2, 29)


def test_a_claim_before_the_known_limitation_has_no_law() -> None:
    with pytest.raises(NoLaw):
        limitation_start(date(2020, 12, 31))


def test_an_unknown_beginning_reaches_back_from_the_discovery() -> None:
    """90 days before 1 July 2024 are 2 April to 30 June: 60 under the old rule, 30 under the new one."""
    spans = spans_of("low_price_line", *span_before(date(2024, 7, 1), Decimal(90)))
    assert [(span.law.version, span.days) for span in spans] == [("1996", 60), ("2024", 30)]


@given(st.integers(0, 10**7), st.integers(1, 3000))
def test_recorded_energy_is_shared_among_spans_without_a_rest(recorded: int, days: int) -> None:
    spans = spans_of("wrong_wiring", *span_before(date(2025, 1, 1), Decimal(days)))
    shares = recorded_by_span(Decimal(recorded), spans)
    assert sum(shares) == recorded
    assert all(share >= 0 and share == int(share) for share in shares)


def test_recorded_energy_by_days() -> None:
    """1,000 kWh over 20 May to 9 June 2024: 12 of 21 days are 571.43, so 571, and 429."""
    spans = spans_of("wrong_wiring", date(2024, 5, 20), date(2024, 6, 10))
    assert recorded_by_span(Decimal(1000), spans) == [571, 429]
