"""Who carries what: each rule's faults and look-alikes get customers of a fitting kind, no customer gets two."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jicha.demo.answer_key import FAULT, LOOK_ALIKE
from jicha.demo.grid import BASE, NULL, Bools, generator
from jicha.demo.plant.registry import ALWAYS, NOW, STAGES, Job, Spans
from jicha.demo.points import CONTRACT_DEMAND, HV_HV, HV_LV, MAIN, PLAIN, RES_TOU, SUB

if TYPE_CHECKING:
    from jicha.demo.world import World

MIXED: tuple[Spans, ...] = (
    ((13, 13),),
    ((11, 13),),
    ((13, 13),),
    ((10, 11),),
    ((10, 10), (13, 13)),
    ((13, 13),),
    ((12, 13),),
    ((13, 13),),
)
Candidates = Callable[["World"], Bools]


@dataclass(frozen=True)
class Recipe:
    """Where a rule's plants may go, when they show, and whether they may sit on customers of a special life."""

    rule: str
    candidates: Candidates
    time: str = "now"
    own: bool = False
    alike: Candidates | None = None
    alike_own: bool = False


def allocate(world: World) -> None:
    """Choose the customers of all jobs and let the archives change."""
    from jicha.demo.plant import (
        billing,
        charging,
        collection,
        connection,
        inspection,
        line_loss,
        metering,
        new_energy,
        permission,
        reading,
        seal,
        service,
    )

    del (
        billing,
        charging,
        collection,
        connection,
        inspection,
        line_loss,
        metering,
        new_energy,
        permission,
        reading,
        seal,
        service,
    )
    taken = np.zeros(len(world.customers), dtype=np.bool_)
    for recipe in RECIPES:
        for job in _jobs(world, recipe, taken):
            world.plan.jobs.append(job)
    for job in world.plan.jobs:
        change = STAGES["archive"].get(job.rule)
        if change:
            change(world, job)


def _jobs(world: World, recipe: Recipe, taken: Bools) -> list[Job]:
    faults = world.plan.count
    alikes = (faults + 1) // 2
    rng = generator(world.seed, "allocate", recipe.rule)
    # A toy county may have too few customers of a kind: then faults come first.
    if recipe.alike is None:
        chosen = _choose(world, rng, recipe.candidates, recipe.own, taken, faults + alikes)
        bad, good = chosen[:faults], chosen[faults:]
    else:
        bad = _choose(world, rng, recipe.candidates, recipe.own, taken, faults)
        good = _choose(world, rng, recipe.alike, recipe.alike_own, taken, alikes)
    return [
        Job(recipe.rule, kind, customer, rank, _spans(recipe, rank))
        for kind, group in ((FAULT, bad), (LOOK_ALIKE, good))
        for rank, customer in enumerate(group)
    ]


def _choose(
    world: World, rng: np.random.Generator, candidates: Candidates, own: bool, taken: Bools, count: int
) -> list[int]:
    free = candidates(world) & ~taken
    if not own:
        free &= ~world.customers.special
    chosen = rng.permutation(np.flatnonzero(free))[:count]
    taken[chosen] = True
    world.customers.special[chosen] = True
    return [int(customer) for customer in chosen]


def _spans(recipe: Recipe, rank: int) -> Spans:
    if recipe.time == "always":
        return ALWAYS
    return MIXED[rank % len(MIXED)] if recipe.time == "mixed" else NOW


def _main(world: World, name: str) -> np.ndarray:
    values: np.ndarray = getattr(world.points, name)[world.points.role == MAIN]
    return values


def _old(world: World) -> Bools:
    return np.asarray((world.customers.opened < BASE) & (world.customers.closed == NULL))


def _home(world: World, low: float, high: float) -> Bools:
    customers = world.customers
    fits = customers.of("urban_home", "rural_home") & (customers.base >= low) & (customers.base < high)
    plain = (
        (_main(world, "registers") == PLAIN)
        & (_main(world, "digits") == 6)
        & (_main(world, "start") > 500_000)
    )
    return np.asarray(fits & plain & _old(world))


def _shop(world: World, low: float, high: float) -> Bools:
    customers = world.customers
    return np.asarray(
        customers.of("shop", "workshop") & (customers.base >= low) & (customers.base < high) & _old(world)
    )


def _hv(*names: str) -> Candidates:
    return lambda world: world.customers.of(*names) & _old(world)


def _neighbours(world: World) -> Bools:
    """Return customers of a district whose next district hangs on the same feeder, one district in three."""
    district = world.customers.district
    feeder = world.network.district_feeder
    following = np.minimum(district + 1, len(feeder) - 1)
    same = (district >= 0) & (following != district) & (feeder[following] == feeder[np.maximum(district, 0)])
    return np.asarray(same & (district % 4 == 0))


def _alone(world: World, wanted: Bools) -> Bools:
    """Return the first wanted customer of each district only."""
    district = world.customers.district
    rows = np.flatnonzero(wanted)
    _, first = np.unique(district[rows], return_index=True)
    result = np.zeros(len(district), dtype=np.bool_)
    result[rows[first]] = True
    return result


def _district_first(world: World, remainder: int) -> Bools:
    district = world.customers.district
    return _alone(world, (district >= 0) & (district % 4 == remainder))


def _demand(world: World) -> Bools:
    return np.asarray((_main(world, "basic") == CONTRACT_DEMAND) & _old(world))


def _low_metered(world: World) -> Bools:
    return np.asarray((_main(world, "mode") == HV_LV) & _old(world))


def _fresh(world: World) -> Bools:
    return np.asarray(world.customers.opened >= BASE)


def _with_sub(world: World) -> Bools:
    owners = world.points.owner[world.points.role == SUB]
    result = np.zeros(len(world.customers), dtype=np.bool_)
    result[owners] = True
    return np.asarray(result & ~world.customers.is_hv())


RECIPES = (
    Recipe("BL-12", _demand, "always"),
    Recipe("BX-12", lambda w: w.customers.of("hv_industry") & (_main(w, "mode") == HV_HV) & _old(w)),
    Recipe("BX-09", lambda w: w.customers.of("hv_industry") & (_main(w, "mode") == HV_HV) & _old(w)),
    Recipe(
        "BL-01",
        _hv("hv_industry", "hv_commerce", "hv_works"),
        "always",
        alike=lambda w: _hv("hv_commerce", "hv_works")(w) & (w.customers.kva > 100),
    ),
    Recipe("MT-08", _low_metered),
    Recipe("MT-06", _low_metered),
    Recipe(
        "BL-09",
        _hv("hv_works", "hv_nonindustry"),
        "always",
        alike=lambda w: w.customers.is_hv() & (w.customers.kva >= 2500) & _old(w),
    ),
    Recipe("BL-02", _hv("hv_works", "large_shop"), "always", alike=_hv("hv_nonindustry")),
    Recipe(
        "BL-03",
        _hv("hv_works", "hv_nonindustry", "hv_commerce", "hv_industry", "hv_farm"),
        "always",
        alike=lambda w: _shop(w, 25, 500),
    ),
    Recipe("BL-04", _hv("hv_works", "hv_nonindustry", "hv_commerce", "hv_industry", "hv_farm"), "always"),
    Recipe("MT-01", lambda w: w.customers.is_hv() & _old(w), "always"),
    Recipe("BL-31", lambda w: w.customers.is_hv() & ~w.customers.of("hv_pump") & _old(w)),
    Recipe("IN-01", lambda w: w.customers.is_hv() & _old(w)),
    Recipe("CL-05", lambda w: w.customers.is_hv() & _old(w)),
    Recipe("CL-06", lambda w: _shop(w, 15, 500)),
    Recipe(
        "EV-01", lambda w: w.customers.of("home_pile", "compound_pile", "parking_pile") & _old(w), "always"
    ),
    Recipe("NE-01", lambda w: w.customers.pv_kw > 0, own=True),
    Recipe("NE-04", lambda w: w.customers.pv_kw > 0, own=True),
    Recipe("BX-03", _fresh, own=True),
    Recipe("BX-04", _fresh, own=True),
    Recipe("BX-05", _fresh, own=True),
    Recipe("BX-06", _fresh, own=True),
    Recipe("BL-20", _with_sub, own=True),
    Recipe(
        "LL-05",
        lambda w: _alone(
            w,
            _shop(w, 30 if len(w.customers) >= 5_000 else 14, 70)
            & _neighbours(w)
            & (_main(w, "registers") == PLAIN),
        ),
    ),
    Recipe("LL-01", lambda w: _district_first(w, 2)),
    Recipe("LL-02", lambda w: _district_first(w, 3)),
    Recipe("MR-10", lambda w: _shop(w, 52, 500), "always"),
    Recipe("MR-09", lambda w: _shop(w, 48, 500) | _home(w, 12.5, 99)),
    Recipe("MR-08", lambda w: _home(w, 7.5, 9.5)),
    Recipe(
        "MR-07",
        lambda w: w.customers.of("urban_home", "rural_home") & (_main(w, "registers") == RES_TOU) & _old(w),
        "mixed",
    ),
    Recipe(
        "MR-01",
        lambda w: _home(w, 2, 30),
        "mixed",
        alike=lambda w: w.customers.closed != NULL,
        alike_own=True,
    ),
    Recipe("MR-02", lambda w: _home(w, 4, 30), "mixed"),
    Recipe("MR-03", lambda w: _home(w, 4, 30), "mixed"),
    Recipe("MR-04", lambda w: _home(w, 2, 7), "mixed"),
    Recipe("MR-05", lambda w: _home(w, 3, 7)),
    Recipe("MR-06", lambda w: _home(w, 3, 9)),
    Recipe("MR-11", lambda w: _home(w, 2, 30), "mixed"),
    Recipe("MR-15", lambda w: _home(w, 3, 7)),
    Recipe("MR-16", lambda w: _home(w, 5, 30), "mixed"),
    Recipe("BL-23", lambda w: _shop(w, 5, 200)),
    Recipe("BL-26", lambda w: _home(w, 2, 5)),
    Recipe("CL-01", lambda w: _home(w, 2, 30)),
    Recipe("CL-03", lambda w: _shop(w, 5, 500)),
    Recipe("CL-08", lambda w: _shop(w, 5, 500)),
    Recipe("MT-03", lambda w: _home(w, 2, 30)),
    Recipe("MT-13", lambda w: _home(w, 2, 30)),
    Recipe("IN-02", lambda w: _shop(w, 5, 500)),
    Recipe("IN-09", lambda w: _shop(w, 5, 500)),
    Recipe("CS-01", lambda w: _home(w, 2, 30)),
    Recipe("CS-02", lambda w: _home(w, 2, 30)),
    Recipe("SL-01", lambda w: _home(w, 2, 30), "always"),
    Recipe("SL-03", lambda w: _home(w, 2, 30)),
    Recipe("SL-05", lambda w: _home(w, 2, 30)),
    Recipe("PM-01", lambda w: _home(w, 2, 30)),
    Recipe("PM-02", lambda w: _home(w, 2, 30)),
)
