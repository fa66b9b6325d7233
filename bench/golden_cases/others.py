"""The topics that stand alone: shares, compensation, temporary supply, supply through another customer, indicators."""

from __future__ import annotations

from decimal import Decimal

from golden_cases.case_law import flat, law_for, method, without_nothing
from golden_cases.common import HUNDRED, NOTHING, ONE, Answers, Inputs, given, need, number, total, value_or
from jicha import indicators
from jicha.money import round_half_up, yuan
from jicha.settle import supply
from jicha.settle.law import law_of

DAYS_OF_MONTH = Decimal(30)  # of a month whose calendar days the case does not give
PRICE = ("price_yuan_per_kwh", "price_yuan")


def other(case: Inputs) -> Answers:
    """Return the answers of one of the smaller topics, by its method."""
    inputs = flat(case)
    methods = {
        "average_price": _average_price,
        "fixed_share": _fixed_share,
        "flat_price": _flat_price,
        "outage_compensation": _outage_compensation,
        "promotion": _promotion,
        "reading_error_rate": _reading_error_rate,
        "recovery_rate": _recovery_rate,
        "temporary_unmetered": _temporary_unmetered,
        "transfer_demand_fold": _transfer_demand_fold,
    }
    return method(inputs, methods)(inputs)


def _average_price(inputs: Inputs) -> Answers:
    basic = value_or(inputs, NOTHING, "capacity_kva", "demand_kw") * value_or(
        inputs, NOTHING, "basic_price_yuan_per_kva", "basic_price_yuan_per_kw"
    )
    energy, price = need(inputs, "kwh"), need(inputs, "energy_price_yuan", *PRICE)
    charge = basic + energy * price
    average = indicators.average_price(charge, energy)
    target = given(inputs, "target_price_yuan")
    if target is None and "reduce_by_yuan" in inputs:
        target = charge / energy - need(inputs, "reduce_by_yuan")
    needed = None if target is None else indicators.energy_for_average_price(basic, price, target)
    answers = {"basic_charge_yuan": yuan(basic), "energy_charge_yuan": yuan(energy * price)}
    return without_nothing(
        {**answers, "total_yuan": yuan(charge), "average_price_yuan": average, "kwh_for_target": needed}
    )


def _fixed_share(inputs: Inputs) -> Answers:
    """Return the energies and charges of a part by ratio (定比) or quantity (定量) and of the rest; the ratio in whole kWh."""
    metered = need(inputs, "total_kwh")
    fixed = given(inputs, "fixed_kwh", "share_kwh")
    if fixed is None:
        fixed = round_half_up(metered * need(inputs, "share_pct") / HUNDRED, 0)
    fixed = min(fixed, metered)
    lines = [
        supply.energy_at_price("fixed_part", fixed, need(inputs, "share_price_yuan")),
        supply.energy_at_price("rest", metered - fixed, need(inputs, "rest_price_yuan")),
    ]
    amounts = [line.amount_yuan or NOTHING for line in lines]
    return {
        "fixed_kwh": fixed,
        "rest_kwh": metered - fixed,
        "fixed_yuan": amounts[0],
        "rest_yuan": amounts[1],
        "total_yuan": total(amounts),
    }


def _flat_price(inputs: Inputs) -> Answers:
    line = supply.energy_at_price("energy", need(inputs, "kwh"), need(inputs, *PRICE))
    return without_nothing({"charge_yuan": line.amount_yuan, "total_yuan": line.amount_yuan})


def _outage_compensation(inputs: Inputs) -> Answers:
    hours, normal = need(inputs, "outage_hours"), need(inputs, "normal_month_kwh")
    days = value_or(inputs, DAYS_OF_MONTH, "month_days")
    settled = supply.outage_compensation(
        hours,
        normal,
        days,
        need(inputs, *PRICE),
        law_for(inputs, "outage_compensation"),
        two_part=bool(inputs.get("two_part", True)),
        multiple=given(inputs, "multiple"),
    )
    return {"outage_kwh": settled.lines[0].quantity, "compensation_yuan": settled.total}


def _promotion(inputs: Inputs) -> Answers:
    growth = value_or(inputs, NOTHING, "growth_pct")
    without = indicators.revenue_after_growth(need(inputs, "old_kwh"), growth, need(inputs, "old_price_yuan"))
    promoted = indicators.revenue_after_growth(
        need(inputs, "new_kwh"), NOTHING, need(inputs, "new_price_yuan")
    )
    return {"without_yuan": without, "with_yuan": promoted, "increase_yuan": promoted - without}


def _reading_error_rate(inputs: Inputs) -> Answers:
    wrong, read = need(inputs, "wrong_users"), need(inputs, "total_users")
    return {"error_rate_pct": indicators.reading_error_rate_pct(wrong, read)}


def _recovery_rate(inputs: Inputs) -> Answers:
    """Return the rates of all, this year's and earlier years' receivables; a part that does not exist has no rate."""
    due, received = need(inputs, "receivable_yuan"), need(inputs, "received_yuan")
    old_due = value_or(inputs, NOTHING, "old_receivable_yuan")
    old_received = value_or(inputs, NOTHING, "old_received_yuan")
    parts = {
        "total_pct": (received, due),
        "this_year_pct": (received - old_received, due - old_due),
        "old_debt_pct": (old_received, old_due),
    }
    return {name: indicators.recovery_rate_pct(*part) for name, part in parts.items() if part[1]}


def _temporary_unmetered(inputs: Inputs) -> Answers:
    loads = [_unmetered_load(load) for load in inputs["loads"]]
    prices = [number(price) for price in inputs["prices_yuan_per_kwh"]]
    settled = supply.temporary_supply(loads, prices, law_of("temporary_supply", "1996"))
    answers: Answers = {
        "kwh": supply.temporary_energy_kwh(loads),
        "energy_yuan": settled.lines[0].amount_yuan,
        "total_yuan": settled.total,
    }
    return {**answers, **_rent(inputs, settled.total), **_refund(inputs, settled.total)}


def _unmetered_load(load: Inputs) -> supply.UnmeteredLoad:
    power = need(load, "kw", "kva") * value_or(load, ONE, "count")
    return supply.UnmeteredLoad(
        power, need(load, "hours_per_day"), need(load, "days"), value_or(load, ONE, "factor")
    )


def _rent(inputs: Inputs, charge: Decimal) -> Answers:
    month = given(inputs, "rent_month_yuan")
    if month is None:
        return {}
    days = value_or(inputs, DAYS_OF_MONTH, "rent_days")
    rent = supply.rent_of_days(month, days, value_or(inputs, DAYS_OF_MONTH, "month_days"))
    return {"rent_yuan": rent, "total_with_rent_yuan": charge + rent}


def _refund(inputs: Inputs, charge: Decimal) -> Answers:
    prepaid = given(inputs, "prepaid_yuan")
    if prepaid is None:
        return {}
    agreed = max(need(load, "days") for load in inputs["loads"])
    share = value_or(inputs, agreed, "used_days", "actual_days") / agreed
    law = law_of("temporary_supply", "1996")
    return {"refund_yuan": supply.temporary_refund(charge, prepaid, law, used_share=share)}


def _transfer_demand_fold(inputs: Inputs) -> Answers:
    loads = [supply.LoadThrough(need(load, "kwh"), need(load, "kwh_per_kw")) for load in inputs["loads"]]
    measured = need(inputs, "actual_kw")
    law = law_for(inputs, "demand_through_another")
    price = given(inputs, "price_yuan_per_kw")
    settled = supply.demand_charge_after_fold(
        measured, loads, value_or(inputs, NOTHING, "price_yuan_per_kw"), law
    )
    answers = {"folded_kw": supply.folded_demand_kw(loads), "billed_kw": settled.lines[0].quantity}
    return answers if price is None else {**answers, "basic_charge_yuan": settled.total}
