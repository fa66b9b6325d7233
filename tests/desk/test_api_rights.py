"""The matrix of rights of the API: every operation × every role × own, sub and foreign organisation, made from its table."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import path

from jicha.desk.api import operation as room
from jicha.desk.api.document import _address, address_in_document, document
from jicha.desk.api.operation import API, OPERATIONS, Operation
from jicha.desk.clues.models import Clue
from jicha.desk.journal.models import Event
from jicha.desk.orders.actions import issue_order
from jicha.desk.orders.models import Order
from jicha.desk.people.models import Organisation, Post
from jicha.desk.people.rights import rights, roles
from jicha.desk.ui.checks import addresses, every_route_has_a_right
from tests.desk.program import JSON, example, program

PLACES = {"own": "C1", "sub": "S11", "foreign": "S21"}
Records = dict[str, dict[str, int]]


@pytest.fixture
def records(
    clue: Callable[..., Clue], person: Callable[..., Any], tree: dict[str, Organisation], monkeypatch: pytest.MonkeyPatch
) -> Records:  # fmt: skip
    """A clue, an order, a person and a post in each place; a home that knows three customers."""
    served = {f"C{place}": unit for place, unit in PLACES.items()}
    monkeypatch.setattr("jicha.home.Home.customer_name", lambda _self, number: ("某", served[number]))
    monkeypatch.setattr("jicha.home.Home.customer_file", lambda _self, _number: [])
    made: Records = {}
    for place, unit in PLACES.items():
        manager = person("manager", "C2" if place == "foreign" else "C1", f"manager-{place}")
        order = issue_order(clue(unit, f"O{place}"), manager.standing, tree[unit], "desk", "x")
        someone = person("profession", unit, f"someone-{place}").user
        made[place] = {
            "clues": clue(unit, f"C{place}").pk, "orders": order.pk, "people": someone.pk, "posts": Post.objects.get(user=someone).pk,
        }  # fmt: skip
    return made


def call(client: Client, one: Operation, ids: dict[str, int], place: str) -> Any:
    """Ask an operation for the record of a place, with a body that its document takes."""
    address = "/api/v1/" + one.address.replace("people/posts/<int:pk>", f"people/posts/{ids['posts']}")
    address = address.replace("<int:pk>", str(ids.get(one.address.split("/")[0], 0)))
    address = (
        address.replace("<str:finding_id>", "none")
        .replace("<int:number>", "1")
        .replace("<str:number>", f"C{place}")
    )
    if one.name == "customers":
        address += f"?number=C{place}"
    if one.name == "order_file_add":
        return client.post(address, {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7\n%%EOF"), "note": "x"})
    if one.method == "GET":
        return client.get(address)
    told = document()["paths"][address_in_document(one)]["post"].get("requestBody")
    body = example(told["content"][JSON]["schema"], document()) if told else None
    if one.name == "clue_dismiss_many":
        body["clues"] = [ids["clues"]]
    return client.post(address, body, content_type=JSON)


def expected(one: Operation, role: str | None, place: str) -> set[int]:
    """Return the statuses that an operation may answer with."""
    if role is None:
        return {401}
    if one.right not in roles()[role].rights:
        return {403}
    is_record = re.search(r"<(int:pk|str:number)>", one.address)
    if is_record and (place == "foreign" or one.name == "clue_evidence"):
        return {404}
    if one.name == "order_file":
        return {200, 404}  # the order is seen; a file is in it if the role may add one
    # What is right by role and place may still be refused: by its state, by a second right, or since a person must do it.
    return {200} if one.method == "GET" else {200, 201, 403, 409, 422}


@pytest.mark.parametrize("role", [*roles(), None])
@pytest.mark.parametrize("place", PLACES)
def test_matrix(role: str | None, place: str, records: Records, person: Callable[..., Any]) -> None:
    """Without a token: 401. Without the right: 403. With it, in a foreign organisation: 404 or nothing. Else neither."""
    client = program(person(role, "C1", "the one")) if role else Client()
    wrong = []
    for one in OPERATIONS.values():
        status = call(client, one, records[place], place).status_code
        if status not in expected(one, role, place):
            wrong.append(f"{one.method} {one.address} as {role} in {place}: {status}")
    assert wrong == []


@pytest.mark.parametrize("role", roles())
def test_nothing_foreign_is_changed(role: str, records: Records, person: Callable[..., Any]) -> None:
    """Whatever a token of the east asks for with ids of the west: not one event is written about a record of the west."""
    client, before = program(person(role, "C1", "the one")), Event.objects.latest("number").number
    for one in OPERATIONS.values():
        if one.method == "POST":
            call(client, one, records["foreign"], "foreign")
    west = Organisation.objects.filter(number__in=("C2", "S21"))
    assert not Event.objects.filter(number__gt=before, organisation__in=west).exists()
    assert Clue.objects.get(pk=records["foreign"]["clues"]).version == 0
    assert Order.objects.get(pk=records["foreign"]["orders"]).version == 1


def test_lists_count_nothing_foreign(records: Records, person: Callable[..., Any]) -> None:
    """Rows, counts, search and filters end at the border of the county, and so does what a unit's name gives away."""
    client = program(person("manager", "C1", "the one"))
    for address in (
        "clues?state=open",
        "clues?q=Cforeign",
        "clues?unit=S11",
        "orders?state=all",
        "orders?q=Oforeign",
    ):
        told = client.get(f"/api/v1/{address}").json()
        assert {row["unit"]["number"] for row in told["rows"]} <= {"C1", "S11"}, address
        assert told["count"] == len(told["rows"]), address
    assert client.get("/api/v1/clues?unit=S21").status_code == 422
    assert {row["unit"]["number"] for row in client.get("/api/v1/log?size=200").json()["rows"]} == {
        "C1",
        "S11",
    }


def test_every_operation_declares_a_right_that_there_is() -> None:
    """The table and the document tell of the same operations, each with a right of the policies."""
    assert {one.right for one in OPERATIONS.values()} <= set(rights())
    told = {(method.upper(), where) for where, methods in document()["paths"].items() for method in methods}
    assert told == {(one.method, address_in_document(one)) for one in OPERATIONS.values()}


def test_an_operation_without_a_right_fails_the_check(settings: Any) -> None:
    """One that goes round `operation` is found by the check that the build runs."""
    forgotten = room.NinjaAPI(urls_namespace="forgotten", docs_url=None, openapi_url=None)
    forgotten.get("/secrets")(lambda request: {"x": 1})
    (router,) = forgotten._get_bound_routers()
    (pattern,) = [_address(where, view) for where, view in router.path_operations.items()]
    settings.ROOT_URLCONF = type("Urls", (), {"urlpatterns": [path("api/", pattern.callback)]})
    assert [one.id for one in every_route_has_a_right()] == ["jicha.E001"]


def test_every_address_of_the_api_is_checked() -> None:
    """The check walks over the API's addresses, and finds each declared."""
    assert every_route_has_a_right() == []
    told = {address for address, callback in addresses() if address.startswith("api/v1/") and callback.route}
    assert {f"api/v1/{one.address}" for one in OPERATIONS.values()} <= told
    assert API.docs_url is None


def test_a_method_that_is_not_named_is_refused(records: Records, person: Callable[..., Any]) -> None:
    """Nothing is changed by GET and nothing deleted: 405 in JSON, with the methods that there are."""
    client = program(person("manager", "C1", "the one"))
    for one in OPERATIONS.values():
        address = "/api/v1/" + re.sub(r"<int:\w+>", "1", re.sub(r"<str:\w+>", "x", one.address))
        for method in ("PUT", "PATCH", "DELETE"):
            answer = client.generic(method, address)
            assert (answer.status_code, answer.json()["found"]) == (405, method), address
            assert one.method in answer["Allow"]
