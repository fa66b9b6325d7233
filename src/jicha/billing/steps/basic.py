"""Step 7: the basic charge (基本电费) by capacity, contract demand or actual demand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from jicha.billing.basic_charge import (
    average_kva,
    billed_demand_kw,
    calendar_days,
    capacity_charge,
    demand_charge,
    demand_price,
    is_whole_month,
    kva_days,
)
from jicha.billing.model import Line
from jicha.billing.price_list import Price
from jicha.billing.refusal import Refused
from jicha.billing.sheet import Told
from jicha.billing.steps.losses import days_in_service, transformers_of
from jicha.billing.work import ZERO, PointWork, Segment, Work
from jicha.money import divide_half_up
from jicha.periods import next_month


@dataclass(frozen=True, slots=True)
class Month:
    """What a full month's charge is divided by, and whether the period is a full month."""

    divisor: int
    is_full: bool

    def charged_days(self, days: int, period_days: int) -> int:
        """Return the days to charge of days in service: all of a full month, else at most the divisor."""
        return self.divisor if self.is_full and days == period_days else min(days, self.divisor)


def apply(work: Work) -> None:
    """Add the basic charge of every main point that has one.

    Its price is one of a month: what several months cost together, with one maximum demand for all of them, no rule says.
    """
    mains = [point for point in work.billed_points if point.point.parent_mp_id is None]
    charged = any(s.scheme.basic_charge_mode != "none" for point in mains for s in point.segments)
    if charged and is_over_a_month(work.bill.period_from, work.bill.period_to):
        raise Refused("impossible_period", f"{work.bill.period_from} … {work.bill.period_to} basic_charge")
    for point in mains:
        for number, segment in enumerate(point.segments):
            mode = segment.scheme.basic_charge_mode
            if mode == "capacity":
                _by_capacity(work, point, number, segment)
            elif mode in ("contract_demand", "actual_demand"):
                _by_demand(work, point, number, segment)


def is_over_a_month(begin: date, end: date) -> bool:
    """Return whether a period is longer than one month: past the same day of the next, or from month end past month end."""
    following = next_month(begin.replace(day=1))
    last = following.replace(day=calendar_days(following))
    if begin.day == calendar_days(begin):
        return end > last
    return end > following.replace(day=min(begin.day, last.day))


def month_of(work: Work) -> Month:
    """Return the month of the bill: full when it runs to the same day of the next month."""
    begin, end = work.bill.period_from, work.bill.period_to
    is_full = is_whole_month(begin, end)
    if work.rules.part_month_days is not None:
        return Month(work.rules.part_month_days, is_full)
    return Month((end - begin).days if is_full else calendar_days(begin), is_full)


def _price(segment: Segment, component: str) -> Price:
    price = segment.prices.single.get(component)
    if price is None:
        raise Refused("no_price", f"{segment.scheme.tariff_code} {segment.scheme.voltage_code} {component}")
    return price


def _kva_days(work: Work, point: PointWork, begin: date, end: date) -> Decimal:
    """Return Σ kVA × days in service in [begin, end), days of a whole period counted as the divisor's."""
    month = month_of(work)
    units = transformers_of(work, point)
    if not units:
        capacity = work.bill.customer.contract_kva
        if capacity is None:
            raise Refused("no_capacity", point.point.mp_id)
        return capacity * month.charged_days((end - begin).days, work.days)
    minimum = work.rules.suspension_minimum_days
    return kva_days(
        (unit.kva, month.charged_days(days_in_service(unit, begin, end, minimum), work.days))
        for unit in units
    )


def _by_capacity(work: Work, point: PointWork, number: int, segment: Segment) -> None:
    charged = _kva_days(work, point, segment.begin, segment.end)
    divisor = month_of(work).divisor
    price = _price(segment, "capacity")
    quantity = divide_half_up(charged, Decimal(divisor), work.rules.kva_days_places)
    amount = capacity_charge(charged, price.unit_price, divisor)
    formula = f"{_plain(charged)} kVA·d × {_plain(price.unit_price)} ÷ {divisor}"
    _line(work, point, number, price, quantity, amount, formula)


def _by_demand(work: Work, point: PointWork, number: int, segment: Segment) -> None:
    rules, month = work.rules, month_of(work)
    if point.demand_kw is None:
        raise Refused("no_demand_reading", point.point.mp_id)
    kilowatt, floor = point.demand_kw, None
    if segment.scheme.basic_charge_mode == "contract_demand":
        floor = _average_kva(work, point)
        kilowatt = billed_demand_kw(
            point.demand_kw, segment.scheme.contract_demand_kw or ZERO, floor, rules.demand_limit_share,
            rules.contract_demand_floor_share, rules.demand_overrun,
        )  # fmt: skip
    price = _price(segment, "demand")
    unit_price = _discounted(work, price.unit_price)
    days = month.charged_days((segment.end - segment.begin).days, work.days)
    amount = demand_charge(kilowatt, unit_price, days, month.divisor)
    charge = f"{_plain(kilowatt)} kW × {_plain(unit_price)}"
    charge += "" if days == month.divisor else f" × {days} ÷ {month.divisor}"
    formula = _demand_formula(work, point.demand_kw, segment, floor, charge)
    _line(work, point, number, price._replace(unit_price=unit_price), kilowatt, amount, formula)


def _demand_formula(
    work: Work, demand_kw: Decimal, segment: Segment, floor_kva: Decimal | None, charge: str
) -> Told:
    chinese, english = f"最大需量 {_plain(demand_kw)} kW", f"maximum demand {_plain(demand_kw)} kW"
    if floor_kva is not None:
        contract = _plain(segment.scheme.contract_demand_kw or ZERO)
        floor = f"{work.rules.contract_demand_floor_share} × {_plain(floor_kva)} kVA"
        chinese += f"，合同需量 {contract} kW，不低于 {floor}"
        english += f", contract {contract} kW, at least {floor}"
    return f"{chinese}：计费需量 {charge}", f"{english}: billed {charge}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _average_kva(work: Work, point: PointWork) -> Decimal:
    """Return the capacity in service on the average day of the period, four decimals."""
    units = transformers_of(work, point)
    if not units:
        return work.bill.customer.contract_kva or ZERO
    begin, end, minimum = work.bill.period_from, work.bill.period_to, work.rules.suspension_minimum_days
    return average_kva(
        kva_days((unit.kva, days_in_service(unit, begin, end, minimum)) for unit in units), work.days
    )


def _discounted(work: Work, unit_price: Decimal) -> Decimal:
    """Return the demand price, lower in a month of much energy a kVA of the contract (负荷率激励)."""
    rules, capacity = work.rules, work.bill.customer.contract_kva
    if rules.demand_discount_kwh_per_kva is None or rules.demand_discount_factor is None or not capacity:
        return unit_price
    energy = sum((point.billed_kwh for point in work.billed_points), ZERO)
    return demand_price(
        unit_price, energy, capacity, rules.demand_discount_kwh_per_kva, rules.demand_discount_factor
    )


def _line(
    work: Work,
    point: PointWork,
    number: int,
    price: Price,
    quantity: Decimal,
    amount: Decimal,
    formula: Told,
) -> None:
    unit = "kva" if price.component == "capacity" else "kw"
    mp_id = point.point.mp_id
    work.lines.append(Line(mp_id, "basic", price.component, "any", quantity, unit, price.unit_price, amount))
    point.base_yuan[number] += amount
    if work.sheet is not None:
        work.sheet.add(
            "basic_charge", mp_id, formula=formula, result=f"{amount:.2f}", unit="yuan", component=price.component,
            places=2, source=price.source,
            rule="part_month_basis" if price.component == "capacity" else "demand_overrun",
        )  # fmt: skip
