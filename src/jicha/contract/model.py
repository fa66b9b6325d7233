"""What a contract is made of: tables, their fields and their keys."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from jicha.contract.ddl import create_table
from jicha.errors import ExplainedError

SQL_TYPES: Final[Mapping[str, str]] = {
    "text": "VARCHAR",
    "int": "BIGINT",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "month": "DATE",
    "energy": "DECIMAL(18,4)",
    "register": "DECIMAL(16,4)",
    "power": "DECIMAL(14,4)",
    "money": "DECIMAL(18,2)",
    "price": "DECIMAL(18,9)",
    "ratio": "DECIMAL(12,6)",
}

# Tables without a billing month that are still too large for one file are split by the month of this field.
TIME_FIELDS: Final[Mapping[str, str]] = {
    "daily_freeze": "day",
    "district_daily": "day",
    "feeder_daily": "day",
    "curve": "at",
}


class ContractError(ExplainedError):
    """The contract, or a question put to it, does not hold."""


class UnknownTableError(ContractError):
    """A table is asked for that the contract does not have."""


class UnknownFieldError(ContractError):
    """A field is asked for that its table does not have."""


@dataclass(frozen=True, slots=True)
class Field:
    """One column: what it is called, what it holds, whether it may be empty."""

    name: str
    kind: str
    required: bool
    enum: tuple[str, ...]
    unit: str | None
    title_zh: str
    title_en: str
    note: str = ""
    note_zh: str = ""
    labels_zh: tuple[str, ...] = ()
    labels_en: tuple[str, ...] = ()

    @property
    def sql_type(self) -> str:
        """Return the DuckDB type of the column."""
        return SQL_TYPES[self.kind]


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """Columns whose values are keys of another table (or of the same one)."""

    fields: tuple[str, ...]
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One canonical table."""

    name: str
    title_zh: str
    title_en: str
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    fields: tuple[Field, ...]
    note: str = ""
    note_zh: str = ""

    @property
    def field_names(self) -> tuple[str, ...]:
        """Return the column names in the order of the contract."""
        return tuple(field.name for field in self.fields)

    @property
    def month_field(self) -> str | None:
        """Return the field by whose month the mart partitions the table, if it does."""
        months = [field.name for field in self.fields if field.kind == "month"]
        return months[0] if months else TIME_FIELDS.get(self.name)

    def field(self, name: str) -> Field:
        """Return the field of this name."""
        for field in self.fields:
            if field.name == name:
                return field
        raise UnknownFieldError(
            where=f"table {self.name}",
            found=f"field {name!r}",
            expected="a field of the contract",
            remedy=_suggestion(name, self.field_names),
        )

    def ddl(self, *, checks: bool = False) -> str:
        """Return the CREATE TABLE statement, on request with CHECKs on the listed values."""
        return create_table(self, checks=checks)


@dataclass(frozen=True, slots=True)
class TableGroup:
    """A chapter of the contract: tables that belong together."""

    title_zh: str
    title_en: str
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Convention:
    """A rule of reading that spans columns, in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, eq=False)
class Contract:
    """All tables, in the order of the contract."""

    version: int
    tables: Mapping[str, Table]
    groups: tuple[TableGroup, ...]
    conventions: tuple[Convention, ...]

    def table(self, name: str) -> Table:
        """Return the table of this name."""
        found = self.tables.get(name)
        if found is None:
            raise UnknownTableError(
                where="the contract",
                found=f"table {name!r}",
                expected="one of its tables",
                remedy=_suggestion(name, self.tables),
            )
        return found


def _suggestion(name: str, known: Iterable[str]) -> str:
    """Return what the caller may have meant, else everything there is."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=3)
    return f"Did you mean {' or '.join(close)}?" if close else f"There are: {', '.join(names)}."
