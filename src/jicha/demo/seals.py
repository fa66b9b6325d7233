"""Seals (封印) on meter cover, terminal cover and box of every metered point, and the ledger of their lives."""

from __future__ import annotations

import numpy as np

from jicha.demo.frame import Frame, Ids, Pick
from jicha.demo.grid import BASE, NULL, Ints, moment
from jicha.demo.points import FIXED, point_ids
from jicha.demo.world import Part

SEAL_PLACES = ["meter_cover", "terminal_cover", "box"]
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
    for place in range(3):
        keep = rows[~part.world.plan.missing_seal(part, rows, place)]
        end = np.where(swap[keep] != NULL, swap[keep], closed[keep])
        _life(part, keep, numbers[keep], 0, place, installed[keep], end, seals, operations)
        again = keep[swap[keep] != NULL]
        if len(again):
            _life(part, again, numbers[again], 1, place, swap[again], closed[again], seals, operations)
    return seals, operations


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
    fresh = (applied >= BASE) & np.isin(generation, (0,))
    install_order = (
        np.where(fresh, points // 10 * 10 + 1, points // 10 * 10 + 3) if generation or fresh.any() else None
    )
    order = np.full(len(rows), NULL, dtype=np.int64)
    if install_order is not None:
        order = np.where(fresh | (generation == 1), install_order, NULL)
    everyone = np.arange(len(rows))
    leave = np.where(gone, removed, 0)
    removal = np.where(part.get("swap")[rows] != NULL, points // 10 * 10 + 3, points // 10 * 10 + 2)
    if generation == 1:
        removal = points // 10 * 10 + 2
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
