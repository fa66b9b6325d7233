"""Step 3: take sub meters (分表), fixed quantities (定量) and fixed ratios (定比) off their main meter (总表)."""

from __future__ import annotations

from decimal import Decimal

from jicha.billing.deductions import deduct_from_bands, take_fixed
from jicha.billing.refusal import Refused
from jicha.billing.work import ZERO, PointWork, Work


def apply(work: Work) -> None:
    """Take every part off its main point; a part without a meter gets its energy here."""
    if len(work.points) == 1:
        return
    for main in work.billed_points:
        children = work.children(main)
        if children:
            _take_off(work, main, children)


def _take_off(work: Work, main: PointWork, children: list[PointWork]) -> None:
    subs = [child for child in children if not (child.point.is_billed and child.is_fixed_share)]
    fixed = [child for child in children if child.point.is_billed and child.is_fixed_share]
    left = main.metered_kwh - sum((_total(sub) for sub in subs), ZERO)
    if left < 0:
        raise Refused("sub_above_main", main.point.mp_id)
    by_quantity = [child for child in fixed if child.scheme.fixed_kwh is not None]
    by_ratio = [child for child in fixed if child.scheme.fixed_kwh is None]
    quantities, left = take_fixed(
        left,
        [child.scheme.fixed_kwh or ZERO for child in by_quantity],
        [child.scheme.fixed_ratio or ZERO for child in by_ratio],
    )
    for child, kwh in zip([*by_quantity, *by_ratio], quantities, strict=True):
        child.billed = {"total": kwh}
        child.metered_kwh = kwh
    main.billed = _less(main, main.metered_kwh - left)
    if work.sheet is not None:
        _write(work, main, [*subs, *by_quantity, *by_ratio], left)


def _total(sub: PointWork) -> Decimal:
    """Return what a sub meter passed; a foreign one is known by its register total or its bands."""
    if sub.point.is_billed:
        return sub.metered_kwh
    if "total" in sub.metered:
        return sub.metered["total"]
    return sum((kwh for register, kwh in sub.metered.items() if register != "reactive"), ZERO)


def _less(main: PointWork, taken: Decimal) -> dict[str, Decimal]:
    if "total" in main.billed:
        return {"total": main.billed["total"] - taken}
    return deduct_from_bands(main.billed, taken)


def _write(work: Work, main: PointWork, parts: list[PointWork], left: Decimal) -> None:
    assert work.sheet is not None
    taken = " − ".join(f"{_total(part):f} ({part.point.mp_id})" for part in parts)
    work.sheet.add(
        "main_remainder",
        main.point.mp_id,
        formula=f"{main.metered_kwh:f} − {taken}",
        result=f"{left:f}",
        unit="kwh",
    )
