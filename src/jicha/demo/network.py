"""Stations, feeders and districts (台区) of the county."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jicha.demo.frame import Frame, Ids, Pick, pick
from jicha.demo.grid import NULL, Bools, Ints, generator

CITY = "34401"
COUNTY = "3440101"
STATION_NAMES = ("城关", "东塘", "南溪", "西坞", "北桥", "柳湖", "青岩", "石浦", "竹口", "白沙")
PLACE_FIRST = ("云", "青", "石", "竹", "白", "柳", "桃", "枫", "松", "溪", "湖", "塘", "龙", "凤", "金", "清")
PLACE_SECOND = (
    "溪",
    "岩",
    "浦",
    "口",
    "沙",
    "湾",
    "坞",
    "桥",
    "岭",
    "田",
    "埠",
    "坪",
    "渡",
    "墩",
    "桐",
    "源",
)
FEEDER_PREFIX = "F"
DISTRICT_PREFIX = "D"
FEEDER_BASE = 3440100
DISTRICT_BASE = 344010000


@dataclass
class Network:
    """Which station each feeder and which feeder each district belongs to."""

    stations: int
    feeder_station: Ints
    district_feeder: Ints
    district_urban: Bools
    district_size: Ints
    feeder_hv: Ints

    def station_numbers(self) -> Ints:
        """Return the nine-digit codes of the stations."""
        return np.arange(self.stations, dtype=np.int64) + int(COUNTY + "01")


def make_network(seed: int, low_voltage: int, high_voltage: int) -> Network:
    """Lay out stations, feeders and districts for so many customers."""
    rng = generator(seed, "network")
    districts = max(8, round(low_voltage / (90 if low_voltage >= 5_000 else 45)))
    feeders = max(6, -(-districts // 12))
    stations = min(6 + (low_voltage + high_voltage) // 20_000, 10, feeders)
    district_feeder = np.arange(districts, dtype=np.int64) * feeders // districts
    weight = rng.integers(60, 121, districts)
    edges = np.cumsum(weight) * low_voltage // weight.sum()
    size = np.diff(np.concatenate([[0], edges])).astype(np.int64)
    hv_edges = np.arange(1, feeders + 1) * high_voltage // feeders
    return Network(
        stations,
        np.arange(feeders, dtype=np.int64) * stations // feeders,
        district_feeder,
        (np.arange(feeders) * stations // feeders < max(1, stations // 3))[district_feeder],
        size,
        np.diff(np.concatenate([[0], hv_edges])).astype(np.int64),
    )


def org_rows(network: Network) -> list[dict[str, str | None]]:
    """Return the organisation tree: city, county, stations."""
    rows: list[dict[str, str | None]] = [
        {"org_no": CITY, "parent_org_no": None, "name": "云浦市供电公司", "level": "city"},
        {"org_no": COUNTY, "parent_org_no": CITY, "name": "青溪县供电公司", "level": "county"},
    ]
    for number, name in zip(network.station_numbers(), STATION_NAMES, strict=False):
        rows.append(
            {"org_no": str(number), "parent_org_no": COUNTY, "name": f"{name}供电所", "level": "station"}
        )
    return rows


def place_names(count: int) -> list[str]:
    """Return invented place names, numbered when they run out."""
    base = [a + b for a in PLACE_FIRST for b in PLACE_SECOND if a != b]
    return [base[i % len(base)] + (f"{i // len(base) + 1}" if i >= len(base) else "") for i in range(count)]


def feeder_frame(network: Network) -> Frame:
    """Return the feeder table."""
    count = len(network.feeder_station)
    names = [f"{name}{100 + i}线" for i, name in enumerate(place_names(count))]
    substations = [f"{STATION_NAMES[s]}变" for s in network.feeder_station]
    return {
        "feeder_id": feeder_ids(np.arange(count)),
        "org_no": Ids("", network.station_numbers()[network.feeder_station]),
        "name": pick(names),
        "substation": pick(substations),
        "nominal_kv": np.full(count, 10 * 10_000, dtype=np.int64),
    }


def district_frame(network: Network) -> Frame:
    """Return the district table."""
    count = len(network.district_feeder)
    names = [f"{name}台区" for name in place_names(count)]
    capacity = np.select([network.district_size > 100, network.district_size > 75], [630, 400], 315).astype(
        np.int64
    )
    return {
        "district_id": district_ids(np.arange(count)),
        "feeder_id": feeder_ids(network.district_feeder),
        "org_no": Ids("", network.station_numbers()[network.feeder_station[network.district_feeder]]),
        "name": pick(names),
        "capacity_kva": capacity * 10_000,
        "ownership": "public",
    }


def feeder_ids(index: Ints) -> Ids:
    """Return feeder identifiers; a negative index is null."""
    return Ids(FEEDER_PREFIX, np.where(index < 0, NULL, index + FEEDER_BASE))


def district_ids(index: Ints) -> Ids:
    """Return district identifiers; a negative index is null."""
    return Ids(DISTRICT_PREFIX, np.where(index < 0, NULL, index + DISTRICT_BASE))


def phase_pick(numbers: Ints) -> Pick:
    """Return phases A, B, C by number; negative is all three phases."""
    return Pick(np.where(numbers < 0, 3, numbers % 3), ["A", "B", "C", "ABC"])
