"""The page of an order: seven steps with days and persons; the limit extended once; posts lent and taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from jicha.calendars import is_working_day
from jicha.desk.administration.deputies import WrongDays, lend, take_back
from jicha.desk.clues.models import Clue
from jicha.desk.flow.refusals import Missing, NotAllowed, NotNow, SamePerson
from jicha.desk.journal.models import Event
from jicha.desk.journal.verify import verify
from jicha.desk.orders.actions import issue_order, move_order
from jicha.desk.orders.extension import TooLong, extend, latest_day
from jicha.desk.orders.models import Order
from jicha.desk.orders.moves import FOUR
from jicha.desk.people.models import Delegation, Post


@pytest.fixture
def order(clue: Callable[..., Clue], person: Callable[..., Any]) -> Order:
    """An order that is being verified on the desk."""
    one = clue()
    made = issue_order(one, person("manager").standing, one.organisation, "desk", "核对")
    move_order(made, "accept", person("unit", "S11").standing, {})
    move_order(made, "verify", person("auditor").standing, {})
    return made


def steps(order: Order, client: Any) -> list[tuple[str, str, str]]:
    """Return the steps that the page shows as (title, kind, who)."""
    return [(str(s.title), s.kind, str(s.who)) for s in client.get(f"/orders/{order.pk}/").context["steps"]]


def test_the_steps_tell_who_and_when(order: Order, person: Callable[..., Any]) -> None:
    """Each done step has the person of the move that ended it; an excluded order leaves two steps out."""
    manager = person("manager")
    assert steps(order, manager.client)[:3] == [
        ("派发", "done", "manager-C1"),
        ("核查", "current", ""),
        ("审核", "ahead", ""),
    ]
    move_order(order, "report", person("auditor").standing, {"verdict": "none", "facts": "无异常"})
    move_order(order, "approve", person("reviewer").standing, {"opinion": "同意"})
    move_order(order, "exclude", person("leader").standing, {"exclusion": "benign"})
    assert steps(order, manager.client) == [
        ("派发", "done", "manager-C1"), ("核查", "done", "auditor-C1"), ("审核", "done", "reviewer-C1"), ("定性", "done", "leader-C1"),
        ("整改", "left-out", ""), ("复核", "left-out", ""), ("归档", "current", ""),
    ]  # fmt: skip
    move_order(order, "archive_excluded", manager.standing, {})
    assert steps(order, manager.client)[-1] == ("归档", "done", "manager-C1")


def test_a_step_that_was_sent_back_is_open_again(order: Order, person: Callable[..., Any]) -> None:
    """After a return the verification is the current step, though it was reported once."""
    move_order(order, "report", person("auditor").standing, {"verdict": "problem", "facts": "停走"})
    move_order(order, "return", person("reviewer").standing, {"opinion": "补充照片"})
    assert [kind for _, kind, _ in steps(order, person("manager").client)][:3] == ["done", "current", "ahead"]


def test_one_handed_over_stays_where_it_was(order: Order, person: Callable[..., Any]) -> None:
    """A transferred order shows no step as done that was not."""
    move_order(
        order, "transfer", person("manager").standing, {"receiver": "police", "transfer_reason": "涉嫌窃电"}
    )
    assert [kind for _, kind, _ in steps(order, person("manager").client)] == [
        "done",
        "current",
        *["ahead"] * 5,
    ]


def working_days(first: date, last: date) -> int:
    """Count the working days after the first day up to the last, one by one."""
    return sum(is_working_day(first + timedelta(days=n)) for n in range(1, (last - first).days + 1))


def test_a_limit_is_extended_once_by_its_own_length(order: Order, person: Callable[..., Any]) -> None:
    """Verification of severity 2 lasts five working days; five more are the most, and only once."""
    leader, before = person("leader").standing, order.due_on
    last = latest_day(order)
    assert before is not None
    assert last is not None
    assert working_days(before, last) == 5
    for day in (before, last + timedelta(days=1)):
        with pytest.raises(TooLong):
            extend(order, leader, day, "客户出差")
    extend(order, leader, last, "客户出差")
    assert (order.due_on, order.extended_from, order.state) == (last, before, "verifying")
    assert '"reason":"客户出差"' in Event.objects.get(action="extend").content
    with pytest.raises(NotNow):
        extend(order, leader, last + timedelta(days=1), "再延")
    assert verify().is_whole
    page = person("manager").client.get(f"/orders/{order.pk}/").content.decode()
    assert ("客户出差" in page, f"/orders/{order.pk}/extend/" in page) == (True, False)


def test_nobody_extends_the_time_of_the_own_work(order: Order, person: Callable[..., Any]) -> None:
    """Not without the right, not the one who verifies, not without a reason; a closed order has no limit."""
    day = latest_day(order)
    with pytest.raises(NotAllowed):
        extend(order, person("auditor").standing, day, "x")
    manager = person("manager")
    with pytest.raises(Missing):
        extend(order, manager.standing, day, " ")
    Post.objects.create(
        user=person("auditor").user,
        organisation=order.organisation,
        role="leader",
        valid_from=date(2026, 1, 1),
    )
    with pytest.raises(SamePerson):
        extend(order, person("auditor").standing, day, "x")
    told = manager.client.post(f"/orders/{order.pk}/extend/", {"day": "2026-13-45", "reason": "x"})
    assert (told.status_code, Order.objects.get(pk=order.pk).extended_from) == (422, None)
    move_order(order, "transfer", manager.standing, {"receiver": "police", "transfer_reason": "x"})
    with pytest.raises(NotNow):
        extend(order, person("leader").standing, day, "x")


def test_a_post_is_lent_and_taken_back(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """From that moment the deputy may what the owner may; what the deputy did counts as the owner's; taken back, it is gone."""
    owner, deputy, one = person("reviewer"), person("profession"), clue()
    post, today = Post.objects.get(user=owner.user), timezone.localdate()
    told = {
        "post": post.pk,
        "deputy": deputy.user.pk,
        "valid_from": f"{today}",
        "valid_to": f"{today + timedelta(days=10)}",
        "reason": "年休假",
    }
    assert deputy.standing.may("order.review", one.organisation.path) is False
    assert owner.client.post("/people/deputies/", told).status_code == 302
    assert deputy.standing.may("order.review", one.organisation.path) is True
    assert deputy.standing.acts_for("order.review", one.organisation.path) == owner.user.pk
    assert "年休假" in deputy.client.get("/people/deputies/").content.decode()
    lent = Delegation.objects.get()
    assert deputy.client.post(f"/people/deputies/{lent.pk}/end/").status_code == 404
    assert owner.client.post(f"/people/deputies/{lent.pk}/end/").status_code == 302
    assert deputy.standing.may("order.review", one.organisation.path) is False
    assert (
        list(Event.objects.filter(action__in=("lend_post", "take_back_post")).values_list("actor", flat=True))
        == [owner.user.pk] * 2
    )
    with pytest.raises(NotNow):
        take_back(owner.standing, Delegation.objects.get())


def test_what_cannot_be_lent(person: Callable[..., Any]) -> None:
    """Not another's post, not a borrowed one, not to oneself or a stranger, not without end, not into the past."""
    owner, deputy, stranger = person("reviewer"), person("profession"), person("auditor", "C2")
    post, today = Post.objects.get(user=owner.user), timezone.localdate()
    week = today + timedelta(days=7)
    for standing, whose, to in (
        (deputy.standing, post, deputy.user), (owner.standing, post, owner.user), (owner.standing, post, stranger.user),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            lend(standing, whose, to, today, week, "x")
    for begin, until in (
        (today, today),
        (today - timedelta(days=1), week),
        (today, today + timedelta(days=93)),
    ):
        with pytest.raises(WrongDays):
            lend(owner.standing, post, deputy.user, begin, until, "x")
    lend(owner.standing, post, deputy.user, today, week, "x")
    with pytest.raises(NotAllowed):
        lend(deputy.standing, post, person("manager").user, today, week, "x")
    form = deputy.client.get("/people/deputies/").context["form"]
    assert post not in form.fields["post"].queryset


def test_an_archived_order_is_no_change_of_the_log(order: Order, person: Callable[..., Any]) -> None:
    """The archive tells of four fields before it tells from where to where; the check of the log reads it all the same."""
    leader, unit = person("leader").standing, person("unit", "S11").standing
    move_order(order, "report", person("auditor").standing, {"verdict": "problem", "facts": "停走"})
    move_order(order, "approve", person("reviewer").standing, {"opinion": "同意"})
    move_order(order, "confirm", leader, {"nature": "error", "cause": "person", "demand": "更正"})
    move_order(order, "rectify", unit, {})
    move_order(order, "report_rectified", unit, {"rectification": "已更正"})
    move_order(order, "accept_unproven", person("reviewer").standing, {"unproven_reason": "表已拆除"})
    move_order(order, "archive", person("manager").standing, dict.fromkeys(FOUR, "已办"))
    assert (order.state, verify().faults) == ("archived", ())
