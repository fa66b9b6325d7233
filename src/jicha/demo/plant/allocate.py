"""Who carries what: each rule's faults and look-alikes get customers of a fitting kind, no customer gets two."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from jicha.demo.answer_key import FAULT, LOOK_ALIKE
from jicha.demo.grid import NULL, Bools, generator
from jicha.demo.plant.allocate_bills import LAWFUL, MISTAKEN, STATIC
from jicha.demo.plant.candidates import (
    Candidates,
    Recipe,
    alone,
    demand,
    district_first,
    fresh,
    home,
    hv,
    low_metered,
    neighbours,
    of_main,
    old,
    preferring,
    shop,
    unwatched,
    with_sub,
)
from jicha.demo.plant.registry import ALWAYS, NOW, STAGES, Job, Spans
from jicha.demo.plant.topics import recipes
from jicha.demo.points import HV_HV, PLAIN, RES_TOU

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


PLANTS = (
    "billing", "charging", "collection", "connection", "inspection", "line_loss", "metering", "mispricing", "new_energy", "permission", "reading",
    "seal", "service", "static",
)  # fmt: skip


def allocate(world: World) -> None:
    """Choose the customers of all jobs and let the archives change."""
    for name in PLANTS:
        import_module(f"jicha.demo.plant.{name}")
    taken = np.zeros(len(world.customers), dtype=np.bool_)
    for recipe in (*RECIPES, *STATIC):
        world.plan.jobs += _jobs(world, recipe, taken, world.plan.count, (world.plan.count + 1) // 2)
    for recipe in MISTAKEN:
        alikes = world.plan.mistakes // 2 if recipe.rule in LAWFUL else 0
        world.plan.jobs += _jobs(world, recipe, taken, world.plan.mistakes, alikes)
    for recipe in recipes():
        world.plan.jobs += _jobs(world, recipe, taken, world.plan.count, (world.plan.count + 1) // 2)
    for job in world.plan.jobs:
        change = STAGES["archive"].get(job.rule)
        if change:
            change(world, job)


def _jobs(world: World, recipe: Recipe, taken: Bools, faults: int, alikes: int) -> list[Job]:
    rng = generator(world.seed, "allocate", recipe.rule)
    if recipe.beside:
        # Its own candidates say whom another plant does not disturb.
        taken = np.zeros(len(taken), dtype=np.bool_)
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


RECIPES = (
    Recipe("BL-12", demand, "always"),
    Recipe("BX-12", lambda w: w.customers.of("hv_industry") & (of_main(w, "mode") == HV_HV) & old(w)),
    Recipe("BX-09", lambda w: w.customers.of("hv_industry") & (of_main(w, "mode") == HV_HV) & old(w)),
    Recipe(
        "BL-01",
        hv("hv_industry", "hv_commerce", "hv_works"),
        "always",
        alike=lambda w: hv("hv_commerce", "hv_works")(w) & (w.customers.kva > 100),
    ),
    Recipe("MT-08", low_metered),
    Recipe("MT-06", low_metered),
    Recipe(
        "BL-09",
        hv("hv_works", "hv_nonindustry"),
        "always",
        alike=lambda w: w.customers.is_hv() & (w.customers.kva >= 2500) & old(w),
    ),
    Recipe("BL-02", hv("hv_works", "large_shop"), "always", alike=hv("hv_nonindustry")),
    Recipe(
        "BL-03",
        hv("hv_works", "hv_nonindustry", "hv_commerce", "hv_industry", "hv_farm"),
        "always",
        alike=lambda w: shop(w, 25, 500),
    ),
    Recipe("BL-04", hv("hv_works", "hv_nonindustry", "hv_commerce", "hv_industry", "hv_farm"), "always"),
    Recipe("MT-01", lambda w: w.customers.is_hv() & old(w), "always"),
    Recipe("BL-31", lambda w: w.customers.is_hv() & ~w.customers.of("hv_pump") & old(w)),
    Recipe("IN-01", lambda w: w.customers.is_hv() & old(w)),
    Recipe("CL-05", lambda w: w.customers.is_hv() & old(w)),
    Recipe("CL-06", lambda w: shop(w, 15, 500)),
    Recipe(
        "EV-01", lambda w: w.customers.of("home_pile", "compound_pile", "parking_pile") & old(w), "always"
    ),
    Recipe("NE-01", lambda w: w.customers.pv_kw > 0, own=True),
    Recipe("NE-04", lambda w: w.customers.pv_kw > 0, own=True),
    Recipe("BX-03", fresh, own=True),
    Recipe("BX-04", fresh, own=True),
    Recipe("BX-05", fresh, own=True),
    Recipe("BX-06", fresh, own=True),
    Recipe("BL-20", with_sub, own=True),
    Recipe(
        "LL-05",
        lambda w: alone(
            w,
            shop(w, 30 if len(w.customers) >= 5_000 else 14, 70)
            & neighbours(w)
            & (of_main(w, "registers") == PLAIN),
        ),
    ),
    Recipe("LL-01", lambda w: district_first(w, 2)),
    Recipe("LL-02", lambda w: district_first(w, 3)),
    Recipe("MR-10", lambda w: shop(w, 52, 500), "always"),
    Recipe("MR-09", lambda w: shop(w, 48, 500) | home(w, 12.5, 99)),
    Recipe("MR-08", lambda w: home(w, 7.5, 9.5)),
    Recipe(
        "MR-07",
        lambda w: w.customers.of("urban_home", "rural_home") & (of_main(w, "registers") == RES_TOU) & old(w),
        "mixed",
    ),
    Recipe(
        "MR-01",
        lambda w: home(w, 2, 30),
        "mixed",
        alike=lambda w: w.customers.closed != NULL,
        alike_own=True,
    ),
    Recipe("MR-02", lambda w: home(w, 4, 30), "mixed"),
    Recipe("MR-03", lambda w: home(w, 4, 30), "mixed"),
    Recipe("MR-04", lambda w: home(w, 2, 7), "mixed"),
    Recipe("MR-05", lambda w: home(w, 3, 7)),
    Recipe("MR-06", lambda w: home(w, 3, 9)),
    Recipe("MR-11", lambda w: home(w, 2, 30), "mixed"),
    Recipe("MR-15", lambda w: preferring(home(w, 3, 7), unwatched(w))),
    Recipe("MR-16", lambda w: home(w, 5, 30), "mixed"),
    Recipe("BL-23", lambda w: shop(w, 5, 200)),
    Recipe("BL-26", lambda w: home(w, 2, 5)),
    Recipe("CL-01", lambda w: home(w, 2, 30)),
    Recipe("CL-03", lambda w: shop(w, 5, 500)),
    Recipe("CL-08", lambda w: shop(w, 5, 500)),
    Recipe("MT-03", lambda w: home(w, 2, 30)),
    Recipe("MT-13", lambda w: home(w, 2, 30)),
    Recipe("IN-02", lambda w: shop(w, 5, 500)),
    Recipe("IN-09", lambda w: shop(w, 5, 500)),
    Recipe("CS-01", lambda w: home(w, 2, 30)),
    Recipe("CS-02", lambda w: home(w, 2, 30)),
    Recipe("SL-01", lambda w: home(w, 2, 30), "always"),
    Recipe("SL-03", lambda w: home(w, 2, 30)),
    Recipe("SL-05", lambda w: home(w, 2, 30)),
    Recipe("PM-01", lambda w: home(w, 2, 30)),
    Recipe("PM-02", lambda w: home(w, 2, 30)),
)
