"""Policy tables that facts read and that no single file holds as rows: price books, billing rules, law."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

from jicha.billing.nameplates import shipped_parameters
from jicha.billing.policies import BillingPolicies
from jicha.billing.policy import COMPUTED_RULES, RuleBook
from jicha.settle.law import law_of, versions

Rows = tuple[dict[str, Any], ...]

# The acts that a case (违约用电、窃电) may be about, by the provisions of policies/law that settle it.
BREACH_ACTS = {
    "theft": ("theft_charge", "theft_quantity"),
    "low_price_line": ("low_price_line",),
    "over_capacity": ("over_capacity",),
    "suspended_or_sealed": ("suspended_or_sealed",),
    "moved_equipment": ("moved_equipment",),
    "unauthorised_source": ("unauthorised_source",),
}
BREACH_NUMBERS = (
    "multiple", "unknown_days", "hours_power", "hours_lighting", "yuan_per_kw", "residential_yuan_each", "other_yuan_each",
)  # fmt: skip
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


def breach_law(_policies: BillingPolicies) -> Rows:
    """Return what policies/law sets for default usage and theft, one row an act and version; null where an act knows no such value."""
    return tuple(
        {
            "act_code": act,
            "law_version": first.version,
            "law_from": first.valid_from or date.min,
            "law_to": first.valid_to or date.max,
            "multiple_is_ceiling": first.flag("multiple_is_ceiling"),
            **{
                key: next((v for law in laws if (v := law.optional(key)) is not None), None)
                for key in BREACH_NUMBERS
            },
        }
        for act, provisions in BREACH_ACTS.items()
        for first in versions(provisions[0])
        for laws in [[law_of(name, first.version) for name in provisions]]
    )


POLICY_ROWS: dict[str, Callable[[BillingPolicies], Rows]] = {
    function.__name__: function
    for function in (
        shipped_price,
        shipped_price_step,
        billing_rule,
        transformer_parameter,
        late_fee_rate,
        breach_law,
    )
}
