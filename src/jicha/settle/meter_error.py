"""Errors of meters, transformers and wires (计量误差): the energy to be billed again, and the tests that find the error."""

from __future__ import annotations

from decimal import Decimal

from jicha.settle.exact import exact, shown, text
from jicha.settle.law import Provision
from jicha.settle.lines import EnergyDifference
from jicha.settle.problems import require

SECONDS_PER_HOUR = 3600
WATTS_PER_KW = 1000


def energy_at_zero_error(recorded_kwh: Decimal, error_pct: Decimal) -> Decimal:
    """Return the energy that an exact meter would have recorded: recorded ÷ (1 + error); positive errors run fast."""
    _require_running(error_pct)
    return shown(exact(recorded_kwh) / (1 + exact(error_pct) / 100))


def meter_error_energy(recorded_kwh: Decimal, error_pct: Decimal, law: Provision) -> EnergyDifference:
    """Return the difference for a meter or transformer beyond its limit: (recorded ÷ (1 + γ) − recorded) × share of the span.

    `recorded_kwh` is that of the whole span from the last test or installation to the correction; the share is
    one half (二分之一时间).
    """
    _require_running(error_pct)
    true = exact(recorded_kwh) / (1 + exact(error_pct) / 100)
    share = law.number("span_share")
    read = text(recorded_kwh)
    formula = (
        f"({read} ÷ (1 {'−' if error_pct < 0 else '+'} {text(abs(error_pct))} %) − {read}) × {text(share)}"
    )
    return EnergyDifference("meter_error", (true - exact(recorded_kwh)) * exact(share), formula, law)


def wire_drop_energy(
    recorded_kwh: Decimal, actual_drop_pct: Decimal, allowed_drop_pct: Decimal, law: Provision
) -> EnergyDifference:
    """Return the difference for the voltage drop of the connecting wires: recorded × (actual − allowed), over the whole span.

    A drop within the allowed one is no fault and gives zero. A negative one, by which the meter shows too much, is given
    back where the version does more than supplement (补收): 2024 says refund or supplement (退补).
    """
    drop, allowed = exact(actual_drop_pct), exact(allowed_drop_pct)
    beyond = max(abs(drop) - allowed, exact(0)) / 100
    if drop < 0:
        beyond = exact(0) if law.flag("supplement_only") else -beyond
    sign, read = ("−" if drop < 0 else ""), text(recorded_kwh)
    formula = f"{sign}{read} × ({text(abs(drop))} − {text(allowed)}) %" if beyond else f"{read} × 0 %"
    energy = exact(recorded_kwh) * beyond * exact(law.number("span_share"))
    return EnergyDifference("wire_drop", energy, formula, law)


def normal_month_energy(
    normal_month_kwh: Decimal, months: Decimal, recorded_kwh: Decimal, law: Provision
) -> EnergyDifference:
    """Return the energy of normal months (正常月) less what was recorded in the months of the fault."""
    energy = exact(normal_month_kwh) * exact(months) - exact(recorded_kwh)
    formula = f"{text(normal_month_kwh)} × {text(months)} − {text(recorded_kwh)}"
    return EnergyDifference("normal_months", energy, formula, law)


def theoretical_seconds(
    turns: Decimal, constant_per_kwh: Decimal, power_w: Decimal, ratio: Decimal = Decimal(1)
) -> Decimal:
    """Return the time in which an exact meter makes these turns or pulses: turns × 3,600,000 × ratio ÷ (constant × W).

    `power_w` is on the primary side, `ratio` is CT × PT.
    """
    _require_positive("power and constant", exact(power_w) * exact(constant_per_kwh))
    energy_ws = exact(turns) * SECONDS_PER_HOUR * WATTS_PER_KW * exact(ratio)
    return shown(energy_ws / (exact(constant_per_kwh) * exact(power_w)))


def watt_second_error_pct(theory_s: Decimal, measured_s: Decimal) -> Decimal:
    """Return the error of the watt-second test (瓦秒法): (T − t) ÷ t in percent; positive runs fast."""
    _require_positive("measured time", exact(measured_s))
    return shown((exact(theory_s) - exact(measured_s)) / exact(measured_s) * 100)


def metered_power_kw(
    pulses: Decimal, constant_per_kwh: Decimal, measured_s: Decimal, ratio: Decimal = Decimal(1)
) -> Decimal:
    """Return the primary power that the meter shows: pulses × 3600 × CT × PT ÷ (constant × seconds)."""
    _require_positive("constant and time", exact(constant_per_kwh) * exact(measured_s))
    hourly = exact(pulses) * SECONDS_PER_HOUR * exact(ratio)
    return shown(hourly / (exact(constant_per_kwh) * exact(measured_s)))


def relative_error_pct(metered: Decimal, true: Decimal) -> Decimal:
    """Return (metered − true) ÷ true in percent."""
    require(true != 0, where="true value", found=true, expected="not zero", remedy="Measure under load.")
    return shown((exact(metered) - exact(true)) / exact(true) * 100)


def expected_turns(
    power_kw: Decimal, minutes: Decimal, constant_per_kwh: Decimal, ratio: Decimal = Decimal(1)
) -> Decimal:
    """Return how many turns or pulses an exact meter makes: kW × hours × constant ÷ (CT × PT)."""
    _require_positive("ratio", exact(ratio))
    return shown(exact(power_kw) * exact(minutes) / 60 * exact(constant_per_kwh) / exact(ratio))


def creep_energy_kwh(
    idle_hours_per_day: Decimal,
    days: Decimal,
    seconds_per_turn: Decimal,
    constant_per_kwh: Decimal,
    ratio: Decimal = Decimal(1),
) -> Decimal:
    """Return the energy registered without load (潜动): turns in the idle hours ÷ constant × CT × PT."""
    _require_positive("time of a turn and constant", exact(seconds_per_turn) * exact(constant_per_kwh))
    seconds = exact(idle_hours_per_day) * SECONDS_PER_HOUR * exact(days)
    return shown(seconds / exact(seconds_per_turn) / exact(constant_per_kwh) * exact(ratio))


def _require_running(error_pct: Decimal) -> None:
    require(
        error_pct > -100,
        where="meter error",
        found=f"{error_pct} %",
        expected="more than −100 %: the meter turned",
        remedy="For a stopped meter use the normal month.",
    )


def _require_positive(what: str, value: object) -> None:
    positive = isinstance(value, int) or value > 0  # type: ignore[operator]
    require(positive, where=what, found=value, expected="above zero", remedy="Correct the measurement.")
