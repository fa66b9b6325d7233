"""What the adapters of settlements share: the version of the law, statements of rounding, ratios of a case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from golden_cases.common import ONE, Adapter, Answers, Inputs, UnknownMethod, given, says, value_or
from jicha.settle.law import Provision, law_of, law_on

WHERE_NONE_IS_NAMED = "1996"
DAYS = ("act_date", "date", "found_date", "discovered_date")


def flat(case: Inputs) -> Inputs:
    """Return the inputs with rounding and law beside them, from a whole case or from what is flat already."""
    if isinstance(case.get("inputs"), dict):
        stated = {key: case[key] for key in ("rounding", "law_version") if key in case}
        return {**case["inputs"], **stated}
    return case


def day_of(value: Any) -> date:
    """Return a date written as 2023-04-09."""
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def law_for(inputs: Inputs, provision: str) -> Provision:
    """Return a provision in the version that the case names first, else that of the day of the act, else of 1996."""
    named = re.search(r"1996|2024", str(inputs.get("law_version", "")))
    if named:
        return law_of(provision, named[0])
    for key in DAYS:
        if inputs.get(key):
            return law_on(provision, day_of(inputs[key]))
    return law_of(provision, WHERE_NONE_IS_NAMED)


def rounds_first(inputs: Inputs) -> bool:
    """Say whether a multiple is taken of the rounded amount (先舍入); otherwise of the amount that is not."""
    return says(inputs, "先舍入") and not says(inputs, "未舍入", "不先舍入")


def whole_kwh(inputs: Inputs) -> bool:
    """Say whether energy is rounded to whole kWh before it is priced (取整)."""
    return says(inputs, "取整", "整数")


def ratio(inputs: Inputs) -> Decimal:
    """Return CT × PT, or the multiplier as such; 1 where the case has none."""
    factor = given(inputs, "multiplier", "ratio")
    if factor is not None:
        return factor
    return value_or(inputs, ONE, "ct_ratio") * value_or(inputs, ONE, "pt_ratio")


def method(inputs: Inputs, methods: Mapping[str, Adapter], default: str | None = None) -> Adapter:
    """Return the adapter of the method, or of the default where the case names none."""
    name = str(inputs.get("method", default))
    if name not in methods:
        raise UnknownMethod(f"method {name}")
    return methods[name]


def without_nothing(answers: Mapping[str, Any]) -> Answers:
    """Return the answers that there are."""
    return {key: value for key, value in answers.items() if value is not None}
