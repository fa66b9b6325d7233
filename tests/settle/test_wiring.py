"""Correction factors against phasors, and the energy and money that follow from them."""

from __future__ import annotations

import cmath
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jicha.settle.fuse import (
    four_wire_fuse_factor,
    fuse_energy_by_normal_month,
    fuse_energy_by_theory,
    three_wire_fuse_factor,
)
from jicha.settle.law import PHYSICS, law_of
from jicha.settle.lines import back_bill
from jicha.settle.problems import ImpossibleInput, NoCorrection
from jicha.settle.wiring import (
    Band,
    PhaseOfMeter,
    back_bill_bands,
    compared_energy,
    correction_factor,
    ct_error_factor,
    ct_factor,
    factor_of_powers,
    four_wire_factor,
    three_wire_factor,
    three_wire_in_four_wire_kw,
    wired_power,
    wiring_energy,
)

WRONG_WIRING = law_of("wrong_wiring", "1996")
FUSE = law_of("voltage_fuse", "2024")
ANGLE = {"u": 0.0, "v": -120.0, "w": 120.0}
power_factors = st.decimals(min_value="0.05", max_value="1", places=4)


def _phase(name: str) -> complex:
    return cmath.rect(1 / math.sqrt(3), math.radians(ANGLE[name]))


def _element(voltage: complex, current: complex) -> float:
    return (voltage * current.conjugate()).real


def _phasor_power(
    phi: float,
    *,
    terminals: str = "uvw",
    currents: str = "uw",
    signs: tuple[int, int] = (1, 1),
    lost: str = "",
) -> float:
    """Return the power of two elements from phasors of a balanced load, line voltage and current 1."""
    first, middle, last = (_phase(name) for name in terminals)
    if lost == "b":  # the two elements lie in series between the outer phases
        middle = (first + last) / 2
    lines = [cmath.rect(1, math.radians(ANGLE[name]) - phi) for name in currents]
    one = 0.0 if lost == "a" else signs[0] * _element(first - middle, lines[0])
    two = 0.0 if lost == "c" else signs[1] * _element(last - middle, lines[1])
    return one + two


FAULTS = {
    "A_voltage_lost": {"lost": "a"},
    "A_current_lost": {"lost": "a"},
    "B_voltage_lost": {"lost": "b"},
    "C_voltage_lost": {"lost": "c"},
    "A_current_reversed": {"signs": (-1, 1)},
    "C_current_reversed": {"signs": (1, -1)},
    "both_currents_reversed": {"signs": (-1, -1)},
}


@given(power_factors, st.sampled_from(sorted(FAULTS)), st.booleans())
def test_factors_agree_with_phasors(cos_phi: Decimal, fault: str, leading: bool) -> None:
    """K = right power ÷ wrong power, both from phasors."""
    phi = math.acos(float(cos_phi)) * (-1 if leading else 1)
    wrong = _phasor_power(phi, **FAULTS[fault])  # type: ignore[arg-type]
    if abs(wrong) < 1e-6:
        return
    expected = _phasor_power(phi) / wrong
    found = three_wire_factor(fault, cos_phi, leading=leading)
    assert math.isclose(float(found), expected, rel_tol=1e-6)


@given(
    power_factors,
    st.permutations("uvw").map("".join),
    st.sampled_from(["uv", "uw", "vu", "vw", "wu", "wv"]),
    st.tuples(st.booleans(), st.booleans()),
)
def test_any_wiring_agrees_with_phasors(
    cos_phi: Decimal, terminals: str, currents: str, turned: tuple[bool, bool]
) -> None:
    phi = math.acos(float(cos_phi))
    signs = (-1 if turned[0] else 1, -1 if turned[1] else 1)
    wrong = _phasor_power(phi, terminals=terminals, currents=currents, signs=signs)
    if abs(wrong) < 1e-6:
        return
    found = correction_factor(wired_power(terminals, currents, turned), cos_phi)
    assert math.isclose(float(found), _phasor_power(phi) / wrong, rel_tol=1e-6)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        # φ = 30°: tan φ = 1/√3. One element lost: 2√3 ÷ (√3 ± 1/√3) = 6 ÷ (3 ± 1); reversed: √3 ÷ (1/√3) = 3.
        ("A_voltage_lost", "1.5"),
        ("C_voltage_lost", "3"),
        ("B_voltage_lost", "2"),
        ("A_current_reversed", "3"),
        ("C_current_reversed", "-3"),
        ("U_current_reversed", "3"),
        ("power_minus_UIsin", "-3"),
        ("power_UIsin", "3"),
        ("power_2UIsin", "1.5"),
        ("power_UIcos", "1.7320508"),
        ("power_sqrt3_UIcos", "1"),
    ],
)
def test_factors_at_thirty_degrees(fault: str, expected: str) -> None:
    cos_30 = Decimal("0.75").sqrt()
    assert abs(three_wire_factor(fault, cos_30) - Fraction(expected)) < Fraction(1, 10**7)


def test_published_reference_values_of_a_lost_voltage() -> None:
    """cos φ = 0.9: 1.56, 2 and 2.78."""
    found = [three_wire_factor(f"{phase}_voltage_lost", Decimal("0.9")) for phase in "ABC"]
    assert [f"{float(factor):.2f}" for factor in found] == ["1.56", "2.00", "2.78"]


def test_a_meter_that_stands_still_has_no_factor() -> None:
    with pytest.raises(NoCorrection, match="normal month"):
        three_wire_factor("currents_swapped", Decimal("0.9"))
    with pytest.raises(NoCorrection):
        three_wire_factor("A_current_reversed", Decimal(1))
    with pytest.raises(NoCorrection):
        four_wire_factor(lost_phases=3)
    # One element of a three-wire meter stands still at cos φ = 0.5: cos(30° + 60°) = 0.
    with pytest.raises(NoCorrection):
        three_wire_factor("C_voltage_lost", Decimal("0.5"))


@pytest.mark.parametrize("cos_phi", ["0", "-0.5", "1.01"])
def test_an_impossible_power_factor_is_refused(cos_phi: str) -> None:
    with pytest.raises(ImpossibleInput, match="power factor"):
        three_wire_factor("A_voltage_lost", Decimal(cos_phi))


def test_a_factor_that_depends_on_the_load_is_not_guessed() -> None:
    assert three_wire_factor("B_voltage_lost", None) == 2
    with pytest.raises(ImpossibleInput, match="no power factor"):
        three_wire_factor("A_voltage_lost", None)
    with pytest.raises(ImpossibleInput, match="A_voltage_lost"):
        three_wire_factor("A_voltage_gone", Decimal("0.9"))


@pytest.mark.parametrize(
    ("lost", "turned", "expected"), [(1, 0, "3/2"), (2, 0, "3"), (0, 1, "3"), (0, 2, "-3"), (0, 0, "1")]
)
def test_four_wire_factors(lost: int, turned: int, expected: str) -> None:
    assert four_wire_factor(lost, turned) == Fraction(expected)


def test_wrong_ct_ratios_of_single_phases() -> None:
    """Billed at 40 with 60, 40, 40 in fact: 3 ÷ (2/3 + 1 + 1) = 1.125."""
    phases = [PhaseOfMeter(Decimal(ratio)) for ratio in (60, 40, 40)]
    assert ct_factor(phases, Decimal(40)) == Fraction(9, 8)


def test_ct_ratio_errors() -> None:
    """3 ÷ (1 + 0.6 + 1.1) = 10/9; 500 kWh × 1/9 = 55.56."""
    factor = ct_error_factor([Decimal(0), Decimal(-40), Decimal(10)])
    assert factor == Fraction(10, 9)
    assert wiring_energy(Decimal(500), factor, WRONG_WIRING).energy_kwh == Decimal("55.555556")


@given(st.lists(st.integers(1, 200), min_size=3, max_size=3), st.decimals(0, 10**7, places=2))
def test_the_corrected_energy_is_what_right_cts_would_have_recorded(
    ratios: list[int], recorded: Decimal
) -> None:
    """Per phase the load is recorded × real ÷ billed; of three equal loads the true total follows from any of them."""
    billed = Decimal(40)
    factor = ct_factor([PhaseOfMeter(Decimal(ratio)) for ratio in ratios], billed)
    load_a_phase = Fraction(recorded) * factor / 3
    assert sum(load_a_phase * Fraction(billed) / ratio for ratio in ratios) == Fraction(recorded)


def test_a_three_wire_meter_in_a_four_wire_circuit_runs_fast() -> None:
    """4 kW and 4 kW at cos φ 1: 1.5 × 8 = 12 kW shown of 10 kW; 6,000 kWh are 5,000, so 1,000 go back."""
    seen = three_wire_in_four_wire_kw(Decimal(4), Decimal(4))
    assert seen == 12
    difference = wiring_energy(Decimal(6000), factor_of_powers(Fraction(10), seen), WRONG_WIRING)
    assert difference.exact_kwh == -1000


@given(power_factors, st.integers(0, 50), st.integers(0, 50))
def test_a_three_wire_meter_in_a_four_wire_circuit_agrees_with_phasors(
    cos_phi: Decimal, u: int, w: int
) -> None:
    phi = math.acos(float(cos_phi))
    middle = _phase("v")
    # A load of P kW draws P ÷ (U·cos φ) at φ behind its own phase voltage.
    currents = [
        cmath.rect(load / float(cos_phi) * math.sqrt(3), math.radians(ANGLE[name]) - phi)
        for name, load in (("u", u), ("w", w))
    ]
    expected = _element(_phase("u") - middle, currents[0]) + _element(_phase("w") - middle, currents[1])
    found = three_wire_in_four_wire_kw(Decimal(u), Decimal(w), cos_phi)
    assert math.isclose(float(found), expected, rel_tol=1e-6, abs_tol=1e-6)


def test_a_meter_that_ran_backwards() -> None:
    """K = −√3 ÷ tan φ = −2.7948 at cos φ 0.85; −2,000 kWh recorded are 5,589.6, so 7,589.6 are owed."""
    factor = three_wire_factor("power_minus_UIsin", Decimal("0.85"))
    owed = wiring_energy(Decimal(-2000), factor, WRONG_WIRING).energy_kwh
    assert round(owed, 1) == Decimal("7589.6")


def test_right_wiring_leaves_nothing_to_bill() -> None:
    assert wiring_energy(Decimal(80000), Fraction(1), WRONG_WIRING).exact_kwh == 0
    assert back_bill(wiring_energy(Decimal(80000), Fraction(1), WRONG_WIRING), Decimal("0.5")).total == 0


def test_every_band_is_corrected_at_the_same_rate() -> None:
    """One CT reversed: rate 200 %. 30,000 × 2 × 0.60, 20,000 × 2 × 0.20, 30,000 × 2 × 0.40 yuan."""
    bands = [
        Band("peak", Decimal(30000), Decimal("0.60")),
        Band("valley", Decimal(20000), Decimal("0.20")),
        Band("flat", Decimal(30000), Decimal("0.40")),
    ]
    settled = back_bill_bands(four_wire_factor(reversed_phases=1) - 1, bands, WRONG_WIRING)
    assert [line.amount_yuan for line in settled.lines] == [36000, 8000, 24000]
    assert settled.total == 68000
    assert settled.lines[0].clause == "供电营业规则 1996 Art. 81(1)"


def test_comparison_with_an_average_can_give_back() -> None:
    """250,000 × 11 − 1,244,000 = 1,506,000 owed; 100,000 × 2 − 260,000 = −60,000 given back, at 0.50 yuan −30,000.00."""
    owed = compared_energy(Decimal(250000), Decimal(11), Decimal(1244000), PHYSICS)
    assert owed.exact_kwh == 1506000
    too_much = compared_energy(Decimal(100000), Decimal(2), Decimal(260000), WRONG_WIRING)
    assert back_bill(too_much, Decimal("0.50")).total == Decimal("-30000.00")


def test_a_blown_fuse_by_theory_and_by_the_normal_month() -> None:
    """One of three phases: 1,000 × (1.5 − 1) = 500. Without a factor: 1,850 × 2 − 1,200 = 2,500."""
    by_theory = fuse_energy_by_theory(Decimal(1000), four_wire_fuse_factor(1), FUSE)
    assert (by_theory.name, by_theory.exact_kwh) == ("voltage_fuse", 500)
    by_month = fuse_energy_by_normal_month(Decimal(1850), Decimal(2), Decimal(1200), FUSE)
    assert (by_month.exact_kwh, by_month.law.version) == (2500, "2024")
    assert three_wire_fuse_factor("B", Decimal("0.9")) == 2
