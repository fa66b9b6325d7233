"""A real identity provider on this machine, which a test can make tell lies."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import jwt
import requests
from django.test import Client
from werkzeug.serving import make_server

# Authlib says of its own parts that they will be renamed, in a way that no filter of ours stops.
with warnings.catch_warnings(record=True):
    from oidc_provider_mock import User, app

CLIENT = "jicha-desk"
Lie = Callable[[dict[str, Any], Any], str]


@dataclass
class Company:
    """The provider, what it was asked, and how it lies: `lie` makes the identity token from the honest claims and the provider's key."""

    address: str = ""
    lie: Lie | None = None
    asked: list[dict[str, str]] = field(default_factory=list)

    def sends_back(self, out: str, subject: str) -> str:
        """Sign in at the provider as a browser would, and return the address that it sends the browser back to."""
        answer = requests.post(out, data={"sub": subject}, allow_redirects=False, timeout=10)
        return answer.headers["location"]

    def sign_in(
        self, client: Client, subject: str, change: Callable[[str], str] = lambda address: address
    ) -> Any:
        """Walk the whole way and return the desk's answer; `change` may alter the address on the way back."""
        out = client.post("/accounts/oidc/company/login/").headers["Location"]
        back = urlsplit(change(self.sends_back(out, subject)))
        return client.get(f"{back.path}?{back.query}")


def signed(claims: dict[str, Any], key: Any, **header: str) -> str:
    """Return the claims as a token that the provider's own key signs."""
    return jwt.encode(claims, private(key), "RS256", {"kid": key.thumbprint(), **header})


def private(key: Any) -> Any:
    """Return the provider's key as the library for tokens takes it."""
    return jwt.algorithms.RSAAlgorithm.from_jwk(key.as_dict(is_private=True))


def honest(token: str) -> dict[str, Any]:
    """Return the claims of the token that the provider made."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


@contextmanager
def company() -> Iterator[Company]:
    """Run the provider with two people: `li`, whom a desk may know, and `wang`."""
    told = Company()
    people = [
        User(sub=f"sub-{name}", claims={"preferred_username": name, "name": name}) for name in ("li", "wang")
    ]
    provider = app(user_claims=people)

    @provider.before_request
    def note() -> None:
        if flask.request.path == "/oauth2/token":
            told.asked.append(dict(flask.request.form))

    @provider.after_request
    def tell(response: flask.Response) -> flask.Response:
        if flask.request.path == "/oauth2/token" and response.status_code == 200 and told.lie:
            key = flask.g.oidc_provider_mock_storage.jwk
            answer = response.get_json()
            answer["id_token"] = told.lie(honest(answer["id_token"]), key)
            response.set_data(flask.json.dumps(answer))
        return response

    def quietly(environment: Any, start: Any) -> Any:
        """Answer without the library's complaints about its own parts; the test waits meanwhile, so no other warning is lost."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from provider(environment, start)

    server = make_server("localhost", 0, quietly)
    told.address = f"http://localhost:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def query_of(address: str) -> dict[str, str]:
    """Return the query of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def now() -> int:
    """Return the time as tokens tell it."""
    return int(time.time())
