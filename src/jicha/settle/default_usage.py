"""Default usage (违约用电): what is paid back and the charge on it (违约使用电费), by act and version of the rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from jicha.settle.exact import Number, exact, shown, text
from jicha.settle.law import LawSpan, Provision
from jicha.settle.lines import SettledLine, Settlement, money_line, settlement
from jicha.settle.penalty import Multiple, PaidBack, penalty_lines
from jicha.settle.problems import require

CHARGE = "default_usage_charge"
BACK_PAY = "back_pay"


@dataclass(frozen=True, slots=True)
class LowPriceLoad:
    """A load at a price lower than its own: measured kWh, or kW × hours a day × days."""

    name: str
    low_price_yuan: Decimal
    high_price_yuan: Decimal
    spans: tuple[LawSpan, ...]
    energy_kwh: Decimal | None = None
    power_kw: Decimal | None = None
    hours_per_day: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CapacityUse:
    """Capacity in use without leave for some months under one version: whole months, and a part of a month."""

    law: Provision
    months: Decimal
    odd_days: Decimal = Decimal(0)
    calendar_days: Decimal | None = None

    @property
    def exact_months(self) -> Fraction:
        """Months with the part month by the version's days of a month, or the calendar's."""
        if self.odd_days == 0:
            return exact(self.months)
        days = self.law.optional("part_month_days") or self.calendar_days
        require(
            days is not None and days > 0,
            where="part of a month",
            found=f"{self.odd_days} days under {self.law.version} without the days of the month",
            expected="the calendar days of that month",
            remedy="Give calendar_days.",
        )
        return exact(self.months) + exact(self.odd_days) / exact(days or Decimal(1))


def unknown_days(law: Provision) -> Decimal:
    """Return for how many days an act of unknown beginning is billed."""
    return law.number("unknown_days")


def assumed_hours(law: Provision, *, lighting: bool) -> Decimal:
    """Return the assumed hours a day of lighting (照明) or power (动力)."""
    return law.number("hours_lighting" if lighting else "hours_power")


def load_energy(load: LowPriceLoad, span: LawSpan) -> Fraction:
    """Return the kWh of one load in one span: kW × hours × days, or the measured kWh by its share of the days."""
    if load.energy_kwh is not None:
        return exact(load.energy_kwh) * _share(load, span)
    require(
        load.power_kw is not None and load.hours_per_day is not None,
        where=f"load {load.name}",
        found="neither kWh nor kW with hours a day",
        expected="one of them",
        remedy="Give the measured energy, or the power and the hours of use.",
    )
    return exact(load.power_kw or 0) * exact(load.hours_per_day or 0) * exact(span.days)


def energy_of_load(load: LowPriceLoad) -> Decimal:
    """Return the kWh of one load over all its spans."""
    return shown(sum((load_energy(load, span) for span in load.spans), Fraction(0)))


def low_price_line(
    loads: Sequence[LowPriceLoad], *, multiple: Multiple = None, from_rounded: bool = False
) -> Settlement:
    """Return the price difference of all loads and the charge on it, a pair of lines for each version."""
    parts = [_difference(load, span) for load in loads for span in load.spans]
    return settlement(
        [*_back_pay_lines(parts), *penalty_lines(CHARGE, parts, multiple, from_rounded=from_rounded)]
    )


def two_part_capacity(
    capacity: Decimal,
    price_yuan: Decimal,
    uses: Sequence[CapacityUse],
    *,
    unit: str = "kVA",
    multiple: Multiple = None,
    from_rounded: bool = False,
) -> Settlement:
    """Return the basic charge (容（需）量电费) of extra, suspended or sealed capacity, and the charge on it.

    The provision of the uses says which act it is: `over_capacity` or `suspended_or_sealed`.
    """
    parts = [_basic_charge(capacity, price_yuan, use, unit) for use in uses]
    return settlement(
        [*_back_pay_lines(parts), *penalty_lines(CHARGE, parts, multiple, from_rounded=from_rounded)]
    )


def charge_per_kw(
    capacity_kw: Decimal, law: Provision, *, times: int = 1, yuan_per_kw: Decimal | None = None
) -> Settlement:
    """Return the charge by capacity: kW (kVA) × yuan per kW × times; the rule's own amount unless another is given."""
    each = yuan_per_kw if yuan_per_kw is not None else law.number("yuan_per_kw")
    line = money_line(
        CHARGE,
        exact(capacity_kw) * exact(each) * times,
        formula=f"{text(capacity_kw)} kW × {text(each)} yuan/kW × {times}",
        quantity=exact(capacity_kw) * times,
        unit="kW",
        unit_price=each,
        law=law,
    )
    return settlement([line])


def charge_per_event(
    events: int, law: Provision, *, residential: bool = False, yuan_each: Decimal | None = None
) -> Settlement:
    """Return the charge for each time: the rule's amount for residential or other customers unless another is given."""
    key = "residential_yuan_each" if residential else "other_yuan_each"
    each = yuan_each if yuan_each is not None else law.number(key)
    line = money_line(
        CHARGE,
        exact(each) * events,
        formula=f"{text(each)} yuan × {events}",
        quantity=events,
        unit="times",
        unit_price=each,
        law=law,
    )
    return settlement([line])


def exceeded_quota(
    excess_kw: Decimal, excess_kwh: Decimal, price_yuan: Decimal, law: Provision, *, times: int = 1
) -> Settlement:
    """Return the charge of 1996 for use above a quota: yuan per kW each time, and a multiple of the energy charge."""
    energy = PaidBack(exact(excess_kwh) * exact(price_yuan), f"{text(excess_kwh)} × {text(price_yuan)}", law)
    by_kw = charge_per_kw(excess_kw, law, times=times)
    return settlement([*by_kw.lines, *penalty_lines(CHARGE, [energy], None)])


def _share(load: LowPriceLoad, span: LawSpan) -> Fraction:
    whole = sum((exact(part.days) for part in load.spans), Fraction(0))
    return exact(span.days) / whole if len(load.spans) > 1 else Fraction(1)


def _difference(load: LowPriceLoad, span: LawSpan) -> PaidBack:
    energy = load_energy(load, span)
    price = exact(load.high_price_yuan) - exact(load.low_price_yuan)
    formula = f"{text(energy)} kWh × ({text(load.high_price_yuan)} − {text(load.low_price_yuan)})"
    return PaidBack(energy * price, formula, span.law)


def _basic_charge(capacity: Decimal, price_yuan: Decimal, use: CapacityUse, unit: str) -> PaidBack:
    months = use.exact_months
    formula = f"{text(capacity)} {unit} × {text(price_yuan)} yuan × {text(months)} months"
    return PaidBack(exact(capacity) * exact(price_yuan) * months, formula, use.law)


def _back_pay_lines(parts: Sequence[PaidBack]) -> Iterator[SettledLine]:
    """Yield the back-pay of each version, the parts added before they are rounded."""
    for version in dict.fromkeys(part.law.version for part in parts):
        own = [part for part in parts if part.law.version == version]
        amount: Number = sum((part.exact_yuan for part in own), Fraction(0))
        yield money_line(
            BACK_PAY,
            exact(amount),
            formula=" + ".join(part.formula for part in own),
            quantity=amount,
            unit="yuan",
            law=own[0].law,
        )
