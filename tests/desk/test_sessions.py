"""Sessions end: by rest, by age, by signing out, by a new password; and limits hold what is done too often."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from jicha.desk.commands import new_password_of
from jicha.desk.journal.models import Event

PASSWORD = "a long password 1"


@pytest.fixture(autouse=True)
def nothing_counted(db: None) -> None:
    """Begin with empty counters."""
    cache.clear()


@pytest.fixture
def moved_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Move the clock of the desk forward by minutes."""
    now, seconds = timezone.now, time.time
    ahead = [0]
    monkeypatch.setattr("django.utils.timezone.now", lambda: now() + timedelta(minutes=ahead[0]))
    monkeypatch.setattr("time.time", lambda: seconds() + 60 * ahead[0])

    def move(minutes: int) -> None:
        ahead[0] += minutes

    return move


def signed_in(username: str) -> Client:
    """Sign in with name and password."""
    client = Client()
    assert client.post("/accounts/login/", {"login": username, "password": PASSWORD}).status_code == 302
    return client


def exported(client: Client) -> int:
    """Take a list along and return the status."""
    answer = client.get("/clues/?export=csv")
    if answer.status_code == 200:
        b"".join(answer.streaming_content)
    return answer.status_code


def is_in(client: Client) -> bool:
    """Return whether the session still opens pages."""
    return client.get("/clues/").status_code == 200


def test_a_session_ends_when_it_rests(person: Callable[..., Any], moved_clock: Callable[[int], None]) -> None:
    """Half an hour without a click; each click begins it anew."""
    person("auditor", name="li")
    client = signed_in("li")
    for minutes, expected in ((29, True), (29, True), (31, False)):
        moved_clock(minutes)
        assert is_in(client) is expected


def test_a_busy_session_ends_after_twelve_hours(
    person: Callable[..., Any], moved_clock: Callable[[int], None]
) -> None:
    """However many clicks."""
    person("auditor", name="li")
    client = signed_in("li")
    for _ in range(28):
        moved_clock(25)
        assert is_in(client)
    moved_clock(25)
    assert not is_in(client)  # 12 hours and 5 minutes


def test_signing_out_ends_the_session_itself(person: Callable[..., Any]) -> None:
    """A cookie that somebody copied before opens nothing after."""
    person("auditor", name="li")
    client, thief = signed_in("li"), Client()
    thief.cookies = client.cookies.copy()  # type: ignore[assignment]
    assert is_in(thief)
    client.post("/accounts/logout/")
    key = thief.cookies["sessionid"].value
    assert (is_in(client), is_in(thief), Session.objects.filter(session_key=key).exists()) == (
        False,
        False,
        False,
    )


def test_signing_in_makes_a_new_session(person: Callable[..., Any]) -> None:
    """A session that was planted before is worth nothing after (fixation)."""
    person("auditor", name="li")
    client = Client()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key
    before = session.session_key
    client.post("/accounts/login/", {"login": "li", "password": PASSWORD})
    assert client.cookies["sessionid"].value != before
    assert not Session.objects.filter(session_key=before).exists()


def test_a_new_password_ends_the_other_sessions(person: Callable[..., Any]) -> None:
    """The one in which it was changed goes on; a password from the operator ends all."""
    person("auditor", name="li")
    here, elsewhere = signed_in("li"), signed_in("li")
    told = {"oldpassword": PASSWORD, "password1": "another long one 2", "password2": "another long one 2"}
    assert here.post("/accounts/password/change/", told).status_code == 302
    assert (is_in(here), is_in(elsewhere)) == (True, False)
    new_password_of("li")
    assert not is_in(here)


@pytest.mark.parametrize(("language", "words"), [("zh-hans", "每小时"), ("en", "times an hour")])
def test_exports_are_counted(
    language: str, words: str, person: Callable[..., Any], moved_clock: Callable[[int], None], settings: Any
) -> None:
    """Ten an hour for each person; the eleventh is refused in the person's language, is not logged, and is free an hour later."""
    assert settings.EXPORTS_AN_HOUR == 10
    moved_clock(60 - int(time.time() % 3600 // 60))  # the beginning of an hour
    manager, other = person("manager", language=language), person("reviewer")
    assert [exported(manager.client) for _ in range(10)] == [200] * 10
    refused = manager.client.get("/clues/?export=csv")
    assert (refused.status_code, words in refused.content.decode()) == (429, True)
    assert exported(other.client) == 200
    assert Event.objects.filter(action="export", actor=manager.user).count() == 10
    for minutes in (25, 25, 10):
        moved_clock(minutes)
        manager.client.get("/clues/")
    assert exported(manager.client) == 200


def test_one_address_cannot_try_all_accounts(person: Callable[..., Any], settings: Any) -> None:
    """Many accounts with one password each: the address is stopped, whatever it tries."""
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": False, "login": "30/m/ip"}
    client = Client()
    told = [
        client.post("/accounts/login/", {"login": f"u{number}", "password": PASSWORD}).status_code
        for number in range(31)
    ]
    assert (set(told[:30]), told[30]) == ({200}, 429)
    page = client.post(
        "/accounts/login/", {"login": "u", "password": "x"}, headers={"accept-language": "zh-hans"}
    )
    assert (page.status_code, "稍候" in page.content.decode()) == (429, True)


def test_an_administrator_sees_what_a_person_sees(person: Callable[..., Any]) -> None:
    """The lists and menus of the person, a line in the log, and nothing that can be written or taken along."""
    admin, auditor = person("administrator"), person("auditor", "S11", "li")
    assert admin.client.get("/clues/").status_code == 403
    assert admin.client.post(f"/people/{auditor.user.pk}/see-as/").status_code == 302
    event = Event.objects.order_by("number").last()
    assert event is not None
    assert (event.action, event.actor, event.subject_id) == ("see_as", admin.user, str(auditor.user.pk))
    page = admin.client.get("/clues/")
    assert (page.status_code, "li" in page.content.decode()) == (200, True)
    assert admin.client.get("/people/").status_code == 403
    count = Event.objects.count()
    for answer in (
        admin.client.post("/clues/next/"),
        admin.client.get("/clues/?export=csv"),
        admin.client.post("/language/", {"language": "en"}),
        admin.client.post(f"/people/{auditor.user.pk}/post/", {"role": "manager"}),
    ):
        assert (answer.status_code, "只读" in answer.content.decode()) == (403, True)
    assert Event.objects.count() == count
    # The account pages stay the administrator's own: codes of a second factor are shown there.
    assert admin.client.get("/accounts/password/change/").wsgi_request.user == admin.user
    assert admin.client.post("/people/see-as/stop/").status_code == 302
    assert (admin.client.get("/clues/").status_code, admin.client.get("/people/").status_code) == (403, 200)


def test_seeing_as_ends_with_the_right(person: Callable[..., Any], tree: dict[str, Any]) -> None:
    """Not beyond the own subtree, not as oneself, and no longer than one is administrator."""
    admin, foreign, auditor = (
        person("administrator"),
        person("auditor", "S21", "far"),
        person("auditor", "S11", "li"),
    )
    assert admin.client.post(f"/people/{foreign.user.pk}/see-as/").status_code == 404
    assert admin.client.post(f"/people/{admin.user.pk}/see-as/").status_code == 403
    admin.client.post(f"/people/{auditor.user.pk}/see-as/")
    admin.user.posts.update(valid_to=timezone.localdate())
    assert admin.client.get("/clues/").status_code == 403
