"""The log: seven ways to change it, each found; and what the database itself refuses."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.utils import timezone

from jicha.desk.journal.append import append, hash_of
from jicha.desk.journal.checkpoints import anchor_tail, checkpoints, leave_checkpoint
from jicha.desk.journal.guards import missing_guards, put_up, take_down
from jicha.desk.journal.models import ChainHead, Event
from jicha.desk.journal.verify import Fault, verify
from jicha.desk.people.models import Organisation

# These tests write as somebody would who holds the database file: the triggers are taken away first, and come back
# with the transaction that each test is rolled back by. That they are away is a fault of its own, and left out here.


@pytest.fixture
def log(tree: dict[str, Organisation]) -> Organisation:
    """Ten events, the eighth anchored by a checkpoint outside the database, and no triggers."""
    unit = tree["C1"]
    for number in range(10):
        with transaction.atomic():
            append("comment", unit, actor=None, organisation=unit, details={"words": f"第 {number} 条"})
    anchored = Event.objects.order_by("number")[7]
    leave_checkpoint(anchored.number, anchored.hash, timezone.now(), always=True)
    take_down()
    return unit


def faults() -> list[Fault]:
    """Return the faults that a check finds beside the triggers that are away."""
    return [fault for fault in verify().faults if fault.kind != "guard"]


def kinds() -> set[str]:
    """Return the kinds of faults that a check finds."""
    return {fault.kind for fault in faults()}


def rehash(first: int) -> None:
    """Hash the chain anew from an event on, head included: the best that a forger can do inside the database."""
    previous = Event.objects.filter(number__lt=first).order_by("-number").first()
    last = previous.hash if previous else "0" * 64
    for event in Event.objects.filter(number__gte=first).order_by("number"):
        new = hash_of(last, event.content)
        Event.objects.filter(pk=event.pk).update(previous_hash=last, hash=new)
        last = new
    ChainHead.objects.update(number=Event.objects.count(), hash=last)


def test_an_honest_log_is_whole(log: Organisation) -> None:
    """Nothing is found where nothing was done."""
    put_up()
    told = verify()
    assert (told.is_whole, told.events >= 10, told.unanchored) == (True, True, 3)


def test_edit(log: Organisation) -> None:
    """A changed text does not give its hash."""
    event = Event.objects.order_by("number")[4]
    Event.objects.filter(pk=event.pk).update(content=event.content.replace("第", "改"))
    [fault] = faults()
    assert (fault.kind, fault.number) == ("hash", event.number)


def test_edit_of_a_shown_column(log: Organisation) -> None:
    """A changed column differs from the text that was hashed."""
    event = Event.objects.order_by("number")[4]
    Event.objects.filter(pk=event.pk).update(action="archive")
    assert kinds() == {"columns"}


def test_delete(log: Organisation) -> None:
    """A missing event leaves a gap."""
    Event.objects.filter(pk=Event.objects.order_by("number")[4].pk).delete()
    assert {"gap", "link"} <= kinds()


def test_insert(log: Organisation) -> None:
    """One event more than the head knows is found."""
    last = Event.objects.order_by("number").last()
    assert last is not None
    Event.objects.create(
        number=last.number + 1, at=timezone.now(), action="archive", subject_kind="x", subject_id="1", content=last.content,
        previous_hash=last.hash, hash=hash_of(last.hash, last.content),
    )  # fmt: skip
    assert {"columns", "head"} <= kinds()


def test_reorder(log: Organisation) -> None:
    """Two events that changed places no longer follow each other."""
    first, second = Event.objects.order_by("number")[3:5]
    for event, other in ((first, second), (second, first)):
        Event.objects.filter(pk=event.pk).update(
            content=other.content, hash=other.hash, previous_hash=other.previous_hash
        )
    assert {"columns", "link"} <= kinds()


def test_cut_tail(log: Organisation) -> None:
    """A cut tail with a mended head is told by the checkpoint outside."""
    kept = Event.objects.order_by("number")[5]
    Event.objects.filter(number__gt=kept.number).delete()
    ChainHead.objects.update(number=kept.number, hash=kept.hash)
    assert kinds() == {"cut"}


def test_fork(log: Organisation) -> None:
    """A second branch that begins in the middle does not continue the chain."""
    event = Event.objects.order_by("number")[6]
    text = event.content.replace("第", "岔")
    Event.objects.filter(pk=event.pk).update(content=text, hash=hash_of(event.previous_hash, text))
    assert kinds() == {"link"}


def test_rewrite_and_rehash(log: Organisation) -> None:
    """Who rewrites everything and hashes it anew is told by the checkpoint outside."""
    event = Event.objects.order_by("number")[2]
    Event.objects.filter(pk=event.pk).update(content=event.content.replace("第", "改"))
    rehash(event.number)
    assert kinds() == {"checkpoint"}


@pytest.mark.django_db
def test_the_database_refuses_to_change_an_event(tree: dict[str, Organisation]) -> None:
    """Update and delete are refused by the database, whoever asks."""
    for change in (lambda: Event.objects.update(action="x"), lambda: Event.objects.all().delete()):
        with pytest.raises(DatabaseError, match="written once"), transaction.atomic():
            change()


def test_a_transaction_that_fails_leaves_no_checkpoint(
    tree: dict[str, Organisation], django_capture_on_commit_callbacks: Any
) -> None:
    """A checkpoint is written when the transaction is, not before."""
    before = Event.objects.count()
    with (
        django_capture_on_commit_callbacks(execute=True) as kept,
        pytest.raises(ZeroDivisionError),
        transaction.atomic(),
    ):
        append("comment", tree["C1"], actor=None, organisation=None)
        _ = 1 // 0
    assert (Event.objects.count(), kept, checkpoints()) == (before, [], [])
    with django_capture_on_commit_callbacks(execute=True):
        event = append("comment", tree["C1"], actor=None, organisation=None)
    assert [(one.number, one.hash) for one in checkpoints()] == [(event.number, event.hash)]


def test_a_checkpoint_every_hour_or_thousand() -> None:
    """The first event leaves one, then the thousandth after it, or the first after an hour."""
    now = timezone.now()
    told = [(1, 0), (2, 0), (1000, 0), (1001, 0), (1002, 59), (1003, 60)]
    assert [leave_checkpoint(number, "h", now + timedelta(minutes=minutes)) for number, minutes in told] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]


def test_a_half_written_checkpoint_is_left_out() -> None:
    """A line that was cut by a crash does not hide the ones before."""
    leave_checkpoint(11, "h", timezone.now())
    with settings.CHECKPOINTS.open("a") as file:
        file.write('{"number": 12, "ha')
    assert [one.number for one in checkpoints()] == [11]


def test_a_trigger_that_was_taken_away_is_named(log: Organisation) -> None:
    """Who takes the guards down to write behind the log is found, even where nothing was written."""
    assert len(missing_guards()) >= 10
    told = {fault.text.rsplit(" ", 1)[-1] for fault in verify().faults if fault.kind == "guard"}
    assert {
        "journal_event_never_changes",
        "journal_event_never_goes",
        "orders_order_state_with_event",
    } <= told
    put_up()
    assert (missing_guards(), verify().is_whole) == ([], True)


def test_checkpoints_lie_in_a_second_place(
    tree: dict[str, Organisation], settings: Any, tmp_path: Path
) -> None:
    """Each is written outside the home, too; one that was mended in the home only is found, and a tail is told as open."""
    settings.CHECKPOINTS_OUTSIDE = tmp_path / "share" / "checkpoints.jsonl"
    assert anchor_tail()
    assert not anchor_tail()  # the end is anchored already
    assert settings.CHECKPOINTS_OUTSIDE.read_text() == settings.CHECKPOINTS.read_text()
    with transaction.atomic():
        append("comment", tree["C1"], actor=None, organisation=None)
    told = verify()
    assert (told.is_whole, told.outside, told.unanchored) == (True, True, 1)
    take_down()
    first = Event.objects.order_by("number")[0]
    Event.objects.filter(pk=first.pk).update(content=first.content.replace("changed", "replaced"))
    rehash(first.number)
    settings.CHECKPOINTS.unlink()
    anchor_tail()
    assert kinds() == {"checkpoint"}


def test_a_share_that_is_away_stops_nothing(
    tree: dict[str, Organisation], settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The home has its checkpoint, and the operator is told of the one that was not written."""
    (tmp_path / "file").write_text("")
    settings.CHECKPOINTS_OUTSIDE = tmp_path / "file" / "checkpoints.jsonl"
    assert anchor_tail()
    assert len(checkpoints()) == 1
    assert "not written outside the home" in caplog.text
    assert verify().outside is False
