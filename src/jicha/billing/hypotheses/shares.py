"""Mistakes of sub meters (分表) and fixed shares (定量、定比): not taken off, not charged."""

from __future__ import annotations

from collections.abc import Iterator

from jicha.billing.hypotheses.situation import EVERYTHING, Clues, Mistake, Situation, family
from jicha.billing.model import Point

ENERGY = ("energy",)


@family(EVERYTHING, ENERGY)
def not_deducted(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Leave one part, or all of them, on the main meter."""
    mains = {point.mp_id for point in situation.mains()}
    parts = [point for point in situation.bill.points if point.parent_mp_id in mains]
    for part in parts:
        yield Mistake(_code(situation, part), _without(situation, [part]), "", part.mp_id)
    if len(parts) > 1:
        codes = sorted({_code(situation, part) for part in parts})
        yield Mistake(codes[-1], _without(situation, parts), "", ", ".join(part.mp_id for part in parts))


def _code(situation: Situation, part: Point) -> str:
    scheme = situation.scheme_of(part)
    is_fixed = scheme is not None and (scheme.fixed_ratio is not None or scheme.fixed_kwh is not None)
    return "fixed_share_ignored" if part.is_billed and is_fixed else "sub_not_deducted"


def _without(situation: Situation, parts: list[Point]) -> Situation:
    """Return the situation in which parts hang below no main; one without a meter of the bill is not there at all."""
    gone = {
        part.mp_id for part in parts if not part.is_billed or _code(situation, part) == "fixed_share_ignored"
    }
    loose = {part.mp_id for part in parts} - gone
    points = (point for point in situation.bill.points if point.mp_id not in gone)
    return situation.with_bill(
        points=tuple(point._replace(parent_mp_id=None) if point.mp_id in loose else point for point in points)
    )


@family(EVERYTHING, ENERGY)
def not_charged(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Take a sub meter off the main one and charge it nowhere."""
    for part in situation.billed_points():
        if part.parent_mp_id is not None and _code(situation, part) == "sub_not_deducted":
            foreign = part._replace(is_billed=False)
            yield Mistake("sub_not_charged", situation.with_point(foreign), "", part.mp_id)


SPECIFIC = (not_deducted, not_charged)
