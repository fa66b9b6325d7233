"""Brings the findings of a run to the desk, grouped to clues; a second time it changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from jicha.audit.clues import Clue as Composed
from jicha.audit.clues import place_of
from jicha.desk.clues.models import BroughtIn, Clue, Finding
from jicha.desk.clues.moves import FLOW
from jicha.desk.journal.append import append
from jicha.desk.journal.models import ChainHead
from jicha.desk.orders.recheck import judged_by, recheck
from jicha.desk.people.models import ROOT, Organisation, User
from jicha.errors import ExplainedError
from jicha.home import Run

Progress = Callable[[str, int, int], None]
Row = Mapping[str, Any]
BATCH = 2000
# A clue in one of these states takes up what a later run finds at its place; in any other a new clue begins.
LIVE = (
    Clue.State.OPEN,
    Clue.State.TAKEN,
    Clue.State.SNOOZED,
    Clue.State.NEED_DATA,
    Clue.State.ORDERED,
    Clue.State.PROPOSED,
)


@dataclass(slots=True)
class Delivery:
    """What bringing in a run did."""

    run_id: str
    findings: int = 0
    new_clues: int = 0
    renewed_clues: int = 0
    gone_clues: int = 0
    rechecked: dict[str, int] = field(default_factory=dict)
    is_repeated: bool = False


def bring_in(run: Run, actor: User | None, progress: Progress = lambda *_: None) -> Delivery:
    """Turn a run's findings into clues, in one transaction.

    Findings at the place of a clue that is still alive go into it; clues of which nothing is left are gone; orders that wait for
    a re-check (复核) get their answer.
    """
    if BroughtIn.objects.filter(run_id=run.run_id).exists():
        return Delivery(run.run_id, is_repeated=True)
    _refuse_older(run)
    rows, composed = run.findings.to_pylist(), run.clues()
    delivery = Delivery(run.run_id, findings=len(rows))
    with transaction.atomic():
        # First, as every move does: two that lock in another order would wait for each other.
        ChainHead.objects.select_for_update().get(pk=1)
        if BroughtIn.objects.filter(run_id=run.run_id).exists():
            return Delivery(run.run_id, is_repeated=True)
        _renew(run, rows, composed, delivery, progress)
        brought = BroughtIn.objects.create(
            run_id=run.run_id, month=run.manifest.month, snapshot_id=run.manifest.snapshot_id, scope=run.manifest.scope, findings=len(rows), new_clues=delivery.new_clues,
        )  # fmt: skip
        root = Organisation.objects.get(number=ROOT)
        details = {
            "run": run.run_id,
            "month": run.manifest.month.isoformat(),
            "findings": len(rows),
            "new_clues": delivery.new_clues,
        }
        append("bring_in", brought, actor=actor, organisation=root, details=details)
        delivery.rechecked = recheck(run)
    return delivery


def _refuse_older(run: Run) -> None:
    """A run on an earlier month would overwrite what a later one of the same units knows."""
    same = BroughtIn.objects.filter(scope__in=("all", run.manifest.scope))
    newest = (
        (same if run.manifest.scope != "all" else BroughtIn.objects)
        .order_by("-month", "-snapshot_id")
        .first()
    )
    this = (run.manifest.month, run.manifest.snapshot_id)
    if newest is not None and this < (newest.month, newest.snapshot_id):
        raise ExplainedError(
            where=f"run {run.run_id}", found=f"month {this[0]:%Y-%m} of snapshot {this[1]}",
            expected=f"not before {newest.month:%Y-%m} of snapshot {newest.snapshot_id}, which the desk holds",
            remedy="Bring in the newest run: `jicha desk bring-in`.",
        )  # fmt: skip


def _renew(
    run: Run, rows: list[Row], composed: list[Composed], delivery: Delivery, progress: Progress
) -> None:
    at_place: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        at_place.setdefault(place_of(row), []).append(row)
    units = dict(Organisation.objects.values_list("number", "pk"))
    alive = {
        (clue.place_kind, clue.place_id): clue
        for clue in Clue.objects.filter(state__in=LIVE).select_related("organisation")
    }
    new, renewed = [], []
    districts = run.districts()
    for one in composed:
        here = [row for row in at_place[(one.place_kind, one.place_id)] if row["status"] != "cleared"]
        told = _told(run, one, here, units, districts)
        if (known := alive.pop((one.place_kind, one.place_id), None)) is None:
            new.append(Clue(**told))
        else:
            for name, value in told.items():
                setattr(known, name, value)
            renewed.append(known)
    Clue.objects.bulk_create(new, batch_size=BATCH)
    # The state is moved by the flow only, never by a delivery.
    if renewed:
        Clue.objects.bulk_update(renewed, _DELIVERED, batch_size=500)
    progress("clues", len(new) + len(renewed), len(composed))
    _write_findings(run, [*new, *renewed], at_place, progress)
    delivery.new_clues, delivery.renewed_clues = len(new), len(renewed)
    delivery.gone_clues = _let_go(run, alive.values())
    _data_came(run, renewed)


_DELIVERED = (
    "organisation_id", "customer_no", "district_id", "rules", "sentence_zh", "sentence_en", "band", "score", "severity", "company_yuan", "customer_yuan",
    "kwh", "expected_yuan", "is_visit", "recurrence", "month", "run_id",
)  # fmt: skip


def _told(
    run: Run, one: Composed, rows: list[Row], units: Mapping[str, int], districts: Mapping[str, str]
) -> dict[str, Any]:
    """Return the columns of a clue that a delivery states."""
    weightiest = one.reasons[0].finding_id
    first = next(row for row in rows if row["finding_id"] == weightiest)
    statuses = {row["status"] for row in rows}
    seen: date = min(row["first_seen"] for row in rows)
    return {
        "organisation_id": units.get(one.org_no) or units[ROOT],
        "place_kind": one.place_kind,
        "place_id": one.place_id,
        "customer_no": first["customer_no"] or "",
        "district_id": one.place_id
        if one.place_kind == "district"
        else districts.get(first["customer_no"] or "", ""),
        "rules": " ".join(one.rules)[:255],
        "sentence_zh": first["message"],
        "sentence_en": json.loads(first["evidence"]).get("message_en", first["message"]),
        "band": one.band,
        "score": one.score,
        "severity": max(row["severity"] for row in rows),
        "company_yuan": one.company_yuan,
        "customer_yuan": one.customer_yuan,
        "kwh": one.kwh,
        "expected_yuan": one.expected_yuan,
        "is_visit": one.is_visit,
        "recurrence": next(s for s in ("recurred", "continuing", "new") if s in statuses),
        "month": run.manifest.month,
        "run_id": run.run_id,
        "first_seen": seen,
    }


def _write_findings(
    run: Run, clues: Iterable[Clue], at_place: Mapping[tuple[str, str], list[Row]], progress: Progress
) -> None:
    found = [_finding(run, clue, row) for clue in clues for row in at_place[(clue.place_kind, clue.place_id)]]
    for start in range(0, len(found), BATCH):
        Finding.objects.bulk_create(
            found[start : start + BATCH], update_conflicts=True, unique_fields=["clue", "finding_id"],
            update_fields=["status", "severity", "direction", "kwh", "yuan", "message_zh", "message_en", "run_id"],
        )  # fmt: skip
        progress("findings", min(start + BATCH, len(found)), len(found))


def _finding(run: Run, clue: Clue, row: Row) -> Finding:
    yuan: Decimal | None = row["yuan_at_stake"]
    return Finding(
        clue=clue, finding_id=row["finding_id"], rule_id=row["rule_id"], subject_kind=row["subject_kind"], subject_id=row["subject_id"],
        severity=row["severity"], status=row["status"], direction=row["direction"] or "", kwh=row["kwh_at_stake"], yuan=yuan,
        message_zh=row["message"], message_en=json.loads(row["evidence"]).get("message_en", row["message"]), run_id=run.run_id,
        first_seen=row["first_seen"],
    )  # fmt: skip


def _data_came(run: Run, renewed: Iterable[Clue]) -> None:
    """Bring clues back that lacked data: there are newer data than when that was said."""
    newest = BroughtIn.objects.order_by("-snapshot_id").first()
    if newest is not None and run.manifest.snapshot_id <= newest.snapshot_id:
        return
    for clue in renewed:
        if clue.state == Clue.State.NEED_DATA:
            FLOW.make_by_system(clue, "data_came", {})


def _let_go(run: Run, left: Iterable[Clue]) -> int:
    """Close the clues of which the run, that judged their rules, found nothing any more; those with an order wait for it."""
    judged = judged_by(run)
    gone = 0
    for clue in left:
        needed = {(rule_id, clue.organisation.number) for rule_id in clue.rules.split()}
        if clue.state != Clue.State.ORDERED and needed <= judged:
            FLOW.make_by_system(clue, "vanish", {})
            gone += 1
    return gone
