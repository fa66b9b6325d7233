"""The parts of a case that the desk itself knows: order, clue, findings with their source rows, comments, evidence."""

from __future__ import annotations

from functools import partial
from typing import Any

from jicha.audit.explain import SourceRows, file_names
from jicha.audit.rule import Rule
from jicha.desk.bundles.parts import Content, Part, Wanted, part, plain, row_of
from jicha.desk.clues.models import Finding
from jicha.desk.evidence.actions import vault
from jicha.desk.evidence.models import EvidenceFile
from jicha.desk.ui.home import home
from jicha.desk.ui.personal import hidden
from jicha.errors import JichaError


@part("order")
def order_part(wanted: Wanted) -> Part:
    """Return the order as its columns say, with the number that people use."""
    told = {"number": wanted.order.number} | row_of(wanted.order)
    return Part(told, subjects=(wanted.order,))


@part("clue")
def clue_part(wanted: Wanted) -> Part:
    """Return the clue that the order was made of."""
    clue = wanted.order.clue
    return Part({"number": clue.number} | row_of(clue), subjects=(clue,))


@part("comments")
def comments_part(wanted: Wanted) -> Part:
    """Return what people said."""
    return Part([row_of(one, "order") for one in wanted.order.comments.all()])


@part("evidence")
def evidence_part(wanted: Wanted) -> Part:
    """Return every file of evidence, byte for byte as it was added."""
    files = list(EvidenceFile.objects.filter(order=wanted.order).order_by("pk"))
    told = [{"path": path_of(one)} | row_of(one, "order") for one in files]
    contents = (
        Content(path_of(one), one.sha256, one.size_bytes, partial(vault().read, one.sha256)) for one in files
    )
    return Part(told, tuple(contents))


def path_of(file: EvidenceFile) -> str:
    """Return where a file lies in the bundle: its number first, so that two of one name stay two."""
    return f"evidence/{file.pk:06d}_{file.name}"


@part("findings")
def findings_part(wanted: Wanted) -> Part:
    """Return each finding with the version and parameters of its rule, the snapshot, and the rows that it rests on."""
    return Part([_finding(one, wanted) for one in wanted.order.findings.all()])


def _finding(one: Finding, wanted: Wanted) -> dict[str, Any]:
    told = row_of(one, "clue")
    try:
        return told | _explained(one, wanted)
    except JichaError as error:
        # The run or its snapshot is not in this home any more: the bundle says so instead of being silently thinner.
        return told | {"not_explained": str(error)}


def _explained(one: Finding, wanted: Wanted) -> dict[str, Any]:
    finding, rule, sources = home().explain(one.finding_id, one.run_id)
    manifest = home().run(one.run_id).manifest
    names = file_names(home().mart, sources)
    ran = manifest.rules.get(one.rule_id, {})
    return {
        "period_from": plain(finding["period_from"]),
        "period_to": plain(finding["period_to"]),
        "rule": _rule(rule) | {key: plain(ran.get(key)) for key in ("version", "sha256", "parameters")},
        "snapshot": {"id": manifest.snapshot_id, "fingerprint": manifest.snapshot_fingerprint},
        "source_rows": [_rows(source, names, wanted.is_masked) for source in sources],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {"id": rule.rule_id, "title": dict(rule.title), "basis": plain(rule.basis)}


def _rows(source: SourceRows, names: dict[int, str], is_masked: bool) -> dict[str, Any]:
    """Return the rows of one table in the words of the contract, each with the file and line that it came in."""
    columns = source.columns
    rows = [
        {
            column: plain(hidden(source.table, column, value) if is_masked else value)
            for column, value in zip(columns, row, strict=True)
        }
        | {"_file": names.get(file) if file is not None else None, "_line": line}
        for row, (file, line) in zip(source.rows, source.places, strict=True)
    ]
    return {"table": source.table, "rows": rows, "left_out": source.more}
