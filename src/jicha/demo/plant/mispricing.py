"""Planted mis-billings: the archive and the readings are right, the issued bill is priced with one mistake."""

from __future__ import annotations

from datetime import date

import numpy as np

from jicha.demo.grid import DAYS, LAST, MONTH_START, NULL, day_number
from jicha.demo.plant.bill_scene import BillScene
from jicha.demo.plant.causes import CAUSES
from jicha.demo.plant.mistakes import MISTAKES, scale_meter
from jicha.demo.plant.registry import ALWAYS, NOW, Job, ReadingScene, on, say, say_point
from jicha.demo.points import CAPACITY, NO_BASIC, TARIFFS
from jicha.demo.world import Part, World

PREFIX = "cause:"
# Mistakes that a bill of the month before had as well, for every third customer.
TWICE = frozenset(
    {
        "pf_standard", "pf_not_assessed", "voltage_column", "single_rate_price", "transformer_loss_left_out", "line_loss_left_out",
        "basic_left_out", "fund_left_out", "capacity_left_out", "exit_factor_missed", "tou_not_applied",
    }
)  # fmt: skip
SEALED, AGREED = day_number(date(2026, 9, 11)), day_number(date(2026, 12, 20))
LATE_SEALED = day_number(date(2026, 9, 28))
OCTOBER = (day_number(date(2026, 10, 9)), day_number(date(2026, 10, 10)), day_number(date(2026, 10, 12)))
SUMMER = day_number(date(2026, 7, 8))
QUOTA = (day_number(date(2024, 1, 1)), day_number(date(2028, 1, 1)))


def cause_rule(code: str) -> str:
    """Return under which name the jobs of a mistake are planned."""
    return PREFIX + code


def _misprice(part: Part, job: Job, row: int, scene: BillScene) -> None:
    """Issue the audited month's bill wrongly, and perhaps that of the month before; look-alikes stay right."""
    code = job.rule.removeprefix(PREFIX)
    months = (LAST - 1, LAST) if code in TWICE and job.index % 3 == 2 else (LAST,)
    if not job.fault:
        note = "lawful: " + str(job.memo.get("lawful", CAUSES[code][1] + ", but not here"))
        say(part.world, job, "bill", f"B{job.number}{LAST:02d}", rule=CAUSES[code][0], spans=NOW, note=note)
        return
    for month in months:
        attempt = scene.attempt(job, row, month)
        if attempt is None:
            continue
        MISTAKES[code](attempt)
        cents = scene.issue(attempt)
        if cents:
            scene.tell(job, month, code, cents)


for _code in MISTAKES:
    on("bills", cause_rule(_code))(_misprice)


@on("bills", "MT-01")
def bill_by_archive(part: Part, job: Job, row: int, scene: BillScene) -> None:
    """Tell what the archive's wrong multiplier (倍率) did to every bill: they are issued with it."""
    held = int(part.get("billed_multiplier")[row])
    right = int(part.get("multiplier")[row])
    for month in range(LAST + 1) if held != right else ():
        attempt = scene.attempt(job, row, month)
        if attempt is None:
            continue
        scale_meter(attempt, right)
        cents = -scene.difference(attempt)
        if cents:
            scene.tell(job, month, "archive_multiplier", cents)


def _point(world: World, job: Job) -> int:
    return int(np.searchsorted(world.points.owner, job.customer))


@on("archive", cause_rule("exit_factor_missed"))
def leave_market(world: World, job: Job) -> None:
    """Let the customer have left the market."""
    world.customers.exited[job.customer] = True
    job.memo["lawful"] = "1.5 × for a customer that left the market"


@on("archive", cause_rule("line_loss_left_out"))
def agree_loss(world: World, job: Job) -> None:
    """Agree a line loss of 2.5 %."""
    world.points.line_loss_pct[_point(world, job)] = 2_500_000


@on("archive", cause_rule("excess_not_doubled"))
def contract_little(world: World, job: Job) -> None:
    """Contract 42 % of the capacity, less than is used."""
    world.points.contract_demand[_point(world, job)] = int(world.customers.kva[job.customer]) * 42 * 100
    job.memo["lawful"] = "demand above 105 % of the contract, charged twice"


@on("archive", cause_rule("floor_ignored"))
def contract_too_little(world: World, job: Job) -> None:
    """Contract 30 % of the capacity, which BL-12 reports as well; the current transformers suit the small load."""
    points, point = world.points, _point(world, job)
    points.contract_demand[point] = int(world.customers.kva[job.customer]) * 30 * 100
    points.ct[point] = max(2, int(points.ct[point]) // 2)
    points.multiplier[point] = points.billed_multiplier[point] = points.ct[point] * points.pt[point]
    say_point(world, job, "follows", rule="BL-12", spans=ALWAYS)


@on("energy", cause_rule("floor_ignored"))
def use_hardly(part: Part, job: Job, row: int) -> None:
    """Use so little that the demand stays below 40 % of the capacity."""
    _use(part, job, row, 100 + job.index % 4 * 10)


@on("energy", cause_rule("discount_missed"))
def use_much(part: Part, job: Job, row: int) -> None:
    """Use some 320 kWh a kVA in the audited cycle; the look-alikes 260 and a little."""
    _use(part, job, row, 320 if job.fault else 260)
    if not job.fault:
        # The scaling cuts fractions off, and each of four bands may lose half a kilowatt-hour.
        _use_more(part, job, row, 260, 4)
    job.memo["lawful"] = "demand price lowered at 260 kWh per kVA"


@on("energy", cause_rule("discount_given"))
def use_little(part: Part, job: Job, row: int) -> None:
    """Use some 200 kWh a kVA in the audited cycle; the look-alikes hardly less than 260."""
    _use(part, job, row, 200 if job.fault else 259)
    job.memo["lawful"] = "below 260 kWh per kVA, full demand price"


def _use_more(part: Part, job: Job, row: int, kwh_per_kva: int, more: int) -> None:
    """Let the last day of the cycle fill what lacks to so many kWh a kVA, and some kWh more."""
    days = slice(int(part.planned[row, LAST]), int(part.planned[row, LAST + 1]))
    unit = int(part.unit()[row])
    target = (kwh_per_kva * int(part.world.customers.kva[job.customer]) + more) * 10_000
    part.true[row, days.stop - 1] += -(-(target - int(part.true[row, days].sum()) * unit) // unit)
    part.metered[row] = part.true[row]


def _use(part: Part, job: Job, row: int, kwh_per_kva: int) -> None:
    days = slice(int(part.planned[row, LAST]), int(part.planned[row, LAST + 1]))
    kva = int(part.world.customers.kva[job.customer])
    used = max(int(part.true[row, days].sum()) * int(part.unit()[row]) // 10_000, 1)
    part.true[row] = part.true[row] * kwh_per_kva * kva // used
    part.metered[row] = part.true[row]


@on("archive", cause_rule("suspended_charged"))
def suspend(world: World, job: Job) -> None:
    """Seal the last transformer in September; the look-alikes' seal is broken after exactly 15 days."""
    units = world.transformers
    row = int(np.searchsorted(units.owner, job.customer, side="right")) - 1
    units.suspended_from[row], units.agreed_until[row] = SEALED, AGREED
    world.points.basic[_point(world, job)] = CAPACITY
    world.points.contract_demand[_point(world, job)] = NULL
    if not job.fault:
        units.suspended_to[row] = SEALED + 15
        job.memo["lawful"] = "suspended for exactly 15 days: not charged"


@on("archive", cause_rule("transformer_loss_hours"))
def suspend_some_days(world: World, job: Job) -> None:
    """Seal the transformer inside the cycle: its loss is of the days before."""
    units = world.transformers
    row = int(np.searchsorted(units.owner, job.customer))
    late = world.customers.read_day[job.customer] > 1
    units.suspended_from[row] = LATE_SEALED if late else SEALED
    units.agreed_until[row] = AGREED
    job.memo["lawful"] = "loss of the hours in service"


@on("archive", cause_rule("thirtieth"))
def connect_in_october(world: World, job: Job) -> None:
    """Connect the customer some days before the reading in the middle of October, a month of 31 days."""
    points = world.points
    opened = OCTOBER[job.index % len(OCTOBER)]
    world.customers.opened[job.customer] = opened
    rows = points.owner == job.customer
    points.installed[rows], points.verified[rows], points.start[rows] = opened, opened - 40, 0
    point = _point(world, job)
    points.basic[point], points.contract_demand[point] = CAPACITY, NULL
    job.memo["lawful"] = "part month by calendar days"


@on("archive", cause_rule("capacity_left_out"), cause_rule("basic_left_out"))
def charge_capacity(world: World, job: Job) -> None:
    """Charge the customer by capacity; look-alikes are charging stations whose basic charge is waived."""
    point = _point(world, job)
    if not job.fault:
        job.memo["lawful"] = "a public charging station: basic charge waived"
        return
    world.points.basic[point], world.points.contract_demand[point] = CAPACITY, NULL


@on("archive", cause_rule("fund_left_out"))
def grow(_world: World, job: Job) -> None:
    """Say why farms have no funds in their bills."""
    job.memo["lawful"] = "agricultural catalogue price: no separate funds"


@on("archive", cause_rule("steps_not_prorated"))
def move_in(world: World, job: Job) -> None:
    """Let a household that uses much move in in July: six months of limits."""
    points = world.points
    world.customers.base[job.customer] = 15.0 + job.index % 5
    world.customers.opened[job.customer] = int(world.calendar.on_or_after(SUMMER + job.index % 7))
    rows = points.owner == job.customer
    points.installed[rows] = world.customers.opened[job.customer]
    points.verified[rows], points.start[rows] = points.installed[rows] - 40, 0
    job.memo["lawful"] = "limits of six months for a customer since July"


@on("archive", cause_rule("steps_year_to_date"))
def use_second_step(world: World, job: Job) -> None:
    """Let a household reach the second step."""
    world.customers.base[job.customer] = 12.5 + job.index % 4 / 2


@on("archive", cause_rule("step3_forgotten"))
def use_third_step(world: World, job: Job) -> None:
    """Let a household reach the third step."""
    world.customers.base[job.customer] = 19.0 + job.index % 4


@on("archive", cause_rule("quota_ignored"))
def live_in_numbers(world: World, job: Job) -> None:
    """Let a household of five or more use much."""
    customers = world.customers
    customers.base[job.customer], customers.persons[job.customer] = 15.0, 5 + job.index % 3
    customers.quota_from[job.customer], customers.quota_to[job.customer] = QUOTA
    job.memo["lawful"] = "limits with the quota of a large household"


@on("archive", cause_rule("not_segmented"))
def choose_two_part(world: World, job: Job) -> None:
    """Choose the two-part price inside the September cycle; look-alikes on the day of its reading."""
    day = SEALED - job.index % 2 if job.fault else int(MONTH_START[LAST - 1])
    point = _point(world, job)
    world.points.change_scheme(point, day, int(job.number) * 10 + 6)
    two_part = world.points.tariff[point] == TARIFFS.index("CI_TWO")
    world.points.tariff[point] = TARIFFS.index("CI_SINGLE" if two_part else "CI_TWO")
    world.points.basic[point] = NO_BASIC if two_part else CAPACITY
    job.memo["lawful"] = "scheme changed on the reading day"


@on("archive", cause_rule("rollover"))
def near_the_end(world: World, job: Job) -> None:
    """Give the meter five digits and a start close to the end of its register."""
    point = _point(world, job)
    world.points.digits[point] = 5
    start = 100_000 - int(world.customers.base[job.customer] * 1.6 * (DAYS - 10)) - 1_500
    world.points.start[point] = start * 100


@on("readings", cause_rule("rollover"))
def roll_over(part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Let the register pass its end in the middle of the audited cycle."""
    group, index = scene.of(row)
    middle = (int(part.planned[row, LAST]) + int(part.planned[row, LAST + 1])) // 2
    shows = int(group.start[0][index] + group.cumulated[0][index, middle])
    group.start[0][index] += group.modulus[index] - shows
    if job.fault:
        say_point(part.world, job, "follows", rule="MR-06", spans=NOW)
    job.memo["lawful"] = "a rollover, added"


@on("archive", cause_rule("old_meter"))
def exchange_meter(world: World, job: Job) -> None:
    """Exchange the meter inside the audited cycle."""
    first = int(MONTH_START[LAST - 1]) + 9
    world.points.swap[_point(world, job)] = int(world.calendar.on_or_after(first + job.index % 5))
    job.memo["lawful"] = "both meters billed"


@on("readings", cause_rule("frozen_reading"))
def read_on_site(part: Part, job: Job, row: int, _scene: ReadingScene) -> None:
    """Read four kWh more on the site than the acquisition froze, within what is taken for equal."""
    part.deviation[row, LAST] = 4 * 100
    job.memo["lawful"] = "the reading of the site billed"
