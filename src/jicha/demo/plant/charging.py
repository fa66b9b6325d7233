"""Planted faults of charging (充电设施): EV-01, EV-04."""

from __future__ import annotations

import numpy as np

from jicha.demo.grid import NULL
from jicha.demo.plant.registry import Job, on, say
from jicha.demo.points import CAPACITY, NO_BASIC, TARIFFS
from jicha.demo.segments import SEGMENT
from jicha.demo.world import World


@on("archive", "EV-01")
def wrong_place_price(world: World, job: Job) -> None:
    """Bill a public pile at the residential price, or a home's pile at the commercial one or with steps."""
    point = int(np.searchsorted(world.points.owner, job.customer))
    segment = int(world.customers.segment[job.customer])
    public = segment == SEGMENT["parking_pile"]
    if job.fault:
        wrong = "RES_FLAT" if public else ("CI_SINGLE" if job.index % 2 == 0 else "RES_STEP")
        if segment == SEGMENT["compound_pile"]:
            wrong = "CI_SINGLE"
        world.points.tariff[point] = TARIFFS.index(wrong)
        note = f"{'public parking' if public else 'home or compound'} on {wrong}"
    else:
        note = "the price of its place"
    say(world, job, "charging_site", f"V{job.number}", note=note)


@on("archive", "EV-04")
def exempt_wrongly(world: World, job: Job) -> None:
    """Waive the basic charge for a company's own site; the look-alike pays it."""
    point = int(np.searchsorted(world.points.owner, job.customer))
    world.plan.places[job.customer] = 3 + job.index % 2
    if job.fault:
        world.points.basic[point], world.points.contract_demand[point] = NO_BASIC, NULL
        note = "basic charge waived, not a public charging station"
    else:
        world.points.basic[point], world.points.contract_demand[point] = CAPACITY, NULL
        note = "a company's own site that pays the basic charge"
    say(world, job, "charging_site", f"V{job.number}", note=note)
