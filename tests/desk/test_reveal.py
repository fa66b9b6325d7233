"""Personal data: masked everywhere, shown once for a reason, and never in the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from jicha.contract import contract
from jicha.desk.bundles.actions import export_bundle
from jicha.desk.clues.models import Clue
from jicha.desk.customers.reveal import reveal
from jicha.desk.flow.refusals import NotAllowed
from jicha.desk.journal.append import append
from jicha.desk.journal.discretion import discreet
from jicha.desk.journal.models import Event
from jicha.desk.orders.actions import comment, issue_order, move_order
from jicha.desk.people.models import Organisation
from jicha.desk.ui.personal import kind_of, masked
from tests.desk.conftest import Persona
from tests.desk.test_clue_page import a_wrong_bill, brought
from tests.desk.test_customer_page import column, rows

__all__ = ["brought"]
# GB 11643 gives this number as its own example; its last digit is right.
IDENTITY = "11010519491231002X"
MOBILE = "13905002275"


def test_values_are_shown_once_and_logged_without_them(brought: Callable[..., Persona]) -> None:
    """Who, whose, which columns and why are in the log, the values are not; the page after it is masked again."""
    clue = Clue.objects.get(pk=a_wrong_bill().clue_id)
    manager = brought("manager")
    told = manager.client.post(f"/customers/{clue.customer_no}/personal/", {"reason": "约定现场时间"})
    values = {name: column(clue.customer_no, "customer", name)[0] for name in ("name", "phone", "address")}
    assert all(value in told.content.decode() for value in values.values())
    assert "no-store" in told["Cache-Control"]
    event = Event.objects.get(action="reveal")
    details = json.loads(event.content)["details"]
    assert (event.actor, details["record"], details["reason"]) == (
        manager.user,
        f"customer {clue.customer_no}",
        "约定现场时间",
    )
    assert {"customer.name", "customer.phone", "customer.address"} <= set(details["fields"])
    assert not [value for value in values.values() if value in event.content]
    again = manager.client.get(f"/customers/{clue.customer_no}/").content.decode()
    assert not [value for value in values.values() if value in again]


def test_no_reason_no_look(brought: Callable[..., Persona]) -> None:
    """Without a reason, or with one that holds the value itself, nothing is shown and nothing logged."""
    clue = Clue.objects.get(pk=a_wrong_bill().clue_id)
    client = brought("manager").client
    [phone] = column(clue.customer_no, "customer", "phone")
    for reason in ("", "   ", f"给 {phone} 打电话"):
        told = client.post(f"/customers/{clue.customer_no}/personal/", {"reason": reason})
        assert (told.status_code, phone in told.content.decode()) == (422, False)
    assert not Event.objects.filter(action="reveal").exists()


def test_who_has_no_right_sees_no_button(brought: Callable[..., Persona]) -> None:
    """A reviewer sees the customer, masked, without the button; a direct request is refused, and so is the action itself."""
    clue = Clue.objects.get(pk=a_wrong_bill().clue_id)
    reviewer = brought("reviewer")
    page = reviewer.client.get(f"/customers/{clue.customer_no}/").content.decode()
    assert "/personal/" not in page
    assert (
        reviewer.client.post(f"/customers/{clue.customer_no}/personal/", {"reason": "x"}).status_code == 403
    )
    with pytest.raises(NotAllowed):
        reveal(reviewer.standing, clue.customer_no, clue.organisation, "核对")


def test_every_column_of_the_policy_exists() -> None:
    """A column that was renamed in the contract would lose its mask without a word."""
    tables = contract().tables.values()
    found = {
        f"{table.name}.{field.name}"
        for table in tables
        for field in table.fields
        if kind_of(table.name, field.name)
    }
    assert {
        "customer.name",
        "customer.address",
        "customer.phone",
        "work_order.applicant",
        "work_order.address",
    } <= found
    # whatever else is called like a person's name, telephone or account is in the list, too
    told = ("phone", "payee_name", "buyer_name", "applicant", "id_no", "bank_account")
    named = {f"{table.name}.{field.name}" for table in tables for field in table.fields if field.name in told}
    assert named <= found


@pytest.mark.parametrize(("text", "kind", "shown"), [
    ("王小明", "name", "王***"), ("王", "name", "***"), (MOBILE, "phone", "139******75"), (IDENTITY, "identity", "110********2X"),
    ("12345", "account", "***"), ("东县云溪路12号3幢", "address", "东县云溪路1****"),
])  # fmt: skip
def test_what_a_mask_leaves(text: str, kind: str, shown: str) -> None:
    """The beginning that tells two apart, the end where it helps on the telephone; a short value nothing."""
    assert masked(text, kind) == shown


@pytest.mark.parametrize(("told", "kept"), [
    (f"身份证 {IDENTITY}", "身份证 110*************2X"),
    (IDENTITY.lower(), "110*************2x"),
    ("110105194912310021", "110105194912310021"),  # the last digit is wrong: a number of something else
    (f"联系{MOBILE}，王某", "联系139******75，王某"),
    (MOBILE, MOBILE),  # a bare number may be a customer's
    ("电量 13905002275.50 千瓦时", "电量 13905002275.50 千瓦时"),
    ({"a": [f"x {MOBILE}"], "b": 3}, {"a": ["x 139******75"], "b": 3}),
])  # fmt: skip
def test_numbers_of_persons_do_not_reach_the_log(told: Any, kept: Any) -> None:
    """An identity number by its check digit, a telephone within a text."""
    assert discreet(told) == kept


def test_the_log_appends_discreetly(tree: dict[str, Organisation]) -> None:
    """What is typed into a reason is stored without the numbers."""
    with transaction.atomic():
        event = append(
            "comment",
            tree["C1"],
            actor=None,
            organisation=tree["C1"],
            details={"words": f"{MOBILE} 户主 {IDENTITY}"},
        )
    assert (MOBILE in event.content, IDENTITY in event.content, "户主" in event.content) == (
        False,
        False,
        True,
    )


def test_a_whole_walk_leaves_no_personal_data_in_the_log(
    brought: Callable[..., Persona], tmp_path: Path
) -> None:
    """D8: after a look, exports, an order with facts, a comment and a bundle, no event holds a name, telephone or address of any customer."""
    clue = Clue.objects.get(pk=a_wrong_bill().clue_id)
    manager, auditor, unit = brought("manager"), brought("auditor"), brought("unit")
    [phone] = column(clue.customer_no, "customer", "phone")
    manager.client.post(f"/customers/{clue.customer_no}/personal/", {"reason": "核对"})
    b"".join(manager.client.get("/clues/?state=open&export=csv"))
    order = issue_order(clue, manager.standing, clue.organisation, "desk", f"请联系 {phone}")
    move_order(order, "accept", unit.standing, {})
    move_order(order, "verify", auditor.standing, {})
    comment(order, auditor.standing, f"户主电话 {phone}")
    move_order(
        order,
        "report",
        auditor.standing,
        {
            "verdict": "problem",
            "facts": f"户主 {IDENTITY} 电话 {phone}",
            "found_kwh": None,
            "found_yuan": None,
        },
    )
    export_bundle(order, manager.standing, tmp_path / "case.zip")
    personal = {
        value for row in rows("SELECT name, phone, address FROM customer") for value in row if value
    } | {IDENTITY}
    assert len(personal) > 20
    contents = "\n".join(Event.objects.values_list("content", flat=True))
    assert [value for value in personal if value in contents] == []
    bundle = (tmp_path / "case.zip").read_bytes().decode("utf-8", "replace")
    assert json.dumps(column(clue.customer_no, "customer", "name")[0], ensure_ascii=False) not in bundle
