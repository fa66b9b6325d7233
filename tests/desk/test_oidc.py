"""Sign-in through a real identity provider: the honest way opens the desk, every lie is refused and leaves nobody signed in."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import call_command
from django.test import Client

from jicha.desk.people.models import User
from jicha.desk.project.providers import pages_of, providers_from
from jicha.errors import ExplainedError
from tests.desk.company import CLIENT, Company, company, now, query_of, signed


@pytest.fixture(scope="module")
def running() -> Iterator[Company]:
    """One provider for all tests."""
    with company() as told:
        yield told


@pytest.fixture
def provider(running: Company, settings: Any, db: None) -> Iterator[Company]:
    """The provider, named to the desk as an operator does; honest at first."""
    call_command("createcachetable", verbosity=0)
    settings.SOCIALACCOUNT_PROVIDERS = providers_from(
        {"JICHA_OIDC_ISSUER": running.address, "JICHA_OIDC_CLIENT": CLIENT, "JICHA_OIDC_SECRET": "s3cret"}
    )
    running.lie = None
    running.asked.clear()
    yield running
    running.lie = None


def is_in(client: Client) -> bool:
    """Return whether somebody is signed in."""
    return client.get("/").status_code == 200


def test_who_is_known_signs_in_with_the_own_post(provider: Company, person: Callable[..., Any]) -> None:
    """Code with PKCE; the account that the name stands for, its post and no other rights."""
    person("auditor", name="li")
    client = Client()
    out = client.post("/accounts/oidc/company/login/").headers["Location"]
    asked = query_of(out)
    assert (asked["response_type"], asked["code_challenge_method"], asked["client_id"]) == (
        "code",
        "S256",
        CLIENT,
    )
    assert len(asked["nonce"]) >= 24
    back = provider.sends_back(out, "sub-li")
    assert client.get(back.removeprefix("http://testserver")).status_code == 302
    digest = hashlib.sha256(provider.asked[0]["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
    page = client.get("/clues/")
    assert (page.status_code, "li" in page.content.decode()) == (200, True)
    assert client.get("/people/").status_code == 403
    assert SocialAccount.objects.get().user.username == "li"


def test_the_second_time_the_identity_counts_not_the_name(
    provider: Company, person: Callable[..., Any]
) -> None:
    """A name that the company gives to somebody new does not open the old account; the old identity still does."""
    person("auditor", name="li")
    assert provider.sign_in(Client(), "sub-li").status_code == 302
    provider.lie = lambda claims, key: signed(claims | {"sub": "sub-new", "preferred_username": "li"}, key)
    other = Client()
    assert (provider.sign_in(other, "sub-wang").status_code, is_in(other)) == (403, False)
    provider.lie = lambda claims, key: signed(claims | {"preferred_username": "renamed"}, key)
    same = Client()
    assert (provider.sign_in(same, "sub-li").status_code, is_in(same)) == (302, True)


@pytest.mark.parametrize("switched_off", [False, True])
def test_who_is_unknown_is_refused(provider: Company, person: Callable[..., Any], switched_off: bool) -> None:
    """Without an account, or with one that is switched off; no account is made, and the page says whom to ask."""
    if switched_off:
        User.objects.filter(pk=person("auditor", name="wang").user.pk).update(is_active=False)
    before = User.objects.count()
    client = Client()
    answer = provider.sign_in(client, "sub-wang")
    assert (answer.status_code, "管理员" in answer.content.decode()) == (403, True)
    assert (is_in(client), User.objects.count(), SocialAccount.objects.count()) == (False, before, 0)


def _unsigned(claims: dict[str, Any], key: Any) -> str:
    return jwt.encode(claims, None, "none", {"kid": key.thumbprint()})


def _by_the_public_key(claims: dict[str, Any], key: Any) -> str:
    return jwt.encode(claims, json.dumps(key.as_dict()).ljust(64), "HS256", {"kid": key.thumbprint()})


def _by_a_stranger(claims: dict[str, Any], key: Any) -> str:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, other, "RS256", {"kid": key.thumbprint()})


LIES: dict[str, Callable[[dict[str, Any], Any], str]] = {
    "no signature": _unsigned,
    "signed with a secret that is public": _by_the_public_key,
    "signed by a stranger": _by_a_stranger,
    "a key that nobody published": lambda claims, key: signed(claims, key, kid="unknown"),
    "for another client": lambda claims, key: signed(claims | {"aud": "another"}, key),
    "for two clients, by the other": lambda claims, key: signed(claims | {"aud": [CLIENT, "b"], "azp": "b"}, key),
    "by another issuer": lambda claims, key: signed(claims | {"iss": "https://other.test"}, key),
    "expired": lambda claims, key: signed(claims | {"exp": now() - 60}, key),
    "from the future": lambda claims, key: signed(claims | {"iat": now() + 600}, key),
    "without an end": lambda claims, key: signed({k: v for k, v in claims.items() if k != "exp"}, key),
    "another nonce": lambda claims, key: signed(claims | {"nonce": "of-another-browser"}, key),
    "without a nonce": lambda claims, key: signed({k: v for k, v in claims.items() if k != "nonce"}, key),
    "no token at all": lambda _claims, _key: "",
    "no token but words": lambda _claims, _key: "a.b.c",
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_lies_is_refused(
    lie: str, provider: Company, person: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Though the code is right and the account exists; the operator's log has the reason, and nothing of the token."""
    person("auditor", name="li")
    provider.lie = LIES[lie]
    client = Client()
    answer = provider.sign_in(client, "sub-li")
    assert (answer.status_code, is_in(client), SocialAccount.objects.count()) == (401, False, 0)
    [told] = [one.getMessage() for one in caplog.records if one.name == "jicha.desk.people.adapters"]
    assert ("refused: unknown, " in told, "sub-li" in told, "eyJ" in told) == (True, False, False)


def test_a_changed_state_is_refused(provider: Company, person: Callable[..., Any]) -> None:
    """The state of another browser, a changed one, and none."""
    person("auditor", name="li")
    other = Client()
    foreign = query_of(other.post("/accounts/oidc/company/login/").headers["Location"])["state"]
    for state in (foreign, "x" * 16, ""):
        client = Client()
        answer = provider.sign_in(
            client, "sub-li", lambda address, state=state: address.replace(query_of(address)["state"], state)
        )
        assert (answer.status_code, is_in(client)) == (401, False), state


def test_a_code_counts_once(provider: Company, person: Callable[..., Any]) -> None:
    """Neither the same address again nor the same code with a new state signs anybody in."""
    person("auditor", name="li")
    first, kept = Client(), []
    provider.sign_in(first, "sub-li", lambda address: kept.append(address) or address)
    [used] = kept
    first.post("/accounts/logout/")
    assert (first.get(used.removeprefix("http://testserver")).status_code, is_in(first)) == (401, False)
    thief = Client()
    answer = provider.sign_in(
        thief, "sub-wang", lambda address: address.replace(query_of(address)["code"], query_of(used)["code"])
    )
    assert (answer.status_code, is_in(thief)) == (401, False)


def test_the_address_of_the_sign_in_adds_nothing(provider: Company) -> None:
    """Scopes, parameters and a page elsewhere that a link brings along are not passed on."""
    out = Client().post(
        "/accounts/oidc/company/login/?scope=admin&auth_params=prompt%3Dnone%26nonce%3Dmine&next=https://evil.test/"
    )
    asked = query_of(out.headers["Location"])
    assert set(asked["scope"].split()) == {"openid", "profile"}
    assert ("prompt" in asked, asked["nonce"] == "mine") == (False, False)


def test_a_company_that_is_away_is_no_error(provider: Company, settings: Any) -> None:
    """The page says so; the password still works."""
    settings.SOCIALACCOUNT_PROVIDERS = providers_from(
        {"JICHA_OIDC_ISSUER": "http://localhost:9", "JICHA_OIDC_CLIENT": CLIENT}
    )
    assert Client().post("/accounts/oidc/company/login/").status_code == 401


def test_half_a_provider_is_refused(tmp_path: Path) -> None:
    """An operator learns at the start what is missing; a secret may lie in a file."""
    for told, name in (
        ({"JICHA_OIDC_ISSUER": "https://id.test"}, "JICHA_OIDC_CLIENT"),
        ({"JICHA_OIDC_ISSUER": "http://id.test", "JICHA_OIDC_CLIENT": "x"}, "JICHA_OIDC_ISSUER"),
    ):
        with pytest.raises(ExplainedError, match=name):
            providers_from(told)
    (tmp_path / "secret").write_text("from-a-file\n")
    full = {
        "JICHA_OIDC_ISSUER": "https://id.test/realm/", "JICHA_OIDC_CLIENT": "x", "JICHA_OIDC_SECRET_FILE": str(tmp_path / "secret"),
    }  # fmt: skip
    [one] = providers_from(full)["openid_connect"]["APPS"]
    assert (one["secret"], one["settings"]["server_url"], one["name"]) == (
        "from-a-file",
        "https://id.test/realm",
        "id.test",
    )
    assert pages_of(full | {"JICHA_OIDC_PAGES": "https://login.test"}) == [
        "https://id.test",
        "https://login.test",
    ]
    assert (providers_from({})["openid_connect"]["APPS"], pages_of({})) == ([], [])
