"""Adapters of charges: residential steps, the basic charge, the power factor."""

from __future__ import annotations

from decimal import Decimal

from golden_cases.common import (
    FINE,
    HUNDRED,
    NOTHING,
    ONE,
    Answers,
    Inputs,
    average,
    difference,
    given,
    method_of,
    need,
    number,
    numbers,
    per_cent,
    price_in,
    ratio_of,
    rounded_once,
    rules_of,
    says,
    total,
    value_or,
)
from jicha.billing.basic_charge import (
    billed_demand_kw,
    breakeven_share,
    capacity_charge,
    contract_limit_kw,
    demand_charge,
    demand_price,
    kva_days,
)
from jicha.billing.energy_charge import charge
from jicha.billing.line_loss import agreed_loss_kwh
from jicha.billing.power_factor import (
    adjustment_pct,
    adjustment_yuan,
    power_factor,
    power_factor_of_ratio,
    readjusted_yuan,
    rounded_factor,
)
from jicha.billing.register_energy import whole_quotient
from jicha.billing.residential_steps import MONTHS_A_YEAR, scaled_limits, step_increments, tier_energies
from jicha.money import divide_half_up

# Residential steps


def stepped_residential(inputs: Inputs) -> Answers:
    """Return the tiers of a residential use, what each adds, and the total."""
    sold = _sold(inputs)
    use = total(kwh for kwh, _ in sold)
    before = value_or(inputs, NOTHING, "cumulative_before_kwh")
    energies = tier_energies(use, before, _limits(inputs))
    surcharges = numbers(inputs.get("surcharges_yuan"))
    steps = step_increments(energies, surcharges)
    upper = [(kwh, increment) for kwh, increment, _ in steps]
    base = rounded_once(sold)
    answers: Answers = {"use_kwh": use, "base_yuan": base, "surcharge_yuan": rounded_once(upper)}
    answers["cumulative_after_kwh"] = before + use
    total_yuan = rounded_once([*sold, *upper])
    if says(inputs, "分段", "分项", "分档"):
        total_yuan = base + total(amount for _, _, amount in steps)
    answers |= {"total_yuan": total_yuan, "average_price_yuan": average(total_yuan, use)}
    base_price = sold[0][1] if len(sold) == 1 else None
    for number_, kwh in enumerate(energies, 1):
        increment = NOTHING if number_ == 1 else surcharges[number_ - 2]
        answers |= {f"tier{number_}_kwh": kwh, f"tier{number_}_surcharge_yuan": charge(kwh, increment)}
        if base_price is not None:
            answers[f"tier{number_}_yuan"] = charge(kwh, base_price + increment)
    return answers


def _sold(inputs: Inputs) -> list[tuple[Decimal, Decimal]]:
    """Return (kWh, base price) of each period, or of the whole use."""
    base_price = given(inputs, "base_price_yuan")
    if "periods" in inputs:
        periods = inputs["periods"].items()
        return [
            (need(period, "kwh"), price_in(period, base_price, name == "flat")) for name, period in periods
        ]
    use = given(inputs, "use_kwh")
    if use is None:
        use = difference(inputs, "start_reading", "end_reading")[0] * ratio_of(inputs)
    return [(use, need(inputs, "base_price_yuan"))]


def _limits(inputs: Inputs) -> list[Decimal]:
    """Return the limits: monthly ones times the months, yearly ones in the part of the year that `months` says."""
    limits = numbers(inputs.get("limits_kwh"))
    extra = value_or(inputs, NOTHING, "extra_kwh_per_month")
    if inputs.get("monthly_limits"):
        return scaled_limits(limits, int(inputs.get("months", 1)), 1, extra)
    if "months" in inputs:
        return scaled_limits(limits, int(inputs["months"]), MONTHS_A_YEAR, extra)
    return [limit + extra for limit in limits]


# Basic charge


def basic_charge_demand(inputs: Inputs) -> Answers:
    """Return the basic charge by demand, or at which demand both ways cost the same."""
    methods = {
        "contract105": _contract105,
        "actual": _actual,
        "over100_double_min95": _over100_double_min95,
        "floor40": _floor40,
        "breakeven": _breakeven,
    }
    return method_of(inputs, methods, "contract105" if "contract_kw" in inputs else "actual")(inputs)


def actual_demands(inputs: Inputs) -> list[Decimal]:
    """Return the maximum demand of each line, read or given."""
    if "lines_actual_kw" in inputs:
        return numbers(inputs["lines_actual_kw"])
    if "readings_kw" in inputs:
        return [reading * ratio_of(inputs) for reading in numbers(inputs["readings_kw"])]
    demand = given(inputs, "actual_kw")
    return [need(inputs, "reading_kw") * ratio_of(inputs) if demand is None else demand]


def _priced_demand(inputs: Inputs, billed_kw: Decimal) -> Answers:
    """Return the charge of a billed demand: with the 260 kWh/kVA discount and the part of the month."""
    answers: Answers = {"billed_kw": billed_kw}
    month_kwh, capacity = given(inputs, "month_kwh"), given(inputs, "contract_kva", "capacity_kva")
    if month_kwh is not None and capacity:
        answers["kwh_per_kva"] = divide_half_up(month_kwh, capacity, FINE)
    price = given(inputs, "price_yuan_per_kw")
    if price is None:
        return answers
    rules = rules_of(inputs)
    threshold = rules.demand_discount_kwh_per_kva
    if inputs.get("load_rate_rule_260") and month_kwh is not None and capacity and threshold is not None:
        price = demand_price(price, month_kwh, capacity, threshold, rules.demand_discount_factor)
    answers["effective_price_yuan_per_kw"] = price
    basis = _basis_days(inputs)
    answers["basic_charge_yuan"] = demand_charge(billed_kw, price, value_or(inputs, basis, "days"), basis)
    return answers


def _contract(inputs: Inputs, overrun: str) -> Answers:
    rules = rules_of(inputs)
    limit = value_or(inputs, rules.demand_limit_share * HUNDRED, "limit_pct") / HUNDRED
    floor = value_or(inputs, rules.contract_demand_floor_share * HUNDRED, "floor_pct") / HUNDRED
    actual, capacity = actual_demands(inputs), given(inputs, "capacity_kva")
    contracts = numbers(inputs.get("lines_contract_kw"))
    if len(contracts) != len(actual):
        actual, contracts = [total(actual)], [total(contracts) if contracts else need(inputs, "contract_kw")]
    capacities = numbers(inputs.get("lines_capacity_kva"))
    shared = [capacity] if len(contracts) == 1 else [None] * len(contracts)
    kva = capacities if len(capacities) == len(contracts) else shared
    lines = list(zip(actual, contracts, kva, strict=True))
    billed = [billed_demand_kw(kw, contract, size, limit, floor, overrun) for kw, contract, size in lines]
    effective = [contract_limit_kw(contract, size, floor) for _, contract, size in lines]
    answers: Answers = {"actual_kw": total(actual), "effective_contract_kw": total(effective)}
    answers["limit_kw"] = limit * total(effective)
    excess = [
        max(NOTHING, kw - limit * contract) for (kw, _, _), contract in zip(lines, effective, strict=True)
    ]
    answers |= {"excess_kw": total(excess), "over_kw": total(excess)}
    if capacity is not None:
        answers["floor_kw"] = floor * capacity
    return {**answers, **_priced_demand(inputs, total(billed))}


def _contract105(inputs: Inputs) -> Answers:
    return _contract(inputs, inputs.get("overrun") or rules_of(inputs).demand_overrun)


def _over100_double_min95(inputs: Inputs) -> Answers:
    return _contract(inputs, "over100_double_min95")


def _actual(inputs: Inputs) -> Answers:
    demand = total(actual_demands(inputs))
    return {"actual_kw": demand, **_priced_demand(inputs, demand)}


def _floor40(inputs: Inputs) -> Answers:
    """Return the demand as read, at least 40 % of the capacity."""
    rules = rules_of(inputs)
    share = value_or(inputs, rules.contract_demand_floor_share * HUNDRED, "floor_pct") / HUNDRED
    demand, floor = total(actual_demands(inputs)), share * need(inputs, "capacity_kva")
    return {"actual_kw": demand, "floor_kw": floor, **_priced_demand(inputs, max(demand, floor))}


def _breakeven(inputs: Inputs) -> Answers:
    by_capacity, by_demand = need(inputs, "price_yuan_per_kva"), need(inputs, "price_yuan_per_kw")
    answers: Answers = {"breakeven_pct": per_cent(by_capacity, by_demand)}
    capacity = given(inputs, "capacity_kva")
    if capacity is None:
        return answers
    answers["breakeven_kw"] = capacity * breakeven_share(by_capacity, by_demand)
    answers["capacity_charge_yuan"] = charge(capacity, by_capacity)
    if "actual_kw" in inputs:
        answers["demand_charge_yuan"] = charge(need(inputs, "actual_kw"), by_demand)
    return answers


def basic_charge_capacity(inputs: Inputs) -> Answers:
    """Return the basic charge by capacity: transformers whole and part months, suspended or charged in part."""
    basis = _basis_days(inputs)
    items = inputs.get("items") or [{**inputs, "kva": need(inputs, "capacity_kva", "kva")}]
    units = [(need(item, "kva", "kw"), _charged_days(inputs, item, basis)) for item in items]
    rounds = bool(inputs.get("round_kva"))
    billed = total(_billed_kva(kva, days, basis, 0 if rounds else FINE) for kva, days in units)
    answers: Answers = {"billed_kva": billed, "kva_days": kva_days(units)}
    price = given(inputs, "price_yuan_per_kva", "basic_price_yuan_per_kva")
    if price is not None:
        exact = capacity_charge(kva_days(units), price, basis)
        answers["basic_charge_yuan"] = charge(billed, price) if rounds else exact
    return answers


def _basis_days(inputs: Inputs) -> Decimal:
    """Return what a day is divided by: as given, else the month's days where the law counts them, else 30."""
    days = given(inputs, "basis_days")
    if days is not None:
        return days
    month_days = given(inputs, "month_days")
    if month_days is not None and rules_of(inputs).part_month_basis == "calendar_days":
        return month_days
    return Decimal(30)


def _billed_kva(kva: Decimal, days: Decimal, basis: Decimal, places: int) -> Decimal:
    return kva if days == basis else divide_half_up(kva * days, basis, places)


def _charged_days(inputs: Inputs, item: Inputs, basis: Decimal) -> Decimal:
    """Return the days that an item is charged for; days of a suspension count with its factor (0 unless given)."""
    suspended = value_or(item, NOTHING, "suspended_days")
    least = value_or(inputs, Decimal(rules_of(inputs).suspension_minimum_days), "min_suspend_days")
    # The month may show only a part of a suspension: its own length is known only where it is said.
    default = suspended if "min_suspend_days" in inputs else least
    length = value_or(item, default, "suspension_length_days")
    used = given(item, "used_days", "days")
    if used is None:
        used = value_or(inputs, basis, "month_days") if suspended else basis
    if "used_days" not in item:
        used = max(NOTHING, used - suspended)
    elif not suspended and "suspended_factor" in item:
        suspended = basis - used
    factor = ONE if length < least else value_or(item, NOTHING, "suspended_factor")
    return min(basis, used + factor * min(suspended, basis))


# Power factor


def energies_with_losses(inputs: Inputs) -> tuple[Decimal, Decimal]:
    """Return P and Q: both directions of reactive energy, transformer loss, a share of a loss, agreed line loss."""
    active = value_or(inputs, NOTHING, "active_kwh") + value_or(inputs, NOTHING, "loss_active_kwh")
    reactive = abs(value_or(inputs, NOTHING, "reactive_kvarh")) + abs(
        value_or(inputs, NOTHING, "reactive_reverse_kvarh")
    )
    reactive += value_or(inputs, NOTHING, "loss_reactive_kvarh")
    active += _shared_loss(inputs, "loss_active_total_kwh")
    reactive += _shared_loss(inputs, "loss_reactive_total_kvarh")
    line_loss = given(inputs, "line_loss_pct")
    if line_loss is not None:
        active += agreed_loss_kwh(active, line_loss)
        reactive += agreed_loss_kwh(reactive, line_loss)
    return active, reactive


def _shared_loss(inputs: Inputs, name: str) -> Decimal:
    """Return the part of a loss that falls to the assessed point, whole kWh or kvarh half up."""
    loss = given(inputs, name)
    if loss is None:
        return NOTHING
    if "share_kwh" not in inputs:
        return loss
    return whole_quotient(loss * need(inputs, "share_kwh"), need(inputs, "share_total_kwh"))


def factor_of(inputs: Inputs) -> Decimal | None:
    """Return the power factor: as given, from cos φ, from Q ÷ P or from the energies."""
    factor = given(inputs, "power_factor", "raw_cos")
    if factor is not None:
        return rounded_factor(factor)
    ratio = given(inputs, "ratio_q_over_p", "tan_phi")
    if ratio is not None:
        return power_factor_of_ratio(ratio)
    if "reactive_kvarh" not in inputs and "reactive_reverse_kvarh" not in inputs:
        return None
    return power_factor(*energies_with_losses(inputs))


def pf_from_energy(inputs: Inputs) -> Answers:
    """Return the power factor with the energies that it rests on."""
    answers: Answers = {"power_factor": factor_of(inputs)}
    if "active_kwh" in inputs or "reactive_kvarh" in inputs:
        active, reactive = energies_with_losses(inputs)
        answers |= {"active_total_kwh": active, "reactive_total_kvarh": reactive}
        if active > 0:
            answers["tan_phi"] = divide_half_up(reactive, active, FINE)
    standard = given(inputs, "pf_standard")
    if standard is not None and answers["power_factor"] is not None:
        answers["rate_pct"] = adjustment_pct(standard, answers["power_factor"])
    return answers


def pf_adjustment(inputs: Inputs) -> Answers:
    """Return the adjustment of a bill, at a target factor too, or the correction of one that read Q wrongly."""
    methods = {"rebill_after_reactive_correction": _after_correction, "adjust": _adjust}
    return method_of(inputs, methods, "adjust")(inputs)


def basic_of(inputs: Inputs) -> Decimal | None:
    """Return the basic charge: as given, by capacity or by demand."""
    amount = given(inputs, "basic_charge_yuan")
    if amount is not None:
        return amount
    price = given(inputs, "basic_price_yuan_per_kva", "price_yuan_per_kva")
    if price is not None and {"capacity_kva", "kva", "items"} & inputs.keys():
        charged = basic_charge_capacity({**inputs, "price_yuan_per_kva": price})["basic_charge_yuan"]
        return number(charged)
    demand_yuan = given(inputs, "price_yuan_per_kw", "basic_price_yuan_per_kw")
    if demand_yuan is None:
        return None
    billed = given(inputs, "billed_kw", "demand_kw")
    question = {**inputs, "price_yuan_per_kw": demand_yuan}
    question.pop("method", None)
    answers = _priced_demand(question, billed) if billed is not None else basic_charge_demand(question)
    return number(answers["basic_charge_yuan"])


def _energy_charge(inputs: Inputs) -> Decimal | None:
    """Return the energy charge without the funds that its price holds."""
    amount = given(inputs, "energy_charge_yuan")
    price = given(inputs, "price_yuan_per_kwh")
    if amount is not None or price is None:
        return amount
    return charge(energies_with_losses(inputs)[0], price - total(numbers(inputs.get("fund_yuan_per_kwh"))))


def _adjust(inputs: Inputs) -> Answers:
    answers = pf_from_energy(inputs)
    energy, basic = _energy_charge(inputs), basic_of(inputs)
    answers |= {"energy_charge_yuan": energy, "basic_charge_yuan": basic}
    if energy is None and basic is None:
        return {**answers, **_at_target(inputs, None, answers)}
    base = (energy or NOTHING) + (basic or NOTHING)
    answers["base_yuan"] = base
    if answers.get("rate_pct") is not None:
        answers["pf_adjust_yuan"] = adjustment_yuan(base, answers["rate_pct"])
        fund = charge(energies_with_losses(inputs)[0], total(numbers(inputs.get("fund_yuan_per_kwh"))))
        answers |= {"funds_yuan": fund, "total_yuan": base + fund + answers["pf_adjust_yuan"]}
    return {**answers, **_at_target(inputs, base, answers)}


def _at_target(inputs: Inputs, base: Decimal | None, answers: Answers) -> Answers:
    """Return the adjustment at a target power factor, and what reaching it saves."""
    target = given(inputs, "target_power_factor")
    if target is None:
        return {}
    percent = adjustment_pct(need(inputs, "pf_standard"), rounded_factor(target))
    reached: Answers = {"target_rate_pct": percent}
    if base is not None:
        reached["target_pf_adjust_yuan"] = adjustment_yuan(base, percent)
        if "pf_adjust_yuan" in answers:
            reached["saving_yuan"] = answers["pf_adjust_yuan"] - reached["target_pf_adjust_yuan"]
    return reached


def _after_correction(inputs: Inputs) -> Answers:
    """Return the back bill when reactive (or active) energy was read too low; the billed total holds the adjustment."""
    billed = pf_from_energy(inputs)
    right_inputs = dict(inputs)
    for read, missed in (("reactive_kvarh", "missed_reactive_kvarh"), ("active_kwh", "missed_active_kwh")):
        right_inputs[read] = value_or(inputs, NOTHING, read) + value_or(inputs, NOTHING, missed)
    right_inputs.pop("power_factor", None)
    right = pf_from_energy(right_inputs)
    total_yuan = given(inputs, "billed_total_yuan")
    if total_yuan is None:
        total_yuan = number(_adjust(inputs)["total_yuan"])
    corrected = readjusted_yuan(total_yuan, billed["rate_pct"], right["rate_pct"])
    base = readjusted_yuan(total_yuan, billed["rate_pct"], NOTHING)
    return {
        **billed,
        "base_yuan": base,
        "billed_total_yuan": total_yuan,
        "corrected_reactive_kvarh": right["reactive_total_kvarh"],
        "corrected_power_factor": right["power_factor"],
        "corrected_rate_pct": right["rate_pct"],
        "corrected_total_yuan": corrected,
        "back_bill_yuan": corrected - total_yuan,
    }
