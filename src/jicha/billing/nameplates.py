"""Transformer nameplates (铭牌): what is filed, gaps filled from the shipped parameters of the model."""

from __future__ import annotations

from decimal import Decimal
from functools import cache

from jicha.billing.model import Transformer
from jicha.billing.shipped_file import read_shipped
from jicha.billing.transformer_loss import Nameplate

FIELDS = ("no_load_loss_kw", "load_loss_kw", "no_load_current_pct", "impedance_pct")


def nameplate(unit: Transformer) -> Nameplate | None:
    """Return the parameters of a transformer; None where neither its own nor those of its model are known."""
    own = (unit.no_load_loss_kw, unit.load_loss_kw, unit.no_load_current_pct, unit.impedance_pct)
    if None not in own:
        return Nameplate(unit.kva, *own)  # type: ignore[arg-type]
    shipped = shipped_parameters().get((_series(unit.model), unit.kva.normalize()))
    if shipped is None:
        return None
    values = [mine if mine is not None else theirs for mine, theirs in zip(own, shipped, strict=True)]
    return None if None in values else Nameplate(unit.kva, *values)  # type: ignore[arg-type]


def _series(model: str | None) -> str:
    """Return the series of a model: S11-M-315/10 is S11."""
    return (model or "").upper().split("-")[0].split("/")[0].strip()


@cache
def shipped_parameters() -> dict[tuple[str, Decimal], tuple[Decimal | None, ...]]:
    """Return no-load loss, load loss, no-load current and impedance of every shipped series and capacity."""
    rows = read_shipped("transformers", "parameters.yaml")["rows"]
    return {
        (row["series"], Decimal(row["kva"]).normalize()): tuple(
            None if row.get(name) is None else Decimal(row[name]) for name in FIELDS
        )
        for row in rows
    }
