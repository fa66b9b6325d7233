"""A blown fuse of the voltage transformer, or a lost phase (电压互感器熔断器熔断、缺相): by theory, else by the normal month."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from jicha.settle.law import Provision
from jicha.settle.lines import EnergyDifference
from jicha.settle.meter_error import normal_month_energy
from jicha.settle.wiring import four_wire_factor, three_wire_factor, wiring_energy


def fuse_energy_by_theory(recorded_kwh: Decimal, factor: Fraction, law: Provision) -> EnergyDifference:
    """Return recorded × (K − 1) for the time of the fault, from the record of readings or of voltage loss."""
    return replace(wiring_energy(recorded_kwh, factor, law), name="voltage_fuse")


def fuse_energy_by_normal_month(
    normal_month_kwh: Decimal, months: Decimal, recorded_kwh: Decimal, law: Provision
) -> EnergyDifference:
    """Return normal months less recorded energy, where theory gives no factor."""
    return replace(normal_month_energy(normal_month_kwh, months, recorded_kwh, law), name="voltage_fuse")


def four_wire_fuse_factor(blown_fuses: int) -> Fraction:
    """Return K of a four-wire meter with one or two blown fuses: 3/2 or 3."""
    return four_wire_factor(lost_phases=blown_fuses)


def three_wire_fuse_factor(phase: str, cos_phi: Decimal) -> Fraction:
    """Return K of a three-wire meter with the fuse of phase A, B or C blown."""
    return three_wire_factor(f"{phase}_voltage_lost", cos_phi)
