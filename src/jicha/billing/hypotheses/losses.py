"""Mistakes of losses (变损、线损): left out, charged where the meter sits on the high side, wrong hours, wrong shares."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from jicha.billing.hypotheses.situation import EVERYTHING, Clues, Mistake, Situation, family, plain
from jicha.billing.model import Transformer
from jicha.billing.steps import energy, losses
from jicha.billing.work import Work

ENERGY = ("energy", "pf_adjustment")


@family(EVERYTHING, ENERGY)
def transformer_loss(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Leave the transformer loss out, or charge it where the meter sits on the high side."""
    for point in situation.mains():
        scheme = situation.scheme_of(point)
        if scheme is None:
            continue
        if scheme.transformer_loss and point.metering_mode == "hv_lv":
            yield Mistake("transformer_loss_left_out", situation.with_scheme(point, transformer_loss=False))
        elif situation.bill.transformers:
            low = point._replace(metering_mode="hv_lv")
            yield Mistake("transformer_loss_high_side", situation.with_scheme(low, transformer_loss=True))


def _has_loss(situation: Situation) -> bool:
    schemes = ((point, situation.scheme_of(point)) for point in situation.mains())
    return any(
        point.metering_mode == "hv_lv" and scheme is not None and scheme.transformer_loss
        for point, scheme in schemes
    )


def with_transformers_in_loss(situation: Situation, units: tuple[Transformer, ...]) -> Situation:
    """Return the situation with other transformers in the loss, the charged capacity as it is."""
    return situation.with_transformers_until(units, losses.apply, energy.apply)


@family(EVERYTHING, ENERGY)
def hours(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Take a full month's hours for a transformer in service for some days, or calendar hours for a full month."""
    if not _has_loss(situation):
        return
    days = (situation.bill.period_to - situation.bill.period_from).days
    full = situation.rules.full_month_hours
    running = tuple(unit._replace(states=()) for unit in situation.bill.transformers)
    yield Mistake("transformer_loss_hours", with_transformers_in_loss(situation, running), plain(full), "")
    calendar = days * situation.rules.day_hours
    yield Mistake(
        "transformer_loss_hours",
        situation.with_rules(full_month_hours=calendar),
        plain(calendar),
        plain(full),
    )


@family(EVERYTHING, ENERGY)
def units_of_loss(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Leave one transformer out of the loss, or take the table's parameters instead of the nameplate's."""
    units = situation.bill.transformers
    if not _has_loss(situation):
        return
    for unit in units if len(units) > 1 else ():
        others = tuple(other for other in units if other is not unit)
        yield Mistake(
            "transformer_left_out_of_loss",
            with_transformers_in_loss(situation, others),
            "",
            unit.transformer_id,
        )
    bare = tuple(
        unit._replace(no_load_loss_kw=None, load_loss_kw=None, no_load_current_pct=None, impedance_pct=None)
        for unit in units
    )
    yield Mistake("transformer_table_values", with_transformers_in_loss(situation, bare))


@family(EVERYTHING, ENERGY)
def shares(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Charge the whole transformer loss to the main point instead of sharing it by energy."""
    if not _has_loss(situation) or len(situation.billed_points()) < 2:
        return
    kept: dict[str, dict[str, Decimal]] = {}

    def remember(work: Work) -> None:
        kept.update({point.point.mp_id: dict(point.billed) for point in work.billed_points})

    def gather(work: Work) -> None:
        for main in work.billed_points:
            if main.point.parent_mp_id is None:
                for child in work.children(main):
                    if child.point.is_billed:
                        before = kept[child.point.mp_id]
                        losses.add_energy(work, main, child.billed_kwh - sum(before.values()))
                        child.billed = before

    yield Mistake(
        "transformer_loss_shares", situation.with_hooks((losses.apply, remember), (energy.apply, gather))
    )


@family(EVERYTHING, ENERGY)
def line_loss(situation: Situation, _clues: Clues) -> Iterator[Mistake]:
    """Leave the agreed line loss out."""
    for point in situation.mains():
        scheme = situation.scheme_of(point)
        if scheme is not None and scheme.line_loss_pct:
            due = plain(scheme.line_loss_pct)
            yield Mistake("line_loss_left_out", situation.with_scheme(point, line_loss_pct=None), "0", due)


@family(EVERYTHING, ENERGY)
def other_line_loss(situation: Situation, clues: Clues) -> Iterator[Mistake]:
    """Add a line loss that is not agreed: a percentage in tenths that the billed energy tells."""
    mains = situation.mains()
    if len(mains) != 1 or len(situation.billed_points()) != 1 or not clues.issued.kwh:
        return
    point, scheme = mains[0], situation.scheme_of(mains[0])
    without = situation.with_scheme(point, line_loss_pct=None).price()
    if scheme is None or without.refusal or without.kwh <= 0 or clues.issued.kwh <= without.kwh:
        return
    percent = ((clues.issued.kwh - without.kwh) * 1000 // without.kwh + 1) / Decimal(10)
    for tenths in (percent, percent - Decimal("0.1")):
        if 0 < tenths <= 10 and tenths != scheme.line_loss_pct:
            mistaken = situation.with_scheme(point, line_loss_pct=tenths)
            yield Mistake("line_loss_added", mistaken, plain(tenths), plain(scheme.line_loss_pct))


SPECIFIC = (transformer_loss, hours, units_of_loss, shares, line_loss, other_line_loss)
