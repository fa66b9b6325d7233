"""The chart of a customer's months, laid out by the server: bars for energy, a line for the amount, marks for what happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

STEP, BAR, HEIGHT, TOP, LEFT = 38, 22, 130, 14, 8
MONTHS = 24


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened in a month; `kind` is "finding" or "event"."""

    month: date
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the chart; None where there is no bill."""

    month: date
    label: str
    kwh: Decimal | None
    yuan: Decimal | None
    x: int
    bar_y: int
    bar_height: int
    point_y: int | None
    findings: tuple[str, ...]
    events: tuple[str, ...]

    @property
    def middle(self) -> int:
        """The middle of the bar."""
        return self.x + BAR // 2

    @property
    def tick(self) -> str:
        """A triangle below the bar, that stands for what happened."""
        return f"{self.middle - 4},{TOP + HEIGHT + 18} {self.middle + 4},{TOP + HEIGHT + 18} {self.middle},{TOP + HEIGHT + 11}"


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that the picture and the table beside it show."""

    months: tuple[Month, ...]
    line: str
    width: int
    most_kwh: Decimal
    most_yuan: Decimal
    height: int = TOP + HEIGHT + 40
    base: int = TOP + HEIGHT

    @property
    def is_empty(self) -> bool:
        """Whether no month has a bill."""
        return all(one.kwh is None for one in self.months)


def chart_of(
    sums: Mapping[date, tuple[Decimal, Decimal]], marks: Iterable[Mark], until: date, months: int = MONTHS
) -> Chart:
    """Return the chart of the months that end with `until`: kWh and yuan by month, each scaled to its own largest."""
    shown = months_before(until, months)
    told = list(marks)
    most_kwh = max([sums[one][0] for one in shown if one in sums], default=Decimal(0))
    most_yuan = max([sums[one][1] for one in shown if one in sums], default=Decimal(0))
    laid = tuple(
        _month(one, place, sums.get(one), most_kwh, most_yuan, told) for place, one in enumerate(shown)
    )
    line = " ".join(f"{one.middle},{one.point_y}" for one in laid if one.point_y is not None)
    return Chart(laid, line, 2 * LEFT + STEP * len(laid), most_kwh, most_yuan)


def months_before(until: date, count: int) -> list[date]:
    """Return the months that end with one, in order."""
    last = until.year * 12 + until.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(last - count + 1, last + 1)]


def _month(
    month: date, place: int, sums: tuple[Decimal, Decimal] | None, most_kwh: Decimal, most_yuan: Decimal, marks: Sequence[Mark]
) -> Month:  # fmt: skip
    mine = [one for one in marks if (one.month.year, one.month.month) == (month.year, month.month)]
    kwh, yuan = sums or (None, None)
    height = _scaled(kwh, most_kwh)
    return Month(
        month, f"{month:%y-%m}", kwh, yuan, LEFT + STEP * place, TOP + HEIGHT - height, height,
        None if yuan is None else TOP + HEIGHT - _scaled(yuan, most_yuan),
        tuple(one.text for one in mine if one.kind == "finding"), tuple(one.text for one in mine if one.kind == "event"),
    )  # fmt: skip


def _scaled(value: Decimal | None, most: Decimal) -> int:
    return int(max(value, Decimal(0)) * HEIGHT / most) if value is not None and most > 0 else 0


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a bar that adds up to a difference: what is above zero stands right of the middle, what is below it left."""

    part: str
    title: str
    yuan: Decimal
    x: int
    width: int
    y: int

    @property
    def tone(self) -> str:
        """Which side the part lies on."""
        return "over" if self.yuan > 0 else "under"


BAR_WIDTH, BAR_ROW = 300, 22


def waterfall(parts: Iterable[tuple[str, str, Decimal]]) -> list[Segment]:
    """Return the parts of a sum one below the other, each beginning where the one before ended; (part, title, yuan)."""
    told = [one for one in parts if one[2]]
    ends = [Decimal(0)]
    for _part, _name, yuan in told:
        ends.append(ends[-1] + yuan)
    low, span = min(ends), (max(ends) - min(ends)) or Decimal(1)
    return [
        Segment(
            part, title, yuan, int((min(ends[n], ends[n + 1]) - low) * BAR_WIDTH / span),
            max(1, int(abs(yuan) * BAR_WIDTH / span)), n * BAR_ROW,
        )
        for n, (part, title, yuan) in enumerate(told)
    ]  # fmt: skip
