"""What a phone takes along of an order: what the visit needs, and nothing else of the clue, the customer or the money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone

from jicha.audit.site_sheet import SiteRegister, SiteSheet
from jicha.contract import contract
from jicha.desk.clues.models import Finding
from jicha.desk.orders.models import Order
from jicha.desk.people.models import Post, User, is_in
from jicha.desk.people.rights import roles_with
from jicha.desk.people.standing import Standing
from jicha.desk.ui.home import home
from jicha.desk.ui.values import shown

RIGHT = "visit.make"
MOST_ORDERS = 60
# The states in which somebody goes to look.
TO_VISIT = (Order.State.ACCEPTED, Order.State.VERIFYING)


def orders_to_visit(standing: Standing) -> list[Order]:
    """Return the site orders that wait for a visit where the person may make one, the first due first."""
    rows = Order.objects.seen_by(standing, RIGHT).filter(kind=Order.Kind.SITE, state__in=TO_VISIT)
    found: list[Order] = list(
        rows.select_related("organisation", "clue").prefetch_related("findings", "visits").order_by("due_on", "id")[:MOST_ORDERS]
    )  # fmt: skip
    return found


def site_sheets(orders: Iterable[Order]) -> Mapping[str, SiteSheet]:
    """Return the sheets of the orders' customers by number; none where no data are loaded."""
    customers = {order.clue.customer_no for order in orders} - {""}
    if not customers or not home().mart.latest():
        return {}
    return home().site_sheets(customers)


def rollover_factor() -> Decimal:
    """Return today's most energy per kVA and hour for which a falling reading is still a rollover."""
    return home().policies.rules.on(timezone.localdate()).rollover_capacity_factor


def told_orders(standing: Standing) -> list[dict[str, Any]]:
    """Return the orders as a phone keeps them."""
    orders = orders_to_visit(standing)
    sheets, colleagues = site_sheets(orders), _inspectors()
    return [_told(order, sheets.get(order.clue.customer_no), colleagues, standing) for order in orders]


def _told(
    order: Order, sheet: SiteSheet | None, colleagues: list[tuple[User, str]], standing: Standing
) -> dict[str, Any]:
    path = order.organisation.path
    seconds = {user.pk: user.name for user, at in colleagues if is_in(path, at) and user != standing.user}
    return {
        "order": order.pk, "number": order.number, "base": len(order.visits.all()), "state": order.get_state_display(),
        "due_on": order.due_on, "unit": order.organisation.name, "request": order.request,
        "findings": [f"{finding.rule_id} {finding.message}" for finding in _open_findings(order)],
        "place": order.clue.place_id, "inspectors": [{"id": pk, "name": name} for pk, name in sorted(seconds.items())],
        **_told_sheet(sheet),
    }  # fmt: skip


def _open_findings(order: Order) -> list[Finding]:
    return [finding for finding in order.findings.all() if finding.status != Finding.Status.CLEARED]


def _inspectors() -> list[tuple[User, str]]:
    """Return everybody who may make visits today, each with the subtree in which."""
    held = Post.objects.filter(
        Post.on(timezone.localdate()), role__in=roles_with(RIGHT), user__is_active=True
    )
    return [(post.user, post.organisation.path) for post in held.select_related("user", "organisation")]


def _told_sheet(sheet: SiteSheet | None) -> dict[str, Any]:
    if sheet is None:
        return {"customer": None, "registers": [], "seals": []}
    limit = None if sheet.contract_kva is None else sheet.contract_kva * rollover_factor()
    return {
        "customer": {"number": sheet.customer_no, "name": sheet.name, "address": sheet.address},
        "most_kwh_an_hour": limit,
        "registers": [_told_register(one) for one in sorted(sheet.registers, key=_as_read)],
        "seals": [
            {"seal_no": one.seal_no, "place": one.place or "", "mp_id": one.mp_id} for one in sheet.seals
        ],
    }


def _told_register(one: SiteRegister) -> dict[str, Any]:
    read_at = one.previous_at and timezone.make_aware(one.previous_at)
    return {
        "mp_id": one.mp_id, "meter_id": one.meter_id, "usage": shown(contract().table("metering_point").field("usage"), one.usage),
        "digits": one.digits, "decimals": one.decimals, "multiplier": one.multiplier, "register": one.register or "total",
        "previous_value": one.previous_value, "previous_at": read_at,
    }  # fmt: skip


def _as_read(one: SiteRegister) -> tuple[str, str, int]:
    """Return where a register stands on the form: by point and meter, the total first, then as the contract lists them."""
    registers = contract().table("reading").field("register").enum
    return (
        one.mp_id,
        one.meter_id,
        registers.index(one.register) if one.register in registers else len(registers),
    )


def words_of_codes() -> dict[str, str]:
    """Return the registers and the places of seals with their words in the reader's language."""
    fields = (
        contract().table("reading").field("register"),
        contract().table("seal_operation").field("place"),
    )
    return {code: shown(field, code) for field in fields for code in field.enum}
