"""What an attacker tries at every address that the route table knows: formulas, templates, forged and skipped steps, other hosts."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from jicha.desk.clues.models import Clue
from jicha.desk.clues.moves import FLOW as CLUES
from jicha.desk.orders.actions import comment, issue_order
from jicha.desk.orders.models import Order
from jicha.desk.orders.moves import FLOW as ORDERS
from jicha.desk.people.models import Organisation, User
from jicha.desk.people.rights import roles
from jicha.desk.ui.routes import ROUTES
from tests.desk.test_look import role_for
from tests.desk.test_rights import arguments
from tests.desk.test_rights import records as records

TRIGGERS = ("=", "+", "-", "@", "\t", "\r")
FORMULA = "cmd|'/C calc'!A0"
TEMPLATE = "{{ 7|add:7 }}{% now 'Y' %}${7*7}<script>alert(1)</script>"
PROCESS = Path(__file__).parent / "crowd_process.py"


@pytest.fixture
def hostile(
    clue: Callable[..., Clue], person: Callable[..., Any], tree: dict[str, Organisation]
) -> Callable[[str], Any]:
    """Write a text wherever people or records bring text in, and return a manager who sees it all."""

    def write(text: str) -> Any:
        tree["S11"].name = text
        tree["S11"].save()
        manager = person("manager")
        User.objects.filter(pk=manager.user.pk).update(name=text)
        place = text[:60].replace("/", "-")  # a rule's key; a customer's number comes as the records have it
        more = {"rules": text[:60], "sentence_zh": text, "sentence_en": text, "customer_no": text[:60]}
        made = clue(place=place, customer_yuan=Decimal("-7.50"), **more)
        order = issue_order(made, manager.standing, tree["S11"], "desk", text)
        comment(order, manager.standing, text)
        clue(place=f"{place[:50]}2", sentence_zh=text)
        return manager

    return write


def exports(client: Client, form: str) -> dict[str, bytes]:
    """Return every file that a list of the desk hands out."""
    cache.clear()
    found = {}
    for name, route in ROUTES.items():
        if "GET" not in route.methods or "<" in route.address:
            continue
        for query in ("?state=", "?state=all", "?by=customer"):
            answer = client.get(f"/{route.address}{query}&export={form}")
            if "attachment" in answer.headers.get("Content-Disposition", ""):
                found[f"{name}{query}"] = b"".join(answer.streaming_content)
            cache.clear()
    return found


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_no_export_carries_a_formula(trigger: str, hostile: Callable[[str], Any]) -> None:
    """Each list, both forms: no cell that a spreadsheet would run, and a negative number is still one."""
    client = hostile(trigger + FORMULA).client
    as_csv, as_xlsx = exports(client, "csv"), exports(client, "xlsx")
    assert {"clues?state=", "orders?state=all", "log?state="} <= as_csv.keys()
    assert as_csv.keys() == as_xlsx.keys()
    for name, data in as_csv.items():
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))):
            for cell in row:
                is_number = re.fullmatch(r"-?\d+(\.\d+)?", cell)
                assert is_number or not cell.startswith(TRIGGERS), (name, cell)
    assert "-7.50" in as_csv["clues?state="].decode("utf-8-sig")
    for name, data in as_xlsx.items():
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            sheets = [book.read(one).decode() for one in book.namelist() if one.startswith("xl/worksheets/")]
            assert sheets, name
            assert not any(re.search(r"<f[ >]|<f/>|<hyperlink", sheet) for sheet in sheets), name
            assert not any("external" in one.lower() for one in book.namelist()), name


def test_no_text_becomes_markup_or_a_template(hostile: Callable[[str], Any]) -> None:
    """On every page on which it stands it is printed as it was written."""
    client = hostile(TEMPLATE).client
    order = Order.objects.get()
    seen = 0
    for url in (
        "/",
        "/clues/?state=",
        "/orders/",
        f"/orders/{order.pk}/",
        f"/clues/{order.clue_id}/",
        "/log/",
        "/people/deputies/",
    ):
        text = client.get(url).content.decode()
        assert "<script>alert(1)" not in text, url
        assert ("14" in text and "{{ 7" not in text) is False, url
        seen += "{{ 7|add:7 }}" in text
    assert seen >= 5


def test_every_change_needs_the_token_of_a_page(
    records: dict[str, dict[str, int]], person: Callable[..., Any]
) -> None:
    """CSRF: a POST that another site sends with the person's own cookie is refused, at every address."""
    wrong = []
    for name, route in ROUTES.items():
        if "POST" not in route.methods:
            continue
        role = role_for(route.right)
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(
            person(role, "C1", "the one" if role == "manager" else "").user,
            backend="django.contrib.auth.backends.ModelBackend",
        )
        try:
            url = reverse(name, kwargs=arguments(name, records["own"], "own"))
        except NoReverseMatch:
            continue  # test_rights fails for a route whose records it was not told
        answer = strict.post(url, headers={"origin": "https://evil.test"})
        if answer.status_code != 403:
            wrong.append(f"{name}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("role", sorted(roles()))
def test_no_step_can_be_skipped(
    role: str, person: Callable[..., Any], clue: Callable[..., Clue], tree: dict[str, Organisation]
) -> None:
    """Every move by direct POST, in a state from which it does not start, filled in or not: refused, and nothing moved."""
    manager = person("manager", name="the one")
    order = issue_order(clue(), manager.standing, tree["S11"], "desk", "查")
    one = clue(place="K2")
    client = person(role, "C1", "as this").client
    filled = {
        "opinion": "x",
        "nature": "crime",
        "cause": "x",
        "demand": "x",
        "verdict": "none",
        "facts": "x",
        "state": "archived",
        "version": "99",
    }
    for record, flow, address in ((order, ORDERS, "orders"), (one, CLUES, "clues")):
        before = (record.state, record.version)
        for move in flow.moves.values():
            if record.state in move.sources and move.right:
                continue
            told = filled | {f"{move.name}-{name}": value for name, value in filled.items()}
            answer = client.post(f"/{address}/{record.pk}/{move.name}/", told)
            assert answer.status_code in (403, 404, 409, 422), (move.name, answer.status_code)
            record.refresh_from_db()
            assert (record.state, record.version) == before, move.name


def test_a_form_writes_no_field_that_it_does_not_show(person: Callable[..., Any]) -> None:
    """Mass assignment: an account is made, not an almighty one, and without a post."""
    admin = person("administrator", "C1")
    told = {
        "username": "new",
        "name": "新",
        "email": "n@a.test",
        "password": "a long password 9",
        "is_superuser": "on",
        "is_staff": "on",
        "id": admin.user.pk,
        "posts": "1",
    }
    assert admin.client.post("/people/add/", told).status_code == 302
    made = User.objects.get(username="new")
    assert (made.is_superuser, made.is_staff, made.posts.count(), made.pk != admin.user.pk) == (
        False,
        False,
        0,
        True,
    )


def test_nobody_is_led_elsewhere(person: Callable[..., Any], settings: Any) -> None:
    """A foreign host, a page elsewhere after signing in, a way out of the static files."""
    settings.ALLOWED_HOSTS = ["testserver"]
    person("auditor", name="li")
    for place in (
        "https://evil.test/",
        "//evil.test/",
        "https:evil.test",
        "javascript:alert(1)",
        "/\\evil.test",
    ):
        client = Client()
        answer = client.post(
            "/accounts/login/", {"login": "li", "password": "a long password 1", "next": place}
        )
        assert (answer.status_code, answer.headers["Location"]) == (302, "/"), place
        back = client.post("/language/", {"language": "en", "next": place})
        assert back.headers["Location"] == "/", place
    assert Client().get("/accounts/login/", headers={"host": "evil.test"}).status_code == 400
    for path in ("/static/../desk-secret", "/static/%2e%2e/desk-secret", "/static/..%5cdesk-secret"):
        assert Client().get(path).status_code == 404


@pytest.mark.proof
def test_a_crowd_on_sqlite_sees_no_lock(tmp_path: Path) -> None:
    """Twenty people click and decide at once while a run is brought in by bulk: pages and refusals, never a locked database."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")}
    environment |= {
        "JICHA_PLAIN_HTTP": "1",
        "PYTHONPATH": str(PROCESS.parents[2]),
        "JICHA_LOG_LEVEL": "ERROR",
    }
    ended = subprocess.run(
        [sys.executable, str(PROCESS), str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert set(told["statuses"]) <= {"200", "302", "409"}, told
    assert told["statuses"]["200"] >= 20 * told["rounds"]
    assert ("locked" in ended.stderr, told["errors"], told["whole"], told["clues"]) == (
        False,
        [],
        True,
        told["expected"],
    )
