"""The price list of a snapshot: the extract's own book where it has the tariff, else the home's and the shipped books."""

from __future__ import annotations

import duckdb

from jicha.audit.rebill.texts import sql_text
from jicha.billing.books import PriceRow, StepRow
from jicha.billing.policies import BillingPolicies
from jicha.billing.price_list import PriceList


def read_price_list(connection: duckdb.DuckDBPyConnection, policies: BillingPolicies) -> PriceList:
    """Return the prices and step limits that the bills of this snapshot are recomputed with."""
    own_prices = [PriceRow(*row) for row in connection.execute(sql_text("prices")).fetchall()]
    own_steps = [StepRow(*row) for row in connection.execute(sql_text("price_steps")).fetchall()]
    own = frozenset(row.tariff_code for row in own_prices)
    prices = [*own_prices, *(row for row in policies.price_rows if row.tariff_code not in own)]
    stepped = {row.tariff_code for row in own_steps}
    steps = [*own_steps, *(row for row in policies.step_rows if row.tariff_code not in stepped)]
    return PriceList(prices, steps, own)
