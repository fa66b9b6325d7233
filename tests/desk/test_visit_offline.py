"""A site visit in a real browser without a network: the browser is killed, the storage is full, the session ends, the clock is wrong, a second phone comes."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import ExifTags, Image

from jicha.home import Home
from tests.audit.test_site_sheet import HEADERS, ROWS
from tests.desk.site_desk import PASSWORD
from tests.desk.test_walk import FLAGS, IMAGES, served

PHONE = {"width": 390, "height": 844}
KINDS = ("meter", "meter", "nameplate", "seal", "seal", "wiring", "load", "place", "place", "other")
# A phone whose clock is a day ahead.
A_DAY_AHEAD = """{
  const Real = Date, ahead = 24 * 3600 * 1000;
  globalThis.Date = class extends Real {
    constructor(...told) { if (told.length) super(...told); else super(Real.now() + ahead); }
    static now() { return Real.now() + ahead; }
  };
}"""


def photo(number: int) -> bytes:
    """Return a photo that differs from all others, with the camera's own time in it."""
    image = Image.effect_noise((400, 300), 20 + number).convert("RGB")
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"2026:11:24 09:{number:02d}:00"
    target = io.BytesIO()
    image.save(target, "JPEG", exif=exif)
    return target.getvalue()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two site orders on one customer."""
    place = tmp_path_factory.mktemp("offline")
    extract, folder = place / "extract", place / "home"
    extract.mkdir()
    for table, header in HEADERS.items():
        (extract / f"{table}.csv").write_text("\n".join([header, *ROWS[table], ""]), encoding="utf-8")
    Home(folder).load([extract])
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"} | {
        "JICHA_PLAIN_HTTP": "1"
    }
    root = Path(__file__).parents[2]
    subprocess.run(
        [sys.executable, "-m", "tests.desk.site_desk", str(folder)],
        env=environment,
        cwd=root,
        check=True,
        timeout=200,
    )
    return folder


class Phone:
    """A phone: a browser with a memory of its own, that can be killed and opened again."""

    def __init__(
        self, playwright: Any, address: str, memory: Path, faults: list[str], script: str = ""
    ) -> None:
        self.playwright, self.address, self.memory, self.faults, self.script = (
            playwright,
            address,
            memory,
            faults,
            script,
        )
        self.context: Any = None
        self.page: Any = None

    def open(self, offline: bool = False) -> None:
        """Start the browser."""
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.memory),
            executable_path="/usr/bin/chromium",
            args=FLAGS,
            locale="zh-CN",
            viewport=PHONE,
            accept_downloads=False,
        )
        self.context.set_offline(offline)
        if self.script:
            self.context.add_init_script(self.script)
        self.page = self.context.pages[0]
        self.page.on("pageerror", lambda error: self.faults.append(f"{self.page.url}: {error}"))
        self.page.on("console", lambda m: "Content Security Policy" in m.text and self.faults.append(m.text))

    def kill(self) -> None:
        """End the browser as a phone ends one: at once, without a word."""
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if f"--user-data-dir={self.memory}" in process.cmdline():
                    process.kill()
        with contextlib.suppress(Exception):  # it is gone already
            self.context.close()

    def go(self, path: str, selector: str) -> None:
        """Open a page and wait until it shows something."""
        self.page.goto(self.address + path)
        self.page.wait_for_selector(selector)

    def sign_in(self, username: str) -> None:
        """Fill in the sign-in page that the browser is on."""
        self.page.fill("[name=login]", username)
        self.page.fill("[name=password]", PASSWORD)
        self.page.click("main button")

    def take_along(self, username: str) -> None:
        """Sign in, load the orders, and wait until the page can do without a network."""
        self.page.goto(self.address + "/visits/")
        self.sign_in(username)
        self.page.wait_for_selector(".order")
        self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")

    def take(self, kind: str, data: bytes) -> None:
        """Take a photo and wait until the phone holds it."""
        before = self.page.locator("figure canvas").count()
        self.page.set_input_files(
            f"#photo-{kind}", [{"name": f"{kind}.jpg", "mimeType": "image/jpeg", "buffer": data}]
        )
        self.page.locator("figure canvas").nth(before).wait_for()

    def sign(self) -> None:
        """Sign as the customer does."""
        canvas = self.page.locator("canvas.signature")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        self.page.mouse.move(box["x"] + 30, box["y"] + 60)
        self.page.mouse.down()
        for x, y in ((90, 30), (150, 90), (260, 40)):
            self.page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
        self.page.mouse.up()
        self.page.wait_for_selector("canvas.signature + p:has-text('✓')")

    def shoot(self, name: str) -> None:
        """Keep a picture for the docs where that is asked for."""
        if os.environ.get("JICHA_SCREENSHOTS"):
            IMAGES.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=IMAGES / f"{name}.png")

    def is_whole(self) -> None:
        """No serious barrier, and nothing wider than the phone."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page).response["violations"]
        grave = [
            f"{v['id']} {v['nodes'][0]['html'][:160]}"
            for v in found
            if v["impact"] in ("serious", "critical")
        ]
        self.faults += [f"{self.page.url}: {one}" for one in grave]
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > PHONE["width"]:
            self.faults.append(f"{self.page.url} is {wide} wide")


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    """The address of the desk, served for all tests of this module."""
    with served(home) as found:
        yield found


@pytest.fixture
def world(address: str, tmp_path: Path) -> Iterator[tuple[Any, list[str]]]:
    """A way to make phones, and a list of everything that went wrong in them."""
    from playwright.sync_api import sync_playwright

    faults: list[str] = []
    with sync_playwright() as playwright:
        phones: list[Phone] = []

        def make(name: str, script: str = "") -> Phone:
            phones.append(Phone(playwright, address, tmp_path / name, faults, script))
            phones[-1].open()
            return phones[-1]

        yield make, faults
        for phone in phones:
            with contextlib.suppress(Exception):
                phone.context.close()


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Return what the server's database holds."""
    with contextlib.closing(sqlite3.connect(home / "desk.sqlite3")) as connection:
        return connection.execute(query).fetchall()


def test_a_visit_without_a_network(world: Any, home: Path) -> None:
    """From the order that was taken along to the green page; then the report, which no order gets before; then a second phone."""
    make, faults = world
    photos = [photo(number) for number in range(len(KINDS))]
    second = second_phone_takes_along(make)
    phone = make("first")
    phone.take_along("auditor")
    assert "本机无待传数据" in phone.page.inner_text("#left")
    phone.shoot("visits-zh")

    phone.context.set_offline(True)
    phone.go("/visits/", ".order")
    assert "离线" in phone.page.inner_text("#network")
    begin_and_fill_in(phone, photos[:5])
    phone.kill()

    phone.open(offline=True)
    phone.go("/visits/1/", "#end")
    assert (phone.page.input_value("#reading-0"), phone.page.input_value("#field-met_name")) == (
        "20.75",
        "钱师傅",
    )
    phone.page.locator("figure canvas").nth(4).wait_for()
    the_storage_is_full(phone, photos[5])
    fill_in_the_rest_and_end(phone, photos[6:])
    phone.kill()

    phone.open(offline=True)
    phone.go("/visits/", "#left")
    assert "本机有 1 份记录、11 个文件" in phone.page.inner_text("#left")
    phone.context.set_offline(False)
    sign_in_again_and_send_half(phone)
    not_to_be_reported_yet(phone)
    phone.context.unroute("**/visits/*/files/")
    send_the_rest(phone, photos, home)
    the_second_phone_is_in_conflict(second, phone, home)
    assert faults == []


def second_phone_takes_along(make: Any) -> Phone:
    """A phone whose clock is wrong takes the same order along, before the first has sent anything."""
    second: Phone = make("second", A_DAY_AHEAD)
    second.take_along("manager")
    second.context.set_offline(True)
    return second


def begin_and_fill_in(phone: Phone, photos: list[bytes]) -> None:
    """Begin the visit; what is written is kept without being told to."""
    phone.page.click(".order >> nth=0")
    phone.page.click("text=开始现场核查")
    phone.page.wait_for_selector("#end")
    phone.page.fill("#field-met_name", "钱师傅")
    phone.page.fill("#reading-0", "20.75")
    # 20.75 + 100000 - 99990.25 = 30.50; × 30 = 915 kWh
    assert "示数翻转：+ 915 kWh" in phone.page.inner_text("#reading-0-hint")
    phone.page.fill("#reading-0", "90000")
    assert "2,700,292.5 kWh" in phone.page.inner_text("#reading-0-hint.risky")
    phone.page.fill("#reading-0", "20.75")
    for kind, data in zip(KINDS, photos, strict=False):
        phone.take(kind, data)
    # The stamp is on the copy that is shown; the time of it is drawn, and told to who cannot see it.
    assert "JC0000001" in str(phone.page.locator("figure canvas").first.get_attribute("aria-label"))
    phone.is_whole()
    phone.shoot("visit-zh")


def the_storage_is_full(phone: Phone, data: bytes) -> None:
    """The photo stays where it is, in words; with room made, it is kept.

    Chromium asks for the room that is left when a browser first writes, so this comes first after it was opened.
    """
    kind = KINDS[5]
    session = phone.context.new_cdp_session(phone.page)
    session.send("Storage.overrideQuotaForOrigin", {"origin": phone.address, "quotaSize": 1000})
    phone.page.set_input_files(
        f"#photo-{kind}", [{"name": "full.jpg", "mimeType": "image/jpeg", "buffer": data}]
    )
    phone.page.wait_for_selector("text=本机存储空间已满")
    phone.page.click("#end")
    phone.page.wait_for_selector("text=有照片尚未保存到本机")
    session.send("Storage.overrideQuotaForOrigin", {"origin": phone.address})
    phone.page.click("button >> text=重试")
    phone.page.locator("figure canvas").nth(5).wait_for()
    assert phone.page.locator("text=本机存储空间已满").count() == 0


def fill_in_the_rest_and_end(phone: Phone, photos: list[bytes]) -> None:
    """Everything else of the form; the end tells what is still missing, and then takes it."""
    page = phone.page
    page.click("#end")
    assert "第二检查人员" in page.inner_text(".end .alert") and "签名" in page.inner_text(".end .alert")
    for kind, data in zip(KINDS[6:], photos, strict=True):
        phone.take(kind, data)
    page.select_option("#second", label="周敏")
    page.fill("#field-met_role", "电工")
    page.click(".seal >> nth=0 >> text=完好")
    page.click(".seal >> nth=1 >> text=破损")
    page.click("text=添加封印")
    page.fill("#seal-no-2", "X9")
    page.click(".seal >> nth=2 >> text=疑似伪造")
    page.fill("[aria-label='A 相 V']", "229.4")
    page.fill("[aria-label='A 相 kW']", "0.71")
    page.fill("#field-notes", "表箱未锁")
    phone.sign()
    page.click("#end")
    page.wait_for_selector(".record[data-state=ended]")


def sign_in_again_and_send_half(phone: Phone) -> None:
    """The session ended with the browser: everything stays until the person signs in; then the network fails after four files."""
    phone.page.wait_for_selector("text=请重新登录")
    assert "本机有 1 份记录、11 个文件" in phone.page.inner_text("#left")
    passed = iter(range(100))
    phone.context.route(
        "**/visits/*/files/", lambda route: route.continue_() if next(passed) < 4 else route.abort()
    )
    phone.page.click("#notice a")
    phone.page.wait_for_url(re.compile("/accounts/login/"))
    phone.sign_in("auditor")
    phone.page.wait_for_selector(".record[data-state=received] .has-receipt >> nth=3")
    assert "本机有 0 份记录、7 个文件" in phone.page.inner_text("#left")


def not_to_be_reported_yet(phone: Phone) -> None:
    """The server knows the seven that are missing by name, and refuses a report that is sent past the page."""
    phone.go("/orders/1/", "#hindrances")
    assert phone.page.locator("#hindrances li").count() == 7
    assert phone.page.locator("summary", has_text=re.compile("^反馈$")).count() == 0
    status = phone.page.evaluate(
        """async () => {
          const form = new FormData();
          for (const [name, value] of [["verdict", "none"], ["facts", "x"]]) form.append(`report-${name}`, value);
          form.append("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
          return (await fetch("/orders/1/report/", { method: "POST", body: form })).status;
        }"""
    )
    assert status == 409


def send_the_rest(phone: Phone, photos: list[bytes], home: Path) -> None:
    """The rest goes on from where it stopped; the server holds the camera's own bytes; the phone holds nothing; now it can be reported."""
    phone.go("/visits/", ".nothing-left")
    assert "本机无待传数据" in phone.page.inner_text("#left")
    assert phone.page.locator(".record[data-state=done] .has-receipt").count() == 11
    phone.is_whole()
    phone.shoot("visits-done-zh")
    for data in photos:
        digest = hashlib.sha256(data).hexdigest()
        assert (home / "evidence" / digest[:2] / digest).read_bytes() == data
    assert rows(home, "SELECT count(*) FROM evidence_evidencefile WHERE order_id = 1") == [(11,)]
    left = phone.page.evaluate(
        "import('/static/visits/store.js').then((store) => store.all('files')).then((files) => files.filter((file) => file.blob).length)"
    )
    assert left == 0
    phone.go("/orders/1/", "#visits")
    assert phone.page.locator("#hindrances").count() == 0
    assert phone.page.locator("summary", has_text=re.compile("^反馈$")).count() == 1


def the_second_phone_is_in_conflict(second: Phone, first: Phone, home: Path) -> None:
    """It recorded the order without knowing of the first: both are kept, shown beside each other, and a person chooses."""
    page = second.page
    second.go("/visits/1/", "text=开始现场核查")
    page.click("text=开始现场核查")
    page.wait_for_selector("text=本机时钟相差")
    page.select_option("#second", label="李强")
    page.fill("#field-met_name", "赵家人")
    page.fill("#reading-0", "21.00")
    second.take("meter", photo(40))
    page.click("text=客户拒绝签名")
    page.fill("#field-refusal_reason", "不认可示数")
    page.fill("#field-witness", "孙邻居")
    page.click("#end")
    page.wait_for_selector(".record[data-state=ended]")
    second.context.set_offline(False)
    page.wait_for_selector(".record[data-state=done]")
    assert "有冲突" in page.inner_text(".record")
    ((state, offset, apart),) = rows(
        home,
        "SELECT state, clock_offset_seconds, strftime('%s', begun_told) - strftime('%s', begun_at) FROM visits_visit WHERE number = 2",
    )
    assert (state, round(offset / 600), round(apart / 600)) == (
        "rival",
        -144,
        144,
    )  # ten minutes of tolerance
    second.go("/orders/1/", "#visits")
    second.shoot("visit-conflict-zh")
    marked = page.locator("#visits mark").all_inner_texts()
    assert {"钱师傅 · 电工", "赵家人"} <= set(marked)
    second.is_whole()
    page.click("#visits summary >> text=采用此记录")
    page.fill("#visits [name=choose_visit-choice_reason]", "示数照片更清楚")
    page.click("#visits button >> text=采用此记录")
    page.wait_for_selector("text=示数照片更清楚")
    assert rows(home, "SELECT number, state FROM visits_visit ORDER BY number") == [
        (1, "set_aside"),
        (2, "counts"),
    ]
    assert rows(home, "SELECT count(*) FROM evidence_evidencefile WHERE order_id = 1") == [(12,)]


def test_in_english_with_a_camera_that_reads_codes(world: Any) -> None:
    """Every word of the page is English; a seal's number is read from its photo where the browser can; a damaged file is not sent."""
    make, faults = world
    phone: Phone = make(
        "third",
        "globalThis.BarcodeDetector = class { async detect() { return [{ rawValue: ' SEAL-77 ' }]; } };",
    )
    phone.take_along("auditor")
    phone.page.goto(phone.address + "/")
    phone.page.click("header >> text=English")
    phone.page.wait_for_load_state("networkidle")
    phone.go("/visits/", ".order")
    assert re.findall(r"[\u4e00-\u9fff]+", phone.page.inner_text("body")) == [
        "稽查",
        "某厂",
        "河东路",
        "号",
        "某厂",
        "河东路",
        "号",
    ]
    phone.is_whole()
    phone.shoot("visits-en")
    phone.page.click(".order >> nth=1")
    phone.page.click("text=Begin the visit")
    phone.page.click("text=Add a seal")
    phone.page.set_input_files("#scan-2", [{"name": "s.jpg", "mimeType": "image/jpeg", "buffer": photo(50)}])
    phone.page.wait_for_function("document.getElementById('seal-no-2').value === 'SEAL-77'")
    phone.take("seal", photo(51))
    phone.is_whole()
    phone.shoot("visit-en")
    phone.page.evaluate(
        """import('/static/visits/store.js').then(async (store) => {
          const [file] = await store.all('files');
          await store.put('files', { ...file, blob: new Blob(['changed']) });
          const [draft] = await store.all('drafts');
          Object.assign(draft, { state: 'received', answer: { number: 1, state: 'counts' }, ended_told: draft.begun_told });
          await store.put('drafts', draft);
        })"""
    )
    phone.go("/visits/", "text=The bytes on this phone changed")
    assert faults == []
