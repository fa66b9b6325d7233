"""The data dictionary names everything once, and its links land."""

from __future__ import annotations

import re

import pytest

from jicha.contract import contract
from jicha.contract.dictionary import dictionary_markdown
from jicha.contract.words import Language

LANGUAGES: list[Language] = ["zh", "en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_has_one_row(language: Language) -> None:
    page = dictionary_markdown(language)
    sections = re.split(r'<a id="table-(\w+)"></a>', page)[1:]
    found = {
        name: re.findall(r"^\| `(\w+)` \|", text, re.M)
        for name, text in zip(sections[::2], sections[1::2], strict=True)
    }
    assert found == {table.name: list(table.field_names) for table in contract().tables.values()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_lands(language: Language) -> None:
    page = dictionary_markdown(language)
    links = set(re.findall(r"\(#(table-\w+)\)", page))
    assert links
    assert links <= set(re.findall(r'<a id="(table-\w+)">', page))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_row_has_as_many_cells_as_the_head(language: Language) -> None:
    rows = [line for line in dictionary_markdown(language).splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {8}


def test_pages_are_in_their_own_language() -> None:
    assert not re.search(r"[\u4e00-\u9fff]", dictionary_markdown("en"))
    assert "### bill：电费发行" in dictionary_markdown("zh")
    assert "### bill: Bill" in dictionary_markdown("en")


def test_conventions_head_the_page() -> None:
    page = dictionary_markdown("en")
    assert page.index("Periods are half-open") < page.index("## Organisation and people")
    assert "Kept by month of `bill_month`." in page
