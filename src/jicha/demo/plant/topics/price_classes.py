"""Planted faults of the class of a price: BL-05 … BL-08, BL-32, BL-36; and bills that nobody checked before their issue: BL-39, BL-40."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from jicha.demo.answer_key import FAULT
from jicha.demo.customers import buys_in_market
from jicha.demo.grid import BASE, DAYS, LAST, Bools, day_number, to_date
from jicha.demo.plant.candidates import Recipe, home, hv, old
from jicha.demo.plant.reading import CONSTANT_UNITS
from jicha.demo.plant.registry import NOW, Job, ReadingScene, Rows, on, say, say_customer, say_point, when
from jicha.demo.plant.topics.connection_archive import add_customer
from jicha.demo.world import Part, World

LARGE_HOME, LARGE_FAMILY = 45.0, 5
PROOF_ENDED = day_number(date(2026, 8, 31))
WINTER = (11, 12, 1, 2, 3)


@on("archive", "BL-05")
def live_large(world: World, job: Job) -> None:
    """Let a home use some 1,350 kWh a month; the look-alike is a household of five."""
    world.customers.base[job.customer] = LARGE_HOME
    if not job.fault:
        world.customers.persons[job.customer] = LARGE_FAMILY
    say_point(world, job, "1,350 kWh a month" if job.fault else "1,350 kWh a month, five persons", spans=NOW)


@on("archive", "BL-06")
def lose_proof(world: World, job: Job) -> None:
    """Keep no proof of a school, or one that ended in August."""
    if not job.fault:
        return
    if job.index % 2 == 0:
        world.plan.without_proof[job.customer] = True
    else:
        world.plan.expired_proof[job.customer] = PROOF_ENDED
    say_point(
        world,
        job,
        "a school whose proof ended in August" if job.index % 2 else "a school without a proof",
        spans=NOW,
    )


@on("rows", "BL-06")
def prove_lately(world: World, job: Job, rows: Rows) -> None:
    """Add a look-alike: a school with a proof, or with one that ended two weeks ago."""
    if job.fault:
        return
    number = add_customer(
        world, job, rows, opened=date(2026, 10, 26), category_code="203", trade_code="P8321", market_mode="catalogue"
    )  # fmt: skip
    rows["price_scheme"][-1]["tariff_code"] = "RES_FLAT"
    ended = date(2026, 10, 15) if job.index % 2 else None
    rows["proof"].append(
        {"proof_id": f"QR{number}", "customer_no": number, "kind": "residential_price", "valid_from": date(2024, 9, 1), "valid_to": ended}
    )  # fmt: skip
    note = "a school whose proof ended two weeks ago" if ended else "a school with a proof"
    say(world, job, "metering_point", f"P{number}0", spans=NOW, note=note)


@on("energy", "BL-07")
def pump_in_winter(part: Part, job: Job, row: int) -> None:
    """Pump in winter as much as in summer; every other look-alike pumps in its season only."""
    if job.index % 2:
        return
    if job.fault:
        dry = np.array([to_date(BASE + index).month in WINTER for index in range(DAYS)])
        part.true[row, dry] = part.true[row, dry] * 12
        part.metered[row] = part.true[row]
    note = "irrigates all winter" if job.fault else "irrigates from April to September"
    say_point(part.world, job, note, spans=NOW)


@on("rows", "BL-07")
def farm_in_tower(world: World, job: Job, rows: Rows) -> None:
    """Give an office tower the agricultural price; the look-alike keeps a lit greenhouse there."""
    if job.index % 2 == 0:
        return
    number = add_customer(
        world, job, rows, opened=date(2026, 10, 26), category_code="300", trade_code="A0111", market_mode="catalogue",
        address=f"青溪县新塘路金鼎大厦{job.number[-3:]}室",
    )  # fmt: skip
    rows["price_scheme"][-1]["tariff_code"] = "AGRI"
    if not job.fault:
        rows["proof"].append(
            {"proof_id": f"QG{number}", "customer_no": number, "kind": "green_house", "valid_from": date(2026, 10, 26)}
        )  # fmt: skip
    note = "an office tower on the agricultural price" if job.fault else "a greenhouse with its proof"
    say(world, job, "metering_point", f"P{number}0", spans=NOW, note=note)


@on("rows", "BL-08")
def mistake_trade(world: World, job: Job, rows: Rows) -> None:
    """Archive a foundry or a farm as a shop; the look-alike is a shop whose trade has no letter."""
    trade = ("C3391", "A0111")[job.index % 2] if job.fault else "5211"
    number = add_customer(world, job, rows, opened=date(2026, 10, 26), trade_code=trade)
    say(world, job, "customer", number, spans=NOW, note=f"trade {trade} in category 405")


SHARES = ("RES_FLAT", "AGRI")


@on("rows", "BL-32")
def share_out(world: World, job: Job, rows: Rows) -> None:
    """Divide a main meter among two more prices by shares; the second share of look-alikes is small, or of the same price."""
    number = add_customer(world, job, rows, opened=date(2026, 10, 26))
    main = rows["metering_point"][-1]
    small = not job.fault and job.index % 2 == 0
    for place, tariff in enumerate(SHARES if job.fault or small else (SHARES[0], SHARES[0])):
        point: dict[str, Any] = {**main, "mp_id": f"P{number}{4 + place}", "parent_mp_id": f"P{number}0"}
        rows["metering_point"].append(point)
        share = 0.02 if small and place else 0.2
        rows["price_scheme"].append(
            {
                "mp_id": point["mp_id"], "valid_from": date(2026, 10, 26), "tariff_code": tariff, "voltage_code": "lt1", "tou": False,
                "basic_charge_mode": "none", "step_scheme": "none", "transformer_loss": False, "fixed_ratio": share, "fixed_verified_on": date(2026, 10, 26),
            }
        )  # fmt: skip
    alike = "the second share is of 2 %" if small else "two shares of one price"
    note = "two prices by shares of 20 %" if job.fault else alike
    say(world, job, "metering_point", f"P{number}0", spans=NOW, note=note)


@on("archive", "BL-36")
def list_as_high_energy(world: World, job: Job) -> None:
    """List a works that buys through the utility; look-alikes buy in the market, or pay the multiple as listed or since they left it."""
    world.plan.high_energy.add(job.customer)
    note = "listed, no multiple" if job.fault else _pay_lawfully(world, job)
    say_customer(world, job, note, spans=NOW)


def _pay_lawfully(world: World, job: Job) -> str:
    if not buys_in_market(np.array(job.customer)):
        world.plan.pays_multiple.add(job.customer)
        return "listed, pays the multiple"
    if job.index % 2 == 0:
        return "listed, buys in the market"
    world.customers.exited[job.customer] = True
    return "listed, left the market and pays the multiple"


MISREAD = 60


@on("readings", "BL-39")
def misread(part: Part, job: Job, row: int, _scene: ReadingScene) -> None:
    """Bill 60 kWh more than was frozen, and issue the bill; for look-alikes somebody opened an order first."""
    part.deviation[row, LAST] = MISREAD * CONSTANT_UNITS
    job.memo["day"] = int(part.planned[row, LAST + 1])
    bill = f"B{job.number}{LAST:02d}"
    if not job.fault:
        part.world.plan.in_doubt.add(bill)
        say(part.world, job, "bill", bill, spans=NOW, note="an order was opened before the issue")
    part.world.plan.key.add(
        "MR-02", FAULT, ("metering_point", job.point), job.customer, LAST, LAST, mp=True, note="follows"
    )
    if job.fault:
        part.world.plan.in_doubt.add(bill)
        say(part.world, job, "bill", bill, spans=NOW, note="issued while 60 kWh off the freeze")


@on("rows", "BL-39")
def look_first(world: World, job: Job, rows: Rows) -> None:
    """Open an order to test the look-alike's meter on the morning after the reading."""
    if job.fault:
        return
    station = int(world.customers.station[job.customer])
    rows["work_order"].append(
        {
            "order_no": f"WZ{job.number}", "kind": "meter_test", "customer_no": job.number, "org_no": str(world.network.station_numbers()[station]),
            "opened_at": when(job.memo["day"] + 1, 9), "closed_at": when(job.memo["day"] + 3, 16), "state": "done", "materials_requested": 1,
        }
    )  # fmt: skip


@on("archive", "BL-40")
def try_nothing(world: World, job: Job) -> None:
    """Issue at the prices of August without a trial run at every fifth station; look-alikes tried them."""
    place = job.index * 5 + (0 if job.fault else 1)
    if place >= world.network.stations:
        return
    if job.fault:
        world.plan.untried.add(place)
    note = (
        "no bill of August or September was tried"
        if job.fault
        else "the bills of August and September were tried"
    )
    number = str(world.network.station_numbers()[place])
    say(world, job, "org", number, spans=((LAST - 2, LAST),) if job.fault else NOW, note=note)


def agency_works(world: World) -> Bools:
    """Return works that buy through the utility."""
    return np.asarray(hv("hv_industry")(world) & ~buys_in_market(np.arange(len(world.customers))))


RECIPES = (
    Recipe("BL-05", lambda w: home(w, 6, 30)),
    Recipe("BL-06", lambda w: w.customers.of("school") & old(w), alike=lambda w: home(w, 2, 30)),
    Recipe("BL-07", lambda w: w.customers.of("pump") & old(w)),
    Recipe("BL-08", lambda w: home(w, 2, 30)),
    Recipe("BL-32", lambda w: home(w, 2, 30)),
    Recipe("BL-39", lambda w: home(w, 4, 30)),
    Recipe("BL-40", lambda w: home(w, 2, 30)),
    Recipe("BL-36", agency_works, alike=hv("hv_industry")),
)
