"""The pages of a bundle that people read: one file a language, with everything in it, that opens without a network."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.urls import get_resolver
from django.utils.translation import gettext, override

from jicha.contract import Table, contract
from jicha.desk.bundles.parts import Content, content_of
from jicha.desk.evidence.actions import vault
from jicha.desk.evidence.content import thumbnail
from jicha.desk.journal.models import Event
from jicha.desk.journal.words import words_of
from jicha.desk.orders.models import Order
from jicha.desk.orders.told import told_facts
from jicha.desk.ui.values import shown

LANGUAGES = {"zh": "zh-hans", "en": "en"}


def pages_of(case: dict[str, Any], events: list[Event]) -> Iterator[Content]:
    """Return the page of the case in each language."""
    _ = get_resolver().url_patterns  # at the command line, too, every room has named its actions by now
    order = Order.objects.select_related("clue", "organisation").get(pk=case["order"]["id"])
    evidence = [(one, _picture(one)) for one in case["evidence"]]
    for short, code in LANGUAGES.items():
        with override(code):
            told = {
                "short": short, "case": case, "order": order, "facts": told_facts(order), "evidence": evidence,
                "findings": [_finding(one, short) for one in case["findings"]], "events": [_line(one, case) for one in events],
                "comments": [(one, _name(case, one["author"])) for one in case["comments"]],
            }  # fmt: skip
            yield content_of(f"case.{short}.html", render_to_string("bundles/case.html", told).encode())


def _picture(file: dict[str, Any]) -> str:
    """Return a small picture as text that a page can hold; empty for what is no picture."""
    if not file["media_type"].startswith("image/"):
        return ""
    small = thumbnail(vault().read(file["sha256"]))
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode('ascii')}"


def _name(case: dict[str, Any], person: int | None) -> str:
    """Return the name of a person; the data themselves where nobody acted."""
    return case["people"][str(person)]["name"] if person else gettext("the data")


def _line(event: Event, case: dict[str, Any]) -> dict[str, Any]:
    actor = json.loads(event.content)["actor"]
    return {"event": event, "title": words_of(event.action), "name": _name(case, actor)}


def _finding(told: dict[str, Any], short: str) -> dict[str, Any]:
    """Return a finding with its tables in the words of the contract."""
    tables = [_table(one, short) for one in told.get("source_rows", ())]
    rule = told.get("rule", {})
    return told | {
        "message": told[f"message_{short}"], "title": rule.get("title", {}).get(short, ""), "tables": tables,
    }  # fmt: skip


def _table(told: dict[str, Any], short: str) -> dict[str, Any]:
    table = contract().table(told["table"])
    columns = [name for name in told["rows"][0] if not name.startswith("_")] if told["rows"] else []
    titles = [getattr(table.field(name), f"title_{short}") for name in columns]
    rows = [
        ([_words(table, name, row[name]) for name in columns], f"{row['_file'] or ''}:{row['_line'] or ''}")
        for row in told["rows"]
    ]
    return {"title": getattr(table, f"title_{short}"), "columns": titles, "rows": rows}


def _words(table: Table, name: str, value: Any) -> str:
    """Return a value of case.json as a person reads it; what was masked there stays so."""
    field = table.field(name)
    is_amount = isinstance(value, str) and field.sql_type.startswith("DECIMAL")
    return shown(field, Decimal(value) if is_amount else value, table.name, is_masked=False)
