"""The settings of a home."""

from __future__ import annotations

import dataclasses

from jicha.settings import Settings
from reference_pages.markdown import fenced, table

# A setting without a line here stops the tool, so that none stays undocumented.
MEANINGS = {
    "memory_limit": "What the engine may hold in memory, such as `2GB`. The process needs up to half as much again.",
    "threads": "How many threads the engine uses. Without it, one a core.",
    "keep_snapshots": "How many snapshots stay when old ones are dropped; those that runs refer to stay beside them.",
    "parameters": "Local values of rule parameters: one table a rule, one key a parameter, inside the rule's bounds.",
    "rules": "States of rules: an id and `draft`, `trial`, `active` or `retired`. A rule on trial runs beside; its findings are kept apart.",
}
INTRO = """# Settings

`settings.toml` in the home folder. Every setting has a default that works on a laptop, so the file may be absent. An unknown key
or a value of the wrong type stops the command with all problems at once. How to use them:
[Parameters and settings](../how-to/parameters.md).
"""
EXAMPLE = """memory_limit = "4GB"
threads = 4
keep_snapshots = 12

[parameters.MR-08]
ratio = "1.6"

[rules]
BL-27 = "trial"
EV-02 = "retired"
"""


def pages() -> dict[str, str]:
    """Return the page."""
    rows = (
        (f"`{field.name}`", f"`{field.type}`", _default(field), MEANINGS[field.name])
        for field in dataclasses.fields(Settings)
    )
    parts = [
        INTRO,
        table(("Setting", "Type", "Default", "Means"), rows),
        "## Example\n",
        fenced(EXAMPLE, "toml"),
        "## Variables\n",
        table(("Variable", "Means"), [("`JICHA_HOME`", "The home folder, where no `--home` is given.")]),
    ]
    return {"settings.md": "\n".join(parts)}


def _default(field: dataclasses.Field[object]) -> str:
    return "" if field.default in (None, dataclasses.MISSING) else f"`{field.default}`"
