"""The guide for price books shows books that pass the check, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from jicha.billing.books import check_book, read_book
from jicha.billing.policy import read_rules
from jicha.billing.policy_file import shipped_files

GUIDES = Path(__file__).parents[2] / "docs" / "how-to"


def _blocks(page: str) -> list[str]:
    text = (GUIDES / page).read_text(encoding="utf-8")
    return re.findall(r"^```yaml\n(.+?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["price-book.md", "price-book.zh.md"])
def test_the_books_of_the_guide_are_good(page: str, tmp_path: Path) -> None:
    """Both whole books are read without a problem; the part with versions fits into the second."""
    catalogue, composed, versions, _ = _blocks(page)
    head, _, _ = composed.partition("tariffs:\n")
    # The part shows fewer voltages and one span: its other components must hold from the same day.
    common = re.sub(r"  - \{component: purchase.+?\n", "", head.replace("grid: 浙江\n", ""), count=1)
    common = common.replace("2026-10-01, valid_to: 2026-11-01", "2026-08-01, valid_to: null")
    common = common.replace("2026-09-01, valid_to: 2026-11-01", "2026-08-01, valid_to: null")
    for number, text in enumerate((catalogue, composed, common + versions)):
        path = tmp_path / f"{number}.yaml"
        path.write_text(text, encoding="utf-8")
        assert check_book(path) == []
    assert {placed.row.component for placed in read_book(tmp_path / "1.yaml").prices} >= {"fund", "line_loss"}


@pytest.mark.parametrize("page", ["price-book.md", "price-book.zh.md"])
def test_the_rule_of_the_guide_is_good(page: str, tmp_path: Path) -> None:
    """The own rule of the guide is read."""
    path = tmp_path / "own.yaml"
    path.write_text(_blocks(page)[-1], encoding="utf-8")
    (own,) = [
        value for value in read_rules(shipped_files("billing_rules"), [path]) if value.file == path.name
    ]
    assert (own.key, own.value) == ("loss_band", "peak")
