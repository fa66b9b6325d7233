"""The whole county as arrays, and one part of it while its time series are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from jicha.demo.customers import Customers, hv_count, make_customers
from jicha.demo.grid import (
    BASE,
    DAYS,
    LAST,
    MONTH_START,
    NULL,
    Bools,
    Ints,
    WorkCalendar,
    day_number,
    generator,
)
from jicha.demo.life import live
from jicha.demo.network import Network, make_network
from jicha.demo.people import Staff, make_staff
from jicha.demo.plant.plan import Plan
from jicha.demo.points import MAIN, NO_BASIC, TARIFFS, Points, make_points, plan_swaps
from jicha.demo.transformers import Transformers, make_transformers

PART_SIZE = 25_000
READ, MISSED, ABSENT = range(3)
LARGE_HOUSEHOLD = 5


@dataclass
class World:
    """Everything that stands still: network, people, archives, and what is planted."""

    seed: int
    calendar: WorkCalendar
    network: Network
    customers: Customers
    points: Points
    transformers: Transformers
    staff: Staff
    plan: Plan

    def line_loss_pct(self) -> Ints:
        """Return the agreed line loss of each customer's contract: that of its main point."""
        result = np.full(len(self.customers), NULL, dtype=np.int64)
        main = self.points.role == MAIN
        result[self.points.owner[main]] = self.points.line_loss_pct[main]
        return self.plan.contract_line_loss(result)

    def exempt(self) -> Bools:
        """Return which customers pay the two-part price without the basic charge."""
        result = np.zeros(len(self.customers), dtype=np.bool_)
        main = self.points.role == MAIN
        two_part = (self.points.tariff == TARIFFS.index("CI_TWO")) & (self.points.basic == NO_BASIC)
        result[self.points.owner[main]] = two_part[main]
        return result

    def multi_person(self, customer: Ints, begin: Ints, end: Ints) -> Bools:
        """Return which customers have the quota of a household of five and more in a period."""
        people = self.customers
        start, stop = people.quota_from[customer], people.quota_to[customer]
        valid = (start != NULL) & (start < end) & ((stop == NULL) | (stop > begin))
        return np.asarray(valid & (people.persons[customer] >= LARGE_HOUSEHOLD))


@dataclass
class Part:
    """The customers of some whole feeders, with their days and months."""

    world: World
    number: int
    customers: slice
    points: slice
    owner: Ints = field(init=False)
    boundary: Ints = field(init=False)
    planned: Ints = field(init=False)
    deviation: Ints = field(init=False)
    state: Ints = field(init=False)
    total_gap: Ints = field(init=False)
    step_day: Ints = field(init=False)
    step_size: Ints = field(init=False)
    edited: Ints = field(init=False)
    swap_start: Ints = field(init=False)
    no_removal: Bools = field(init=False)
    odd_demand: dict[tuple[int, int], str] = field(init=False)
    odd_reactive: dict[tuple[int, int], float] = field(init=False)
    true: Ints = field(init=False)
    metered: Ints = field(init=False)

    def __post_init__(self) -> None:
        count = self.points.stop - self.points.start
        self.owner = self.world.points.owner[self.points]
        self.planned = planned_days(self.world.customers.read_day[self.owner])
        self.boundary = self.planned.copy()
        self._end_at_closing()
        self.deviation = np.zeros((count, LAST + 1), dtype=np.int64)
        self.total_gap = np.zeros((count, LAST + 1), dtype=np.int64)
        self.state = np.zeros((count, LAST + 1), dtype=np.int64)
        # A step of the register itself (reset, programming error), seen by reading and freeze alike.
        self.step_day = np.full(count, DAYS + 1, dtype=np.int64)
        self.step_size = np.zeros(count, dtype=np.int64)
        # At a swap: what was entered as the new meter's start, and whether the old one's removal reading was left out.
        self.swap_start = np.zeros(count, dtype=np.int64)
        self.no_removal = np.zeros(count, dtype=np.bool_)
        # By point and month: how many minutes after the reading its value was changed.
        self.edited = np.full((count, LAST + 1), NULL, dtype=np.int64)
        # By point row and month: what is odd about a demand; the tangent of the month, −1 where no register was read.
        self.odd_demand, self.odd_reactive = {}, {}

    def _end_at_closing(self) -> None:
        """Let the last reading of a customer that leaves in the middle of a cycle be taken on the day it leaves."""
        closed = self.of_customer("closed")
        for row in np.flatnonzero(closed != NULL):
            month = int(np.searchsorted(self.planned[row], closed[row] - BASE))
            if month <= LAST + 1:
                self.boundary[row, month] = closed[row] - BASE

    def rng(self, *parts: str) -> np.random.Generator:
        """Return the random generator of one subject of this part."""
        return generator(self.world.seed, "part", self.number, *parts)

    def get(self, name: str) -> Ints:
        """Return an array of the points, cut to this part."""
        values: Ints = getattr(self.world.points, name)[self.points]
        return values

    def of_customer(self, name: str) -> Ints:
        """Return an array of the customers, spread over this part's points."""
        values: Ints = getattr(self.world.customers, name)[self.owner]
        return values

    def main_row(self, customer: int, role: int = 0) -> int:
        """Return the row in this part of a customer's point of a role."""
        first = int(np.searchsorted(self.owner, customer))
        roles = self.get("role")
        while roles[first] != role:
            first += 1
        return first

    def unit(self) -> Ints:
        """Return what one unit of each register is worth, in 10⁻⁴ kWh."""
        values: Ints = 10 ** (4 - self.get("decimals")) * self.get("multiplier")
        return values


def planned_days(read_day: Ints) -> Ints:
    """Return the reading days as day indexes: one column before the first month, then one a month."""
    starts = np.concatenate([[day_number(date(2025, 8, 1))], MONTH_START])
    return starts[None, :] + read_day[:, None] - 1 - BASE


def make_world(seed: int, customers: int, clean: bool) -> World:
    """Make the county; `clean` leaves out every planted fault and look-alike."""
    calendar = WorkCalendar()
    high = hv_count(customers)
    network = make_network(seed, customers - high, high)
    plan = Plan(customers)
    people = make_customers(seed, network, plan.segment_minimum)
    points = make_points(seed, people, plan.segment_minimum)
    transformers = make_transformers(seed, people, points)
    staff = make_staff(network)
    world = World(seed, calendar, network, people, points, transformers, staff, plan)
    if not clean:
        plan.allocate(world)
    live(world)
    plan_swaps(seed, people, points, calendar)
    return world


def parts(world: World) -> list[Part]:
    """Cut the county into parts of whole feeders."""
    feeder = world.customers.feeder
    ends = np.searchsorted(feeder, np.arange(len(world.network.feeder_station)), side="right")
    cuts = [0]
    for end in ends:
        if end - cuts[-1] >= PART_SIZE or end == len(feeder):
            cuts.append(int(end))
    owner = world.points.owner
    edges = np.searchsorted(owner, cuts)
    return [
        Part(
            world,
            number,
            slice(cuts[number], cuts[number + 1]),
            slice(int(edges[number]), int(edges[number + 1])),
        )
        for number in range(len(cuts) - 1)
    ]


def active_days(part: Part) -> Bools:
    """Return for each point and day whether the customer is connected."""
    day = np.arange(DAYS) + BASE
    opened = part.of_customer("opened")[:, None]
    closed = part.of_customer("closed")[:, None]
    return np.asarray((day >= opened) & ((closed == NULL) | (day < closed)))
