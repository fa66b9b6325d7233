"""Transformer loss (变损) of customers supplied at high and metered at low voltage (高供低计)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, localcontext
from typing import NamedTuple

from jicha.billing.register_energy import whole_quotient

_HUNDRED = Decimal(100)
# The sums below are exact: no value of a month comes near 200 digits.
_EXACT = Context(prec=200)


class Nameplate(NamedTuple):
    """What the nameplate of a transformer (变压器铭牌) says."""

    kva: Decimal
    no_load_kw: Decimal
    load_kw: Decimal
    no_load_current_pct: Decimal
    impedance_pct: Decimal


def formula_loss(
    units: Iterable[tuple[Nameplate, Decimal | int]],
    active_kwh: Decimal,
    reactive_kvarh: Decimal,
    load_shape: Decimal,
) -> tuple[Decimal, Decimal]:
    """Return the active (kWh) and reactive (kvarh) loss by the standard formula, each rounded once, half up.

    One transformer in service T hours, K the load shape (domain 4.4, K:high):
        ΔWp = P0·T + K·Pk·(Wp² + Wq²) ÷ (S²·T)
        ΔWq = I0%·S·T ÷ 100 + K·Uk%·(Wp² + Wq²) ÷ (100·S·T)
    Several run in parallel and share the load by kVA: each carries S ÷ ΣS of Wp and of Wq.
    One that was never in service neither loses nor carries.
    """
    running = [(plate, hours) for plate, hours in units if hours > 0]
    if not running:
        return Decimal(0), Decimal(0)
    with localcontext(_EXACT):
        load = load_shape * (active_kwh * active_kwh + reactive_kvarh * reactive_kvarh)
        kva = sum(plate.kva for plate, _ in running)
        # Both losses over one denominator (ΣS)² · Π T, so that nothing is divided before the rounding.
        bottom = Decimal(kva * kva)
        active_top = reactive_top = Decimal(0)
        hours_seen = Decimal(1)
        for plate, hours in running:
            active_load, reactive_load = load * plate.load_kw, load * plate.impedance_pct * plate.kva
            iron = bottom * hours
            active_top = active_top * hours + hours_seen * (plate.no_load_kw * iron * hours + active_load)
            magnetising = plate.no_load_current_pct * plate.kva * iron * hours
            reactive_top = reactive_top * hours + hours_seen * (magnetising + reactive_load)
            hours_seen *= hours
        bottom *= hours_seen
        return whole_quotient(active_top, bottom), whole_quotient(reactive_top, bottom * _HUNDRED)


def iron_loss_kwh(no_load_kw: Decimal, hours: Decimal | int) -> Decimal:
    """Return the iron loss (铁损) of a transformer under voltage for so many hours, not rounded."""
    return no_load_kw * hours


def copper_share_kwh(read_kwh: Decimal, copper_pct: Decimal) -> Decimal:
    """Return the copper loss (铜损) as an agreed percentage of the reading, not rounded."""
    return read_kwh * copper_pct / _HUNDRED


def month_share_kwh(month_loss: Decimal, days: Decimal | int, month_days: Decimal | int) -> Decimal:
    """Return the part of a month's loss (table or agreed value, 查表/协议值) that falls on some days, whole kWh half up."""
    return whole_quotient(month_loss * days, Decimal(month_days))


def loaded_kw(no_load: Decimal, load: Decimal, load_factor: Decimal, fluctuation: Decimal) -> Decimal:
    """Return P0 + K_T·β²·Pk (kW), or Q0 + K_T·β²·Qk (kvar): the loss at load factor β (负载系数), not rounded."""
    return no_load + fluctuation * load_factor * load_factor * load


def combined_loss_kw(active_kw: Decimal, reactive_kvar: Decimal, equivalent: Decimal) -> Decimal:
    """Return the combined loss (综合损耗) ΔP + K_Q·ΔQ, K_Q the economic equivalent of reactive power (无功经济当量)."""
    return active_kw + equivalent * reactive_kvar
