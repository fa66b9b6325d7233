"""The API of the desk, from its OpenAPI document."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from typing import Any

from reference_pages.markdown import table

INTRO = """# API of the desk

Every operation that a program may use, below `/api/v1/`. How to get a token, and examples: [Use the API](../how-to/api.md).
The same as a machine reads it: `/api/v1/openapi.json` at your own desk, where the page `/api/` lets you try each operation.

- Every call carries `Authorization: Bearer jicha_…`. A session of a browser opens nothing.
- Money and energy are strings with a decimal point; days are `YYYY-MM-DD`, moments carry their offset from UTC.
- A refusal has `where`, `found`, `expected`, `remedy` and, for values, `fields`; nothing was changed then.
- `400` no request · `401` no valid token · `403` the right is missing, or a person must do it · `404` not there, or not to be seen ·
  `409` the record is in another state or version · `413` too large · `422` wrong values · `429` too often (`Retry-After` says how long to wait).
"""


def pages() -> dict[str, str]:
    """Return the page of the API."""
    document, rights = _document()
    parts = [INTRO]
    for tag, rows in _by_tag(document).items():
        parts.append(f"\n## {tag}\n")
        parts += [_operation(method, address, one, rights, document) for method, address, one in rows]
    return {"api.md": "\n".join(parts).rstrip() + "\n"}


def _document() -> tuple[dict[str, Any], dict[str, str]]:
    """Return the document and the right of each operation, with Django set up on a home that is nowhere."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "jicha.desk.project.settings"
    os.environ.setdefault("JICHA_HOME", tempfile.gettempdir())
    import django
    from django.utils import translation

    django.setup()
    with translation.override("en"):
        from jicha.desk.api.document import document
        from jicha.desk.api.operation import OPERATIONS

        return document(), {one.name: one.right for one in OPERATIONS.values()}


def _by_tag(document: dict[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    told: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for address, methods in document["paths"].items():
        for method, one in methods.items():
            told.setdefault(one["tags"][0], []).append((method.upper(), address, one))
    return told


def _operation(
    method: str, address: str, one: dict[str, Any], rights: dict[str, str], document: dict[str, Any]
) -> str:
    lines = [f"### `{method} {address}`\n", one["description"].split("\n\nNeeds")[0], ""]
    lines.append(f"Right: `{rights[one['operationId']]}`.\n")
    rows = [*_parameters(one), *_body(one, document)]
    if rows:
        lines.append(table(["Value", "In", "Kind", "Needed"], rows))
    return "\n".join(lines) + "\n"


def _parameters(one: dict[str, Any]) -> Iterator[list[str]]:
    for value in one["parameters"]:
        needed = "yes" if value["required"] else ""
        yield [f"`{value['name']}`", value["in"], _kind(value["schema"]), needed]


def _body(one: dict[str, Any], document: dict[str, Any]) -> Iterator[list[str]]:
    for media, told in one.get("requestBody", {}).get("content", {}).items():
        schema = _resolved(told["schema"], document)
        for name, value in schema.get("properties", {}).items():
            needed = "yes" if name in schema.get("required", ()) else ""
            yield [
                f"`{name}`",
                "body" if media.endswith("json") else "form",
                _kind(_resolved(value, document)),
                needed,
            ]


def _resolved(schema: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return found


def _kind(schema: dict[str, Any]) -> str:
    """Return what a value may be, in a word or a list."""
    if "anyOf" in schema:
        return _kind(schema["anyOf"][0])
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    if schema.get("format") in ("date", "binary"):
        return {"date": "day", "binary": "file"}[schema["format"]]
    if "pattern" in schema and "[0-9]" in schema["pattern"]:
        return "number as a string"
    return {"integer": "whole number", "boolean": "true or false", "string": "text"}.get(
        schema.get("type", ""), "text"
    )
