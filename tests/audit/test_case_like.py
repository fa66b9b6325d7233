"""A case may be told by what it changes of a case above it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jicha.audit.library import load_library
from jicha.audit.rule import Case, load_rule
from jicha.audit.yaml_file import YamlProblem

RULE = load_library().rules["MR-02"]
FIRST = """
cases:
  - name: first
    kind: hit
    month: 2026-10
    parameters: {as_of: 2026-10-20}
    given: {customer: [{}], reading: [{this_reading: "100"}, {mp_id: M2, this_reading: "7"}, {mp_id: M3}]}
    expect: {findings: []}
"""


def cases(tmp_path: Path, more: str) -> tuple[Case, ...]:
    text = RULE.path.read_text(encoding="utf-8")
    place = tmp_path / RULE.path.name
    place.write_text(text[: text.index("\ncases:")] + FIRST + more, encoding="utf-8")
    place.with_suffix(".sql").write_text(RULE.sql_text, encoding="utf-8")
    return load_rule(place).cases


def test_rows_are_changed_left_out_and_added(tmp_path: Path) -> None:
    first, second = cases(
        tmp_path,
        """
  - name: second
    kind: near_miss
    like: first
    change: {reading: {1: {this_reading: "99"}, 2: null}}
    given: {reading: [{mp_id: M4}], bill: [{}]}
    expect: {findings: []}
""",
    )
    assert (second.month, second.parameters) == (first.month, first.parameters)
    assert second.given == {
        "customer": [{}],
        "reading": [{"this_reading": "99"}, {"mp_id": "M3"}, {"mp_id": "M4"}],
        "bill": [{}],
    }
    assert first.given["reading"][0] == {"this_reading": "100"}


def test_month_and_parameters_may_be_others(tmp_path: Path) -> None:
    second = cases(
        tmp_path,
        """
  - {name: second, kind: near_miss, like: first, month: 2026-09, parameters: {as_of: 2026-09-30}, expect: {findings: []}}
""",
    )[1]
    assert (second.month, str(second.parameters["as_of"])) == ("2026-09", "2026-09-30")


def test_an_unknown_case_and_an_unknown_row_are_told(tmp_path: Path) -> None:
    with pytest.raises(YamlProblem) as told:
        cases(
            tmp_path,
            """
  - {name: second, kind: near_miss, like: nobody, month: 2026-10, expect: {findings: []}}
  - {name: third, kind: near_miss, like: first, change: {reading: {4: {}}, seal: {1: null}}, expect: {findings: []}}
""",
        )
    assert "no case above is called 'nobody'" in str(told.value)
    assert "reading has no row 4" in str(told.value)
    assert "seal has no row 1" in str(told.value)
