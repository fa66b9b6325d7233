"""The API as a program meets it: what it lists, tells and does, and how it refuses."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from jicha.audit.customer_file import CustomerRows
from jicha.audit.exceptions import ExceptionEntry
from jicha.contract import contract
from jicha.desk.clues.models import Clue
from jicha.desk.journal.models import Event
from jicha.desk.orders.actions import issue_order
from jicha.desk.orders.models import Order
from jicha.desk.people.models import Organisation, Post, User
from jicha.desk.ui.home import home
from tests.desk.program import JSON, program

BASE = "/api/v1/"


@pytest.fixture
def order(clue: Callable[..., Clue], person: Callable[..., Any], tree: dict[str, Organisation]) -> Order:
    """An order that was dispatched to a station."""
    return issue_order(clue(), person("manager").standing, tree["S11"], "desk", "see why")


@pytest.mark.parametrize(
    "query",
    ["", "?state=taken", "?q=K2", "?sort=place", "?least=1000", "?band=urgent&sort=yuan", "?unit=S12"],
)
def test_the_list_is_that_of_the_pool(
    query: str, person: Callable[..., Any], clue: Callable[..., Clue]
) -> None:
    """The same clues in the same order as the rows of the page with the same address."""
    for place, unit, more in (
        ("K1", "S11", {}), ("K2", "S12", {"company_yuan": Decimal(10)}), ("K3", "S11", {"band": "urgent"}), ("K4", "S12", {"state": "taken"}),
        ("K0", "S12", {"expected_yuan": Decimal(9)}),
    ):  # fmt: skip
        clue(unit, place, **more)
    manager = person("manager")
    page = manager.client.get(f"/clues/{query}").content.decode()
    shown = list(dict.fromkeys(int(pk) for pk in re.findall(r'data-href="/clues/(\d+)/"', page)))
    told = program(manager).get(f"{BASE}clues{query}").json()
    assert [row["id"] for row in told["rows"]] == shown
    assert told["count"] == len(shown) > 0


def test_money_and_energy_are_strings(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """To the last place of their columns, so that no program reads them as binary fractions."""
    clue(company_yuan=Decimal("9007199254740.93"), kwh=Decimal("0.0001"))
    (row,) = program(person("auditor")).get(f"{BASE}clues").json()["rows"]
    assert (row["charged_too_little_yuan"], row["energy_kwh"]) == ("9007199254740.93", "0.0001")
    assert (row["expected_recovery_yuan"], row["unit"]) == ("600.00", {"number": "S11", "name": "东一所"})


def test_pages_hold_every_row_once(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """A program that walks all pages meets each row once; behind the last there is none."""
    made = {clue(place=f"K{n}").pk for n in range(7)}
    client = program(person("auditor"))
    pages = [client.get(f"{BASE}clues?size=3&page={page}").json() for page in (1, 2, 3, 4)]
    assert [len(page["rows"]) for page in pages] == [3, 3, 1, 0]
    assert {row["id"] for page in pages for row in page["rows"]} == made
    assert {(page["count"], page["pages"]) for page in pages} == {(7, 3)}


@pytest.mark.parametrize(
    ("query", "field"),
    [("stat=open", "stat"), ("state=nowhere", "state"), ("least=1e3", "least"), ("sort=id", "sort"), ("size=201", "size"), ("page=0", "page"),
     ("page=51&size=200", "page"), ("unit=S21", "unit"), ("q=%00", "q")],
)  # fmt: skip
def test_a_filter_that_is_not_understood_is_told(
    query: str, field: str, person: Callable[..., Any], clue: Callable[..., Clue]
) -> None:
    """A slip shows nothing, rather than everything; deeper than may be exported at once no list goes."""
    clue()
    answer = program(person("auditor")).get(f"{BASE}clues?{query}")
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])


def test_an_order_from_the_clue_to_the_report(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """What one person after the other does at the desk, three programs do."""
    one = clue()
    manager, unit, auditor = (
        program(person("manager")),
        program(person("unit", "S11")),
        program(person("auditor")),
    )
    assert {"take", "order"} <= set(manager.get(f"{BASE}clues/{one.pk}").json()["moves"])
    told = {"unit": "S11", "kind": "desk", "request": "see why"}
    made = manager.post(f"{BASE}clues/{one.pk}/order", told, content_type=JSON)
    assert (made.status_code, made.json()["state"], made.json()["clue"]) == (201, "dispatched", one.pk)
    address = f"{BASE}orders/{made.json()['id']}"
    assert unit.post(f"{address}/accept").json()["state"] == "accepted"
    assert auditor.post(f"{address}/verify").json()["state"] == "verifying"
    report = {
        "verdict": "problem",
        "facts": "multiplier 30, archive 20",
        "found_kwh": "1200.5",
        "found_yuan": "-734.10",
    }
    done = auditor.post(f"{address}/report", report, content_type=JSON).json()
    assert (done["state"], done["found_kwh"], done["found_yuan"]) == ("reported", "1200.5000", "-734.10")
    assert [event["action"] for event in done["history"]] == ["dispatch", "accept", "verify", "report"]
    assert set(done["persons"]) == {"issuer", "contact", "verifier"}
    assert Clue.objects.get(pk=one.pk).state == "ordered"


def test_a_stale_version_moves_nothing(person: Callable[..., Any], order: Order) -> None:
    """A move that states another version than there is: 409; with the one that the ETag tells: done."""
    client = program(person("unit", "S11"))
    address = f"{BASE}orders/{order.pk}"
    seen = client.get(address)
    assert seen["ETag"] == f'"{seen.json()["version"]}"'
    stale = client.post(f"{address}/accept", headers={"If-Match": '"0"'})
    assert (stale.status_code, Order.objects.get(pk=order.pk).state) == (409, "dispatched")
    assert client.post(f"{address}/accept", headers={"If-Match": seen["ETag"]}).status_code == 200
    again = client.post(f"{address}/accept", headers={"If-Match": seen["ETag"]})
    assert again.status_code == 409


def test_steps_cannot_be_skipped(person: Callable[..., Any], order: Order) -> None:
    """A move from a state that the order is not in, and a move that only the data make."""
    client = program(person("manager"), may_be_grave=True)
    four = dict.fromkeys(("cause_found", "persons_dealt", "measures_taken", "staff_taught"), "x")
    assert client.post(f"{BASE}orders/{order.pk}/archive", four, content_type=JSON).status_code == 409
    assert client.post(f"{BASE}orders/{order.pk}/proven").status_code == 404
    assert client.post(f"{BASE}orders/{order.pk}/dispatch").status_code == 404
    assert Order.objects.get(pk=order.pk).state == "dispatched"


@pytest.mark.parametrize(
    ("body", "field"),
    [({"facts": "x"}, "verdict"), ({"verdict": "maybe", "facts": "x"}, "verdict"), ({"verdict": "none", "facts": " "}, "facts"),
     ({"verdict": "none", "facts": "x", "found_yuan": 1.5}, "found_yuan"), ({"verdict": "none", "facts": "x", "found_yuan": "1.234"}, "found_yuan"),
     ({"verdict": "none", "facts": "x", "state": "archived"}, "state"), ({"verdict": "none", "facts": "a\x00b"}, "facts")],
)  # fmt: skip
def test_a_report_that_is_not_whole_is_told_by_field(
    body: dict[str, Any], field: str, person: Callable[..., Any], order: Order
) -> None:
    """Missing, blank, out of the list, a float for money, a field of another move: named, and nothing is written."""
    client = program(person("manager"))
    program(person("unit", "S11")).post(f"{BASE}orders/{order.pk}/accept")
    client.post(f"{BASE}orders/{order.pk}/verify")
    answer = client.post(f"{BASE}orders/{order.pk}/report", body, content_type=JSON)
    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert Order.objects.get(pk=order.pk).state == "verifying"


def test_many_dismissals_are_previewed_and_proposed(
    person: Callable[..., Any], clue: Callable[..., Clue]
) -> None:
    """The preview says how many and how much and changes nothing; foreign clues count for nothing."""
    mine, foreign = [clue("S11", f"K{n}").pk for n in range(3)], clue("S21", "K9").pk
    client = program(person("auditor"), may_be_grave=True)
    body = {
        "clues": [*mine, foreign],
        "reason": "benign",
        "reason_text": "x",
        "silent_until": "2030-01-01",
        "preview": True,
    }
    told = client.post(f"{BASE}clues/dismissals", body, content_type=JSON).json()
    assert (told["found"], told["charged_too_little_yuan"], told["proposed"]) == (3, "3703.68", 0)
    assert not Clue.objects.exclude(state="open").exists()
    done = client.post(f"{BASE}clues/dismissals", body | {"preview": False}, content_type=JSON).json()
    assert (done["proposed"], done["refused"]) == (3, [])
    assert set(Clue.objects.filter(state="proposed").values_list("pk", flat=True)) == set(mine)


def test_a_file_is_added_listed_and_read(person: Callable[..., Any], order: Order) -> None:
    """The bytes come back as they went in; a wrong hash is refused; the same bytes a second time are one file."""
    client, address = program(person("auditor")), f"{BASE}orders/{order.pk}/files"
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    data, digest = picture.getvalue(), hashlib.sha256(picture.getvalue()).hexdigest()

    def send(sha256: str) -> Any:
        return client.post(
            address, {"file": SimpleUploadedFile("meter.png", data), "note": "meter", "sha256": sha256}
        )

    assert send("0" * 64).status_code == 422
    made = send(digest)
    assert (made.status_code, made.json()["sha256"], made.json()["media_type"]) == (201, digest, "image/png")
    assert send(digest).json()["id"] == made.json()["id"]
    (row,) = client.get(address).json()["rows"]
    read = client.get(f"{address}/{row['id']}")
    assert (read.content, read["X-Content-Type-Options"]) == (data, "nosniff")
    assert read["Content-Disposition"].startswith("attachment;")
    wrong = client.post(address, {"file": SimpleUploadedFile("x.png", b"<script>"), "note": "x"})
    assert wrong.status_code == 422


def test_a_comment_is_kept_in_order(person: Callable[..., Any], order: Order) -> None:
    """Said by one program, read by another."""
    address = f"{BASE}orders/{order.pk}/comments"
    for text in ("first", "second"):
        assert (
            program(person("unit", "S11")).post(address, {"text": text}, content_type=JSON).status_code == 201
        )
    told = program(person("manager")).get(address).json()["rows"]
    assert [(one["author"]["name"], one["text"]) for one in told] == [
        ("unit-S11", "first"),
        ("unit-S11", "second"),
    ]


def test_personal_numbers_are_masked(
    person: Callable[..., Any], tree: dict[str, Organisation], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A customer's file holds no whole telephone number, and a number that nobody has finds nothing."""
    table = contract().table("customer")
    rows = [CustomerRows(table, ("customer_no", "phone"), [("K1", "13905002275")], more=False)]
    monkeypatch.setattr(
        "jicha.home.Home.customer_name", lambda _self, number: ("某", "S11") if number == "K1" else None
    )
    monkeypatch.setattr("jicha.home.Home.customer_file", lambda _self, _number: rows)
    client = program(person("auditor"))
    told = client.get(f"{BASE}customers/K1")
    assert "13905002275" not in told.content.decode()
    assert told.json()["tables"][0]["rows"][0][1].startswith("139")
    assert [row["number"] for row in client.get(f"{BASE}customers?number=K1").json()["rows"]] == ["K1"]
    assert client.get(f"{BASE}customers?number=K2").json() == {"rows": []}
    assert client.get(f"{BASE}customers/K2").status_code == 404


def test_people_and_posts(person: Callable[..., Any]) -> None:
    """An administrator's program makes an account, gives and ends a post; never one of its own owner, never beyond the own units."""
    admin = person("administrator")
    client = program(admin)
    body = {"username": "zhao", "name": "赵", "password": "correct horse battery"}
    weak = client.post(f"{BASE}people", body | {"password": "12345678901"}, content_type=JSON)
    assert (weak.status_code, list(weak.json()["fields"])) == (422, ["password"])
    made = client.post(f"{BASE}people", body, content_type=JSON)
    assert made.status_code == 201
    assert "password" not in made.json()
    assert User.objects.get(username="zhao").check_password("correct horse battery")
    posts = f"{BASE}people/{made.json()['id']}/posts"
    post = {"unit": "S11", "role": "auditor", "valid_from": "2026-01-01"}
    given = client.post(posts, post, content_type=JSON)
    assert (given.status_code, given.json()["unit"]["number"]) == (201, "S11")
    beyond = client.post(posts, post | {"unit": "S21"}, content_type=JSON)
    assert (beyond.status_code, list(beyond.json()["fields"])) == (422, ["organisation"])
    own = client.post(f"{BASE}people/{admin.user.pk}/posts", post, content_type=JSON)
    assert own.status_code == 403
    ended = client.post(f"{BASE}people/posts/{given.json()['id']}/end").json()
    assert Post.objects.get(pk=ended["id"]).valid_to is not None
    assert (
        Event.objects.filter(
            action__in=("add_person", "give_post", "end_post"), content__contains="the robot"
        ).count()
        == 3
    )


def test_the_log_can_be_checked_by_a_program(person: Callable[..., Any], order: Order) -> None:
    """The chain is told with the texts that were hashed: anyone can hash them again; and the desk checks it, too."""
    client = program(person("manager"))
    rows = client.get(f"{BASE}log?sort=oldest&size=200").json()["rows"]
    assert len(rows) > 2
    for row in rows:
        told = hashlib.sha256(f"{row['previous_hash']}\n{row['content']}".encode()).hexdigest()
        assert told == row["hash"]
    assert client.post(f"{BASE}log/verify").json()["is_whole"] is True


def test_exceptions_of_what_is_seen(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """The exceptions of the county's own clues; those of the west and of nobody's clue are for who sees all."""
    clue("S11", "K1")
    clue("S21", "K2")
    for place in ("K1", "K2", "K3"):
        home().exceptions.add(
            ExceptionEntry("MR-01", place, "school", "x", date(2026, 1, 1), date(2030, 1, 1))
        )
    county, everywhere = program(person("reviewer")), program(person("reviewer", "-", "over all"))
    told = [
        [row["subject_id"] for row in one.get(f"{BASE}exceptions").json()["rows"]]
        for one in (county, everywhere)
    ]
    assert told == [["K1"], ["K1", "K2", "K3"]]


def test_runs(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """The run that was brought in."""
    clue()
    (run,) = program(person("auditor")).get(f"{BASE}runs").json()["rows"]
    assert (run["run_id"], run["month"]) == ("run-1", "2026-10-01")


@pytest.mark.parametrize(
    ("body", "status"), [("{", 400), ("[]", 422), ("null", 422), ('"x"', 422), ('{"text": "\\ud800"}', 422), ("x" * 3_000_000, 413)]
)  # fmt: skip
def test_what_is_no_request_is_told(body: str, status: int, person: Callable[..., Any], order: Order) -> None:
    """Broken JSON, other JSON, half a letter, too much: refused in the four parts, and never a failure of the desk."""
    client = program(person("unit", "S11"))
    answer = client.post(f"{BASE}orders/{order.pk}/comments", body, content_type=JSON)
    assert answer.status_code == status
    assert {"where", "found", "expected", "remedy"} <= set(answer.json())


def test_an_address_that_there_is_not(person: Callable[..., Any]) -> None:
    """404 in JSON, with and without a token."""
    for client in (program(person("auditor")), person("auditor").client):
        answer = client.get(f"{BASE}nowhere/1")
        assert (answer.status_code, answer.json()["where"]) == (404, "GET /api/v1/nowhere/1")


def test_refusals_speak_the_readers_language(person: Callable[..., Any], order: Order) -> None:
    """As the request asks for it."""
    client = program(person("manager"), may_be_grave=True)
    told = [
        client.post(f"{BASE}orders/{order.pk}/verify", headers={"Accept-Language": language}).json()["found"]
        for language in ("en", "zh-CN")
    ]
    assert "is not open now" in told[0]
    assert "重新载入" in told[1] or "刷新" in told[1]


def test_the_document_is_for_who_is_signed_in(person: Callable[..., Any]) -> None:
    """By token or, for the page that shows it, by session; to nobody else. The page asks no other host for anything."""
    auditor = person("auditor")
    assert program(auditor).get(f"{BASE}openapi.json").json()["openapi"].startswith("3.1")
    assert auditor.client.get(f"{BASE}openapi.json").status_code == 200
    assert Client().get(f"{BASE}openapi.json").status_code == 401
    page = auditor.client.get("/api/").content.decode()
    assert "swagger-ui-bundle" in page
    assert re.findall(r'(?:src|href)="(?:https?:)?//', page) == []
