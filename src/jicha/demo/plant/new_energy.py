"""Planted faults of distributed generation (新能源): NE-01, NE-04."""

from __future__ import annotations

from jicha.demo.grid import DAYS, LAST
from jicha.demo.plant.registry import NOW, Job, on, say
from jicha.demo.world import Part

EXPORT_SHARE_PCT = 108
SEPTEMBER = DAYS - 61


@on("energy", "NE-01")
def outshine(part: Part, job: Job, row: int) -> None:
    """Generate far more than the installed panels can; the look-alike a tenth more than its peers."""
    share = 240 if job.fault else 108
    days = slice(SEPTEMBER, DAYS)
    for line in (row + 1, row + 2):
        part.true[line, days] = part.true[line, days] * share // 100
        part.metered[line] = part.true[line]
    point = f"P{job.number}1"
    note = "twice the energy per kW of its peers" if job.fault else "8 % above its peers"
    say(part.world, job, "metering_point", point, spans=((LAST - 1, LAST),) if job.fault else NOW, note=note)


@on("energy", "NE-04")
def export_too_much(part: Part, job: Job, row: int) -> None:
    """Export more than was generated; the look-alike exports 0.3 % more, within the meters' errors."""
    days = slice(int(part.planned[row, LAST - 1]), DAYS)
    generated = part.true[row + 1, days]
    part.true[row + 2, days] = (
        generated * EXPORT_SHARE_PCT // 100 if job.fault else generated * 1_003 // 1_000
    )
    part.metered[row + 2] = part.true[row + 2]
    note = (
        "export 8 % above generation"
        if job.fault
        else "export 0.3 % above generation, within the meters' errors"
    )
    say(
        part.world,
        job,
        "metering_point",
        f"P{job.number}2",
        spans=((LAST - 1, LAST),) if job.fault else NOW,
        note=note,
    )
