"""Every page that the route table knows, in a real browser: light and dark, on a phone, for people who cannot see it well."""

from __future__ import annotations

import html
import mimetypes
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import NoReverseMatch, reverse

from jicha.desk.clues.models import Clue
from jicha.desk.people.rights import roles_with
from jicha.desk.project import urls  # noqa: F401  (fills the table of routes)
from jicha.desk.ui.routes import ANYBODY, ROUTES
from tests.desk.test_rights import arguments
from tests.desk.test_rights import records as records
from tests.desk.test_walk import FLAGS

HOST = "http://testserver"
WIDE = {"width": 1440, "height": 900}
THEME = "document.documentElement.dataset.bsTheme"
# Notes the theme at the moment in which there is a body to paint.
FIRST = "new MutationObserver(() => { if (document.body && !window.first) window.first = document.documentElement.dataset.bsTheme; }).observe(document, {childList: true, subtree: true})"
INLINE = re.compile(
    r"""<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=|javascript:"""
)
ELSEWHERE = re.compile(r"""(?:src|href|action)=["'](?:https?:)?//(?!testserver)""")
# What a page with a form or list shows where there is nothing yet.
EMPTY = "empty-state"


def role_for(right: str) -> str:
    """Return a role that may open a page."""
    return "manager" if right == ANYBODY or "manager" in roles_with(right) else sorted(roles_with(right))[0]


@pytest.fixture
def pages(
    records: dict[str, dict[str, int]], person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, str, Client]]:
    """Name, address and reader of every page that answers with HTML."""
    monkeypatch.setattr("jicha.home.Home.customer_name", lambda _self, _number: ("某", "C1"))
    monkeypatch.setattr("jicha.home.Home.customer_file", lambda _self, _number: [])
    found = []
    for name, route in ROUTES.items():
        if "GET" not in route.methods:
            continue
        client = person(
            role_for(route.right), "C1", "the one" if role_for(route.right) == "manager" else ""
        ).client
        try:
            url = reverse(name, kwargs=arguments(name, records["own"], "own"))
        except NoReverseMatch:
            continue  # test_rights fails for a route whose records it was not told
        answer = client.get(url)
        is_page = answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")
        if is_page and b"<html" in answer.content:
            found.append((name, url, client))
    return found


def test_every_page_keeps_the_rules_of_markup(pages: list[tuple[str, str, Client]]) -> None:
    """One main, one heading of the first rank, a title, a language; no style or script in the page, nothing from elsewhere."""
    assert len(pages) >= 20
    wrong = []
    for name, url, client in pages:
        for language in ("zh-hans", "en"):
            client.post("/language/", {"language": language})
            text = client.get(url).content.decode()
            told = {
                "main": text.count("<main") == 1, "h1": len(re.findall(r"<h1[ >]", text)) == 1, "lang": f'<html lang="{language}"' in text,
                "inline": not INLINE.search(text), "elsewhere": not ELSEWHERE.search(text), "theme": "desk/theme.js" in text,
                "viewport": 'name="viewport"' in text, "target": all("hx-target" in tag for tag in re.findall(r"<[^>]*\bhx-(?:get|post)=[^>]*>", text)),
            }  # fmt: skip
            wrong += [
                f"{name} {language}: {rule}"
                for rule, is_kept in told.items()
                if not is_kept and not (name in ON_A_PHONE and rule in ("h1", "theme"))
            ]
    assert "\n".join(wrong) == ""


# What a phone shows on site: a shell of its own, made for the sun, whose headings its script writes.
ON_A_PHONE = {"visits", "visit"}
# Pages about one thing, forms, and what is never empty.
NO_LIST = {"person_add", "webhook_add", "run_start", "customers", "api_document", "visits", "log", "people", "settlement_begin"}  # fmt: skip


def test_every_empty_list_says_what_to_do(person: Callable[..., Any]) -> None:
    """On a desk in which nothing happened yet."""
    silent = []
    for name, route in ROUTES.items():
        if "GET" not in route.methods or "<" in route.address or name in NO_LIST:
            continue
        answer = person(role_for(route.right)).client.get(f"/{route.address}")
        if answer.status_code != 200 or b"<html" not in answer.content:
            continue
        text = answer.content.decode()
        if EMPTY not in text:
            silent.append(name)
    assert silent == []


def test_every_number_of_the_workbench_is_the_length_of_its_list(
    person: Callable[..., Any], clue: Callable[..., Clue], records: dict[str, dict[str, int]]
) -> None:
    """For each role: the number, and the rows of the page that its link opens."""
    person("auditor", "C1", "li").client.post(f"/clues/{clue('S11', 'K7').pk}/take/")
    checked = 0
    for role, name in (
        ("manager", "the one"),
        ("auditor", "li"),
        ("unit", ""),
        ("leader", ""),
        ("reviewer", ""),
    ):
        client = person(role, "C1", name).client
        page = client.get("/").content.decode()
        told = re.findall(r'<a href="(/(?:clues|orders)/\?[^"]*)"><b[^>]*>(\d+)</b>', page)
        told += [
            (link, number)
            for link, number in re.findall(r'<a href="(/orders/\?state=\w+)">[^<]+<b>(\d+)</b>', page)
        ]
        assert told, role
        for link, number in told:
            listed = client.get(link.replace("&amp;", "&")).context["page"].paginator.count
            assert listed == int(number), (role, link)
            checked += 1
    assert checked >= 15


def test_the_beginning_tells_what_is_done(
    person: Callable[..., Any], clue: Callable[..., Clue], settings: Any, tmp_path: Path
) -> None:
    """Steps with marks for who sets the desk up; nothing for others, nothing once all is done."""
    manager, unit = person("manager"), person("unit")
    page = manager.client.get("/").content.decode()
    # A run was brought in and there are people: checkpoints and the first order are left.
    assert (page.count('<li class="ahead"'), "jicha load" in page) == (2, False)
    assert 'class="begin"' not in unit.client.get("/").content.decode()
    settings.CHECKPOINTS_OUTSIDE = tmp_path / "share.jsonl"
    assert manager.client.get("/").content.decode().count('<li class="ahead"') == 1
    manager.client.post(
        f"/clues/{clue().pk}/order/",
        {"organisation": unit.user.posts.get().organisation_id, "kind": "desk", "request": "查"},
    )
    assert 'class="begin"' not in manager.client.get("/").content.decode()


@dataclass
class Kept:
    """Answers of the desk by address, made before the browser is there: it has a loop of its own, which would see other rows."""

    answers: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)

    def keep(self, client: Client, url: str, depth: int = 0) -> None:
        """Keep a page, and what it asks for by itself."""
        if url in self.answers or url.startswith("/static/"):
            return
        answer = client.get(url, headers={"hx-request": "true"} if depth else {})
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        self.answers[url] = (answer.status_code, answer.headers["Content-Type"], body)
        if depth < 2 and b"<" in body:
            for part in re.findall(
                r'(?:hx-get|<img[^>]* src|href)="(/[^"]*\.json|(?<=hx-get=")/[^"]*|(?<= src=")/[^"]*)"',
                body.decode(),
            ):
                self.keep(client, html.unescape(part), depth + 1)


class Desk:
    """A page of a real Chromium that gets the kept answers, and notes every error and all that would leave the machine."""

    def __init__(self, playwright: Any, kept: Kept, **settings: Any) -> None:
        self.kept = kept
        self.faults: list[str] = []
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        # The policy of the page would refuse the script that reads it for barriers; that the policy is kept is tested above.
        self.page = chromium.new_context(
            viewport=WIDE, bypass_csp=True, locale="zh-CN", reduced_motion="reduce", **settings
        ).new_page()
        self.page.route("**/*", self._answer)
        self.page.on(
            "console", lambda m: m.type == "error" and self.faults.append(f"{self.page.url}: {m.text}")
        )
        self.page.on("pageerror", lambda e: self.faults.append(f"{self.page.url}: {e}"))

    def _answer(self, route: Any) -> None:
        path = route.request.url.removeprefix(HOST)
        if path.startswith("/static/"):
            file = finders.find(path.removeprefix("/static/").split("?")[0])
            route.fulfill(body=Path(str(file)).read_bytes(), content_type=mimetypes.guess_type(str(file))[0])
        elif path in self.kept.answers:
            status, kind, body = self.kept.answers[path]
            route.fulfill(status=status, body=body, content_type=kind)
        else:
            self.faults.append(f"left the machine, or was not kept: {route.request.url}")
            route.abort()

    def go(self, path: str) -> None:
        """Open a page and wait until it rests."""
        self.page.goto(HOST + path)
        self.page.wait_for_load_state("networkidle")

    def barriers(self, only: str = "") -> list[str]:
        """Return what axe finds serious or worse."""
        from axe_playwright_python.sync_playwright import Axe

        theme = self.page.evaluate(THEME)
        # The document of the API is drawn by Swagger UI, whose own markup is not ours to mend.
        found = (
            Axe()
            .run(self.page, {"exclude": [[".swagger-ui"]]}, {"runOnly": [only]} if only else None)
            .response["violations"]
        )
        return [
            f"{self.page.url} {theme}: {v['id']} {v['nodes'][0]['html'][:140]}"
            for v in found
            if v["impact"] in ("serious", "critical")
        ]


def test_every_page_in_light_and_dark_and_on_a_phone(pages: list[tuple[str, str, Client]]) -> None:
    """No serious barrier in either, nothing wider than 360 points, no error, no request that leaves the machine."""
    from playwright.sync_api import sync_playwright

    kept, wrong = Kept(), []
    for _name, url, client in pages:
        kept.keep(client, url)
    with sync_playwright() as playwright:
        desk = Desk(playwright, kept, color_scheme="light")
        for name, url, _client in pages:
            desk.go(url)
            wrong += desk.barriers()
            picture(desk, name)
            desk.page.evaluate(f"{THEME} = 'dark'")
            wrong += desk.barriers("color-contrast")
            picture(desk, f"{name}-dark")
            desk.page.set_viewport_size({"width": 360, "height": 740})
            wide = desk.page.evaluate("document.documentElement.scrollWidth")
            wrong += [f"{name} is {wide} wide on a phone"] if wide > 360 else []
            picture(desk, f"{name}-360")
            desk.page.set_viewport_size(WIDE)
    assert "\n".join([*wrong, *desk.faults]) == ""


def picture(desk: Desk, name: str) -> None:
    """Take a picture where somebody wants to look."""
    if folder := os.environ.get("JICHA_LOOK"):
        desk.page.screenshot(path=Path(folder) / f"{name}.png")


def test_dark_is_kept_and_there_before_the_first_paint(person: Callable[..., Any]) -> None:
    """The system's wish at first, then the person's; keys are told by a key; printed there are no menus."""
    from playwright.sync_api import sync_playwright

    kept = Kept()
    kept.keep(Client(), "/accounts/login/")
    for url in ("/", "/clues/"):
        kept.keep(person("manager").client, url)
    with sync_playwright() as playwright:
        desk = Desk(playwright, kept, color_scheme="dark")
        desk.page.add_init_script(FIRST)
        for url in ("/accounts/login/", "/"):
            desk.go(url)
            assert desk.page.evaluate("window.first") == "dark"
        desk.page.click("[data-theme-toggle]")
        desk.go("/clues/")
        assert [desk.page.evaluate(one) for one in (THEME, "window.first")] == ["light", "light"]
        desk.page.keyboard.press("?")
        assert desk.page.locator("#keys[open] kbd").count() >= 5
        desk.page.emulate_media(media="print")
        assert [desk.page.locator(one).is_visible() for one in (".desk-side", ".desk-top", "h1")] == [
            False,
            False,
            True,
        ]
    assert desk.faults == []
