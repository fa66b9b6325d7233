"""Rare but lawful life: schemes and capacities that change inside a cycle, standby, exits from the market, large households."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from jicha.demo.grid import BASE, NULL, Bools, Ints, day_number, generator
from jicha.demo.points import (
    ACTUAL_DEMAND,
    CAPACITY,
    CONTRACT_DEMAND,
    HV_HV,
    MAIN,
    NO_BASIC,
    PF_85,
    PF_90,
    PLAIN,
    TARIFFS,
    life_count,
)
from jicha.demo.transformers import COLD_STANDBY, HOT_STANDBY, REDUCED

if TYPE_CHECKING:
    from jicha.demo.world import World

SINGLE_RATE, TWO_PART = TARIFFS.index("CI_SINGLE"), TARIFFS.index("CI_TWO")
KV10, KV35 = 1, 3
PRICE_ORDER = 6  # the digit of a price_change order
MIDDLE = tuple(
    day_number(day)
    for day in (
        date(2026, 9, 9),
        date(2026, 9, 22),
        date(2026, 5, 14),
        date(2025, 11, 12),
        date(2026, 7, 22),
        date(2026, 2, 10),
        date(2026, 8, 19),
    )
)
FIRSTS = tuple(
    day_number(day) for day in (date(2026, 10, 1), date(2026, 7, 1), date(2026, 4, 1), date(2026, 1, 1))
)
CLOSINGS = tuple(
    day_number(day)
    for day in (date(2026, 9, 16), date(2026, 8, 20), date(2026, 6, 10), date(2026, 9, 24), date(2026, 4, 15))
)
QUOTA_FROM, QUOTA_TO = day_number(date(2023, 7, 1)), day_number(date(2028, 1, 1))
LINE_LOSSES = (1_500_000, 2_000_000, 2_500_000, 3_070_000)  # percent × 10⁶


class Life:
    """Chooses customers to whom nothing else happens, and changes their archive."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rng = generator(world.seed, "life")
        self.count = life_count(world.customers)
        self.points = world.points
        self.main = np.flatnonzero(world.points.role == MAIN)

    def choose(self, wanted: Bools, count: int) -> Ints:
        """Return some customers of those wanted that stand for nothing yet."""
        customers = self.world.customers
        free = wanted & ~customers.special & (customers.opened < BASE) & (customers.closed == NULL)
        chosen = np.sort(self.rng.permutation(np.flatnonzero(free))[:count])
        customers.special[chosen] = True
        return chosen

    def of(self, name: str) -> Ints:
        """Return a column of the main points, one entry a customer."""
        values: Ints = getattr(self.points, name)[self.main]
        return values

    def change(self, customer: int, day: int, **now: int) -> None:
        """Change the scheme of a customer's main point by an order."""
        point = int(self.main[customer])
        self.points.change_scheme(point, day, (customer + 3_401_000_001) * 10 + PRICE_ORDER)
        for name, value in now.items():
            getattr(self.points, name)[point] = value


def live(world: World) -> None:
    """Let every kind of rare life happen to some customers."""
    life = Life(world)
    for happen in (
        _change_system,
        _change_column,
        _change_standard,
        _change_demand,
        _change_capacity,
        _stand_by,
        _lose_on_the_line,
        _leave_the_market,
        _swap_meters,
        _come_and_go,
        _live_together,
    ):
        happen(life)


def _change_system(life: Life) -> None:
    """Choose the two-part price (两部制), or give it up, below 315 kVA."""
    customers = life.world.customers
    small = customers.of("hv_works", "hv_nonindustry") & (customers.kva < 315) & (customers.kva > 100)
    for index, customer in enumerate(life.choose(small & (life.of("basic") == NO_BASIC), 2 * life.count)):
        point = int(life.main[customer])
        if index % 2:
            life.points.tariff[point], life.points.basic[point] = TWO_PART, CAPACITY
            now = {"tariff": SINGLE_RATE, "basic": NO_BASIC}
        else:
            now = {"tariff": TWO_PART, "basic": CAPACITY}
        life.change(int(customer), MIDDLE[index % len(MIDDLE)], **now)


def _change_column(life: Life) -> None:
    """Move from the price of 10 kV to that of 35 kV."""
    large = life.of("price_voltage") == KV35
    for index, customer in enumerate(life.choose(large, life.count)):
        life.points.price_voltage[life.main[customer]] = KV10
        life.change(int(customer), MIDDLE[index % len(MIDDLE)], price_voltage=KV35)


def _change_standard(life: Life) -> None:
    """Move from the power-factor standard 0.85 to 0.90."""
    customers = life.world.customers
    works = customers.of("hv_works") & (life.of("pf_standard") == PF_90)
    for index, customer in enumerate(life.choose(works, life.count)):
        life.points.pf_standard[life.main[customer]] = PF_85
        life.change(int(customer), MIDDLE[index % len(MIDDLE)], pf_standard=PF_90)


def _change_demand(life: Life) -> None:
    """Raise the contract demand (合同最大需量) on the first of a month, which lies inside some cycles, or change the mode."""
    customers = life.world.customers
    late = customers.read_day == 16
    contract = life.of("basic") == CONTRACT_DEMAND
    for index, customer in enumerate(life.choose(contract & late, life.count)):
        share = 70 + index % 3 * 10
        life.change(
            int(customer),
            FIRSTS[index % len(FIRSTS)],
            contract_demand=int(customers.kva[customer]) * share // 100 * 10_000,
        )
    for index, customer in enumerate(life.choose((life.of("basic") == CAPACITY) & late, life.count)):
        life.change(int(customer), FIRSTS[index % len(FIRSTS)], basic=ACTUAL_DEMAND)


def _change_capacity(life: Life) -> None:
    """Reduce the capacity (减容) for good or for a time, or start a second transformer (增容), in the middle of a cycle."""
    customers, units = life.world.customers, life.world.transformers
    capacity = life.of("basic") == CAPACITY
    several = (customers.second_kva >= 315) & (customers.kva - customers.second_kva >= 315)
    for index, customer in enumerate(life.choose(several & capacity, 3 * life.count)):
        unit = int(np.searchsorted(units.owner, customer, side="right")) - 1
        if index % 3 == 2:
            units.running_from[unit] = MIDDLE[index // 3 % len(MIDDLE)]
            continue
        units.state[unit] = REDUCED
        units.suspended_from[unit] = MIDDLE[(index // 3 + 2) % len(MIDDLE)]
        if index % 3:
            units.agreed_until[unit] = day_number(date(2027, 6, 30))
        else:
            customers.reduced_kva[customer] = units.kva[unit]


def _stand_by(life: Life) -> None:
    """Keep a second transformer on hot standby (热备用), which is charged, or sealed on cold standby (冷备用), which is not."""
    customers, units = life.world.customers, life.world.transformers
    several = (customers.second_kva > 0) & (life.of("mode") == HV_HV)
    for index, customer in enumerate(life.choose(several & (life.of("basic") != NO_BASIC), 2 * life.count)):
        unit = int(np.searchsorted(units.owner, customer, side="right")) - 1
        units.state[unit] = HOT_STANDBY if index % 2 else COLD_STANDBY
        units.suspended_from[unit] = FIRSTS[1 + index // 2 % 3]


def _lose_on_the_line(life: Life) -> None:
    """Bear an agreed line loss (专线线损) from the meter to the boundary."""
    own_line = life.of("price_voltage") >= KV35
    for index, customer in enumerate(life.choose(own_line, 2 * life.count)):
        life.points.line_loss_pct[life.main[customer]] = LINE_LOSSES[index % len(LINE_LOSSES)]


def _leave_the_market(life: Life) -> None:
    """Leave the market: the bought power costs 1.5 times the agency price (代理购电)."""
    customers = life.world.customers
    firms = customers.of("hv_industry", "hv_commerce", "hv_works")
    shops = customers.of("shop", "workshop", "office")
    for wanted in (firms, shops):
        customers.exited[life.choose(wanted, life.count)] = True


def _swap_meters(life: Life) -> None:
    """Exchange a high-voltage customer's meter inside a cycle."""
    for index, customer in enumerate(life.choose(life.world.customers.is_hv(), 2 * life.count)):
        day = life.world.calendar.on_or_after(MIDDLE[index % len(MIDDLE)] + index % 5)
        life.points.swap[life.main[customer]] = int(day)


def _come_and_go(life: Life) -> None:
    """Connect high-voltage customers in the middle of a cycle, and let others leave."""
    customers, points = life.world.customers, life.points
    two_part = customers.is_hv() & (life.of("basic") != NO_BASIC)
    chosen = [life.choose(wanted, life.count) for wanted in (two_part, customers.is_hv())]
    for index, customer in enumerate(np.concatenate(chosen)):
        opened = int(life.world.calendar.on_or_after(MIDDLE[index % len(MIDDLE)] - index % 4))
        customers.opened[customer] = opened
        rows = np.flatnonzero(points.owner == customer)
        points.installed[rows], points.verified[rows], points.start[rows] = opened, opened - 40, 0
        if index % 2 == 0 and index < len(chosen[0]):
            points.basic[rows[0]], points.contract_demand[rows[0]] = CAPACITY, NULL
    chosen = [life.choose(wanted, life.count // 2) for wanted in (two_part, customers.is_hv())]
    for index, customer in enumerate(np.concatenate(chosen)):
        customers.closed[customer] = CLOSINGS[index % len(CLOSINGS)]


def _live_together(life: Life) -> None:
    """Give households of five and more (一户多人口) their quota of 100 kWh a month on every step."""
    customers = life.world.customers
    homes = customers.of("urban_home", "rural_home") & (customers.base > 7) & (customers.pv_kw == 0)
    plain = (life.of("registers") == PLAIN) & (life.of("digits") == 6)
    chosen = life.choose(homes & plain, max(4, round(len(customers) * 0.004)))
    customers.persons[chosen] = 5 + np.arange(len(chosen)) % 3
    customers.quota_from[chosen], customers.quota_to[chosen] = QUOTA_FROM, QUOTA_TO
