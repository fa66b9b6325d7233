"""The second factor: set up, asked for at sign-in, each code good for one time, demanded of the roles that the operator names."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core.cache import cache
from django.test import Client

from jicha.desk.people.models import User
from jicha.desk.people.second_factor import SET_UP

PASSWORD = "a long password 1"


@pytest.fixture(autouse=True)
def nothing_counted(db: None) -> None:
    """Begin with empty counters."""
    cache.clear()


def code(secret: str) -> str:
    """Return the code that an app on a phone shows now."""
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))


def enrolled(user: User) -> tuple[str, list[str]]:
    """Set the second factor up on the pages, and return the secret and the recovery codes."""
    client = Client()
    sign_in(client, user)
    # The password once more: a page that was left open cannot be used to put in another's phone.
    assert (
        client.get("/accounts/2fa/totp/activate/").headers["Location"].startswith("/accounts/reauthenticate/")
    )
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/2fa/totp/activate/")
    secret = page.context["form"].secret
    assert client.post("/accounts/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    assert not Authenticator.objects.filter(user=user).exists()
    assert client.post("/accounts/2fa/totp/activate/", {"code": code(secret)}).status_code == 302
    told = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES).wrap()
    cache.clear()  # the half minute in which the code was used is over
    return secret, told.get_unused_codes()


def sign_in(client: Client, user: User) -> Any:
    """Give name and password."""
    return client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})


def second(client: Client, value: str) -> bool:
    """Give a code, and return whether the person is in."""
    client.post("/accounts/2fa/authenticate/", {"code": value})
    return client.get("/").status_code == 200


def test_a_code_opens_after_the_password(person: Callable[..., Any]) -> None:
    """The password alone opens nothing; a wrong code neither; the right one does, once."""
    user = person("auditor").user
    secret, _codes = enrolled(user)
    client = Client()
    assert sign_in(client, user).headers["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/").status_code == 302
    wrong = f"{(int(code(secret)) + 1) % 1_000_000:06d}"
    assert not second(client, wrong)
    right = code(secret)
    assert second(client, right)
    again = Client()
    sign_in(again, user)
    assert not second(again, right)  # who looked over the shoulder comes too late


def test_a_recovery_code_opens_once(person: Callable[..., Any]) -> None:
    """For who lost the phone."""
    user = person("auditor").user
    _secret, codes = enrolled(user)
    assert len(codes) == 10
    for number, (value, expected) in enumerate([(codes[0], True), (codes[0], False), (codes[1], True)]):
        client = Client()
        sign_in(client, user)
        assert second(client, value) is expected, number


def test_the_operator_demands_it_of_roles(person: Callable[..., Any], settings: Any) -> None:
    """Who holds such a post and has no second factor gets no page but the one that sets it up; others are not asked."""
    settings.SECOND_FACTOR_ROLES = frozenset({"manager"})
    manager, auditor = person("manager"), person("auditor")
    for address in ("/", "/clues/", "/orders/?export=csv"):
        answer = manager.client.get(address)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/2fa/totp/activate/"), (
            address
        )
    assert manager.client.post("/clues/next/").status_code == 302
    assert auditor.client.get("/clues/").status_code == 200
    assert SET_UP == "mfa_activate_totp"
    enrolled(manager.user)
    assert manager.client.get("/clues/").status_code == 200
