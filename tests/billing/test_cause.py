"""Wrong bills worked out by hand, and the mistake that must be named for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from jicha.billing.cause import find_cause
from jicha.billing.lines import price_bill
from jicha.billing.model import PointHistory
from jicha.billing.policy import rule_book
from jicha.errors import ExplainedError
from tests.billing.worked_bills import (
    LONG_AGO,
    book,
    cause_of,
    changed,
    customer,
    household,
    issued,
    low_side,
    number,
    priced,
    reading,
    registers,
    single_rate,
    state,
    transformer,
    two_part,
    with_customer,
    with_readings,
    with_scheme,
)

# The two-part bill of 400 kVA, per kWh (0.40 + 0.10) × 1.5 | 1 | 0.5:
#   energy  10,000 × 0.75 + 8,000 × 0.50 + 6,000 × 0.25 = 7,500 + 4,000 + 1,500 = 13,000.00
#   basic   400 × 30 = 12,000.00; fund 24,000 × 0.03 = 720.00
#   cos φ   24 ÷ √(24² + 12²) = 0.894 → 0.89; standard 0.90: +0.5 % of 25,000.00 = 125.00


def test_the_right_bill_is_what_the_hand_says() -> None:
    """The bill that the worked mistakes start from."""
    bill = priced(two_part())
    assert [bill.item_yuan(item) for item in ("energy", "basic", "fund", "pf_adjustment")] == [
        Decimal("13000.00"), Decimal("12000.00"), Decimal("720.00"), Decimal("125.00"),
    ]  # fmt: skip


def test_another_standard_is_named_with_its_money() -> None:
    """Standard 0.85 gives −0.4 % at 0.89: −100.00 instead of +125.00."""
    bill = two_part()
    cause = cause_of(bill, issued(priced(bill), changed(priced(bill).lines, "pf_adjustment", "-100.00")))
    assert cause.code == "pf_standard"
    assert cause.message == {
        "zh": "执行 0.85 标准，应为 0.90，少收 225.00 元",
        "en": "standard 0.85 applied instead of 0.90: 225.00 yuan too little",
    }
    assert (cause.difference_yuan, cause.topic, cause.attribution) == (Decimal("-225.00"), "REBILL", None)


def test_no_assessment_is_named() -> None:
    """The line of 125.00 is missing."""
    bill = two_part()
    lines = [line for line in priced(bill).lines if line.item != "pf_adjustment"]
    assert cause_of(bill, issued(priced(bill), lines)).code == "pf_not_assessed"


def test_funds_in_the_base_are_named() -> None:
    """0.5 % of 25,720.00 is 128.60."""
    bill = two_part()
    cause = cause_of(bill, issued(priced(bill), changed(priced(bill).lines, "pf_adjustment", "128.60")))
    assert (cause.code, cause.difference_yuan) == ("pf_fund_in_base", Decimal("3.60"))


def test_basic_charge_out_of_the_base_is_named() -> None:
    """0.5 % of 13,000.00 is 65.00."""
    bill = two_part()
    cause = cause_of(bill, issued(priced(bill), changed(priced(bill).lines, "pf_adjustment", "65.00")))
    assert cause.code == "pf_basic_not_in_base"


def test_suspended_capacity_is_named() -> None:
    """T2 is sealed: 250 × 30 = 7,500.00 is due, 400 × 30 = 12,000.00 was charged; 0.5 % of 25,000.00 is 125.00."""
    sealed = transformer(
        "T2", 150, state(LONG_AGO, date(2026, 9, 1), "running"), state(date(2026, 9, 1), None, "suspended")
    )
    bill = two_part(transformers=(transformer("T1", 250), sealed))
    assert priced(bill).item_yuan("basic") == Decimal("7500.00")
    lines = changed(changed(priced(bill).lines, "basic", "12000.00"), "pf_adjustment", "125.00")
    lines = [line._replace(quantity=number(400)) if line.item == "basic" else line for line in lines]
    cause = cause_of(bill, issued(priced(bill), lines))
    assert (cause.code, cause.topic) == ("suspended_charged", "BL-10")
    assert "T2" in cause.message["zh"] and cause.message["zh"].endswith(
        "多收 4,522.50 元"
    )  # 4,500.00 and 0.5 % of it


def test_thirtieths_are_named() -> None:
    """17 days of October: 400 × 30 × 17 ÷ 31 = 6,580.65, by thirtieths 6,800.00; the adjustment follows by 0.5 %."""
    begin = date(2026, 10, 15)
    units = tuple(
        transformer(name, kva, state(begin, None, "running")) for name, kva in (("T1", 250), ("T2", 150))
    )
    bill = two_part(period_from=begin, customer=customer(opened_on=begin), transformers=units)
    assert priced(bill).item_yuan("basic") == Decimal("6580.65")
    # 13,000.00 + 6,800.00 = 19,800.00, 0.5 % is 99.00
    lines = changed(changed(priced(bill).lines, "basic", "6800.00"), "pf_adjustment", "99.00")
    lines = [
        line._replace(quantity=number("226.6667")) if line.item == "basic" else line for line in lines
    ]  # 400 × 17 ÷ 30
    assert cause_of(bill, issued(priced(bill), lines)).code == "thirtieth"


def test_an_excess_charged_once_is_named() -> None:
    """Contract 180 kW, demand 200 kW: due 200 + (200 − 189) = 211 kW × 48 = 10,128.00, charged 200 × 48 = 9,600.00."""
    bill = two_part("contract_demand", "180")
    assert priced(bill).item_yuan("basic") == Decimal("10128.00")
    # 13,000.00 + 9,600.00 = 22,600.00, 0.5 % is 113.00
    lines = changed(changed(priced(bill).lines, "basic", "9600.00"), "pf_adjustment", "113.00")
    lines = [line._replace(quantity=number(200)) if line.item == "basic" else line for line in lines]
    cause = cause_of(bill, issued(priced(bill), lines))
    assert (cause.code, cause.also, cause.topic) == ("excess_not_doubled", ("basic_mode",), "BL-13")


def test_a_contract_below_the_floor_is_named() -> None:
    """40 % of 400 kVA is 160 kW; contract 100 kW with a demand of 90: due 160 × 48 = 7,680.00, charged 4,800.00."""
    shown = [r._replace(value=number(90) / 40) if r.register == "max_demand" else r for r in registers()]
    bill = with_readings(two_part("contract_demand", "100"), shown)
    assert priced(bill).item_yuan("basic") == Decimal("7680.00")
    # 13,000.00 + 4,800.00 = 17,800.00, 0.5 % is 89.00
    lines = changed(changed(priced(bill).lines, "basic", "4800.00"), "pf_adjustment", "89.00")
    lines = [line._replace(quantity=number(100)) if line.item == "basic" else line for line in lines]
    assert cause_of(bill, issued(priced(bill), lines)).code == "floor_ignored"


def test_limits_of_a_whole_year_are_named() -> None:
    """Since July six months: 2760 ÷ 2 = 1,380; 1,200 + 300 reaches 120 kWh into the second step, 6.00 yuan."""
    bill = household(before=1200, customer=customer(opened_on=date(2026, 7, 5)))
    assert priced(bill).item_yuan("step") == Decimal("6.00")
    lines = [line for line in priced(bill).lines if line.item != "step"]
    cause = cause_of(bill, issued(priced(bill), lines))
    assert cause.code == "steps_not_prorated" and "steps_left_out" in cause.also
    assert cause.message["zh"].endswith("少收 6.00 元")


def test_a_rollover_taken_for_nothing_is_named() -> None:
    """99,990 → 290 on five digits is 300 kWh, billed as none; it had added 161.40 yuan."""
    wrapped = reading("total", 0, previous_value=number(99990), value=number(290), digits=5)
    bill = with_readings(household(before=0), [wrapped])
    assert priced(bill).total_yuan == Decimal("161.40")
    cause = cause_of(bill, replace(issued(priced(bill), []), kwh=Decimal(0)))
    assert (cause.code, cause.message["zh"]) == ("rollover", "示数差按 0 计，翻转后应为 300，少收 161.40 元")


def test_another_multiplier_is_solved_from_the_lines() -> None:
    """Everything at 30 instead of 40: three quarters of every quantity."""
    bill = single_rate()
    wrong = with_readings(bill, [r._replace(ct_ratio=number(30)) for r in bill.points[0].readings])
    assert priced(wrong).kwh == 18000
    cause = cause_of(bill, priced(wrong))
    assert (cause.code, cause.also) == ("multiplier", ())
    assert cause.message["zh"].startswith("按倍率 30 计，应为 40，少收")


def test_another_multiplier_is_solved_through_the_loss() -> None:
    """The transformer loss follows active and reactive energy; the ratio is still found."""
    bill = low_side(two_part())
    wrong = with_readings(bill, [r._replace(ct_ratio=number(50)) for r in bill.points[0].readings])
    assert cause_of(bill, priced(wrong)).message["zh"].startswith("按倍率 50 计，应为 40，多收")


def test_the_reading_of_another_day_and_an_estimate_are_told_apart() -> None:
    """What the history knows is named; what it does not know is another energy."""
    history = {"P1": PointHistory(None, number(280), number(290), number(296))}
    bill = household(before=0, history=history)
    for kwh, code in ((296, "frozen_reading"), (290, "estimated"), (277, "other_reading")):
        assert cause_of(bill, priced(household(kwh, before=0))).code == code


def test_a_slip_of_one_amount_is_told() -> None:
    """10,000 kWh × 0.60 is 6,000.00, written as 60.00: quantity and price of the line are right."""
    bill = single_rate()
    lines = [
        line._replace(amount_yuan=number("60.00"))
        if (line.component, line.register) == ("purchase", "peak")
        else line
        for line in priced(bill).lines
    ]
    cause = cause_of(bill, issued(priced(bill), lines))
    assert cause.code == "amount_slip"
    assert "一项金额为 60 元，按数量乘单价应为 6000 元" in cause.message["zh"]


def test_two_mistakes_are_named_together() -> None:
    """The column below 1 kV and the standard 0.85 at once: neither alone gives the bill."""
    bill = single_rate()
    cause = cause_of(bill, priced(with_scheme(bill, voltage_code="lt1", pf_standard=number("0.85"))))
    assert set(cause.codes) == {"voltage_column", "pf_standard"}
    assert "不满1千伏" in cause.message["zh"] and "0.85" in cause.message["zh"]


def test_mistakes_at_energy_and_basic_charge_are_named_together() -> None:
    """1.5 times the purchase price and no basic charge."""
    bill = two_part()
    wrong = with_customer(with_scheme(bill, basic_charge_mode="none"), market_mode="exited")
    cause = cause_of(bill, priced(wrong))
    assert set(cause.codes) == {"exit_factor_given", "basic_left_out"}
    assert cause.topic in ("BL-11", "BL-34")


def test_what_nothing_explains_is_split() -> None:
    """Three amounts without a pattern: no cause is made up, the parts add up."""
    bill = two_part()
    odd = {
        ("purchase", "peak"): "6100.03",
        ("transmission", "flat"): "777.77",
        ("capacity", "any"): "12011.11",
    }
    lines = [
        line._replace(
            amount_yuan=number(odd.get((line.component or "", line.register or ""), str(line.amount_yuan)))
        )
        for line in priced(bill).lines
    ]
    cause = cause_of(bill, issued(priced(bill), lines))
    assert cause.code == "unexplained" and cause.attribution is not None
    # 100.03 − 22.23 + 11.11
    assert cause.attribution.total_yuan == cause.difference_yuan == Decimal("88.91")


def test_a_total_that_is_not_the_sum_is_told() -> None:
    """All lines are right, the total is not."""
    bill = two_part()
    wrong = issued(priced(bill))
    cause = cause_of(bill, replace(wrong, total_yuan=wrong.total_yuan + 10))
    assert (cause.code, cause.difference_yuan) == ("total_slip", Decimal(10))


def test_a_right_bill_has_no_cause() -> None:
    """Asking for the cause of nothing is an error that says so."""
    with pytest.raises(ExplainedError, match="no difference"):
        cause_of(two_part(), priced(two_part()))


def test_a_refused_bill_has_no_cause() -> None:
    """A bill that can't be recomputed has nothing to compare with."""
    bill = with_readings(household(), [reading("total", 300, read_at=datetime(2026, 11, 1), status="missed")])
    refused = price_bill(bill, book(), rule_book().on(bill.period_from))
    with pytest.raises(ExplainedError, match="missing_reading"):
        find_cause(bill, issued(priced(household())), refused, book(), rule_book())
