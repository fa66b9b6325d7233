"""Step 8: the power-factor adjustment (功率因数调整电费, 力调)."""

from __future__ import annotations

from decimal import Decimal

from jicha.billing.model import Line
from jicha.billing.power_factor import adjustment_pct, adjustment_yuan, power_factor
from jicha.billing.refusal import Refused
from jicha.billing.work import ZERO, PointWork, Work


def apply(work: Work) -> None:
    """Assess every main point that has a standard."""
    for point in work.billed_points:
        if point.point.parent_mp_id is None and any(s.scheme.pf_standard is not None for s in point.segments):
            _assess(work, point)


def _assess(work: Work, point: PointWork) -> None:
    reactive = point.metered.get("reactive")
    if reactive is None:
        raise Refused("no_reactive_reading", point.point.mp_id)
    active = point.metered_kwh + point.loss_kwh
    reactive = abs(reactive) + point.loss_kvarh
    work.kvarh = (work.kvarh or ZERO) + reactive
    factor = power_factor(active, reactive)
    if factor is None:
        return
    work.power_factor = factor
    amount = sum((_adjust(work, point, number, factor) for number in range(len(point.segments))), ZERO)
    if amount:
        # The contract's lines name no point for the adjustment: it belongs to the bill.
        work.lines.append(Line(None, "pf_adjustment", None, None, None, "none", None, amount))


def _adjust(work: Work, point: PointWork, number: int, factor: Decimal) -> Decimal:
    standard = point.segments[number].scheme.pf_standard
    if standard is None:
        return ZERO
    percent = adjustment_pct(standard, factor)
    work.pf_adjust_pct = percent
    base = point.base_yuan[number]
    amount = adjustment_yuan(base, percent)
    if work.sheet is not None:
        _write(work, point, standard, factor, percent, base, amount)
    return amount


def _write(
    work: Work,
    point: PointWork,
    standard: Decimal,
    factor: Decimal,
    percent: Decimal,
    base: Decimal,
    amount: Decimal,
) -> None:
    assert work.sheet is not None
    active, reactive = point.metered_kwh + point.loss_kwh, work.kvarh or ZERO
    work.sheet.add(
        "power_factor", point.point.mp_id, formula=f"P ÷ √(P² + Q²), P {active:f}, Q {reactive:f}",
        result=f"{factor:.2f}", unit="none", places=2, rule="power_factor_places",
    )  # fmt: skip
    work.sheet.add(
        "pf_adjustment", point.point.mp_id, formula=(
            f"计费基数 {base:.2f} × {percent.normalize():f} %（标准 {standard.normalize():f}）",
            f"base {base:.2f} × {percent.normalize():f} % (standard {standard.normalize():f})",
        ), result=f"{amount:.2f}", unit="yuan", places=2, rule="power_factor_base",
    )  # fmt: skip
