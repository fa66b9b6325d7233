"""The secret is changed in use: nobody is signed out unless the operator wants it, and no second factor or password is lost."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from jicha.desk.project.secret import former_secrets, kept_secret, renew_secret
from tests.desk.test_totp import enrolled, second, sign_in


@pytest.fixture
def secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A secret in a file."""
    monkeypatch.delenv("JICHA_SECRET", raising=False)
    kept_secret(tmp_path / "desk-secret")
    return tmp_path / "desk-secret"


def in_force(secret: Path, settings: Any) -> None:
    """Start the desk again with what the file says."""
    settings.SECRET_KEY = kept_secret(secret)
    settings.SECRET_KEY_FALLBACKS = former_secrets(secret)


def test_a_drill(secret: Path, settings: Any, person: Callable[..., Any]) -> None:
    """First change: the session goes on and is signed anew. Second: it still does. A change that ends sessions ends it; the second factor stays."""
    in_force(secret, settings)
    user = person("auditor").user
    _secret, codes = enrolled(user)
    client = Client()
    sign_in(client, user)
    assert second(client, codes[0])
    seen = [kept_secret(secret)]
    for _ in range(2):
        renew_secret(secret, keep_former=True)
        in_force(secret, settings)
        assert client.get("/").status_code == 200
        assert former_secrets(secret) == seen[-1:]
        seen.append(kept_secret(secret))
    assert len(set(seen)) == 3
    renew_secret(secret, keep_former=False)
    in_force(secret, settings)
    assert (client.get("/").status_code, former_secrets(secret)) == (302, [])
    again = Client()
    sign_in(again, user)
    assert second(again, codes[1])
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_a_secret_in_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the operator keeps elsewhere is changed there."""
    monkeypatch.setenv("JICHA_SECRET", "new")
    monkeypatch.setenv("JICHA_FORMER_SECRETS", "old older")
    assert (kept_secret(tmp_path / "x"), former_secrets(tmp_path / "x")) == ("new", ["old", "older"])
    assert not (tmp_path / "x").exists()
