"""Checks the built site: no page loads a script, style, font or image from another host."""

from __future__ import annotations

import re
import sys
from pathlib import Path

SITE = Path(__file__).resolve().parent.parent / "site"
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video)\b[^>]*\bsrc=["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|preload|preconnect|icon|manifest))[^>]*\bhref=["']?((?:https?:)?//[^"'\s>]+)"""
    r"""|url\(["']?((?:https?:)?//[^"')]+)""",
    re.IGNORECASE,
)


def foreign(folder: Path) -> list[str]:
    """Return every address on another host that a page or a style of the site would load."""
    found = []
    for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.css")]):
        for groups in LOADED.findall(path.read_text(encoding="utf-8")):
            found += [f"{path.relative_to(folder)}: {address}" for address in groups if address]
    return found


def main() -> int:
    """Print what is loaded from elsewhere; 1 when there is anything, or no site."""
    if not (SITE / "index.html").exists():
        print("there is no site/index.html; run `make docs`", file=sys.stderr)
        return 1
    addresses = foreign(SITE)
    print("\n".join(addresses) or "docs: site/index.html (loads nothing from other hosts)")
    return 1 if addresses else 0


if __name__ == "__main__":
    sys.exit(main())
