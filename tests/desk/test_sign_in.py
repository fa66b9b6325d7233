"""Signing in: lock-out, no sign-up, sessions that end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings as desk
from django.core.management import call_command
from django.test import Client

from jicha.desk.commands import names_of
from jicha.desk.people.middleware import STARTED
from jicha.desk.people.models import User

PASSWORD = "a long password 1"


@pytest.fixture(autouse=True)
def cache_table(db: None) -> None:
    """Make the table of counters."""
    call_command("createcachetable", verbosity=0)


def test_five_wrong_passwords_lock_the_account(person: Callable[..., Any]) -> None:
    """The sixth try is refused even with the right password; another account is not touched."""
    person("auditor", name="li"), person("manager", name="zhou")
    client = Client()
    for _ in range(5):
        client.post("/accounts/login/", {"login": "li", "password": "wrong"})
    told = client.post("/accounts/login/", {"login": "li", "password": PASSWORD})
    assert (told.status_code, "锁定" in told.content.decode()) == (429, True)
    assert client.post("/accounts/login/", {"login": "zhou", "password": PASSWORD}).status_code == 302


def test_nobody_signs_up() -> None:
    """The form is closed, and a direct POST makes no account."""
    Client().post("/accounts/signup/", {"username": "thief", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.filter(username="thief").exists()


def test_a_forgotten_password_tells_nothing(person: Callable[..., Any]) -> None:
    """Whether an account exists cannot be asked, and no mail is tried."""
    person("auditor", name="li")
    User.objects.filter(username="li").update(email="li@a.test")
    answers = {
        Client().post("/accounts/password/reset/", {"email": f"{name}@a.test"}).headers["Location"]
        for name in ("li", "nobody")
    }
    assert len(answers) == 1


def test_the_names_of_the_desk() -> None:
    """What the operator told stays, the address is added."""
    assert names_of("10.0.0.5:8000", "audit.test, desk.test") == [
        "audit.test",
        "desk.test",
        "localhost",
        "127.0.0.1",
        "10.0.0.5",
    ]
    assert names_of("127.0.0.1:8000", "") == ["localhost", "127.0.0.1"]


def test_a_session_ends_after_twelve_hours(person: Callable[..., Any]) -> None:
    """However busy it was."""
    client = person("auditor").client
    assert client.get("/").status_code == 200
    session = client.session
    session[STARTED] -= desk.LONGEST_SESSION_SECONDS + 1
    session.save()
    assert client.get("/").status_code == 302
    assert desk.SESSION_COOKIE_AGE == 30 * 60


def test_an_account_that_is_switched_off_may_do_nothing(person: Callable[..., Any]) -> None:
    """At once, in an open session, too."""
    auditor = person("auditor")
    User.objects.filter(pk=auditor.user.pk).update(is_active=False)
    assert auditor.client.get("/clues/").status_code == 302


def test_the_deployment_check_is_clean(settings: Any) -> None:
    """`check --deploy` warns of nothing with the settings of a server."""
    import os
    import subprocess
    import sys

    environment = {k: v for k, v in os.environ.items() if not k.startswith("JICHA")} | {
        "JICHA_HOME": str(settings.HOME), "DJANGO_SETTINGS_MODULE": "jicha.desk.project.settings",
    }  # fmt: skip
    told = subprocess.run(
        [sys.executable, "-W", "error", "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert told.returncode == 0, told.stderr
    assert "no issues" in told.stdout
