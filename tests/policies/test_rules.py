"""The rules of billing as dated values: what holds on a day, what it rests on, and how a bad file is refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from jicha.billing.policy import (
    UNITS,
    load_rule_book,
    read_rules,
    rule_source,
    rule_values,
    rules_on,
)
from jicha.billing.policy_file import PolicyProblem, shipped_files
from jicha.errors import ExplainedError

TODAY = date(2026, 10, 1)

# Written out by hand from the domain reference, section by section.
EXPECTED = [
    ("part_month_basis", date(2024, 5, 31), "thirty_days"),
    ("part_month_basis", date(2024, 6, 1), "calendar_days"),
    ("part_month_days", date(2024, 5, 31), 30),
    ("part_month_days", date(2024, 6, 1), None),
    ("demand_limit_share", TODAY, Decimal("1.05")),
    ("demand_overrun", TODAY, "actual_plus_excess"),
    ("contract_demand_floor_share", TODAY, Decimal("0.40")),
    ("demand_discount_kwh_per_kva", date(2023, 5, 31), None),
    ("demand_discount_kwh_per_kva", date(2023, 6, 1), Decimal("260")),
    ("demand_discount_factor", date(2023, 5, 31), Decimal("1")),
    ("demand_discount_factor", date(2023, 6, 1), Decimal("0.90")),
    ("suspension_minimum_days", TODAY, 15),
    ("suspension_half_charge_factor", date(2015, 12, 31), Decimal("0.5")),
    ("suspension_half_charge_factor", date(2016, 12, 31), Decimal("0")),
    ("suspension_maximum_count", date(2015, 12, 31), 2),
    ("suspension_maximum_count", TODAY, None),
    ("full_month_hours", TODAY, 720),
    ("day_hours", TODAY, 24),
    ("load_shape_factor", TODAY, Decimal("1.0")),
    ("loss_band", TODAY, "flat"),
    ("tou_remainder_band", TODAY, "none"),
    ("tou_tolerance", TODAY, Decimal("0.002")),
    ("kwh_places", TODAY, 0),
    ("amount_places", TODAY, 2),
    ("power_factor_places", TODAY, 2),
    ("unit_price_places", TODAY, 9),
    ("exit_price_multiple", date(2021, 9, 30), Decimal("1")),
    ("exit_price_multiple", TODAY, Decimal("1.5")),
    ("rollover_capacity_factor", TODAY, Decimal("1.2")),
    ("multi_person_minimum_persons", TODAY, 5),
    ("multi_person_extra_kwh_per_month", TODAY, Decimal("100")),
    ("low_income_free_kwh_per_month", TODAY, Decimal("0")),
    ("single_rate_below_kva", date(2023, 5, 31), Decimal("315")),
    ("single_rate_below_kva", date(2023, 6, 1), Decimal("100")),
    ("two_part_from_kva", TODAY, Decimal("315")),
    ("ev_basic_charge_exempt", date(2030, 12, 31), True),
    ("ev_basic_charge_exempt", date(2031, 1, 1), False),
    ("step_part_year", TODAY, "months_served"),
    ("power_factor_base", TODAY, "without_funds"),
    ("maximum_period_days", TODAY, 366),
    ("back_bill_limit_years", TODAY, 3),
    ("fund_floats", TODAY, False),
]


@pytest.mark.parametrize(("key", "day", "value"), EXPECTED)
def test_the_rules_say_what_the_reference_says(key: str, day: date, value: object) -> None:
    """Each rule has the documented value on each side of its change, in the type that a calculation needs."""
    found = getattr(rules_on(day), key)
    assert found == value
    assert type(found) is type(value)


def test_a_province_differs_only_where_it_says_so() -> None:
    """Beijing counts six persons, Anhui gives ten free kWh; all else is national."""
    assert rules_on(TODAY, "北京").multi_person_minimum_persons == 6
    assert rules_on(TODAY, "安徽").low_income_free_kwh_per_month == Decimal("10")
    assert rules_on(TODAY, "安徽").multi_person_minimum_persons == 5


def test_a_sheet_can_name_the_source_of_a_rule() -> None:
    """A value carries its document, how sure it is, and its unit."""
    value = rule_source("part_month_basis", date(2026, 1, 1))
    assert (value.mark, value.verified, value.unit) == ("V:S03", True, "choice")
    assert "14号" in value.source
    assert rule_source("demand_overrun", TODAY).verified is False
    assert rule_source("rollover_capacity_factor", TODAY).mark == "D"


def test_nothing_from_memory_is_called_verified() -> None:
    """Only a value that was read in a source is verified."""
    assert [value.key for value in rule_values() if value.verified and not value.mark.startswith("V:")] == []


def test_a_day_before_the_first_is_explained() -> None:
    """A day that no rule covers is told, not guessed."""
    with pytest.raises(ExplainedError, match="no value on 1990-01-01"):
        rules_on(date(1990, 1, 1))


def test_a_company_may_set_its_own_reading(tmp_path: Path) -> None:
    """A row in the company's folder comes before the national one, on its days only."""
    (tmp_path / "own.yaml").write_text(
        _row("loss_band", "peak", "2026-01-01", "null", mark="D", verified="false"), encoding="utf-8"
    )
    book = load_rule_book(extra_folder=tmp_path)
    assert book.on(date(2025, 12, 31)).loss_band == "flat"
    assert book.on(date(2026, 1, 1)).loss_band == "peak"
    assert book.source("loss_band", TODAY).file == "own.yaml"


def test_a_rule_that_no_calculation_takes_from_a_home_is_refused(tmp_path: Path) -> None:
    """A value that would change nothing, or one engine only, must not look as if it were used; as shipped it may stand."""
    path = tmp_path / "own.yaml"
    path.write_text(_row("kwh_places", '"2"', "2026-01-01", "null"), encoding="utf-8")
    with pytest.raises(PolicyProblem, match=r"own\.yaml:2: kwh_places is 0 in every calculation"):
        load_rule_book(extra_folder=tmp_path)
    path.write_text(_row("kwh_places", '"0"', "2026-01-01", "null"), encoding="utf-8")
    assert load_rule_book(extra_folder=tmp_path).on(TODAY).kwh_places == 0


def test_all_own_files_are_told_at_once_and_are_one_book(tmp_path: Path) -> None:
    """No fault of one file hides one of another; a rule may not hold twice on a day, in whatever file."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(_row("loss_band", "peak", "2026-01-01", "null"), encoding="utf-8")
    (tmp_path / "c.yaml").write_text("rows: [", encoding="utf-8")
    (tmp_path / "d.yaml").write_text(_row("loss_band", "night", "2025-01-01", "2026-01-01"), encoding="utf-8")
    (tmp_path / "e.yaml").write_text("keys: {loss_band: {choices: [night]}}\nrows: 3\n", encoding="utf-8")
    with pytest.raises(PolicyProblem) as error:
        load_rule_book(extra_folder=tmp_path)
    told = [problem.split(":")[0] for problem in error.value.problems]
    assert sorted(set(told)) == ["b.yaml", "c.yaml", "d.yaml", "e.yaml"], error.value.problems
    assert any(problem.startswith("b.yaml:2: loss_band has an overlap") for problem in error.value.problems)
    assert any(problem.startswith("e.yaml:1: `keys` is not known") for problem in error.value.problems)


def _row(key: str, value: str, begin: str, end: str, *, mark: str = "K:med", verified: str = "false") -> str:
    return (
        f"rows:\n  - key: {key}\n    value: {value}\n    valid_from: {begin}\n    valid_to: {end}\n"
        f'    source: a test\n    mark: "{mark}"\n    verified: {verified}\n'
    )


BAD = [
    ("unknown_rule", '"1"', "2026-01-01", "null", "own.yaml:2: `unknown_rule` has no entry"),
    ("kwh_places", "2", "2026-01-01", "null", "own.yaml:3: `value` of kwh_places is 2, not a quoted number"),
    ("kwh_places", '"0.5"', "2026-01-01", "null", "own.yaml:3: `value` of kwh_places is 0.5; write a whole"),
    ("kwh_places", '"-1"', "2026-01-01", "null", "own.yaml:3: `value` of kwh_places is -1; a rule's value"),
    ("kwh_places", "null", "2026-01-01", "null", "own.yaml:3: `value` of kwh_places is missing"),
    (
        "loss_band",
        "sharp",
        "2026-01-01",
        "null",
        "own.yaml:3: `value` of loss_band is 'sharp'; one of flat, peak",
    ),
    ("fund_floats", '"yes"', "2026-01-01", "null", "own.yaml:3: `value` of fund_floats is 'yes'; write true"),
    ("kwh_places", '"1"', "soon", "null", "own.yaml:4: `valid_from` is 'soon'; write a day"),
    ("kwh_places", '"1"', "2026-01-01", "2025-01-01", "own.yaml:5: `valid_to` 2025-01-01 is not after"),
]


@pytest.mark.parametrize(("key", "value", "begin", "end", "told"), BAD)
def test_a_bad_row_is_told_with_its_line(
    tmp_path: Path, key: str, value: str, begin: str, end: str, told: str
) -> None:
    """Each fault names file and line."""
    path = tmp_path / "own.yaml"
    path.write_text(_row(key, value, begin, end), encoding="utf-8")
    with pytest.raises(PolicyProblem) as error:
        read_rules(shipped_files("billing_rules"), [path])
    assert any(problem.startswith(told) for problem in error.value.problems), error.value.problems


def test_gaps_and_overlaps_are_told(tmp_path: Path) -> None:
    """Two own rows of one rule must meet."""
    path = tmp_path / "own.yaml"
    first = _row("kwh_places", '"1"', "2025-01-01", "2026-01-01")
    for begin, kind in (("2025-06-01", "an overlap"), ("2026-02-01", "a gap")):
        second = _row("kwh_places", '"2"', begin, "null").removeprefix("rows:\n")
        path.write_text(first + second, encoding="utf-8")
        with pytest.raises(PolicyProblem, match=f"own.yaml:9: kwh_places has {kind} at {begin}"):
            read_rules(shipped_files("billing_rules"), [path])


def test_a_wrong_unit_is_told(tmp_path: Path) -> None:
    """A file that describes a rule in another unit is refused."""
    text = shipped_files("billing_rules")[0].read_text(encoding="utf-8")
    path = tmp_path / "national.yaml"
    path.write_text(text.replace("unit: kWh/kVA", "unit: kWh/kW"), encoding="utf-8")
    with pytest.raises(
        PolicyProblem, match="`demand_discount_kwh_per_kva` is in 'kWh/kW'; expected 'kWh/kVA'"
    ):
        read_rules([path])


def test_a_verified_value_names_its_source(tmp_path: Path) -> None:
    """Verified without a mark of a source that was read is refused."""
    path = tmp_path / "own.yaml"
    path.write_text(_row("kwh_places", '"1"', "2026-01-01", "null", verified="true"), encoding="utf-8")
    with pytest.raises(
        PolicyProblem, match=r"own\.yaml:7: `verified` is true, but the mark 'K:med' names no source"
    ):
        read_rules(shipped_files("billing_rules"), [path])


def test_every_rule_is_described_and_has_a_unit() -> None:
    """Each rule has a title in both languages, a unit and a source in each of its versions."""
    assert {value.key for value in rule_values()} == set(UNITS)
    bare = [
        value for value in rule_values() if not (value.title["zh"] and value.title["en"] and value.source)
    ]
    assert bare == []
