"""The data contract: the canonical tables that every extract is mapped to and every rule reads."""

from __future__ import annotations

from jicha.contract.loader import contract
from jicha.contract.model import (
    Contract,
    ContractError,
    Convention,
    Field,
    ForeignKey,
    Table,
    TableGroup,
    UnknownFieldError,
    UnknownTableError,
)

__all__ = [
    "Contract",
    "ContractError",
    "Convention",
    "Field",
    "ForeignKey",
    "Table",
    "TableGroup",
    "UnknownFieldError",
    "UnknownTableError",
    "contract",
]
