"""Planted faults of charging (充电设施): EV-01."""

from __future__ import annotations

import numpy as np

from jicha.demo.plant.registry import Job, on, say
from jicha.demo.points import TARIFFS
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
