"""What the charge steps hand on to each other while one bill is priced."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from jicha.billing.model import BillInput, Line, Point, Scheme, Transformer
from jicha.billing.nameplates import nameplate
from jicha.billing.policy import BillingRules
from jicha.billing.price_list import PriceList, TariffPrices
from jicha.billing.sheet import Sheet
from jicha.billing.transformer_loss import Nameplate

ZERO = Decimal(0)


class Segment(NamedTuple):
    """A part of the period in which neither scheme nor price changes; days are counted from the period's begin."""

    begin: date
    end: date
    first_day: int
    last_day: int
    scheme: Scheme
    prices: TariffPrices


@dataclass(slots=True)
class PointWork:
    """One point while its bill is priced.

    `metered_kwh` is what the point's meter passed, `billed` what is charged at it by register, `base_yuan` what the
    power-factor adjustment applies to, one sum a segment.
    """

    point: Point
    segments: list[Segment] = field(default_factory=list)
    metered: dict[str, Decimal] = field(default_factory=dict)
    metered_kwh: Decimal = ZERO
    demand_kw: Decimal | None = None
    billed: dict[str, Decimal] = field(default_factory=dict)
    loss_kwh: Decimal = ZERO
    loss_kvarh: Decimal = ZERO
    base_yuan: list[Decimal] = field(default_factory=list)

    @property
    def scheme(self) -> Scheme:
        """The scheme on the last day of the period: it says how the point is metered and what it shares."""
        return self.segments[-1].scheme

    @property
    def is_fixed_share(self) -> bool:
        """Whether the point has no meter: a fixed quantity (定量) or a fixed ratio (定比) of its main."""
        scheme = self.scheme
        return scheme.fixed_ratio is not None or scheme.fixed_kwh is not None

    @property
    def billed_kwh(self) -> Decimal:
        """All energy charged at the point."""
        return sum(self.billed.values(), ZERO)


@dataclass(slots=True)
class Work:
    """One bill on its way through the steps."""

    bill: BillInput
    prices: PriceList
    rules: BillingRules
    sheet: Sheet | None
    points: list[PointWork] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    kvarh: Decimal | None = None
    power_factor: Decimal | None = None
    pf_adjust_pct: Decimal | None = None

    @property
    def days(self) -> int:
        """The days of the period."""
        return (self.bill.period_to - self.bill.period_from).days

    def nameplate(self, unit: Transformer) -> Nameplate | None:
        """Return the nameplate of a transformer, gaps filled from the shipped parameters of its model."""
        return nameplate(unit)

    @property
    def billed_points(self) -> list[PointWork]:
        """The points that this bill charges."""
        return [work for work in self.points if work.point.is_billed]

    def children(self, main: PointWork) -> list[PointWork]:
        """Return the points that come off a main point."""
        return [work for work in self.points if work.point.parent_mp_id == main.point.mp_id]
