"""The whole way in a real browser, as five people: run → clue → order → report → review → rectification → new run → archive."""

from __future__ import annotations

import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from jicha.home import Home, open_home

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PASSWORD = "jicha-demo-2026"
IMAGES = Path(__file__).parents[2] / "docs" / "images" / "desk"


def jicha(home: Path, *arguments: str) -> str:
    """Run a command of the product."""
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"} | {
        "JICHA_HOME": str(home),
        "JICHA_PLAIN_HTTP": "1",
    }
    told = subprocess.run(
        [str(Path(sys.executable).with_name("jicha")), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


@contextmanager
def served(home: Path) -> Iterator[str]:
    """Serve the desk of a home and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"} | {
        "JICHA_HOME": str(home)
    }
    command = [
        str(Path(sys.executable).with_name("jicha")),
        "serve",
        "--plain-http",
        "--address",
        address,
        "--workers",
        "1",
    ]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        for _ in range(1800):
            try:
                urllib.request.urlopen(f"http://{address}/healthz").close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(20)


class Browser:
    """A real Chromium; it notes every request that leaves the machine, every error and every serious barrier."""

    def __init__(self, playwright: Any, address: str) -> None:
        self.chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        self.address = address
        self.faults: list[str] = []
        self.context: Any = None
        self.page: Any = None

    def sign_in(self, username: str, language: str = "zh-CN", width: int = 1440) -> None:
        """Sign in as another person, with an empty browser."""
        if self.context:
            self.context.close()
        self.context = self.chromium.new_context(locale=language, viewport={"width": width, "height": 900})
        self.page = self.context.new_page()
        self.page.on(
            "request",
            lambda r: (
                r.url.startswith((self.address, "data:")) or self.faults.append(f"left the machine: {r.url}")
            ),
        )
        self.page.on(
            "console", lambda m: m.type == "error" and self.faults.append(f"{self.page.url}: {m.text}")
        )
        self.page.on("pageerror", lambda e: self.faults.append(f"{self.page.url}: {e}"))
        self.go("/")
        self.page.fill("[name=login]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button")
        self.page.wait_for_url(f"{self.address}/")

    def go(self, path: str) -> None:
        """Open a page and wait until it rests."""
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("networkidle")

    def make(self, title: str, **fields: str) -> None:
        """Make a move by its form on the page."""
        form = self.page.locator(
            "details.move", has=self.page.locator("summary", has_text=re.compile(f"^{re.escape(title)}$"))
        )
        if form.get_attribute("open") is None:
            form.locator("summary").click()
        for name, value in fields.items():
            field = form.locator(f"[name$=-{name}]")
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        form.locator("button").click()
        self.page.wait_for_load_state("networkidle")

    def barriers(self) -> list[str]:
        """Return what axe finds serious or worse."""
        from axe_playwright_python.sync_playwright import Axe

        # axe runs as a script of the page: the page's own policy would refuse it, so it is asked in a copy without one.
        found = Axe().run(self.page).response["violations"]
        return [
            f"{self.page.url}: {v['id']} {v['nodes'][0]['html'][:120]}"
            for v in found
            if v["impact"] in ("serious", "critical")
        ]


@pytest.fixture
def home(audited: Path, tmp_path: Path) -> Path:
    """A home whose October is not audited yet, with one person of every role."""
    folder = tmp_path / "home"
    shutil.copytree(audited, folder)
    jicha(folder, "desk", "bring-in", "--run", "2026-09")
    jicha(folder, "desk", "demo-people")
    return folder


@pytest.fixture
def browser(home: Path) -> Iterator[Browser]:
    """A browser before the desk."""
    from playwright.sync_api import sync_playwright

    with served(home) as address, sync_playwright() as playwright:
        made = Browser(playwright, address)
        yield made
        made.chromium.close()


def one_that_goes_away(home: Home) -> str:
    """Return a customer of the first station whose findings of September are gone in October."""
    september, october = home.run("2026-09"), home.run("2026-10")
    there = {row["customer_no"] for row in october.findings.to_pylist() if row["status"] != "cleared"}
    unit = min(row["org_no"] for row in home.organisations() if row["level"] == "station")
    judged = {
        (v.rule_id, v.org_no) for v in october.manifest.verdicts if v.verdict in ("ran", "nothing_found")
    }
    for clue in september.clues():
        if (
            clue.place_kind == "customer"
            and clue.org_no == unit
            and clue.place_id not in there
            and {(r, unit) for r in clue.rules} <= judged
        ):
            return clue.place_id
    raise AssertionError("no clue of September goes away")


def test_the_whole_way(browser: Browser, home: Path) -> None:
    """Five people close a case; the data prove it; the log is whole; nothing left the machine."""
    customer = one_that_goes_away(open_home(home))
    page = None
    browser.sign_in("manager")
    browser.go(f"/clues/?q={customer}")
    page = browser.page
    page.click("table a")
    page.click(".no-print >> text=查看原始记录与规则")
    page.wait_for_selector("text=.csv:")
    page.get_by_role("link", name="派发工单").click()
    page.wait_for_url(re.compile("order"))
    page.select_option("[name=kind]", "site")
    page.fill("[name=request]", "核对抄表与表计")
    page.click("main form button")
    page.wait_for_url(re.compile("/orders/"))
    order = page.url.removeprefix(browser.address)
    assert "已派发" in page.inner_text("h1")

    browser.sign_in("unit")
    assert "已派发" in browser.page.inner_text("main")  # it waits on the workbench
    browser.go(order)
    browser.make("签收")
    browser.sign_in("auditor")
    browser.go(order)
    browser.make("开始核查")
    visit_without_a_network(browser, order)
    browser.go(order)
    browser.make("反馈", verdict="problem", facts="现场示数与系统不符", found_kwh="120", found_yuan="66.96")
    browser.sign_in("reviewer")
    browser.go(order)
    browser.make("审核通过", opinion="证据充分")
    browser.sign_in("leader")
    browser.go(order)
    browser.make("确认问题", nature="error", cause="person", demand="更正示数，退补电费")
    browser.sign_in("unit")
    browser.go(order)
    browser.make("开始整改")
    browser.make("整改完成", rectification="已更正")
    assert "已整改待复核" in browser.page.inner_text("h1")

    assert "复核通过 1" in jicha(home, "desk", "bring-in", "--run", "2026-10")
    browser.sign_in("manager")
    browser.go(order)
    assert "复核通过" in browser.page.inner_text("h1")
    browser.make(
        "归档",
        cause_found="抄表差错",
        persons_dealt="按办法考核",
        measures_taken="改为采集",
        staff_taught="班组学习",
    )
    assert "已归档" in browser.page.inner_text("h1")
    hand_out(browser, home, order)
    browser.go("/log/")
    browser.page.click("main button >> text=校验全部日志")
    browser.page.wait_for_selector("text=日志完整")
    assert "日志完整" in jicha(home, "verify")
    assert browser.faults == []


def hand_out(browser: Browser, home: Path, order: str) -> None:
    """Export the case; the script of the bundle, run by itself, finds it right, and so it does the one from the command line."""
    with browser.page.expect_download() as waiting:
        browser.page.click("main button >> text=导出案卷包")
    bundle, again = home.parent / "case.zip", home.parent / "again.zip"
    waiting.value.save_as(bundle)
    with zipfile.ZipFile(bundle) as archive:
        archive.extract("verify_case.py", home.parent)
    command = [
        sys.executable,
        "-I",
        str(home.parent / "verify_case.py"),
        str(bundle),
        str(home / "checkpoints.jsonl"),
    ]
    told = subprocess.run(command, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr
    number = f"JC{int(order.strip('/').split('/')[-1]):07d}"
    assert f"{number} · archived" in told.stdout
    jicha(home, "desk", "bundle", number, "--out", str(again))
    assert again.read_bytes() == bundle.read_bytes()


def visit_without_a_network(browser: Browser, order: str) -> None:
    """Record the site visit as on a phone that has no network, and send it when there is one (test_visit_offline.py has all that may go wrong)."""
    page, photo = browser.page, io.BytesIO()
    Image.new("RGB", (320, 240), (40, 90, 160)).save(photo, "JPEG")
    page.set_viewport_size({"width": 390, "height": 844})
    browser.go("/visits/")
    page.wait_for_selector(".order")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    browser.context.set_offline(True)
    page.goto(browser.address + order.replace("/orders/", "/visits/"))
    page.click("text=开始现场核查")
    page.select_option("#second", label="周敏")
    page.fill("#field-met_name", "钱师傅")
    page.set_input_files(
        "#photo-meter", [{"name": "meter.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}]
    )
    page.wait_for_selector("figure canvas")
    page.click("text=客户拒绝签名")
    page.fill("#field-refusal_reason", "不认可示数")
    page.fill("#field-witness", "孙邻居")
    page.click("#end")
    page.wait_for_selector(".record[data-state=ended]")
    browser.context.set_offline(False)
    page.wait_for_selector(".record[data-state=done]")
    page.set_viewport_size({"width": 1440, "height": 900})
    browser.faults = [fault for fault in browser.faults if "ERR_INTERNET_DISCONNECTED" not in fault]


PAGES = {
    "workbench": "/", "clues": "/clues/", "orders": "/orders/?state=all", "log": "/log/", "customers": "/customers/", "deputies": "/people/deputies/",
}  # fmt: skip


@pytest.mark.parametrize(("language", "code"), [("zh-CN", "zh"), ("en", "en")])
def test_every_page_in_both_languages(browser: Browser, home: Path, language: str, code: str) -> None:
    """No page holds a serious barrier, an error or a word of the other language's interface; a phone is wide enough."""
    browser.sign_in("manager")
    if code == "en":
        browser.page.click("header >> text=English")
        browser.page.wait_for_load_state("networkidle")
    browser.go("/clues/")
    clue = browser.page.locator("tbody a").first.get_attribute("href")
    browser.go(str(clue))
    customer = browser.page.locator("a[href^='/customers/']:not(nav a)").first.get_attribute("href")
    pages = PAGES | {"clue": str(clue), "customer": str(customer), "issue": f"{clue}order/"}
    barriers = []
    for name, path in pages.items():
        browser.go(path)
        if name == "clue":
            browser.page.click("a[hx-get] >> nth=0")
            browser.page.wait_for_selector("text=.csv:")
        if os.environ.get("JICHA_SCREENSHOTS"):
            IMAGES.mkdir(parents=True, exist_ok=True)
            browser.page.screenshot(path=IMAGES / f"{name}-{code}.png")
        menu = browser.page.inner_text(".desk-side nav")
        assert ("Clues" in menu, "线索" in menu) == ((True, False) if code == "en" else (False, True))
        barriers += browser.barriers()
        browser.page.set_viewport_size({"width": 360, "height": 740})
        wide = browser.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, f"{path} is {wide} wide on a phone"
        browser.page.set_viewport_size({"width": 1440, "height": 900})
    assert (barriers, browser.faults) == ([], [])
