"""Planted faults that show in the archive or in a month's figures: BL-14, BL-18, BL-19, BL-21, BL-29, BL-37, BL-38."""

from __future__ import annotations

from datetime import date

import numpy as np

from jicha.demo.cases import KWH
from jicha.demo.grid import DAYS, LAST, NULL, day_number
from jicha.demo.plant.bill_scene import BillScene
from jicha.demo.plant.mistakes import MISTAKES
from jicha.demo.plant.registry import ALWAYS, NOW, Job, Spans, on, say, say_customer, say_point
from jicha.demo.points import FIXED, TARIFFS
from jicha.demo.world import Part, World

LARGE, BASE_OF_LARGE = 5, 15.0
QUOTA_FROM, QUOTA_TO = day_number(date(2023, 7, 1)), day_number(date(2028, 1, 1))
QUOTA_END = day_number(date(2026, 6, 30))
FIRST_WITHOUT_QUOTA = (
    11  # the cycle billed in August 2026 is the first that lies wholly behind the quota's end
)


def _point(world: World, job: Job, role: int = 0) -> int:
    first = int(np.searchsorted(world.points.owner, job.customer))
    while world.points.role[first] != role:
        first += 1
    return first


@on("archive", "BL-14")
def watch_load(world: World, job: Job) -> None:
    """Keep the customer's curve, which shows an ordinary load."""
    world.plan.curve_customers.append(job.customer)


@on("readings", "BL-14")
def read_odd_demand(part: Part, job: Job, row: int, _scene: object) -> None:
    """Read a demand below the average power, above the capacity, of last month, or of another month's day."""
    variant = job.index % 4
    if not job.fault:
        part.odd_demand[row, LAST] = "just above the average"
        say_point(part.world, job, "maximum demand 3 % above the average power", spans=NOW)
        return
    note = ("below the average", "above the capacity", "of the month before", "of another day")[variant]
    part.odd_demand[row, LAST] = note
    say_point(part.world, job, f"maximum demand {note}", spans=NOW)


@on("readings", "BL-29")
def read_odd_reactive(part: Part, job: Job, row: int, _scene: object) -> None:
    """Read twice a power factor below 0.60, or no reactive energy at all, or no reactive register."""
    variant = job.index % 3
    if not job.fault:
        part.odd_reactive[row, LAST] = 1.7 if job.index % 2 else 0.05
        note = (
            "power factor below 0.60 for one month"
            if job.index % 2
            else "power factor 1.00, reactive energy read"
        )
    elif variant == 0:
        part.odd_reactive[row, LAST - 1] = part.odd_reactive[row, LAST] = 1.6
        note = "power factor below 0.60 for two months"
    elif variant == 1:
        part.odd_reactive[row, LAST] = 0.0
        note = "power factor 1.00, no reactive energy"
    else:
        part.odd_reactive[row, LAST] = -1.0
        note = "no reactive reading of an assessed customer"
    say_point(part.world, job, note, spans=NOW)


@on("archive", "BL-18")
def verify_long_ago(world: World, job: Job) -> None:
    """Verify a fixed share (定比定量) more than a year ago; the look-alike eleven months ago."""
    day = date(2025, 6, 5 + job.index % 20) if job.fault else date(2025, 11, 20)
    world.points.fixed_verified[_point(world, job, FIXED)] = day_number(day)
    spans: Spans = ((9, LAST),) if job.fault else NOW
    say(world, job, "metering_point", f"P{job.number}4", spans=spans, note=f"fixed share verified on {day}")


@on("archive", "BL-19")
def share_oddly(world: World, job: Job) -> None:
    """Fix a share of nothing or of everything; the look-alike of six tenths."""
    point = _point(world, job, FIXED)
    variant = job.index % 3 if job.fault else 3
    if variant == 2:
        return
    world.points.fixed_kwh[point] = NULL
    world.points.fixed_ratio[point] = {0: 0, 1: 1_000_000, 3: 600_000}[variant]
    note = {0: "fixed ratio of 0", 1: "fixed ratio of 100 %", 3: "fixed ratio of 60 %"}[variant]
    say(world, job, "metering_point", f"P{job.number}4", spans=ALWAYS if job.fault else NOW, note=note)


@on("energy", "BL-19")
def fix_nearly_all(part: Part, job: Job, row: int) -> None:
    """Fix a quantity of nine tenths of what the main meter passes in the audited cycle."""
    if not job.fault or job.index % 3 != 2:
        return
    point = _point(part.world, job, FIXED)
    days = slice(int(part.planned[row, LAST]), int(part.planned[row, LAST + 1]))
    used = int(part.metered[row, days].sum()) * int(part.unit()[row]) // KWH
    part.world.points.fixed_ratio[point] = NULL
    part.world.points.fixed_kwh[point] = used * 9 // 10 * KWH
    note = "fixed quantity of 90 % of the metered energy"
    say(part.world, job, "metering_point", f"P{job.number}4", spans=NOW, note=note)


@on("archive", "BL-21")
def live_in_doubt(world: World, job: Job) -> None:
    """Keep a quota for three persons, or after its end, or steps for two households; the look-alike is a household of five."""
    customers, customer = world.customers, job.customer
    variant = job.index % 3 if job.fault else 3
    notes = (
        "quota for a household of three",
        "quota ended in June, still given",
        "two households on one stepped meter",
    )
    if variant == 2:
        world.plan.two_households.add(customer)
    else:
        customers.persons[customer] = 3 if variant == 0 else LARGE
        customers.quota_from[customer] = QUOTA_FROM
        customers.quota_to[customer] = QUOTA_END if variant == 1 else QUOTA_TO
    if variant == 1:
        customers.base[customer] = BASE_OF_LARGE
    else:
        customers.base[customer] = min(customers.base[customer], 5.0)
    note = notes[variant] if job.fault else "quota for a household of five"
    spans: Spans = {0: ALWAYS, 1: ((10, LAST),), 2: ALWAYS}.get(variant, NOW)
    say_customer(world, job, note, spans=spans)


@on("bills", "BL-21")
def go_on_with_quota(_part: Part, job: Job, row: int, scene: BillScene) -> None:
    """Issue bills with the quota that has ended."""
    if not job.fault or job.index % 3 != 1:
        return
    for month in range(FIRST_WITHOUT_QUOTA, LAST + 1):
        attempt = scene.attempt(job, row, month)
        if attempt is not None:
            MISTAKES["quota_expired"](attempt)
            cents = scene.issue(attempt)
            if cents:
                scene.tell(job, month, "quota_expired", cents)


@on("archive", "BL-37")
def supply_for_a_time(world: World, job: Job) -> None:
    """Supply a site for a time on the residential or agricultural price; the look-alike on the commercial one."""
    world.customers.temporary_until[job.customer] = day_number(date(2027, 3, 31)) + job.index
    tariff = ("RES_FLAT", "AGRI")[job.index % 2] if job.fault else "CI_SINGLE"
    world.points.tariff[_point(world, job)] = TARIFFS.index(tariff)
    say_point(world, job, f"temporary supply on {tariff}", spans=ALWAYS if job.fault else NOW)


@on("archive", "BL-38")
def hold_less_capacity(world: World, job: Job) -> None:
    """Hold one of two running transformers only in the archive; the look-alike holds both."""
    units = world.transformers
    last = int(np.searchsorted(units.owner, job.customer, side="right")) - 1
    if job.fault:
        world.plan.held_running[job.customer] = int(world.customers.kva[job.customer] - units.kva[last])
        say_customer(world, job, "follows", rule="BX-17", spans=ALWAYS)
    note = "archive holds one of two running transformers" if job.fault else "archive and transformers agree"
    say_customer(world, job, note, spans=ALWAYS if job.fault else NOW)


@on("energy", "BL-27")
def cost_more(part: Part, job: Job, row: int) -> None:
    """Use 850 kWh more than in the mean of three cycles, below what counts as a surge; the look-alike 500 kWh more."""
    edges = [int(day) for day in part.planned[row, LAST - 3 : LAST + 2]]
    unit = int(part.unit()[row])
    before, now = (
        int(part.true[row, edges[0] : edges[3]].sum()),
        int(part.true[row, edges[3] : edges[4]].sum()),
    )
    target = before // 3 + (850 if job.fault else 500) * KWH // unit
    days = slice(edges[3], min(edges[4], DAYS))
    part.true[row, days] = part.true[row, days] * target // now
    part.metered[row] = part.true[row]


@on("bills", "BL-27")
def tell_look_alike(part: Part, job: Job, _row: int, _scene: BillScene) -> None:
    """Tell the look-alike; the faults are told by the arithmetic of all fees."""
    if not job.fault:
        say(
            part.world,
            job,
            "bill",
            f"B{job.number}{LAST:02d}",
            spans=NOW,
            note="some 350 yuan more than usual",
        )


@on("bills", "BL-28")
def cost_double(part: Part, job: Job, row: int, scene: BillScene) -> None:
    """Type the amount of a home's energy twice over; the look-alike has reached the second step."""
    if not job.fault:
        say(part.world, job, "bill", f"B{job.number}{LAST:02d}", spans=NOW, note="an ordinary average price")
        return
    attempt = scene.attempt(job, row, LAST)
    if attempt is None:
        return

    def double(lines: dict[str, np.ndarray]) -> None:
        lines["amount"] = np.where(np.arange(len(lines["amount"])) == 0, lines["amount"] * 2, lines["amount"])

    attempt.alter = double
    cents = scene.issue(attempt)
    if cents:
        scene.tell(job, LAST, "amount_slip", cents)
