"""The edges of the billing primitives: the last value on this side and the first on the other, worked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from jicha.billing.basic_charge import (
    billed_demand_kw,
    demand_price,
    month_divisor,
    overlap_days,
    relief_days,
)
from jicha.billing.books import PriceRow, StepRow
from jicha.billing.deductions import share_by_energy
from jicha.billing.power_factor import power_factor
from jicha.billing.price_list import PriceList, day_before
from jicha.billing.refusal import Refused
from jicha.billing.register_energy import register_difference, whole, whole_quotient
from jicha.billing.residential_steps import months_served, tier_energies, tier_months
from jicha.billing.transformer_loss import Nameplate, formula_loss

YEAR = [Decimal(2760), Decimal(4800)]
JANUARY, APRIL = date(2026, 1, 1), date(2026, 4, 1)


def decimals(*values: str | int) -> list[Decimal]:
    return [Decimal(value) for value in values]


# ── registers and quotients ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("start", "end", "expected"), [("1", "1.5", "0.5"), ("1.5", "1", "99999.5")])
def test_half_a_kilowatt_hour_forward_is_no_rollover_and_backward_is_one(
    start: str, end: str, expected: str
) -> None:
    found = register_difference(Decimal(start), Decimal(end), 5)
    assert found == (Decimal(expected), Decimal(end) < Decimal(start))


@pytest.mark.parametrize(
    ("top", "bottom", "expected"),
    [("0.5", 1, 1), ("0.4", 1, 0), ("-0.5", 1, -1), ("-0.4", 1, 0), ("1", 4, 0)],
)
def test_small_quotients_are_rounded_half_away_from_zero(top: str, bottom: int, expected: int) -> None:
    assert whole_quotient(Decimal(top), Decimal(bottom)) == expected


def test_nine_decimals_can_be_kept() -> None:
    assert whole(Decimal("0.1234567895"), 9) == Decimal("0.123456790")


# ── shares and losses ────────────────────────────────────────────────────────────────────────────────────────────


def test_one_kilowatt_hour_bears_all_of_a_loss() -> None:
    # 10 × 0 ÷ 1 = 0 to the main part, 10 × 1 ÷ 1 = 10 to the other
    assert share_by_energy(Decimal(10), decimals(0, 1), 0) == decimals(0, 10)


def test_a_transformer_in_service_for_one_hour_loses_its_iron() -> None:
    # 3 kW × 1 h = 3 kWh; 2 % × 100 kVA × 1 h = 2 kvarh
    plate = Nameplate(*decimals(100, 3, 0, 2, 4))
    assert formula_loss([(plate, 1)], Decimal(0), Decimal(0), Decimal(1)) == (3, 2)


# ── residential steps ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("use", "before", "expected"),
    [
        ("-1", "2760.5", ("-0.5", "-0.5", "0")),  # from half above the limit to half below it
        ("-1", "0.5", ("-1", "0", "0")),  # below zero all belongs to the first tier
        ("1", "-0.5", ("1", "0", "0")),
        ("-3000", "2800", ("-2960", "-40", "0")),  # 40 above the limit come off the second tier
        ("-5000", "4900", ("-2860", "-2040", "-100")),
    ],
)
def test_refunds_and_negative_beginnings(use: str, before: str, expected: tuple[str, ...]) -> None:
    assert tier_energies(Decimal(use), Decimal(before), YEAR) == decimals(*expected)


@pytest.mark.parametrize(
    ("begin", "end", "least", "expected"),
    [
        (JANUARY, date(2026, 1, 15), 15, 1),  # 14 days: at least one month
        (JANUARY, date(2026, 2, 15), 15, 1),  # a month and 14 days
        (JANUARY, date(2026, 2, 16), 15, 2),  # a month and 15 days
        (date(2026, 1, 20), date(2026, 3, 6), 15, 1),  # a month and 20 February … 6 March: 14 days are left
        (date(2026, 1, 20), date(2026, 3, 7), 15, 2),  # … 7 March: 15
        (date(2025, 12, 20), date(2026, 3, 7), 15, 3),
        (date(2025, 11, 30), date(2026, 3, 10), 15, 3),  # 28 February … 10 March: 10 days
        (date(2025, 11, 30), date(2026, 3, 15), 15, 4),  # 28 February … 15 March: 15 days
        (date(2025, 10, 30), date(2026, 1, 10), 15, 2),  # 30 December … 10 January: 11 days
        (date(2025, 10, 30), date(2026, 1, 14), 15, 3),  # 30 December … 14 January: 15 days
        # Where no rest is long enough, only whole months count.
        (JANUARY, date(2026, 3, 1), 32, 2),
        (date(2026, 1, 16), date(2026, 3, 15), 32, 1),
    ],
)
def test_months_of_tiers(begin: date, end: date, least: int, expected: int) -> None:
    assert tier_months(begin, end, least) == expected


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        (None, 12), (date(2025, 12, 31), 12), (date(2026, 1, 1), 12), (date(2026, 2, 28), 11), (date(2026, 12, 31), 1),
        (date(2027, 1, 1), 0),
    ],
)  # fmt: skip
def test_months_served_in_a_year(opened: date | None, expected: int) -> None:
    assert months_served(2026, opened) == expected


# ── basic charge ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_suspension_in_another_month_frees_no_day() -> None:
    assert overlap_days(JANUARY, APRIL, APRIL, date(2026, 5, 1)) == 0
    assert overlap_days(JANUARY, APRIL, date(2026, 5, 1), date(2026, 6, 1)) == 0
    assert overlap_days(JANUARY, APRIL, date(2025, 6, 1), date(2026, 1, 2)) == 1
    assert relief_days(JANUARY, APRIL, date(2026, 5, 1), date(2026, 6, 1), 15) == 0


def test_the_rule_of_the_calendar_begins_on_its_first_day() -> None:
    # a July has 31 days, the old rule 30
    assert month_divisor(date(2024, 7, 1), date(2024, 7, 1), 30) == 31
    assert month_divisor(date(2024, 7, 1), date(2024, 7, 2), 30) == 30


def test_one_kilovolt_ampere_in_service_is_charged() -> None:
    # contract 300 kW, 40 % of 1 kVA is less: 300 kW
    one = Decimal(1)
    found = billed_demand_kw(Decimal(0), Decimal(300), one, Decimal("1.05"), Decimal("0.40"))
    assert found == 300


def test_the_discount_of_a_contract_of_one_kilovolt_ampere() -> None:
    # 260 kWh reach 260 × 1: 40 × 0.9
    found = demand_price(Decimal(40), Decimal(260), Decimal(1), Decimal(260), Decimal("0.9"))
    assert found == 36


# ── power factor ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("active", "reactive", "expected"),
    [
        ("1.5", "2", "0.60"),  # 1.5 ÷ 2.5
        ("2", "1.5", "0.80"),
        ("0.4", "0.35", "0.75"),  # 0.4 ÷ 0.5315 = 0.7526
        ("0.35", "0.4", "0.66"),  # 0.6585
        # 0.855 lies between: 40000·P² against 171²·(P² + Q²), P 1,000,000:
        ("1000000", "606574", "0.86"),  # 29241 × 1367932017476 = 39999700123015716 < 40000 × 10¹²
        ("1000000", "606596", "0.85"),  # 29241 × 1367958707216 = 40000480557702… > 40000 × 10¹²
    ],
)
def test_power_factors_close_to_an_edge(active: str, reactive: str, expected: str) -> None:
    assert str(power_factor(Decimal(active), Decimal(reactive))) == expected


# ── the price list ───────────────────────────────────────────────────────────────────────────────────────────────


def price(tariff: str, voltage: str, begin: date, end: date | None, yuan: str) -> PriceRow:
    """Return a price of energy."""
    return PriceRow("T", tariff, voltage, "energy", "total", begin, end, Decimal(yuan), True, "a test")


def step(number: int, limit: int, begin: date, end: date | None) -> StepRow:
    """Return a yearly limit."""
    return StepRow("T", "A", "annual", number, Decimal(limit), begin, end)


def price_list() -> PriceList:
    """Return a price list of which nothing has been asked yet."""
    prices = [
        price("A", "lt1", JANUARY, APRIL, "0.5"),
        price("A", "lt1", APRIL, date(2026, 7, 1), "0.6"),
        price("A", "kv35", JANUARY, None, "0.4"),
        price("B", "kv110", JANUARY, None, "0.3"),
    ]
    steps = [
        step(2, 2000, JANUARY, APRIL), step(3, 4000, JANUARY, APRIL), step(2, 2500, APRIL, date(2026, 7, 1)),
        StepRow("T", "A", "monthly", 2, Decimal(200), JANUARY, None),
    ]  # fmt: skip
    return PriceList(prices, steps, frozenset({"B"}))


@pytest.mark.parametrize(
    ("day", "expected"),
    [(JANUARY, "0.5"), (date(2026, 3, 31), "0.5"), (APRIL, "0.6"), (date(2026, 6, 30), "0.6")],
)
def test_a_price_holds_from_its_first_day_to_the_day_before_its_end(day: date, expected: str) -> None:
    assert price_list().on("A", "lt1", day).energy["total"][0].unit_price == Decimal(expected)


@pytest.mark.parametrize(
    ("tariff", "voltage", "day", "code"),
    [
        ("A", "lt1", date(2025, 12, 31), "no_price"),
        ("A", "lt1", date(2026, 7, 1), "no_price"),
        ("A", "kv110", JANUARY, "no_price"),
        ("C", "lt1", JANUARY, "unknown_tariff"),
    ],
)
def test_no_price(tariff: str, voltage: str, day: date, code: str) -> None:
    with pytest.raises(Refused) as refused:
        price_list().on(tariff, voltage, day)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("day", "second", "third"),
    [
        (JANUARY, "2000", "4000"),
        (date(2026, 3, 31), "2000", "4000"),
        (APRIL, "2500", "Infinity"),  # the third step was given up
        (date(2026, 6, 30), "2500", "Infinity"),
    ],
)
def test_limits_hold_from_their_first_day(day: date, second: str, third: str) -> None:
    assert price_list().limits("A", "annual", day)[2:] == (Decimal(second), Decimal(third))


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2026, 7, 1)])
def test_no_limits(day: date) -> None:
    with pytest.raises(Refused) as refused:
        price_list().limits("A", "annual", day)
    assert refused.value.code == "no_price"


def test_what_a_price_list_holds() -> None:
    assert price_list().tariffs() == {"A", "B"}
    assert price_list().voltages("A") == ["kv35", "lt1"]
    assert price_list().voltages("B") == ["kv110"]
    assert [version.valid_from for version in price_list().versions("A", "lt1")] == [JANUARY, APRIL]
    assert price_list().versions("C", "lt1") == []
    assert (price_list().is_own("A"), price_list().is_own("B")) == (False, True)
    assert (price_list().knows("B"), price_list().knows("C")) == (True, False)


def test_the_last_day_of_a_half_open_period() -> None:
    assert day_before(APRIL) == date(2026, 3, 31)
