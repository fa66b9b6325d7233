"""Policy tables that facts read and that no single file holds as rows: price books, billing rules, law."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

from jicha.billing.nameplates import shipped_parameters
from jicha.billing.policies import BillingPolicies
from jicha.billing.policy import COMPUTED_RULES, RuleBook
from jicha.settle.law import versions

Rows = tuple[dict[str, Any], ...]

LATE_FEE_RATES = ("residential_per_day", "due_year_per_day", "later_year_per_day")


def shipped_price(policies: BillingPolicies) -> Rows:
    """Return every price of the home's and the shipped books, columns as in the table price."""
    return tuple(asdict(row) for row in policies.price_rows)


def shipped_price_step(policies: BillingPolicies) -> Rows:
    """Return every step limit of the home's and the shipped books, columns as in the table price_step."""
    return tuple(asdict(row) for row in policies.step_rows)


def billing_rule(policies: BillingPolicies) -> Rows:
    """Return the billing rules, one row a span of days in which none changes."""
    return tuple(_spans(policies.rules))


def _spans(book: RuleBook) -> Iterator[dict[str, Any]]:
    begins = book.breakpoints()
    for begin, end in zip(begins, [*begins[1:], None], strict=True):
        values = {key: getattr(book.on(begin), key) for key in COMPUTED_RULES}
        yield {"rule_from": begin, "rule_to": end or date(9999, 12, 31), **values}


def transformer_parameter(_policies: BillingPolicies) -> Rows:
    """Return the shipped transformer parameters by series and capacity."""
    names = ("no_load_loss_kw", "load_loss_kw", "no_load_current_pct", "impedance_pct")
    return tuple(
        {"series": series, "kva": kva, **dict(zip(names, values, strict=True))}
        for (series, kva), values in shipped_parameters().items()
    )


def late_fee_rate(_policies: BillingPolicies) -> Rows:
    """Return the late-payment charge of policies/law, one row a version.

    Where a version that nobody has verified is silent on the minimum, that of the version before is doubtful: it may go on.
    """
    rows: list[dict[str, Any]] = []
    earlier = None
    for law in versions("late_fee"):
        minimum = law.optional("minimum_yuan")
        rows.append(
            {
                "law_version": law.version,
                "rate_from": law.valid_from or date.min,
                "rate_to": law.valid_to or date.max,
                **{key: law.number(key) for key in LATE_FEE_RATES},
                "minimum_yuan": minimum,
                "doubtful_minimum_yuan": earlier if minimum is None and not law.verified else None,
            }
        )
        earlier = earlier if minimum is None else minimum
    return tuple(rows)


POLICY_ROWS: dict[str, Callable[[BillingPolicies], Rows]] = {
    function.__name__: function
    for function in (
        shipped_price,
        shipped_price_step,
        billing_rule,
        transformer_parameter,
        late_fee_rate,
    )
}
