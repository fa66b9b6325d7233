"""Small bills made by hand: a household, a single-rate customer, a two-part customer, and a price book of round numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from jicha.billing.books import PriceRow, StepRow
from jicha.billing.cause import Cause, find_cause
from jicha.billing.lines import price_bill
from jicha.billing.model import (
    BillInput,
    Customer,
    IssuedBill,
    Line,
    Point,
    PricedBill,
    Reading,
    Scheme,
    Transformer,
    TransformerState,
)
from jicha.billing.policy import rule_book
from jicha.billing.price_list import PriceList

BEGIN, END = date(2026, 10, 1), date(2026, 11, 1)
CHANGE = date(2026, 8, 1)
LONG_AGO = date(2020, 1, 1)
BANDS = {"total": "1", "flat": "1", "peak": "1.5", "valley": "0.5", "sharp": "2"}
# Transmission in yuan per kWh before and from CHANGE on, by tariff and column.
TRANSMISSION = {
    ("CI_SINGLE", "lt1"): ("0.27", "0.25"),
    ("CI_SINGLE", "kv1_10"): ("0.22", "0.20"),
    ("CI_TWO", "kv1_10"): ("0.12", "0.10"),
    ("CI_TWO", "kv35"): ("0.10", "0.08"),
}
PURCHASE, FUND, CAPACITY, DEMAND = (
    "0.40",
    "0.03",
    {"kv1_10": "30", "kv35": "28"},
    {"kv1_10": "48", "kv35": "44"},
)


def number(text: str | int) -> Decimal:
    """Return an exact number."""
    return Decimal(text)


def book(fund: str = FUND) -> PriceList:
    """Return the price list of all worked bills."""
    steps = [
        StepRow("T", "RES_STEP", "annual", 2, number(2760), LONG_AGO, None),
        StepRow("T", "RES_STEP", "annual", 3, number(4800), LONG_AGO, None),
        StepRow("T", "RES_STEP", "monthly", 2, number(230), LONG_AGO, None),
        StepRow("T", "RES_STEP", "monthly", 3, number(400), LONG_AGO, None),
    ]
    return PriceList([*_household(), *_business(fund)], steps)


def _row(tariff: str, column: str, component: str, register: str, price: Decimal, **dates: Any) -> PriceRow:
    begin, end = dates.get("begin", LONG_AGO), dates.get("end")
    adjusted = not tariff.startswith("RES") and component != "fund"
    return PriceRow("T", tariff, column, component, register, begin, end, price, adjusted, "a test")


def _household() -> Iterator[PriceRow]:
    for register, price in (("total", "0.538"), ("peak", "0.568"), ("valley", "0.288")):
        yield _row("RES_STEP", "lt1", "energy", register, number(price))
    yield _row("RES_STEP", "lt1", "step2", "any", number("0.05"))
    yield _row("RES_STEP", "lt1", "step3", "any", number("0.30"))
    yield _row("RES_FLAT", "lt1", "energy", "total", number("0.558"))


def _business(fund: str) -> Iterator[PriceRow]:
    for (tariff, column), versions in TRANSMISSION.items():
        for transmission, dates in zip(versions, ({"end": CHANGE}, {"begin": CHANGE}), strict=True):
            for register, ratio in BANDS.items():
                for component, price in (("purchase", PURCHASE), ("transmission", transmission)):
                    yield _row(tariff, column, component, register, number(price) * number(ratio), **dates)
        yield _row(tariff, column, "fund", "any", number(fund))
        if tariff == "CI_TWO":
            yield _row(tariff, column, "capacity", "any", number(CAPACITY[column]))
            yield _row(tariff, column, "demand", "any", number(DEMAND[column]))


def scheme(tariff: str, column: str, **values: Any) -> Scheme:
    """Return a scheme that is always valid, without anything special."""
    plain = Scheme(LONG_AGO, None, tariff, column, False, None, "none", None, None, None, None, None, False)
    return plain._replace(**values)


def reading(register: str, kwh: str | int, ratio: int = 1, meter: str = "M1", **values: Any) -> Reading:
    """Return a register that passed so much, in kWh behind the ratio."""
    start = number(1000)
    shown = Reading(
        meter, register, start, datetime(2026, 10, 1), start + number(kwh) / ratio, datetime(2026, 11, 1), "read",
        number(ratio), number(1), number(ratio), 6,
    )  # fmt: skip
    if register == "max_demand":
        shown = shown._replace(previous_value=None, value=number(kwh) / ratio)
    return shown._replace(**values)


def customer(**values: Any) -> Customer:
    """Return a customer of agency purchase since long ago."""
    return Customer("1", number(400), number(400), "agency", LONG_AGO, None, 3, ())._replace(**values)


def household(kwh: int = 300, before: int = 2700, **values: Any) -> BillInput:
    """Return a household with yearly steps."""
    point = Point(
        "P1",
        None,
        "lv_lv",
        True,
        (scheme("RES_STEP", "lt1", step_scheme="annual"),),
        (reading("total", kwh),),
    )
    bill = BillInput("B1", BEGIN, BEGIN, END, customer(), (point,), (), {"P1": number(before)})
    return replace(bill, **values)


def single_rate(ratio: int = 40, **values: Any) -> BillInput:
    """Return a single-rate customer at 10 kV by time of use: 10,000 peak, 8,000 flat, 6,000 valley, 12,000 kvarh."""
    own = scheme("CI_SINGLE", "kv1_10", tou=True, pf_standard=number("0.90"))
    point = Point("P1", None, "hv_hv", True, (own,), registers(ratio))
    return replace(BillInput("B1", BEGIN, BEGIN, END, customer(), (point,)), **values)


def registers(ratio: int = 40) -> tuple[Reading, ...]:
    """Return the registers of the business customers."""
    energies = {
        "total": 24000,
        "peak": 10000,
        "flat": 8000,
        "valley": 6000,
        "reactive": 12000,
        "max_demand": 200,
    }
    return tuple(reading(register, kwh, ratio) for register, kwh in energies.items())


def two_part(mode: str = "capacity", contract: str | None = None, **values: Any) -> BillInput:
    """Return a two-part customer at 10 kV with transformers of 250 and 150 kVA."""
    own = scheme(
        "CI_TWO", "kv1_10", tou=True, pf_standard=number("0.90"), basic_charge_mode=mode,
        contract_demand_kw=None if contract is None else number(contract),
    )  # fmt: skip
    point = Point("P1", None, "hv_hv", True, (own,), registers())
    bill = BillInput(
        "B1", BEGIN, BEGIN, END, customer(), (point,), (transformer("T1", 250), transformer("T2", 150))
    )
    return replace(bill, **values)


def transformer(name: str, kva: int, *states: TransformerState) -> Transformer:
    """Return a transformer; without states it runs always."""
    losses = {250: ("0.56", "3.05"), 150: ("0.34", "2.00")}[kva]
    shown = states or (state(LONG_AGO, None, "running"),)
    return Transformer(
        name, "P1", "S9", number(kva), number(losses[0]), number(losses[1]), number("1.5"), number("4"), shown
    )


def state(begin: date, end: date | None, kind: str, agreed: date | None = None) -> TransformerState:
    """Return a state, sealed on its first day."""
    return TransformerState(begin, end, kind, None if kind == "running" else begin, agreed)


def low_side(bill: BillInput) -> BillInput:
    """Return the bill with its main meter on the low side and the loss charged."""
    point = bill.points[0]._replace(metering_mode="hv_lv")
    return with_scheme(replace(bill, points=(point, *bill.points[1:])), transformer_loss=True)


def with_scheme(bill: BillInput, place: int = 0, **values: Any) -> BillInput:
    """Return the bill with another scheme of one point."""
    points = list(bill.points)
    points[place] = points[place]._replace(schemes=tuple(s._replace(**values) for s in points[place].schemes))
    return replace(bill, points=tuple(points))


def with_readings(bill: BillInput, readings: Sequence[Reading], place: int = 0) -> BillInput:
    """Return the bill with other readings of one point."""
    points = list(bill.points)
    points[place] = points[place]._replace(readings=tuple(readings))
    return replace(bill, points=tuple(points))


def with_customer(bill: BillInput, **values: Any) -> BillInput:
    """Return the bill of another customer."""
    return replace(bill, customer=bill.customer._replace(**values))


def priced(bill: BillInput, prices: PriceList | None = None, **rules: Any) -> PricedBill:
    """Return the bill priced, under other rules where some are given."""
    own = rule_book().on(bill.period_from)
    result = price_bill(bill, prices or book(), replace(own, **rules) if rules else own)
    assert result.refusal is None, (result.refusal, result.refused_at)
    return result


def issued(bill: PricedBill, lines: list[Line] | None = None) -> IssuedBill:
    """Return a priced bill as if the company had issued it."""
    shown = bill.lines if lines is None else lines
    total = sum((line.amount_yuan for line in shown), Decimal(0))
    return IssuedBill(
        bill.bill_id,
        "1",
        BEGIN,
        bill.kwh,
        bill.kvarh,
        bill.power_factor,
        bill.pf_adjust_pct,
        total,
        list(shown),
    )


def cause_of(bill: BillInput, wrong: IssuedBill | PricedBill) -> Cause:
    """Return the cause that is found for a bill issued wrongly."""
    shown = issued(wrong) if isinstance(wrong, PricedBill) else wrong
    return find_cause(bill, shown, priced(bill), book(), rule_book())


def changed(lines: Sequence[Line], item: str, amount: str, component: str | None = None) -> list[Line]:
    """Return lines with another amount in one of them."""
    found = [line for line in lines if line.item == item and component in (None, line.component)]
    assert len(found) == 1, found
    return [line._replace(amount_yuan=number(amount)) if line is found[0] else line for line in lines]
