"""Step 5: the energy charge (电度电费) and the government funds (基金及附加), one line a component and register."""

from __future__ import annotations

from decimal import Decimal

from jicha.billing.energy_charge import charge, split_by_days
from jicha.billing.model import Line
from jicha.billing.price_list import Price
from jicha.billing.refusal import Refused
from jicha.billing.work import ZERO, PointWork, Segment, Work


def apply(work: Work) -> None:
    """Price the energy of every point, segment by segment."""
    for point in work.billed_points:
        point.base_yuan = [ZERO] * len(point.segments)
        split = {register: _split(work, point, kwh) for register, kwh in point.billed.items()}
        for number, segment in enumerate(point.segments):
            quantities = {register: parts[number] for register, parts in split.items()}
            _price_segment(work, point, number, segment, quantities)


def _split(work: Work, point: PointWork, kwh: Decimal) -> list[Decimal]:
    if len(point.segments) == 1:
        return [kwh]
    return split_by_days(kwh, [segment.last_day for segment in point.segments], work.days)


def _price_segment(
    work: Work, point: PointWork, number: int, segment: Segment, quantities: dict[str, Decimal]
) -> None:
    mode, scheme = work.bill.customer.market_mode, segment.scheme
    priceless = [
        register for register, kwh in quantities.items() if kwh and register not in segment.prices.energy
    ]
    if priceless:
        raise Refused(
            "no_price", f"{scheme.tariff_code} {scheme.voltage_code} {' '.join(priceless)} {segment.begin}"
        )
    for register, kwh in quantities.items():
        if kwh == 0:
            continue
        for price in segment.prices.energy[register]:
            unit_price = price.unit_price
            if price.component == "purchase":
                unit_price = _purchase_price(work, segment, price, mode)
            amount = charge(kwh, unit_price)
            _line(work, point, "energy", price._replace(unit_price=unit_price), register, kwh, amount)
            if price.in_pf_base:
                point.base_yuan[number] += amount
    fund = segment.prices.single.get("fund")
    total = sum(quantities.values(), ZERO)
    if fund is not None and total != 0:
        amount = charge(total, fund.unit_price)
        _line(work, point, "fund", fund, "any", total, amount)
        if fund.in_pf_base:
            point.base_yuan[number] += amount


def _purchase_price(work: Work, segment: Segment, price: Price, mode: str) -> Decimal:
    """Return the price of bought power: 1.5 times the agency price (代理购电) for those whom domain 2.8 names."""
    if work.bill.customer.pays_multiple:
        return price.unit_price * work.rules.exit_price_multiple
    if mode == "market" and not work.prices.is_own(segment.scheme.tariff_code):
        raise Refused("market_price_unknown", segment.scheme.tariff_code)
    return price.unit_price


def _line(
    work: Work,
    point: PointWork,
    item: str,
    price: Price,
    register: str,
    kwh: Decimal,
    amount: Decimal,
) -> None:
    mp_id, component, unit_price = point.point.mp_id, price.component, price.unit_price
    work.lines.append(Line(mp_id, item, component, register, kwh, "kwh", unit_price, amount))
    if work.sheet is not None:
        work.sheet.add(
            "energy_charge" if item == "energy" else item,
            mp_id,
            formula=f"{kwh:f} kWh × {unit_price.normalize():f}",
            result=f"{amount:.2f}",
            unit="yuan",
            register=register,
            component=component,
            source=price.source,
            places=2,
        )
