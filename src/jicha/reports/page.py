"""A run as one HTML page: self-contained, worth printing, nothing loaded from anywhere."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jicha.audit.library import Library
from jicha.reports.charts import bars, heat, shares
from jicha.reports.export import translated
from jicha.reports.summary import STATUSES, VERDICTS, RuleLine, RunSummary
from jicha.reports.words import word

LARGEST = 400
_TEMPLATE = Path(__file__).parent / "templates" / "run.html"


def write_page(
    summary: RunSummary, findings: pa.Table, library: Library, path: Path, language: str = "zh"
) -> Path:
    """Write the page; every text of the data is escaped, so that a customer's name is only a name."""
    sections = [
        _head(summary, language),
        _cards(summary, language),
        _topics(summary, language),
        _organisations(summary, findings, library, language),
        _rules(summary, language),
        _largest(findings, language),
    ]
    template = Template(_TEMPLATE.read_text(encoding="utf-8"))
    title = f"{word('title', language)} {summary.month:%Y-%m}"
    html = template.substitute(
        language="zh-CN" if language == "zh" else "en", title=escape(title), body="\n".join(sections)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")
    return path


def _head(summary: RunSummary, language: str) -> str:
    known = (
        ("as_of", summary.as_of.isoformat()),
        ("snapshot", str(summary.snapshot_id)),
        ("run", summary.run_id),
        ("seconds", f"{summary.seconds:.1f} s"),
    )
    facts = "".join(f"{word(key, language)} <b>{escape(value)}</b>" for key, value in known)
    return (
        f"<h1>{word('title', language)} · {summary.month:%Y-%m}</h1><p class='facts'>{facts}</p>"
        f"<p class='note'>{word('suspicion', language)}</p>"
    )


def _cards(summary: RunSummary, language: str) -> str:
    total = summary.total
    cards = [
        (f"{total.open_count:,}", "open_findings"),
        (f"{total.yuan:,.2f}", "yuan"),
        (f"{total.refund_yuan:,.2f}", "refund"),
        (f"{total.kwh:,.0f}", "kwh"),
        (f"{summary.silenced:,}", "silenced"),
    ]
    boxes = "".join(
        f"<div class='card'><b>{value}</b><span>{word(key, language)}</span></div>" for value, key in cards
    )
    lives = [(word(status, language), total.counts[status], f"s-{status}") for status in STATUSES]
    verdicts = [(word(v, language), summary.verdicts[v], f"s-{v}") for v in VERDICTS]
    return (
        f"<div class='cards'>{boxes}</div>{shares(lives, word('findings', language))}"
        f"<h2>{word('verdicts', language)}</h2>{shares(verdicts, word('verdicts', language))}"
    )


def _topics(summary: RunSummary, language: str) -> str:
    rows = [
        (
            word(f"topic.{topic}", language),
            stake.yuan,
            f"{stake.yuan:,.2f} {word('yuan_unit', language)} · {stake.open_count:,}",
        )
        for topic, stake in summary.topics
    ]
    return f"<h2>{word('by_topic', language)}</h2>{bars(rows, word('by_topic', language))}"


def _organisations(summary: RunSummary, findings: pa.Table, library: Library, language: str) -> str:
    standing = findings.filter(pc.not_equal(findings["status"], "cleared"))
    counts: Counter[tuple[str, str]] = Counter()
    for org_no, rule_id in zip(standing["org_no"].to_pylist(), standing["rule_id"].to_pylist(), strict=True):
        counts[_named(summary, org_no), _topic_title(library, rule_id, language)] += 1
    if not counts:
        return f"<p>{word('nothing', language)}</p>"
    rows = sorted({org for org, _ in counts})
    columns = sorted({topic for _, topic in counts})
    table = heat(rows, columns, dict(counts), word("organisation", language))
    return f"<h2>{word('by_organisation', language)}</h2><div class='scroll'>{table}</div>"


def _named(summary: RunSummary, org_no: str | None) -> str:
    """Return the organisation's number and, where the extract tells it, its name."""
    return f"{org_no} {summary.names.get(org_no, '')}".strip() if org_no else "—"


def _topic_title(library: Library, rule_id: str, language: str) -> str:
    rule = library.rules.get(rule_id)
    return word(f"topic.{rule.topic}", language) if rule else rule_id


def _rules(summary: RunSummary, language: str) -> str:
    heads = (
        "rule",
        "severity",
        "new",
        "continuing",
        "recurred",
        "cleared",
        "yuan",
        "refund",
        "kwh",
        "silenced",
        "verdicts",
    )
    numeric = frozenset(heads[2:10])
    head = "".join(f"<th class='{'n' if key in numeric else ''}'>{word(key, language)}</th>" for key in heads)
    body = "".join(_rule_row(line, language) for line in summary.lines)
    return (
        f"<h2>{word('by_rule', language)}</h2><div class='scroll'><table class='sortable'>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _rule_row(line: RuleLine, language: str) -> str:
    stake = line.stake
    numbers: list[int | Decimal] = [
        *(stake.counts[status] for status in STATUSES),
        stake.yuan,
        stake.refund_yuan,
        stake.kwh,
        line.silenced,
    ]
    cells = "".join(f"<td class='n' data-v='{value}'>{_number(value)}</td>" for value in numbers)
    verdicts = " ".join(f"{word(v, language)} {line.verdicts[v]}" for v in VERDICTS if line.verdicts[v])
    missing = (
        f"<br><span class='note'>{word('missing', language)}: {escape(line.missing)}</span>"
        if line.missing
        else ""
    )
    severity = word(f"severity.{line.severity}", language) if line.severity else ""
    return (
        f"<tr><td>{escape(line.rule_id)} {escape(line.title)}</td><td>{severity}</td>{cells}"
        f"<td class='w'>{verdicts}{missing}</td></tr>"
    )


def _number(value: int | Decimal) -> str:
    if not value:
        return "·"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _largest(findings: pa.Table, language: str) -> str:
    standing = findings.filter(pc.not_equal(findings["status"], "cleared"))
    order = [("yuan_at_stake", "descending"), ("severity", "descending"), ("finding_id", "ascending")]
    top = standing.take(pc.sort_indices(standing, sort_keys=order)[:LARGEST])
    rows = (top if language == "zh" else translated(top)).to_pylist()
    heads = ("rule", "organisation", "subject", "status", "yuan", "kwh", "message")
    head = "".join(
        f"<th class='{'n' if key in ('yuan', 'kwh') else ''}'>{word(key, language)}</th>" for key in heads
    )
    body = "".join(_finding_row(row, language) for row in rows)
    note = word("shown_of", language).format(shown=len(rows), total=standing.num_rows)
    return (
        f"<h2>{word('largest', language)}</h2><input id='filter' type='search' placeholder=\"{word('filter', language)}\" "
        f"aria-label=\"{word('filter', language)}\"><div class='scroll'><table id='largest' class='sortable'><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div><p class='note'>{note}</p>"
    )


def _finding_row(row: dict[str, Any], language: str) -> str:
    subject = row["customer_no"] or row["subject_id"]
    texts = "".join(f"<td>{escape(str(text))}</td>" for text in (row["rule_id"], row["org_no"] or "—"))
    stakes = "".join(
        f"<td class='n' data-v='{value if value is not None else 0}'>{'—' if value is None else _number(value)}</td>"
        for value in (row["yuan_at_stake"], row["kwh_at_stake"])
    )
    return (
        f"<tr>{texts}<td>{escape(subject)}<br><code>{escape(row['finding_id'][:10])}</code></td>"
        f"<td>{word(row['status'], language)}</td>{stakes}<td>{escape(row['message'])}</td></tr>"
    )
