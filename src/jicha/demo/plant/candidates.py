"""Which customers may carry which plants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jicha.demo.grid import BASE, NULL, Bools
from jicha.demo.points import CONTRACT_DEMAND, FIXED, HV_LV, MAIN, PLAIN, SUB

if TYPE_CHECKING:
    from jicha.demo.world import World

Candidates = Callable[["World"], Bools]


@dataclass(frozen=True)
class Recipe:
    """Where a rule's plants may go, when they show, and whether they may sit on customers of a special life or beside another plant."""

    rule: str
    candidates: Candidates
    time: str = "now"
    own: bool = False
    alike: Candidates | None = None
    alike_own: bool = False
    beside: bool = False


def of_main(world: World, name: str) -> np.ndarray:
    """Return a column of the main points, one entry a customer."""
    values: np.ndarray = getattr(world.points, name)[world.points.role == MAIN]
    return values


def old(world: World) -> Bools:
    """Return who was connected before the first day of the demo and is still."""
    return np.asarray((world.customers.opened < BASE) & (world.customers.closed == NULL))


def home(world: World, low: float, high: float) -> Bools:
    """Return ordinary homes of so many kWh a day, without panels: those explain much."""
    customers = world.customers
    fits = customers.of("urban_home", "rural_home") & (customers.base >= low) & (customers.base < high)
    fits &= customers.pv_kw == 0
    plain = (
        (of_main(world, "registers") == PLAIN)
        & (of_main(world, "digits") == 6)
        & (of_main(world, "start") > 500_000)
    )
    return np.asarray(fits & plain & old(world))


def shop(world: World, low: float, high: float) -> Bools:
    """Return shops and workshops of so many kWh a day."""
    customers = world.customers
    return np.asarray(
        customers.of("shop", "workshop") & (customers.base >= low) & (customers.base < high) & old(world)
    )


def hv(*names: str) -> Candidates:
    """Return high-voltage customers of some segments."""
    return lambda world: world.customers.of(*names) & old(world)


def neighbours(world: World) -> Bools:
    """Return customers of a district whose next district hangs on the same feeder, one district in three."""
    district = world.customers.district
    feeder = world.network.district_feeder
    following = np.minimum(district + 1, len(feeder) - 1)
    same = (district >= 0) & (following != district) & (feeder[following] == feeder[np.maximum(district, 0)])
    return np.asarray(same & (district % 4 == 0))


def alone(world: World, wanted: Bools) -> Bools:
    """Return the first wanted customer of each district only."""
    district = world.customers.district
    rows = np.flatnonzero(wanted)
    _, first = np.unique(district[rows], return_index=True)
    result = np.zeros(len(district), dtype=np.bool_)
    result[rows[first]] = True
    return result


def district_first(world: World, remainder: int) -> Bools:
    """Return the first customer of every fourth district."""
    district = world.customers.district
    return alone(world, (district >= 0) & (district % 4 == remainder))


def unwatched(world: World) -> Bools:
    """Return who lives where no other plant watches the district's loss, which days without a freeze would hide."""
    district = world.customers.district
    jobs = [job for job in world.plan.jobs if job.rule.startswith("LL-") and job.customer >= 0]
    watched = np.array([district[job.customer] for job in jobs], dtype=np.int64)
    return np.asarray(~np.isin(district, np.concatenate([watched, watched + 1])))


def preferring(wanted: Bools, better: Bools) -> Bools:
    """Return those wanted who are better off, too; in a county so small that there is none, all who are wanted."""
    both = wanted & better
    return both if both.any() else wanted


def demand(world: World) -> Bools:
    """Return who is charged by contract demand."""
    return np.asarray((of_main(world, "basic") == CONTRACT_DEMAND) & old(world))


def low_metered(world: World) -> Bools:
    """Return who is metered on the low side of the own transformer."""
    return np.asarray((of_main(world, "mode") == HV_LV) & old(world))


def fresh(world: World) -> Bools:
    """Return who was connected within the demo."""
    return np.asarray(world.customers.opened >= BASE)


def with_sub(world: World) -> Bools:
    """Return low-voltage customers with a sub meter."""
    owners = world.points.owner[world.points.role == SUB]
    result = np.zeros(len(world.customers), dtype=np.bool_)
    result[owners] = True
    return np.asarray(result & ~world.customers.is_hv())


def with_fixed(world: World) -> Bools:
    """Return customers with a fixed quantity or ratio."""
    owners = world.points.owner[world.points.role == FIXED]
    result = np.zeros(len(world.customers), dtype=np.bool_)
    result[owners] = True
    return result
