"""The multiplier (倍率): from nameplates, and the energy billed with a wrong one."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from jicha.settle.exact import exact, shown, text
from jicha.settle.law import Provision
from jicha.settle.lines import EnergyDifference
from jicha.settle.problems import require


def multiplier_of(ct_ratio: Decimal, pt_ratio: Decimal = Decimal(1)) -> Decimal:
    """Return CT × PT."""
    return shown(exact(ct_ratio) * exact(pt_ratio))


def transformer_ratio(
    primary: Decimal, secondary: Decimal, turns: Decimal = Decimal(1), rated_turns: Decimal = Decimal(1)
) -> Decimal:
    """Return primary ÷ secondary, for a through-core CT (穿心互感器) × rated turns ÷ turns made."""
    require(
        secondary != 0 and turns != 0,
        where="transformer ratio",
        found=f"{primary}/{secondary}, {turns} turns",
        expected="secondary and turns above zero",
        remedy="Read the nameplate again.",
    )
    return shown(exact(primary) * exact(rated_turns) / (exact(secondary) * exact(turns)))


def multiplier_correction_rate(actual_ratio: Decimal, used_ratio: Decimal) -> Fraction:
    """Return by which part the billed energy is wrong: actual ÷ used − 1."""
    require(
        used_ratio != 0,
        where="multiplier used",
        found=used_ratio,
        expected="not zero",
        remedy="Use the register difference with both multipliers.",
    )
    return exact(actual_ratio) / exact(used_ratio) - 1


def billed_energy_difference(
    billed_kwh: Decimal, actual_ratio: Decimal, used_ratio: Decimal, law: Provision
) -> EnergyDifference:
    """Return billed energy × (actual ÷ used − 1)."""
    energy = exact(billed_kwh) * multiplier_correction_rate(actual_ratio, used_ratio)
    formula = f"{text(billed_kwh)} × ({text(actual_ratio)} ÷ {text(used_ratio)} − 1)"
    return EnergyDifference("wrong_multiplier", energy, formula, law)


def register_energy_difference(
    register_difference: Decimal, actual_ratio: Decimal, used_ratio: Decimal, law: Provision
) -> EnergyDifference:
    """Return register difference × (actual − used)."""
    energy = exact(register_difference) * (exact(actual_ratio) - exact(used_ratio))
    formula = f"{text(register_difference)} × ({text(actual_ratio)} − {text(used_ratio)})"
    return EnergyDifference("wrong_multiplier", energy, formula, law)
