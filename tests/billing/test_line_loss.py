"""Billed line loss, and the losses of a network."""

from __future__ import annotations

from decimal import Decimal

from jicha.billing.line_loss import agreed_loss_kwh
from jicha.billing.network_loss import current_loss_kwh, line_loss_kw, loss_kwh, rate_pct, supply_kwh
from jicha.billing.register_energy import whole


def test_an_agreed_percentage_is_taken_of_reading_and_transformer_loss() -> None:
    # (40000 + 1037) x 3 % = 1231.11; (10000 + 7200) x 3 % = 516
    assert agreed_loss_kwh(Decimal(41037), Decimal(3)) == 1231
    assert agreed_loss_kwh(Decimal(17200), Decimal(3)) == 516
    assert agreed_loss_kwh(Decimal(150), Decimal("0.333333")) == 0  # 0.4999995
    assert agreed_loss_kwh(Decimal(50), Decimal(1)) == 1  # 0.5


def test_a_feeder_with_users_without_loss() -> None:
    # 220000 - 32000 - 171600 = 16400: 7.45 % of 220000, 8.72 % of 188000
    loss = loss_kwh(Decimal(220000), [Decimal(171600)], Decimal(32000))
    assert loss == 16400
    assert whole(rate_pct(loss, Decimal(220000)), 2) == Decimal("7.45")
    assert whole(rate_pct(loss, Decimal(188000)), 2) == Decimal("8.72")


def test_a_line_by_power_and_by_current() -> None:
    # (200^2 + 150^2)/10^2 x 5 = 3125 W; 3 x 80^2 x 2 x 720 = 27648 kWh
    assert line_loss_kw(Decimal(200), Decimal(150), Decimal(10), Decimal(5)) == Decimal("3.125")
    assert current_loss_kwh(Decimal(80), Decimal(2), Decimal(720)) == 27648


def test_the_supply_of_a_grid() -> None:
    # 100000 - 4000 + 15000 - 37000 = 74000; 69000 sold: 6.76 %
    supply = supply_kwh(Decimal(100000), Decimal(4000), Decimal(15000), Decimal(37000))
    assert supply == 74000
    assert whole(rate_pct(loss_kwh(supply, [Decimal(69000)]), supply), 2) == Decimal("6.76")
