"""Tokens: what is kept of them, what they open, how they end, how often they may be used."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jicha.desk.api import tokens
from jicha.desk.api.models import ApiToken
from jicha.desk.api.tokens import NotAToken, count_call, make_token, revoke_token
from jicha.desk.clues.models import Clue
from jicha.desk.flow.refusals import NotAllowed
from jicha.desk.journal.models import Event
from jicha.desk.journal.verify import verify
from jicha.desk.orders.actions import issue_order, move_order
from jicha.desk.orders.models import Order
from jicha.desk.people.models import Delegation, Organisation, Post, User
from tests.desk.program import JSON, program, token_for, with_secret

CLUES = "/api/v1/clues"
DISMISSAL = {"reason": "benign", "reason_text": "school holiday", "silent_until": "2030-01-01"}


def test_only_the_hash_is_kept(person: Callable[..., Any]) -> None:
    """The secret is in no column and no event; its SHA-256 is, as the library says it is."""
    made, secret = token_for(person("auditor"))
    assert re.fullmatch(r"jicha_[\w-]{43}", secret)
    row = json.dumps(ApiToken.objects.filter(pk=made.pk).values().get(), default=str)
    events = "".join(Event.objects.values_list("content", flat=True))
    assert secret not in row + events
    assert made.sha256 == hashlib.sha256(secret.encode()).hexdigest()


@pytest.mark.parametrize(
    "change", ["none", "wrong", "empty", "basic", "expired", "revoked", "inactive", "session"]
)
def test_who_has_no_valid_token_gets_401(change: str, person: Callable[..., Any]) -> None:
    """In JSON, with the way to sign in, and no page of sign-in."""
    auditor = person("auditor")
    made, secret = token_for(auditor)
    clients = {
        "none": Client(), "wrong": with_secret(secret[:-1] + "_"), "empty": with_secret(""),
        "basic": Client(headers={"Authorization": f"Basic {secret}"}), "session": auditor.client,
    }  # fmt: skip
    client = clients.get(change, with_secret(secret))
    if change == "expired":
        ApiToken.objects.filter(pk=made.pk).update(expires_on=timezone.localdate())
    if change == "revoked":
        revoke_token(auditor.standing, made)
    if change == "inactive":
        User.objects.filter(pk=auditor.user.pk).update(is_active=False)
    answer = client.get(CLUES)
    assert (answer.status_code, answer["WWW-Authenticate"], answer["Content-Type"]) == (401, "Bearer", JSON)
    assert set(answer.json()) == {"where", "found", "expected", "remedy", "fields"}


def test_a_session_opens_nothing_even_beside_a_token_of_another(
    person: Callable[..., Any], clue: Callable[..., Clue]
) -> None:
    """Who acts is the token's owner, whatever cookies the request brings."""
    clue("S11")
    client = person("manager").client
    _made, secret = token_for(person("administrator"))
    answer = client.get(CLUES, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403


def test_a_token_opens_the_rights_that_it_names(
    person: Callable[..., Any], clue: Callable[..., Clue]
) -> None:
    """Of an auditor's rights those of the token, and not one more."""
    one = clue()
    client = program(person("auditor"), "clue.see")
    assert client.get(CLUES).json()["count"] == 1
    assert client.get(f"{CLUES}/{one.pk}").json()["moves"] == []
    assert client.post(f"{CLUES}/{one.pk}/take").status_code == 403
    assert client.get("/api/v1/orders").status_code == 403


def test_a_token_ends_at_its_organisation(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """A token of the county's manager for one station sees that station only."""
    near, far = clue("S11"), clue("S12", "K2")
    client = program(person("manager"), unit="S11")
    assert [row["id"] for row in client.get(CLUES).json()["rows"]] == [near.pk]
    assert client.get(f"{CLUES}/{far.pk}").status_code == 404
    assert client.get(f"{CLUES}?unit=S12").status_code == 422


def test_rights_are_those_of_the_moment(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """With the post the token's rights are gone at the next call; with a new one they are not more than it names."""
    auditor = person("auditor")
    client = program(auditor, "clue.see")
    assert client.get(CLUES).status_code == 200
    Post.objects.filter(user=auditor.user).update(role="administrator")
    assert client.get(CLUES).status_code == 403
    assert client.get("/api/v1/people").status_code == 403


@pytest.mark.parametrize(
    ("rights", "unit", "days"),
    [
        (["people.manage"], "C1", 30),
        (["clue.see"], "C2", 30),
        (["clue.see"], "C1", 0),
        (["clue.see"], "C1", 367),
    ],
)
def test_a_token_holds_no_more_than_its_maker(
    rights: list[str], unit: str, days: int, person: Callable[..., Any]
) -> None:
    """A right, an organisation or a time beyond the owner's is refused, and nothing is made."""
    standing, until = person("auditor").standing, timezone.localdate() + timedelta(days=days)
    with pytest.raises((NotAllowed, NotAToken)):
        make_token(standing, "x", rights, Organisation.objects.get(number=unit), until)
    assert not ApiToken.objects.exists()


def test_a_token_makes_no_token(person: Callable[..., Any]) -> None:
    """Else it would outlive its own end."""
    auditor = person("auditor")
    made, _secret = token_for(auditor)
    with pytest.raises(NotAllowed):
        make_token(auditor.standing.through(made.key), "x", ["clue.see"], made.organisation, made.expires_on)


def test_a_grave_move_needs_a_token_that_says_so(
    person: Callable[..., Any], clue: Callable[..., Clue]
) -> None:
    """To propose a dismissal is grave: refused, and allowed to a token that was made for it."""
    one = clue()
    address = f"{CLUES}/{one.pk}/propose_dismissal"
    assert program(person("auditor")).post(address, DISMISSAL, content_type=JSON).status_code == 403
    answer = program(person("auditor"), may_be_grave=True).post(address, DISMISSAL, content_type=JSON)
    assert (answer.status_code, answer.json()["state"]) == (200, "proposed")


def test_no_token_is_the_second_person(
    person: Callable[..., Any], clue: Callable[..., Clue], tree: dict[str, Organisation]
) -> None:
    """Four eyes: neither a dismissal nor a report is approved by a program, whatever its token says; its page offers no such move."""
    one = clue()
    program(person("auditor"), may_be_grave=True).post(
        f"{CLUES}/{one.pk}/propose_dismissal", DISMISSAL, content_type=JSON
    )
    client = program(person("reviewer"), may_be_grave=True)
    for move in ("approve_dismissal", "refuse_dismissal"):
        assert client.post(f"{CLUES}/{one.pk}/{move}").status_code == 403
    order = issue_order(clue("S11", "K2"), person("manager").standing, tree["S11"], "desk", "x")
    move_order(order, "accept", person("unit", "S11").standing, {})
    move_order(order, "verify", person("auditor").standing, {})
    move_order(order, "report", person("auditor").standing, {"verdict": "none", "facts": "x"})
    answer = client.post(f"/api/v1/orders/{order.pk}/approve", {"opinion": "x"}, content_type=JSON)
    assert answer.status_code == 403
    assert client.get(f"/api/v1/orders/{order.pk}").json()["moves"] == []
    assert (Clue.objects.get(pk=one.pk).state, Order.objects.get(pk=order.pk).state) == (
        "proposed",
        "reported",
    )


def test_a_deputys_token_is_no_second_person(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """Nor does it help to stand in for somebody."""
    one, auditor, reviewer = clue(), person("auditor"), person("reviewer")
    program(auditor, may_be_grave=True).post(
        f"{CLUES}/{one.pk}/propose_dismissal", DISMISSAL, content_type=JSON
    )
    Delegation.objects.create(
        post=Post.objects.get(user=reviewer.user),
        deputy=auditor.user,
        reason="leave",
        valid_from=date(2026, 1, 1),
    )
    client = program(auditor, may_be_grave=True)
    assert client.post(f"{CLUES}/{one.pk}/approve_dismissal").status_code == 403


def test_a_change_is_logged_with_the_tokens_name(
    person: Callable[..., Any], clue: Callable[..., Clue]
) -> None:
    """Person and token stand in the log; what the same person does at the desk afterwards bears no token's name."""
    one, auditor = clue(), person("auditor")
    made, secret = token_for(auditor)
    with_secret(secret).post(f"{CLUES}/{one.pk}/take")
    auditor.client.post(f"/clues/{one.pk}/give_back/")
    robot, person_self = Event.objects.order_by("-number")[:2][::-1]
    assert json.loads(robot.content)["details"]["key"] == str(made)
    assert (robot.actor, robot.action) == (auditor.user, "take")
    assert "key" not in json.loads(person_self.content)["details"]
    assert verify().is_whole


def test_more_calls_than_allowed_in_a_minute(
    person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """The 121st call of a minute is refused with the seconds that are left of it; the next minute, and another token, are free."""
    second = 1_800_000_000 - 1_800_000_000 % 60 + 15
    monkeypatch.setattr(tokens.time, "time", lambda: second)
    assert settings.API_CALLS_A_MINUTE == 120
    auditor = person("auditor")
    made, secret = token_for(auditor)
    for _ in range(119):
        count_call(made)
    client = with_secret(secret)
    assert client.get(CLUES).status_code == 200
    answer = client.get(CLUES)
    assert (answer.status_code, answer["Retry-After"]) == (429, "45")
    assert program(auditor).get(CLUES).status_code == 200
    second += 45
    assert client.get(CLUES).status_code == 200


def test_the_page_shows_a_secret_once(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """Made on the page, copied from the answer, used; the page itself never shows it again, and no cache keeps it."""
    clue()
    client = person("auditor").client
    told = {"name": "nightly", "organisation": Organisation.objects.get(number="C1").pk, "rights": ["clue.see"],
            "expires_on": timezone.localdate() + timedelta(days=5)}  # fmt: skip
    answer = client.post("/people/tokens/", told)
    (secret,) = re.findall(r"jicha_[\w-]{43}", answer.content.decode())
    assert "no-store" in answer["Cache-Control"]
    assert with_secret(secret).get(CLUES).json()["count"] == 1
    page = client.get("/people/tokens/").content.decode()
    assert ("nightly" in page, secret in page) == (True, False)


def test_the_page_offers_and_takes_own_rights_only(person: Callable[..., Any]) -> None:
    """A forged right is refused, and nothing is made."""
    client = person("auditor").client
    assert 'value="people.manage"' not in client.get("/people/tokens/").content.decode()
    told = {"name": "x", "organisation": Organisation.objects.get(number="C1").pk, "rights": ["people.manage"],
            "expires_on": "2026-12-31"}  # fmt: skip
    assert client.post("/people/tokens/", told).status_code == 422
    assert not ApiToken.objects.exists()


def test_an_administrator_revokes_what_others_may_not_see(person: Callable[..., Any]) -> None:
    """The owner's administrator sees and revokes the token; a colleague and the administrator of another county do not."""
    made, secret = token_for(person("auditor"))
    for stranger in (person("manager"), person("administrator", "C2")):
        assert made.start not in stranger.client.get("/people/tokens/").content.decode()
        assert stranger.client.post(f"/people/tokens/{made.pk}/revoke/").status_code == 404
    admin = person("administrator")
    assert made.start in admin.client.get("/people/tokens/").content.decode()
    assert admin.client.post(f"/people/tokens/{made.pk}/revoke/").status_code == 302
    assert with_secret(secret).get(CLUES).status_code == 401
    made.refresh_from_db()
    assert made.revoked_by == admin.user
    assert Event.objects.latest("number").action == "revoke_token"
