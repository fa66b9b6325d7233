"""Theft (窃电) on the sheet: the quantity by one method, priced by the day, less what was metered; the criminal quantity apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from jicha.settle.exact import digits, exact, shown, text, yuan
from jicha.settle.law import Provision
from jicha.settle.problems import require
from jicha.settle.sheet.fields import Fields
from jicha.settle.sheet.lines import BACK_PAY, Draft
from jicha.settle.sheet.prices import Price, PriceSpan, read_price
from jicha.settle.sheet.segments import Period, Segment, days_of, read_periods, segments
from jicha.settle.sheet.terms import Paid, Setting, Terms, charge_drafts, days, read_bands, read_terms
from jicha.settle.theft import power_at_current_kw

NAMES = ("theft_quantity", "theft_charge")


@dataclass(frozen=True, slots=True)
class Share:
    """A segment among all days of the act, and the kind of use that its assumed hours depend on."""

    segment: Segment
    whole_days: int
    is_lighting: bool


class Quantity(Protocol):
    """A method of finding the stolen energy."""

    @property
    def method(self) -> str:
        """Its name."""

    def energy(self, share: Share) -> tuple[Fraction, str]:
        """Return the kWh of some days and how they come about."""


@dataclass(frozen=True, slots=True)
class Energy:
    """The energy of some days by the method, and what the meter showed of it."""

    stolen_kwh: Fraction
    metered_kwh: Fraction
    formula: str


@dataclass(frozen=True, slots=True)
class PowerQuantity:
    """kW × days × hours a day: of the tapped equipment, or at the current of the meter."""

    method: str
    power_kw: Decimal
    power_formula: str
    hours_per_day: Decimal | None

    def energy(self, share: Share) -> tuple[Fraction, str]:
        """Return kW × the days of the segment × hours; hours that are not known are those that the version assumes."""
        segment = share.segment
        key = "hours_lighting" if share.is_lighting else "hours_power"
        hours = segment.law.number(key) if self.hours_per_day is None else self.hours_per_day
        kwh = exact(self.power_kw) * segment.days * exact(hours)
        return kwh, f"{self.power_formula} × {segment.days} d × {text(hours)} h"


@dataclass(frozen=True, slots=True)
class WholeQuantity:
    """An energy of the whole time, shared by days."""

    method: str
    kwh: Fraction
    formula: str

    def energy(self, share: Share) -> tuple[Fraction, str]:
        """Return the share of the days of the segment."""
        days_here, days_all = share.segment.days, share.whole_days
        told = "" if days_here == days_all else f" × {days_here} d ÷ {days_all} d"
        return self.kwh * days_here / days_all, f"{self.formula}{told}"


@dataclass(frozen=True, slots=True)
class CriminalQuantity:
    """What a court counts: the mean of normal months before, less what the meter showed, month by month; never part of a bill."""

    kwh: Decimal
    yuan: Decimal
    price_yuan_per_kwh: Decimal
    is_price_certified: bool
    formula: str
    law: Provision
    amounts: Provision


@dataclass(frozen=True, slots=True)
class CriminalFacts:
    """Energy of the normal months before the theft and of the months of the theft, and a certified price where there is one."""

    normal_kwh: tuple[Decimal, ...]
    metered_kwh: tuple[Decimal, ...]
    certified_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Theft:
    """A proved theft with its method."""

    periods: tuple[Period, ...]
    unknown_days: Decimal | None
    quantity: Quantity
    metered_kwh: Decimal | None
    bands: Mapping[str, Decimal]
    price: Price
    terms: Terms
    local_act: str
    criminal: CriminalFacts | None

    def drafts(self, setting: Setting) -> Iterator[Draft]:
        """Yield the stolen energy by period, price and band, then the charge of each version."""
        setting.tell("fine_not_here")
        paid = list(self._paid(setting))
        yield from (one.draft for one in paid)
        yield from charge_drafts(paid, self.terms, setting, "theft_charge")

    def known_periods(self, setting: Setting) -> tuple[Period, ...]:
        """Return the periods, or the days that the law assumes before the day of discovery."""
        if self.periods:
            return self.periods
        assumed = setting.book.on("theft_quantity", setting.found_on - timedelta(days=1)).number(
            "unknown_days"
        )
        taken = assumed if self.unknown_days is None else self.unknown_days
        require(
            taken >= assumed, where="unknown_days", found=taken, expected=f"{assumed} or more",
            remedy="Give the days that can be proved as from and until.",
        )  # fmt: skip
        setting.tell("days_assumed", days=text(taken))
        return (Period(setting.found_on - timedelta(days=int(taken)), setting.found_on),)

    def criminal_quantity(self, setting: Setting) -> CriminalQuantity | None:
        """Return the quantity of the criminal file, kept apart from every sum."""
        if self.criminal is None:
            setting.tell("criminal_missing")
            return None
        return _criminal(self.criminal, self.known_periods(setting), self.price, setting)

    def _paid(self, setting: Setting) -> Iterator[Paid]:
        periods = self.known_periods(setting)
        whole_days, limit = days_of(periods), "" if self.periods else f"{days_of(periods)} d"
        addition = _local_addition(self, setting)
        for segment in segments(setting.book, NAMES, periods):
            for band, share in self.bands.items():
                for price in self.price.spans(band, segment.from_day, segment.to_day, setting.prices):
                    stretch = Share(
                        segment.between(price.from_day, price.to_day), whole_days, setting.is_lighting
                    )
                    draft = _draft(band, share, stretch, price, self._net(stretch), limit, addition)
                    yield Paid(draft, segment.laws[1])

    def _net(self, share: Share) -> Energy:
        """Return what was stolen and what was metered in some days; no act gives less than the meter showed."""
        kwh, formula = self.quantity.energy(share)
        metered = exact(self.metered_kwh or 0) * share.segment.days / share.whole_days
        require(
            kwh >= metered, where="stolen energy", found=f"{text(kwh)} kWh stolen, {text(metered)} kWh metered",
            expected="a quantity that is not below what the meter showed",
            remedy="Take another method, or leave the metered energy out.",
        )  # fmt: skip
        return Energy(kwh, metered, f"{formula} − {text(metered)} kWh" if metered else formula)


def _draft(
    band: str, share: Decimal, stretch: Share, price: PriceSpan, energy: Energy, limit: str, addition: str
) -> Draft:
    each, part, segment = exact(price.yuan), exact(share), stretch.segment
    of_band = "" if share == 1 else f" × {text(part * 100)} %"
    return Draft(
        kind=BACK_PAY, component=f"energy_{band}", law=segment.law, due=energy.stolen_kwh * part * each, billed=energy.metered_kwh * part * each,
        formula=f"({energy.formula}){of_band} × {digits(price.yuan)} ¥/kWh", from_day=price.from_day, to_day=price.to_day,
        quantity=(energy.stolen_kwh - energy.metered_kwh) * part, unit="kWh", price=price, limit=limit, addition=addition,
    )  # fmt: skip


def _local_addition(theft: Theft, setting: Setting) -> str:
    rules = [setting.local.acts[theft.local_act]] if theft.local_act else []
    rules += (
        [setting.local.methods[theft.quantity.method]]
        if theft.quantity.method in setting.local.methods
        else []
    )
    for rule in rules:
        if not rule.verified:
            setting.tell("local_rule_unread", rule=rule.name)
    return "; ".join(dict.fromkeys(rule.clause for rule in rules))


def _criminal(
    facts: CriminalFacts, periods: tuple[Period, ...], price: Price, setting: Setting
) -> CriminalQuantity:
    law = setting.book.on("criminal_quantity", setting.found_on)
    most = int(law.number("normal_months"))
    require(
        0 < len(facts.normal_kwh) <= most, where="criminal.normal_kwh", found=f"{len(facts.normal_kwh)} months",
        expected=f"the {most} months before the theft, or fewer where the normal use is shorter", remedy="Give those months only.",
    )  # fmt: skip
    mean = sum(map(exact, facts.normal_kwh), Fraction(0)) / len(facts.normal_kwh)
    kwh = sum((mean - exact(one) for one in facts.metered_kwh), Fraction(0))
    certified = facts.certified_price is not None
    each = exact(facts.certified_price or 0) if certified else _mean_price(periods, price, setting)
    formula = f"({' + '.join(map(text, facts.normal_kwh))}) ÷ {len(facts.normal_kwh)} × {len(facts.metered_kwh)} − ({' + '.join(map(text, facts.metered_kwh))})"
    return CriminalQuantity(
        shown(kwh), yuan(kwh * each), shown(each), certified, formula, law, setting.book.on("criminal_amounts", setting.found_on)
    )  # fmt: skip


def _mean_price(periods: tuple[Period, ...], price: Price, setting: Setting) -> Fraction:
    """Return the price of the flat band, weighted by the days of the theft."""
    total = Fraction(0)
    for period in periods:
        for span in price.spans("flat", period.from_day, period.to_day, setting.prices):
            total += exact(span.yuan) * days(span)
    return total / days_of(periods)


def read_theft(fields: Fields, local_acts: Mapping[str, object]) -> Theft:
    """Return a theft from its fields."""
    quantity = _read_quantity(fields.inside("quantity"))
    metered = fields.optional_number("metered_kwh")
    # By the equipment's own power the meter's energy is not part of it; at the meter's current it is.
    if not fields.flag("deduct_metered", default=quantity.method == "meter_current"):
        metered = None
    local_act = fields.text("local_act", "")
    if local_act and local_act not in local_acts:
        fields.add(f"is {local_act!r}; write one of {', '.join(local_acts)}", "local_act")
        local_act = ""
    return Theft(
        read_periods(fields), fields.optional_number("unknown_days"), quantity, metered, read_bands(fields), read_price(fields, "price"),
        read_terms(fields), local_act, _read_criminal(fields),
    )  # fmt: skip


def _read_criminal(fields: Fields) -> CriminalFacts | None:
    if not fields.has("criminal"):
        fields.plain("criminal")
        return None
    inner = fields.inside("criminal")
    facts = CriminalFacts(
        inner.numbers("normal_kwh"), inner.numbers("metered_kwh"), inner.optional_number("certified_price")
    )
    inner.finish()
    return facts


def _read_quantity(fields: Fields) -> Quantity:
    method = fields.choice("method", tuple(METHODS))
    quantity = METHODS[method](fields)
    fields.finish()
    return quantity


def _capacity(fields: Fields) -> Quantity:
    kw = fields.number("kw")
    return PowerQuantity("capacity", kw, f"{text(kw)} kW", fields.optional_number("hours_per_day"))


def _meter_current(fields: Fields) -> Quantity:
    volts, amperes = fields.number("voltage_v"), fields.number("current_a")
    phases, line_to_line = fields.whole("phases", 1), fields.flag("line_to_line")
    ct, pt = (
        fields.optional_number("ct_ratio") or Decimal(1),
        fields.optional_number("pt_ratio") or Decimal(1),
    )
    kw = power_at_current_kw(
        volts, amperes, phases=phases, line_to_line=line_to_line, ct_ratio=ct, pt_ratio=pt
    )
    factors = [f"{'√3' if line_to_line else phases} × " if line_to_line or phases > 1 else ""]
    factors += [f"{text(volts)} V × {text(amperes)} A"]
    factors += [f" × {text(one)}" for one in (ct, pt) if one != 1]
    return PowerQuantity(
        "meter_current", kw, f"{''.join(factors)} ÷ 1000", fields.optional_number("hours_per_day")
    )


def _proved(fields: Fields) -> Quantity:
    kwh = fields.number("kwh")
    return WholeQuantity("proved", exact(kwh), f"{text(kwh)} kWh")


def _factor(fields: Fields) -> Quantity:
    kwh, factor = fields.number("recorded_kwh"), fields.number("factor", least=Decimal(1))
    return WholeQuantity(
        "factor", exact(kwh) * (exact(factor) - 1), f"{text(kwh)} kWh × ({text(factor)} − 1)"
    )


def _normal_use(fields: Fields) -> Quantity:
    month, months, kwh = (
        fields.number("normal_month_kwh"),
        fields.number("months"),
        fields.number("recorded_kwh"),
    )
    energy = exact(month) * exact(months) - exact(kwh)
    return WholeQuantity("normal_use", energy, f"{text(month)} kWh × {text(months)} − {text(kwh)} kWh")


def _master_meter(fields: Fields) -> Quantity:
    sub, loss, master = (
        fields.number("sub_meters_kwh"),
        fields.number("loss_kwh"),
        fields.number("master_kwh"),
    )
    energy = exact(sub) + exact(loss) - exact(master)
    return WholeQuantity("master_meter", energy, f"{text(sub)} + {text(loss)} − {text(master)} kWh")


def _unit_product(fields: Fields) -> Quantity:
    unit, output = fields.number("unit_kwh"), fields.number("output")
    auxiliary, metered = fields.number("auxiliary_kwh"), fields.number("recorded_kwh")
    energy = exact(unit) * exact(output) + exact(auxiliary) - exact(metered)
    return WholeQuantity(
        "unit_product", energy, f"{text(unit)} kWh × {text(output)} + {text(auxiliary)} − {text(metered)} kWh"
    )


METHODS: dict[str, Callable[[Fields], Quantity]] = {
    "proved": _proved, "capacity": _capacity, "meter_current": _meter_current, "factor": _factor, "normal_use": _normal_use,
    "master_meter": _master_meter, "unit_product": _unit_product,
}  # fmt: skip
