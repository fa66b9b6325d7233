"""Default usage (违约用电) on the sheet: cheap line, capacity without leave, suspended or sealed, moved equipment, source, quota."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from jicha.settle.exact import digits, exact, text
from jicha.settle.law import Provision
from jicha.settle.sheet.fields import Fields
from jicha.settle.sheet.lines import BACK_PAY, CHARGE, Draft
from jicha.settle.sheet.prices import PER_CAPACITY, Price, PriceSpan, read_price
from jicha.settle.sheet.segments import (
    Period,
    Segment,
    days_of,
    months_after,
    months_of,
    read_periods,
    segments,
)
from jicha.settle.sheet.terms import (
    Paid,
    Setting,
    Terms,
    charge_drafts,
    overlap,
    read_bands,
    read_terms,
)

COMPONENT = "default_usage_charge"


@dataclass(frozen=True, slots=True)
class Load:
    """A load at a price below its own: measured kWh of the whole time, or kW with hours a day."""

    name: str
    kwh: Decimal | None
    kw: Decimal
    hours_per_day: Decimal | None
    is_lighting: bool
    price: Price

    def energy(self, segment: Segment, whole_days: int) -> tuple[Fraction, str]:
        """Return the kWh of a segment and how they come about."""
        if self.kwh is not None:
            share = "" if segment.days == whole_days else f" × {segment.days} d ÷ {whole_days} d"
            return exact(self.kwh) * segment.days / whole_days, f"{text(self.kwh)} kWh{share}"
        key = "hours_lighting" if self.is_lighting else "hours_power"
        hours = segment.law.number(key) if self.hours_per_day is None else self.hours_per_day
        return exact(self.kw) * segment.days * exact(
            hours
        ), f"{text(self.kw)} kW × {segment.days} d × {text(hours)} h"


@dataclass(frozen=True, slots=True)
class LowPriceLine:
    """Loads of a higher price on a line of a lower one, or a changed category."""

    periods: tuple[Period, ...]
    loads: tuple[Load, ...]
    price_billed: Price
    bands: Mapping[str, Decimal]
    terms: Terms

    def drafts(self, setting: Setting) -> Iterator[Draft]:
        """Yield the price difference by load, period, price and band, then the charge."""
        paid = [one for load in self.loads for one in self._paid(load, setting)]
        yield from (one.draft for one in paid)
        yield from charge_drafts(paid, self.terms, setting, COMPONENT)

    def _paid(self, load: Load, setting: Setting) -> Iterator[Paid]:
        periods = self.periods or (_unknown("low_price_line", setting),)
        whole_days, limit = days_of(periods), "" if self.periods else f"{days_of(periods)} d"
        for segment in segments(setting.book, ("low_price_line",), periods):
            for band, share in self.bands.items():
                own = load.price.spans(band, segment.from_day, segment.to_day, setting.prices)
                billed = self.price_billed.spans(band, segment.from_day, segment.to_day, setting.prices)
                for high, low in overlap(own, billed):
                    stretch = segment.between(high.from_day, high.to_day)
                    draft = _difference(load, stretch, whole_days, band, share, (high, low), limit)
                    yield Paid(draft, segment.law)


def _difference(
    load: Load,
    segment: Segment,
    whole_days: int,
    band: str,
    share: Decimal,
    prices: tuple[PriceSpan, PriceSpan],
    limit: str,
) -> Draft:
    high, low = prices
    kwh, formula = load.energy(segment, whole_days)
    energy, of_band = kwh * exact(share), "" if share == 1 else f" × {text(share * 100)} %"
    return Draft(
        kind=BACK_PAY, component=f"energy_{band}", law=segment.law, due=energy * exact(high.yuan), billed=energy * exact(low.yuan),
        formula=f"{load.name}: {formula}{of_band} × ({digits(high.yuan)} − {digits(low.yuan)}) ¥/kWh", from_day=high.from_day, to_day=high.to_day,
        quantity=energy, unit="kWh", price=high, limit=limit,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class CapacityWithoutLeave:
    """Capacity above the contract, or suspended or sealed: by months for two-part customers, by kW for others."""

    provisions: tuple[str, ...]
    periods: tuple[Period, ...]
    on: date | None
    capacity: Decimal
    unit: str
    is_two_part: bool | None
    price: Price | None
    times: int
    terms: Terms

    def drafts(self, setting: Setting) -> Iterator[Draft]:
        """Yield back-pay and charge of each provision; sealed equipment that was never allowed counts under both."""
        is_two_part = setting.is_two_part if self.is_two_part is None else self.is_two_part
        for number, name in enumerate(self.provisions):
            if not is_two_part:
                yield self._by_kw(name, setting)
                continue
            paid = list(self._paid(name, setting))
            # The basic charge of the same capacity and months is owed once, whatever the charges on it.
            yield from (one.draft for one in paid if number == 0)
            yield from charge_drafts(paid, self.terms, setting, COMPONENT)

    def _by_kw(self, name: str, setting: Setting) -> Draft:
        law = setting.book.on(
            name, self.on or (self.periods[0].from_day if self.periods else setting.found_on)
        )
        times = self.times if name == "suspended_or_sealed" else 1
        return _per_kw(law, self.capacity, times, "yuan_per_kw", self.unit)

    def _paid(self, name: str, setting: Setting) -> Iterator[Paid]:
        item = "demand" if self.unit == "kW" else "capacity"
        assert self.price is not None
        for segment in segments(setting.book, (name,), self.periods):
            for price in self.price.spans(item, segment.from_day, segment.to_day, setting.prices):
                months = months_of(segment, price.from_day, price.to_day)
                draft = Draft(
                    kind=BACK_PAY, component=item, law=segment.law, due=exact(self.capacity) * exact(price.yuan) * months,
                    formula=f"{text(self.capacity)} {self.unit} × {digits(price.yuan)} ¥ × {text(months)} mo", from_day=price.from_day,
                    to_day=price.to_day, quantity=exact(self.capacity) * months, unit=f"{self.unit}·mo", price=price,
                )  # fmt: skip
                yield Paid(draft, segment.law)


@dataclass(frozen=True, slots=True)
class Event:
    """Equipment moved or operated without leave: an amount each time."""

    on: date | None
    times: int

    def drafts(self, setting: Setting) -> Iterator[Draft]:
        """Yield the charge."""
        law = setting.book.on("moved_equipment", self.on or setting.found_on)
        each = law.number("residential_yuan_each" if setting.is_residential else "other_yuan_each")
        yield Draft(
            kind=CHARGE, component=COMPONENT, law=law, due=exact(each) * self.times, formula=f"{text(each)} ¥ × {self.times}",
            from_day=self.on, quantity=Fraction(self.times), unit="×", limit=f"{text(each)} ¥",
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class UnauthorisedSource:
    """A source taken in, given out or connected without leave: yuan per kW."""

    on: date | None
    capacity: Decimal
    unit: str

    def drafts(self, setting: Setting) -> Iterator[Draft]:
        """Yield the charge."""
        law = setting.book.on("unauthorised_source", self.on or setting.found_on)
        yield _per_kw(law, self.capacity, 1, "yuan_per_kw", self.unit)


@dataclass(frozen=True, slots=True)
class ExceededQuota:
    """Use above an allotted quota, which only the rule of 1996 knows."""

    on: date
    excess_kw: Decimal
    excess_kwh: Decimal
    times: int
    price: Price

    def drafts(self, setting: Setting) -> Iterator[Draft]:
        """Yield the charge by kW each time and the multiple of the energy charge."""
        law = setting.book.on("exceeded_quota", self.on)
        yield _per_kw(law, self.excess_kw, self.times, "yuan_per_kw", "kW")
        price = self.price.spans("flat", self.on, self.on + timedelta(days=1), setting.prices)[0]
        multiple = law.number("multiple")
        yield Draft(
            kind=CHARGE, component=COMPONENT, law=law, due=exact(self.excess_kwh) * exact(price.yuan) * exact(multiple),
            formula=f"{text(self.excess_kwh)} kWh × {digits(price.yuan)} ¥/kWh × {text(multiple)}", from_day=self.on, quantity=exact(self.excess_kwh),
            unit="kWh", price=price, limit=f"= {text(multiple)} ×",
        )  # fmt: skip


def _per_kw(law: Provision, capacity: Decimal, times: int, key: str, unit: str) -> Draft:
    each = law.number(key)
    return Draft(
        kind=CHARGE, component=COMPONENT, law=law, due=exact(capacity) * exact(each) * times,
        formula=f"{text(capacity)} {unit} × {text(each)} ¥/{unit} × {times}", quantity=exact(capacity) * times, unit=unit,
        limit=f"{text(each)} ¥/{unit}",
    )  # fmt: skip


def _unknown(name: str, setting: Setting) -> Period:
    taken = setting.book.on(name, setting.found_on - timedelta(days=1)).number("unknown_days")
    setting.tell("days_assumed", days=text(taken))
    return Period(setting.found_on - timedelta(days=int(taken)), setting.found_on)


def read_low_price_line(fields: Fields) -> LowPriceLine:
    """Return loads on a cheaper line, or one `kwh` for a changed category."""
    loads = tuple(_load(one, f"{place}") for place, one in enumerate(fields.each("loads"), 1))
    return LowPriceLine(
        read_periods(fields),
        loads,
        read_price(fields, "price_billed"),
        read_bands(fields),
        read_terms(fields),
    )


def _load(fields: Fields, number: str) -> Load:
    kwh = fields.optional_number("kwh")
    load = Load(
        fields.text("name", number), kwh, Decimal(0) if kwh is not None and not fields.has("kw") else fields.number("kw"),
        fields.optional_number("hours_per_day"), fields.flag("lighting"), read_price(fields, "price"),
    )  # fmt: skip
    if kwh is not None and fields.has("kw"):
        fields.add("stands beside kwh; give the measured energy or the power, not both", "kw")
    fields.finish()
    return load


def read_capacity(fields: Fields, name: str) -> CapacityWithoutLeave:
    """Return capacity without leave; two-part customers need a period and the price of capacity or demand."""
    is_two_part = fields.flag("two_part") if fields.has("two_part") else None
    fields.plain("two_part")
    provisions = (
        (name, "over_capacity") if name != "over_capacity" and fields.flag("also_over_capacity") else (name,)
    )
    unit = fields.choice("unit", ("kVA", "kW"), "kVA")
    price = read_price(fields, "price") if fields.has("price") else None
    fields.plain("price")
    return CapacityWithoutLeave(
        provisions, _months(fields), fields.optional_day("on"), fields.number("capacity"), unit, is_two_part, _of_capacity(price),
        fields.whole("times", 1), read_terms(fields),
    )  # fmt: skip


def _of_capacity(price: Price | None) -> Price | None:
    """Let a stated price stand for capacity or demand."""
    if price is None or price.stated is None:
        return price
    return Price(stated={item: price.stated.get("total", ()) for item in PER_CAPACITY})


def _months(fields: Fields) -> tuple[Period, ...]:
    """Return the periods; `from` with `months` is whole months from that day."""
    if not fields.has("months"):
        fields.plain("months")
        return read_periods(fields)
    begin = fields.day("from")
    fields.plain("until"), fields.plain("periods")
    return (Period(begin, months_after(begin, fields.whole("months"))),)


def read_event(fields: Fields) -> Event:
    """Return equipment that was moved."""
    return Event(fields.optional_day("on"), fields.whole("times", 1))


def read_source(fields: Fields) -> UnauthorisedSource:
    """Return a source without leave."""
    return UnauthorisedSource(
        fields.optional_day("on"), fields.number("capacity"), fields.choice("unit", ("kVA", "kW"), "kW")
    )


def read_quota(fields: Fields) -> ExceededQuota:
    """Return an exceeded quota."""
    return ExceededQuota(
        fields.day("on"),
        fields.number("excess_kw"),
        fields.number("excess_kwh"),
        fields.whole("times", 1),
        read_price(fields, "price"),
    )
