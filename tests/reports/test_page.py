"""The page of a run, looked at by a real browser: text stays text, nothing is fetched, it works and prints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from jicha.audit.finding import FINDING_SCHEMA
from jicha.audit.library import load_library
from jicha.audit.run_store import RunManifest, Verdict
from jicha.reports.page import write_page
from jicha.reports.summary import summarise
from jicha.reports.words import WORDS, word
from tests.reports.test_files import row

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
ATTACK = "<script>document.title='stolen'</script><img src=x onerror=\"document.title='stolen'\">' \" & ${body} {{7*7}}"
LIBRARY = load_library()
MONTH = date(2026, 10, 1)


def findings() -> pa.Table:
    rows = [
        row(n, f"户{n:03d}", org_no="0101" if n % 2 else "0102", rule_id="BL-26" if n % 3 else "MR-02", yuan_at_stake=Decimal(n * n) / 4,
            kwh_at_stake=Decimal(n), status=("new", "continuing", "recurred", "cleared")[n % 4])
        for n in range(60)
    ]  # fmt: skip
    return pa.Table.from_pylist([*rows, row(99, ATTACK, yuan_at_stake=Decimal("5"))], schema=FINDING_SCHEMA)


def written(folder: Path, language: str, table: pa.Table | None = None) -> Path:
    table = findings() if table is None else table
    manifest = RunManifest(
        run_id="2026-10-s1-0123456789", month=MONTH, as_of=date(2026, 11, 1), snapshot_id=1, snapshot_fingerprint="f", scope="all",
        rules={"MR-02": {}, "BL-26": {}, "CL-01": {}}, library_sha256="l", base_run_id=None, same_month_run_id=None, started_at="",
        verdicts=[Verdict("MR-02", "0101", "ran", 20), Verdict("CL-01", "0101", "insufficient_data", detail=ATTACK), Verdict("BL-26", "0101", "failed", detail=ATTACK)],
    )  # fmt: skip
    summary = summarise(table, table.slice(0, 2), manifest, LIBRARY, language)
    return write_page(summary, table, LIBRARY, folder / f"{language}.html", language)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium of the system; without it these tests fail and do not skip."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield made
        made.close()


class Watched:
    """A page with all that it said and asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path: Path) -> Page:
        self.page.goto(path.as_uri())
        return self.page


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield Watched(page)
    page.close()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_text_stays_text_and_nothing_is_fetched(language: str, watched: Watched, tmp_path: Path) -> None:
    path = written(tmp_path, language)
    page = watched.open(path)
    assert page.title() == f"{word('title', language)} 2026-10"
    assert watched.said == []
    assert watched.asked == [path.as_uri()]
    assert page.locator("script").count() == 1
    assert page.locator("img").count() == 0
    assert ATTACK in page.locator("#largest tbody").inner_text()
    assert ATTACK in page.locator("table.sortable").first.inner_text()
    source = path.read_text(encoding="utf-8")
    assert not re.findall(r"(?:https?:)?//[a-z]", re.sub(r"<!--.*?-->", "", source))
    assert page.locator("html").get_attribute("lang") == ("zh-CN" if language == "zh" else "en")


def test_the_filter_narrows_the_list(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(written(tmp_path, "zh"))
    rows = page.locator("#largest tbody tr")
    every = rows.count()
    page.fill("#filter", "户007")
    assert page.locator("#largest tbody tr:visible").count() == 0  # 7 is cleared
    page.fill("#filter", "户010")
    assert page.locator("#largest tbody tr:visible").count() == 1
    page.fill("#filter", "")
    assert page.locator("#largest tbody tr:visible").count() == every == 46


def test_columns_sort_by_value(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(written(tmp_path, "en"))
    head = page.locator("#largest thead th.n").first

    def values() -> list[float]:
        return page.eval_on_selector_all(
            "#largest tbody tr", "rows => rows.map(r => Number(r.querySelector('td.n').dataset.v))"
        )

    head.click()
    first = values()
    head.click()
    assert sorted(first) in (first, first[::-1])
    assert values() == first[::-1]
    assert first != first[::-1]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_fits_a_telephone(language: str, browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(written(tmp_path, language).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


def test_it_prints_to_one_pdf(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(written(tmp_path, "zh"))
    pdf = page.pdf(prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") >= 1 or pdf.count(b"/Type/Page") >= 1


def test_no_findings_are_a_page_too(watched: Watched, tmp_path: Path) -> None:
    page = watched.open(written(tmp_path, "zh", FINDING_SCHEMA.empty_table()))
    assert word("nothing", "zh") in page.locator("main").inner_text()
    assert watched.said == []


def test_the_words_are_complete_in_both_languages() -> None:
    wrong = [
        key for key, (zh, en) in WORDS.items() if not zh.strip() or not en.strip() or re.search("[一-鿿]", en)
    ]
    wrong += [key for key, (zh, _) in WORDS.items() if not re.search("[一-鿿]", zh)]
    assert not wrong


def test_an_english_page_holds_no_chinese_words_of_ours(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([row(1, "C1", yuan_at_stake=Decimal(1))], schema=FINDING_SCHEMA)
    text = re.sub(
        r"<style>.*?</style>|<script>.*?</script>",
        "",
        written(tmp_path, "en", table).read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    assert not re.findall("[一-鿿]+", text)


def test_a_rule_that_is_gone_keeps_its_findings(tmp_path: Path) -> None:
    table = pa.Table.from_pylist([row(1, "C1", rule_id="XX-01")], schema=FINDING_SCHEMA)
    assert "XX-01" in written(tmp_path, "zh", table).read_text(encoding="utf-8")
