"""The history of prices, contracts and meters as dated strips: what held from when until when, the newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from jicha.audit.customer_file import CustomerRows
from jicha.contract import Field
from jicha.desk.clues.models import in_english
from jicha.desk.ui.values import shown, title_of

# Which columns say from when and until when a row of a table held, and what it is of.
DATED = {
    "price_scheme": ("valid_from", "valid_to", "mp_id"),
    "supply_contract": ("signed_on", "ends_on", "contract_no"),
    "meter_installation": ("installed_at", "removed_at", "mp_id"),
    "transformer_state": ("valid_from", "valid_to", "transformer_id"),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """What held for a time; `until` is None where it still holds."""

    begin: date
    until: date | None
    of: str
    told: list[tuple[str, str]]


def strips_of(tables: Iterable[CustomerRows]) -> list[tuple[str, list[Piece]]]:
    """Return each dated table of a customer with its pieces, the newest first."""
    return [
        (one.table.title_en if in_english() else one.table.title_zh, _pieces(one))
        for one in tables
        if one.table.name in DATED
    ]


def _pieces(one: CustomerRows) -> list[Piece]:
    begin, until, of = DATED[one.table.name]
    pieces = []
    for row in one.rows:
        told = dict(zip(one.columns, row, strict=True))
        if begin in told and told[begin] is not None:
            rest = [
                (one.table.field(name), value)
                for name, value in told.items()
                if name not in (begin, until, of)
            ]
            pieces.append(
                Piece(
                    _day(told[begin]), _day_or_none(told.get(until)), str(told.get(of, "")), _told(rest, one)
                )
            )
    return sorted(pieces, key=lambda piece: (piece.begin, piece.of), reverse=True)


def _told(values: Iterable[tuple[Field, Any]], one: CustomerRows) -> list[tuple[str, str]]:
    """Return what is filled, in words; the customer's own number says nothing here."""
    return [
        (title_of(field), text)
        for field, value in values
        if field.name not in ("customer_no", "order_no") and (text := shown(field, value, one.table.name))
    ]


def _day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _day_or_none(value: Any) -> date | None:
    return None if value is None else _day(value)
