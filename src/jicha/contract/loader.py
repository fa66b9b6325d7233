"""Reads the contract from its table files (Frictionless Table Schema with a few keys of ours)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Final

import yaml

from jicha.contract.model import (
    SQL_TYPES,
    Contract,
    ContractError,
    Convention,
    Field,
    ForeignKey,
    Table,
    TableGroup,
)

Document = Mapping[str, Any]

# The C parser reads the 50 files five times faster; the pure one stands in where libyaml is missing.
_YAML_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.cache
def contract() -> Contract:
    """Return the contract that this version of jicha ships."""
    return load(resources.files("jicha.contract"))


def load(folder: Traversable) -> Contract:
    """Read a contract: contract.yaml states version and order, tables/ holds one schema a table."""
    index = read_yaml(folder / "contract.yaml")
    groups = tuple(_group(entry) for entry in index["groups"])
    names = [name for group in groups for name in group.tables]
    tables = {name: _table(name, read_yaml(folder / "tables" / f"{name}.yaml")) for name in names}
    return Contract(
        version=index["version"],
        tables=MappingProxyType(tables),
        groups=groups,
        conventions=tuple(Convention(zh=entry["zh"], en=entry["en"]) for entry in index["conventions"]),
    )


def read_yaml(file: Traversable) -> Document:
    """Read one YAML mapping."""
    document = yaml.load(file.read_text(encoding="utf-8"), Loader=_YAML_LOADER)
    if not isinstance(document, dict):
        raise ContractError(
            where=file.name,
            found=type(document).__name__,
            expected="a mapping",
            remedy="Restore the file from the package.",
        )
    return document


def _group(entry: Document) -> TableGroup:
    return TableGroup(title_zh=entry["title"], title_en=entry["title_en"], tables=tuple(entry["tables"]))


def _table(name: str, schema: Document) -> Table:
    """Build a table from its schema."""
    if schema["name"] != name:
        raise ContractError(
            where=f"tables/{name}.yaml",
            found=f"name {schema['name']!r}",
            expected=f"name {name!r}",
            remedy="File name and table name must be the same.",
        )
    return Table(
        name=name,
        title_zh=schema["title"],
        title_en=schema["title_en"],
        primary_key=tuple(schema["primaryKey"]),
        foreign_keys=tuple(_foreign_key(name, entry) for entry in schema.get("foreignKeys", ())),
        fields=tuple(_field(name, entry) for entry in schema["fields"]),
        note=schema.get("description_en", ""),
        note_zh=schema.get("description", ""),
    )


def _foreign_key(table: str, entry: Document) -> ForeignKey:
    """Build a foreign key; Frictionless writes a table's own name as the empty string."""
    reference = entry["reference"]
    return ForeignKey(
        fields=tuple(entry["fields"]),
        table=reference["resource"] or table,
        references=tuple(reference["fields"]),
    )


def _field(table: str, entry: Document) -> Field:
    """Build a field."""
    if entry["kind"] not in SQL_TYPES:
        raise ContractError(
            where=f"tables/{table}.yaml, field {entry['name']}",
            found=f"kind {entry['kind']!r}",
            expected="one of " + ", ".join(SQL_TYPES),
            remedy="Choose the kind by what the column holds.",
        )
    constraints = entry.get("constraints", {})
    labels = entry.get("labels", {})
    enum = tuple(constraints.get("enum", ()))
    return Field(
        name=entry["name"],
        kind=entry["kind"],
        required=constraints.get("required", False),
        enum=enum,
        unit=entry.get("unit"),
        title_zh=entry["title"],
        title_en=entry["title_en"],
        note=entry.get("description_en", ""),
        note_zh=entry.get("description", ""),
        labels_zh=tuple(labels.get("zh", ())),
        labels_en=tuple(labels.get("en", ())),
    )
