"""What one bill is priced from and what comes out: plain data, no engine, no rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

BANDS = ("sharp", "peak", "flat", "valley", "deep_valley")
Span = tuple[date, date | None]


class Reading(NamedTuple):
    """One register of one meter in the bill's month, with the ratios of the installation it was read in."""

    meter_id: str
    register: str
    previous_value: Decimal | None
    previous_at: datetime | None
    value: Decimal | None
    read_at: datetime | None
    status: str
    ct_ratio: Decimal | None
    pt_ratio: Decimal | None
    archive_multiplier: Decimal | None
    digits: int | None


class Scheme(NamedTuple):
    """The price scheme (计费方案) of a metering point in [valid_from, valid_to)."""

    valid_from: date
    valid_to: date | None
    tariff_code: str
    voltage_code: str
    tou: bool
    pf_standard: Decimal | None
    basic_charge_mode: str
    contract_demand_kw: Decimal | None
    step_scheme: str | None
    fixed_ratio: Decimal | None
    fixed_kwh: Decimal | None
    line_loss_pct: Decimal | None
    transformer_loss: bool


class Point(NamedTuple):
    """One metering point of the bill, or a sub meter of another customer that comes off a main of the bill."""

    mp_id: str
    parent_mp_id: str | None
    metering_mode: str
    is_billed: bool
    schemes: tuple[Scheme, ...]
    readings: tuple[Reading, ...]


class TransformerState(NamedTuple):
    """In what state a transformer was in [valid_from, valid_to), when it was sealed, until when that was agreed."""

    valid_from: date
    valid_to: date | None
    state: str
    sealed_on: date | None
    agreed_until: date | None


class Transformer(NamedTuple):
    """A customer's transformer with its nameplate (铭牌) and its states."""

    transformer_id: str
    mp_id: str | None
    model: str | None
    kva: Decimal
    no_load_loss_kw: Decimal | None
    load_loss_kw: Decimal | None
    no_load_current_pct: Decimal | None
    impedance_pct: Decimal | None
    states: tuple[TransformerState, ...]


class Customer(NamedTuple):
    """What of the customer archive changes a bill."""

    customer_no: str
    contract_kva: Decimal | None
    running_kva: Decimal | None
    market_mode: str
    opened_on: date
    closed_on: date | None
    household_persons: int | None
    multi_person: tuple[Span, ...]
    high_energy_listed: bool = False

    @property
    def pays_multiple(self) -> bool:
        """Whether bought power costs a multiple: the customer left the market, or is a high-energy user (高耗能) of agency purchase."""
        return self.market_mode == "exited" or (self.market_mode == "agency" and self.high_energy_listed)


class Line(NamedTuple):
    """One line of a bill, issued or recomputed; units as in the contract table bill_line."""

    mp_id: str | None
    item: str
    component: str | None
    register: str | None
    quantity: Decimal | None
    unit: str
    unit_price: Decimal | None
    amount_yuan: Decimal


class PointHistory(NamedTuple):
    """What a clerk may have taken instead of the month's own readings; energy in whole kWh."""

    previous_demand_kw: Decimal | None
    last_month_kwh: Decimal | None
    mean_kwh: Decimal | None
    frozen_kwh: Decimal | None


@dataclass(slots=True)
class BillInput:
    """Everything one normal bill is recomputed from.

    `before_kwh` is the energy billed at each stepped point earlier in the calendar year; None where the data do not
    reach back far enough.
    """

    bill_id: str
    bill_month: date
    period_from: date
    period_to: date
    customer: Customer
    points: tuple[Point, ...]
    transformers: tuple[Transformer, ...] = ()
    before_kwh: Mapping[str, Decimal | None] = field(default_factory=dict)
    bills_in_month: int = 1
    history: Mapping[str, PointHistory] = field(default_factory=dict)


@dataclass(slots=True)
class PricedBill:
    """A recomputed bill: its lines and what the power-factor adjustment stood on; or the code of its refusal."""

    bill_id: str
    lines: list[Line]
    kwh: Decimal
    kvarh: Decimal | None
    power_factor: Decimal | None
    pf_adjust_pct: Decimal | None
    refusal: str | None = None
    refused_at: str | None = None

    @property
    def total_yuan(self) -> Decimal:
        """The sum of the lines, each rounded to the cent."""
        return sum((line.amount_yuan for line in self.lines), Decimal(0))

    def item_yuan(self, item: str) -> Decimal:
        """Return the sum of the lines of one item (energy, step, basic, pf_adjustment, fund, other)."""
        return sum((line.amount_yuan for line in self.lines if line.item == item), Decimal(0))


@dataclass(slots=True)
class IssuedBill:
    """A bill as the company issued it."""

    bill_id: str
    customer_no: str
    bill_month: date
    kwh: Decimal
    kvarh: Decimal | None
    power_factor: Decimal | None
    pf_adjust_pct: Decimal | None
    total_yuan: Decimal
    lines: list[Line]
