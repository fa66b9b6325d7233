"""The quarantine: why a row may be there and what to do about it."""

from __future__ import annotations

from jicha.intake.reasons import REASONS
from reference_pages.markdown import table

INTRO = """# Reasons of the quarantine

Why a row was not loaded (隔离原因), and what to do. How to work with the list: [Quarantine and replay](../how-to/quarantine.md),
[隔离区与重放](../how-to/quarantine.zh.md).

"""


def pages() -> dict[str, str]:
    """Return the page."""
    rows = ((f"`{key}`", reason.title_zh, reason.title_en, reason.remedy) for key, reason in REASONS.items())
    return {"quarantine-reasons.md": INTRO + table(("Reason", "原因", "Means", "What to do"), rows)}
