"""The SQL that turns text columns into typed columns of a contract table."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from jicha.contract import Field, Table
from jicha.intake.queries import literals, named_queries, quoted

_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")


def value_list(table: Table, texts: Mapping[str, str], typed: Container[str] = ()) -> str:
    """Return the select list of typed columns; `texts` gives the SQL of each field's text, others are null.

    Fields in `typed` have the contract's type already.
    """
    return ", ".join(
        f"{_value(field, texts.get(field.name), typed)} AS {quoted(field.name)}" for field in table.fields
    )


def plain_condition(
    table: Table, texts: Mapping[str, str], typed: Container[str] = (), *, odd_blanks: bool = True
) -> str:
    """Return the condition under which a row can be taken without a closer look.

    Without `odd_blanks` the caller knows that no blank but the space occurs, and a cheaper test will do.
    """
    tests = [
        _sure(table, field, texts[field.name])
        if field.name in typed and not field.enum and field.kind != "text"
        else _plain(field, texts[field.name], odd_blanks, is_needed(table, field))
        for field in table.fields
        if field.name in texts
    ]
    return " AND ".join(f"({test})" for test in tests) or "true"


def _sure(table: Table, field: Field, value: str) -> str:
    """Return the test of a column that has the right type already."""
    return f"{value} IS NOT NULL" if is_needed(table, field) else "true"


def is_needed(table: Table, field: Field) -> bool:
    """Tell whether the field may not be empty: required, or part of the key."""
    return field.required or field.name in table.primary_key


def decimal_shape(field: Field) -> tuple[int, int] | None:
    """Return precision and scale of a decimal field."""
    match = _DECIMAL.fullmatch(field.sql_type)
    return (int(match[1]), int(match[2])) if match else None


def _value(field: Field, text: str | None, typed: Container[str]) -> str:
    if text is not None and field.name in typed:
        return text
    if text is None:
        return f"CAST(NULL AS {field.sql_type})"
    return _filled(field, "value", text)


def _plain(field: Field, text: str, odd_blanks: bool, needed: bool) -> str:
    """Return the test of one column, null-safe."""
    if field.enum:
        test = f"{text} IN ({literals(field.enum)})"
    else:
        test = _filled(field, "odd" if odd_blanks and field.kind == "text" else "plain", text)
    return f"coalesce({test}, false)" if needed else f"{text} IS NULL OR ({test})"


def _filled(field: Field, part: str, text: str) -> str:
    shape = decimal_shape(field)
    kind = "decimal" if shape else field.kind
    precision, scale = shape or (0, 0)
    template = named_queries("kinds.sql")[f"{kind}_{part}"]
    return template.format(x=text, precision=precision, scale=scale)
