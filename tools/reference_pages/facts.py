"""Facts: the derived tables that rules share, and a drawing of which reads which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from jicha.audit.fact import FACT_FOLDERS, WORKING_DAY, Fact
from jicha.audit.library import Library, load_library
from reference_pages.markdown import code, fenced, folded, table

INTRO = """# Facts

A fact (共享事实) is a derived table that several rules share: energy with its history, elapsed working days, balances. Each is one
SELECT in [jicha SQL](jicha-sql.md) with a declaration beside it, built once a snapshot (and month, where it depends on the month)
and kept as Parquet. Rules read a fact by its name, like a table. [Why facts](../explain/engine.md#facts).

![Which fact reads which](facts.svg)

A line leads from a fact to those that read it, to the right. Orange: depends on the audited month; blue: on the snapshot alone.
"""
WORKING_DAY_TEXT = """The working calendar (工作日历): the extract's own `working_calendar` where it speaks, else the shipped one. Provided by
the engine, not by a file; every fact and rule may read it.
"""

BOX_WIDTH, BOX_HEIGHT, GAP_X, GAP_Y, MARGIN = 190, 30, 70, 14, 10
STYLE = """<style>
rect { fill: #e8eaf6; stroke: #3f51b5; }
rect.month { fill: #fff3e0; stroke: #ef6c00; }
text { font: 13px sans-serif; fill: #1a237e; text-anchor: middle; dominant-baseline: central; }
path { fill: none; stroke: #888888; stroke-width: 1.3; }
</style>"""


def pages() -> dict[str, str]:
    """Return the page and its drawing."""
    library = load_library()
    parts = [INTRO, "## working_day\n", WORKING_DAY_TEXT, table(("Column", "Type"), _columns(WORKING_DAY))]
    for name in sorted(library.facts):
        parts += _section(library, library.facts[name])
    return {"facts.md": "\n".join(parts), "facts.svg": drawing(library.facts)}


def _section(library: Library, fact: Fact) -> Iterator[str]:
    yield f"## {fact.name} {{ #{fact.name} }}\n"
    yield f"{fact.title['en']} ({fact.title['zh']}): {fact.grain}.\n"
    yield "  \n".join(_lines(library, fact)) + "\n"
    yield table(("Column", "Type"), _columns(fact.columns))
    path = next(
        (p for folder in FACT_FOLDERS if (p := folder / f"{fact.name}.sql").exists()),
        FACT_FOLDERS[0] / f"{fact.name}.sql",
    )
    if path.exists():
        yield folded("SQL", fenced(path.read_text(encoding="utf-8"), "sql"))


def _lines(library: Library, fact: Fact) -> Iterator[str]:
    scope = "snapshot" if fact.scope == "snapshot" else "snapshot and month"
    yield f"**Built once a** {scope}"
    readers = [rule_id for rule_id, rule in sorted(library.rules.items()) if fact.name in rule.facts]
    for title, names in (
        ("Needs", fact.needs),
        ("Uses if there", fact.uses),
        ("Reads the facts", fact.facts),
    ):
        if names:
            yield f"**{title}** {code(names)}"
    if fact.tree is None:
        yield "**Rows** from a file of `policies/`"
    if readers:
        yield f"**Read by** {', '.join(readers)}"


def _columns(columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from ((f"`{name}`", kind) for name, kind in columns.items())


def drawing(facts: Mapping[str, Fact]) -> str:
    """Return the graph of facts as SVG: a fact stands right of all that it reads."""
    places = _places(facts)
    width = max(x for x, _ in places.values()) + BOX_WIDTH + MARGIN
    height = max(y for _, y in places.values()) + BOX_HEIGHT + MARGIN
    edges = [_edge(places[source], places[name]) for name, fact in facts.items() for source in fact.facts]
    boxes = [_box(fact, *places[name]) for name, fact in facts.items()]
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="Facts and what they read">'
    return "\n".join([head, STYLE, *edges, *boxes, "</svg>"]) + "\n"


def _places(facts: Mapping[str, Fact]) -> dict[str, tuple[int, int]]:
    levels: dict[str, int] = {}
    for name, fact in facts.items():  # facts stand in building order
        levels[name] = 1 + max((levels[source] for source in fact.facts), default=-1)
    rows: dict[int, int] = {}
    places = {}
    for name in sorted(levels, key=lambda one: (levels[one], one)):
        level = levels[name]
        row = rows.get(level, 0)
        rows[level] = row + 1
        places[name] = (MARGIN + level * (BOX_WIDTH + GAP_X), MARGIN + row * (BOX_HEIGHT + GAP_Y))
    return places


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    x1, y1 = start[0] + BOX_WIDTH, start[1] + BOX_HEIGHT // 2
    x2, y2 = end[0], end[1] + BOX_HEIGHT // 2
    middle = (x1 + x2) // 2
    return f'<path d="M{x1},{y1} C{middle},{y1} {middle},{y2} {x2},{y2}"/>'


def _box(fact: Fact, x: int, y: int) -> str:
    kind = ' class="month"' if fact.uses_month else ""
    text = f'<text x="{x + BOX_WIDTH // 2}" y="{y + BOX_HEIGHT // 2}">{escape(fact.name)}</text>'
    return f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="4"{kind}/>{text}'
