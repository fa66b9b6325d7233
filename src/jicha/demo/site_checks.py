"""Checks on site (现场核抄) of remotely read meters: once a year, and in each of the first three cycles of a new point."""

from __future__ import annotations

import numpy as np

from jicha.demo.frame import Frame, Ids, Pick
from jicha.demo.grid import BASE, NULL, Ints, moment
from jicha.demo.points import MAIN, SECOND, SUB, point_ids
from jicha.demo.world import Part

FIRST_DAY, DAYS = 100, 200  # the days, from the demo's first, in which the yearly checks fall
FIRST_CYCLES = 3
BOX = 2


def site_check_frames(part: Part) -> list[Frame]:
    """Return the looks at billing points by their readers, who note the number of a seal."""
    rows = np.flatnonzero(np.isin(part.get("role"), (MAIN, SUB, SECOND)))
    opened = part.of_customer("opened")[rows] - BASE
    kept = rows[~np.isin(part.owner[rows], list(part.world.plan.unchecked)) & (opened < FIRST_DAY)]
    fresh, since = rows[opened >= 0], opened[opened >= 0]
    # The first planned day after the connection ends the first cycle.
    first = (part.planned[fresh] <= since[:, None]).sum(axis=1)
    frames = [_checks(part, kept, FIRST_DAY + kept * 7 % DAYS, 5)]
    for cycle in range(FIRST_CYCLES):
        inside = first + cycle < part.planned.shape[1]
        ends = part.planned[fresh[inside], first[inside] + cycle]
        frames.append(_checks(part, fresh[inside], ends, 6 + cycle))
    return [frame for frame in frames if len(frame["at"])]


def _checks(part: Part, rows: Ints, day: Ints, rank: int) -> Frame:
    closed = part.of_customer("closed")[rows]
    there = (closed == NULL) | (day + BASE < closed)
    rows, day = rows[there], day[there]
    points, swap = part.world.points.numbers()[part.points][rows], part.get("swap")[rows]
    # The box is looked at where the cover has no seal.
    box = part.world.plan.missing_seal(part, rows, 0)
    seals = points * 100 + np.where((swap != NULL) & (day + BASE > swap), 10, 0) + np.where(box, BOX, 0)
    return {
        "operation_id": Ids("O", seals * 10 + rank),
        "seal_no": Ids("Z", seals),
        "mp_id": point_ids(points),
        "place": Pick(box.astype(np.int64), ["meter_cover", "box"]),
        "action": "site_check",
        "at": moment(day + BASE, 14, points % 60),
        "operator_id": part.world.staff.reader_ids(
            part.of_customer("station")[rows], part.of_customer("section")[rows]
        ),
        "observed_seal_no": Ids("Z", seals),
    }
