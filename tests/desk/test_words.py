"""Both languages are whole, no page loads from elsewhere, the vendored files are what they say, and personal data are masked."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import translation

import jicha.desk
from jicha.contract import contract
from jicha.desk.clues.models import Clue
from jicha.desk.ui.values import shown

DESK = Path(jicha.desk.__file__).parent
BUNDLE_PAGE = DESK / "ui" / "templates" / "bundles" / "case.html"
PO = DESK / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def test_nothing_is_untranslated(tmp_path: Path) -> None:
    """Every text of code and templates has its Chinese, and the compiled file is that of the catalogue."""
    told = subprocess.run(
        ["msgfmt", "--check-format", "--statistics", "-o", str(tmp_path / "x.mo"), str(PO)],
        capture_output=True,
        text=True,
    )
    assert re.fullmatch(r"\d+ translated messages\.\n", told.stderr), told.stderr
    assert (tmp_path / "x.mo").read_bytes() == PO.with_suffix(".mo").read_bytes()
    known = set(re.findall(r'^msgid "(.+)"$', PO.read_text(encoding="utf-8"), re.MULTILINE))
    used = {
        m
        for path in DESK.rglob("*.html")
        for m in re.findall(r'{% translate "([^"]+)"', path.read_text(encoding="utf-8"))
    }
    long = {text for text in used if len(text) > 70}  # the catalogue folds these
    assert used - known - long == set()


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration() -> None:
    """A column that no migration makes would be missing on the next installation."""
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_no_template_writes_style_or_script_into_the_page() -> None:
    """The policy forbids it; a test names the place. The page of a bundle is read as a file, outside the desk and its policy."""
    found = [
        f"{path.name}: {match}"
        for path in DESK.rglob("*.html")
        if path != BUNDLE_PAGE
        for match in re.findall(
            r"<style|<script(?! src)|\son\w+=|\sstyle=|https?://", path.read_text(encoding="utf-8")
        )
    ]
    assert found == []


def test_vendored_files_are_what_they_say() -> None:
    """Each has its package, version, licence and hash."""
    folder = DESK / "ui" / "static" / "vendor"
    told = tomllib.loads((folder / "VENDORED.toml").read_text(encoding="utf-8"))
    assert set(told) == {path.name for path in folder.iterdir()} - {"VENDORED.toml"}
    for name, about in told.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == about["sha256"], name


@pytest.mark.parametrize(("name", "value", "expected"), [
    ("phone", "13905002275", "139******75"), ("phone", "119", "***"), ("temporary", True, "是"), ("contract_kva", Decimal("2500.0000"), "2,500"),
    ("kind", "hv", "高压"), ("name", "某厂", "某厂"), ("name", None, ""),
])  # fmt: skip
def test_values_are_words(name: str, value: Any, expected: str) -> None:
    """Codes are words, numbers have no needless digits, personal numbers are masked."""
    with translation.override("zh-hans"):
        told = shown(contract().table("customer").field(name), value)
    assert told == expected


def test_a_formula_in_a_name_stays_text(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """A customer called =HYPERLINK(…) runs in no spreadsheet, and one called <script> in no page."""
    clue(place="K2", sentence_zh='=HYPERLINK("#x","y")')
    clue(place="K3", sentence_zh="<script>alert(1)</script>{{ user }}{% url 'x' %}")
    client = person("auditor").client
    told = b"".join(client.get("/clues/?export=csv").streaming_content).decode("utf-8-sig")
    assert "\n=HYPERLINK" not in told and ",=HYPERLINK" not in told and ',"=HYPERLINK' not in told
    page = client.get("/clues/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ user }}{% url &#x27;x&#x27; %}" in page
