"""Gives the contract away: Frictionless schemas, DDL, import templates and the data dictionary."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from jicha.contract.ddl import create_all
from jicha.contract.dictionary import dictionary_markdown
from jicha.contract.loader import contract
from jicha.contract.model import Field, ForeignKey, Table
from jicha.contract.templates import write_templates, write_workbook
from jicha.contract.words import Language, is_mandatory, note, title, unit_word

__all__ = [
    "dictionary_markdown",
    "package_descriptor",
    "table_schema",
    "write_ddl",
    "write_schemas",
    "write_templates",
    "write_workbook",
]

FRICTIONLESS_TYPES: Final = {
    "text": "string",
    "int": "integer",
    "bool": "boolean",
    "date": "date",
    "timestamp": "datetime",
    "month": "date",
}


def frictionless_type(kind: str) -> str:
    """Return the Frictionless type of our kind; all decimals are numbers there."""
    return FRICTIONLESS_TYPES.get(kind, "number")


def write_schemas(
    folder: Path, tables: Collection[str] | None = None, *, language: Language = "zh"
) -> list[Path]:
    """Write one pure Table Schema a table, and the datapackage.yaml that binds them to <table>.csv."""
    chosen = _chosen(tables)
    folder.mkdir(parents=True, exist_ok=True)
    names = [table.name for table in chosen]
    documents = {
        f"{table.name}.schema.yaml": table_schema(table, names, language=language) for table in chosen
    }
    documents["datapackage.yaml"] = package_descriptor(names)
    return [_write_yaml(folder / name, document) for name, document in documents.items()]


def package_descriptor(tables: Collection[str]) -> dict[str, Any]:
    """Return the Data Package of an extract that holds these tables as CSV files beside their schemas."""
    return {
        "name": "jicha-extract",
        "resources": [
            {"name": name, "path": f"{name}.csv", "encoding": "utf-8", "schema": f"{name}.schema.yaml"}
            for name in tables
        ],
    }


def table_schema(
    table: Table, tables: Collection[str] | None = None, *, language: Language = "zh"
) -> dict[str, Any]:
    """Return the Table Schema without our own keys; foreign keys only to `tables`, if these are given."""
    schema: dict[str, Any] = {
        "name": table.name,
        "title": title(table, language),
        "fields": [_field_descriptor(table, field, language) for field in table.fields],
        "primaryKey": list(table.primary_key),
    }
    # The public tool refuses a key that points out of the package, and a table may well be absent.
    keys = [key for key in table.foreign_keys if tables is None or key.table in tables]
    if keys:
        schema["foreignKeys"] = [_key_descriptor(table, key) for key in keys]
    return schema


def write_ddl(path: Path, *, checks: bool = False) -> Path:
    """Write the CREATE TABLE statements of all tables as one script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(create_all(contract().tables.values(), checks=checks), encoding="utf-8")
    return path


def _chosen(names: Collection[str] | None) -> Sequence[Table]:
    """Return the tables of these names in the order of the contract; all when none are named."""
    book = contract()
    wanted = set(book.tables) if names is None else {book.table(name).name for name in names}
    return [table for table in book.tables.values() if table.name in wanted]


def _field_descriptor(table: Table, field: Field, language: Language) -> dict[str, Any]:
    """Return one field as the standard knows it; the unit, which it does not know, joins the description."""
    remarks = [remark for remark in (unit_word(field, language), note(field, language)) if remark]
    constraints: dict[str, Any] = {"required": True} if is_mandatory(table, field) else {}
    if field.enum:
        constraints["enum"] = list(field.enum)
    descriptor: dict[str, Any] = {"name": field.name, "type": frictionless_type(field.kind)}
    descriptor["title"] = title(field, language)
    if remarks:
        descriptor["description"] = ("；" if language == "zh" else "; ").join(remarks)
    if constraints:
        descriptor["constraints"] = constraints
    return descriptor


def _key_descriptor(table: Table, key: ForeignKey) -> dict[str, Any]:
    """Return one foreign key; the standard writes a table's own name as the empty string."""
    resource = "" if key.table == table.name else key.table
    return {"fields": list(key.fields), "reference": {"resource": resource, "fields": list(key.references)}}


def _write_yaml(path: Path, document: dict[str, Any]) -> Path:
    """Write one YAML document."""
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)
    path.write_text(text, encoding="utf-8")
    return path
