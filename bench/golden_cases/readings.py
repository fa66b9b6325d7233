"""Adapters of readings and quantities: register energy, rollover, bands, transformer and line loss."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from golden_cases.common import (
    FINE,
    HUNDRED,
    NOTHING,
    ONE,
    Answers,
    Inputs,
    average,
    charges,
    difference,
    energy_places,
    given,
    method_of,
    need,
    number,
    numbers,
    price_in,
    ratio_of,
    rounded,
    rules_of,
    says,
    total,
    value_or,
)
from jicha.billing.deductions import share_by_energy
from jicha.billing.energy_charge import charge
from jicha.billing.line_loss import agreed_loss_kwh
from jicha.billing.network_loss import current_loss_kwh, line_loss_kw, loss_kwh, rate_pct, supply_kwh
from jicha.billing.register_energy import rollover_accepted
from jicha.billing.transformer_loss import (
    Nameplate,
    combined_loss_kw,
    copper_share_kwh,
    formula_loss,
    iron_loss_kwh,
    loaded_kw,
    month_share_kwh,
)
from jicha.money import divide_half_up

TEN_THOUSAND = Decimal(10000)


def priced(inputs: Inputs, kwh: Decimal) -> Answers:
    """Return the charge of the energy where the case has a price."""
    price = given(inputs, "price_yuan_per_kwh", "price_yuan")
    return {} if price is None else {"charge_yuan": charge(kwh, price)}


def reading_to_energy(inputs: Inputs) -> Answers:
    """Return the energy of one register, or of several meters with ratios of their own."""
    places = energy_places(inputs, None)
    if "meters" in inputs:
        energies = [_advance(meter)[0] * ratio_of({**_ratios(inputs), **meter}) for meter in inputs["meters"]]
        kwh = rounded(total(energies), places)
        each = {f"meter{place}_kwh": energy for place, energy in enumerate(energies, 1)}
        return {**each, "kwh": kwh, **priced(inputs, kwh)}
    advance, wrapped = _advance(inputs)
    kwh = rounded(advance * ratio_of(inputs), places)
    answers: Answers = {"multiplier": ratio_of(inputs), "difference": advance, "wrapped": wrapped}
    return {**answers, "kwh": kwh, "kvarh": kwh, **priced(inputs, kwh)}


def _ratios(inputs: Inputs) -> Inputs:
    return {
        key: inputs[key] for key in ("ct_ratio", "pt_ratio", "multiplier", "integer_digits") if key in inputs
    }


def _advance(meter: Inputs) -> tuple[Decimal, bool]:
    advanced = given(meter, "difference", "kwh", "kvarh")
    return difference(meter, "start", "end") if advanced is None else (advanced, False)


def meter_rollover(inputs: Inputs) -> Answers:
    """Return the energy over a rollover, with that of a meter taken off in the same month."""
    places = energy_places(inputs, None)
    advance, wrapped = _advance(inputs)
    energy = advance * ratio_of(inputs)
    answers: Answers = {"multiplier": ratio_of(inputs), "difference": advance, "wrapped": wrapped}
    if "old_meter_start" in inputs:
        digits = "old_integer_digits" if "old_integer_digits" in inputs else "integer_digits"
        old_advance, old_wrapped = difference(inputs, "old_meter_start", "old_meter_end", digits)
        old_energy = old_advance * value_or(inputs, ratio_of(inputs), "old_multiplier")
        answers |= {"old_difference": old_advance, "old_kwh": old_energy}
        answers |= {"new_kwh": energy, "wrapped": wrapped or old_wrapped}
        energy += old_energy
    capacity = given(inputs, "capacity_kva")
    if capacity is not None:
        hours = value_or(inputs, Decimal(rules_of(inputs).full_month_hours), "hours_h")
        factor = value_or(inputs, rules_of(inputs).rollover_capacity_factor, "factor")
        answers["accepted"] = rollover_accepted(energy, capacity, hours, factor)
    kwh = rounded(energy, places)
    return {**answers, "kwh": kwh, **priced(inputs, kwh)}


def bands_of(inputs: Inputs) -> dict[str, Decimal]:
    """Return the billed energy of each band: fixed quantities come off flat, losses go to flat."""
    energies: dict[str, Decimal] = {}
    for name, period in inputs["periods"].items():
        advanced = given(period, "kwh")
        energies[name] = (
            difference(period, "start", "end")[0] * ratio_of(inputs) if advanced is None else advanced
        )
    off_and_on = value_or(inputs, NOTHING, "loss_to_flat_kwh") - value_or(inputs, NOTHING, "excluded_kwh")
    whole_energy = given(inputs, "total_kwh")
    if whole_energy is not None:
        others = total(kwh for name, kwh in energies.items() if name != "flat")
        energies["flat"] = whole_energy - others + off_and_on
    elif off_and_on:
        energies["flat"] = energies.get("flat", NOTHING) + off_and_on
    return energies


def band_prices(inputs: Inputs, names: Any) -> dict[str, Decimal]:
    """Return the price of each named band."""
    flat_price = given(inputs, "flat_price_yuan", "flat_price_yuan_per_kwh")
    periods = inputs["periods"]
    return {name: price_in(periods.get(name, {}), flat_price, name == "flat") for name in names}


def tou_energy(inputs: Inputs) -> Answers:
    """Return the charge of each band of time-of-use energy and their sum."""
    energies = bands_of(inputs)
    prices = band_prices(inputs, energies)
    amounts = charges(energies, prices)
    sum_kwh, sum_yuan = total(energies.values()), total(amounts.values())
    answers: Answers = {
        "total_kwh": sum_kwh,
        "total_yuan": sum_yuan,
        "average_price_yuan": average(sum_yuan, sum_kwh),
    }
    for name, kwh in energies.items():
        answers |= {f"{name}_kwh": kwh, f"{name}_yuan": amounts[name], f"{name}_price_yuan": prices[name]}
    return answers


# Transformer loss


def transformer_loss(inputs: Inputs) -> Answers:
    """Return transformer losses by the method of the case."""
    methods = {
        "no_load_hours": _no_load_hours,
        "prorate_days": _prorate_days,
        "fixed_plus_pct": _fixed_plus_pct,
        "allocate": _allocate,
        "beta": _beta,
        "formula": _formula,
    }
    return method_of(inputs, methods, "formula")(inputs)


def _billed(inputs: Inputs, active_loss: Decimal, reactive_loss: Decimal | None = None) -> Answers:
    """Return what is billed with the losses, and its price where the case has one."""
    read = value_or(inputs, NOTHING, "read_active_kwh", "read_kwh", "active_kwh")
    answers: Answers = {"active_loss_kwh": active_loss, "billed_active_kwh": read + active_loss}
    answers |= priced(inputs, read + active_loss)
    if reactive_loss is not None:
        read_reactive = value_or(inputs, NOTHING, "read_reactive_kvarh", "reactive_kvarh")
        answers |= {
            "reactive_loss_kvarh": reactive_loss,
            "billed_reactive_kvarh": read_reactive + reactive_loss,
        }
    submetered = given(inputs, "submetered_kwh")
    if submetered and "charge_yuan" in answers:
        answers["average_price_yuan_per_kwh"] = average(answers["charge_yuan"], submetered)
    return answers


def _month_iron(inputs: Inputs, name: str) -> Decimal:
    """Return a month's iron loss, or the part of it that falls on the days in service."""
    month = value_or(inputs, NOTHING, name)
    if "days" not in inputs:
        return month
    return month * need(inputs, "days") / value_or(inputs, Decimal(30), "month_days")


def _no_load_hours(inputs: Inputs) -> Answers:
    hours = value_or(inputs, Decimal(rules_of(inputs).full_month_hours), "hours_h")
    iron = iron_loss_kwh(need(inputs, "p0_kw"), hours)
    copper = copper_share_kwh(
        value_or(inputs, NOTHING, "read_active_kwh", "read_kwh"), value_or(inputs, NOTHING, "copper_pct")
    )
    loss = rounded(iron + copper + value_or(inputs, NOTHING, "cable_loss_kwh"), energy_places(inputs, 0))
    return {"iron_active_kwh": iron, "copper_active_kwh": copper, **_billed(inputs, loss)}


def _prorate_days(inputs: Inputs) -> Answers:
    days, month_days = need(inputs, "days"), value_or(inputs, Decimal(30), "month_days")
    loss = month_share_kwh(need(inputs, "month_loss_kwh"), days, month_days)
    month_reactive = given(inputs, "month_loss_kvarh", "month_reactive_loss_kvarh")
    reactive = None if month_reactive is None else month_share_kwh(month_reactive, days, month_days)
    return _billed(inputs, loss, reactive)


def _fixed_plus_pct(inputs: Inputs) -> Answers:
    places = energy_places(inputs, 0)
    iron = _month_iron(inputs, "iron_active_kwh")
    copper = copper_share_kwh(
        value_or(inputs, NOTHING, "read_active_kwh", "read_kwh"), value_or(inputs, NOTHING, "copper_pct")
    )
    loss = rounded(iron + copper + value_or(inputs, NOTHING, "cable_loss_kwh"), places)
    answers: Answers = {"iron_active_kwh": iron, "copper_active_kwh": rounded(copper, places)}
    if not {"iron_reactive_kvarh", "k_reactive"} & inputs.keys():
        return {**answers, **_billed(inputs, loss)}
    copper_reactive = copper * value_or(inputs, NOTHING, "k_reactive")
    reactive = rounded(_month_iron(inputs, "iron_reactive_kvarh") + copper_reactive, places)
    answers["copper_reactive_kvarh"] = rounded(copper_reactive, places)
    return {**answers, **_billed(inputs, loss, reactive)}


def _allocate(inputs: Inputs) -> Answers:
    points = {name: number(kwh) for name, kwh in inputs["points_kwh"].items()}
    names, energies = list(points), list(points.values())
    main = inputs.get("main_point") or max(names, key=points.__getitem__)
    answers: Answers = {"points_total_kwh": total(energies)}
    shares = share_by_energy(need(inputs, "total_loss_kwh"), energies, names.index(main))
    prices = inputs.get("prices_yuan", {})
    for name, share in zip(names, shares, strict=True):
        billed = points[name] + share
        answers |= {f"{name}_loss_kwh": share, f"{name}_billed_kwh": billed}
        if name in prices:
            answers[f"{name}_yuan"] = charge(billed, number(prices[name]))
    return answers


def _beta(inputs: Inputs) -> Answers:
    """Return the losses at a load factor; with round_steps each step is rounded (to 2 decimals unless stated)."""
    places = None
    if inputs.get("round_steps"):
        places = next((digit for digit in (1, 2, 3, 4) if says(inputs, f"{digit}位")), 2)
    rated = given(inputs, "rated_kva")
    factor = _load_factor(inputs, rated)
    fluctuation = value_or(inputs, ONE, "kt")
    active = rounded(loaded_kw(need(inputs, "p0_kw"), need(inputs, "pk_kw"), factor, fluctuation), places)
    answers: Answers = {"beta": factor, "active_loss_kw": active}
    total_kw = active
    if rated is not None and {"i0_pct", "uk_pct"} & inputs.keys():
        no_load = rounded(value_or(inputs, NOTHING, "i0_pct") * rated / HUNDRED, places)
        load = rounded(value_or(inputs, NOTHING, "uk_pct") * rated / HUNDRED, places)
        reactive = rounded(loaded_kw(no_load, load, factor, fluctuation), places)
        total_kw = rounded(combined_loss_kw(active, reactive, value_or(inputs, NOTHING, "kq")), places)
        answers |= {"q0_kvar": no_load, "qk_kvar": load, "reactive_loss_kvar": reactive}
    answers["total_loss_kw"] = total_kw
    hours = given(inputs, "hours_h")
    if hours is not None:
        answers |= {
            "annual_loss_kwh": total_kw * hours,
            "annual_loss_wan_kwh": total_kw * hours / TEN_THOUSAND,
        }
        answers |= {"loss_kwh": total_kw * hours, "active_loss_kwh": active * hours}
    return answers


def _load_factor(inputs: Inputs, rated: Decimal | None) -> Decimal:
    factor = given(inputs, "beta")
    if factor is not None:
        return factor
    load = given(inputs, "load_kva")
    if load is None:
        load = need(inputs, "load_kw") / value_or(inputs, ONE, "cos_phi")
    return load / (ONE if rated is None else rated)


def _formula(inputs: Inputs) -> Answers:
    """Return the losses by the standard formula of one transformer."""
    names = ("rated_kva", "p0_kw", "pk_kw", "i0_pct", "uk_pct")
    plate = Nameplate(*(value_or(inputs, NOTHING, name) for name in names))
    rules = rules_of(inputs)
    hours = given(inputs, "hours_h")
    if hours is None:
        days = given(inputs, "days")
        hours = Decimal(rules.full_month_hours) if days is None else days * rules.day_hours
    shape = value_or(inputs, rules.load_shape_factor, "load_shape", "k")
    active = value_or(inputs, NOTHING, "read_active_kwh", "active_kwh", "read_kwh")
    reactive = value_or(inputs, NOTHING, "read_reactive_kvarh", "reactive_kvarh")
    return _billed(inputs, *formula_loss([(plate, hours)], active, reactive, shape))


# Line loss


def line_loss(inputs: Inputs) -> Answers:
    """Return losses of the network, or the billed loss by an agreed percentage."""
    methods = {
        "feeder": _feeder,
        "i2r": _i2r,
        "i2r_current": _i2r_current,
        "bus": _bus,
        "grid": _grid,
        "agreed": _agreed,
    }
    return method_of(inputs, methods, "feeder")(inputs)


def _rates(answers: Answers, supply: Decimal | None) -> Answers:
    """Return the answers with the rate of loss where the supply is known."""
    return answers if not supply else {**answers, "loss_rate_pct": rate_pct(answers["loss_kwh"], supply)}


def _feeder(inputs: Inputs) -> Answers:
    supply, lossless = total(numbers(inputs["supply_kwh"])), total(numbers(inputs.get("lossless_kwh")))
    loss = loss_kwh(supply, numbers(inputs["sales_kwh"]), lossless)
    answers: Answers = {"supply_kwh": supply, "loss_kwh": loss}
    if supply != lossless:
        answers["loss_rate_with_loss_users_pct"] = rate_pct(loss, supply - lossless)
    return _rates(answers, supply)


def _resistance(inputs: Inputs) -> Decimal:
    ohm = given(inputs, "r_ohm")
    return need(inputs, "r_ohm_per_km") * need(inputs, "length_km") if ohm is None else ohm


def _i2r(inputs: Inputs) -> Answers:
    active = need(inputs, "p_kw")
    loss = line_loss_kw(
        active, value_or(inputs, NOTHING, "q_kvar"), need(inputs, "u_kv"), _resistance(inputs)
    )
    answers: Answers = {"loss_kw": loss, "loss_rate_pct": rate_pct(loss, active)}
    hours = given(inputs, "hours_h")
    if hours is not None:
        answers["loss_kwh"] = loss * hours
        return _rates(answers, given(inputs, "supply_kwh"))
    return answers


def _i2r_current(inputs: Inputs) -> Answers:
    hours = value_or(inputs, Decimal(rules_of(inputs).full_month_hours), "hours_h")
    current, ohm = need(inputs, "i_a"), _resistance(inputs)
    loss = current_loss_kwh(current, ohm, hours, int(inputs.get("wires", 3)))
    answers: Answers = {"loss_kwh": loss, "loss_kw": divide_half_up(loss, hours, FINE)}
    return _rates(answers, given(inputs, "supply_kwh"))


def _bus(inputs: Inputs) -> Answers:
    came = total(numbers(inputs["in_kwh"]))
    unbalance = loss_kwh(came, numbers(inputs["out_kwh"]))
    return {"unbalance_kwh": unbalance, "unbalance_pct": rate_pct(unbalance, came)}


def _grid(inputs: Inputs) -> Answers:
    generation = value_or(inputs, NOTHING, "generation_kwh")
    plant_use = given(inputs, "plant_use_kwh")
    if plant_use is None:
        plant_use = generation * value_or(inputs, NOTHING, "plant_use_pct") / HUNDRED
    purchase, export = value_or(inputs, NOTHING, "purchase_kwh"), value_or(inputs, NOTHING, "export_kwh")
    supply = supply_kwh(generation, plant_use, purchase, export)
    answers: Answers = {"plant_use_kwh": plant_use, "supply_kwh": supply}
    if "sales_kwh" not in inputs:
        return answers
    return _rates({**answers, "loss_kwh": loss_kwh(supply, numbers(inputs["sales_kwh"]))}, supply)


def _agreed(inputs: Inputs) -> Answers:
    energy = need(inputs, "read_kwh", "read_active_kwh", "active_kwh")
    loss = agreed_loss_kwh(energy, need(inputs, "line_loss_pct", "loss_pct"))
    return {"loss_kwh": loss, "billed_kwh": energy + loss, **priced(inputs, energy + loss)}
