"""Moves: who may make which, what must be filled, and who must be another person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from jicha.audit.exceptions import ExceptionList
from jicha.desk.clues.dismissal import move_clue
from jicha.desk.clues.models import Clue
from jicha.desk.clues.moves import FLOW as CLUES
from jicha.desk.flow.refusals import Missing, NotAllowed, NotNow, Overtaken, SamePerson
from jicha.desk.journal.models import Event
from jicha.desk.orders.actions import issue_order, move_order
from jicha.desk.orders.models import Order
from jicha.desk.orders.moves import FLOW as ORDERS
from jicha.desk.orders.moves import FOUR
from jicha.desk.people.models import Delegation
from jicha.desk.ui.home import home

DISMISSAL = {"reason": "benign", "reason_text": "外出打工", "silent_until": date.today() + timedelta(days=90)}


@pytest.fixture
def people(person: Callable[..., Any]) -> dict[str, Any]:
    """Everybody who has a hand in an order of station S11."""
    names = ("leader", "manager", "auditor", "reviewer")
    return {role: person(role).standing for role in names} | {"unit": person("unit", "S11").standing}


@pytest.fixture
def order(clue: Callable[..., Clue], people: dict[str, Any]) -> Order:
    """A dispatched order."""
    one = clue()
    return issue_order(one, people["manager"], one.organisation, "desk", "核对表计")


def walk(order: Order, people: dict[str, Any], *steps: tuple[str, str, dict[str, Any]]) -> None:
    """Make several moves, one after the other."""
    for name, who, values in steps:
        move_order(order, name, people[who], values)


TO_REPORT = (
    ("accept", "unit", {}),
    ("verify", "auditor", {}),
    (
        "report",
        "auditor",
        {
            "verdict": "problem",
            "facts": "表计停走",
            "found_kwh": Decimal(12000),
            "found_yuan": Decimal("6400.00"),
        },
    ),
)
TO_RECTIFIED = (
    *TO_REPORT,
    ("approve", "reviewer", {"opinion": "同意"}),
    ("confirm", "leader", {"nature": "error", "cause": "person", "demand": "换表并退补"}),
    ("rectify", "unit", {}),
    ("report_rectified", "unit", {"rectification": "已换表"}),
)


def test_the_whole_way(order: Order, people: dict[str, Any]) -> None:
    """An order goes from dispatch to the archive, each step with its event, and its clue closes with it."""
    walk(order, people, *TO_RECTIFIED)
    assert (order.state, order.size) == ("rectified", "major")  # 12,000 kWh: domain 7.4
    walk(order, people, ("accept_unproven", "manager", {"unproven_reason": "该用户已销户"}))
    walk(order, people, ("archive", "manager", dict.fromkeys(FOUR, "已落实")))
    order.clue.refresh_from_db()
    assert (order.state, order.clue.state) == ("archived", "closed")
    told = [
        event.action
        for event in Event.objects.filter(subject_kind="orders.order", subject_id=str(order.pk)).order_by(
            "number"
        )
    ]
    assert told == ["dispatch", *(name for name, _, _ in TO_RECTIFIED), "accept_unproven", "archive"]


def test_a_step_cannot_be_skipped(order: Order, people: dict[str, Any]) -> None:
    """From each state only its own moves start."""
    with pytest.raises(NotNow):
        move_order(order, "report", people["auditor"], {"verdict": "none", "facts": "x"})
    with pytest.raises(NotNow):
        move_order(order, "archive", people["manager"], dict.fromkeys(FOUR, "x"))
    order.refresh_from_db()
    assert order.state == "dispatched"


def test_the_right_counts_in_the_subtree_of_the_post(
    order: Order, people: dict[str, Any], person: Callable[..., Any]
) -> None:
    """A contact of another station, or a manager of another county, cannot move it."""
    with pytest.raises(NotAllowed):
        move_order(order, "accept", person("unit", "S12").standing, {})
    with pytest.raises(NotAllowed):
        move_order(
            order,
            "transfer",
            person("manager", "C2").standing,
            {"receiver": "police", "transfer_reason": "x"},
        )


def test_who_verified_does_not_review(order: Order, people: dict[str, Any]) -> None:
    """A manager who verified must leave the review to another, and so must one who stands in for the verifier."""
    walk(
        order,
        people,
        ("accept", "unit", {}),
        ("verify", "manager", {}),
        ("report", "manager", {"verdict": "none", "facts": "正常"}),
    )
    with pytest.raises(SamePerson):
        move_order(order, "approve", people["manager"], {"opinion": "同意"})
    move_order(order, "approve", people["reviewer"], {"opinion": "同意"})
    assert order.state == "reviewed"


def test_a_deputy_is_no_second_person(
    order: Order, people: dict[str, Any], person: Callable[..., Any]
) -> None:
    """Who holds the verifier's own post as a deputy may not review what that person verified."""
    walk(
        order,
        people,
        ("accept", "unit", {}),
        ("verify", "manager", {}),
        ("report", "manager", {"verdict": "none", "facts": "正常"}),
    )
    deputy = person("profession", "C1")
    post = people["manager"].user.posts.get()
    Delegation.objects.create(post=post, deputy=deputy.user, valid_from=date.today(), reason="休假")
    with pytest.raises(SamePerson):
        move_order(order, "approve", deputy.standing, {"opinion": "同意"})


def test_a_deputy_acts_and_the_log_says_for_whom(
    order: Order, people: dict[str, Any], person: Callable[..., Any]
) -> None:
    """The event of a deputy names the one who is away."""
    deputy = person("profession", "C1")
    post = people["unit"].user.posts.get()
    Delegation.objects.create(
        post=post,
        deputy=deputy.user,
        valid_from=date.today(),
        valid_to=date.today() + timedelta(days=1),
        reason="休假",
    )
    move_order(order, "accept", deputy.standing, {})
    event = Event.objects.get(action="accept")
    assert (event.actor, f'"stands_in_for":{people["unit"].user.pk}' in event.content) == (deputy.user, True)


def test_what_is_needed_is_named(order: Order, people: dict[str, Any]) -> None:
    """An empty field is refused by its name and nothing is written."""
    walk(order, people, *TO_REPORT[:2])
    with pytest.raises(Missing) as refused:
        move_order(order, "report", people["auditor"], {"verdict": "problem", "facts": ""})
    assert refused.value.fields == ["核查情况"]
    order.refresh_from_db()
    assert (order.state, order.verdict) == ("verifying", "")


def test_the_archive_asks_for_the_four(order: Order, people: dict[str, Any]) -> None:
    """None of the four that must not be let go (四不放过) may be missing."""
    walk(order, people, *TO_RECTIFIED, ("accept_unproven", "manager", {"unproven_reason": "已销户"}))
    for left_out in FOUR:
        with pytest.raises(Missing):
            move_order(order, "archive", people["manager"], {name: "有" for name in FOUR if name != left_out})


def test_a_ruling_follows_the_verification(order: Order, people: dict[str, Any]) -> None:
    """Who rules cannot exclude what was verified as a problem."""
    walk(order, people, *TO_REPORT, ("approve", "reviewer", {"opinion": "同意"}))
    with pytest.raises(NotNow):
        move_order(order, "exclude", people["leader"], {"exclusion": "benign"})


def test_a_third_return_is_refused(order: Order, people: dict[str, Any]) -> None:
    """An order is returned twice at most: domain 7.3."""
    walk(order, people, *TO_REPORT)
    again = TO_REPORT[2]
    for _ in range(2):
        walk(order, people, ("return", "reviewer", {"opinion": "补充照片"}), again)
    with pytest.raises(NotNow, match="退回次数上限"):
        move_order(order, "return", people["reviewer"], {"opinion": "再补"})
    assert order.returns == 2


def test_one_who_comes_late_changes_nothing(clue: Callable[..., Clue], people: dict[str, Any]) -> None:
    """Two pages of one clue: the second move is refused and writes no event."""
    one = clue()
    seen_before = Clue.objects.get(pk=one.pk)
    CLUES.make(one, "take", people["auditor"], {})
    with pytest.raises(Overtaken):
        CLUES.make(seen_before, "take", people["manager"], {})
    assert Event.objects.filter(action="take").count() == 1
    one.refresh_from_db()
    assert one.holder == people["auditor"].user


def test_a_dismissal_needs_two_and_becomes_an_exception(
    clue: Callable[..., Clue], people: dict[str, Any]
) -> None:
    """What one proposed another approves; then the rule is quiet on the subject until the day."""
    one = clue()
    move_clue(one, "propose_dismissal", people["manager"], DISMISSAL, home().exceptions.path)
    with pytest.raises(SamePerson):
        move_clue(one, "approve_dismissal", people["manager"], {}, home().exceptions.path)
    move_clue(one, "approve_dismissal", people["leader"], {}, home().exceptions.path)
    [entry] = ExceptionList(home().exceptions.path).entries
    assert (entry.rule_id, entry.subject_id, entry.expires_on) == ("MR-01", "K1", DISMISSAL["silent_until"])
    assert (entry.approved_by, "manager-C1" in entry.reason) == ("leader-C1", True)


def test_a_dismissal_that_cannot_be_kept_is_not_approved(
    clue: Callable[..., Clue], people: dict[str, Any]
) -> None:
    """An expiry that has passed is refused by the list of exceptions, and the clue stays as it was."""
    one = clue()
    move_clue(
        one,
        "propose_dismissal",
        people["manager"],
        DISMISSAL | {"silent_until": date.today()},
        home().exceptions,
    )
    with pytest.raises(Exception, match="expiry"):
        move_clue(one, "approve_dismissal", people["leader"], {}, home().exceptions.path)
    one.refresh_from_db()
    assert (one.state, Event.objects.filter(action="approve_dismissal").exists()) == ("proposed", False)


def test_moves_that_only_the_data_make(order: Order, people: dict[str, Any]) -> None:
    """Nobody can say by hand that the data prove it."""
    walk(order, people, *TO_RECTIFIED)
    with pytest.raises(NotAllowed):
        move_order(order, "proven", people["manager"], {"proof_run_id": "x", "proof_text": "x"})


def test_the_diagram_shows_every_move() -> None:
    """The docs' diagram is drawn from the table."""
    text = ORDERS.mermaid()
    assert all(f": {name}" in text for name in ORDERS.moves)
