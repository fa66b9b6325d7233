"""The customer archive: customers, contracts, proofs, generation and charging."""

from __future__ import annotations

from datetime import date

import numpy as np

from jicha.demo.customers import buys_in_market, supply_voltage
from jicha.demo.frame import Frame, Ids, Pick, concat, take
from jicha.demo.grid import END, NULL, Ints, day_number
from jicha.demo.network import place_names
from jicha.demo.people import customer_names
from jicha.demo.points import EXPORT, GENERATION, MAIN, VOLTAGES, point_ids
from jicha.demo.segments import FIRST_HV, SEGMENTS, members
from jicha.demo.world import Part, World

STATUSES = ["active", "suspended", "closed"]
KINDS = ["hv", "lv_nonres", "lv_res"]
MARKETS = ["catalogue", "agency", "market", "exited"]
IMPORTANCE = ["ordinary", "important_1", "important_2", "special"]
PLACES = [
    "home",
    "residential_compound",
    "public_institution",
    "enterprise",
    "public_parking",
    "commercial_concentrated",
]
PROOFS = [
    "residential_price",
    "multi_person",
    "low_income",
    "tariff_choice",
    "green_house",
    "temporary",
    "exemption",
]


def world_names(world: World) -> Pick:
    """Return the name of every customer."""
    segment = world.customers.segment
    homes = np.array([s.kind == "lv_res" for s in SEGMENTS])[segment]
    names = customer_names(world.seed, homes, segment >= FIRST_HV)
    return Pick(world.plan.named_as(names.codes), names.pool)


def important(world: World, customer: Ints) -> Ints:
    """Return the importance code: every tenth non-industrial high-voltage customer is important."""
    hospital = world.customers.of("hv_nonindustry")[customer] & (customer % 10 == 0)
    hospital |= np.isin(customer, list(world.plan.made_important))
    return np.where(hospital, 1 + customer // 10 % 2, 0)


def customer_frame(part: Part, names: Pick) -> Frame:
    """Return the customer table of the part."""
    world, customers = part.world, part.world.customers
    rows = np.arange(part.customers.start, part.customers.stop, dtype=np.int64)
    segment = customers.segment[rows]
    suspended = world.transformers.suspended_kva(len(customers), END)[rows]
    kva = world.plan.archive_kva(customers.contract_kva())[rows]
    off = suspended - customers.reduced_kva[rows]
    closed = customers.closed[rows] != NULL
    state = np.where(closed, 2, np.where((off > 0) & (off >= kva), 1, 0))
    commercial = np.array([s.tariff.startswith("CI_") for s in SEGMENTS])[segment]
    market = np.where(commercial, np.where((segment >= FIRST_HV) & buys_in_market(rows), 2, 1), 0)
    market = np.where(customers.exited[rows], 3, market)
    places = place_names(200)
    streets = [f"{place}路" for place in places]
    return {
        "customer_no": Ids("", customers.numbers()[rows]),
        "org_no": Ids("", world.network.station_numbers()[customers.station[rows]]),
        "name": names.take(rows),
        "address": _addresses(streets, world.plan.lives_at(rows)),
        "phone": Ids("1", world.plan.phones(rows, 39_00000000 + rows * 7 % 90_000_000 + 5_000_000)),
        "kind": _of_segment(segment, [s.kind for s in SEGMENTS]),
        "category_code": _of_segment(segment, [world.plan.category(s) for s in SEGMENTS]),
        "trade_code": _trades(world, rows),
        "voltage_code": Pick(np.where(segment >= FIRST_HV, supply_voltage(customers.kva[rows]), 0), VOLTAGES),
        "contract_kva": kva * 10_000,
        "running_kva": world.plan.running_kva(rows, np.where(closed, 0, kva - off)) * 10_000,
        "status": Pick(state, STATUSES),
        "temporary": (customers.temporary_until[rows] != NULL).astype(np.int64),
        "temporary_until": customers.temporary_until[rows],
        "importance": Pick(important(world, rows), IMPORTANCE),
        "reading_section": Ids("S", customers.section[rows]),
        "opened_on": customers.opened[rows],
        "closed_on": customers.closed[rows],
        "household_persons": customers.persons[rows],
        "multi_household": (
            np.isin(segment, members("shared_home")) | np.isin(rows, list(world.plan.two_households))
        ).astype(np.int64),
        "employee_id": Ids("E", _employees(part, rows)),
        "market_mode": Pick(market, MARKETS),
        "high_energy_listed": np.isin(rows, list(world.plan.high_energy)).astype(np.int64),
        "has_generation": (
            (customers.pv_kw[rows] > 0) | np.isin(rows, list(world.plan.says_generation))
        ).astype(np.int64),
    }


def _trades(world: World, rows: Ints) -> Pick:
    """Return the trades of the segments; a few hotels, restaurants and landlords are planted."""
    values = [s.trade for s in SEGMENTS]
    pool = sorted({value for value in values if value is not None} | {"H6110", "H6210", "K7040"})
    codes = np.array([-1 if value is None else pool.index(value) for value in values], dtype=np.int64)
    own = codes[world.customers.segment[rows]]
    for job in world.plan.jobs:
        lets_out = job.rule == "IN-11" and job.fault == (job.index % 2 == 0)
        if lets_out or job.rule == "IN-14":
            trade = "K7040" if lets_out else ("H6110", "H6210")[job.index % 2]
            own[rows == job.customer] = pool.index(trade)
    return Pick(own, pool)


def _employees(part: Part, rows: Ints) -> Ints:
    """Every thousandth home to which nothing else happens belongs to an employee."""
    customers = part.world.customers
    home = customers.of("urban_home")[rows] & (rows % 500 == 7) & ~customers.special[rows]
    own = np.where(home, part.world.staff.ids("reader", customers.station[rows], rows).numbers, NULL)
    return part.world.plan.employees(rows, own)


def _addresses(streets: list[str], rows: Ints) -> Pick:
    pool = [f"青溪县{street}{number}号" for street in streets for number in range(1, 251)]
    return Pick(np.where(rows < 0, -1, rows * 31 % len(pool)), pool)


def _of_segment(segment: Ints, values: list[str | None]) -> Pick:
    pool = sorted({value for value in values if value is not None})
    codes = np.array([-1 if value is None else pool.index(value) for value in values], dtype=np.int64)
    return Pick(codes[segment], pool)


def contract_frame(part: Part) -> Frame:
    """Return the supply contracts: with an end for high voltage, without one for the rest."""
    world, customers = part.world, part.world.customers
    rows = np.arange(part.customers.start, part.customers.stop, dtype=np.int64)
    rows = rows[~np.isin(rows, list(world.plan.without_contract))]
    hv = customers.segment[rows] >= FIRST_HV
    return {
        "contract_no": Ids("K", customers.numbers()[rows]),
        "customer_no": Ids("", customers.numbers()[rows]),
        "signed_on": customers.opened[rows] - 1,
        "ends_on": world.plan.contract_ends(
            rows, np.where(hv, day_number(date(2027, 6, 30)) + rows % 700, NULL)
        ),
        "contract_kva": customers.contract_kva()[rows] * 10_000,
        "line_loss_pct": world.line_loss_pct()[rows],
        "settlements_per_month": world.plan.agreed_settlements(rows),
        "penalty_multiple": np.full(len(rows), 3_000_000, dtype=np.int64),
    }


def proof_frame(part: Part) -> Frame | None:
    """Return the proofs: residential price, tariff choice between 100 and 315 kVA, exemption of charging stations."""
    world, customers = part.world, part.world.customers
    rows = np.arange(part.customers.start, part.customers.stop, dtype=np.int64)
    wanted = [s.proof for s in SEGMENTS]
    frames: list[Frame] = []
    for place, proof in enumerate(("residential_price", "tariff_choice", "exemption")):
        has = np.array([w == proof for w in wanted])[customers.segment[rows]]
        if proof == "tariff_choice":
            between = np.array([s.tariff.startswith("CI_") for s in SEGMENTS])[customers.segment[rows]]
            has |= between & (customers.kva[rows] >= 100) & (customers.kva[rows] < 315)
            has |= customers.of("hv_charging")[rows]
        if proof == "exemption":
            has &= world.exempt()[rows]
        has &= ~world.plan.without_proof[rows]
        own = rows[has]
        if len(own):
            frames.append(_proofs(world, own, place, proof))
    for kind, own in (
        ("multi_person", rows[customers.quota_from[rows] != NULL]),
        ("temporary", rows[customers.temporary_until[rows] != NULL]),
    ):
        if len(own):
            frames.append(_dated_proofs(world, own, kind))
    return concat(frames) if frames else None


def _proofs(world: World, own: Ints, place: int, proof: str) -> Frame:
    customers = world.customers
    expired = world.plan.expired_proof[own]
    return {
        "proof_id": Ids("Q", customers.numbers()[own] * 10 + place),
        "customer_no": Ids("", customers.numbers()[own]),
        "kind": Pick(np.zeros(len(own), dtype=np.int64), [proof]),
        "valid_from": np.maximum(customers.opened[own], day_number(date(2023, 6, 1))),
        "valid_to": np.where(expired == NULL, day_number(date(2028, 1, 1)), expired),
    }


def _dated_proofs(world: World, own: Ints, kind: str) -> Frame:
    """Return the proofs of households of five and more (一户多人口), or of temporary supply (临时用电)."""
    customers = world.customers
    large = kind == "multi_person"
    opened = np.maximum(customers.opened[own], day_number(date(2024, 6, 1)))
    return {
        "proof_id": Ids("Q", customers.numbers()[own] * 10 + (3 if large else 4)),
        "customer_no": Ids("", customers.numbers()[own]),
        "kind": Pick(np.zeros(len(own), dtype=np.int64), [kind]),
        "valid_from": customers.quota_from[own] if large else opened,
        "valid_to": (customers.quota_to if large else customers.temporary_until)[own],
    }


def generation_frame(part: Part, names: Pick) -> Frame | None:
    """Return the generation assets of the part."""
    customers = part.world.customers
    rows = np.arange(part.customers.start, part.customers.stop, dtype=np.int64)
    rows = rows[customers.pv_kw[rows] > 0]
    if not len(rows):
        return None
    numbers = customers.numbers()[rows]
    connected = np.maximum(customers.opened[rows] + 60, day_number(date(2023, 3, 1)) + rows % 500)
    return {
        "asset_id": Ids("G", numbers),
        "customer_no": Ids("", numbers),
        "generation_mp_id": point_ids(numbers * 10 + GENERATION),
        "export_mp_id": point_ids(numbers * 10 + EXPORT),
        "installed_kw": customers.pv_kw[rows] * 10_000,
        "approved_kw": part.world.plan.approved_kw(rows, customers.pv_kw[rows] * 10_000),
        "mode": Pick(
            part.world.plan.generation_mode(rows, customers.full_export[rows].astype(np.int64)),
            ["self_use", "full_export"],
        ),
        "accepted_on": part.world.plan.accepted_on(rows, connected),
        "connected_on": connected,
        "subsidy_from": part.world.plan.subsidy_from(rows, connected),
        "payee_name": names.take(part.world.plan.payees(rows)),
    }


def charging_frame(part: Part) -> Frame | None:
    """Return the charging sites of the part."""
    customers = part.world.customers
    place = {"home_pile": 0, "compound_pile": 1, "parking_pile": 4, "hv_charging": 5}
    codes = np.array([place.get(s.name, -1) for s in SEGMENTS])[customers.segment]
    codes = part.world.plan.charging_place(codes)
    rows = np.arange(part.customers.start, part.customers.stop, dtype=np.int64)
    rows = rows[codes[rows] >= 0]
    if not len(rows):
        return None
    numbers = customers.numbers()[rows]
    return {
        "site_id": Ids("V", numbers),
        "customer_no": Ids("", numbers),
        "mp_id": point_ids(numbers * 10 + MAIN),
        "place": Pick(codes[rows], PLACES),
        "piles": np.maximum(1, customers.kva[rows] // 60),
        "rated_kw": customers.kva[rows] * 10_000 * 9 // 10,
    }


__all__ = [
    "charging_frame",
    "contract_frame",
    "customer_frame",
    "generation_frame",
    "proof_frame",
    "take",
    "world_names",
]
