"""Planted faults of temporary supply, contracts, archives and the money around a connection (业扩变更档案): BX-13 … BX-22."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from jicha.demo.customers import NUMBER_BASE
from jicha.demo.grid import BASE, LAST, MONTH_START, NULL, Bools, day_number
from jicha.demo.network import DISTRICT_BASE, FEEDER_BASE
from jicha.demo.plant.bill_scene import BillScene
from jicha.demo.plant.candidates import Candidates, Recipe, home, hv, of_main
from jicha.demo.plant.registry import (
    ALWAYS,
    NOW,
    Job,
    MoneyScene,
    ReadingScene,
    Rows,
    in_month,
    on,
    say,
    say_customer,
    say_point,
)
from jicha.demo.plant.topics.connection_limits import Step, say_order, write_order
from jicha.demo.points import CAPACITY, NO_BASIC, TARIFFS
from jicha.demo.world import LARGE_HOUSEHOLD, Part, World
from jicha.money import divide_half_up
from jicha.money import yuan as yuan_of

PAST_END, NEXT_MARCH = day_number(date(2026, 9, 15)), day_number(date(2027, 3, 31))
BEFORE_2023 = day_number(date(2023, 1, 1))
THREE_STEPS: tuple[Step, ...] = (("accept", 0, 0, 0), ("survey", 0, 1, 0), ("archive", 1, 2, 0))


@on("archive", "BX-13", "BX-14")
def supply_for_a_time(world: World, job: Job) -> None:
    """Supply for a time: past its agreed end for half of BX-13, else with time left."""
    past = job.rule == "BX-13" and job.index % 2 == 0
    world.customers.temporary_until[job.customer] = PAST_END + job.index if past else NEXT_MARCH


@on("rows", "BX-13")
def agree_on_more(world: World, job: Job, rows: Rows) -> None:
    """File the agreement of 2023 of those who stay for more than three years, and the extension of half the look-alikes."""
    even = job.index % 2 == 0
    span = (date(2023, 2, 1), date(2024, 6, 1)) if job.fault else (date(2026, 9, 10), date(2027, 6, 30))
    if job.fault != even:
        rows["proof"].append(
            {"proof_id": f"QX{job.number}", "customer_no": job.number, "kind": "temporary", "valid_from": span[0], "valid_to": span[1]}
        )  # fmt: skip
    fault = "past the agreed end" if even else "temporary for more than three years"
    alike = "extended" if even else "temporary with time left"
    say_customer(world, job, fault if job.fault else alike, spans=NOW)


FORBIDDEN = ("capacity_increase", "relocation", "category_change")


@on("rows", "BX-14")
def change_temporary_supply(world: World, job: Job, rows: Rows) -> None:
    """Change what a temporary supply may not change, or connect one without a meter; look-alikes only change a name."""
    if job.fault and job.index % 2:
        number = add_customer(
            world, job, rows, opened=date(2026, 10, 26), temporary_until=date(2027, 1, 31), temporary=True
        )
        say(world, job, "customer", number, spans=NOW, note="temporary supply without a meter")
        return
    kind = FORBIDDEN[job.index // 2 % len(FORBIDDEN)] if job.fault else "rename"
    write_order(world, job, rows, "G", kind, date(2026, 10, 13), THREE_STEPS, customer_no=job.number)
    say_customer(world, job, f"{kind} of a temporary supply", spans=NOW)


def add_customer(world: World, job: Job, rows: Rows, *, opened: date, **more: Any) -> str:
    """Add a shop without a meter beside the job's customer, connected too lately to be read or screened; return its number."""
    number = f"35{job.number[2:]}"
    customers, network = world.customers, world.network
    station = str(network.station_numbers()[int(customers.station[job.customer])])
    rows["customer"].append(
        {
            "customer_no": number, "org_no": station, "name": f"临时用户{number[-5:]}", "address": f"青溪县新塘路{number[-4:]}号", "phone": f"137{number[-8:]}",
            "kind": "lv_nonres", "category_code": "405", "trade_code": "F5211", "voltage_code": "lt1", "contract_kva": 30, "running_kva": 30, "status": "active",
            "importance": "ordinary", "opened_on": opened, "temporary": False, "multi_household": False, "market_mode": "agency", "high_energy_listed": False,
            "has_generation": False, **more,
        }
    )  # fmt: skip
    rows["supply_contract"].append(
        {"contract_no": f"K{number}", "customer_no": number, "signed_on": opened, "contract_kva": 30, "settlements_per_month": 1, "penalty_multiple": 3}
    )  # fmt: skip
    rows["metering_point"].append(
        {
            # In no district: without a meter it would leave the loss of one unknown.
            "mp_id": f"P{number}0", "customer_no": number, "org_no": station,
            "feeder_id": f"F{FEEDER_BASE + int(customers.feeder[job.customer])}", "usage": "billing", "metering_mode": "lv_lv", "wiring": "3p4w", "class": "IV",
            "status": "running", "opened_on": opened,
        }
    )  # fmt: skip
    rows["price_scheme"].append(
        {
            "mp_id": f"P{number}0", "valid_from": opened, "tariff_code": "CI_SINGLE", "voltage_code": "lt1", "tou": False, "basic_charge_mode": "none",
            "step_scheme": "none", "transformer_loss": False,
        }
    )  # fmt: skip
    return number


LEAST_SPLIT_KVA = 160


@on("archive", "BX-15")
def split_in_two(world: World, job: Job) -> None:
    """Let a second works of 160 kVA or more bear the same name and address; the look-alike is a small one, or bears another name."""
    customers = world.customers
    small = not job.fault and job.index % 2 == 0
    fits = small_works if small else large_works
    free = np.flatnonzero(fits(world) & ~customers.special & (np.arange(len(customers)) != job.customer))
    if not len(free):
        return
    near = free[customers.feeder[free] == customers.feeder[job.customer]]
    other = int((near if len(near) else free)[0])
    customers.special[other] = True
    job.memo["other"] = other
    if job.fault or small:
        world.plan.twin_of[other] = job.customer
    else:
        # The tenant next door: the same place, another name.
        world.plan.neighbour_of[other] = job.customer
    if not job.fault:
        note = "less than 315 kVA together" if small else "two tenants at one address"
        say(world, job, "customer", first_of(job), spans=NOW, note=note)


def first_of(job: Job) -> str:
    """Return the smaller of the two customer numbers of a split supply."""
    return str(min(job.customer, int(job.memo["other"])) + NUMBER_BASE)


@on("bills", "BX-15")
def value_split(part: Part, job: Job, row: int, scene: BillScene) -> None:
    """Work out what both would have paid on the two-part price, and tell it."""
    if not job.fault or "other" not in job.memo:
        return
    other = int(job.memo["other"])
    inside = part.customers.start <= other < part.customers.stop
    cents = _two_part(job, row, scene) + (_two_part(job, part.main_row(other), scene) if inside else 0)
    yuan = Decimal(abs(cents)).scaleb(-2) if inside else None
    say(
        part.world, job, "customer", first_of(job), spans=NOW, yuan=yuan, direction="customer" if cents < 0 else "company",
        note="one works in two accounts below 315 kVA",
    )  # fmt: skip


def _two_part(job: Job, row: int, scene: BillScene) -> int:
    """Return what a month on the two-part price would cost more than was billed, in cents."""
    attempt = scene.attempt(job, row, LAST)
    if attempt is None:
        return 0
    attempt.scheme["tariff"][0], attempt.scheme["basic"][0] = TARIFFS.index("CI_TWO"), CAPACITY
    return scene.difference(attempt)


def small_works(world: World) -> Bools:
    """Return works of 100 to 125 kVA on the single-rate price."""
    return np.asarray(
        hv("hv_works")(world) & (world.customers.kva <= 125) & (of_main(world, "basic") == NO_BASIC)
    )


def large_works(world: World) -> Bools:
    """Return works of 160 kVA and more on the single-rate price."""
    return np.asarray(
        hv("hv_works")(world)
        & (world.customers.kva >= LEAST_SPLIT_KVA)
        & (of_main(world, "basic") == NO_BASIC)
    )


@on("archive", "BX-16")
def lose_contract(world: World, job: Job) -> None:
    """Let a contract run out, or lose it; the look-alikes' contracts run on, or have been renewed."""
    if job.fault and job.index % 2:
        world.plan.without_contract.add(job.customer)
    else:
        world.plan.contract_end[job.customer] = day_number(date(2026, 8, 31)) + (
            0 if job.fault or job.index % 2 == 0 else 200
        )


@on("rows", "BX-16")
def renew_contract(world: World, job: Job, rows: Rows) -> None:
    """Write the renewed contract of half the look-alikes."""
    if not job.fault and job.index % 2 == 0:
        rows["supply_contract"].append(
            {
                "contract_no": f"KX{job.number}", "customer_no": job.number, "signed_on": date(2026, 8, 20), "ends_on": date(2031, 8, 31),
                "contract_kva": int(world.customers.kva[job.customer]), "settlements_per_month": 1, "penalty_multiple": 3,
            }
        )  # fmt: skip
    fault = "no contract" if job.index % 2 else "the contract ran out in August"
    alike = "runs until March" if job.index % 2 else "renewed in August"
    say_customer(world, job, fault if job.fault else alike, spans=NOW)


@on("archive", "BX-17")
def mistake_capacity(world: World, job: Job) -> None:
    """Hold 100 kVA too much or 80 too little as contract capacity; the look-alike's capacities agree."""
    kva, held = int(world.customers.kva[job.customer]), world.plan.small_archive
    if job.fault:
        held[job.customer] = kva - 80 if job.index % 2 else kva + 100
        world.plan.held_running[job.customer] = kva
    note = (
        f"{held[job.customer]} kVA by contract, {kva} kVA installed"
        if job.fault
        else "contract and transformers agree"
    )
    say_customer(world, job, note, spans=ALWAYS if job.fault else NOW)


@on("archive", "BX-18")
def see_elsewhere(world: World, job: Job) -> None:
    """Let the map or the collection system hold the district next door; the look-alike's is being switched over."""
    system = ("gis", "ami")[job.index % 2]
    world.plan.seen_elsewhere[job.customer, system] = int(world.customers.district[job.customer]) + 1
    say_point(
        world,
        job,
        f"another district in {system}" if job.fault else "the district is being switched over",
        spans=ALWAYS if job.fault else NOW,
    )


@on("rows", "BX-18")
def switch_over(world: World, job: Job, rows: Rows) -> None:
    """Write the switching-over of a look-alike's district."""
    if not job.fault:
        begin = in_month(LAST, 2, 1)
        rows["feeder_switching"].append(
            {
                "switching_id": f"SX{job.number}", "feeder_id": f"F{FEEDER_BASE + int(world.customers.feeder[job.customer])}",
                "district_id": f"D{DISTRICT_BASE + int(world.customers.district[job.customer])}", "from_at": begin, "to_at": begin + timedelta(hours=3),
            }
        )  # fmt: skip


GAPS = ("no telephone", "a telephone of one digit", "no address", "no capacity")


@on("archive", "BX-19")
def leave_gaps(world: World, job: Job) -> None:
    """Leave a telephone, an address or a capacity out; the look-alike's number differs in one digit."""
    gap = GAPS[job.index % len(GAPS)] if job.fault else ""
    if gap == "no telephone":
        world.plan.phone[job.customer] = NULL
    elif gap == "no address":
        world.plan.without_address.add(job.customer)
    elif gap == "no capacity":
        world.plan.small_archive[job.customer] = 0
    else:
        world.plan.phone[job.customer] = 1_111_111_111 if job.fault else 1_111_111_112
    say_customer(world, job, gap or "all digits but one are the same", spans=ALWAYS if job.fault else NOW)


@on("money", "BX-20")
def owe(_part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Leave the bill of September unpaid, reminded as usual."""
    if job.fault and job.index % 2 == 0:
        bill = scene.bills.row(row, LAST - 1)
        scene.payments.paid_on[bill] = NULL
        scene.payments.late_fee[bill] = 0
        job.memo["yuan"] = Decimal(int(scene.bills.total[bill])).scaleb(-2)


@on("rows", "BX-20")
def transfer(world: World, job: Job, rows: Rows) -> None:
    """Transfer a home that owes, or change its category for the second time; look-alikes owe nothing, or change once."""
    kind = ("transfer", "category_change")[job.index % 2]
    if job.fault and job.index % 2:
        write_order(world, job, rows, "H", kind, date(2026, 3, 10), THREE_STEPS, customer_no=job.number)
    number = write_order(world, job, rows, "I", kind, date(2026, 10, 12), THREE_STEPS, customer_no=job.number)
    fault = "category changed twice within a year" if job.index % 2 else "transferred with a bill unpaid"
    alike = "category changed once" if job.index % 2 else "transferred, all paid"
    say_order(
        world,
        job,
        number,
        fault if job.fault else alike,
        yuan=job.memo.get("yuan"),
        direction="company" if "yuan" in job.memo else "",
    )


FIRST_DAY, DAYS_AFTER, UNITS_A_DAY = 12, 5, 315


@on("archive", "BX-21")
def leave(world: World, job: Job) -> None:
    """Close the account at the reading of September."""
    customers = world.customers
    customers.closed[job.customer] = MONTH_START[LAST - 1] + customers.read_day[job.customer] - 1


@on("readings", "BX-21")
def last_value(part: Part, job: Job, row: int, scene: ReadingScene) -> None:
    """Remember what the meter showed on the closing day, in hundredths."""
    group, index = scene.of(row)
    day = int(part.world.customers.closed[job.customer]) - BASE
    job.memo["value"] = int(group.value(0, np.array([index]), np.array([day]))[0])


@on("money", "BX-21")
def last_price(_part: Part, job: Job, row: int, scene: MoneyScene) -> None:
    """Remember kWh and cents of the last bill."""
    bill = scene.bills.row(row, LAST - 1)
    job.memo["bill"] = int(scene.bills.kwh[bill]), int(scene.bills.total[bill])


@on("rows", "BX-21")
def use_after_closing(world: World, job: Job, rows: Rows) -> None:
    """Let the meter of a closed account count on for four days; the look-alike's stands still."""
    for rank in range(DAYS_AFTER):
        hundredths = job.memo["value"] + (UNITS_A_DAY * (rank + 1) if job.fault else 0)
        rows["daily_freeze"].append(
            {
                "mp_id": job.point, "meter_id": f"M{job.number}00", "day": in_month(LAST, FIRST_DAY + rank).date(), "register": "total",
                "value": Decimal(hundredths).scaleb(-2),
            }
        )  # fmt: skip
    if not job.fault:
        say_customer(world, job, "closed, the meter stands still", spans=NOW)
        return
    kwh = Decimal(UNITS_A_DAY * (DAYS_AFTER - 1)).scaleb(-2)
    billed_kwh, cents = job.memo["bill"]
    price = divide_half_up(Decimal(cents), Decimal(100 * billed_kwh), 6)
    say_customer(
        world,
        job,
        "the meter of a closed account counts on",
        spans=NOW,
        kwh=kwh,
        yuan=yuan_of(kwh * price),
        direction="company",
    )


WITH_FEE: tuple[Step, ...] = (
    ("accept", 0, 0, 0),
    ("survey", 0, 2, 0),
    ("plan_reply", 2, 5, 0),
    ("fee", 5, 6, 0),
    ("contract", 6, 7, 0),
    ("meter_install", 7, 9, 0),
    ("energise", 9, 9, 0),
)


@on("rows", "BX-22")
def forget_fee(world: World, job: Job, rows: Rows) -> None:
    """Supply over two feeds without the fee; look-alikes paid it, or have one feed."""
    single = not job.fault and job.index % 2 == 1
    steps = WITH_FEE if not job.fault and not single else tuple(step for step in WITH_FEE if step[0] != "fee")
    number = write_order(
        world, job, rows, "J", "new_connection", date(2026, 9, 29), steps, supply="hv_single" if single else "hv_double", materials_requested=3,
        capacity_kva=1250 + 250 * (job.index % 3), state="open", closed_at=None,
    )  # fmt: skip
    alike = "a single feed" if single else "the fee was taken"
    say_order(world, job, number, "two feeds, no fee" if job.fault else alike)


def beside_another(remainder: int) -> Candidates:
    """Return homes in every fourth district whose next one hangs on the same feeder: those of planted losses are left alone."""

    def homes(world: World) -> Bools:
        district, feeder = world.customers.district, world.network.district_feeder
        following = np.minimum(district + 1, len(feeder) - 1)
        same = (following > district) & (feeder[following] == feeder[np.maximum(district, 0)])
        return np.asarray(home(world, 2, 30) & same & (district % 4 == remainder))

    return homes


RECIPES: tuple[Recipe, ...] = (
    Recipe("BX-13", lambda w: home(w, 2, 30) & (w.customers.opened < BEFORE_2023)),
    Recipe("BX-14", lambda w: home(w, 2, 30)),
    Recipe("BX-15", large_works, alike=small_works),
    Recipe("BX-16", hv("hv_pump", "hv_farm")),
    Recipe("BX-17", lambda w: hv("hv_charging", "hv_commerce")(w) & (w.customers.kva >= 400), "always"),
    *(Recipe(rule, lambda w: home(w, 2, 30)) for rule in ("BX-19", "BX-20", "BX-22")),
    Recipe("BX-21", lambda w: home(w, 3, 30) & (w.customers.persons < LARGE_HOUSEHOLD)),
    Recipe("BX-18", beside_another(3), alike=beside_another(2)),
)
