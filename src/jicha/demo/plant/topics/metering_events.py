"""Planted faults of metering in operation: transformers, tests, events and curves (MT-02 … MT-18)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import numpy as np

from jicha.demo.curve import CURVE_DAYS, Curves
from jicha.demo.grid import DAYS, END, LAST, NULL, Bools, to_date
from jicha.demo.plant.candidates import Recipe, alone, home, hv, of_main, old, unwatched
from jicha.demo.plant.registry import NOW, Job, Rows, follows, in_month, index_of, on, say_point
from jicha.demo.points import CLASSES, FOUR_WIRE, HV_HV, MODES, SINGLE, WIRINGS
from jicha.demo.world import Part, World

CLASS_II = 1
STOPPED_CURVE, STOPPED_EVENT = index_of(date(2026, 10, 12)), index_of(date(2026, 10, 22))


def _main(world: World, job: Job) -> int:
    """Return the row of the customer's main point."""
    return int(np.searchsorted(world.points.owner, job.customer))


def _meter(job: Job) -> str:
    return f"M{job.number}00"


@on("archive", "MT-02")
def size_transformers(world: World, job: Job) -> None:
    """Hang current transformers four times too large or three times too small; look-alikes are pumps that rest in autumn."""
    points, point = world.points, _main(world, job)
    world.plan.curve_customers.append(job.customer)
    note = "an irrigation pump that hardly runs in October"
    if job.fault:
        ratio = int(points.ct[point])
        points.ct[point] = ratio * 4 if job.index % 2 == 0 else max(2, ratio // 3)
        points.multiplier[point] = points.billed_multiplier[point] = points.ct[point] * points.pt[point]
        note = f"CT ratio {points.ct[point]}, {ratio} would fit"
    say_point(world, job, note, spans=NOW)


@on("archive", "MT-04")
def skip_tests(world: World, job: Job) -> None:
    """Let nobody test the metering since long; look-alikes were last tested shortly within the cycle of their class."""
    second_class = world.points.meter_class[_main(world, job)] == CLASS_II
    days = (375, 200) if second_class else (780, 400)
    world.plan.untested[job.customer] = END - (days[0] if job.fault else days[1])
    note = "not tested within the cycle of its class" if job.fault else "last test within the cycle"
    say_point(world, job, note, spans=NOW)


@on("rows", "MT-05")
def add_check_meter(world: World, job: Job, rows: Rows) -> None:
    """Hang a check meter (副表) at a high-voltage customer and do not test it in time; look-alikes are tested, or new."""
    point, meter = f"P{job.number}8", f"M{job.number}80"
    installed = date(2026, 8, 3 + job.index % 20)
    tested: date | None = None
    note = "not tested since it was installed"
    if job.fault and job.index % 3 == 2:
        installed, tested, note = date(2026, 9, 7), date(2026, 10, 21), "tested two weeks late"
    elif not job.fault and job.index % 2 == 0:
        tested, note = installed + timedelta(days=24), "tested within the month"
    elif not job.fault:
        installed, note = date(2026, 10, 9), "installed three weeks ago"
    _hang(world, job, rows, installed)
    if tested:
        rows["meter_test"].append(
            {
                "test_id": f"YX{job.number}", "mp_id": point, "meter_id": meter, "kind": "first", "tested_on": tested,
                "result_at": datetime.combine(tested, time(16)), "error_pct": "0.1", "limit_pct": "0.5", "passed": True,
            }
        )  # fmt: skip
    key = world.plan.key
    for first, last in NOW:
        key.add("MT-05", job.kind, ("metering_point", point), job.customer, first, last, note=note)


def _hang(world: World, job: Job, rows: Rows, installed: date) -> None:
    """Add the rows of a check point beside the main point, with a meter of its own."""
    points, row = world.points, _main(world, job)
    mode, wiring = MODES[int(points.mode[row])], WIRINGS[int(points.wiring[row])]
    point, meter = f"P{job.number}8", f"M{job.number}80"
    rows["metering_point"].append(
        {
            "mp_id": point, "customer_no": job.number, "usage": "check", "metering_mode": mode, "wiring": wiring,
            "org_no": str(world.network.station_numbers()[int(world.customers.station[job.customer])]),
            "class": CLASSES[int(points.meter_class[row])], "status": "running", "opened_on": installed,
        }
    )  # fmt: skip
    rows["meter"].append(
        {
            "meter_id": meter, "kind": "three_phase_smart", "digits": 6, "decimals": 4, "ref_voltage_v": 100 if wiring == "3p3w" else 220,
            "basic_current_a": "1.5", "max_current_a": 6, "accuracy": "0.5S", "verified_on": installed - timedelta(days=30),
            "verify_due_on": installed + timedelta(days=8 * 365), "state": "running",
        }
    )  # fmt: skip
    rows["meter_installation"].append(
        {
            "mp_id": point, "meter_id": meter, "installed_at": datetime.combine(installed, time(10)), "ct_ratio": int(points.ct[row]),
            "pt_ratio": int(points.pt[row]), "multiplier": int(points.multiplier[row]),
        }
    )  # fmt: skip


def _event(rows: Rows, job: Job, code: str, start: datetime, end: datetime | None, **more: str) -> None:
    """Add an event of the customer's meter, or of another point's."""
    point = more.get("point", job.point)
    rows["meter_event"].append(
        {
            "event_id": f"EY{job.number}{len(rows['meter_event'])}", "mp_id": point, "meter_id": f"M{point[1:]}0", "code": code,
            "started_at": start, "ended_at": end, "phase": more.get("phase"),
        }
    )  # fmt: skip


def _place(curves: Curves, row: int) -> int:
    return int(np.searchsorted(curves.rows, row))


def _own_start(job: Job) -> tuple[int, int]:
    """Return a day and an hour that hardly any other job shares, so that no two failures look like an outage."""
    return 6 + job.index % 20, 6 + (job.index * 5 + (0 if job.fault else 2)) % 12


@on("archive", "MT-07", "MT-11", "MT-12")
def watch(world: World, job: Job) -> None:
    """Keep the customer's curve."""
    world.plan.curve_customers.append(job.customer)


@on("curves", "MT-07")
def open_phase(_part: Part, job: Job, row: int, curves: Curves) -> None:
    """Open a phase for three hours, every second time in the curve; of the look-alikes one loses all phases."""
    place, (day, hour) = _place(curves, row), _own_start(job)
    quarters = slice(hour * 4, hour * 4 + 12)
    if job.fault and job.index % 2 == 0:
        curves.voltage[place, day - 1, quarters, job.index % 3] *= 0.1
        curves.current[place, day - 1, quarters, job.index % 3] = 0
    elif not job.fault and job.index % 3 == 2:
        curves.voltage[place, day - 1, quarters] = 0
        curves.current[place, day - 1, quarters] = 0
        curves.power[place, day - 1, quarters] = 0


@on("rows", "MT-07")
def report_phase(world: World, job: Job, rows: Rows) -> None:
    """Report an open phase as the meter's event; look-alikes end at once, or fail together with the neighbours."""
    day, hour = _own_start(job)
    start, phase = in_month(LAST, day, hour), "ABC"[job.index % 3]
    note = f"phase {phase} open for three hours"
    if job.fault and job.index % 2:
        _event(
            rows,
            job,
            ("3003", "E200001E")[job.index % 4 // 2],
            start,
            start + timedelta(hours=3),
            phase=phase,
        )
    elif not job.fault and job.index % 3 == 0:
        note = "the phase of the feeder failed, at the neighbours too"
        for minute, point in enumerate((job.point, *_neighbours(world, job, 2))):
            at = start + timedelta(minutes=2 * minute)
            _event(rows, job, "3003", at, at + timedelta(hours=1), phase=phase, point=point)
    elif not job.fault:
        note = "open for 40 seconds" if job.index % 3 == 1 else "without voltage in all phases"
        _event(rows, job, "3003", start, start + timedelta(seconds=40), phase=phase)
    say_point(world, job, note)


def _neighbours(world: World, job: Job, count: int) -> list[str]:
    """Return the points of some undisturbed three-phase customers of the same feeder."""
    customers = world.customers
    fits = (
        (customers.feeder == customers.feeder[job.customer]) & ~customers.special & (customers.closed == NULL)
    )
    fits &= (of_main(world, "wiring") != SINGLE) & (of_main(world, "swap") == NULL)
    return [f"P{customer + 3_401_000_001}0" for customer in np.flatnonzero(fits)[:count]]


@on("rows", "MT-09")
def turn_phases(world: World, job: Job, rows: Rows) -> None:
    """Turn the sequence of the phases; look-alikes are turned in the laboratory, or put right by a fault order."""
    start = in_month(LAST, 5 + job.index % 20, 11)
    end: datetime | None = start + timedelta(hours=30)
    note = "reverse phase sequence for 30 hours"
    if job.fault and job.index % 3 == 2:
        start, end, note = in_month(LAST - 1, 12, 11), None, "reverse phase sequence since September"
    elif not job.fault and job.index % 2 == 0:
        start, end, note = (
            _hung(world, job) - timedelta(days=20),
            None,
            "in the laboratory before installation",
        )
    elif not job.fault:
        end, note = start + timedelta(hours=3), "put right within a fault order"
        _fault_order(world, job, rows, start, start + timedelta(hours=5))
    _event(rows, job, ("300F", "3010", "ERC11")[job.index % 3], start, end)
    say_point(world, job, note)


def _fault_order(
    world: World, job: Job, rows: Rows, opened: datetime, closed: datetime, of: int | None = None
) -> None:
    """Open a fault order two hours before the work, of the customer or of another one."""
    number = job.number if of is None else str(of + 3_401_000_001)
    rows["work_order"].append(
        {
            "order_no": f"WY{job.number}", "kind": "meter_fault", "customer_no": number, "opened_at": opened - timedelta(hours=2),
            "org_no": str(world.network.station_numbers()[int(world.customers.station[job.customer])]),
            "closed_at": closed, "state": "done",
        }
    )  # fmt: skip


@on("archive", "MT-10")
def watch_power(world: World, job: Job) -> None:
    """Keep the curve of those whose power turns."""
    if job.index % 3 == 1:
        world.plan.curve_customers.append(job.customer)


@on("curves", "MT-10")
def turn_power(_part: Part, job: Job, row: int, curves: Curves) -> None:
    """Turn the power of four afternoons; the look-alike feeds back for two quarters of an hour."""
    if job.index % 3 == 1:
        place = _place(curves, row)
        days, quarters = (slice(10, 14), slice(56, 72)) if job.fault else (slice(10, 11), slice(56, 58))
        curves.power[place, days, quarters] *= -1


@on("rows", "MT-10")
def report_reverse(world: World, job: Job, rows: Rows) -> None:
    """Let power flow backwards by event, curve or register; look-alikes do so for moments."""
    start = in_month(LAST, 4 + job.index % 20, 15)
    notes = (
        "reverse power of a phase for six hours",
        "negative power on four afternoons",
        "reverse register moves",
    )
    note = notes[job.index % 3]
    if not job.fault:
        note = "power fed back for moments"
    if job.index % 3 == 0:
        _event(
            rows,
            job,
            "3007",
            start,
            start + (timedelta(hours=6) if job.fault else timedelta(seconds=30)),
            phase="B",
        )
    if job.index % 3 == 2:
        # Of the forward energy a fifth, or half a percent.
        share = Decimal("0.2") if job.fault else Decimal("0.005")
        daily = Decimal(round(float(world.customers.base[job.customer]), 1))
        _reverse_register(
            world, job, rows, (share * 30 * daily / int(world.points.multiplier[_main(world, job)]))
        )
    say_point(world, job, note)


def _reverse_register(world: World, job: Job, rows: Rows, value: Decimal) -> None:
    day = int(world.customers.read_day[job.customer])
    rows["reading"].append(
        {
            "mp_id": job.point, "meter_id": _meter(job), "bill_month": in_month(LAST, 1).date(), "register": "reverse",
            "previous_value": "0", "previous_at": in_month(LAST - 1, day, 0, 5), "value": f"{value:.2f}",
            "read_at": in_month(LAST, day, 0, 5), "method": "ami", "status": "read",
        }
    )  # fmt: skip


@on("curves", "MT-11")
def unbalance_currents(part: Part, job: Job, row: int, curves: Curves) -> None:
    """Halve a phase current for ten days; look-alikes do so for five, or carry their load on one phase only."""
    place, phase = _place(curves, row), job.index % 3
    others = [p for p in range(3) if p != phase]
    note = "a phase with half of the current for ten days"
    if not job.fault and job.index % 2 == 0:
        curves.current[place, :, :, others] = 0
        curves.current[place, :, :, phase] *= 3
        note = "single-phase load"
    else:
        curves.current[place, 8 : 18 if job.fault else 13, :, phase] *= 0.5
        note = note if job.fault else "a phase with half of the current for five days"
    say_point(part.world, job, note)


@on("curves", "MT-12")
def unbalance_voltages(_part: Part, job: Job, row: int, curves: Curves) -> None:
    """Let a voltage fall by 8 % on six days, every second time in the curve; the look-alike for an hour."""
    if job.fault and job.index % 2 == 0:
        curves.voltage[_place(curves, row), 6:12, 32:72, 2 * (job.index % 4 // 2)] *= 0.92
    elif not job.fault:
        curves.voltage[_place(curves, row), 6, 32:36, 0] *= 0.92


@on("rows", "MT-12")
def report_voltages(world: World, job: Job, rows: Rows) -> None:
    """Report a voltage imbalance as the meter's event; the look-alike lasts half a minute."""
    start = in_month(LAST, 8 + job.index % 15, 9)
    note = "a voltage 8 % low on six days"
    if job.fault and job.index % 2:
        _event(rows, job, "301D", start, start + timedelta(hours=2))
        note = "voltage imbalance for two hours"
    elif not job.fault:
        _event(rows, job, "301D", start, start + timedelta(seconds=30))
        note = "voltages differ for moments"
    say_point(world, job, note)


@on("rows", "MT-14")
def open_terminals(world: World, job: Job, rows: Rows) -> None:
    """Open the terminal cover without an order; look-alikes were opened in the store, or with a neighbour who has the order."""
    at = in_month(LAST, 4 + job.index % 24, 20, 15)
    note = "terminal cover opened without an order"
    if job.fault:
        follows(world, job, "SL-05", NOW)
    elif job.index % 2 == 0:
        at = _hung(world, job) - timedelta(days=30)
        note = "opened in the store before installation"
    else:
        at, note = at.replace(hour=14), "opened for a neighbour's order, seals changed and entered"
        _fault_order(world, job, rows, at, at + timedelta(hours=2), of=job.customer - 1)
        _change_seal(world, job, rows, at)
    _event(rows, job, ("301C", "ERC38")[job.index % 2], at, at + timedelta(minutes=20))
    say_point(world, job, note)


def _change_seal(world: World, job: Job, rows: Rows, at: datetime) -> None:
    """Take the terminal seal off and put a new one on, by the order."""
    worker = world.staff.one("meter_installer", int(world.customers.station[job.customer]))
    new, old_seal = f"ZY{job.number}", f"Z{job.number}001"
    issued = at - timedelta(days=3)
    rows["seal"].append(
        {
            "seal_no": new,
            "trade": "installation",
            "issued_to": worker,
            "issued_at": issued,
            "state": "applied",
        }
    )
    place = {"mp_id": job.point, "place": "terminal_cover", "order_no": f"WY{job.number}"}
    steps: tuple[dict[str, object], ...] = (
        {"seal_no": new, "action": "issue", "at": issued},
        {**place, "seal_no": old_seal, "action": "remove", "at": at - timedelta(minutes=5)},
        {**place, "seal_no": new, "action": "apply", "at": at + timedelta(minutes=30)},
        {"seal_no": old_seal, "action": "return", "at": at + timedelta(days=2)},
    )
    rows["seal_operation"] += [
        {"operation_id": f"OY{job.number}{rank}", "operator_id": worker, **step}
        for rank, step in enumerate(steps)
    ]


@on("rows", "MT-15")
def hold_magnet(world: World, job: Job, rows: Rows) -> None:
    """Hold a magnet to the meter for hours; look-alikes feel a motor for seconds, or the magnet of the store."""
    at = in_month(LAST, 4 + job.index % 24, 19, 30)
    end: datetime | None = at + timedelta(hours=9)
    note = "magnetic field for nine hours"
    if job.fault and job.index % 3 == 2:
        end, note = None, "magnetic field that stays"
    elif not job.fault and job.index % 2 == 0:
        note = "a motor nearby, three times for 20 seconds"
        for day in (1, 2):
            again = at + timedelta(days=day)
            _event(rows, job, "302A", again, again + timedelta(seconds=20))
        end = at + timedelta(seconds=20)
    elif not job.fault:
        at = _hung(world, job) - timedelta(days=15)
        end, note = at + timedelta(hours=3), "magnet of the store before installation"
    _event(rows, job, ("302A", "ERC40")[job.index % 2], at, end)
    say_point(world, job, note)


@on("rows", "MT-16")
def let_clock_run(world: World, job: Job, rows: Rows) -> None:
    """Let the clock run wrong; look-alikes are set by the terminal in the same night, or a day before the month began."""
    at = in_month(LAST, 4 + job.index % 20, 3)
    note = "clock wrong, and never set"
    if job.fault and job.index % 3 == 1:
        note = "clock set after four days"
        _event(rows, job, "3016", at + timedelta(days=4), at + timedelta(days=4))
    elif job.fault and job.index % 3 == 2:
        at, note = in_month(LAST - 2, 9, 3), "clock wrong since August"
    elif not job.fault and job.index % 2 == 0:
        note = "clock set in the same night"
        _event(rows, job, "3016", at + timedelta(hours=2), at + timedelta(hours=2))
    elif not job.fault:
        at, note = in_month(LAST - 1, 12, 3), "clock set in September"
        _event(rows, job, "3016", in_month(LAST - 1, 30, 3), in_month(LAST - 1, 30, 3))
    _event(rows, job, ("3105", "ERC12", "302E")[job.index % 3], at, None)
    say_point(world, job, note)


@on("archive", "MT-17")
def watch_load(world: World, job: Job) -> None:
    """Keep the curve of those whose load shows that the register stands."""
    if world.points.wiring[_main(world, job)] != SINGLE:
        world.plan.curve_customers.append(job.customer)


@on("energy", "MT-17")
def stop_register(part: Part, job: Job, row: int) -> None:
    """Stop the register for two days, or from the 22nd on where only the meter's event tells."""
    if job.fault:
        first = STOPPED_CURVE if part.get("wiring")[row] != SINGLE else STOPPED_EVENT
        last = first + 2 if part.get("wiring")[row] != SINGLE else DAYS
        part.metered[row, first:last] = 0


@on("curves", "MT-17")
def keep_current(part: Part, job: Job, row: int, curves: Curves) -> None:
    """Let current and voltage of the stopped days go on as on the days before."""
    if job.fault and part.get("wiring")[row] != SINGLE:
        place, day = _place(curves, row), STOPPED_CURVE - (DAYS - CURVE_DAYS)
        curves.current[place, day : day + 2] = np.maximum(curves.current[place, day - 1], 0.4)
        curves.power[place, day : day + 2] = curves.power[place, day - 1]


@on("rows", "MT-17")
def report_stop(world: World, job: Job, rows: Rows) -> None:
    """Report a stop; look-alikes stood for a night, or run again though the end was not reported."""
    at = in_month(LAST, 22, 1)
    note = "load on two days, and the register stands"
    if world.points.wiring[_main(world, job)] == SINGLE:
        _event(
            rows,
            job,
            ("310E", "ERC30")[job.index % 2],
            at,
            None if job.fault or job.index % 2 else at + timedelta(hours=9),
        )
        note = (
            "register stands since the 22nd"
            if job.fault
            else "stood for a night, or its end was not reported"
        )
    say_point(world, job, note)


@on("energy", "MT-18")
def jump(part: Part, job: Job, row: int) -> None:
    """Let the register jump by 1.5 times what the capacity can use in a day; look-alikes jump by two thirds of it."""
    limit = 24 * 12_000 * int(part.of_customer("kva")[row])
    share = Decimal("1.5") if job.fault else Decimal("0.66")
    if job.fault or job.index % 2 == 0:
        part.step_day[row] = index_of(date(2026, 10, 21 + job.index % 6))
        part.step_size[row] = int(limit * share) // int(part.unit()[row])


@on("rows", "MT-18")
def report_jump(world: World, job: Job, rows: Rows) -> None:
    """Report a register that ran away where every second job's terminal does; a look-alike's frozen registers refute it."""
    at = in_month(LAST, 21 + job.index % 6, 12)
    note = "register jumps beyond the capacity"
    if job.index % 2:
        _event(rows, job, ("310D", "ERC29")[job.index % 4 // 2], at, at + timedelta(hours=1))
    if not job.fault:
        note = (
            "event of a terminal, the frozen registers are normal"
            if job.index % 2
            else "a day of two thirds of the limit"
        )
    say_point(world, job, note)


def _hung(world: World, job: Job) -> datetime:
    return datetime.combine(to_date(int(world.points.installed[_main(world, job)])), time(10))


def _three_phase(world: World) -> Bools:
    """Return low-voltage customers with a three-phase meter and without panels."""
    customers = world.customers
    fits = ~customers.is_hv() & (of_main(world, "wiring") == FOUR_WIRE) & (customers.pv_kw == 0)
    return np.asarray(fits & old(world))


def _high_metered(world: World) -> Bools:
    return np.asarray(world.customers.is_hv() & (of_main(world, "mode") == HV_HV) & old(world))


RECIPES: tuple[Recipe, ...] = (
    Recipe("MT-02", hv("hv_works", "hv_industry", "hv_nonindustry"), alike=hv("hv_pump")),
    # What is tested or reported does not disturb a special life.
    Recipe("MT-04", lambda w: w.customers.is_hv() & old(w), own=True),
    Recipe("MT-05", lambda w: w.customers.is_hv() & old(w), own=True),
    Recipe("MT-12", _high_metered, own=True),
    Recipe("MT-07", _three_phase),
    Recipe("MT-09", _three_phase),
    Recipe("MT-10", _three_phase),
    Recipe("MT-11", lambda w: _three_phase(w) & (of_main(w, "ct") == 1)),
    Recipe("MT-14", lambda w: home(w, 2, 30)),
    Recipe("MT-15", lambda w: home(w, 2, 30)),
    Recipe("MT-16", lambda w: home(w, 2, 30)),
    Recipe("MT-17", lambda w: _three_phase(w) & (of_main(w, "ct") == 1) & (w.customers.base < 130)),
    Recipe("MT-17", lambda w: home(w, 2, 7)),
    # A jump in the register is a negative loss of the district on that day: one a district, or it would be a fault of its own.
    Recipe("MT-18", lambda w: alone(w, home(w, 2, 30) & unwatched(w) & ~w.customers.special)),
)
