"""Planted line-loss (线损) faults: LL-01, LL-02, LL-05."""

from __future__ import annotations

import numpy as np

from jicha.demo.grid import DAYS, LAST, Ints
from jicha.demo.network import DISTRICT_BASE
from jicha.demo.plant.registry import ALWAYS, NOW, Job, follows, on, say_point
from jicha.demo.points import EXPORT, MAIN
from jicha.demo.world import Part, World

OCTOBER = DAYS - 31
SEPTEMBER = DAYS - 61


@on("archive", "LL-01")
def tap(world: World, job: Job) -> None:
    """Tap the district ahead of all meters: the master meter passes an eighth more; the look-alike for two days only."""
    district = int(world.customers.district[job.customer])
    begin = SEPTEMBER if job.index % 2 else OCTOBER + 3
    spans = [(begin, DAYS - 1, 114 + job.index % 4)] if job.fault else [(OCTOBER + 9, OCTOBER + 10, 109)]
    world.plan.master_faults[district] = spans
    _say(
        world,
        job,
        district,
        ((12, LAST),) if job.fault and job.index % 2 else NOW,
        "loss above 10 % a day" if job.fault else "two days of high loss",
    )


@on("archive", "LL-02")
def under_measure(world: World, job: Job) -> None:
    """Let the master meter pass too little; the look-alike for two days only."""
    district = int(world.customers.district[job.customer])
    begin = SEPTEMBER if job.index % 2 else OCTOBER + 3
    spans = [(begin, DAYS - 1, 92 - job.index % 3)] if job.fault else [(OCTOBER + 9, OCTOBER + 10, 94)]
    world.plan.master_faults[district] = spans
    _say(
        world,
        job,
        district,
        ((12, LAST),) if job.fault and job.index % 2 else NOW,
        "negative loss" if job.fault else "two days of negative loss",
    )


@on("archive", "LL-05")
def hang_elsewhere(world: World, job: Job) -> None:
    """Feed the customer from the neighbour district while all, or two of three, systems hold its own."""
    if not job.fault:
        return
    district = int(world.customers.district[job.customer])
    world.plan.fed_by[job.customer] = district + 1
    if job.index % 2:
        world.plan.seen_elsewhere[job.customer, "ami"] = district + 1
        follows(world, job, "BX-18", ALWAYS)


@on("energy", "LL-05")
def use_unevenly(part: Part, job: Job, row: int) -> None:
    """Use so unevenly from day to day, up to 1.2 times the capacity, that the residual of the feeding district shows it."""
    rng = part.rng("uneven", job.number)
    factor = np.exp(0.6 * rng.standard_normal(DAYS))
    most = 24 * 12_000 * int(part.of_customer("kva")[row]) // int(part.unit()[row])
    part.true[row] = np.minimum((part.true[row] * factor).astype(np.int64), most)
    part.metered[row] = part.true[row]
    district = int(part.of_customer("district")[row])
    note = (
        f"fed by D{DISTRICT_BASE + district + 1}, archive D{DISTRICT_BASE + district}"
        if job.fault
        else "uneven use in the right district"
    )
    # Daily energies of all meters are there for September and October.
    say_point(part.world, job, note, spans=((LAST - 1, LAST),))


def tell_shifted_losses(part: Part, districts: Ints, supply: Ints) -> None:
    """Write which districts a wrongly held customer drives out of the limits, by the arithmetic of loss = in − out."""
    for job in part.world.plan.jobs:
        if job.rule == "LL-05" and job.fault and part.customers.start <= job.customer < part.customers.stop:
            own = int(part.world.customers.district[job.customer])
            for month, days in ((LAST - 1, slice(SEPTEMBER, OCTOBER)), (LAST, slice(OCTOBER, DAYS))):
                if _breaks(part, own, "LL-02", days, districts, supply):
                    _say(part.world, job, own, ((month, month),), "follows", "LL-02")
                if _breaks(part, own + 1, "LL-01", days, districts, supply):
                    _say(part.world, job, own + 1, ((month, month),), "follows", "LL-01")


def _breaks(part: Part, district: int, rule: str, days: slice, districts: Ints, supply: Ints) -> bool:
    members = np.flatnonzero(part.of_customer("district") == district)
    role = part.get("role")[members]
    energy = part.metered[members, days] * part.unit()[members, None]
    export = energy[role == EXPORT].sum(axis=0)
    incoming = supply[np.searchsorted(districts, district), days] + export
    loss = incoming - energy[role == MAIN].sum(axis=0)
    if rule == "LL-02":
        return int((loss * 100 < -incoming).sum()) >= 3
    return int((loss * 10 > incoming).sum()) >= 3 or bool(loss.sum() * 100 > 8 * incoming.sum())


def _say(
    world: World,
    job: Job,
    district: int,
    spans: tuple[tuple[int, int], ...],
    note: str,
    rule: str | None = None,
) -> None:
    for first, last in spans:
        world.plan.key.add(
            rule or job.rule,
            job.kind,
            ("district", f"D{DISTRICT_BASE + district}"),
            None,
            first,
            last,
            note=note,
        )
