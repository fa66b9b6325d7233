"""Back-billing (退补电量) and late payment (电费违约金) on the sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from jicha.settle.exact import digits, exact, text
from jicha.settle.late_fee import LateBill, LateSegment, Payment, late_segments
from jicha.settle.law import Provision
from jicha.settle.lines import EnergyDifference
from jicha.settle.meter_error import meter_error_energy, normal_month_energy, wire_drop_energy
from jicha.settle.multiplier import billed_energy_difference, register_energy_difference
from jicha.settle.periods import limitation_start
from jicha.settle.sheet.fields import Fields
from jicha.settle.sheet.lines import BACK_PAY, LATE_FEE, Draft
from jicha.settle.sheet.prices import Price, read_price
from jicha.settle.sheet.segments import Period, days_of, read_periods, segments
from jicha.settle.sheet.terms import Setting, days, read_bands
from jicha.settle.wiring import four_wire_factor, three_wire_factor, wiring_energy

# The energy to be billed again over the whole time, under one version.
EnergyUnder = Callable[[Provision], EnergyDifference]


@dataclass(frozen=True, slots=True)
class BackBilling:
    """A fault of the metering with the energy recorded in its time."""

    fault: str
    periods: tuple[Period, ...]
    claimed_on: date | None
    recorded_kwh: Decimal
    difference: EnergyUnder
    price: Price
    bands: Mapping[str, Decimal]

    def drafts(self, setting: Setting) -> Iterator[Draft]:
        """Yield the energy to be billed again by period, price and band; what limitation has cut off is left out."""
        whole_days = days_of(self.periods)
        for segment in segments(setting.book, (self.fault,), tuple(self._kept(setting))):
            found = self.difference(segment.law)
            for band, share in self.bands.items():
                for price in self.price.spans(band, segment.from_day, segment.to_day, setting.prices):
                    part = exact(share) * days(price) / whole_days
                    billed, due = (
                        exact(self.recorded_kwh) * part,
                        (exact(self.recorded_kwh) + found.exact_kwh) * part,
                    )
                    told = _told(found.formula, days(price), whole_days, share)
                    yield Draft(
                        kind=BACK_PAY, component=f"energy_{band}", law=segment.law, due=due * exact(price.yuan), billed=billed * exact(price.yuan),
                        formula=f"({told}) kWh × {digits(price.yuan)} ¥/kWh", from_day=price.from_day, to_day=price.to_day, quantity=due - billed,
                        unit="kWh", price=price,
                    )  # fmt: skip

    def _kept(self, setting: Setting) -> Iterator[Period]:
        earliest = limitation_start(self.claimed_on or setting.found_on)
        for period in self.periods:
            if period.from_day < earliest:
                setting.tell("cut_by_limitation", day=earliest.isoformat())
            if period.to_day > earliest:
                yield Period(max(period.from_day, earliest), period.to_day)


def _told(formula: str, here: int, whole: int, share: Decimal) -> str:
    told = formula if here == whole else f"({formula}) × {here} d ÷ {whole} d"
    return told if share == 1 else f"({told}) × {text(share * 100)} %"


@dataclass(frozen=True, slots=True)
class LatePayment:
    """Bills that were paid late, or not at all until some day."""

    bills: tuple[LateBill, ...]
    until: date | None
    minimum_yuan: Decimal | None

    def drafts(self, setting: Setting) -> Iterator[Draft]:
        """Yield the charge of each bill by balance, rate and version, and what raises the payment to the least amount."""
        charged = Fraction(0)
        last: LateSegment | None = None
        for number, bill in enumerate(self.bills, 1):
            for last in late_segments(bill, residential=setting.is_residential, until=self.until):
                charged += last.exact_yuan
                yield Draft(
                    kind=LATE_FEE, component="late_fee", law=last.law, due=last.exact_yuan, formula=f"№{number}: {last.formula}",
                    quantity=Fraction(last.days), unit="d", limit=f"{text(last.rate_per_day * 1000)} ‰/d",
                    group=f"bill {number}",
                )  # fmt: skip
        least = last.law.optional("minimum_yuan") if last and self.minimum_yuan is None else self.minimum_yuan
        if last and charged and least is not None and charged < exact(least):
            yield Draft(
                kind=LATE_FEE, component="late_fee_minimum", law=last.law, due=exact(least) - charged, formula=f"{text(least)} − {text(charged)} ¥",
                quantity=Fraction(1), unit="×", limit=f"≥ {text(least)} ¥",
            )  # fmt: skip


def read_back_billing(fields: Fields) -> BackBilling:
    """Return a fault with its numbers and its period."""
    fault = fields.choice("fault", tuple(FAULTS))
    recorded, difference = FAULTS[fault](fields)
    periods = read_periods(fields)
    if not periods:
        fields.add(
            "is missing; write the day of the last test or installation and the day of correction", "from"
        )
        periods = (Period(date(2000, 1, 1), date(2000, 1, 2)),)
    return BackBilling(
        fault,
        periods,
        fields.optional_day("claimed_on"),
        recorded,
        difference,
        read_price(fields, "price"),
        read_bands(fields),
    )


def _meter_error(fields: Fields) -> tuple[Decimal, EnergyUnder]:
    kwh, error = fields.number("recorded_kwh"), fields.number("error_pct", least=None)
    return kwh, lambda law: meter_error_energy(kwh, error, law)


def _wire_drop(fields: Fields) -> tuple[Decimal, EnergyUnder]:
    kwh = fields.number("recorded_kwh")
    actual, allowed = fields.number("actual_drop_pct", least=None), fields.number("allowed_drop_pct")
    return kwh, lambda law: wire_drop_energy(kwh, actual, allowed, law)


def _normal_months(fields: Fields) -> tuple[Decimal, EnergyUnder]:
    month, months, kwh = (
        fields.number("normal_month_kwh"),
        fields.number("months"),
        fields.number("recorded_kwh"),
    )
    return kwh, lambda law: normal_month_energy(month, months, kwh, law)


def _wiring(fields: Fields) -> tuple[Decimal, EnergyUnder]:
    kwh, factor = fields.number("recorded_kwh"), _wiring_factor(fields)
    return kwh, lambda law: wiring_energy(kwh, factor, law)


def _fuse(fields: Fields) -> tuple[Decimal, EnergyUnder]:
    return _normal_months(fields) if fields.has("normal_month_kwh") else _wiring(fields)


def _wiring_factor(fields: Fields) -> Fraction:
    """Return K: stated, of a named fault of a three-wire meter, or of lost and reversed phases of a four-wire meter."""
    if fields.has("factor"):
        return exact(fields.number("factor", least=None))
    if fields.has("three_wire_fault"):
        return three_wire_factor(fields.text("three_wire_fault"), fields.optional_number("cos_phi"))
    return four_wire_factor(
        int(fields.optional_number("lost_phases") or 0), int(fields.optional_number("reversed_phases") or 0)
    )


def _multiplier(fields: Fields) -> tuple[Decimal, EnergyUnder]:
    actual, used = fields.number("actual_multiplier"), fields.number("used_multiplier")
    if fields.has("register_difference"):
        read = fields.number("register_difference")
        return read * used, lambda law: register_energy_difference(read, actual, used, law)
    kwh = fields.number("billed_kwh")
    return kwh, lambda law: billed_energy_difference(kwh, actual, used, law)


FAULTS: dict[str, Callable[[Fields], tuple[Decimal, EnergyUnder]]] = {
    "meter_or_transformer_error": _meter_error, "wire_voltage_drop": _wire_drop, "other_causes": _normal_months, "wrong_wiring": _wiring,
    "voltage_fuse": _fuse, "wrong_multiplier": _multiplier,
}  # fmt: skip


def read_late_payment(fields: Fields) -> LatePayment:
    """Return late bills with what was paid of them."""
    bills = tuple(_bill(one) for one in fields.each("bills"))
    return LatePayment(bills, fields.optional_day("until"), fields.optional_number("minimum_yuan"))


def _bill(fields: Fields) -> LateBill:
    payments = []
    for one in fields.each("payments") if fields.has("payments") else ():
        payments.append(Payment(one.day("on"), one.number("yuan")))
        one.finish()
    fields.plain("payments")
    bill = LateBill(fields.number("yuan"), fields.day("due_on"), tuple(payments))
    fields.finish()
    return bill
