"""Back-billing: wrong wiring, meter errors, wrong multipliers."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from golden_cases.case_law import flat, law_for, method, ratio, whole_kwh, without_nothing
from golden_cases.common import (
    NOTHING,
    ONE,
    Answers,
    Inputs,
    UnknownMethod,
    given,
    need,
    numbers,
    price_in,
    total,
    value_or,
)
from jicha.settle import meter_error, multiplier, wiring
from jicha.settle.exact import exact, rounded, shown
from jicha.settle.lines import EnergyDifference, back_bill

PRICE = ("price_yuan_per_kwh", "price_yuan", "flat_price_yuan")


# ── wrong wiring ────────────────────────────────────────────────────────────────────────────────────────────────


def wrong_wiring_correction(case: Inputs) -> Answers:
    """Return factor, correction rate, right energy, back-bill and its money, by band where there are bands."""
    inputs = flat(case)
    methods = {
        "three_wire": _three_wire,
        "four_wire": _four_wire,
        "voltage_lost_4wire": _four_wire,
        "ct_phases": _ct_phases,
        "ct_error": _ct_error,
        "three_wire_in_four_wire": _three_wire_in_four_wire,
        "given_k": _given_factor,
        "compare_average": _compare_average,
        "normal_months": _compare_average,
    }
    return method(inputs, methods, _guessed(inputs))(inputs)


def _guessed(inputs: Inputs) -> str:
    if "fault" in inputs:
        return "three_wire"
    return "ct_phases" if "phases" in inputs else "given_k"


def _three_wire(inputs: Inputs) -> Answers:
    factor = wiring.three_wire_factor(
        str(inputs["fault"]), _cos_phi(inputs), leading=bool(inputs.get("leading", False))
    )
    return _by_factor(inputs, factor)


def _cos_phi(inputs: Inputs) -> Decimal | None:
    """Return the power factor, where the case has one."""
    tangent = given(inputs, "tan_phi")
    return given(inputs, "cos_phi") if tangent is None else ONE / (ONE + tangent * tangent).sqrt()


def _four_wire(inputs: Inputs) -> Answers:
    lost = int(value_or(inputs, NOTHING, "lost_phases"))
    turned = int(value_or(inputs, NOTHING, "reversed_phases"))
    return _by_factor(inputs, wiring.four_wire_factor(lost, turned))


def _ct_phases(inputs: Inputs) -> Answers:
    return _by_factor(inputs, ct_factor(inputs))


def ct_factor(inputs: Inputs) -> Fraction:
    """Return the factor of the phases of a meter; a phase without a ratio has the billed one."""
    billed = value_or(inputs, ONE, "billing_ct_ratio")
    return wiring.ct_factor([_phase(phase, billed) for phase in inputs["phases"]], billed)


def _phase(phase: Inputs, billed: Decimal) -> wiring.PhaseOfMeter:
    real = value_or(phase, billed, "ct_ratio")
    lost = any(phase.get(key) for key in ("lost", "open", "voltage_lost", "current_lost"))
    return wiring.PhaseOfMeter(real, bool(phase.get("reversed", False)), lost or real == 0)


def _ct_error(inputs: Inputs) -> Answers:
    return _by_factor(inputs, wiring.ct_error_factor(numbers(inputs["ct_error_pct"])))


def _three_wire_in_four_wire(inputs: Inputs) -> Answers:
    loads = [need(inputs, key) for key in ("pu_kw", "pv_kw", "pw_kw")]
    seen = wiring.three_wire_in_four_wire_kw(loads[0], loads[2], _cos_phi(inputs) or ONE)
    right = exact(total(loads))
    answers = {"metered_kw": shown(seen), "true_kw": shown(right)}
    error = shown((seen / right - 1) * 100) if right else None
    return without_nothing(
        {**answers, "error_pct": error, **_by_factor(inputs, wiring.factor_of_powers(right, seen))}
    )


def _given_factor(inputs: Inputs) -> Answers:
    rate = given(inputs, "correction_rate_pct")
    return _by_factor(inputs, exact(need(inputs, "k")) if rate is None else 1 + exact(rate) / 100)


def _compare_average(inputs: Inputs) -> Answers:
    average = need(inputs, "average_month_kwh", "normal_month_kwh")
    months = need(inputs, "months", "fault_months")
    read = value_or(inputs, NOTHING, "read_kwh", "fault_read_kwh")
    difference = wiring.compared_energy(average, months, read, law_for(inputs, "wrong_wiring"))
    should = shown(exact(average) * exact(months))
    return {"should_kwh": should, "true_kwh": should, **_money(inputs, difference)}


def _by_factor(inputs: Inputs, factor: Fraction) -> Answers:
    """Return what follows from a factor: the rate, and with the reading the energies and the money."""
    answers: dict[str, Any] = {"k": shown(factor), "correction_rate_pct": shown((factor - 1) * 100)}
    read = _recorded(inputs)
    if read is None:
        return answers
    law = law_for(inputs, "wrong_wiring")
    difference = wiring.wiring_energy(read, factor, law)
    answers["true_kwh"] = shown(exact(read) * factor)
    if "tou" in inputs:
        banded = wiring.back_bill_bands(factor - 1, _bands(inputs), law)
        amounts = {f"{line.name}_yuan": line.amount_yuan for line in banded.lines}
        energies = {f"{line.name}_back_bill_kwh": line.quantity for line in banded.lines}
        energies["back_bill_kwh"] = difference.energy_kwh
        return {**answers, **amounts, **energies, "back_bill_yuan": banded.total}
    return {**answers, **_money(inputs, difference)}


def _recorded(inputs: Inputs) -> Decimal | None:
    """Return the recorded energy, else the sum of the bands."""
    read = given(inputs, "read_kwh", "recorded_kwh", "billed_kwh")
    if read is None and "tou" in inputs:
        return total(need(band, "kwh") for band in inputs["tou"].values())
    return read


def _bands(inputs: Inputs) -> list[wiring.Band]:
    flat_price = given(inputs, *PRICE)
    return [
        wiring.Band(name, need(band, "kwh"), price_in(band, flat_price, name == "flat"))
        for name, band in inputs["tou"].items()
    ]


def _money(inputs: Inputs, difference: EnergyDifference) -> Answers:
    """Return the energy to be billed again and, where the case has a price, its charge."""
    if whole_kwh(inputs):
        difference = replace(difference, exact_kwh=exact(rounded(difference.exact_kwh, 0)))
    price = given(inputs, *PRICE)
    amount = None if price is None else back_bill(difference, price).total
    return without_nothing({"back_bill_kwh": difference.energy_kwh, "back_bill_yuan": amount})


# ── meter errors ────────────────────────────────────────────────────────────────────────────────────────────────


def meter_error_backbill(case: Inputs) -> Answers:
    """Return the back-bill of a wrong meter, or what a test of it shows."""
    inputs = flat(case)
    methods = {
        "half_time": _half_time,
        "wire_drop": _wire_drop,
        "normal_months": _normal_months,
        "watt_second": _watt_second,
        "metered_power": _metered_power,
        "turns_expected": _turns_expected,
        "creep": _creep,
    }
    return method(inputs, methods, "half_time")(inputs)


def _half_time(inputs: Inputs) -> Answers:
    read, error = need(inputs, "read_kwh"), need(inputs, "error_pct")
    difference = meter_error.meter_error_energy(read, error, law_for(inputs, "meter_or_transformer_error"))
    return {
        "true_kwh_whole_period": meter_error.energy_at_zero_error(read, error),
        "difference_kwh_whole_period": meter_error.energy_at_zero_error(read, error) - read,
        **_money(inputs, difference),
    }


def _wire_drop(inputs: Inputs) -> Answers:
    drops = need(inputs, "actual_drop_pct"), need(inputs, "allowed_drop_pct")
    law = law_for(inputs, "wire_voltage_drop")
    return _money(inputs, meter_error.wire_drop_energy(need(inputs, "read_kwh"), *drops, law))


def _normal_months(inputs: Inputs) -> Answers:
    normal, months = need(inputs, "normal_month_kwh"), need(inputs, "fault_months", "months")
    read = value_or(inputs, NOTHING, "fault_read_kwh", "read_kwh")
    difference = meter_error.normal_month_energy(normal, months, read, law_for(inputs, "other_causes"))
    return {"should_kwh": shown(exact(normal) * exact(months)), **_money(inputs, difference)}


def _constant(inputs: Inputs) -> Decimal:
    return need(inputs, "constant_r_per_kwh", "constant_imp_per_kwh")


def _count(inputs: Inputs) -> Decimal:
    return need(inputs, "turns", "pulses")


def _watts(inputs: Inputs) -> Decimal:
    watts = given(inputs, "power_w")
    return need(inputs, "power_kw", "true_kw") * 1000 if watts is None else watts


def _watt_second(inputs: Inputs) -> Answers:
    theory = meter_error.theoretical_seconds(_count(inputs), _constant(inputs), _watts(inputs), ratio(inputs))
    measured = given(inputs, "measured_s")
    error = None if measured is None else meter_error.watt_second_error_pct(theory, measured)
    return without_nothing({"theory_time_s": theory, "error_pct": error})


def _metered_power(inputs: Inputs) -> Answers:
    shown_kw = meter_error.metered_power_kw(
        _count(inputs), _constant(inputs), need(inputs, "measured_s"), ratio(inputs)
    )
    true = given(inputs, "true_kw", "power_kw")
    error = None if true is None else meter_error.relative_error_pct(shown_kw, true)
    return without_nothing({"metered_kw": shown_kw, "error_pct": error})


def _turns_expected(inputs: Inputs) -> Answers:
    minutes = given(inputs, "minutes")
    minutes = need(inputs, "measured_s", "seconds") / 60 if minutes is None else minutes
    expected = meter_error.expected_turns(_watts(inputs) / 1000, minutes, _constant(inputs), ratio(inputs))
    measured = given(inputs, "turns_measured", "turns")
    error = None if measured is None else meter_error.relative_error_pct(measured, expected)
    return without_nothing({"turns_expected": expected, "error_pct": error})


def _creep(inputs: Inputs) -> Answers:
    idle = given(inputs, "idle_hours_per_day")
    idle = 24 - need(inputs, "use_hours_per_day") if idle is None else idle
    energy = meter_error.creep_energy_kwh(
        idle, need(inputs, "days"), need(inputs, "seconds_per_turn"), _constant(inputs), ratio(inputs)
    )
    difference = EnergyDifference("creep", -exact(energy), "creep", law_for(inputs, "other_causes"))
    return {"creep_kwh": energy, **_money(inputs, difference)}


# ── wrong multipliers ───────────────────────────────────────────────────────────────────────────────────────────


def multiplier_error(case: Inputs) -> Answers:
    """Return the back-bill of a wrong multiplier, or the multiplier of nameplates."""
    inputs = flat(case)
    methods = {"ratio": _wrong_ratio, "turns": _nameplates, "pt_ct": _nameplates}
    return method(inputs, methods, "ratio" if "used_ratio" in inputs else "pt_ct")(inputs)


def _nameplates(inputs: Inputs) -> Answers:
    ct = _transformer(inputs, "ct", "a", value_or(inputs, ONE, "turns"), value_or(inputs, ONE, "rated_turns"))
    pt = _transformer(inputs, "pt", "v", ONE, ONE)
    return {"ct_ratio": ct, "pt_ratio": pt, "multiplier": multiplier.multiplier_of(ct, pt)}


def _transformer(inputs: Inputs, kind: str, unit: str, turns: Decimal, rated: Decimal) -> Decimal:
    """Return the ratio of one kind of transformer: as given, from its nameplate, else 1."""
    primary = given(inputs, f"{kind}_primary_{unit}")
    if primary is None:
        return value_or(inputs, ONE, f"{kind}_ratio")
    return multiplier.transformer_ratio(primary, need(inputs, f"{kind}_secondary_{unit}"), turns, rated)


def _wrong_ratio(inputs: Inputs) -> Answers:
    actual, used = need(inputs, "actual_ratio"), need(inputs, "used_ratio")
    law = law_for(inputs, "wrong_multiplier")
    register = given(inputs, "register_difference", "reading_difference")
    if register is not None:
        difference = multiplier.register_energy_difference(register, actual, used, law)
        billed = exact(register) * exact(used)
    else:
        recorded = _recorded(inputs)
        if recorded is None:
            raise UnknownMethod("no input billed_kwh")
        difference = multiplier.billed_energy_difference(recorded, actual, used, law)
        billed = exact(recorded)
    rate = multiplier.multiplier_correction_rate(actual, used)
    answers = {
        "correction_rate_pct": shown(rate * 100),
        "k": shown(1 + rate),
        "true_kwh": shown(billed + difference.exact_kwh),
    }
    if "tou" in inputs:
        return {**answers, **_by_factor(inputs, 1 + rate)}
    return {**answers, **_money(inputs, difference)}
