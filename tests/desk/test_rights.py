"""The matrix of rights: every route of the desk × every role × own, sub and foreign organisation, made from the route table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from jicha.desk.api.models import ApiToken
from jicha.desk.clues.models import Clue, SavedView
from jicha.desk.exports.models import ExportRequest
from jicha.desk.jobs.models import Job
from jicha.desk.orders.actions import issue_order
from jicha.desk.people.models import Organisation, Post, User
from jicha.desk.people.rights import rights, roles
from jicha.desk.project import urls  # noqa: F401  (fills the table of routes)
from jicha.desk.settlements.models import Settlement
from jicha.desk.ui.checks import addresses, every_route_has_a_right
from jicha.desk.ui.routes import ANYBODY, ROUTES
from jicha.desk.webhooks.models import Subscription

# What each route with a record is about; the others are lists.
ABOUT_WEBHOOK = ("webhook", "webhook_renew", "webhook_end", "webhook_again")
ABOUT_TOKEN = ("token_revoke",)
ABOUT_DEPUTY = ("deputy_end",)
ABOUT_CLUE = ("clue", "clue_evidence", "clue_sheet", "clue_chart", "clue_near", "clue_order", "clue_move")
ABOUT_ORDER = (
    "order", "order_settlement", "order_bundle", "order_extend", "order_comment", "order_move", "evidence_add", "evidence", "evidence_small", "visit", "visit_record", "visit_file",
    "visit_move", "visit_file_give_up",
)  # fmt: skip
ABOUT_EXPORT = ("export_file", "export_move")
ABOUT_VIEW = ("view_delete",)
ABOUT_SETTLEMENT = (
    "settlement", "settlement_facts", "settlement_act", "settlement_arrange", "settlement_pay", "settlement_plan", "settlement_reverse",
    "settlement_sheet", "settlement_paper", "settlement_move",
)  # fmt: skip
ABOUT_JOB = ("job", "job_progress", "job_move")
ABOUT_CUSTOMER = (
    "customer", "customer_chart", "customer_changes", "customer_links", "customer_bill", "customer_reveal",
)  # fmt: skip
ABOUT_PERSON = ("person", "person_post", "person_see_as", "post_end")


def test_every_address_declares_its_right() -> None:
    """An address that was not made by `page` fails the build, and every right that is named exists."""
    assert every_route_has_a_right() == []
    assert {route.right for route in ROUTES.values()} <= {*rights(), ANYBODY}
    assert {right for role in roles().values() for right in role.rights} <= set(rights())


def test_an_address_without_a_right_is_found(settings: Any) -> None:
    """The check is not blind."""
    settings.ROOT_URLCONF = "tests.desk.open_urls"
    assert [error.id for error in every_route_has_a_right()] == ["jicha.E001"]
    assert [address for address, _ in addresses()] == ["secret/"]


@pytest.fixture
def records(
    clue: Callable[..., Clue], person: Callable[..., Any], tree: dict[str, Organisation]
) -> dict[str, dict[str, int]]:
    """A clue, an order and a post in each of the own, a sub- and a foreign organisation of county C1."""
    made: dict[str, dict[str, int]] = {}
    for place, unit in (("own", "C1"), ("sub", "S11"), ("foreign", "S21")):
        other = clue(unit, f"O{place}")
        order = issue_order(
            other, person("manager", "C1" if place != "foreign" else "C2").standing, tree[unit], "desk", "x"
        )
        someone = person("profession", unit, f"someone-{place}")
        made[place] = {
            "clue": clue(unit, f"C{place}").pk, "order": order.pk, "person": someone.user.pk, "post": Post.objects.get(user=someone.user).pk,
            "job": Job.objects.create(kind="audit", title="x", organisation=tree[unit], asked_by=someone.user).pk,
        }  # fmt: skip
    for ids, unit in zip(made.values(), ("C1", "S11", "S21"), strict=True):
        owner = User.objects.get(pk=ids["person"])
        ids["webhook"] = Subscription.objects.create(
            name="x", url="https://example.org/", organisation=tree[unit], nonce="x", made_by=owner
        ).pk
        ids["token"] = ApiToken.objects.create(
            owner=owner, name="x", sha256=unit, organisation=tree[unit], expires_on=date(2030, 1, 1)
        ).pk
        ids["export"] = ExportRequest.objects.create(
            organisation=tree[unit],
            asker=owner,
            address="/clues/",
            query="export=csv",
            name="clues",
            purpose="x",
            rows=1,
        ).pk
        act = {"act": "theft", "price": "1", "quantity": {"method": "proved", "kwh": "1"}}
        ids["settlement"] = Settlement.objects.create(
            organisation=tree[unit], title="x", customer_no="x", drafter=owner,
            content={"found_on": "2024-05-01", "customer": {}, "scenarios": {"A": {"title": "", "acts": [act]}}},
        ).pk  # fmt: skip
        ids["view"] = SavedView.objects.create(
            owner=owner, organisation=tree[unit], name="x", query="q=1", is_shared=True
        ).pk
    return made


def arguments(name: str, ids: dict[str, int], place: str) -> dict[str, Any]:
    """Return the arguments of a route for the records of a place."""
    told: dict[str, Any] = {}
    if name in ABOUT_CLUE:
        told["pk"] = ids["clue"]
    elif name in ABOUT_ORDER:
        told["pk"] = ids["order"]
    elif name in ABOUT_JOB:
        told["pk"] = ids["job"]
    elif name in ABOUT_PERSON:
        told["pk"] = ids["post" if name == "post_end" else "person"]
    if name in ABOUT_WEBHOOK:
        told["pk"] = ids["webhook"]
    elif name in ABOUT_TOKEN:
        told["pk"] = ids["token"]
    elif name in ABOUT_DEPUTY:
        told["pk"] = ids["post"]
    elif name in ABOUT_EXPORT:
        told["pk"] = ids["export"]
    elif name in ABOUT_VIEW:
        told["pk"] = ids["view"]
    elif name in ABOUT_SETTLEMENT:
        told["pk"] = ids["settlement"]
    if name == "settlement_reverse":
        told["number"] = 1
    if name == "settlement_sheet":
        told["form"] = "json"
    if name == "settlement_paper":
        told |= {"kind": "notice", "form": "pdf"}
    if name == "webhook_again":
        told["number"] = 1
    if name in ("clue_evidence", "clue_sheet"):
        told["finding_id"] = "none"
    if name in ("evidence", "evidence_small", "visit_move", "visit_file_give_up"):
        told["number"] = 1
    if name == "visit_file_give_up":
        told["sha256"] = "0" * 64
    if name.endswith("_move"):
        told["name"] = {
            "clue_move": "take",
            "job_move": "job_stop",
            "settlement_move": "settlement_drop",
        }.get(name, "accept")
    if name in ABOUT_CUSTOMER:
        told["number"] = f"C{place}"
    if name == "customer_bill":
        told["bill_id"] = "none"
    return told


@pytest.mark.parametrize("role", [*roles(), None])
@pytest.mark.parametrize("place", ["own", "sub", "foreign"])
def test_matrix(
    role: str | None,
    place: str,
    records: dict[str, dict[str, int]],
    person: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without the right: 403. With it, in a foreign organisation: 404 and nothing changed. In the own or below: neither."""
    monkeypatch.setattr(
        "jicha.home.Home.customer_name",
        lambda _self, number: ("某", {"Cown": "C1", "Csub": "S11", "Cforeign": "S21"}[number]),
    )
    monkeypatch.setattr("jicha.home.Home.customer_file", lambda _self, _number: [])
    client = person(role, "C1", "the one").client if role else Client()
    wrong = []
    for name, route in ROUTES.items():
        url = reverse(name, kwargs=arguments(name, records[place], place))
        for method in route.methods:
            if name == "language":
                continue
            response = client.generic(method, url)
            status = response.status_code
            _ = (
                list(response) if response.streaming else None
            )  # a file that is handed out is closed when it is read
            expected = _expected(role, route.right, name, place, method)
            if status not in expected:
                wrong.append(f"{method} {url} as {role} in {place}: {status}, expected {sorted(expected)}")
    assert wrong == []


def _expected(role: str | None, right: str, name: str, place: str, method: str) -> set[int]:
    if role is None:
        return {302}
    if right != ANYBODY and right not in roles()[role].rights:
        return {403}
    is_record = name in (
        *ABOUT_CLUE,
        *ABOUT_ORDER,
        *ABOUT_JOB,
        *ABOUT_PERSON,
        *ABOUT_CUSTOMER,
        *ABOUT_SETTLEMENT,
    )
    if is_record and place == "foreign":
        return {404}
    if name in (
        "deputy_end",  # nobody lent a post of this number
        "clue_evidence",
        "clue_sheet",
        "customer_bill",
        "customer_changes",
        "evidence",
        "evidence_small",
        "visit_move",
        "visit_file_give_up",
    ):
        return {404}  # the clue or order is seen, but holds nothing of this number
    if name in ABOUT_WEBHOOK and place == "foreign":
        return {404}
    if (
        name == "webhook_again"
    ):  # the message is there where the order of the routes made an event, and has not failed
        return {404, 409}
    if name in ABOUT_EXPORT:  # somebody else's: seen by who may approve it, and taken by nobody else
        approves = "clue.approve" in roles()[role].rights and place != "foreign"
        return {404} if not approves or name == "export_move" else {403}
    if name in ABOUT_VIEW:  # shared by somebody else: seen, not deleted
        return {403} if place != "foreign" else {404}
    if name in ABOUT_TOKEN:  # somebody else's: seen by an administrator of the owner's unit only
        return {302} if "people.manage" in roles()[role].rights and place != "foreign" else {404}
    if name == "settlement_paper":
        return {409}  # a draft has no papers
    # A move or a form may be refused for other reasons (a second right, empty fields); it must never be an error.
    return {200} if method == "GET" else {200, 302, 403, 409, 422}


def test_other_methods_are_refused(person: Callable[..., Any], records: dict[str, dict[str, int]]) -> None:
    """A change cannot be made by GET, nor a page be deleted."""
    manager = person("manager", "C1", "the one").client
    for name, route in ROUTES.items():
        url = reverse(name, kwargs=arguments(name, records["own"], "own"))
        for method in {"GET", "POST", "PUT", "DELETE"} - set(route.methods):
            assert manager.generic(method, url).status_code == 405, (method, url)


def test_lists_hold_nothing_foreign(person: Callable[..., Any], records: dict[str, dict[str, int]]) -> None:
    """Rows, counts, search, export and the choice of units end at the border of the county."""
    manager = person("manager", "C1", "the one").client
    for url in ("/clues/?state=", "/clues/?q=Cforeign", "/orders/?state=all", "/orders/?q=Oforeign", "/?x"):
        page = manager.get(url).content.decode()
        assert "西一所" not in page, url
    told = b"".join(manager.get("/clues/?state=&export=csv").streaming_content).decode("utf-8-sig")
    assert ("Csub" in told, "Cforeign" in told, "西" in told) == (True, False, False)


def test_a_move_on_a_foreign_record_changes_nothing(
    person: Callable[..., Any], records: dict[str, dict[str, int]]
) -> None:
    """A direct POST with a foreign id is answered as if there were nothing, and nothing happens."""
    manager = person("manager", "C1", "the one").client
    ids = records["foreign"]
    assert manager.post(f"/clues/{ids['clue']}/take/").status_code == 404
    assert manager.post(
        "/clues/dismiss/",
        {"clue": [ids["clue"]], "reason": "benign", "reason_text": "x", "silent_until": "2030-01-01"},
    ).status_code in (200, 302)
    assert Clue.objects.get(pk=ids["clue"]).state == "open"


def test_a_right_that_is_taken_away_is_gone_with_the_next_click(
    person: Callable[..., Any], clue: Callable[..., Clue]
) -> None:
    """A post that ended counts no more, in sessions that are open, too."""
    auditor = person("auditor")
    assert auditor.client.get("/clues/").status_code == 200
    Post.objects.filter(user=auditor.user).update(valid_to=date.today())
    assert auditor.client.get("/clues/").status_code == 403


def test_nobody_gives_oneself_a_post(person: Callable[..., Any], tree: dict[str, Organisation]) -> None:
    """An administrator can make others able to act, not the own account; nor reach beyond the own subtree."""
    admin = person("administrator", "C1")
    other = person("auditor", "S11")
    told = {"organisation": tree["C1"].pk, "role": "manager", "valid_from": "2026-01-01"}
    assert admin.client.post(f"/people/{admin.user.pk}/post/", told).status_code == 403
    assert admin.client.post(f"/people/{other.user.pk}/post/", told).status_code == 302
    assert (
        admin.client.post(
            f"/people/{other.user.pk}/post/", told | {"organisation": tree["C2"].pk}
        ).status_code
        == 422
    )
    assert set(Post.objects.filter(user=other.user).values_list("role", flat=True)) == {"auditor", "manager"}
    assert Post.objects.filter(user=admin.user).count() == 1


def test_more_fields_than_asked_for_are_not_written(
    person: Callable[..., Any], clue: Callable[..., Clue]
) -> None:
    """Mass assignment: a move writes its own fields and no others."""
    one = clue()
    person("auditor").client.post(
        f"/clues/{one.pk}/take/",
        {"take-state": "closed", "state": "closed", "expected_yuan": "0", "take-expected_yuan": "0"},
    )
    one.refresh_from_db()
    assert (one.state, str(one.expected_yuan)) == ("taken", "600.00")


def test_a_change_needs_the_token_of_the_page(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """CSRF: a POST from elsewhere is refused."""
    auditor = person("auditor")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(auditor.user, backend="django.contrib.auth.backends.ModelBackend")
    assert strict.post(f"/clues/{clue().pk}/take/").status_code == 403
