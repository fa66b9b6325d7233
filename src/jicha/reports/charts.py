"""Charts as inline SVG: they need no script and no network, and print as they look."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from html import escape

_CHARACTER_WIDTH = 13  # a Chinese character at 13 px; a Latin one takes about half
_BAR_WIDTH = 420
_ROW = 26


def bars(rows: Sequence[tuple[str, Decimal, str]], title: str) -> str:
    """Return a horizontal bar chart of (label, value, text beside the bar)."""
    largest = max((value for _, value, _ in rows), default=Decimal(0)) or Decimal(1)
    labels = max((_width(label) for label, _, _ in rows), default=0) + 16
    height = _ROW * len(rows) + 4
    parts = [
        f'<svg viewBox="0 0 {labels + _BAR_WIDTH + 190} {height}" role="img" aria-label="{escape(title)}">'
    ]
    for number, (label, value, text) in enumerate(rows):
        y = number * _ROW + 4
        width = int(value * _BAR_WIDTH / largest) if value else 0
        parts.append(
            f'<text x="{labels - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>'
            f'<rect class="bar" x="{labels}" y="{y}" width="{max(width, 1)}" height="18" rx="2"/>'
            f'<text class="number" x="{labels + max(width, 1) + 8}" y="{y + 14}">{escape(text)}</text>'
        )
    return "".join([*parts, "</svg>"])


def _width(text: str) -> int:
    return sum(
        _CHARACTER_WIDTH if ord(character) > 0x2E80 else _CHARACTER_WIDTH * 6 // 10 for character in text
    )


def shares(rows: Sequence[tuple[str, int, str]], title: str) -> str:
    """Return one stacked bar of (label, count, css class) with a legend in words below it."""
    total = sum(count for _, count, _ in rows) or 1
    x, parts = (
        0.0,
        [f'<svg viewBox="0 0 700 18" role="img" aria-label="{escape(title)}" preserveAspectRatio="none">'],
    )
    for label, count, css in rows:
        width = 700 * count / total
        parts.append(
            f'<rect class="{css}" x="{x:.1f}" y="0" width="{width:.1f}" height="18"><title>{escape(label)} {count:,}</title></rect>'
        )
        x += width
    legend = "".join(
        f'<span><i class="{css}"></i>{escape(label)} <b>{count:,}</b></span>' for label, count, css in rows
    )
    return "".join([*parts, "</svg>", f'<p class="legend">{legend}</p>'])


def heat(rows: Sequence[str], columns: Sequence[str], counts: dict[tuple[str, str], int], corner: str) -> str:
    """Return a table of rows × columns whose cells are shaded by their count; the count stands in each."""
    largest = max(counts.values(), default=1) or 1
    head = "".join(f"<th scope='col'>{escape(column)}</th>" for column in columns)
    lines = [f"<table class='heat'><thead><tr><th>{escape(corner)}</th>{head}</tr></thead><tbody>"]
    for row in rows:
        cells = "".join(_heat_cell(counts.get((row, column), 0), largest) for column in columns)
        lines.append(f"<tr><th scope='row'>{escape(row)}</th>{cells}</tr>")
    return "".join([*lines, "</tbody></table>"])


def _heat_cell(count: int, largest: int) -> str:
    level = 0 if count == 0 else 1 + min(4, 5 * count // (largest + 1))
    return f"<td class='h{level}'>{count or ''}</td>"
