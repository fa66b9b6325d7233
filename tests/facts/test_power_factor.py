"""The power-factor table against the text of the 1983 measures, and the factor of a bill that states none."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.facts.build import build

# Standard: where half a percent a step ends, and where one percent a step ends (3.3).
KNOTS = {90: (70, 65), 85: (65, 60), 80: (60, 55)}
FLOORS = {90: "-0.75", 85: "-1.10", 80: "-1.30"}


def percent(standard: int, factor: int) -> Decimal:
    """Return the adjustment in percent by the rule in words, standard and factor in hundredths."""
    if factor >= standard:
        reduced = Decimal("0.10") * min(factor - standard, 90 - standard) + Decimal("0.15") * max(
            0, factor - 90
        )
        return max(-reduced, Decimal(FLOORS[standard]))
    half, one = KNOTS[standard]
    steps = range(factor, standard)
    return sum(
        (Decimal("0.5") if s >= half else Decimal(1) if s >= one else Decimal(2) for s in steps), Decimal(0)
    )


def test_every_row_of_the_table() -> None:
    rows = build("power_factor_adjustment", {})
    found = {(int(r["pf_standard"] * 100), int(r["power_factor"] * 100)): r["adjust_pct"] for r in rows}
    assert found == {(s, f): percent(s, f) for s in KNOTS for f in range(101)}


def test_published_rows() -> None:
    assert percent(90, 22) == 101
    assert [percent(s, 66) for s in (90, 85, 80)] == [14, Decimal("9.5"), 7]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_factor_without_a_square_root(active: int, reactive: int) -> None:
    bill = {"bill_month": date(2026, 10, 1), "kwh": active, "kvarh": reactive, "total_yuan": 0}
    rows = build(
        "bill_power_factor",
        {
            "customer": [{"category_code": "403"}],
            "metering_point": [{}],
            "price_scheme": [{}],
            "bill": [bill],
        },
    )
    with localcontext(prec=60):
        exact = Decimal(active) / (Decimal(active) ** 2 + Decimal(reactive) ** 2).sqrt()
        assert rows[0]["power_factor"] == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
