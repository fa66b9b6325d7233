"""Planted faults of distributed generation (新能源): NE-01, NE-04, NE-06."""

from __future__ import annotations

from jicha.demo.grid import DAYS, LAST
from jicha.demo.plant.registry import ALWAYS, NOW, Job, on, say
from jicha.demo.world import Part, World

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


@on("archive", "NE-06")
def settle_by_other_mode(world: World, job: Job) -> None:
    """Hold full export (全额上网) where part is used on the spot, or a subsidy from before the connection."""
    if job.fault and job.index % 2 == 0:
        world.plan.asset_mode[job.customer] = 1
        note = "full export held, part of the energy used on the spot"
    elif job.fault:
        world.plan.subsidy_before[job.customer] = 40 + job.index
        note = "subsidised from before the connection"
    else:
        note = "mode and subsidy as connected"
    say(world, job, "generation_asset", f"G{job.number}", note=note, spans=ALWAYS if job.fault else NOW)
