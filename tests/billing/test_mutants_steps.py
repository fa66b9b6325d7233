"""The edges of the charge steps: whole bills of round numbers, worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from jicha.billing.books import PriceRow, StepRow
from jicha.billing.lines import price_bill
from jicha.billing.model import BillInput, Reading
from jicha.billing.policy import rule_book
from jicha.billing.price_list import PriceList
from tests.billing.worked_bills import (
    BEGIN,
    END,
    LONG_AGO,
    book,
    customer,
    household,
    low_side,
    number,
    priced,
    reading,
    scheme,
    single_rate,
    state,
    transformer,
    two_part,
    with_customer,
    with_readings,
    with_scheme,
)

SIX_DIGITS = 10**6
SAME_DAY = datetime(2026, 11, 1)


def refusal(bill: BillInput, prices: PriceList | None = None) -> str | None:
    """Return why a bill is refused."""
    return price_bill(bill, prices or book(), rule_book().on(bill.period_from)).refusal


def yuan(bill: BillInput, item: str, component: str | None = None) -> str:
    """Return the sum of an item's lines."""
    lines = [line for line in priced(bill).lines if line.item == item and component in (None, line.component)]
    return f"{sum((line.amount_yuan for line in lines), Decimal(0)):.2f}"


def flat_household(kwh: int = 300, **values: Any) -> BillInput:
    """Return a household at the flat price of 0.558 without steps."""
    return with_scheme(household(kwh, **values), tariff_code="RES_FLAT", step_scheme=None)


# ── the period ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("days", "expected"),
    [(-1, "impossible_period"), (0, "impossible_period"), (1, None), (366, None), (367, "impossible_period")],
)
def test_a_period_has_one_to_366_days(days: int, expected: str | None) -> None:
    assert refusal(flat_household(period_from=END - timedelta(days))) == expected


def test_one_bill_in_the_month_is_priced_and_two_are_not() -> None:
    assert refusal(flat_household(bills_in_month=1)) is None
    assert refusal(flat_household(bills_in_month=2)) == "several_bills_in_month"


# ── the end of the dial ──────────────────────────────────────────────────────────────────────────────────────────


def turned_over(start: str, end: str, **values: Any) -> BillInput:
    """Return a household whose register of six digits passed its last number."""
    given: dict[str, Any] = {"previous_value": number(start), "value": number(end), **values}
    return with_readings(flat_household(), [reading("total", 0)._replace(**given)])


@pytest.mark.parametrize(
    ("end", "previous_at", "accepted"),
    [
        # 1 kVA × 31 d × 24 h × 1.2 = 892.8 kWh where no reading says when the span began
        ("392.8", None, True),
        ("392.9", None, False),
        # read twice on one day: one day counts, 1 × 24 × 1.2 = 28.8 kWh; 1,000,000 − 999,500 = 500 are too many
        ("0", SAME_DAY, False),
    ],
)
def test_a_rollover_is_what_the_capacity_can_pass(
    end: str, previous_at: datetime | None, accepted: bool
) -> None:
    bill = with_customer(turned_over("999500", end, previous_at=previous_at), running_kva=number(1))
    assert refusal(bill) == (None if accepted else "backward_register")


@pytest.mark.parametrize(("end", "accepted"), [("8.8", True), ("8.9", False)])
def test_two_readings_of_one_day_are_a_day_apart(end: str, accepted: bool) -> None:
    # 1,000,000 − 999,980 + 8.8 = 28.8 kWh = 1 kVA × 24 h × 1.2
    bill = with_customer(turned_over("999980", end, previous_at=SAME_DAY), running_kva=number(1))
    assert refusal(bill) == (None if accepted else "backward_register")


@pytest.mark.parametrize(
    ("running", "contract", "accepted"), [(1, 400, False), (None, 400, True), (None, 1, False)]
)
def test_the_running_capacity_comes_before_the_contract(
    running: int | None, contract: int, accepted: bool
) -> None:
    # 10,000 kWh: 400 kVA could pass 357,120 in 31 days, 1 kVA 892.8
    bill = with_customer(
        turned_over("995000", "5000"), running_kva=running and number(running), contract_kva=number(contract)
    )
    assert refusal(bill) == (None if accepted else "backward_register")


@pytest.mark.parametrize(
    ("start", "end", "accepted"),
    [
        ("900000", "100000", True),  # the last tenth of the dial to the first
        ("899999.9", "100000", False),
        ("900000", "100000.1", False),
    ],
)
def test_without_a_capacity_only_the_ends_of_the_dial_are_a_rollover(
    start: str, end: str, accepted: bool
) -> None:
    bill = with_customer(turned_over(start, end), running_kva=None, contract_kva=None)
    assert refusal(bill) == (None if accepted else "backward_register")


@pytest.mark.parametrize("digits", [None, 0, 6])
def test_a_reading_that_the_dial_cannot_show_is_no_rollover(digits: int | None) -> None:
    # 5 after 1,000,000 on six digits, or on an unknown dial
    assert refusal(turned_over(str(SIX_DIGITS), "5", digits=digits)) == "backward_register"


def test_energy_below_zero_is_refused() -> None:
    # a ratio of −1 turns one kWh round
    bill = with_readings(flat_household(), [reading("total", 1)._replace(ct_ratio=number(-1))])
    assert refusal(bill) == "negative_energy"
    # half a kWh is −1 when rounded, 0.4 are none
    half = with_readings(flat_household(), [reading("total", "0.4")._replace(ct_ratio=number(-1))])
    assert refusal(half) is None


@pytest.mark.parametrize("missing", [{"value": None}, {"previous_value": None}, {"status": "estimated"}])
def test_any_missing_part_of_a_reading_refuses(missing: dict[str, Any]) -> None:
    assert (
        refusal(with_readings(flat_household(), [reading("total", 1)._replace(**missing)]))
        == "missing_reading"
    )


@pytest.mark.parametrize("missing", [{"value": None}, {"status": "estimated"}])
def test_any_missing_part_of_a_demand_refuses(missing: dict[str, Any]) -> None:
    demand = reading("max_demand", 200)._replace(**missing)
    bill = with_readings(flat_household(), [reading("total", 1), demand])
    assert refusal(bill) == "missing_reading"


@pytest.mark.parametrize("ratio", [{"ct_ratio": None}, {"pt_ratio": number(0)}])
@pytest.mark.parametrize("register", ["total", "max_demand"])
def test_any_missing_ratio_refuses(register: str, ratio: dict[str, Any]) -> None:
    readings = {name: reading(name, 1) for name in ("total", "max_demand")}
    readings[register] = readings[register]._replace(**ratio)
    assert refusal(with_readings(flat_household(), list(readings.values()))) == "no_multiplier"


def test_a_register_of_the_other_direction_is_no_energy() -> None:
    # 300 kWh × 0.558 = 167.40; 70 kWh back into the network are not billed here
    bill = with_readings(flat_household(), [reading("total", 300), reading("reverse", 70)])
    assert yuan(bill, "energy") == "167.40"
    assert refusal(with_readings(flat_household(), [reading("reverse", 70)])) == "missing_reading"


# ── one kilowatt-hour ────────────────────────────────────────────────────────────────────────────────────────────


def test_one_kilowatt_hour_is_charged_and_pays_the_fund() -> None:
    # purchase 0.40, transmission 0.20, fund 0.03
    bill = with_readings(with_scheme(single_rate(), tou=False, pf_standard=None), [reading("total", 1)])
    found = priced(bill)
    assert [(line.component, f"{line.amount_yuan:.2f}") for line in found.lines] == [
        ("purchase", "0.40"),
        ("transmission", "0.20"),
        ("fund", "0.03"),
    ]


def test_nothing_used_has_no_lines() -> None:
    assert priced(with_readings(flat_household(), [reading("total", 0)])).lines == []
    # no fund of nothing either
    assert (
        priced(
            with_readings(with_scheme(single_rate(), tou=False, pf_standard=None), [reading("total", 0)])
        ).lines
        == []
    )


def test_a_short_scheme_inside_a_longer_one_is_two_at_once() -> None:
    # the first until the 25th, one more from the 16th to the 20th, the last from the 25th on
    first, second, third = (date(2026, 10, day) for day in (16, 20, 25))
    own = scheme("RES_FLAT", "lt1")
    schemes = (
        own._replace(valid_to=third),
        own._replace(valid_from=first, valid_to=second),
        own._replace(valid_from=third),
    )
    point = flat_household().points[0]._replace(schemes=schemes)
    assert refusal(replace(flat_household(), points=(point,))) == "two_price_versions"


def test_a_band_without_energy_needs_no_price() -> None:
    # The book has no deep valley; 0 kWh there do no harm, 1 kWh does.
    for kwh, expected in ((0, None), (1, "no_price")):
        bands = [reading("flat", 100), reading("deep_valley", kwh)]
        assert refusal(with_readings(with_scheme(single_rate(), pf_standard=None), bands)) == expected


# ── residential steps ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (2460, []),  # 2460 + 300 = 2760, the limit itself
        (2461, [("step2", "0.05")]),  # 1 kWh × 0.05
        (4501, [("step2", "14.95"), ("step3", "0.30")]),  # 299 × 0.05, 1 × 0.30
    ],
)
def test_the_first_kilowatt_hour_above_a_limit(before: int, expected: list[tuple[str, str]]) -> None:
    steps = [line for line in priced(household(300, before)).lines if line.item == "step"]
    assert [(line.component, f"{line.amount_yuan:.2f}") for line in steps] == expected


@pytest.mark.parametrize(
    ("persons", "begin", "end", "expected"),
    [
        # 2700 + 300 = 3000: 240 above 2760 × 0.05 = 12.00; with 12 × 100 kWh more none is above
        (5, LONG_AGO, None, "0.00"),
        (4, LONG_AGO, None, "12.00"),
        (None, LONG_AGO, None, "12.00"),
        (5, END, None, "12.00"),  # valid from the day after the period
        (5, END - timedelta(1), None, "0.00"),
        (5, LONG_AGO, BEGIN, "12.00"),  # ended on the period's first day
        (5, LONG_AGO, BEGIN + timedelta(1), "0.00"),
    ],
)
def test_a_household_of_many_persons(
    persons: int | None, begin: date, end: date | None, expected: str
) -> None:
    bill = with_customer(household(300, 2700), household_persons=persons, multi_person=((begin, end),))
    assert yuan(bill, "step") == expected


def test_monthly_limits_follow_the_months_of_the_period() -> None:
    # 300 kWh above 230: 70 × 0.05 = 3.50; in a period of a month and 15 days none is above 460
    monthly = with_scheme(household(300, 9999), step_scheme="monthly")
    assert yuan(monthly, "step") == "3.50"
    longer = replace(monthly, period_from=BEGIN - timedelta(15))
    assert yuan(longer, "step") == "0.00"


def test_a_customer_opened_in_the_year_has_part_of_the_limits() -> None:
    # opened in July: 2760 × 6 ÷ 12 = 1380; 1200 + 300 = 1500: 120 × 0.05
    bill = with_customer(household(300, 1200), opened_on=date(2026, 7, 31))
    assert yuan(bill, "step") == "6.00"
    assert refusal(household(300, 0, before_kwh={"P1": None})) == "year_history_missing"
    assert yuan(household(3000, before_kwh={}), "step") == "12.00"  # 240 × 0.05: nothing billed before


def stepped_book(in_base: bool) -> PriceList:
    """Return a book where the second step rises on 16 October and, with the fund, is adjusted or not."""
    middle = date(2026, 10, 16)

    def row(component: str, register: str, yuan: str, begin: date, end: date | None, base: bool) -> PriceRow:
        return PriceRow("T", "S", "lt1", component, register, begin, end, Decimal(yuan), base, "a test")

    return PriceList(
        [
            row("energy", "total", "0.5", LONG_AGO, None, False),
            row("step2", "any", "0.05", LONG_AGO, middle, in_base),
            row("step2", "any", "0.10", middle, None, in_base),
            row("fund", "any", "0.02", LONG_AGO, None, in_base),
        ],
        [StepRow("T", "S", "monthly", 2, Decimal(230), LONG_AGO, None)],
    )


@pytest.mark.parametrize(("in_base", "expected"), [(True, "3.35"), (False, "0.00")])
def test_steps_belong_to_the_last_segment(in_base: bool, expected: str) -> None:
    """A standard from 16 October on: only the second segment is adjusted, the whole step in it.

    330 kWh, 440 kvarh: 330 ÷ 550 = 0.60, against 0.90 25 %. 330 × 15 ÷ 31 = 159.68: 160 and 170 kWh.
    Step 100 kWh × 0.10 = 10.00, fund of the segment 170 × 0.02 = 3.40: 13.40 × 25 % = 3.35.
    """
    middle = date(2026, 10, 16)
    own = scheme("S", "lt1", step_scheme="monthly")
    schemes = (
        own._replace(valid_to=middle),
        own._replace(valid_from=middle, pf_standard=number("0.90")),
    )
    point = (
        household()
        .points[0]
        ._replace(schemes=schemes, readings=(reading("total", 330), reading("reactive", 440)))
    )
    found = price_bill(replace(household(), points=(point,)), stepped_book(in_base), rule_book().on(BEGIN))
    assert found.refusal is None
    assert f"{found.item_yuan('step'):.2f}" == "10.00"
    assert [f"{line.amount_yuan:.2f}" for line in found.lines if line.item == "fund"] == ["3.20", "3.40"]
    assert f"{found.item_yuan('pf_adjustment'):.2f}" == expected


# ── transformers ─────────────────────────────────────────────────────────────────────────────────────────────────


def suspended(begin: int, end: int, **values: Any) -> BillInput:
    """Return the two-part customer whose 150 kVA were suspended between two days of October."""
    first, last = date(2026, 10, begin), date(2026, 10, end)
    states = (
        state(LONG_AGO, first, "running"),
        state(first, last, "suspended")._replace(**values),
        state(last, None, "running"),
    )
    return replace(two_part(), transformers=(transformer("T1", 250), transformer("T2", 150, *states)))


@pytest.mark.parametrize(
    ("begin", "end", "values", "expected"),
    [
        (10, 25, {}, "9822.58"),  # 15 days: (250 × 31 + 150 × 16) × 30 ÷ 31
        (10, 24, {}, "12000.00"),  # 14 days do not count: 400 × 30
        # sealed three days later, 15 days still: days 13 … 27, (7750 + 150 × 16) × 30 ÷ 31
        (10, 28, {"sealed_on": date(2026, 10, 13)}, "9822.58"),
        # agreed until the 26th only: 16 days off, (7750 + 150 × 15) × 30 ÷ 31
        (10, 28, {"agreed_until": date(2026, 10, 26)}, "9677.42"),
        (10, 28, {"agreed_until": date(2026, 10, 24)}, "12000.00"),
        # a reduction (减容) counts however short: 1 day, (7750 + 150 × 30) × 30 ÷ 31
        (10, 11, {"state": "reduced"}, "11854.84"),
        (10, 11, {"state": "hot_standby"}, "12000.00"),
    ],
)
def test_a_suspension_frees_from_its_fifteenth_day(
    begin: int, end: int, values: dict[str, Any], expected: str
) -> None:
    assert yuan(suspended(begin, end, **values), "basic") == expected


@pytest.mark.parametrize(("begin", "expected"), [(1, "12000.00"), (2, "11854.84"), (31, "7645.16")])
def test_a_transformer_is_charged_from_its_first_state_on(begin: int, expected: str) -> None:
    # 250 × 31 = 7750, and 150 × 31, × 30, × 1: × 30 ÷ 31
    first = state(date(2026, 10, begin), None, "running")
    bill = replace(two_part(), transformers=(transformer("T1", 250), transformer("T2", 150, first)))
    assert yuan(bill, "basic") == expected


def test_an_open_suspension_frees_to_the_end() -> None:
    # sealed on 25 October and not opened since: 150 × 24; (7750 + 3600) × 30 ÷ 31 = 10983.87
    states = (state(LONG_AGO, date(2026, 10, 25), "running"), state(date(2026, 10, 25), None, "suspended"))
    bill = replace(two_part(), transformers=(transformer("T1", 250), transformer("T2", 150, *states)))
    assert yuan(bill, "basic") == "10983.87"


def test_a_suspension_of_another_month_frees_nothing() -> None:
    past = state(date(2026, 8, 1), date(2026, 9, 1), "suspended")
    states = (state(LONG_AGO, past.valid_from, "running"), past, state(date(2026, 9, 1), None, "running"))
    bill = replace(two_part(), transformers=(transformer("T1", 250), transformer("T2", 150, *states)))
    assert yuan(bill, "basic") == "12000.00"


def test_the_loss_of_a_transformer_added_in_the_month() -> None:
    """Hours in service: 720 for the whole month, 24 a day for 10 days; idle, so that only iron counts.

    0.56 × 720 = 403.2, 0.34 × 240 = 81.6: 484.8 → 485 kWh.
    """
    first = state(date(2026, 10, 22), None, "running")
    units = (transformer("T1", 250), transformer("T2", 150, first))
    bill = low_side(with_scheme(two_part(), tou=False, pf_standard=None, basic_charge_mode="none"))
    found = priced(with_readings(replace(bill, transformers=units), [reading("total", 0)]))
    assert found.kwh == 485


# ── demand ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_larger_demand_of_two_meters_is_charged() -> None:
    # 200 and 180 kW: 200 × 48 = 9600; 24,000 kWh are below 260 × 400
    readings: list[Reading] = [*two_part().points[0].readings, reading("max_demand", 180, meter="M2")]
    for order in (readings, readings[::-1]):
        assert yuan(with_readings(two_part("actual_demand"), order), "basic") == "9600.00"


@pytest.mark.parametrize(("kwh", "expected"), [(104_000, "8640.00"), (103_999, "9600.00")])
def test_much_energy_makes_demand_cheaper(kwh: int, expected: str) -> None:
    # 260 kWh × 400 kVA = 104,000 kWh: 200 kW × 48 × 0.9
    bill = with_scheme(two_part("actual_demand"), tou=False, pf_standard=None)
    bill = with_readings(bill, [reading("total", kwh), reading("max_demand", 200)])
    assert yuan(bill, "basic") == expected


def test_without_any_capacity_the_charge_is_refused() -> None:
    nothing = replace(with_customer(two_part(), contract_kva=None), transformers=())
    assert refusal(nothing) == "no_capacity"
    contract = replace(two_part(), transformers=(), customer=customer(contract_kva=number(100)))
    assert yuan(contract, "basic") == "3000.00"  # 100 kVA × 30


@pytest.mark.parametrize(
    ("mode", "unit", "quantity"), [("capacity", "kva", 400), ("actual_demand", "kw", 200)]
)
def test_the_unit_of_a_basic_charge(mode: str, unit: str, quantity: int) -> None:
    (line,) = (line for line in priced(two_part(mode)).lines if line.item == "basic")
    assert (line.unit, line.quantity) == (unit, quantity)
