"""Wrong wiring (接线错误): the correction factor K = right power ÷ wrong power, and the energy that follows from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from jicha.settle.exact import exact, text
from jicha.settle.law import Provision
from jicha.settle.lines import EnergyDifference, Settlement, money_line, settlement
from jicha.settle.problems import NoCorrection, require

DIGITS = 50  # of √3 and tan φ; a settlement uses at most the first fifteen
NOTHING = Decimal("1e-30")  # a power below this share of U·I is zero but for the digits above

_ANGLE = {"u": 0, "v": -120, "w": 120}  # degrees of the phase voltages, counter-clockwise
_PHASE_OF_LETTER = {"A": "A", "B": "B", "C": "C", "U": "A", "V": "B", "W": "C"}
_EXPRESSION = re.compile(r"power_(?P<minus>minus_)?(?P<root>sqrt3_)?(?P<factor>\d*)UI(?P<of>sin|cos)(?:phi)?")


def _root(square: str) -> Decimal:
    with localcontext() as context:
        context.prec = DIGITS
        return Decimal(square).sqrt()


ROOT3 = _root("3")
HALF_ROOT3 = _root("0.75")
_COSINE = {0: Decimal(1), 30: HALF_ROOT3, 60: Decimal("0.5"), 90: Decimal(0)}


@dataclass(frozen=True, slots=True)
class Power:
    """The power that a meter sees under a balanced load: U·I·(cosine × cos φ + sine × sin φ), U line to line."""

    cosine: Decimal
    sine: Decimal

    def __add__(self, other: Power) -> Power:
        return Power(_sum(self.cosine, other.cosine), _sum(self.sine, other.sine))

    def __neg__(self) -> Power:
        return Power(self.cosine.copy_negate(), self.sine.copy_negate())


RIGHT_POWER = Power(ROOT3, Decimal(0))


def element_power(voltage: str, current: str) -> Power:
    """Return the power of one element: voltage such as `uv` (from u to v), current `u`, `v` or `w`.

    U_uv·I_u gives U·I·cos(30° + φ), U_wv·I_w gives U·I·cos(30° − φ).
    """
    first, second = voltage[0], voltage[1]
    step = (_ANGLE[second] - _ANGLE[first]) % 360
    lead = _ANGLE[first] + (30 if step == 240 else -30)  # u→v leads u by 30°, u→w trails it by 30°
    angle = lead - _ANGLE[current]
    return Power(_cosine(angle), _cosine(angle - 90).copy_negate())


def wired_power(
    terminals: str = "uvw", currents: str = "uw", reversed_elements: tuple[bool, bool] = (False, False)
) -> Power:
    """Return the power of a three-wire meter (三相三线) with these phases at its voltage terminals and in its two elements."""
    first = element_power(terminals[0] + terminals[1], currents[0])
    second = element_power(terminals[2] + terminals[1], currents[1])
    return (-first if reversed_elements[0] else first) + (-second if reversed_elements[1] else second)


def three_wire_power(fault: str) -> Power:
    """Return the power under a named fault: `A_voltage_lost`, `C_current_reversed`, `B_voltage_lost`, … or an expression.

    Phases are A, B, C or U, V, W. An expression reads `power_minus_UIsin`, `power_2UIsin`, `power_sqrt3_UIcos`.
    """
    expression = _EXPRESSION.fullmatch(fault)
    if expression:
        return _written_power(expression)
    name = _PHASE_OF_LETTER.get(fault[:1], fault[:1]) + fault[1:]
    known = _faults()
    require(
        name in known,
        where="fault of a three-wire meter",
        found=fault,
        expected="one of " + ", ".join(sorted(known)),
        remedy="Name the fault, or give the wrong power as an expression or the factor K itself.",
    )
    return known[name]


def _faults() -> dict[str, Power]:
    first, second = element_power("uv", "u"), element_power("wv", "w")
    # Without B both elements share the voltage between A and C: each sees half of it.
    b_lost = Power(HALF_ROOT3, Decimal(0))
    return {
        "A_voltage_lost": second,
        "A_current_lost": second,
        "C_voltage_lost": first,
        "C_current_lost": first,
        "B_voltage_lost": b_lost,
        "A_current_reversed": second + -first,
        "C_current_reversed": first + -second,
        "both_currents_reversed": -(first + second),
        "currents_swapped": wired_power(currents="wu"),
    }


def three_wire_factor(fault: str, cos_phi: Decimal | None, *, leading: bool = False) -> Fraction:
    """Return K of a three-wire meter under a named fault and a balanced load; some faults need no power factor."""
    wrong = three_wire_power(fault)
    require(
        cos_phi is not None or wrong.sine == 0,
        where=f"factor of {fault}",
        found="no power factor",
        expected="the cos φ of the load during the fault",
        remedy="Take it from the active and reactive energy of a right month.",
    )
    return correction_factor(wrong, Decimal(1) if cos_phi is None else cos_phi, leading=leading)


def correction_factor(wrong: Power, cos_phi: Decimal, *, leading: bool = False) -> Fraction:
    """Return K = √3 ÷ (cosine + sine × tan φ); below zero the meter ran backwards."""
    with localcontext() as context:
        context.prec = DIGITS
        tangent = tan_phi(cos_phi) * (-1 if leading else 1)
        seen = wrong.cosine + wrong.sine * tangent
        if abs(seen) < NOTHING:
            raise _stands_still(f"power zero at cos φ {cos_phi}")
        return exact(RIGHT_POWER.cosine / seen)


def tan_phi(cos_phi: Decimal) -> Decimal:
    """Return tan φ to fifty digits from cos φ."""
    require(
        0 < cos_phi <= 1,
        where="power factor",
        found=cos_phi,
        expected="above 0 and at most 1",
        remedy="Take the power factor of the load during the fault.",
    )
    with localcontext() as context:
        context.prec = DIGITS
        return (1 - cos_phi * cos_phi).sqrt() / cos_phi


@dataclass(frozen=True, slots=True)
class PhaseOfMeter:
    """One phase of a four-wire meter: the CT ratio in fact, whether its current is reversed or nothing reaches the meter."""

    ct_ratio: Decimal
    is_reversed: bool = False
    is_lost: bool = False


def four_wire_factor(lost_phases: int = 0, reversed_phases: int = 0) -> Fraction:
    """Return K of a four-wire meter (三相四线): 3 ÷ (3 − lost − 2 × reversed)."""
    one = Decimal(1)
    lost = [PhaseOfMeter(one, is_lost=True)] * lost_phases
    turned = [PhaseOfMeter(one, is_reversed=True)] * reversed_phases
    return ct_factor([*lost, *turned, *[PhaseOfMeter(one)] * (3 - lost_phases - reversed_phases)], one)


def ct_factor(phases: Sequence[PhaseOfMeter], billing_ct_ratio: Decimal) -> Fraction:
    """Return K of a meter whose CTs are not the billed ones: n ÷ Σ (± billed ratio ÷ real ratio)."""
    parts = [_seen_part(phase, billing_ct_ratio) for phase in phases]
    return _factor(len(phases), sum(parts, Fraction(0)))


def ct_error_factor(ct_error_pct: Sequence[Decimal]) -> Fraction:
    """Return K from the ratio error (比差) of each phase's CT: n ÷ Σ (1 + error)."""
    return _factor(len(ct_error_pct), sum((1 + exact(error) / 100 for error in ct_error_pct), Fraction(0)))


def three_wire_in_four_wire_kw(
    u_kw: Decimal, w_kw: Decimal, cos_phi: Decimal = Decimal(1), *, leading: bool = False
) -> Fraction:
    """Return what a three-wire meter shows in a four-wire circuit: P_u(1.5 − ½√3·tan φ) + P_w(1.5 + ½√3·tan φ)."""
    with localcontext() as context:
        context.prec = DIGITS
        shift = exact(HALF_ROOT3 * tan_phi(cos_phi)) * (-1 if leading else 1)
    return exact(u_kw) * (Fraction(3, 2) - shift) + exact(w_kw) * (Fraction(3, 2) + shift)


def factor_of_powers(right: Fraction, seen: Fraction) -> Fraction:
    """Return K = right ÷ seen."""
    return _factor(right, seen)


def wiring_energy(recorded_kwh: Decimal, factor: Fraction, law: Provision) -> EnergyDifference:
    """Return recorded × (K − 1): what is to be supplemented, or given back where it is negative."""
    formula = f"{text(recorded_kwh)} × ({text(factor)} − 1)"
    return EnergyDifference("wrong_wiring", exact(recorded_kwh) * (factor - 1), formula, law)


def compared_energy(
    average_month_kwh: Decimal, months: Decimal, recorded_kwh: Decimal, law: Provision
) -> EnergyDifference:
    """Return the energy of comparable months (同例对比) less what was recorded."""
    energy = exact(average_month_kwh) * exact(months) - exact(recorded_kwh)
    formula = f"{text(average_month_kwh)} × {text(months)} − {text(recorded_kwh)}"
    return EnergyDifference("compared_average", energy, formula, law)


@dataclass(frozen=True, slots=True)
class Band:
    """The recorded energy of one time band (时段) and its price."""

    name: str
    energy_kwh: Decimal
    price_yuan_per_kwh: Decimal


def back_bill_bands(rate: Fraction, bands: Sequence[Band], law: Provision) -> Settlement:
    """Return one line a band, each at the same correction rate (更正率) and rounded once."""
    return settlement(
        money_line(
            band.name,
            exact(band.energy_kwh) * rate * exact(band.price_yuan_per_kwh),
            formula=f"{text(band.energy_kwh)} kWh × {text(rate)} × {text(band.price_yuan_per_kwh)} yuan/kWh",
            quantity=exact(band.energy_kwh) * rate,
            unit="kWh",
            unit_price=band.price_yuan_per_kwh,
            law=law,
        )
        for band in bands
    )


def _seen_part(phase: PhaseOfMeter, billing_ct_ratio: Decimal) -> Fraction:
    if phase.is_lost:
        return Fraction(0)
    require(
        phase.ct_ratio > 0,
        where="CT ratio",
        found=phase.ct_ratio,
        expected="above zero",
        remedy="Read the nameplate; say that a phase is lost instead of giving it a ratio of zero.",
    )
    part = exact(billing_ct_ratio) / exact(phase.ct_ratio)
    return -part if phase.is_reversed else part


def _factor(right: Fraction | int, seen: Fraction) -> Fraction:
    if seen == 0:
        raise _stands_still("power zero on balance")
    return Fraction(right) / seen


def _stands_still(found: str) -> NoCorrection:
    return NoCorrection(
        where="correction factor",
        found=found,
        expected="a meter that registers some power",
        remedy="Bill by the normal month or by a comparison instead.",
    )


def _written_power(expression: re.Match[str]) -> Power:
    with localcontext() as context:
        context.prec = DIGITS
        size = Decimal(expression["factor"] or 1) * (ROOT3 if expression["root"] else 1)
        size = -size if expression["minus"] else size
    return Power(Decimal(0), size) if expression["of"] == "sin" else Power(size, Decimal(0))


def _cosine(angle: int) -> Decimal:
    """Return cos of a multiple of 30° to fifty digits."""
    folded = abs((angle + 180) % 360 - 180)
    return _COSINE[folded] if folded <= 90 else _COSINE[180 - folded].copy_negate()


def _sum(left: Decimal, right: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = DIGITS
        return left + right
