"""Reading rules: every problem of every file at once; a user's bad file stops nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from jicha.audit.library import lint_library, lint_rule, load_library
from jicha.errors import ExplainedError

LIBRARY = load_library()
RULE = LIBRARY.rules["MR-02"]


def own(tmp_path: Path, name: str = "ZZ-01_own", sql: str | None = None, **replaced: str) -> Path:
    """A copy of MR-02 under the user's own id, with some texts replaced."""
    folder = tmp_path / "rules" / "reading"
    folder.mkdir(parents=True, exist_ok=True)
    text = RULE.path.read_text(encoding="utf-8").replace("id: MR-02", "id: ZZ-01", 1)
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    if sql != "":
        (folder / f"{name}.sql").write_text(sql or RULE.sql_text, encoding="utf-8")
    return tmp_path / "rules"


def test_a_user_s_rule_stands_beside_the_shipped_ones(tmp_path: Path) -> None:
    library = load_library([own(tmp_path)])
    assert set(library.rules) == {*LIBRARY.rules, "ZZ-01"}
    assert lint_rule(library, library.rules["ZZ-01"]) == []
    assert set(library.shipped.rules) == set(LIBRARY.rules)


def test_a_missing_select_is_told(tmp_path: Path) -> None:
    library = load_library([own(tmp_path, sql="")])
    assert "ZZ-01_own.sql is missing beside it" in library.unreadable["ZZ-01_own"]
    assert set(library.rules) == set(LIBRARY.rules)
    assert any("is missing beside it" in problem for problem in lint_library(library))


def test_a_taken_id_does_not_replace_the_shipped_rule(tmp_path: Path) -> None:
    library = load_library([own(tmp_path, **{"id: ZZ-01": "id: MR-02"})])
    assert library.rules["MR-02"].path == RULE.path
    assert "id MR-02 is taken by MR-02_" in library.unreadable["ZZ-01_own"]


def test_all_problems_of_a_file_are_told(tmp_path: Path) -> None:
    changes = {"severity: 2": "severity: high", "side: internal": "side: left", "owner: MRd\n": ""}
    text = load_library([own(tmp_path, **changes)]).unreadable["ZZ-01_own"]
    assert all(key in text for key in ("severity", "side", "owner"))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"fingerprint: [subject_id, meter_id]": "fingerprint: [subject_id, bill_month]"},
            "bill_month, which changes every month",
        ),
        ({"fingerprint: [subject_id, meter_id]": "fingerprint: [colour]"}, "fingerprint names colour"),
        ({"{billed_value}": "{colour}"}, "names {colour}"),
        ({"{billed_value}": "{meter_id.__class__}"}, "names {meter_id.__class__}"),
        ({"{billed_value}": "{billed_value:>9999999}"}, "names {billed_value}"),
        (
            {"facts: [freeze_month, customer_price]": "facts: [freeze_month, weather]"},
            "fact weather does not exist",
        ),
        ({"subject: metering_point": "subject: weather"}, "subject weather is not a contract table"),
        ({"meter_event: [code]": "meter_event: [colour]"}, "meter_event has no column colour"),
        ({"meter_event: [code]": "weather: [code]"}, "weather is not a contract table"),
    ],
)
def test_lint_names_the_offence(tmp_path: Path, changes: dict[str, str], problem: str) -> None:
    library = load_library([own(tmp_path, **changes)])
    problems = lint_rule(library, library.rules["ZZ-01"])
    assert any(problem in one for one in problems), problems


def test_an_unknown_rule_is_explained() -> None:
    with pytest.raises(ExplainedError, match=r"found MR-99; expected one of BL-01 .*jicha rules list"):
        LIBRARY.rule("MR-99")


def test_a_choice_of_rules_keeps_only_them() -> None:
    assert set(LIBRARY.select(["MR-02", "BL-26"]).rules) == {"MR-02", "BL-26"}


def test_facts_come_in_building_order() -> None:
    names = [fact.name for fact in LIBRARY.facts_of(["freeze_month"])]
    assert names[-1] == "freeze_month"
    for position, name in enumerate(names):
        assert set(LIBRARY.facts[name].facts) <= set(names[:position])
