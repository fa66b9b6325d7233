"""What is done wrong in a bill, one mistake each: a change of the case, of the method, or of the finished lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np

from jicha.demo.cases import FEED, KWH, QUANTITY, RATIO, SUB_METER
from jicha.demo.charges import HALF, ITEMS, BasicRule
from jicha.demo.grid import NULL, Ints, day_number
from jicha.demo.plant.bill_scene import Attempt
from jicha.demo.points import CT_STEPS, NO_BASIC, PF_80, PF_85, PF_90, PLAIN, TARIFFS

OLD_PRICES = day_number(date(2026, 7, 31))
OTHER_FUND = 29_400_000  # 0.0294 yuan per kWh: another province's rate of 2026, in 10⁻⁹ yuan
Mistake = Callable[[Attempt], None]
MISTAKES: dict[str, Mistake] = {}


def mistake(function: Mistake) -> Mistake:
    """Register a mistake under its own name, which is its cause code."""
    MISTAKES[function.__name__] = function
    return function


def _basic(attempt: Attempt, rule: BasicRule) -> None:
    attempt.method = replace(attempt.method, basic=rule)


@mistake
def pf_standard(attempt: Attempt) -> None:
    """Take the next standard."""
    right = int(attempt.scheme["pf_standard"][0])
    lower = {PF_90: PF_85, PF_85: PF_80, PF_80: PF_85}
    upper = {PF_90: PF_85, PF_85: PF_90, PF_80: PF_85}
    attempt.scheme["pf_standard"][0] = (upper if attempt.job.index % 2 else lower)[right]


@mistake
def pf_not_assessed(attempt: Attempt) -> None:
    """Leave the assessment out."""
    attempt.scheme["pf_standard"][0] = NULL


@mistake
def pf_without_loss(attempt: Attempt) -> None:
    """Take the power factor from the meter alone."""
    attempt.method = replace(attempt.method, loss_in_factor=False)


@mistake
def pf_fund_in_base(attempt: Attempt) -> None:
    """Adjust the funds as well."""
    attempt.method = replace(attempt.method, fund_in_base=True)


@mistake
def tou_not_applied(attempt: Attempt) -> None:
    """Bill the total register."""
    attempt.scheme["registers"][0] = attempt.cases.spots.earlier["registers"][0] = PLAIN


@mistake
def bands_swapped(attempt: Attempt) -> None:
    """Bill the peak as valley and the valley as peak."""
    energy = attempt.cases.spots.energy
    energy["peak"], energy["valley"] = energy["valley"], energy["peak"]


@mistake
def voltage_column(attempt: Attempt) -> None:
    """Take the column below 1 kV for 10 kV, that of 10 kV for 35 kV."""
    column = attempt.scheme["price_voltage"]
    column[0] = {1: 0, 3: 1, 4: 3}[int(column[0])]


@mistake
def single_rate_price(attempt: Attempt) -> None:
    """Take the single-rate energy price; the basic charge stays."""
    attempt.scheme["tariff"][0] = TARIFFS.index("CI_SINGLE")


@mistake
def price_version(attempt: Attempt) -> None:
    """Take the prices of before August 2026."""
    attempt.cases.price_day[:] = OLD_PRICES


@mistake
def multiplier(attempt: Attempt) -> None:
    """Leave the voltage ratio out, or take the next current transformer."""
    part, row = attempt.part, attempt.row
    ct, pt = int(part.get("ct")[row]), int(part.get("pt")[row])
    other = int(CT_STEPS[max(int(np.searchsorted(CT_STEPS, ct * 5)) - 1, 0)]) // 5
    wrong = ct if pt > 1 and attempt.job.index % 4 == 3 else other * pt
    scale_meter(attempt, wrong)


def scale_meter(attempt: Attempt, wrong: int) -> None:
    """Work the main meter's energy, reactive energy and demand out with another multiplier."""
    held = int(attempt.part.get("billed_multiplier")[attempt.row])
    at = (attempt.row, attempt.month)
    spots = attempt.cases.spots
    for name, values in attempt.ledger.energy.items():
        spots.energy[name][0] = _whole(int(values[at]) // held * wrong)
    spots.kvarh[0] = _whole(int(attempt.ledger.kvarh[at]) // held * wrong)
    spots.demand[0] = int(attempt.ledger.demand[at]) // held * wrong


def _whole(energy: int) -> int:
    return max((energy + KWH // 2) // KWH, 0)


@mistake
def rollover(attempt: Attempt) -> None:
    """Take the difference below zero for no energy at all."""
    attempt.cases.spots.energy["total"][0] = 0


@mistake
def old_meter(attempt: Attempt) -> None:
    """Bill the new meter only."""
    at = (attempt.row, attempt.month)
    energy = int(attempt.ledger.energy["total"][at] - attempt.ledger.removed[at])
    attempt.cases.spots.energy["total"][0] = _whole(energy)


@mistake
def transformer_loss_left_out(attempt: Attempt) -> None:
    """Leave the loss out."""
    attempt.cases.spots.loss[0] = False


@mistake
def transformer_loss_high_side(attempt: Attempt) -> None:
    """Charge a loss that the meter has already passed."""
    attempt.cases.spots.loss[0] = True


@mistake
def transformer_loss_hours(attempt: Attempt) -> None:
    """Take a full month's hours for some days."""
    attempt.method = replace(attempt.method, always_full_hours=True)


@mistake
def line_loss_left_out(attempt: Attempt) -> None:
    """Leave the agreed percentage out."""
    attempt.cases.spots.line_loss[0] = 0


@mistake
def excess_not_doubled(attempt: Attempt) -> None:
    """Bill the demand as read, however far above the contract."""
    _basic(attempt, BasicRule(double=False))


@mistake
def floor_ignored(attempt: Attempt) -> None:
    """Bill by the contract demand as it stands."""
    _basic(attempt, BasicRule(floor=False))


@mistake
def previous_demand(attempt: Attempt) -> None:
    """Bill the demand of the month before."""
    attempt.cases.spots.demand[0] = attempt.ledger.demand[attempt.row, attempt.month - 1]


@mistake
def thirtieth(attempt: Attempt) -> None:
    """Divide a part month by 30."""
    _basic(attempt, BasicRule(thirtieth=True))


@mistake
def suspended_charged(attempt: Attempt) -> None:
    """Charge what is sealed."""
    units = attempt.cases.units
    units.off_from[:], units.off_to[:] = 10**6, 10**6


@mistake
def capacity_left_out(attempt: Attempt) -> None:
    """Charge the first of two transformers only."""
    attempt.cases.units.kva[0, 1] = 0


@mistake
def basic_left_out(attempt: Attempt) -> None:
    """Charge the energy only."""
    attempt.scheme["basic"][0] = NO_BASIC


@mistake
def discount_missed(attempt: Attempt) -> None:
    """Take the full demand price."""
    _basic(attempt, BasicRule(discount=False))


@mistake
def discount_given(attempt: Attempt) -> None:
    """Take nine tenths of the demand price."""
    _basic(attempt, BasicRule(discount=True))


@mistake
def steps_not_prorated(attempt: Attempt) -> None:
    """Take the limits of twelve months."""
    attempt.cases.tier_months[:] = 12


@mistake
def steps_year_to_date(attempt: Attempt) -> None:
    """Forget what was billed last month."""
    assert attempt.cases.before is not None
    at = (attempt.row, attempt.month - 1)
    attempt.cases.before = attempt.cases.before - _whole(int(attempt.ledger.energy["total"][at]))


@mistake
def step3_forgotten(attempt: Attempt) -> None:
    """Drop the line of the third step."""
    attempt.alter = lambda lines: _keep(lines, lines["component"] != 2)


@mistake
def quota_ignored(attempt: Attempt) -> None:
    """Take the limits of a small household."""
    attempt.cases.quota[:] = False


@mistake
def quota_expired(attempt: Attempt) -> None:
    """Go on with the quota after its end."""
    attempt.cases.quota[:] = True


@mistake
def not_segmented(attempt: Attempt) -> None:
    """Bill the whole cycle by the scheme of its last day."""
    attempt.method = replace(attempt.method, by_scheme=False)


@mistake
def fund_left_out(attempt: Attempt) -> None:
    """Drop the lines of the funds."""
    attempt.alter = lambda lines: _keep(lines, lines["item"] != ITEMS.index("fund"))


@mistake
def fund_rate(attempt: Attempt) -> None:
    """Charge the funds at a rate that is in no book of this province."""
    attempt.alter = _other_fund


def _other_fund(lines: dict[str, Ints]) -> None:
    rows = lines["item"] == ITEMS.index("fund")
    lines["price"] = np.where(rows, OTHER_FUND, lines["price"])
    again = (lines["quantity"] // KWH * OTHER_FUND + HALF) // (2 * HALF)
    lines["amount"] = np.where(rows, again, lines["amount"])


@mistake
def exit_factor_missed(attempt: Attempt) -> None:
    """Charge a customer that left the market like one of agency purchase."""
    attempt.cases.pays_multiple[:] = False


@mistake
def exit_factor_given(attempt: Attempt) -> None:
    """Charge a customer of agency purchase like one that left the market."""
    attempt.cases.pays_multiple[:] = True


@mistake
def fixed_share_ignored(attempt: Attempt) -> None:
    """Leave everything on the main meter."""
    spots = attempt.cases.spots
    spots.value[(spots.kind == QUANTITY) | (spots.kind == RATIO)] = 0


@mistake
def sub_not_deducted(attempt: Attempt) -> None:
    """Bill the sub meter and the whole main meter."""
    spots = attempt.cases.spots
    rows = np.flatnonzero(spots.kind == SUB_METER)
    spots.kind[rows], spots.feed[rows] = FEED, rows


@mistake
def amount_slip(attempt: Attempt) -> None:
    """Type one amount with two digits exchanged, or one digit more."""
    attempt.alter = lambda lines: _slip(lines, attempt.job.index)


def _slip(lines: dict[str, Ints], index: int) -> None:
    rows = np.flatnonzero(lines["item"] == ITEMS.index("energy"))
    row = rows[np.argmax(lines["amount"][rows])]
    lines["amount"] = lines["amount"].copy()
    digits = list(str(int(lines["amount"][row])))
    digits[0], digits[1] = digits[1], digits[0]
    exchanged = int("".join(digits))
    changed = exchanged != lines["amount"][row] and index % 2 == 0
    lines["amount"][row] = exchanged if changed else lines["amount"][row] + 90_000


@mistake
def frozen_reading(attempt: Attempt) -> None:
    """Bill the frozen value instead of the reading of the site."""
    at = (attempt.row, attempt.month)
    off = int(attempt.part.deviation[at]) * int(attempt.part.unit()[attempt.row])
    attempt.cases.spots.energy["total"][0] = _whole(int(attempt.ledger.energy["total"][at]) - off)


@mistake
def estimated(attempt: Attempt) -> None:
    """Bill the mean of the three months before."""
    months = slice(attempt.month - 3, attempt.month)
    total = int(attempt.ledger.energy["total"][attempt.row, months].sum())
    attempt.cases.spots.energy["total"][0] = _whole(total // 3)


def _keep(lines: dict[str, Ints], rows: np.ndarray) -> None:
    for name in list(lines):
        lines[name] = lines[name][rows]
