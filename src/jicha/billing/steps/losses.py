"""Step 4: transformer loss (变损) of low-side metering, then line loss (线损) by the agreed percentage."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from jicha.billing.deductions import share_by_energy
from jicha.billing.model import Transformer, TransformerState
from jicha.billing.refusal import Refused
from jicha.billing.register_energy import whole
from jicha.billing.transformer_loss import formula_loss
from jicha.billing.work import ZERO, PointWork, Work

IN_SERVICE = frozenset({"running", "hot_standby"})
HUNDRED = Decimal(100)


def apply(work: Work) -> None:
    """Add the losses that the owner bears to the energy and the reactive energy of each main point."""
    for point in work.billed_points:
        if point.is_fixed_share or point.point.parent_mp_id is not None:
            continue
        if point.scheme.transformer_loss and point.point.metering_mode == "hv_lv":
            _add_transformer_loss(work, point)
        if point.scheme.line_loss_pct:
            _add_line_loss(work, point, point.scheme.line_loss_pct)


def days_in_service(transformer: Transformer, begin: date, end: date, minimum_days: int) -> int:
    """Return the days of [begin, end) on which a transformer is charged.

    Relief starts on the sealing day and ends with the agreed time; a suspension (暂停) below `minimum_days` gives none.
    Before its first state a transformer was not there.
    """
    if transformer.states:
        begin = min(max(begin, transformer.states[0].valid_from), end)
    off = sum(_off_days(state, begin, end, minimum_days) for state in transformer.states)
    return max((end - begin).days - off, 0)


def _off_days(state: TransformerState, begin: date, end: date, minimum_days: int) -> int:
    if state.state in IN_SERVICE:
        return 0
    first = max(state.valid_from, state.sealed_on or state.valid_from)
    last = min(state.valid_to or date.max, state.agreed_until or date.max)
    if state.state == "suspended" and last != date.max and (last - first).days < minimum_days:
        return 0
    return max((min(last, end) - max(first, begin)).days, 0)


def transformers_of(work: Work, point: PointWork) -> list[Transformer]:
    """Return the transformers behind a main point: those that name it, and at the first main those that name none."""
    mains = sorted(p.point.mp_id for p in work.billed_points if p.point.parent_mp_id is None)
    is_first = point.point.mp_id == mains[0]
    named = {p.point.mp_id for p in work.billed_points}
    return [
        unit
        for unit in work.bill.transformers
        if unit.mp_id == point.point.mp_id or (is_first and (unit.mp_id is None or unit.mp_id not in named))
    ]


def _add_transformer_loss(work: Work, point: PointWork) -> None:
    units = []
    for unit in transformers_of(work, point):
        plate = work.nameplate(unit)
        if plate is None:
            raise Refused("no_transformer_parameters", unit.transformer_id)
        units.append((plate, _hours(work, unit)))
    if not units:
        raise Refused("no_transformer_parameters", point.point.mp_id)
    reactive = point.metered.get("reactive", ZERO)
    active_loss, reactive_loss = formula_loss(
        units, point.metered_kwh, reactive, work.rules.load_shape_factor
    )
    point.loss_kwh, point.loss_kvarh = active_loss, reactive_loss
    if work.sheet is not None:
        plates = "; ".join(f"{p.kva:f} kVA P0 {p.no_load_kw:f} Pk {p.load_kw:f} × {h:f} h" for p, h in units)
        formula = f"P0·T + K·Pk·(Wp² + Wq²) ÷ (S²·T), Wp {point.metered_kwh:f}, Wq {reactive:f}: {plates}"
        work.sheet.add("transformer_loss", point.point.mp_id, formula=formula, result=f"{active_loss:f}", unit="kwh",
                       places=0, rule="full_month_hours")  # fmt: skip
        work.sheet.add("transformer_loss", point.point.mp_id, formula="I0 %·S·T + Uk %·(Wp² + Wq²) ÷ (S·T)",
                       result=f"{reactive_loss:f}", unit="kvarh", places=0)  # fmt: skip
    _spread(work, point, active_loss)


def _hours(work: Work, unit: Transformer) -> Decimal:
    """Return T: the full month's hours when in service in the whole cycle, else 24 h a day in service."""
    bill = work.bill
    days = days_in_service(unit, bill.period_from, bill.period_to, work.rules.suspension_minimum_days)
    return Decimal(work.rules.full_month_hours if days == work.days else days * work.rules.day_hours)


def _spread(work: Work, main: PointWork, loss: Decimal) -> None:
    """Share the loss among the price parts of the customer by energy, the remainder to the main one."""
    parts = [main, *(child for child in work.children(main) if child.point.is_billed)]
    shares = share_by_energy(loss, [part.billed_kwh for part in parts], 0)
    for part, share in zip(parts, shares, strict=True):
        add_energy(work, part, share)


def add_energy(work: Work, point: PointWork, kwh: Decimal) -> None:
    """Add energy to the register total, or to the band that the rules name for losses."""
    band = "total" if "total" in point.billed else work.rules.loss_band
    if band not in point.billed:
        band = next(iter(point.billed))
    point.billed[band] += kwh


def _add_line_loss(work: Work, point: PointWork, percent: Decimal) -> None:
    energy = point.billed_kwh
    loss = whole(energy * percent / HUNDRED, work.rules.kwh_places)
    add_energy(work, point, loss)
    if work.sheet is not None:
        work.sheet.add(
            "line_loss", point.point.mp_id, formula=f"{energy:f} × {percent.normalize():f} %", result=f"{loss:f}",
            unit="kwh", places=work.rules.kwh_places,
        )  # fmt: skip
