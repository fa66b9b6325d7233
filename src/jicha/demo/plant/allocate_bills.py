"""Who carries which mistake of billing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jicha.demo.grid import NULL, Bools
from jicha.demo.plant.candidates import (
    Candidates,
    Recipe,
    demand,
    home,
    hv,
    low_metered,
    of_main,
    old,
    shop,
    with_fixed,
    with_sub,
)
from jicha.demo.points import ACTUAL_DEMAND, CAPACITY, CI_TOU, CONTRACT_DEMAND, HV_HV, NO_BASIC, PLAIN

if TYPE_CHECKING:
    from jicha.demo.world import World

ASSESSED = hv("hv_works", "hv_nonindustry", "hv_commerce", "hv_industry", "hv_farm", "hv_pump")
BANDS = hv("hv_works", "hv_nonindustry", "hv_commerce")
SINGLE = hv("hv_works", "hv_nonindustry")
TWO_PART = hv("hv_industry", "hv_commerce")


def _also(candidates: Candidates, **columns: int) -> Candidates:
    """Return those candidates whose main point has certain values."""

    def wanted(world: World) -> Bools:
        result = candidates(world)
        for name, value in columns.items():
            result = result & (of_main(world, name) == value)
        return np.asarray(result)

    return wanted


def _early(candidates: Candidates) -> Candidates:
    """Return those candidates whose cycle is a calendar month."""
    return lambda world: candidates(world) & (world.customers.read_day == 1)


def _several(world: World) -> Bools:
    return np.asarray(_also(TWO_PART, mode=HV_HV)(world) & (world.customers.second_kva > 0))


def _own_line(world: World) -> Bools:
    return np.asarray(old(world) & (of_main(world, "price_voltage") >= 3))


def _measured(world: World) -> Bools:
    """Return who is charged by demand and metered on the high side."""
    by_demand = np.isin(of_main(world, "basic"), (CONTRACT_DEMAND, ACTUAL_DEMAND))
    by_demand &= of_main(world, "mode") == HV_HV
    return np.asarray(by_demand & old(world) & ~world.customers.of("hv_charging"))


def _one_unit(candidates: Candidates) -> Candidates:
    return lambda world: candidates(world) & (world.customers.second_kva == 0)


def _late(world: World) -> Bools:
    return np.asarray(TWO_PART(world) & (world.customers.read_day == 16))


def _unread(world: World) -> Bools:
    return np.asarray(with_fixed(world) & old(world))


def _plain_shop(low: float, high: float) -> Candidates:
    """Return shops, workshops and offices of so many kWh a day, with one register and no power factor."""

    def wanted(world: World) -> Bools:
        customers = world.customers
        fits = customers.of("shop", "workshop", "office") & (customers.base >= low) & (customers.base < high)
        plain = (of_main(world, "registers") == PLAIN) & (of_main(world, "pf_standard") == NULL)
        return np.asarray(fits & plain & old(world))

    return wanted


def _farm(world: World) -> Bools:
    return np.asarray(world.customers.of("farm") & old(world) & (of_main(world, "registers") == PLAIN))


# Where look-alikes are customers of another kind: stations whose basic charge is waived, farms without funds.
OTHERS: dict[str, Candidates] = {"basic_left_out": lambda world: _exempt(world), "fund_left_out": _farm}
MISTAKEN = tuple(
    Recipe(
        f"cause:{code}",
        candidates,
        own=code in ("fixed_share_ignored", "sub_not_deducted"),
        alike=OTHERS.get(code),
    )
    for code, candidates in (
        ("line_loss_left_out", _own_line),
        ("thirtieth", _late),
        ("excess_not_doubled", demand),
        ("floor_ignored", demand),
        ("previous_demand", _also(TWO_PART, basic=ACTUAL_DEMAND)),
        ("discount_missed", _measured),
        ("discount_given", _measured),
        ("capacity_left_out", _several),
        ("suspended_charged", _early(_one_unit(_also(hv("hv_industry"), mode=HV_HV)))),
        ("transformer_loss_hours", _one_unit(_also(low_metered, basic=NO_BASIC, registers=CI_TOU))),
        ("not_segmented", _early(lambda world: SINGLE(world) & (world.customers.kva > 100))),
        ("basic_left_out", _also(TWO_PART, basic=CAPACITY)),
        ("single_rate_price", TWO_PART),
        ("transformer_loss_high_side", _one_unit(_also(TWO_PART, mode=HV_HV))),
        ("transformer_loss_left_out", _also(low_metered, registers=CI_TOU)),
        ("pf_without_loss", low_metered),
        ("voltage_column", SINGLE),
        ("tou_not_applied", _also(BANDS, registers=CI_TOU)),
        ("bands_swapped", _also(BANDS, registers=CI_TOU)),
        ("pf_fund_in_base", _also(BANDS, registers=CI_TOU)),
        ("pf_standard", ASSESSED),
        ("pf_not_assessed", ASSESSED),
        ("multiplier", BANDS),
        ("exit_factor_missed", lambda world: shop(world, 10, 500) | TWO_PART(world)),
        ("fixed_share_ignored", _unread),
        ("sub_not_deducted", with_sub),
        ("steps_not_prorated", lambda world: home(world, 4, 30)),
        ("steps_year_to_date", lambda world: home(world, 4, 30)),
        ("step3_forgotten", lambda world: home(world, 4, 30)),
        ("quota_ignored", lambda world: home(world, 4, 30)),
        ("rollover", lambda world: home(world, 3, 9)),
        ("frozen_reading", lambda world: home(world, 4, 30)),
        ("old_meter", _plain_shop(8, 200)),
        ("price_version", _plain_shop(5, 500)),
        ("fund_left_out", _plain_shop(5, 500)),
        ("fund_rate", _plain_shop(8, 500)),
        ("exit_factor_given", _plain_shop(5, 500)),
        ("amount_slip", lambda world: home(world, 4, 30)),
        ("estimated", lambda world: home(world, 5, 30)),
    )
)
# Whose circumstances have look-alikes: the same life, billed as it should be.
LAWFUL = frozenset(
    f"cause:{code}"
    for code in (
        "line_loss_left_out", "thirtieth", "excess_not_doubled", "discount_missed", "discount_given", "suspended_charged",
        "transformer_loss_hours", "not_segmented", "exit_factor_missed", "steps_not_prorated", "quota_ignored", "rollover", "frozen_reading",
        "old_meter", "fixed_share_ignored", "basic_left_out", "fund_left_out",
    )
)  # fmt: skip


def _exempt(world: World) -> Bools:
    """Return the public charging stations without a basic charge."""
    return np.asarray(world.customers.of("hv_charging") & (of_main(world, "basic") == NO_BASIC) & old(world))


def _by_actual(world: World) -> Bools:
    return np.asarray(_measured(world) & (world.customers.second_kva == 0))


STATIC = (
    Recipe("BL-14", _by_actual),
    Recipe("BL-29", _also(ASSESSED, registers=CI_TOU)),
    Recipe("BL-38", _several, "always"),
    Recipe("EV-04", lambda world: world.customers.of("hv_charging") & old(world), "always"),
    Recipe("BL-18", with_fixed, own=True),
    Recipe("BL-19", lambda world: with_fixed(world) & ~world.customers.is_hv(), own=True),
    Recipe("BL-21", lambda world: home(world, 2, 30), "always"),
    Recipe("BL-27", lambda world: shop(world, 27, 34)),
    Recipe("BL-28", lambda world: home(world, 4, 9)),
    Recipe("BL-37", _plain_shop(3, 500), "always"),
    Recipe("CL-04", lambda world: shop(world, 4, 500) | home(world, 6, 30)),
    Recipe("IN-06", lambda world: shop(world, 4, 500)),
    Recipe("NE-06", lambda world: (world.customers.pv_kw > 0) & ~world.customers.full_export, own=True),
)
