"""Step 6: the increments of residential steps (阶梯电价) on the energy above the limits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from jicha.billing.energy_charge import charge
from jicha.billing.model import Line
from jicha.billing.refusal import Refused
from jicha.billing.residential_steps import (
    MONTHS_A_YEAR,
    months_served,
    scaled_limits,
    tier_energies,
    tier_months,
)
from jicha.billing.work import ZERO, PointWork, Work


def apply(work: Work) -> None:
    """Add the increments of every stepped point."""
    for point in work.billed_points:
        if point.scheme.step_scheme in ("annual", "monthly"):
            _add_steps(work, point)


def _add_steps(work: Work, point: PointWork) -> None:
    bill, scheme = work.bill, point.scheme
    limits = work.prices.limits(scheme.tariff_code, scheme.step_scheme or "", bill.period_from)
    if scheme.step_scheme == "annual":
        months, basis = _annual_months(work), MONTHS_A_YEAR
        before = bill.before_kwh.get(point.point.mp_id, ZERO)
        if before is None:
            raise Refused("year_history_missing", point.point.mp_id)
    else:
        months, basis = tier_months(bill.period_from, bill.period_to, work.rules.step_month_round_up_days), 1
        before = ZERO
    bounds = scaled_limits(_finite(limits[2:]), months, basis, _quota(work))
    for number, kwh in enumerate(tier_energies(point.billed_kwh, before, bounds)[1:], 2):
        price = point.segments[-1].prices.single.get(f"step{number}")
        if kwh == 0 or price is None:
            continue
        amount = charge(kwh, price.unit_price)
        mp_id, component = point.point.mp_id, f"step{number}"
        work.lines.append(Line(mp_id, "step", component, "any", kwh, "kwh", price.unit_price, amount))
        if price.in_pf_base:
            point.base_yuan[-1] += amount
        if work.sheet is not None:
            work.sheet.add(
                "step_increment", mp_id, formula=_formula(before, point.billed_kwh, bounds[number - 2], kwh, price.unit_price), result=f"{amount:.2f}", unit="yuan",
                component=component, places=2, source=price.source, rule="step_part_year",
            )  # fmt: skip


def _formula(
    before: Decimal, billed: Decimal, limit: Decimal, kwh: Decimal, unit_price: Decimal
) -> tuple[str, str]:
    charged = f"{kwh:f} kWh × {unit_price.normalize():f}"
    return (
        f"此前 {before:f} + 本期 {billed:f} kWh，超过 {limit:f} kWh 的部分：{charged}",
        f"before {before:f} + now {billed:f} kWh, the part above {limit:f} kWh: {charged}",
    )


def _annual_months(work: Work) -> int:
    if work.rules.step_part_year == "full_year":
        return MONTHS_A_YEAR
    return months_served(work.bill.bill_month.year, work.bill.customer.opened_on)


def _finite(limits: tuple[Decimal, ...]) -> list[Decimal]:
    return [limit for limit in limits if limit.is_finite()]


def _quota(work: Work) -> Decimal:
    """Return the kWh a month that a household of many persons (一户多人口) has on top of every limit."""
    customer, bill = work.bill.customer, work.bill
    if (customer.household_persons or 0) < work.rules.multi_person_minimum_persons:
        return ZERO
    is_valid = any(_covers(span, bill.period_from, bill.period_to) for span in customer.multi_person)
    return Decimal(work.rules.multi_person_extra_kwh_per_month) if is_valid else ZERO


def _covers(span: tuple[date, date | None], begin: date, end: date) -> bool:
    return span[0] < end and (span[1] is None or span[1] > begin)
