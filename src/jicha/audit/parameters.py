"""Local values of rule parameters, checked against the rule's types and bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jicha.audit.dialect import ParameterValue
from jicha.audit.library import Library
from jicha.audit.rule import Parameter, parse_value
from jicha.errors import ManyErrors


class ParameterError(ManyErrors):
    """Local parameters that no rule has or that lie outside their bounds."""


def local_parameters(
    library: Library, given: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, ParameterValue]]:
    """Return the given values in their types; all problems at once."""
    problems: list[str] = []
    values: dict[str, dict[str, ParameterValue]] = {}
    for rule_id, parameters in given.items():
        if rule_id not in library.rules:
            problems.append(f"parameters.{rule_id}: there is no such rule; see `jicha rules list`")
            continue
        known = library.rules[rule_id].parameters
        for name, value in parameters.items():
            if name not in known:
                problems.append(f"parameters.{rule_id}.{name}: not a parameter; known: {', '.join(known)}")
            else:
                _take(
                    known[name],
                    value,
                    values.setdefault(rule_id, {}),
                    f"parameters.{rule_id}.{name}",
                    problems,
                )
    if problems:
        raise ParameterError("local rule parameters", problems)
    return values


def _take(
    parameter: Parameter, value: Any, into: dict[str, ParameterValue], where: str, problems: list[str]
) -> None:
    try:
        parsed = parse_value(parameter.kind, value)
    except ValueError as error:
        problems.append(f"{where}: {error}")
        return
    low, high = parameter.low, parameter.high
    if (low is not None and parsed < low) or (high is not None and parsed > high):  # type: ignore[operator]
        problems.append(f"{where}: {value} is outside {low} … {high} {parameter.unit}")
        return
    into[parameter.name] = parsed
