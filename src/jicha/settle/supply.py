"""Smaller settlements between utility and customer: outage compensation, temporary supply, demand through another customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from jicha.settle.exact import exact, shown, text, yuan
from jicha.settle.law import PHYSICS, Provision
from jicha.settle.lines import SettledLine, Settlement, money_line, settlement
from jicha.settle.problems import require

HOURS_PER_DAY = 24


def outage_compensation(
    outage_hours: Decimal,
    normal_month_kwh: Decimal,
    month_days: Decimal,
    price_yuan_per_kwh: Decimal,
    law: Provision,
    *,
    two_part: bool = True,
    multiple: Decimal | None = None,
) -> Settlement:
    """Return the compensation (停电赔偿): likely kWh of the outage × price × multiple of the energy charge, rounded once.

    Likely kWh are the mean kWh an hour of a normal month × hours of the outage.
    """
    times = law.number("two_part_multiple" if two_part else "single_rate_multiple")
    times = times if multiple is None else multiple
    energy = exact(outage_hours) * exact(normal_month_kwh) / (exact(month_days) * HOURS_PER_DAY)
    line = money_line(
        "outage_compensation",
        energy * exact(price_yuan_per_kwh) * exact(times),
        formula=f"{text(outage_hours)} h × {text(normal_month_kwh)} kWh ÷ ({text(month_days)} d × 24 h)"
        f" × {text(price_yuan_per_kwh)} yuan/kWh × {text(times)}",
        quantity=energy,
        unit="kWh",
        unit_price=price_yuan_per_kwh,
        law=law,
    )
    return settlement([line])


@dataclass(frozen=True, slots=True)
class UnmeteredLoad:
    """A load of a temporary supply without a meter: kW or kVA × factor × hours a day × days."""

    power_kw: Decimal
    hours_per_day: Decimal
    days: Decimal
    factor: Decimal = Decimal(1)

    @property
    def exact_kwh(self) -> Fraction:
        """Energy over the agreed time."""
        return exact(self.power_kw) * exact(self.factor) * exact(self.hours_per_day) * exact(self.days)


def temporary_energy_kwh(loads: Sequence[UnmeteredLoad]) -> Decimal:
    """Return Σ of the loads, not rounded to whole kWh."""
    return shown(_energy(loads))


def temporary_supply(
    loads: Sequence[UnmeteredLoad], prices_yuan_per_kwh: Sequence[Decimal], law: Provision
) -> Settlement:
    """Return the charge of a temporary supply (无表临时用电), one line for each price component, each rounded."""
    energy = _energy(loads)
    return settlement(
        _priced(number, energy, price, law) for number, price in enumerate(prices_yuan_per_kwh, 1)
    )


def rent_of_days(rent_month_yuan: Decimal, days: Decimal, month_days: Decimal) -> Decimal:
    """Return a monthly rent for some days, rounded half up to the cent."""
    return yuan(exact(rent_month_yuan) * exact(days) / exact(month_days))


def temporary_refund(
    charge_yuan: Decimal, prepaid_yuan: Decimal, law: Provision, *, used_share: Decimal = Decimal(1)
) -> Decimal:
    """Return what goes back of a prepayment: all above the charge, and a share of the charge on an early end.

    The early end is before the share of the agreed time that the rule names; after it nothing of the charge goes back.
    """
    early = used_share < law.number("early_end_share")
    kept = exact(charge_yuan) * (1 - exact(law.number("early_end_refund_share")) if early else 1)
    return yuan(exact(prepaid_yuan) - kept)


@dataclass(frozen=True, slots=True)
class LoadThrough:
    """Energy of a customer supplied through another one, and how many kWh a month stand for 1 kW."""

    energy_kwh: Decimal
    kwh_per_kw: Decimal


def folded_demand_kw(loads: Sequence[LoadThrough]) -> Decimal:
    """Return the demand of customers supplied through another one (转供电折算需量): Σ kWh ÷ kWh per kW, not rounded before the price."""
    return shown(_folded(loads))


def demand_charge_after_fold(
    measured_kw: Decimal, loads: Sequence[LoadThrough], price_yuan_per_kw: Decimal, law: Provision
) -> Settlement:
    """Return the basic charge on the measured demand less the folded one, at least zero; it belongs to the basic charge of a bill."""
    billed = max(exact(measured_kw) - _folded(loads), Fraction(0))
    line = money_line(
        "basic_charge",
        billed * exact(price_yuan_per_kw),
        formula=f"({text(measured_kw)} − {text(_folded(loads))}) kW × {text(price_yuan_per_kw)} yuan/kW",
        quantity=billed,
        unit="kW",
        unit_price=price_yuan_per_kw,
        law=law,
    )
    return settlement([line])


def energy_at_price(name: str, energy_kwh: Decimal, price_yuan_per_kwh: Decimal) -> SettledLine:
    """Return kWh × price, rounded once."""
    return _priced_line(name, exact(energy_kwh), price_yuan_per_kwh, PHYSICS)


def _energy(loads: Sequence[UnmeteredLoad]) -> Fraction:
    return sum((load.exact_kwh for load in loads), Fraction(0))


def _priced(number: int, energy: Fraction, price: Decimal, law: Provision) -> SettledLine:
    return _priced_line(f"temporary_supply_{number}", energy, price, law)


def _priced_line(name: str, energy: Fraction, price: Decimal, law: Provision) -> SettledLine:
    return money_line(
        name,
        energy * exact(price),
        formula=f"{text(energy)} kWh × {text(price)} yuan/kWh",
        quantity=energy,
        unit="kWh",
        unit_price=price,
        law=law,
    )


def _folded(loads: Sequence[LoadThrough]) -> Fraction:
    for load in loads:
        require(
            load.kwh_per_kw > 0,
            where="kWh per kW of a fold",
            found=load.kwh_per_kw,
            expected="above zero",
            remedy="Take the value of the load's kind from policies/law.",
        )
    return sum((exact(load.energy_kwh) / exact(load.kwh_per_kw) for load in loads), Fraction(0))
