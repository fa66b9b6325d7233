"""Step 2: from register readings to whole kWh (示数到电量): rollover, swap, ratios, time-of-use bands."""

from __future__ import annotations

from decimal import Decimal

from jicha.billing.model import BANDS, Reading
from jicha.billing.refusal import Refused
from jicha.billing.register_energy import register_difference, rollover_accepted, whole
from jicha.billing.work import ZERO, PointWork, Work
from jicha.money import round_half_up

KNOWN_SPAN_DAYS = 31  # where no reading says when the span began, as the fact register_energy takes it


def apply(work: Work) -> None:
    """Work out the energy of every register of every metered point, and what is to be billed at it."""
    for point in work.points:
        if point.point.is_billed and point.is_fixed_share:
            continue
        _measure(work, point)
        if point.point.is_billed:
            _choose_registers(work, point)


def _measure(work: Work, point: PointWork) -> None:
    sums: dict[str, Decimal] = {}
    for reading in point.point.readings:
        if reading.register == "max_demand":
            point.demand_kw = max(point.demand_kw or ZERO, _demand(work, reading))
        elif reading.register != "reverse":
            sums[reading.register] = sums.get(reading.register, ZERO) + _energy(work, point, reading)
    places = work.rules.kwh_places
    point.metered = {register: whole(kwh, places) for register, kwh in sums.items()}
    if "total" not in point.metered and not any(band in point.metered for band in BANDS):
        raise Refused("missing_reading", point.point.mp_id)


def _energy(work: Work, point: PointWork, reading: Reading) -> Decimal:
    where = f"{point.point.mp_id} {reading.meter_id} {reading.register}"
    if reading.value is None or reading.previous_value is None or reading.status != "read":
        raise Refused("missing_reading", where)
    if not reading.ct_ratio or not reading.pt_ratio:
        raise Refused("no_multiplier", where)
    ratio = reading.ct_ratio * reading.pt_ratio
    difference = reading.value - reading.previous_value
    is_wrapped = difference < 0
    if is_wrapped:
        difference = _rolled_over(work, reading, ratio, where)
    energy = difference * ratio
    if work.sheet is not None:
        wrap = f" + 10^{reading.digits}" if is_wrapped else ""
        work.sheet.add(
            "register_energy",
            point.point.mp_id,
            formula=f"({reading.value:f} − {reading.previous_value:f}{wrap}) × {ratio.normalize():f}",
            result=f"{energy.normalize():f}",
            unit="kvarh" if reading.register == "reactive" else "kwh",
            register=reading.register,
            rows=(
                f"reading {point.point.mp_id} {reading.meter_id} {work.bill.bill_month} {reading.register}",
            ),
        )
    return energy


def _rolled_over(work: Work, reading: Reading, ratio: Decimal, where: str) -> Decimal:
    """Return the difference over the end of the dial (翻转); refuses what the capacity makes impossible."""
    assert reading.value is not None and reading.previous_value is not None
    if not reading.digits or reading.previous_value >= Decimal(10) ** reading.digits:
        raise Refused("backward_register", where)
    difference, _ = register_difference(reading.previous_value, reading.value, reading.digits)
    customer = work.bill.customer
    capacity = customer.running_kva if customer.running_kva is not None else customer.contract_kva
    if capacity is None:
        span = Decimal(10) ** reading.digits
        accepted = reading.previous_value * 10 >= span * 9 and reading.value * 10 <= span
    else:
        hours = Decimal(_span_days(reading)) * work.rules.day_hours
        accepted = rollover_accepted(difference * ratio, capacity, hours, work.rules.rollover_capacity_factor)
    if not accepted:
        raise Refused("backward_register", where)
    return difference


def _span_days(reading: Reading) -> int:
    if reading.previous_at is None or reading.read_at is None:
        return KNOWN_SPAN_DAYS
    return max((reading.read_at.date() - reading.previous_at.date()).days, 1)


def _demand(work: Work, reading: Reading) -> Decimal:
    if reading.value is None or reading.status != "read":
        raise Refused("missing_reading", f"{reading.meter_id} max_demand")
    if not reading.ct_ratio or not reading.pt_ratio:
        raise Refused("no_multiplier", f"{reading.meter_id} max_demand")
    return round_half_up(reading.value * reading.ct_ratio * reading.pt_ratio, work.rules.demand_places)


def _choose_registers(work: Work, point: PointWork) -> None:
    if point.scheme.tou:
        bands = {band: point.metered[band] for band in BANDS if band in point.metered}
        if not bands:
            raise Refused("missing_band", point.point.mp_id)
        point.billed = bands
    elif "total" in point.metered:
        point.billed = {"total": point.metered["total"]}
    else:
        raise Refused("missing_reading", f"{point.point.mp_id} total")
    point.metered_kwh = point.billed_kwh
    if point.metered_kwh < 0:
        raise Refused("negative_energy", point.point.mp_id)
    if work.sheet is not None:
        _write(work, point)


def _write(work: Work, point: PointWork) -> None:
    assert work.sheet is not None
    for register, kwh in point.billed.items():
        work.sheet.add(
            "metered_energy", point.point.mp_id, formula="", result=f"{kwh:f}", unit="kwh", register=register,
            places=work.rules.kwh_places, rule="kwh_places",
        )  # fmt: skip
