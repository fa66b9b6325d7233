"""The data dictionary: the 49 tables of an extract."""

from __future__ import annotations

from jicha.contract.export import dictionary_markdown


def pages() -> dict[str, str]:
    """Return the dictionary in both languages."""
    return {
        "data-dictionary.md": dictionary_markdown("en"),
        "data-dictionary.zh.md": dictionary_markdown("zh"),
    }
