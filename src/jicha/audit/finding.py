"""Findings (疑似异常): one shape for all, with an identity that lasts from month to month."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pyarrow as pa

from jicha.audit.rule import STANDARD_COLUMNS, Rule
from jicha.contract import contract
from jicha.errors import JichaError
from jicha.periods import month_text

FINDING_SCHEMA = pa.schema([
    ("finding_id", pa.string()), ("rule_id", pa.string()), ("rule_version", pa.int32()),
    ("subject_kind", pa.string()), ("subject_id", pa.string()), ("org_no", pa.string()),
    ("customer_no", pa.string()), ("mp_id", pa.string()), ("bill_month", pa.date32()),
    ("period_from", pa.date32()), ("period_to", pa.date32()), ("severity", pa.int32()),
    ("direction", pa.string()), ("kwh_at_stake", pa.decimal128(18, 4)), ("yuan_at_stake", pa.decimal128(18, 2)),
    ("message", pa.string()), ("evidence", pa.string()), ("status", pa.string()),
    ("first_seen", pa.date32()), ("last_seen", pa.date32()), ("run_id", pa.string()), ("snapshot_id", pa.int64()),
])  # fmt: skip

_KWH = Decimal("0.0001")
_YUAN = Decimal("0.01")
_NAMED_BY_EVIDENCE = frozenset(STANDARD_COLUMNS) - {"org_no"}


class RuleResultError(JichaError):
    """A rule's SELECT gave rows that cannot be findings."""


def finding_id(rule: Rule, row: Mapping[str, Any]) -> str:
    """Return the hash of the rule and its declared fingerprint columns; never of volatile ones."""
    parts = [rule.rule_id, *(plain(row.get(column)) for column in rule.fingerprint)]
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()[:32]


def plain(value: Any) -> str:
    """Return a value as the text that stands in identities and JSON: no exponent, no trailing zeros."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return _trimmed(value)
        case datetime():
            return value.isoformat(sep=" ", timespec="seconds")
        case date():
            return value.isoformat()
    return str(value)


def _trimmed(value: Decimal) -> str:
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def rows_of(rule: Rule, result: pa.Table, snapshot_id: int, month: date) -> Iterator[dict[str, Any]]:
    """Yield each result row as a finding without its life (status, first and last seen, run).

    Raises RuleResultError when two rows share one identity or a row has no subject.
    """
    seen: set[str] = set()
    for row in result.to_pylist():
        identity = finding_id(rule, row)
        if row.get("subject_id") is None:
            raise RuleResultError(
                f"{rule.rule_id}: a row has no subject_id; give the key of its {rule.subject}"
            )
        if identity in seen:
            shown = ", ".join(f"{column}={plain(row.get(column))}" for column in rule.fingerprint)
            raise RuleResultError(
                f"{rule.rule_id}: two rows with {shown}; give one row a fingerprint, or add a column to it"
            )
        seen.add(identity)
        yield _finding(rule, row, identity, snapshot_id, month)


def _finding(rule: Rule, row: dict[str, Any], identity: str, snapshot_id: int, month: date) -> dict[str, Any]:
    kwh, yuan, direction = _stake(rule, row)
    shown = {**row, "kwh_at_stake": kwh, "yuan_at_stake": yuan}
    return {
        "finding_id": identity,
        "rule_id": rule.rule_id,
        "rule_version": rule.version,
        "subject_kind": rule.subject,
        "subject_id": str(row["subject_id"]),
        "org_no": row.get("org_no"),
        "customer_no": row.get("customer_no"),
        "mp_id": row.get("mp_id"),
        "bill_month": row.get("bill_month") or month,
        "period_from": _day(row.get("period_from")),
        "period_to": _day(row.get("period_to")),
        "severity": rule.severity if row.get("severity") is None else int(row["severity"]),
        "direction": direction,
        "kwh_at_stake": kwh,
        "yuan_at_stake": yuan,
        "message": render_message(rule, shown, "zh"),
        "evidence": _evidence(rule, row, snapshot_id, render_message(rule, shown, "en")),
        "snapshot_id": snapshot_id,
    }


def _stake(rule: Rule, row: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None, str | None]:
    kwh = _rounded(row.get(rule.value.kwh) if rule.value.kwh else None, _KWH)
    yuan = _rounded(row.get(rule.value.yuan) if rule.value.yuan else None, _YUAN)
    match rule.value.direction:
        case "column":
            return kwh, yuan, row.get("direction")
        case "by_sign":
            sign = yuan if yuan else kwh
            direction = None if sign is None else ("company" if sign >= 0 else "customer")
            return (None if kwh is None else abs(kwh)), (None if yuan is None else abs(yuan)), direction
        case "none":
            return kwh, yuan, None
    return kwh, yuan, rule.value.direction


def _rounded(value: Any, step: Decimal) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(step, rounding=ROUND_HALF_UP)


def _day(value: Any) -> date | None:
    return value.date() if isinstance(value, datetime) else value


def _evidence(rule: Rule, row: Mapping[str, Any], snapshot_id: int, message_en: str) -> str:
    columns = {
        name: plain(value)
        for name, value in row.items()
        if name not in _NAMED_BY_EVIDENCE and value is not None
    }
    evidence = {"columns": columns, "message_en": message_en, "sources": source_links(rule, row, snapshot_id)}
    return json.dumps(evidence, ensure_ascii=False, sort_keys=True)


def source_links(rule: Rule, row: Mapping[str, Any], snapshot_id: int) -> list[dict[str, Any]]:
    """Return, for the subject and each table that the rule needs, the known part of the key of its source rows."""
    subject_key = contract().table(rule.subject).primary_key
    parts = str(row["subject_id"]).split("/")
    known = {name: plain(value) for name, value in row.items() if value is not None}
    known.update(dict(zip(subject_key, parts, strict=False)) if len(parts) == len(subject_key) else {})
    links = []
    for table in dict.fromkeys((rule.subject, *rule.needs)):
        columns = contract().table(table).field_names
        key = {name: known[name] for name in _link_columns(table) if name in known and name in columns}
        if key:
            links.append({"snapshot": snapshot_id, "table": table, "key": key})
    return links


def _link_columns(table: str) -> list[str]:
    identifiers = (
        "customer_no",
        "mp_id",
        "meter_id",
        "bill_id",
        "bill_month",
        "district_id",
        "register",
        "order_no",
    )
    return list(dict.fromkeys((*contract().table(table).primary_key, *identifiers)))


def render_message(rule: Rule, row: Mapping[str, Any], language: str) -> str:
    """Return the rule's sentence in the language, its {columns} filled and formatted for people."""
    return rule.message[language].format_map({name: shown(name, value) for name, value in row.items()})


def shown(name: str, value: Any) -> str:
    """Return a value as people read it: thousands separated, yuan with cents, months as 2026-10, null as —."""
    match value:
        case None:
            return "—"
        case bool():
            return "true" if value else "false"
        case Decimal() if name.endswith("yuan") or name == "yuan_at_stake":
            return f"{value.quantize(_YUAN, rounding=ROUND_HALF_UP):,.2f}"
        case Decimal():
            return _grouped(_trimmed(value))
        case int() if not name.endswith(("year", "_no")):
            return f"{value:,}"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case date():
            return month_text(value) if name.endswith("month") else value.isoformat()
    return str(value)


def _grouped(text: str) -> str:
    whole, point, rest = text.partition(".")
    return text if whole == "-0" else f"{int(whole):,}{point}{rest}"
