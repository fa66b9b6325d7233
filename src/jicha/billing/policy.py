"""The rules of billing as dated values: which reading of the law and which rounding holds on a day."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, get_type_hints

from jicha.billing.policy_file import (
    Dated,
    Lined,
    PolicyProblem,
    Problems,
    breaks,
    check_mark,
    exact_number,
    holds_on,
    known_keys,
    read_policy,
    shipped_files,
    take_dates,
    take_list,
    take_text,
    take_verified,
)
from jicha.errors import ExplainedError

FOLDER = "billing_rules"
OWN = "(own)"
KEY_KEYS = ("title", "unit", "choices", "may_be_null")
FILE_KEYS, OWN_FILE_KEYS = ("title", "note", "begins", "keys", "rows"), ("title", "note", "rows")
ROW_KEYS = ("key", "province", "value", "valid_from", "valid_to", "source", "mark", "verified", "note")
Value = Decimal | int | str | bool | None


@dataclass(frozen=True, kw_only=True)
class BillingRules:
    """Every rule of billing on one day, with its unit; policies/billing_rules/national.yaml explains each."""

    # energy chain
    rollover_capacity_factor: Annotated[Decimal, "ratio"]
    tou_tolerance: Annotated[Decimal, "ratio"]
    tou_remainder_band: Annotated[str, "choice"]
    fixed_quantity_first: Annotated[bool, "yes or no"]
    kwh_places: Annotated[int, "decimals"]
    load_shape_factor: Annotated[Decimal, "ratio"]
    full_month_hours: Annotated[int, "hours"]
    day_hours: Annotated[int, "hours"]
    loss_band: Annotated[str, "choice"]
    loss_share: Annotated[str, "choice"]
    nameplate_tolerance: Annotated[Decimal, "ratio"]
    price_change: Annotated[str, "choice"]
    maximum_period_days: Annotated[int, "days"]
    negative_energy: Annotated[str, "choice"]
    # prices and lines
    amount_places: Annotated[int, "decimals"]
    unit_price_places: Annotated[int, "decimals"]
    line_loss_price: Annotated[str, "choice"]
    exit_price_multiple: Annotated[Decimal, "ratio"]
    fund_floats: Annotated[bool, "yes or no"]
    basic_charge_floats: Annotated[bool, "yes or no"]
    # residential steps
    step_part_year: Annotated[str, "choice"]
    step_month_round_up_days: Annotated[int, "days"]
    multi_person_minimum_persons: Annotated[int, "persons"]
    multi_person_flat_choice_persons: Annotated[int, "persons"]
    multi_person_extra_kwh_per_month: Annotated[Decimal, "kWh/month"]
    low_income_free_kwh_per_month: Annotated[Decimal, "kWh/month"]
    # single-rate or two-part
    single_rate_below_kva: Annotated[Decimal, "kVA"]
    two_part_from_kva: Annotated[Decimal, "kVA"]
    rate_choice_months: Annotated[int | None, "months"]
    ev_basic_charge_exempt: Annotated[bool, "yes or no"]
    # basic charge
    part_month_basis: Annotated[str, "choice"]
    part_month_days: Annotated[int | None, "days"]
    demand_limit_share: Annotated[Decimal, "ratio"]
    demand_overrun: Annotated[str, "choice"]
    contract_demand_floor_share: Annotated[Decimal, "ratio"]
    demand_of_feeders: Annotated[str, "choice"]
    demand_discount_kwh_per_kva: Annotated[Decimal | None, "kWh/kVA"]
    demand_discount_factor: Annotated[Decimal, "ratio"]
    demand_places: Annotated[int, "decimals"]
    kva_days_places: Annotated[int, "decimals"]
    basic_mode_change_months: Annotated[int, "months"]
    basic_mode_change_notice_days: Annotated[int, "working days"]
    contract_demand_change_months: Annotated[int, "months"]
    suspension_minimum_days: Annotated[int, "days"]
    suspension_maximum_months: Annotated[int, "months"]
    suspension_maximum_count: Annotated[int | None, "times a year"]
    suspension_notice_days: Annotated[int, "days"]
    suspension_notice_kind: Annotated[str, "choice"]
    suspension_half_charge_factor: Annotated[Decimal, "ratio"]
    demand_suspension_unit: Annotated[str, "choice"]
    relief_starts: Annotated[str, "choice"]
    charged_standby: Annotated[str, "choice"]
    # power factor
    power_factor_places: Annotated[int, "decimals"]
    power_factor_base: Annotated[str, "choice"]
    power_factor_reactive: Annotated[str, "choice"]
    power_factor_idle: Annotated[str, "choice"]
    power_factor_zero_active: Annotated[str, "choice"]
    power_factor_change: Annotated[str, "choice"]
    # claims
    back_bill_limit_years: Annotated[int, "years"]


# The rules that both engines compute with. All others are computed with as shipped, and a home may not change them.
COMPUTED_RULES = (
    "rollover_capacity_factor", "full_month_hours", "day_hours", "maximum_period_days", "exit_price_multiple",
    "step_part_year", "step_month_round_up_days", "multi_person_minimum_persons", "multi_person_extra_kwh_per_month",
    "part_month_days", "demand_limit_share", "demand_overrun", "contract_demand_floor_share",
    "demand_discount_kwh_per_kva", "demand_discount_factor", "suspension_minimum_days", "load_shape_factor", "loss_band",
)  # fmt: skip

_HINTS = get_type_hints(BillingRules, include_extras=True)
UNITS: dict[str, str] = {key: hint.__metadata__[0] for key, hint in _HINTS.items()}


@dataclass(frozen=True, slots=True)
class RuleValue:
    """One value of one rule with its validity, and what it rests on."""

    key: str
    title: dict[str, str]
    value: Value
    unit: str
    valid_from: date
    valid_to: date | None
    source: str
    mark: str
    verified: bool
    note: str
    province: str | None
    line: int
    file: str


class RuleBook:
    """All versions of all rules; a province's or company's own values stand before the national ones."""

    def __init__(self, values: Iterable[RuleValue], province: str | None = None) -> None:
        self._versions: dict[str, list[RuleValue]] = defaultdict(list)
        for value in values:
            if value.province in (None, province, OWN):
                self._versions[value.key].append(value)
        for versions in self._versions.values():
            versions.sort(
                key=lambda version: ((OWN, province, None).index(version.province), version.valid_from)
            )
        self._breakpoints = sorted(set(self._days()))
        self._rules: dict[date, BillingRules] = {}

    def _days(self) -> Iterator[date]:
        for versions in self._versions.values():
            for version in versions:
                yield version.valid_from
                if version.valid_to is not None:
                    yield version.valid_to

    def breakpoints(self) -> list[date]:
        """Return the days on which a rule changes, the first day of all rules in front."""
        first = max(min(version.valid_from for version in self._versions[key]) for key in UNITS)
        return [day for day in self._breakpoints if day >= first]

    def on(self, day: date) -> BillingRules:
        """Return the rules of a day; days between two changes share one object."""
        place = bisect_right(self._breakpoints, day)
        since = self._breakpoints[place - 1] if place else day
        if since not in self._rules:
            self._rules[since] = BillingRules(**{key: self.source(key, since).value for key in UNITS})  # type: ignore[arg-type]
        return self._rules[since]

    def source(self, key: str, day: date) -> RuleValue:
        """Return the value of one rule on a day with its unit, source, mark and note."""
        for version in self._versions.get(key, ()):
            if holds_on(version, day):
                return version
        raise ExplainedError(
            where=f"billing rule {key}",
            found=f"no value on {day}",
            expected="a known rule and a day that the policies cover",
            remedy="See docs/reference/policies.md for the rules and their first day.",
        )

    def versions(self) -> Iterator[RuleValue]:
        """Yield every version of every rule."""
        for key in UNITS:
            yield from self._versions[key]


@cache
def rule_values() -> tuple[RuleValue, ...]:
    """Return every shipped value, national and provincial, checked."""
    return read_rules(shipped_files(FOLDER))


def load_rule_book(province: str | None = None, extra_folder: Path | None = None) -> RuleBook:
    """Return the shipped rules under those of a province and of a company's own folder `<home>/policies/billing_rules`."""
    own = sorted(extra_folder.glob("*.yaml")) if extra_folder and extra_folder.is_dir() else []
    return RuleBook(read_rules(shipped_files(FOLDER), own), province)


@cache
def rule_book(province: str | None = None) -> RuleBook:
    """Return the shipped rules, with a province's own values where it has any."""
    return RuleBook(rule_values(), province)


def rules_on(day: date, province: str | None = None) -> BillingRules:
    """Return the shipped rules that hold on a day."""
    return rule_book(province).on(day)


def rule_source(key: str, day: date, province: str | None = None) -> RuleValue:
    """Return what a rule's value on a day rests on, for the calculation sheet (算费过程)."""
    return rule_book(province).source(key, day)


def read_rules(paths: Iterable[Path], own: Iterable[Path] = ()) -> tuple[RuleValue, ...]:
    """Return the values of all files; raise PolicyProblem with every problem of every file."""
    keys: dict[str, Lined] = {}
    shipped, own = list(paths), list(own)
    contents, reports = _read_all([*shipped, *own])
    values: list[RuleValue] = []
    for path, content in contents.items():
        _claim(content, path in own)
        known_keys(content, OWN_FILE_KEYS if path in own else FILE_KEYS, reports[path])
        if path not in own:
            _take_keys(content, keys, reports[path])
    for path, content in contents.items():
        values += _values(content, keys, reports[path])
    found = [problem for problems in reports.values() for problem in problems.found]
    found += [*_validity_problems(values), *_uncomputed(values)]
    if found:
        raise PolicyProblem("billing rules", found)
    return tuple(values)


def _read_all(paths: list[Path]) -> tuple[dict[Path, Lined], dict[Path, Problems]]:
    """Return the files that hold a mapping, and for every file what is wrong with it so far."""
    contents: dict[Path, Lined] = {}
    reports = {path: Problems(path.name) for path in paths}
    for path in paths:
        try:
            contents[path] = read_policy(path)
        except PolicyProblem as error:
            reports[path].found += error.problems
    return contents, reports


def _claim(content: Lined, is_own: bool) -> None:
    """Mark the rows of a company's own file, so that they stand before the shipped ones."""
    rows = content.get("rows")
    for row in rows if is_own and isinstance(rows, list) else ():
        if isinstance(row, Lined):
            row["province"] = OWN


def _take_keys(content: Lined, keys: dict[str, Lined], problems: Problems) -> None:
    """Keep what the file says of each key: title, unit, choices."""
    for key, node in content.get("keys", {}).items():
        line = content["keys"].line_of(key)
        known_keys(node, KEY_KEYS, problems)
        if key not in UNITS:
            problems.add(line, f"`{key}` is no billing rule; remove it or correct its name")
        elif node.get("unit") != UNITS[key]:
            problems.add(node.line_of("unit"), f"`{key}` is in {node.get('unit')!r}; expected {UNITS[key]!r}")
        else:
            keys[key] = node


def _values(content: Lined, keys: dict[str, Lined], problems: Problems) -> Iterator[RuleValue]:
    for node in take_list(content, "rows", problems):
        known_keys(node, ROW_KEYS, problems)
        key, dates = take_text(node, "key", problems), take_dates(node, problems)
        if key not in keys:
            problems.add(node.line_of("key"), f"`{key}` has no entry under `keys`; known: {', '.join(keys)}")
        elif dates is not None:
            yield _rule_value(key, keys[key], node, dates, problems)


def _rule_value(key: str, described: Lined, node: Lined, dates: Dated, problems: Problems) -> RuleValue:
    verified = take_verified(node, problems)
    return RuleValue(
        key=key,
        title=dict(described["title"]),
        value=_typed(key, described, node, problems),
        unit=UNITS[key],
        valid_from=dates.valid_from,
        valid_to=dates.valid_to,
        source=take_text(node, "source", problems),
        mark=check_mark(node, verified, problems),
        verified=verified,
        note=node.get("note") or "",
        province=node.get("province"),
        line=node.line,
        file=problems.file,
    )


def _typed(key: str, described: Lined, node: Lined, problems: Problems) -> Value:
    """Return the value in the type of its field; choices and yes-or-no values are checked against their list."""
    value, line, unit = node.get("value"), node.line_of("value"), UNITS[key]
    if value is None:
        if not described.get("may_be_null"):
            problems.add(line, f"`value` of {key} is missing; write it")
        return None
    if unit == "choice":
        if value not in described.get("choices", ()):
            problems.add(
                line, f"`value` of {key} is {value!r}; one of {', '.join(described.get('choices', ()))}"
            )
        return str(value)
    if unit == "yes or no":
        if not isinstance(value, bool):
            problems.add(line, f"`value` of {key} is {value!r}; write true or false")
        return bool(value)
    return _number(key, value, line, problems)


def _number(key: str, value: object, line: int, problems: Problems) -> Value:
    number = exact_number(value, line, f"`value` of {key}", problems)
    if number is None or number < 0:
        if number is not None:
            problems.add(line, f"`value` of {key} is {value}; a rule's value is never below zero")
        return None
    if Decimal not in _types()[key]:
        if number != int(number):
            problems.add(line, f"`value` of {key} is {value}; write a whole number")
        return int(number)
    return number


@cache
def _types() -> dict[str, tuple[type, ...]]:
    """Return the types that each field may hold."""
    hints = get_type_hints(BillingRules)
    return {key: getattr(hint, "__args__", (hint,)) for key, hint in hints.items()}


def _validity_problems(values: Iterable[RuleValue]) -> Iterator[str]:
    """Yield gaps and overlaps; every national rule must be told from one first day on, without an end."""
    groups: dict[tuple[str | None, str, str], list[RuleValue]] = defaultdict(list)
    for value in values:
        # A company's own files are one book, as the national ones are.
        file = "" if value.province in (None, OWN) else value.file
        groups[value.province, file, value.key].append(value)
    begins = min((value.valid_from for value in values if value.province is None), default=None)
    for versions in groups.values():
        yield from _broken(versions)
    for key in UNITS:
        versions = groups.get((None, "", key), [])
        if not versions:
            yield f"national.yaml:1: rule {key} has no value; add a row"
        elif min(version.valid_from for version in versions) != begins:
            yield f"{versions[0].file}:{versions[0].line}: {key} begins after {begins}, when the others do"
        elif all(version.valid_to is not None for version in versions):
            yield f"{versions[-1].file}:{versions[-1].line}: {key} ends; write `valid_to: null` on its last row"


def _uncomputed(values: Sequence[RuleValue]) -> Iterator[str]:
    """Yield every own value that would change nothing, or one engine only: it must not look as if it were used."""
    for own in values:
        if own.province != OWN or own.key in COMPUTED_RULES:
            continue
        hidden = [v for v in values if v.province is None and v.key == own.key and _meet(v, own)]
        if any(version.value != own.value for version in hidden):
            yield f"{own.file}:{own.line}: {own.key} is {hidden[-1].value} in every calculation and can't be changed; remove the row. Can be changed: {', '.join(COMPUTED_RULES)}"


def _meet(one: RuleValue, other: RuleValue) -> bool:
    """Return whether two values share a day."""
    end = min(one.valid_to or date.max, other.valid_to or date.max)
    return max(one.valid_from, other.valid_from) < end


def _broken(versions: list[RuleValue]) -> Iterator[str]:
    for kind, earlier, later in breaks(versions):
        yield f"{later.file}:{later.line}: {later.key} has {'an' if kind == 'overlap' else 'a'} {kind} at {later.valid_from}: the version before ends {earlier.valid_to or 'never'}"
