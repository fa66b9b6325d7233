"""Planted faults in the ledger of distributed generation (分布式电源): NE-07, NE-08."""

from __future__ import annotations

from jicha.demo.plant.candidates import Recipe
from jicha.demo.plant.registry import ALWAYS, NOW, Job, on, say
from jicha.demo.world import World


@on("archive", "NE-07")
def connect_too_early(world: World, job: Job) -> None:
    """Accept days after the connection, or approve less than is installed; look-alikes are accepted on the day itself."""
    if job.fault and job.index % 2 == 0:
        world.plan.accepted_days_after[job.customer] = 5 + job.index
        note = "connected before its acceptance"
    elif job.fault:
        world.plan.approved_less[job.customer] = 2
        note = "two kW more than approved"
    else:
        world.plan.accepted_days_after[job.customer] = 0
        note = "accepted on the day of the connection"
    say(world, job, "generation_asset", f"G{job.number}", note=note, spans=ALWAYS if job.fault else NOW)


@on("archive", "NE-08")
def pay_another(world: World, job: Job) -> None:
    """Pay for the generation to the name of the customer before; look-alikes are paid themselves."""
    if job.fault:
        world.plan.paid_to[job.customer] = job.customer - 1
    note = "paid to another customer's name" if job.fault else "paid to the owner"
    say(world, job, "generation_asset", f"G{job.number}", note=note, spans=ALWAYS if job.fault else NOW)


RECIPES: tuple[Recipe, ...] = tuple(
    Recipe(rule, lambda w: w.customers.pv_kw > 0, own=True) for rule in ("NE-07", "NE-08")
)
