"""Penalties: late payment, default usage and theft."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from golden_cases.backbill import ct_factor
from golden_cases.case_law import day_of, flat, law_for, method, rounds_first
from golden_cases.common import NOTHING, ONE, Answers, Inputs, given, need, total, value_or
from jicha.settle import default_usage, late_fee, theft
from jicha.settle.exact import shown
from jicha.settle.law import LawSpan, Provision
from jicha.settle.lines import Settlement

DAYS_OF_MONTH = Decimal(30)  # of a part month whose calendar days the case does not give
LINE_TO_LINE_V = 380  # three phases are stated with the voltage between two of them from here on
PRICE = ("price_yuan_per_kwh", "price_yuan")
RESIDENTS = ("resident", "residential", "居民")


# ── late payment ────────────────────────────────────────────────────────────────────────────────────────────────


def late_payment(case: Inputs) -> Answers:
    """Return days and charge of each bill, and the total with the minimum where it applies."""
    inputs = flat(case)
    segments = [_segments(inputs, bill) for bill in inputs["bills"]]
    settled = late_fee.late_fee_of_segments(segments, minimum_yuan=_minimum(inputs))
    answers: Answers = {"total_yuan": settled.total}
    for place, own in enumerate(segments, 1):
        answers[f"bill{place}_days_this_year"] = _days(own, True)
        answers[f"bill{place}_days_next_year"] = _days(own, False)
        answers[f"bill{place}_yuan"] = settled.named(f"late_fee_bill_{place}")
    return answers


def _is_resident(inputs: Inputs) -> bool:
    return str(inputs.get("user", "other")) in RESIDENTS


def _minimum(inputs: Inputs) -> Decimal | None:
    """Return the minimum that the case states; None leaves it to the version of the law."""
    if "minimum_1_yuan" not in inputs:
        return given(inputs, "minimum_yuan")
    return ONE if inputs["minimum_1_yuan"] else late_fee.NO_MINIMUM


def _segments(inputs: Inputs, bill: Inputs) -> tuple[late_fee.LateSegment, ...]:
    residential = _is_resident({**inputs, **bill})
    law = law_for(inputs, "late_fee") if _names_law(inputs) else None
    if "due_date" in bill:
        until = {**inputs, **bill}.get("paid_date")
        late = _late_bill(bill)
        return late_fee.late_segments(
            late, residential=residential, until=None if until is None else day_of(until), law=law
        )
    return _segments_of_days(bill, residential, law or law_for(inputs, "late_fee"))


def _names_law(inputs: Inputs) -> bool:
    return any(year in str(inputs.get("law_version", "")) for year in ("1996", "2024"))


def _late_bill(bill: Inputs) -> late_fee.LateBill:
    """Return the bill with its part payments; what is left is owed to the day of the final payment."""
    paid = tuple(
        late_fee.Payment(day_of(part.get("paid_date", part.get("date"))), need(part, "amount_yuan"))
        for part in bill.get("payments", ())
    )
    return late_fee.LateBill(need(bill, "amount_yuan"), day_of(bill["due_date"]), paid)


def _segments_of_days(bill: Inputs, residential: bool, law: Provision) -> tuple[late_fee.LateSegment, ...]:
    days = {True: given(bill, "days_this_year", "days"), False: given(bill, "days_next_year")}
    return tuple(
        late_fee.segment_of_days(
            need(bill, "amount_yuan"), int(count), residential=residential, is_due_year=is_due_year, law=law
        )
        for is_due_year, count in days.items()
        if count
    )


def _days(segments: tuple[late_fee.LateSegment, ...], is_due_year: bool) -> Decimal:
    return Decimal(sum(segment.days for segment in segments if segment.is_due_year is is_due_year))


# ── default usage ───────────────────────────────────────────────────────────────────────────────────────────────


def violation_charge(case: Inputs) -> Answers:
    """Return what is paid back and the charge on it, by the act."""
    inputs = flat(case)
    methods = {
        "low_price_line": _low_price_line,
        "two_part_capacity": _two_part_capacity,
        "per_kw": _per_kw,
        "per_event": _per_event,
    }
    return method(inputs, methods, None)(inputs)


def _penalty(inputs: Inputs, settle: Callable[..., Settlement], charge: str) -> Answers:
    """Return the charge applied, with the total, and the highest that the rule allows (上限) where the case asks for it."""
    applied, highest = given(inputs, "penalty_multiple"), given(inputs, "max_penalty_multiple")
    answers: Answers = {}
    if applied is not None or highest is None:
        settled = settle(multiple=applied)
        answers = {"penalty_yuan": settled.named(charge), "total_yuan": settled.total}
    if highest is not None:
        most = settle(multiple=highest)
        answers |= {"penalty_cap_yuan": most.named(charge), "total_cap_yuan": most.total}
    return answers


def _low_price_line(inputs: Inputs) -> Answers:
    law = law_for(inputs, "low_price_line")
    loads = [_low_price_load(place, load, law) for place, load in enumerate(inputs["loads"], 1)]
    settle = partial(default_usage.low_price_line, loads, from_rounded=rounds_first(inputs))
    energies = {f"{load.name}_kwh": default_usage.energy_of_load(load) for load in loads}
    return {
        **energies,
        "total_kwh": total(energies.values()),
        "difference_yuan": settle().named(default_usage.BACK_PAY),
        **_penalty(inputs, settle, default_usage.CHARGE),
    }


def _low_price_load(place: int, load: Inputs, law: Provision) -> default_usage.LowPriceLoad:
    """Return one load; days that are not known are those of the rule."""
    days = value_or(load, default_usage.unknown_days(law), "days")
    hours = value_or(load, default_usage.assumed_hours(law, lighting=_is_lighting(load)), "hours_per_day")
    return default_usage.LowPriceLoad(
        str(load.get("name", place)),
        value_or(load, NOTHING, "low_price_yuan"),
        need(load, "high_price_yuan"),
        (LawSpan(law, days),),
        energy_kwh=given(load, "kwh"),
        power_kw=given(load, "kw", "kva"),
        hours_per_day=hours,
    )


def _is_lighting(place: Mapping[str, Any]) -> bool:
    kind = str(place.get("use", place.get("user", place.get("kind", ""))))
    return kind in {"lighting", "resident", "residential", "照明", "居民"}


def _two_part_capacity(inputs: Inputs) -> Answers:
    months = value_or(inputs, NOTHING, "months") + value_or(inputs, NOTHING, "full_months")
    use = default_usage.CapacityUse(
        law_for(inputs, _capacity_act(inputs)),
        months,
        value_or(inputs, NOTHING, "odd_days"),
        value_or(inputs, DAYS_OF_MONTH, "month_days"),
    )
    settle = partial(
        default_usage.two_part_capacity,
        need(inputs, "kva", "kw"),
        need(inputs, "price_yuan_per_kva", "price_yuan_per_kw"),
        [use],
        from_rounded=rounds_first(inputs),
    )
    paid_back = settle().named(default_usage.BACK_PAY)
    return {"basic_back_charge_yuan": paid_back, **_penalty(inputs, settle, default_usage.CHARGE)}


def _capacity_act(inputs: Inputs) -> str:
    """Return which act it is: above the multiple of suspended or sealed equipment it can only be extra capacity."""
    sealed = law_for(inputs, "suspended_or_sealed")
    multiple = given(inputs, "max_penalty_multiple", "penalty_multiple")
    return "over_capacity" if multiple is not None and multiple > sealed.number("multiple") else sealed.name


def _per_kw(inputs: Inputs) -> Answers:
    law = law_for(inputs, "suspended_or_sealed")
    settled = default_usage.charge_per_kw(
        need(inputs, "kw", "kva"),
        law,
        times=int(value_or(inputs, ONE, "times")),
        yuan_per_kw=given(inputs, "yuan_per_kw", "yuan_per_kva"),
    )
    return {"penalty_yuan": settled.total, "total_yuan": settled.total}


def _per_event(inputs: Inputs) -> Answers:
    settled = default_usage.charge_per_event(
        int(value_or(inputs, ONE, "events", "times")),
        law_for(inputs, "moved_equipment"),
        residential=_is_resident(inputs),
        yuan_each=given(inputs, "yuan_per_event"),
    )
    return {"penalty_yuan": settled.total, "total_yuan": settled.total}


# ── theft ───────────────────────────────────────────────────────────────────────────────────────────────────────


def theft_settlement(case: Inputs) -> Answers:
    """Return the stolen energy, its charge, the charge on top and what is due in all."""
    inputs = flat(case)
    methods = {"capacity": _by_capacity, "ct_swap": _by_factor}
    return method(inputs, methods, "ct_swap" if isinstance(inputs.get("phases"), list) else "capacity")(
        inputs
    )


def _by_capacity(inputs: Inputs) -> Answers:
    law = law_for(inputs, "theft_quantity")
    capacity = given(inputs, "capacity_kw", "capacity_kva", "kw", "kva")
    capacity = _meter_power(inputs) if capacity is None else capacity
    hours = value_or(inputs, theft.assumed_hours(law, lighting=_is_lighting(inputs)), "hours_per_day")
    span = LawSpan(law, value_or(inputs, theft.assumed_days(law), "days"))
    stolen = theft.stolen_by_capacity(capacity, hours, [span], need(inputs, *PRICE))
    return {"capacity_kw": capacity, **_settled(inputs, stolen)}


def _meter_power(inputs: Inputs) -> Decimal:
    """Return the power at the meter's basic current, times the ratios of its transformers."""
    phases, voltage = int(value_or(inputs, ONE, "phases", "phase_count")), need(inputs, "voltage_v")
    return theft.power_at_current_kw(
        voltage,
        need(inputs, "current_a"),
        phases=phases,
        line_to_line=phases == 3 and voltage >= LINE_TO_LINE_V,
        ct_ratio=value_or(inputs, ONE, "ct_ratio"),
        pt_ratio=value_or(inputs, ONE, "pt_ratio"),
    )


def _by_factor(inputs: Inputs) -> Answers:
    factor = ct_factor(inputs)
    law = law_for(inputs, "theft_quantity")
    stolen = theft.stolen_by_factor(need(inputs, "read_kwh"), factor, need(inputs, *PRICE), law)
    rate = {"k": shown(factor), "correction_rate_pct": shown((factor - 1) * 100)}
    return {**rate, **_settled(inputs, [stolen])}


def _settled(inputs: Inputs, stolen: list[theft.StolenEnergy]) -> Answers:
    settle = partial(
        theft.settle_theft,
        stolen,
        from_rounded=rounds_first(inputs),
        tamper_charge_yuan=given(inputs, "tamper_penalty_yuan"),
    )
    return {
        "stolen_kwh": total(one.energy_kwh for one in stolen),
        "back_charge_yuan": settle().named(theft.BACK_CHARGE),
        **_penalty(inputs, settle, theft.CHARGE),
    }
