"""Metering tables: points, meters, installations, instrument transformers, tests, price schemes, topology."""

from __future__ import annotations

from datetime import date

import numpy as np

from jicha.demo.frame import Frame, Ids, Pick, concat, take
from jicha.demo.grid import NULL, Ints, day_number, moment
from jicha.demo.network import district_ids, feeder_ids, phase_pick
from jicha.demo.points import (
    BASIC_MODES,
    CLASSES,
    EXPORT,
    FIXED,
    GENERATION,
    HV_HV,
    MAIN,
    MODES,
    PLAIN,
    SECOND,
    SINGLE,
    SUB,
    TARIFFS,
    THREE_WIRE,
    VOLTAGES,
    WIRINGS,
    meter_ids,
    point_ids,
)
from jicha.demo.world import Part

METER_STATES = ["in_stock", "running", "removed", "scrapped", "lost"]


def point_frame(part: Part) -> Frame:
    """Return the metering points of the part."""
    world = part.world
    numbers = world.points.numbers()[part.points]
    role = part.get("role")
    closed = part.of_customer("closed")
    return {
        "mp_id": point_ids(numbers),
        "customer_no": Ids("", numbers // 10),
        "org_no": Ids("", world.network.station_numbers()[part.of_customer("station")]),
        "parent_mp_id": point_ids(np.where((role == SUB) | (role == FIXED), numbers // 10 * 10, NULL)),
        "district_id": district_ids(part.of_customer("district")),
        "feeder_id": feeder_ids(part.of_customer("feeder")),
        "usage": Pick(
            np.select([role == GENERATION, role == EXPORT], [1, 2], 0), ["billing", "generation", "export"]
        ),
        "metering_mode": Pick(part.get("mode"), MODES),
        "wiring": Pick(part.get("wiring"), WIRINGS),
        "class": Pick(part.get("meter_class"), CLASSES),
        "status": Pick((closed != NULL).astype(np.int64), ["running", "removed"]),
        "opened_on": part.of_customer("opened"),
        "removed_on": closed,
    }


def meter_frame(part: Part) -> Frame:
    """Return the meters that hang or hung at the part's points."""
    rows = np.flatnonzero(part.get("role") != FIXED)
    swapped = rows[part.get("swap")[rows] != NULL]
    first = _meters(part, rows, 0)
    return concat([first, _meters(part, swapped, 1)]) if len(swapped) else first


def _meters(part: Part, rows: Ints, generation: int) -> Frame:
    numbers = part.world.points.numbers()[part.points][rows]
    swap = part.get("swap")[rows]
    ct = part.get("ct")[rows]
    single = part.get("wiring")[rows] == SINGLE
    three_wire = part.get("wiring")[rows] == THREE_WIRE
    verified = part.get("verified")[rows] if generation == 0 else swap - 30
    gone = (part.of_customer("closed")[rows] != NULL) | (swap != NULL) & (generation == 0)
    due = np.where(ct > 1, verified + 8 * 365, verified + 10 * 365)
    return {
        "meter_id": meter_ids(numbers, generation),
        "kind": Pick(np.where(single, 0, 1), ["single_phase_smart", "three_phase_smart"]),
        "digits": np.where(generation == 0, part.get("digits")[rows], 6),
        "decimals": part.get("decimals")[rows],
        "ref_voltage_v": np.where(three_wire, 100, 220) * 10_000,
        "basic_current_a": np.where(ct > 1, 1.5 * 10_000, 5 * 10_000).astype(np.int64),
        "max_current_a": np.where(ct > 1, 6, 60).astype(np.int64) * 10_000,
        "accuracy": Pick(np.where(ct > 1, 0, 1), ["0.5S", "1.0"]),
        "verified_on": verified,
        "verify_due_on": part.world.plan.verify_due(part, rows, due),
        "state": Pick(np.where(gone, 2, 1), METER_STATES),
    }


def installation_frame(part: Part) -> Frame:
    """Return when which meter hung where, with the multiplier (倍率) that billing holds."""
    rows = np.flatnonzero(part.get("role") != FIXED)
    swap = part.get("swap")[rows]
    closed = part.of_customer("closed")[rows]
    closed_at = np.where(closed == NULL, NULL, moment(np.where(closed == NULL, 0, closed), 11))
    numbers = part.world.points.numbers()[part.points][rows]
    swap_at = np.where(swap == NULL, NULL, moment(np.where(swap == NULL, 0, swap), 10))
    order = Ids("W", np.where(swap == NULL, NULL, numbers // 10 * 10 + 3))
    fresh = part.get("installed")[rows] >= day_number(date(2025, 8, 1))
    base = _installed(part, rows)
    first: Frame = {
        **base,
        "meter_id": meter_ids(numbers, 0),
        "installed_at": moment(part.get("installed")[rows], 10),
        "removed_at": np.where(swap == NULL, closed_at, swap_at),
        "install_order_no": Ids("W", np.where(fresh, numbers // 10 * 10 + 1, NULL)),
        "removal_order_no": Ids(
            "W",
            np.where(
                swap != NULL, numbers // 10 * 10 + 3, np.where(closed != NULL, numbers // 10 * 10 + 2, NULL)
            ),
        ),
    }
    second: Frame = {
        **base,
        "meter_id": meter_ids(numbers, 1),
        "installed_at": swap_at,
        "removed_at": closed_at,
        "install_order_no": order,
        "removal_order_no": Ids("W", np.full(len(rows), NULL, dtype=np.int64)),
    }
    return concat([first, take(second, swap != NULL)]) if (swap != NULL).any() else first


def _installed(part: Part, rows: Ints) -> Frame:
    numbers = part.world.points.numbers()[part.points][rows]
    return {
        "mp_id": point_ids(numbers),
        "ct_ratio": part.get("ct")[rows] * 1_000_000,
        "pt_ratio": part.get("pt")[rows] * 1_000_000,
        "multiplier": part.get("billed_multiplier")[rows] * 1_000_000,
    }


def transformer_frames(part: Part) -> list[Frame]:
    """Return the instrument transformers (互感器): two for three-wire, three for four-wire metering."""
    frames: list[Frame] = []
    numbers = part.world.points.numbers()[part.points]
    for kind, ratio_name in (("ct", "ct"), ("pt", "pt")):
        ratio = part.get(ratio_name)
        for place in range(3):
            rows = np.flatnonzero((ratio > 1) & ((part.get("mode") != HV_HV) | (place < 2)))
            if len(rows):
                frames.append(
                    {
                        "it_id": Ids("TA" if kind == "ct" else "TV", numbers[rows] * 10 + place),
                        "mp_id": point_ids(numbers[rows]),
                        "kind": Pick(np.zeros(len(rows), dtype=np.int64), [kind]),
                        "ratio": ratio[rows] * 1_000_000,
                        "accuracy": Pick(
                            np.zeros(len(rows), dtype=np.int64), ["0.5S" if kind == "ct" else "0.5"]
                        ),
                        "rated_primary_a": np.where(kind == "ct", ratio[rows] * 5 * 10_000, NULL),
                        "tested_on": part.get("installed")[rows] - 10,
                    }
                )
    return frames


def test_frames(part: Part) -> list[Frame]:
    """Return site tests of high-voltage metering within the cycle of its class."""
    rows = np.flatnonzero((part.get("mode") > 0) & np.isin(part.get("role"), (MAIN, SECOND)))
    numbers = part.world.points.numbers()[part.points][rows]
    installed = part.get("installed")[rows]
    last = day_number(date(2026, 10, 12))
    cycle = np.select(
        [part.get("meter_class")[rows] == 1, part.get("meter_class")[rows] == 2], [150, 320], 320
    )
    swap = part.get("swap")[rows]
    until = part.world.plan.untested_from(part, rows)
    frames: list[Frame] = []
    for rank in range(6):
        day = part.world.calendar.on_or_after(last - rank * cycle - numbers // 10 % 25)
        keep = np.flatnonzero((day > installed + 40) & (day > day_number(date(2024, 8, 1))) & (day < until))
        frames.append(_tests(part, numbers[keep], day[keep], swap[keep], "periodic", rank))
    first = part.world.calendar.on_or_after(installed + 15)
    frames.append(_tests(part, numbers, first, swap, "first", 9))
    # A meter that was exchanged is tested within the month; what hangs after that day is the new one.
    new = np.flatnonzero(swap != NULL)
    again = part.world.calendar.on_or_after(swap[new] + 15)
    frames.append(_tests(part, numbers[new], again, swap[new], "first", 8))
    frames.append(_drop_tests(part, rows))
    return [frame for frame in frames if len(frame["tested_on"])]


def _drop_tests(part: Part, rows: Ints) -> Frame:
    """Return tests of the secondary voltage drop (二次压降) from 35 kV up, the last within two years; a planted customer has its own."""
    own = [job.customer for job in part.world.plan.jobs if job.rule == "MT-24"]
    rows = rows[
        (part.get("supply_voltage")[rows] >= VOLTAGES.index("kv35")) & ~np.isin(part.owner[rows], own)
    ]
    numbers = part.world.points.numbers()[part.points][rows]
    day = part.world.calendar.on_or_after(day_number(date(2025, 2, 3)) + numbers // 10 % 500)
    frame = _tests(part, numbers, day, part.get("swap")[rows], "voltage_drop", 7)
    return {
        **frame,
        "error_pct": (numbers % 17 - 16) * 10_000,
        "limit_pct": np.full(len(rows), NULL, dtype=np.int64),
    }


def _tests(part: Part, numbers: Ints, day: Ints, swap: Ints, kind: str, rank: int) -> Frame:
    is_new = (swap != NULL) & (day >= swap)
    return {
        "test_id": Ids("Y", numbers * 10 + rank),
        "mp_id": point_ids(numbers),
        "meter_id": meter_ids(numbers, is_new.astype(np.int64)),
        "kind": Pick(np.zeros(len(numbers), dtype=np.int64), [kind]),
        "requested_at": moment(part.world.calendar.shift(day, -3), 9),
        "tested_on": day,
        "result_at": moment(day, 16),
        "error_pct": (numbers % 41 - 20) * 10_000,
        "limit_pct": np.full(len(numbers), 500_000, dtype=np.int64),
        "passed": np.ones(len(numbers), dtype=np.int64),
    }


def scheme_frame(part: Part) -> Frame:
    """Return the price schemes (计费方案) of the billing points."""
    role = part.get("role")
    rows = np.flatnonzero((role != GENERATION) & (role != EXPORT))
    now = _schemes(part, rows, "")
    changed = rows[part.get("changed_on")[rows] != NULL]
    return concat([now, _schemes(part, changed, "earlier_")]) if len(changed) else now


def _schemes(part: Part, rows: Ints, which: str) -> Frame:
    """Return what the schemes are now, or what they were before they changed."""
    numbers = part.world.points.numbers()[part.points][rows]
    tariff = part.get(f"{which}tariff")[rows]
    opened, closed = part.of_customer("opened")[rows], part.of_customer("closed")[rows]
    changed_on = part.get("changed_on")[rows]
    is_now = not which
    return {
        "mp_id": point_ids(numbers),
        "valid_from": np.where(is_now & (changed_on != NULL), changed_on, opened),
        "valid_to": closed if is_now else changed_on,
        "tariff_code": Pick(tariff, TARIFFS),
        "voltage_code": Pick(part.get(f"{which}price_voltage")[rows], VOLTAGES),
        "tou": (part.get(f"{which}registers")[rows] != PLAIN).astype(np.int64),
        "pf_standard": part.get(f"{which}pf_standard")[rows],
        "basic_charge_mode": Pick(part.get(f"{which}basic")[rows], BASIC_MODES),
        "contract_demand_kw": part.get(f"{which}contract_demand")[rows],
        "step_scheme": Pick(np.where(tariff == TARIFFS.index("RES_STEP"), 1, 0), ["none", "annual"]),
        "fixed_ratio": part.get("fixed_ratio")[rows],
        "fixed_kwh": part.get("fixed_kwh")[rows],
        "fixed_verified_on": part.get("fixed_verified")[rows],
        "line_loss_pct": part.get("line_loss_pct")[rows],
        "transformer_loss": part.get("loss")[rows].astype(np.int64),
        "order_no": Ids(
            "W", part.get("change_order")[rows] if is_now else np.full(len(rows), NULL, dtype=np.int64)
        ),
    }


def topology_frames(part: Part) -> list[Frame]:
    """Return where each of three systems sees each point: the same district, feeder and phase."""
    rows = np.flatnonzero((part.get("role") != FIXED) & (part.of_customer("closed") == NULL))
    numbers = part.world.points.numbers()[part.points][rows]
    single = part.get("wiring")[rows] == SINGLE
    phase = phase_pick(np.where(single, numbers // 10, -1))
    feeder = part.of_customer("feeder")[rows]
    frames: list[Frame] = []
    for source in ("marketing", "ami", "gis"):
        district = part.world.plan.seen_district(part, rows, source)
        frames.append(
            {
                "mp_id": point_ids(numbers),
                "source": Pick(np.zeros(len(rows), dtype=np.int64), [source]),
                "district_id": district_ids(district),
                "feeder_id": feeder_ids(feeder),
                "phase": phase,
            }
        )
    return frames
