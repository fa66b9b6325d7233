"""Seals (封印) on meter cover, terminal cover and box of every metered point, and the ledger of their lives."""

from __future__ import annotations

import numpy as np

from jicha.demo.frame import Frame, Ids, Pick
from jicha.demo.grid import BASE, NULL, Ints, moment
from jicha.demo.orders import CLOSURE, NEW, SWAP, TEST, test_day, tested_customers
from jicha.demo.points import FIXED, MAIN, point_ids
from jicha.demo.site_checks import site_check_frames
from jicha.demo.world import Part

SEAL_PLACES = ["meter_cover", "terminal_cover", "box"]
TERMINAL, AFTER_TEST = 1, 2
STATES = ["in_stock", "issued", "applied", "removed", "returned", "lost", "scrapped"]


def seal_numbers(points: Ints, generation: int, place: int) -> Ints:
    """Return seal numbers: the point, the rank of its meter and the place."""
    return points * 100 + generation * 10 + place


def seal_frames(part: Part) -> tuple[list[Frame], list[Frame]]:
    """Return the seals of the part and the operations on them."""
    numbers = part.world.points.numbers()[part.points]
    role, swap = part.get("role"), part.get("swap")
    closed, installed = part.of_customer("closed"), part.get("installed")
    seals: list[Frame] = []
    operations: list[Frame] = []
    rows = np.flatnonzero(role != FIXED)
    tested = _tested(part)
    for place in range(3):
        keep = rows[~part.world.plan.missing_seal(part, rows, place)]
        end = np.where(swap[keep] != NULL, swap[keep], closed[keep])
        if place == TERMINAL:
            end = np.where(tested[keep] != NULL, tested[keep], end)
        _life(part, keep, numbers[keep], 0, place, installed[keep], end, seals, operations)
        again = keep[swap[keep] != NULL]
        if len(again):
            _life(part, again, numbers[again], 1, place, swap[again], closed[again], seals, operations)
        new = keep[tested[keep] != NULL]
        if len(new) and place == TERMINAL:
            _life(part, new, numbers[new], AFTER_TEST, place, tested[new], closed[new], seals, operations)
    return seals, [*operations, *site_check_frames(part)]


def _tested(part: Part) -> Ints:
    """Return for each point the day of a test on request, for which the terminal cover is opened and sealed again."""
    result = np.full(len(part.owner), NULL, dtype=np.int64)
    customers = tested_customers(part)
    chosen = np.isin(part.owner, customers) & (part.get("role") == MAIN)
    result[chosen] = test_day(part, part.owner[chosen])
    return result


def _life(
    part: Part,
    rows: Ints,
    points: Ints,
    generation: int,
    place: int,
    applied: Ints,
    removed: Ints,
    seals: list[Frame],
    operations: list[Frame],
) -> None:
    numbers = seal_numbers(points, generation, place)
    gone = removed != NULL
    station = part.of_customer("station")[rows]
    installer = part.world.staff.ids("meter_installer", station, points % 3)
    seals.append(
        {
            "seal_no": Ids("Z", numbers),
            "trade": Pick(
                np.zeros(len(rows), dtype=np.int64), ["verification" if place == 0 else "installation"]
            ),
            "issued_to": installer,
            "issued_at": moment(applied - 6, 9),
            "state": Pick(np.where(gone, 4, 2), STATES),
        }
    )
    customer = points // 10 * 10
    fresh = (applied >= BASE) & (generation == 0)
    order = np.where(fresh, customer + NEW, NULL)
    if generation:
        order = customer + (SWAP if generation == 1 else TEST)
    everyone = np.arange(len(rows))
    leave = np.where(gone, removed, 0)
    removal = customer + CLOSURE
    if generation == 0:
        exchanged = part.get("swap")[rows] != NULL
        in_test = ~exchanged & (part.of_customer("closed")[rows] == NULL)
        removal = customer + np.select([exchanged, in_test], [SWAP, TEST], CLOSURE)
    for rank, action, day, hour, chosen, orders in (
        (1, "issue", applied - 6, 9, everyone, np.full(len(rows), NULL, dtype=np.int64)),
        (2, "apply", applied, 10, everyone, order),
        (3, "remove", leave, 10, np.flatnonzero(gone), removal),
        (4, "return", leave + 5, 15, np.flatnonzero(gone), np.full(len(rows), NULL, dtype=np.int64)),
    ):
        if len(chosen):
            operations.append(
                {
                    "operation_id": Ids("O", numbers[chosen] * 10 + rank),
                    "seal_no": Ids("Z", numbers[chosen]),
                    "mp_id": point_ids(np.where(action in ("apply", "remove"), points[chosen], NULL)),
                    "place": Pick(
                        np.full(len(chosen), place if action in ("apply", "remove") else -1, dtype=np.int64),
                        SEAL_PLACES,
                    ),
                    "action": Pick(np.zeros(len(chosen), dtype=np.int64), [action]),
                    "at": moment(day[chosen], hour, 40 if action == "apply" else rank),
                    "operator_id": installer.take(chosen),
                    "order_no": Ids("W", orders[chosen]),
                }
            )


__all__ = ["SEAL_PLACES", "seal_frames", "seal_numbers"]
