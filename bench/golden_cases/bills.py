"""Adapters of whole bills: energy, basic charge, funds and the power factor together."""

from __future__ import annotations

from decimal import Decimal

from golden_cases.charges import basic_of, energies_with_losses, factor_of
from golden_cases.common import (
    HUNDRED,
    NOTHING,
    ONE,
    Answers,
    Inputs,
    UnknownMethod,
    average,
    charges,
    difference,
    fund_charges,
    given,
    method_of,
    need,
    numbers,
    ratio_in,
    ratio_of,
    total,
    value_or,
)
from golden_cases.readings import band_prices, bands_of
from jicha.billing.deductions import share_by_energy, take_fixed
from jicha.billing.energy_charge import band_price, charge
from jicha.billing.power_factor import adjustment_pct, adjustment_yuan, power_factor
from jicha.billing.register_energy import multiplier, whole_quotient
from jicha.billing.transformer_loss import month_share_kwh


def full_bill(inputs: Inputs) -> Answers:
    """Return a whole bill by the method of the case."""
    methods = {
        "generic": _generic,
        "two_part_tou_funds": _two_part_tou_funds,
        "swap_mid_month": _swap_mid_month,
        "low_side_three_points": _low_side_three_points,
    }
    return method_of(inputs, methods, "generic")(inputs)


def _assessed(inputs: Inputs, base: Decimal, factor: Decimal | None) -> Answers:
    """Return the power-factor adjustment of a base; nothing where there is no standard or no factor."""
    standard = given(inputs, "pf_standard")
    if standard is None or factor is None:
        return {"power_factor": factor, "pf_adjust_yuan": NOTHING, "pf_base_yuan": base}
    percent = adjustment_pct(standard, factor)
    answers: Answers = {"power_factor": factor, "rate_pct": percent, "pf_base_yuan": base}
    return {**answers, "pf_adjust_yuan": adjustment_yuan(base, percent)}


def _closed(answers: Answers, kwh: Decimal, *amounts: Decimal) -> Answers:
    """Return the answers with total and average price."""
    total_yuan = total(amounts) + answers["pf_adjust_yuan"]
    return {**answers, "total_yuan": total_yuan, "average_price_yuan": average(total_yuan, kwh)}


def _funds(inputs: Inputs, kwh: Decimal) -> Decimal:
    """Return the funds on all energy; they stay outside the adjustment."""
    return fund_charges(kwh, inputs.get("funds_yuan_per_kwh", inputs.get("fund_yuan_per_kwh")))


def _generic(inputs: Inputs) -> Answers:
    """Return a bill of bands or one price; fixed lighting comes off first and stays outside the adjustment."""
    active, reactive = _active(inputs), _reactive(inputs)
    parts, left = take_fixed(active, numbers(inputs.get("lighting_fixed_kwh")), _ratios(inputs))
    lighting_kwh = total(parts)
    answers, energy_yuan = _energy(inputs, left)
    basic = basic_of({"month_kwh": active, **inputs}) or NOTHING
    in_base, funds = fund_charges(active, inputs.get("in_base_yuan_per_kwh")), _funds(inputs, active)
    lighting = charge(lighting_kwh, value_or(inputs, NOTHING, "lighting_price_yuan"))
    base = energy_yuan + basic + in_base
    answers |= {
        "active_kwh": active,
        "total_kwh": active,
        "lighting_kwh": lighting_kwh,
        "lighting_yuan": lighting,
    }
    answers |= {"basic_charge_yuan": basic, "in_base_yuan": in_base, "funds_yuan": funds}
    answers |= {
        "energy_charge_yuan": energy_yuan,
        "power_before_pf_yuan": base,
        "reactive_total_kvarh": reactive,
    }
    factor = factor_of(inputs) if {"power_factor", "raw_cos", "ratio_q_over_p"} & inputs.keys() else None
    if factor is None and reactive is not None:
        factor = power_factor(active, reactive)
    answers |= _assessed(inputs, base, factor)
    return _closed(answers, active, base, funds, lighting)


def _active(inputs: Inputs) -> Decimal:
    """Return all active energy of a bill with its losses: of its bands, its total or its register."""
    if "tou" in inputs:
        tou = inputs["tou"]
        read = total(bands_of(tou).values()) + value_or(tou, NOTHING, "excluded_kwh")
    elif "active_end" in inputs:
        read = difference(inputs, "active_start", "active_end")[0] * ratio_of(inputs)
    else:
        read = value_or(inputs, NOTHING, "active_kwh")
    return energies_with_losses({**inputs, "active_kwh": read})[0]


def _reactive(inputs: Inputs) -> Decimal | None:
    """Return all reactive energy of a bill with its losses; None where the case has none."""
    if "reactive_end" in inputs:
        read = _reactive_read(inputs) * ratio_of(inputs)
        return energies_with_losses({**inputs, "reactive_kvarh": read, "reactive_reverse_kvarh": 0})[1]
    if "reactive_kvarh" in inputs or "reactive_reverse_kvarh" in inputs:
        return energies_with_losses(inputs)[1]
    return None


def _energy(inputs: Inputs, kwh: Decimal) -> tuple[Answers, Decimal]:
    """Return the bands (losses and fixed quantities on flat) or the single price: answers and energy charge."""
    if "tou" not in inputs:
        amount = given(inputs, "energy_charge_yuan")
        return {}, charge(kwh, need(inputs, "price_yuan_per_kwh")) if amount is None else amount
    tou = inputs["tou"]
    energies = bands_of({**tou, "total_kwh": kwh - value_or(tou, NOTHING, "loss_to_flat_kwh")})
    amounts = charges(energies, band_prices(tou, energies))
    answers: Answers = {}
    for name, energy in energies.items():
        answers |= {f"{name}_kwh": energy, f"{name}_yuan": amounts[name]}
    return answers, total(amounts.values())


def _with_flat(active: Decimal, advance: dict[str, Decimal]) -> dict[str, Decimal]:
    """Return the bands in kWh; flat is what the others leave."""
    return {**advance, "flat": active - total(advance.values())}


def _band_ratio(inputs: Inputs, name: str) -> Decimal:
    ratio = ratio_in(inputs, f"{name}_")
    if ratio is None and name != "flat":
        raise UnknownMethod(f"no ratio of {name}")
    return ONE if ratio is None else ratio


def _priced_bands(inputs: Inputs, energies: dict[str, Decimal]) -> dict[str, Decimal]:
    flat = need(inputs, "flat_price_yuan")
    return charges(energies, {name: band_price(flat, _band_ratio(inputs, name)) for name in energies})


def _registers(inputs: Inputs, first: str, last: str) -> dict[str, Decimal]:
    """Return what the bands' registers advanced, whatever the bands are called, flat apart."""
    ends = f"_{last}"
    names = [key.removesuffix(ends) for key in inputs if key.endswith(ends)]
    plain = ("active", "reactive", "reactive_reverse", "flat", "old", "old_meter")
    return {
        name: difference(inputs, f"{name}_{first}", f"{name}_{last}")[0]
        for name in names
        if name not in plain
    }


def _two_part_tou_funds(inputs: Inputs) -> Answers:
    """Return the bill of a two-part customer: fixed lighting off the flat band, outside the adjustment, funds on all."""
    factor = ratio_of(inputs)
    active, reactive = _active(inputs), _reactive(inputs) or NOTHING
    lighting_parts, _ = take_fixed(active, numbers(inputs.get("lighting_fixed_kwh")), _ratios(inputs))
    lighting_kwh = total(lighting_parts)
    bands = {name: kwh * factor for name, kwh in _registers(inputs, "start", "end").items()}
    energies = _with_flat(active - lighting_kwh, bands)
    amounts = _priced_bands(inputs, energies)
    lighting = charge(lighting_kwh, value_or(inputs, NOTHING, "lighting_price_yuan"))
    basic = basic_of({"month_kwh": active, **inputs}) or NOTHING
    energy_yuan = total(amounts.values())
    base = energy_yuan + basic + fund_charges(active, inputs.get("in_base_yuan_per_kwh"))
    funds = _funds(inputs, active)
    answers: Answers = {"multiplier": factor, "active_kwh": active, "reactive_kvarh": reactive}
    for name, kwh in energies.items():
        answers |= {f"{name}_kwh": kwh, f"{name}_yuan": amounts[name]}
    answers |= {"lighting_kwh": lighting_kwh, "lighting_yuan": lighting, "basic_charge_yuan": basic}
    answers |= {"energy_charge_yuan": energy_yuan, "power_before_pf_yuan": base, "funds_yuan": funds}
    answers |= _assessed(inputs, base, power_factor(active, reactive))
    return _closed(answers, active, base, lighting, funds)


def _reactive_read(inputs: Inputs) -> Decimal:
    """Return what both reactive registers advanced, each as an absolute value."""
    read = NOTHING
    for name in ("reactive", "reactive_reverse"):
        if f"{name}_end" in inputs:
            read += abs(difference(inputs, f"{name}_start", f"{name}_end")[0])
    return read


def _ratios(inputs: Inputs) -> list[Decimal]:
    """Return the fixed ratio of lighting where the case has one."""
    percent = given(inputs, "lighting_share_pct", "lighting_ratio_pct")
    return [] if percent is None else [percent / HUNDRED]


def _swap_mid_month(inputs: Inputs) -> Answers:
    """Return the bill of a month with a small transformer before and a high-side meter after the change."""
    loss = NOTHING
    if "month_loss_kwh" in inputs:
        days = value_or(inputs, Decimal(30), "month_days")
        loss = month_share_kwh(need(inputs, "month_loss_kwh"), value_or(inputs, days, "loss_days"), days)
    old_read = difference(inputs, "old_start", "old_end")[0] * value_or(inputs, ONE, "old_multiplier")
    old_kwh = old_read + loss
    old_yuan = charge(old_kwh, value_or(inputs, need(inputs, "flat_price_yuan"), "old_price_yuan"))
    factor = ratio_of(inputs)
    active = _read(inputs, "active") * factor
    reactive = (abs(_read(inputs, "reactive")) + abs(_read(inputs, "reactive_reverse"))) * factor
    energies = _with_flat(active, _new_bands(inputs, factor))
    amounts = _priced_bands(inputs, energies)
    energy_yuan = total(amounts.values())
    basic = basic_of(inputs) or NOTHING
    funds = _funds(inputs, old_kwh + active)
    answers: Answers = {
        "old_read_kwh": old_read,
        "old_loss_kwh": loss,
        "old_kwh": old_kwh,
        "old_charge_yuan": old_yuan,
    }
    answers |= {
        "multiplier": factor,
        "active_kwh": active,
        "reactive_kvarh": reactive,
        "basic_charge_yuan": basic,
    }
    for name, kwh in energies.items():
        answers |= {f"{name}_kwh": kwh, f"{name}_yuan": amounts[name]}
    answers |= {"energy_charge_yuan": energy_yuan, "funds_yuan": funds}
    answers |= _assessed(inputs, energy_yuan + basic, power_factor(active, reactive))
    return _closed(answers, old_kwh + active, old_yuan, energy_yuan, basic, funds)


def _read(inputs: Inputs, name: str) -> Decimal:
    """Return what a register of the new meter shows, or advanced."""
    shown = given(inputs, f"{name}_read")
    if shown is None and f"{name}_end" in inputs:
        return difference(inputs, f"{name}_start", f"{name}_end")[0]
    return shown or NOTHING


def _new_bands(inputs: Inputs, factor: Decimal) -> dict[str, Decimal]:
    plain = ("active", "reactive", "reactive_reverse", "flat")
    shown = [key.removesuffix("_read") for key in inputs if key.endswith("_read")]
    bands = {name: need(inputs, f"{name}_read") * factor for name in shown if name not in plain}
    return bands or {name: kwh * factor for name, kwh in _registers(inputs, "start", "end").items()}


def _low_side_three_points(inputs: Inputs) -> Answers:
    """Return the bill of points behind one transformer: its loss is shared by energy, the main point is assessed."""
    names = [
        key.removesuffix("_start")
        for key in inputs
        if key.endswith("_start") and not key.startswith("reactive")
    ]
    main = inputs.get("main_point") or ("workshop" if "workshop" in names else names[0])
    read = {
        name: difference(inputs, f"{name}_start", f"{name}_end")[0] * _point_ratio(inputs, name, main)
        for name in names
    }
    loss = value_or(inputs, NOTHING, "loss_active_kwh")
    shares = share_by_energy(loss, list(read.values()), names.index(main))
    billed = {name: kwh + share for (name, kwh), share in zip(read.items(), shares, strict=True)}
    amounts = charges(billed, {name: need(inputs, f"{name}_price_yuan") for name in names})
    answers: Answers = {"points_total_kwh": total(read.values())}
    for name, share in zip(names, shares, strict=True):
        answers |= {
            f"{name}_read_kwh": read[name],
            f"{name}_loss_kwh": share,
            f"{name}_billed_kwh": billed[name],
        }
        answers[f"{name}_yuan"] = amounts[name]
    fund = total(numbers(inputs.get("fund_yuan_per_kwh")))
    ex_fund = charge(billed[main], need(inputs, f"{main}_price_yuan") - fund)
    basic = basic_of(inputs) or NOTHING
    reactive_read = _reactive_read(inputs) * _point_ratio(inputs, main, main)
    reactive_loss = value_or(inputs, NOTHING, "loss_reactive_kvarh")
    all_read = total(read.values())
    reactive_share = whole_quotient(reactive_loss * read[main], all_read) if all_read else reactive_loss
    reactive = reactive_read + reactive_share
    answers |= {
        f"{main}_ex_fund_yuan": ex_fund,
        "basic_charge_yuan": basic,
        "reactive_read_kvarh": reactive_read,
    }
    answers |= {"reactive_loss_kvarh": reactive_share, "reactive_total_kvarh": reactive}
    answers |= _assessed(inputs, ex_fund + basic, power_factor(billed[main], reactive))
    return _closed(answers, total(billed.values()), *amounts.values(), basic)


def _point_ratio(inputs: Inputs, name: str, main: str) -> Decimal:
    """Return the multiplier of a point: its own, the case's for the main point, 1 for the others."""
    own = given(inputs, f"{name}_multiplier")
    if own is not None:
        return own
    own_current = given(inputs, f"{name}_ct_ratio")
    if own_current is not None:
        return multiplier(own_current, value_or(inputs, ONE, f"{name}_pt_ratio"))
    return ratio_of(inputs) if name == main else ONE
