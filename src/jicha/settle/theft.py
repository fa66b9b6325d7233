"""Electricity theft (窃电): the stolen energy, its charge and the charge on top. An audit says "suspected" until it is proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from jicha.settle.exact import exact, rounded, shown, text
from jicha.settle.law import LawSpan, Provision, law_of
from jicha.settle.lines import SettledLine, Settlement, money_line, settlement
from jicha.settle.penalty import Multiple, PaidBack, penalty_lines
from jicha.settle.wiring import ROOT3

BACK_CHARGE = "stolen_energy_charge"
CHARGE = "default_usage_charge"
VOLTS_PER_KILOVOLT = 1000
POWER_PLACES = 12  # so fine that thousands of hours at this power do not move a cent


@dataclass(frozen=True, slots=True)
class StolenEnergy:
    """Stolen kWh under one version and at one price; a span with two prices is two of them."""

    exact_kwh: Fraction
    formula: str
    price_yuan_per_kwh: Decimal
    law: Provision

    @property
    def energy_kwh(self) -> Decimal:
        """The energy as shown: half up to six decimals."""
        return shown(self.exact_kwh)


def assumed_days(law: Provision) -> Decimal:
    """Return the days that are taken where the time cannot be found."""
    return law.number("unknown_days")


def assumed_hours(law: Provision, *, lighting: bool) -> Decimal:
    """Return the assumed hours a day of lighting (照明) or power (动力) users."""
    return law.number("hours_lighting" if lighting else "hours_power")


def power_at_current_kw(
    voltage_v: Decimal,
    current_a: Decimal,
    *,
    phases: int = 1,
    line_to_line: bool = False,
    ct_ratio: Decimal = Decimal(1),
    pt_ratio: Decimal = Decimal(1),
) -> Decimal:
    """Return the power at the meter's basic current (标定电流): V × A × phases ÷ 1000 × CT × PT.

    With `line_to_line` three phases count √3 times; kVA counts as kW.
    """
    size = exact(voltage_v) * exact(current_a) * exact(ct_ratio) * exact(pt_ratio) / VOLTS_PER_KILOVOLT
    return rounded(size * (exact(ROOT3) if line_to_line else phases), POWER_PLACES)


def stolen_by_capacity(
    capacity_kw: Decimal, hours_per_day: Decimal, spans: Sequence[LawSpan], price_yuan_per_kwh: Decimal
) -> list[StolenEnergy]:
    """Return kW × days × hours of each span; the spans are of the provision `theft_quantity`."""
    return [
        StolenEnergy(
            exact(capacity_kw) * exact(span.days) * exact(hours_per_day),
            f"{text(capacity_kw)} kW × {text(span.days)} d × {text(hours_per_day)} h",
            price_yuan_per_kwh,
            span.law,
        )
        for span in spans
    ]


def stolen_by_factor(
    recorded_kwh: Decimal, factor: Fraction, price_yuan_per_kwh: Decimal, law: Provision
) -> StolenEnergy:
    """Return recorded × (K − 1) for a meter or CT that was changed, over the time of the change."""
    formula = f"{text(recorded_kwh)} kWh × ({text(factor)} − 1)"
    return StolenEnergy(exact(recorded_kwh) * (factor - 1), formula, price_yuan_per_kwh, law)


def stolen_by_normal_use(
    normal_month_kwh: Decimal,
    months: Decimal,
    recorded_kwh: Decimal,
    price_yuan_per_kwh: Decimal,
    law: Provision,
) -> StolenEnergy:
    """Return normal months before the theft less what the meter showed: also the number for a criminal file."""
    energy = exact(normal_month_kwh) * exact(months) - exact(recorded_kwh)
    formula = f"{text(normal_month_kwh)} kWh × {text(months)} − {text(recorded_kwh)} kWh"
    return StolenEnergy(energy, formula, price_yuan_per_kwh, law)


def stolen_at_master_meter(
    sub_meters_kwh: Decimal, loss_kwh: Decimal, master_kwh: Decimal, price: Decimal, law: Provision
) -> StolenEnergy:
    """Return Σ sub meters + normal loss − master meter, for theft at the master meter (总表)."""
    energy = exact(sub_meters_kwh) + exact(loss_kwh) - exact(master_kwh)
    formula = f"{text(sub_meters_kwh)} + {text(loss_kwh)} − {text(master_kwh)} kWh"
    return StolenEnergy(energy, formula, price, law)


def settle_theft(
    stolen: Sequence[StolenEnergy],
    *,
    multiple: Multiple = None,
    from_rounded: bool = False,
    tamper_charge_yuan: Decimal | None = None,
) -> Settlement:
    """Return charge of the stolen energy, the charge on top for each version, and what was settled for tampering besides."""
    parts = [
        PaidBack(one.exact_kwh * exact(one.price_yuan_per_kwh), one.formula, _charging(one)) for one in stolen
    ]
    charges = penalty_lines(CHARGE, parts, multiple, from_rounded=from_rounded)
    return settlement([*map(_back_line, stolen), *charges, *_tamper_line(tamper_charge_yuan, parts)])


def _charging(stolen: StolenEnergy) -> Provision:
    return law_of("theft_charge", stolen.law.version)


def _back_line(stolen: StolenEnergy) -> SettledLine:
    return money_line(
        BACK_CHARGE,
        stolen.exact_kwh * exact(stolen.price_yuan_per_kwh),
        formula=f"({stolen.formula}) × {text(stolen.price_yuan_per_kwh)} yuan/kWh",
        quantity=stolen.exact_kwh,
        unit="kWh",
        unit_price=stolen.price_yuan_per_kwh,
        law=stolen.law,
    )


def _tamper_line(amount_yuan: Decimal | None, parts: Sequence[PaidBack]) -> list[SettledLine]:
    if not amount_yuan:
        return []
    law = law_of("moved_equipment", parts[-1].law.version)
    formula = f"{text(amount_yuan)} yuan × 1"
    amount = exact(amount_yuan)
    return [money_line("tamper_charge", amount, formula=formula, quantity=1, unit="times", law=law)]
