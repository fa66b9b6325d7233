"""Daily supply of districts and feeders: what customers drew by the truth, less export, plus technical loss."""

from __future__ import annotations

import numpy as np

from jicha.demo.consumption import net_load
from jicha.demo.frame import Frame, take
from jicha.demo.grid import BASE, DAYS, Bools, Ints
from jicha.demo.network import district_ids, feeder_ids
from jicha.demo.plant.line_loss import tell_shifted_losses
from jicha.demo.plant.topics.supply_losses import arrived, measure_feeders, measure_supply, tell_jumps
from jicha.demo.points import MAIN, SECOND
from jicha.demo.world import Part


def balance_frames(part: Part) -> tuple[Frame, Frame, Frame | None]:
    """Return district_daily, feeder_daily and feeder_switching of the part."""
    net = net_load(part)
    districts, district = np.unique(part.world.plan.true_district(part), return_inverse=True)
    feeders, feeder = np.unique(part.of_customer("feeder"), return_inverse=True)
    passed = _sum_by(district, net, len(districts))
    used = _sum_by(district, net * (part.get("role") == MAIN)[:, None], len(districts))
    rng = part.rng("losses")
    rate = rng.integers(220, 420, (len(districts), 1)) + rng.integers(-20, 21, (len(districts), DAYS))
    lawful = passed + used * rate // 10_000
    supply = part.world.plan.master_meter(districts, lawful.copy())
    # What is tapped ahead of the meters came down the feeder too.
    drawn = np.maximum(supply, lawful)
    supply = measure_supply(part, districts, supply)
    loaded = arrived(part, districts)
    tell_shifted_losses(part, districts, supply)
    tell_jumps(part, districts, supply, loaded)
    low = districts >= 0
    feeder_of_district = part.world.network.district_feeder[np.maximum(districts, 0)]
    total = np.zeros((len(feeders), DAYS), dtype=np.int64)
    np.add.at(total, np.searchsorted(feeders, feeder_of_district[low]), drawn[low])
    high = np.isin(part.get("role"), (MAIN, SECOND)) & (part.of_customer("district") < 0)
    np.add.at(total, feeder[high], net[high])
    gross = rng.integers(100, 160, (len(feeders), 1)) + rng.integers(-10, 11, (len(feeders), DAYS))
    total = measure_feeders(part, feeders, total + np.abs(total) * gross // 10_000)
    return (
        take(
            _frame("district_id", district_ids(np.repeat(districts[low], DAYS)), supply[low]),
            loaded[low].reshape(-1),
        ),
        take(_frame("feeder_id", feeder_ids(np.repeat(feeders, DAYS)), total), _arrived(part, feeders)),
        None,
    )


def _arrived(part: Part, feeders: Ints) -> Bools:
    """Return of which feeders and days the supply was loaded."""
    station = np.repeat(part.world.network.feeder_station[feeders], DAYS)
    return part.world.plan.loaded(station, np.tile(np.arange(DAYS), len(feeders)))


def _sum_by(group: Ints, values: Ints, count: int) -> Ints:
    result = np.zeros((count, values.shape[1]), dtype=np.int64)
    np.add.at(result, group, values)
    return result


def _frame(key: str, ids: object, supply: Ints) -> Frame:
    count = len(supply)
    return {key: ids, "day": np.tile(np.arange(DAYS) + BASE, count), "supply_kwh": supply.reshape(-1)}
