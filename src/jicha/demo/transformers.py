"""Customers' transformers and their suspensions (暂停)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from jicha.demo.customers import Customers
from jicha.demo.frame import Frame, Ids, Pick
from jicha.demo.grid import END, NULL, Ints, day_number, generator
from jicha.demo.points import CAPACITY, MAIN, SECOND, Points, point_ids

RUNNING, SUSPENDED, REDUCED, HOT_STANDBY, COLD_STANDBY = range(5)
STATES = ["running", "suspended", "reduced", "hot_standby", "cold_standby"]
RANKS = 2
FAR = 10**6
# Nameplates of S11 transformers: no-load loss kW, load loss kW, no-load current %, impedance %, each × 10⁴.
NAMEPLATES: dict[int, tuple[int, int, int, int]] = {
    80: (1800, 12_500, 22_000, 40_000),
    100: (2000, 15_000, 22_000, 40_000),
    125: (2400, 18_000, 20_000, 40_000),
    160: (2800, 22_000, 19_000, 40_000),
    200: (3400, 26_000, 18_000, 40_000),
    250: (3900, 30_500, 17_000, 40_000),
    315: (4700, 36_500, 16_000, 40_000),
    400: (5600, 43_000, 15_000, 40_000),
    500: (6700, 51_000, 14_000, 40_000),
    630: (8400, 62_000, 13_000, 45_000),
    800: (9800, 75_000, 12_000, 45_000),
    1000: (11_500, 103_000, 11_000, 45_000),
    1250: (13_600, 120_000, 10_000, 45_000),
    1600: (16_400, 145_000, 9000, 45_000),
    2500: (23_300, 212_000, 8000, 55_000),
    6300: (58_000, 384_000, 6000, 75_000),
    16000: (122_000, 770_000, 5000, 105_000),
}


@dataclass
class Transformers:
    """Arrays with one entry a transformer; each has at most one suspension."""

    owner: Ints
    rank: Ints
    kva: Ints
    suspended_from: Ints
    suspended_to: Ints
    agreed_until: Ints
    # Behind which main point it stands, since when it runs if not from the connection on, and the state that the
    # suspension columns speak of.
    role: Ints = field(init=False)
    running_from: Ints = field(init=False)
    state: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.role = np.zeros(len(self.owner), dtype=np.int64)
        self.running_from = np.full(len(self.owner), NULL, dtype=np.int64)
        self.state = np.full(len(self.owner), SUSPENDED, dtype=np.int64)

    def since(self, customers: Customers) -> Ints:
        """Return the day from which each transformer runs."""
        return np.where(self.running_from == NULL, customers.opened[self.owner], self.running_from)

    def relief(self, least_days: int) -> tuple[Ints, Ints]:
        """Return the span in which each transformer is not charged; empty where there is none.

        It ends with the agreed time; a hot standby (热备用) gives none, nor does a suspension below the least days.
        """
        begin = np.where(self.suspended_from == NULL, FAR, self.suspended_from)
        end = np.minimum(
            np.where(self.suspended_to == NULL, FAR, self.suspended_to),
            np.where(self.agreed_until == NULL, FAR, self.agreed_until),
        )
        none = (self.state == HOT_STANDBY) | (self.state == SUSPENDED) & (end - begin < least_days)
        return np.where(none, FAR, begin), np.where(none, FAR, end)

    def __len__(self) -> int:
        return len(self.owner)

    def numbers(self) -> Ints:
        """Return the numbers in the transformer identifiers."""
        return (self.owner + 3_401_000_001) * 10 + self.rank

    def suspended_kva(self, customers: int, day: int) -> Ints:
        """Return the suspended capacity of each customer on a day."""
        off = (self.suspended_from != NULL) & (self.suspended_from <= day) & (self.state != HOT_STANDBY)
        off &= (self.suspended_to == NULL) | (self.suspended_to > day)
        result = np.zeros(customers, dtype=np.int64)
        np.add.at(result, self.owner[off], self.kva[off])
        return result


def make_transformers(seed: int, customers: Customers, points: Points) -> Transformers:
    """Give every high-voltage customer one or two transformers and suspend a few for a while."""
    rng = generator(seed, "transformers")
    first = np.flatnonzero(customers.is_hv())
    second = first[customers.second_kva[first] > 0]
    owner = np.concatenate([first, second])
    rank = np.repeat([1, 2], [len(first), len(second)])
    kva = np.concatenate([customers.kva[first] - customers.second_kva[first], customers.second_kva[second]])
    order = np.lexsort((rank, owner))
    empty = np.full(len(owner), NULL, dtype=np.int64)
    transformers = Transformers(
        owner[order], rank[order], kva[order], empty.copy(), empty.copy(), empty.copy()
    )
    doubled = np.isin(transformers.owner, points.owner[points.role == SECOND])
    transformers.role[doubled & (transformers.rank == 2)] = SECOND
    _suspensions(rng, customers, points, transformers)
    return transformers


def _suspensions(
    rng: np.random.Generator, customers: Customers, points: Points, transformers: Transformers
) -> None:
    """Whole months for anyone; within a month only where capacity is billed."""
    industry = customers.of("hv_industry") & ~customers.special
    candidates = rng.permutation(np.flatnonzero(industry))[: max(3, int(industry.sum()) // 8)]
    main = np.flatnonzero(points.role == MAIN)
    spans = (
        (date(2026, 2, 1), date(2026, 4, 1), date(2026, 4, 1)),
        (date(2026, 8, 1), None, date(2026, 12, 31)),
        (date(2026, 3, 12), date(2026, 5, 20), date(2026, 5, 20)),
    )
    for position, customer in enumerate(candidates):
        point = main[customer]
        kind = position % 3
        if kind == 2 and points.basic[point] != CAPACITY:
            kind = 0
        begin, end, agreed = spans[kind]
        # Where there are two transformers one goes on running, except for every third customer.
        rows = np.flatnonzero(transformers.owner == customer)
        rows = rows if position % 3 == 0 else rows[-1:]
        transformers.suspended_from[rows] = day_number(begin)
        transformers.suspended_to[rows] = day_number(end) if end else NULL
        transformers.agreed_until[rows] = day_number(agreed)
        customers.special[customer] = True


def transformer_frame(transformers: Transformers) -> Frame:
    """Return the transformer table."""
    plates = np.array([NAMEPLATES[int(kva)] for kva in transformers.kva], dtype=np.int64).reshape(-1, 4)
    return {
        "transformer_id": Ids("T", transformers.numbers()),
        "customer_no": Ids("", transformers.owner + 3_401_000_001),
        "mp_id": point_ids((transformers.owner + 3_401_000_001) * 10 + transformers.role),
        "model": Pick(np.zeros(len(transformers), dtype=np.int64), ["S11"]),
        "kva": transformers.kva * 10_000,
        "no_load_loss_kw": plates[:, 0],
        "load_loss_kw": plates[:, 1],
        "no_load_current_pct": plates[:, 2] * 100,
        "impedance_pct": plates[:, 3] * 100,
    }


def state_frame(customers: Customers, transformers: Transformers) -> Frame:
    """Return the states of the transformers: running, suspended (or the like), running again."""
    numbers = transformers.numbers()
    opened = transformers.since(customers)
    closed = customers.closed[transformers.owner]
    off = transformers.suspended_from != NULL
    back = off & (transformers.suspended_to != NULL) & (transformers.suspended_to < END)
    order = transformers.owner + 3_401_000_001
    ids = np.concatenate([numbers, numbers[off], numbers[back]])
    null = np.full(len(ids), NULL, dtype=np.int64)
    first, middle = len(numbers), int(off.sum())
    sealed, agreed, orders = null.copy(), null.copy(), null.copy()
    sealed[first : first + middle] = transformers.suspended_from[off]
    agreed[first : first + middle] = transformers.agreed_until[off]
    digit = np.array([0, 4, 8, 0, 4])[transformers.state[off]]
    orders[first : first + middle] = np.where(digit > 0, order[off] * 10 + digit, NULL)
    sealed[first : first + middle][transformers.state[off] == HOT_STANDBY] = NULL
    orders[first + middle :] = order[back] * 10 + 5
    return {
        "transformer_id": Ids("T", ids),
        "valid_from": np.concatenate(
            [opened, transformers.suspended_from[off], transformers.suspended_to[back]]
        ),
        "valid_to": np.concatenate(
            [np.where(off, transformers.suspended_from, closed), transformers.suspended_to[off], closed[back]]
        ),
        "state": Pick(
            np.concatenate([np.zeros(first), transformers.state[off], np.zeros(int(back.sum()))]).astype(
                np.int64
            ),
            STATES,
        ),
        "sealed_on": sealed,
        "agreed_until": agreed,
        "order_no": Ids("W", orders),
    }
