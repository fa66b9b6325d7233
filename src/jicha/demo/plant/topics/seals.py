"""Planted faults of seals (封印): SL-02, SL-04, SL-06, SL-07, SL-08, SL-09."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from jicha.demo.grid import LAST
from jicha.demo.plant.candidates import Recipe, home
from jicha.demo.plant.permission import hire
from jicha.demo.plant.registry import NOW, Job, Rows, in_month, on, say, say_point
from jicha.demo.world import World

BOX = 2
PLACES = ("meter_cover", "terminal_cover", "box")


def _worker(world: World, job: Job, post: str, rank: int = 0) -> str:
    return world.staff.one(post, int(world.customers.station[job.customer]), rank)


def _org(world: World, job: Job) -> str:
    return str(world.network.station_numbers()[int(world.customers.station[job.customer])])


def _old(job: Job, place: int) -> str:
    return f"Z{job.number}00{place}"


def _order(world: World, job: Job, at: datetime, kind: str = "meter_fault") -> dict[str, Any]:
    """Return an order opened the day before the work and closed the same afternoon."""
    return {
        "order_no": f"WF{job.number}", "kind": kind, "customer_no": job.number, "org_no": _org(world, job),
        "opened_at": at - timedelta(days=1), "closed_at": datetime.combine(at, time(16, 20)), "state": "done",
    }  # fmt: skip


def _change(world: World, job: Job, rows: Rows, at: datetime, place: int = BOX, **more: Any) -> None:
    """Take a seal off and put a new one on; `more` overrides what is done by whom.

    remover, applier: employees; trade; order_no: None where nobody noted it; returned_after: days, None where the old one stays out.
    """
    installer = _worker(world, job, "meter_installer")
    new, order = f"ZX{job.number}", more.get("order_no", f"WF{job.number}")
    applier = more.get("applier", installer)
    rows["work_order"].append(_order(world, job, at))
    rows["seal"].append(
        {
            "seal_no": new, "trade": more.get("trade", "installation"), "issued_to": applier, "issued_at": at - timedelta(days=6), "state": "applied",
        }
    )  # fmt: skip
    at_point = {"mp_id": job.point, "place": PLACES[place], "order_no": order}
    steps: list[dict[str, Any]] = [
        {"seal_no": new, "action": "issue", "at": at - timedelta(days=6), "operator_id": applier},
        {**at_point, "seal_no": _old(job, place), "action": "remove", "at": at, "operator_id": more.get("remover", installer)},
        {**at_point, "seal_no": new, "action": "apply", "at": at + timedelta(minutes=40), "operator_id": applier},
    ]  # fmt: skip
    days = more.get("returned_after", 2)
    if days is not None:
        steps.append(
            {
                "seal_no": _old(job, place), "action": "return", "at": at + timedelta(days=days), "operator_id": installer,
            }
        )  # fmt: skip
    rows["seal_operation"] += [
        {"operation_id": f"OX{job.number}{rank}", **step} for rank, step in enumerate(steps)
    ]


@on("rows", "SL-02")
def see_another_number(world: World, job: Job, rows: Rows) -> None:
    """See another number on the box than the ledger's; look-alikes write it with a hyphen, or correct a misread one."""
    at = in_month(LAST, 9 + job.index % 15, 10, 20)
    look: dict[str, Any] = {
        "operation_id": f"OK{job.number}0", "seal_no": _old(job, BOX), "mp_id": job.point, "place": "box", "action": "site_check", "at": at,
        "operator_id": _worker(world, job, "inspector"), "observed_seal_no": f"Y{job.number}7",
    }  # fmt: skip
    note = f"{look['observed_seal_no']} seen, {look['seal_no']} in the ledger"
    if not job.fault and job.index % 2 == 0:
        look["observed_seal_no"] = f"Z-{job.number}002"
        note = "the ledger's number, written with a hyphen"
    rows["seal_operation"].append(look)
    if not job.fault and job.index % 2:
        again = {"at": at + timedelta(days=1), "observed_seal_no": _old(job, BOX)}
        rows["seal_operation"].append({**look, **again, "operation_id": f"OK{job.number}1"})
        note = "misread, and corrected the day after"
    say_point(world, job, note, spans=NOW)


@on("rows", "SL-04")
def keep_seal(world: World, job: Job, rows: Rows) -> None:
    """Draw a seal in August and do nothing with it; look-alikes draw it in September, or hand it over then."""
    seal, holder = f"ZI{job.number}", _worker(world, job, "meter_installer")
    at = in_month(LAST - 2, 5 + job.index % 20, 9)
    issues = [at]
    note = "issued in August, neither applied nor returned"
    if not job.fault:
        issues = [in_month(LAST - 1, 15, 9)] if job.index % 2 == 0 else [at, in_month(LAST - 1, 20, 9)]
        note = "issued or handed over in September"
    rows["seal"].append(
        {"seal_no": seal, "trade": "installation", "issued_to": holder, "issued_at": issues[-1], "state": "issued"}
    )  # fmt: skip
    rows["seal_operation"] += [
        {"operation_id": f"OI{job.number}{rank}", "seal_no": seal, "action": "issue", "at": day, "operator_id": holder}
        for rank, day in enumerate(issues)
    ]  # fmt: skip
    say(world, job, "seal", seal, spans=NOW, note=note)


@on("rows", "SL-06")
def keep_old_seal(world: World, job: Job, rows: Rows) -> None:
    """Change a box seal in September and keep the old one; look-alikes hand it in after 25 days, or put it on again."""
    at = in_month(LAST - 1, 10 + job.index % 20, 10)
    note = "taken off in September and not returned"
    if job.fault:
        _change(world, job, rows, at, returned_after=None)
    elif job.index % 2 == 0:
        _change(world, job, rows, at, returned_after=25)
        note = "returned after 25 days"
    else:
        rows["work_order"].append(_order(world, job, at))
        base = {
            "seal_no": _old(job, BOX), "mp_id": job.point, "place": "box", "order_no": f"WF{job.number}",
            "operator_id": _worker(world, job, "meter_installer"),
        }  # fmt: skip
        rows["seal_operation"] += [
            {**base, "operation_id": f"OX{job.number}0", "action": "remove", "at": at},
            {**base, "operation_id": f"OX{job.number}1", "action": "apply", "at": at + timedelta(minutes=30)},
        ]
        note = "put on again in the same place"
    say(world, job, "seal", _old(job, BOX), spans=NOW, note=note)


@on("rows", "SL-07")
def seal_without_right(world: World, job: Job, rows: Rows) -> None:
    """Let the wrong hand or the wrong seal be used; look-alikes are inspectors and readers with seals of their own."""
    at = in_month(LAST, 9 + job.index % 15, 10)
    step, note = 2, ""
    if not job.fault:
        post, trade = (("inspector", "inspection"), ("reader", "reading"))[job.index % 2]
        _change(world, job, rows, at, applier=_worker(world, job, post), trade=trade)
        note = f"a seal of {trade} by the {post}"
    elif job.index % 4 == 0:
        _change(world, job, rows, at, applier=_worker(world, job, "connection"))
        note = "applied by somebody without a seal permit"
    elif job.index % 4 == 1:
        _change(world, job, rows, at, applier=_worker(world, job, "inspector"))
        note = "an installer's seal applied by an inspector"
    elif job.index % 4 == 2:
        _change(world, job, rows, at, place=0)
        note = "an installer's seal on the meter cover"
    else:
        _change(world, job, rows, at, remover=_worker(world, job, "reader"))
        step, note = 1, "taken off by a reader"
    say(world, job, "seal_operation", f"OX{job.number}{step}", spans=NOW, note=note)


@on("archive", "SL-08")
def hire_careless(world: World, job: Job) -> None:
    """Hire the person whose seals get lost."""
    job.memo["holder"] = hire(world, job, post="meter_installer")
    job.customer = -1


@on("rows", "SL-08")
def lose_seals(world: World, job: Job, rows: Rows) -> None:
    """Lose four seals in the month, or two of a hundred; look-alikes lose one, or scrap what was returned."""
    number = job.memo["holder"]
    lost, ending = (4, "lose") if job.index % 2 == 0 else (2, "lose")
    note = "four seals lost in the month" if job.index % 2 == 0 else "two of a hundred seals lost"
    if not job.fault:
        lost, ending = (1, "lose") if job.index % 2 == 0 else (6, "scrap")
        note = "one seal lost" if job.index % 2 == 0 else "six returned seals scrapped"
    for rank in range(100):
        _one_seal(rows, number, rank, ending if rank < lost else "return")
    say(world, job, "employee", f"E{number}", spans=NOW, note=note)


def _one_seal(rows: Rows, holder: int, rank: int, ending: str) -> None:
    """Issue a seal in September; let it end in October, or be handed in a week later."""
    seal, person = f"ZH{holder}{rank:03d}", f"E{holder}"
    state = {"lose": "lost", "scrap": "scrapped", "return": "returned"}[ending]
    issued = datetime.combine(date(2026, 9, 21), time(9, 0))
    returned = datetime.combine(date(2026, 9, 28), time(15, 0))
    rows["seal"].append(
        {"seal_no": seal, "trade": "installation", "issued_to": person, "issued_at": issued, "state": state}
    )
    steps = [("issue", issued)]
    if ending != "lose":
        steps.append(("return", returned))
    if ending != "return":
        steps.append((ending, in_month(LAST, 12 + rank % 10, 15)))
    rows["seal_operation"] += [
        {"operation_id": f"OH{holder}{rank:03d}{place}", "seal_no": seal, "action": action, "at": at, "operator_id": person}
        for place, (action, at) in enumerate(steps)
    ]  # fmt: skip


@on("rows", "SL-09")
def forget_numbers(world: World, job: Job, rows: Rows) -> None:
    """Close an order of work at the meter without seal numbers; look-alikes have them, with or without the order's number."""
    at = in_month(LAST, 12 + job.index % 10, 10)
    if job.fault:
        rows["work_order"].append(_order(world, job, at))
    else:
        _change(world, job, rows, at, order_no=None if job.index % 2 else f"WF{job.number}")
    for seq, (node, post, start, end) in enumerate(
        (
            ("accept", "connection", at - timedelta(days=1), at - timedelta(hours=23)),
            ("survey", "meter_installer", at - timedelta(minutes=30), at + timedelta(minutes=50)),
            ("archive", "connection", at + timedelta(hours=4), datetime.combine(at, time(16, 20))),
        )
    ):
        rows["work_order_node"].append(
            {
                "order_no": f"WF{job.number}", "seq": seq + 1, "node": node, "started_at": start, "finished_at": end,
                "operator_id": _worker(world, job, post, seq), "suspended_working_days": 0,
            }
        )  # fmt: skip
    note = "closed without seal numbers" if job.fault else "seals changed and entered"
    say(world, job, "work_order", f"WF{job.number}", spans=NOW, note=note)


RECIPES: tuple[Recipe, ...] = tuple(
    Recipe(rule, lambda w: home(w, 2, 30)) for rule in ("SL-02", "SL-04", "SL-06", "SL-07", "SL-08", "SL-09")
)
