"""Mistakes between two steps of a bill: the issued lines are changed by hand, with the arithmetic beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jicha.billing.attribution import PARTS, attribute
from jicha.billing.cause import TOLD_BY_THE_BILL
from jicha.billing.hypotheses.catalogue import LANGUAGES, catalogue
from jicha.billing.model import BillInput, Line
from tests.billing.worked_bills import (
    cause_of,
    changed,
    household,
    issued,
    low_side,
    number,
    priced,
    scheme,
    single_rate,
    transformer,
    two_part,
    with_customer,
    with_readings,
    with_scheme,
)


def _without(lines: Sequence[Line], *names: str) -> list[Line]:
    """Return the lines but those of an item or a component."""
    return [line for line in lines if line.item not in names and line.component not in names]


def _repriced(lines: Sequence[Line], component: str, unit_price: str, amount: str) -> list[Line]:
    return [
        line._replace(unit_price=number(unit_price), amount_yuan=number(amount))
        if line.component == component
        else line
        for line in lines
    ]


def test_losses_left_out_of_the_power_factor_are_named() -> None:
    """24,000 kWh and 12,000 kvarh give 0.894, 0.89; with 5,000 and more kvarh of loss it is lower."""
    bill = low_side(two_part())
    right = priced(bill)
    assert right.power_factor is not None and right.power_factor < Decimal("0.89")
    # 0.89 under 0.90: +0.5 % of energy and basic charge, losses billed as they are
    base = right.item_yuan("energy") + right.item_yuan("basic")
    amount = (base * 5 / 1000).quantize(Decimal("0.01"))
    wrong = replace(
        issued(right, changed(right.lines, "pf_adjustment", str(amount))),
        power_factor=Decimal("0.89"),
        pf_adjust_pct=Decimal("0.5"),
    )
    assert cause_of(bill, wrong).code == "pf_without_loss"


def test_an_adjustment_of_the_basic_charge_alone_is_named() -> None:
    """0.5 % of 12,000.00 is 60.00."""
    bill = two_part()
    lines = changed(priced(bill).lines, "pf_adjustment", "60.00")
    assert cause_of(bill, issued(priced(bill), lines)).code == "pf_energy_not_in_base"


def test_another_reactive_energy_is_named() -> None:
    """16,000 kvarh to 24,000 kWh: cos φ 0.832, 0.83; +3.5 % of 25,000.00 is 875.00."""
    bill = two_part()
    wrong = issued(priced(bill), changed(priced(bill).lines, "pf_adjustment", "875.00"))
    wrong = replace(wrong, kvarh=Decimal(16000), power_factor=Decimal("0.83"), pf_adjust_pct=Decimal("3.5"))
    cause = cause_of(bill, wrong)
    assert cause.code == "reactive_slip" and "按 16000 计，应为 12000 千乏时" in cause.message["zh"]


def test_funds_left_out_are_named() -> None:
    """720.00 are missing."""
    bill = two_part()
    cause = cause_of(bill, issued(priced(bill), _without(priced(bill).lines, "fund")))
    assert (cause.code, cause.difference_yuan, cause.topic) == ("fund_left_out", Decimal("-720.00"), "BL-30")


def test_funds_of_an_exempt_household_are_named() -> None:
    """300 kWh × 0.03 is 9.00."""
    bill = household(before=0)
    right = priced(bill)
    fund = Line("P1", "fund", "fund", "any", number(300), "kwh", number("0.03"), number("9.00"))
    assert cause_of(bill, issued(right, [*right.lines, fund])).code == "fund_charged"


def test_a_component_left_out_is_named() -> None:
    """Transmission, 0.20 × (1.5 × 10,000 + 8,000 + 0.5 × 6,000) = 5,200.00; the adjustment falls by 0.5 % of it."""
    bill = single_rate()
    right = priced(bill)
    # energy 15,600.00, 0.5 % is 78.00; without transmission 10,400.00, 52.00
    assert right.item_yuan("pf_adjustment") == Decimal("78.00")
    lines = changed(_without(right.lines, "transmission"), "pf_adjustment", "52.00")
    cause = cause_of(bill, issued(right, lines))
    assert cause.code == "component_left_out" and "输配电价" in cause.message["zh"]


@pytest.mark.parametrize("increment", ["0", "0.05"])
def test_a_forgotten_third_step_is_named(increment: str) -> None:
    """4,700 + 300: 100 kWh in the second step, 200 in the third, not charged at all or like the second."""
    bill = household(300, before=4700)
    right = priced(bill)
    assert right.item_yuan("step") == Decimal("65.00")  # 100 × 0.05 + 200 × 0.30
    lines = (
        _without(right.lines, "step3")
        if increment == "0"
        else _repriced(right.lines, "step3", "0.05", "10.00")
    )
    assert cause_of(bill, issued(right, lines)).code == "step3_forgotten"


def test_a_forgotten_second_step_is_named() -> None:
    """The 5.00 of the second step are missing, the 60.00 of the third are there."""
    bill = household(300, before=4700)
    cause = cause_of(bill, issued(priced(bill), _without(priced(bill).lines, "step2")))
    assert cause.code == "step2_forgotten"


def test_a_quota_without_entitlement_is_named() -> None:
    """1,200 more on every limit, 3,960 and 6,000: all 300 kWh above 4,700 are in the second step, 15.00 instead of 65.00."""
    bill = household(300, before=4700)
    wrong = with_customer(bill, household_persons=5, multi_person=((date(2020, 1, 1), None),))
    assert priced(wrong).item_yuan("step") == Decimal("15.00")
    cause = cause_of(bill, priced(wrong))
    assert cause.code == "quota_given"


def test_prices_of_the_version_before_are_named() -> None:
    """Transmission 0.22 instead of 0.20: 2 fen × 26,000 weighted kWh are 520.00, and 0.5 % of it."""
    bill = single_rate()
    before = replace(bill, period_from=date(2026, 7, 1), period_to=date(2026, 8, 1))
    cause = cause_of(bill, priced(before))
    assert (cause.code, cause.difference_yuan, cause.topic) == ("price_version", Decimal("522.60"), "BL-25")


def test_one_version_in_a_period_of_two_is_named() -> None:
    """From 16 July to 16 August the price changed; the old one was taken for all days."""
    bill = replace(single_rate(), period_from=date(2026, 7, 16), period_to=date(2026, 8, 16))
    july = replace(bill, period_from=date(2026, 7, 1), period_to=date(2026, 8, 1))
    cause = cause_of(bill, priced(july))
    assert (cause.code, cause.topic) == ("price_not_segmented", "BL-24")


def test_exchanged_band_prices_are_named() -> None:
    """Peak energy at the price of the valley and the other way round."""
    bill = with_scheme(single_rate(), pf_standard=None)
    # purchase and transmission: 10,000 × 0.20, 10,000 × 0.10; 6,000 × 0.60, 6,000 × 0.30
    wrong = {
        ("purchase", "peak"): ("0.20", "2000"), ("transmission", "peak"): ("0.10", "1000"),
        ("purchase", "valley"): ("0.60", "3600"), ("transmission", "valley"): ("0.30", "1800"),
    }  # fmt: skip
    lines = []
    for line in priced(bill).lines:
        price, amount = wrong.get((line.component or "", line.register or ""), (None, None))
        lines.append(
            line
            if amount is None or price is None
            else line._replace(unit_price=number(price), amount_yuan=number(amount))
        )
    assert cause_of(bill, issued(priced(bill), lines)).code == "band_prices_swapped"


def test_negative_energy_is_named() -> None:
    """−17 kWh × 0.538 = −9.146, −9.15 yuan."""
    bill = household(before=0)
    line = priced(bill).lines[0]._replace(quantity=number(-17), amount_yuan=number("-9.15"))
    cause = cause_of(bill, replace(issued(priced(bill), [line]), kwh=number(-17)))
    assert cause.code == "negative_energy" and "按 -17 计，应为 300 千瓦时" in cause.message["zh"]


def test_parameters_of_the_model_instead_of_the_nameplate_are_named() -> None:
    """The nameplate loses more than the table of its model says."""
    own = transformer("T1", 250)._replace(model="S11", no_load_loss_kw=number("0.90"))
    bill = low_side(replace(single_rate(), transformers=(own,)))
    table = own._replace(
        no_load_loss_kw=None, load_loss_kw=None, no_load_current_pct=None, impedance_pct=None
    )
    assert cause_of(bill, priced(replace(bill, transformers=(table,)))).code == "transformer_table_values"


def _shared() -> BillInput:
    """Return a low-side customer with loss, a tenth of whose energy is charged on another scheme."""
    bill = low_side(replace(single_rate(), transformers=(transformer("T1", 250),)))
    main = bill.points[0]
    part = main._replace(
        mp_id="P2",
        parent_mp_id="P1",
        schemes=(scheme("CI_SINGLE", "lt1", fixed_ratio=number("0.10")),),
        readings=(),
    )
    return with_scheme(replace(bill, points=(main, part)), pf_standard=None)


def test_a_loss_that_was_not_shared_is_named() -> None:
    """The part's share of the loss is moved to the flat band of the main point, line by line."""
    bill = _shared()
    right = priced(bill)
    part_kwh = next(line.quantity for line in right.lines if line.mp_id == "P2" and line.item == "fund")
    assert part_kwh is not None and part_kwh > 2400  # 10 % of 24,000 and its share of the loss
    moved = part_kwh - 2400
    lines = [_moved(line, moved) for line in right.lines]
    assert cause_of(bill, issued(right, lines)).code == "transformer_loss_shares"


def _moved(line: Line, kwh: Decimal) -> Line:
    if line.mp_id == "P2":
        change = -kwh
    elif line.item == "fund" or line.register == "flat":
        change = kwh
    else:
        return line
    assert line.quantity is not None and line.unit_price is not None
    quantity = line.quantity + change
    return line._replace(
        quantity=quantity, amount_yuan=(quantity * line.unit_price).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    )


BILLS = (household(), single_rate(), two_part(), two_part("contract_demand", "180"), low_side(two_part()))
NO_TARIFF = {"amount_slip", "unexplained"}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BILLS), st.integers(0, 20), st.integers(-40, 40).filter(bool))
def test_cents_on_one_line_are_no_mistake_of_price(bill: BillInput, place: int, cents: int) -> None:
    """An amount that is off by some cents, its quantity and price as they should be, is never a tariff or a rule."""
    right = priced(bill)
    place %= len(right.lines)
    line = right.lines[place]
    off = line._replace(amount_yuan=line.amount_yuan + Decimal(cents) / 100)
    assume(off.amount_yuan != 0)
    cause = cause_of(bill, issued(right, [*right.lines[:place], off, *right.lines[place + 1 :]]))
    assert cause.code in NO_TARIFF, (cause.code, line)
    assert cause.difference_yuan == Decimal(cents) / 100


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(BILLS),
    st.lists(
        st.tuples(
            st.integers(0, 30), st.integers(-5000, 5000), st.integers(-900, 900), st.integers(-90000, 90000)
        )
    ),
    st.sets(st.integers(0, 30)),
)
def test_the_parts_of_a_difference_add_up(
    bill: BillInput, changes: list[tuple[int, int, int, int]], gone: set[int]
) -> None:
    """Whatever is wrong in quantities, prices, amounts and missing lines, the six parts sum exactly to the difference."""
    right = priced(bill)
    lines = list(right.lines)
    for place, kwh, price, cents in changes:
        line = lines[place % len(lines)]
        lines[place % len(lines)] = line._replace(
            quantity=None if line.quantity is None else line.quantity + kwh,
            unit_price=None if line.unit_price is None else line.unit_price + Decimal(price) / 1000,
            amount_yuan=line.amount_yuan + Decimal(cents) / 100,
        )
    wrong = issued(right, [line for place, line in enumerate(lines) if place not in gone])
    found = attribute(wrong, right)
    assert tuple(found.yuan) == PARTS
    assert found.total_yuan == wrong.total_yuan - right.total_yuan


def test_the_parts_are_what_they_are_called() -> None:
    """Quantity 100 kWh × 0.60; price 0.05 × 8,000; half a month of 12,000.00; 25.00 at the power factor."""
    bill = two_part()
    right = priced(bill)
    wrong = []
    for line in right.lines:
        if (line.component, line.register) == ("purchase", "peak"):
            line = line._replace(quantity=number(10100), amount_yuan=number("6060.00"))
        elif (line.component, line.register) == ("transmission", "flat"):
            line = line._replace(unit_price=number("0.15"), amount_yuan=number("1200.00"))
        elif line.item == "basic":
            line = line._replace(amount_yuan=number("6000.00"))
        elif line.item == "pf_adjustment":
            line = line._replace(amount_yuan=number("150.00"))
        wrong.append(line)
    assert attribute(issued(right, wrong), right).yuan == {
        "quantity": Decimal("60.00"), "price": Decimal("400.00"), "multiplier": Decimal(0), "period": Decimal("-6000.00"),
        "power_factor": Decimal("25.00"), "rounding": Decimal("0.00"),
    }  # fmt: skip


def test_one_ratio_at_every_register_is_the_multiplier() -> None:
    """All registers at a half: 13,000 ÷ 2 and 720 ÷ 2 less, none of it called quantity."""
    bill = with_scheme(two_part(), pf_standard=None)
    wrong = with_readings(bill, [r._replace(ct_ratio=number(20)) for r in bill.points[0].readings])
    found = attribute(issued(priced(wrong)), priced(bill)).yuan
    assert found["multiplier"] == Decimal("-6860.00") and found["quantity"] == 0


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_the_words_of_a_cause_are_whole(code: str) -> None:
    """Each cause has both languages, the same blanks in both, and a topic."""
    entry = catalogue()[code]
    assert all(entry.title[language] and entry.message[language] for language in LANGUAGES)
    for blank in ("{used}", "{due}"):
        assert (blank in entry.message["zh"]) == (blank in entry.message["en"])
    assert entry.topic == "REBILL" or entry.topic.startswith("BL-")
    assert 0 < entry.rank < 100 and TOLD_BY_THE_BILL == 50


def test_every_cause_stands_in_the_page_of_causes() -> None:
    """The page lists exactly the causes of the policy, with their topics."""
    page = Path(__file__).resolve().parents[2] / "docs" / "explain" / "causes.md"
    listed = re.findall(
        r"^\| `(\w+)` \| .* \| (REBILL|BL-\d\d) \| \w+ \|$", page.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(listed) == sorted((code, entry.topic) for code, entry in catalogue().items())
