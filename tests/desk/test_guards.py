"""No way round the log: whatever statement changes a record of the audit, it is logged or the database refuses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from jicha.desk.clues.models import Clue
from jicha.desk.clues.moves import FLOW
from jicha.desk.evidence.models import EvidenceFile
from jicha.desk.journal.append import append
from jicha.desk.journal.guards import put_up, take_down
from jicha.desk.journal.models import Event
from jicha.desk.journal.verify import verify
from jicha.desk.orders.actions import comment, issue_order
from jicha.desk.orders.models import Comment, Order
from jicha.desk.people.models import Organisation


@pytest.fixture
def order(clue: Callable[..., Clue], person: Callable[..., Any], tree: dict[str, Organisation]) -> Order:
    """An order that was dispatched, with a comment and a file."""
    manager = person("manager").standing
    made = issue_order(clue(), manager, tree["S11"], "desk", "查")
    comment(made, manager, "先看表")
    EvidenceFile.objects.create(
        order=made, name="a.png", media_type="image/png", sha256="a" * 64, size_bytes=1, added_by=manager.user
    )
    return made


def _raw(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _saved(order: Order) -> None:
    order.state = "archived"
    order.save()


def _bulk(order: Order) -> None:
    order.state = "archived"
    Order.objects.bulk_update([order], ["state"])


def _with_the_next_version(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(state="archived", version=order.version + 1)


def _with_an_event_of_another_version(order: Order) -> None:
    append(
        "archive",
        order,
        actor=None,
        organisation=None,
        details={"from": "x", "to": "archived", "version": 99},
    )
    Order.objects.filter(pk=order.pk).update(state="archived", version=order.version + 1)


def _created_again(order: Order) -> None:
    order.state = "archived"
    Order.objects.bulk_create([order], update_conflicts=True, unique_fields=["id"], update_fields=["state"])


WAYS: dict[str, Callable[[Order], Any]] = {
    "save": _saved,
    "queryset.update": lambda order: Order.objects.filter(pk=order.pk).update(state="archived"),
    "update with the next version": _with_the_next_version,
    "update with another event": _with_an_event_of_another_version,
    "bulk_update": _bulk,
    "bulk_create over a row": _created_again,
    "raw update": lambda order: _raw("UPDATE orders_order SET state = 'archived' WHERE id = %s", order.pk),
    "version set back": lambda order: _raw("UPDATE orders_order SET version = 0 WHERE id = %s", order.pk),
    "another number": lambda order: _raw("UPDATE orders_order SET id = 999 WHERE id = %s", order.pk),
    "replace into": lambda order: _raw("REPLACE INTO orders_order SELECT * FROM orders_order WHERE id = %s", order.pk),
    "insert or replace": lambda order: _raw(
        "INSERT OR REPLACE INTO clues_clue SELECT * FROM clues_clue WHERE id = %s", order.clue_id
    ),
    "raw delete": lambda order: _raw("DELETE FROM orders_order WHERE id = %s", order.pk),
    "delete of a clue": lambda order: _raw("DELETE FROM clues_clue WHERE id = %s", order.clue_id),
    "clue.save": lambda order: Clue.objects.filter(pk=order.clue_id).update(state="dismissed"),
    "an event replaced": lambda _order: _raw("REPLACE INTO journal_event SELECT * FROM journal_event WHERE number = 1"),
    "an event updated": lambda _order: _raw("UPDATE journal_event SET action = 'x' WHERE number = 1"),
    "an event deleted": lambda _order: _raw("DELETE FROM journal_event WHERE number = 1"),
    "a comment edited": lambda order: Comment.objects.filter(order=order).update(text="x"),
    "a comment deleted": lambda order: Comment.objects.filter(order=order).delete(),
    "a file's hash changed": lambda order: EvidenceFile.objects.filter(order=order).update(sha256="b" * 64),
    "a file forgotten": lambda order: EvidenceFile.objects.filter(order=order).delete(),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_refused(way: str, order: Order) -> None:
    """The database says no, and everything stands as it did."""
    before = (Order.objects.values().get(pk=order.pk), list(Event.objects.values()))
    with pytest.raises(DatabaseError, match=r"log|never goes|written once"), transaction.atomic():
        WAYS[way](order)
    assert (Order.objects.values().get(pk=order.pk), list(Event.objects.values())) == before
    assert verify().is_whole


def test_what_is_no_state_may_be_written(order: Order) -> None:
    """A delivery renews the figures of a clue; the guard asks for states only."""
    Clue.objects.filter(pk=order.clue_id).update(company_yuan="1.00")
    assert verify().is_whole


def test_a_move_is_logged(order: Order, person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """The honest way leaves one event that tells the version."""
    one = clue(place="K2")
    FLOW.make(one, "take", person("auditor").standing, {})
    event = Event.objects.order_by("number").last()
    assert event is not None
    assert ('"version":1' in event.content, event.action, Clue.objects.get(pk=one.pk).version) == (
        True,
        "take",
        1,
    )


def test_the_check_finds_what_was_written_behind_the_guards(order: Order) -> None:
    """Who takes the triggers down, writes and puts them up again is told by the states that the log gives."""
    take_down()
    Order.objects.filter(pk=order.pk).update(state="archived")
    put_up()
    [fault] = verify().faults
    assert (fault.kind, "'dispatched'" in fault.text, "'archived'" in fault.text) == ("state", True, True)
    take_down()
    _raw("PRAGMA defer_foreign_keys = ON")
    with transaction.atomic():
        _raw("DELETE FROM orders_order_findings WHERE order_id = %s", order.pk)
        for model in (Comment, EvidenceFile):
            model.objects.filter(order=order).delete()
        _raw("DELETE FROM orders_order WHERE id = %s", order.pk)
    put_up()
    assert {fault.kind for fault in verify().faults} == {"gone"}


def test_the_guards_survive_a_table_that_is_built_anew(db: None) -> None:
    """SQLite forgets triggers with the table: each migration ends with all of them in place."""
    from django.core.management import call_command

    from jicha.desk.journal.guards import missing_guards

    take_down()
    assert missing_guards()
    call_command("migrate", verbosity=0)
    assert missing_guards() == []
