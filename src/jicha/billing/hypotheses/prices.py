"""Mistakes of price: voltage column, tariff, version, time of use, funds, market mode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from jicha.billing.hypotheses.situation import (
    EVERYTHING,
    Clues,
    Mistake,
    PriceChange,
    Situation,
    family,
    plain,
    widened,
)
from jicha.billing.model import BANDS, Point, Reading, Scheme
from jicha.billing.price_list import FAR, Price, PriceList, TariffPrices
from jicha.billing.refusal import Refused
from jicha.billing.work import ZERO

ENERGY_OR_BASIC = ("energy", "basic")


@family(EVERYTHING, ENERGY_OR_BASIC)
def voltage_columns(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Take the price of another voltage column, for everything, for the energy or for the basic charge."""
    for point in situation.billed_points():
        scheme = situation.scheme_of(point)
        if scheme is None:
            continue
        for voltage in situation.prices.voltages(scheme.tariff_code):
            if voltage == scheme.voltage_code:
                continue
            used, due = voltage, scheme.voltage_code
            yield Mistake("voltage_column", situation.with_scheme(point, voltage_code=voltage), used, due)


@family(("basic", "pf_adjustment"))
def voltage_of_basic(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Take the basic charge of another voltage column."""
    for voltage, due in _other_columns(situation):
        change = _single_of(voltage, ("capacity", "demand"))
        yield Mistake("voltage_column", situation.with_prices(change), voltage, due)


def _other_columns(situation: Situation) -> Iterator[tuple[str, str]]:
    for point in situation.mains():
        scheme = situation.scheme_of(point)
        if scheme is not None:
            for voltage in situation.prices.voltages(scheme.tariff_code):
                if voltage != scheme.voltage_code:
                    yield voltage, scheme.voltage_code


def _single_of(voltage: str, components: tuple[str, ...]) -> PriceChange:
    def change(base: PriceList, tariff: str, own: str, day: date) -> TariffPrices:
        prices, other = base.on(tariff, own, day), base.on(tariff, voltage, day)
        single = {
            name: other.single.get(name, price) if name in components else price
            for name, price in prices.single.items()
        }
        return replace(prices, single=single)

    return change


@family(EVERYTHING, ("energy", "basic", "step"))
def tariffs(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Bill by another tariff of the list, as a whole or for the energy alone."""
    for point in situation.billed_points():
        scheme = situation.scheme_of(point)
        if scheme is None:
            continue
        own = _prices(situation, scheme.tariff_code, scheme.voltage_code)
        for tariff in sorted(situation.prices.tariffs()):
            if tariff == scheme.tariff_code:
                continue
            for voltage in _voltages(situation, tariff, scheme.voltage_code):
                other = _prices(situation, tariff, voltage)
                if own is not None and other is not None:
                    yield from _by_tariff(situation, point, scheme, own, tariff, voltage, other)


def _voltages(situation: Situation, tariff: str, own: str) -> list[str]:
    """Return the own column where the tariff has it, else every column of the tariff."""
    known = situation.prices.voltages(tariff)
    return [own] if own in known else known


def _prices(situation: Situation, tariff: str, voltage: str) -> TariffPrices | None:
    try:
        return situation.prices.on(tariff, voltage, situation.bill.period_from)
    except Refused:
        return None


def _by_tariff(
    situation: Situation,
    point: Point,
    scheme: Scheme,
    own: TariffPrices,
    tariff: str,
    voltage: str,
    other: TariffPrices,
) -> Iterator[Mistake]:
    code = _tariff_code(own, other)
    used, due = tariff, scheme.tariff_code
    for mode in _modes(scheme.basic_charge_mode, other):
        for step in _step_schemes(scheme, other):
            mistaken = situation.with_scheme(
                point, tariff_code=tariff, voltage_code=voltage, basic_charge_mode=mode, step_scheme=step
            )
            yield Mistake(code, mistaken, used, due)

    def energy_only(base: PriceList, code: str, column: str, day: date) -> TariffPrices:
        prices = base.on(code, column, day)
        return replace(prices, energy=base.on(tariff, voltage, day).energy) if code == due else prices

    if own.single.keys() & {"capacity", "demand"}:
        yield Mistake(code, situation.with_prices(energy_only), used, due)


def _tariff_code(own: TariffPrices, other: TariffPrices) -> str:
    two_part = {"capacity", "demand"}
    was, is_now = bool(own.single.keys() & two_part), bool(other.single.keys() & two_part)
    if was == is_now:
        return "other_tariff"
    return "single_rate_price" if was else "two_part_price"


def _modes(mode: str, other: TariffPrices) -> list[str]:
    if "capacity" not in other.single and "demand" not in other.single:
        return ["none"]
    return [mode] if mode != "none" else ["none", "capacity"]


def _step_schemes(scheme: Scheme, other: TariffPrices) -> list[str | None]:
    if "step2" not in other.single:
        return [None]
    return [scheme.step_scheme] if scheme.step_scheme not in (None, "none") else ["annual", "monthly", None]


@family(EVERYTHING, ("energy", "basic", "fund", "step"))
def versions(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Price all days by one version of the book: the one before, the next one, or one of several in the period."""
    spans = [span for point in situation.billed_points() for span in _spans(situation, point)]
    if not spans:
        return
    begin, end = situation.bill.period_from, situation.bill.period_to
    inside = sorted(
        {max(span.valid_from, begin) for span in spans if span.valid_from < end and span.valid_to > begin}
    )
    before = sorted({span.valid_from for span in spans if span.valid_to <= begin}, reverse=True)[:3]
    after = sorted({span.valid_from for span in spans if span.valid_from >= end})[:1]
    if len(inside) > 1:
        for day in inside:
            yield Mistake(
                "price_not_segmented", situation.with_prices(_as_of(day)), str(day), str(inside[-1])
            )
    for day in (*before, *after):
        since = max(span.valid_from for span in spans if span.valid_from <= begin)
        yield Mistake("price_version", situation.with_prices(_as_of(day)), str(day), str(since))


def _spans(situation: Situation, point: Point) -> list[TariffPrices]:
    scheme = situation.scheme_of(point)
    return [] if scheme is None else situation.prices.versions(scheme.tariff_code, scheme.voltage_code)


def _as_of(day: date) -> PriceChange:
    def change(base: PriceList, tariff: str, voltage: str, today: date) -> TariffPrices:
        try:
            return widened(base.on(tariff, voltage, day))
        except Refused:
            return base.on(tariff, voltage, today)

    return change


@family(EVERYTHING, ("energy",))
def time_of_use(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Charge all energy at one price, every band at the flat price, or by bands where there are none to apply."""
    for point in situation.billed_points():
        scheme = situation.scheme_of(point)
        if scheme is None:
            continue
        if scheme.tou:
            whole = point._replace(readings=_with_total(point))
            yield Mistake("tou_not_applied", situation.with_scheme(whole, tou=False))
            yield Mistake("tou_not_applied", situation.with_prices(_flat_everywhere))
        elif any(reading.register in BANDS for reading in point.readings):
            yield Mistake("tou_applied", situation.with_scheme(point, tou=True))


def _with_total(point: Point) -> tuple[Reading, ...]:
    """Return the readings with a register total: where there is none, the sum of the bands of each meter."""
    if any(reading.register == "total" for reading in point.readings):
        return point.readings
    totals: dict[str, Reading] = {}
    for reading in point.readings:
        if reading.register in BANDS:
            seen = totals.get(reading.meter_id)
            totals[reading.meter_id] = (
                reading._replace(register="total") if seen is None else _added(seen, reading)
            )
    return (*point.readings, *totals.values())


def _added(one: Reading, other: Reading) -> Reading:
    before = (one.previous_value or ZERO) + (other.previous_value or ZERO)
    return one._replace(previous_value=before, value=(one.value or ZERO) + (other.value or ZERO))


def _flat_everywhere(base: PriceList, tariff: str, voltage: str, day: date) -> TariffPrices:
    prices = base.on(tariff, voltage, day)
    flat = prices.energy.get("flat") or prices.energy.get("total")
    if flat is None:
        return prices
    return replace(prices, energy=dict.fromkeys(prices.energy, flat))


@family(("energy", "pf_adjustment"))
def band_prices(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Exchange the prices of two bands."""
    registers = sorted({key[3] for key in clues.wrong if key[1] == "energy" and key[3] in BANDS})
    if len(registers) == 2:
        one, other = registers
        yield Mistake("band_prices_swapped", situation.with_prices(_exchanged(one, other)), one, other)


def _exchanged(one: str, other: str) -> PriceChange:
    def change(base: PriceList, tariff: str, voltage: str, day: date) -> TariffPrices:
        prices = base.on(tariff, voltage, day)
        if one not in prices.energy or other not in prices.energy:
            return prices
        return replace(prices, energy={**prices.energy, one: prices.energy[other], other: prices.energy[one]})

    return change


@family(("fund", "pf_adjustment"))
def funds(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Leave the funds out, or take another rate than the book's: the one that the bill shows."""
    yield Mistake("fund_left_out", situation.with_prices(_fund(None)))
    shown = {
        total.unit_price
        for key, total in clues.issued_sums.items()
        if key[1] == "fund" and key in clues.wrong
    }
    due = {total.unit_price for key, total in clues.due_sums.items() if key[1] == "fund"}
    for rate in sorted(price for price in shown - due if price is not None):
        right = plain(next(iter(due), None)) if due else "0"
        yield Mistake(
            "fund_rate" if due else "fund_charged", situation.with_prices(_fund(rate)), plain(rate), right
        )


def _fund(rate: Decimal | None) -> PriceChange:
    def change(base: PriceList, tariff: str, voltage: str, day: date) -> TariffPrices:
        prices = base.on(tariff, voltage, day)
        single = {name: price for name, price in prices.single.items() if name != "fund"}
        if rate is not None:
            own = prices.single.get("fund")
            single["fund"] = Price("fund", rate, own is not None and own.in_pf_base)
        return replace(prices, single=single)

    return change


@family(("energy", "pf_adjustment"))
def components(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Leave one price component out at all registers."""
    wrong = {key[2] for key in clues.wrong if key[1] == "energy"}
    if len(wrong) == 1 and wrong != {"energy"}:
        name = wrong.pop()
        yield Mistake("component_left_out", situation.with_prices(_without(name)), "", name)


def _without(component: str) -> PriceChange:
    def change(base: PriceList, tariff: str, voltage: str, day: date) -> TariffPrices:
        prices = base.on(tariff, voltage, day)
        kept = {r: tuple(p for p in all_ if p.component != component) for r, all_ in prices.energy.items()}
        return replace(prices, energy=kept)

    return change


@family(("energy", "pf_adjustment"))
def market_mode(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Forget the 1.5 times of a customer that left the market or is a high-energy user, or charge them to another."""
    multiple = plain(situation.rules.exit_price_multiple)
    customer = situation.bill.customer
    if customer.pays_multiple:
        missed = "exit_factor_missed" if customer.market_mode == "exited" else "listed_factor_missed"
        plainly = situation.with_customer(market_mode="agency", high_energy_listed=False)
        yield Mistake(missed, plainly, "1", multiple)
    else:
        yield Mistake("exit_factor_given", situation.with_customer(market_mode="exited"), multiple, "1")


@family(EVERYTHING, ("energy", "basic", "pf_adjustment", "fund"))
def segments(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Use one scheme for the whole period in which it changed."""
    for point in situation.billed_points():
        inside = situation.schemes_in_period(point)
        if len(inside) < 2:
            continue
        for scheme in inside:
            whole = scheme._replace(valid_from=date.min, valid_to=None)
            changed_on = str(inside[-1].valid_from)
            yield Mistake(
                "not_segmented",
                situation.with_point(point._replace(schemes=(whole,))),
                _name(scheme),
                changed_on,
            )


def _name(scheme: Scheme) -> str:
    until = "" if scheme.valid_to in (None, FAR) else f"–{scheme.valid_to}"
    return f"{scheme.tariff_code} {scheme.voltage_code} {scheme.valid_from}{until}"


SPECIFIC = (
    voltage_columns, voltage_of_basic, tariffs, versions, time_of_use, band_prices, funds, components, market_mode, segments,
)  # fmt: skip
