"""A dismissal (排除): proposed by one, approved by another, and then an exception of the home that keeps the rules quiet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from jicha.audit.exceptions import ExceptionEntry, ExceptionList
from jicha.desk.clues.models import Clue
from jicha.desk.clues.moves import FLOW
from jicha.desk.flow.refusals import Refusal
from jicha.desk.people.standing import Standing


def move_clue(clue: Clue, name: str, standing: Standing, values: dict[str, Any], exceptions: Path) -> None:
    """Make a move of a clue; an approved dismissal writes the exceptions into the file before the transaction ends."""
    with transaction.atomic():
        FLOW.make(clue, name, standing, values)
        if name == "approve_dismissal":
            # Read under the lock that the event took: two who approve at once lose neither's entries.
            kept = ExceptionList(exceptions)
            for entry in exceptions_of(clue, standing, timezone.localdate()):
                kept.add(entry)


def exceptions_of(clue: Clue, standing: Standing, today: date) -> Iterable[ExceptionEntry]:
    """Yield an exception for each finding of the clue, with both names and the day on which it ends."""
    assert clue.silent_until is not None
    reason = f"{clue.get_reason_display()}: {clue.reason_text} ({clue.proposer})"
    for rule_id, subject_id in clue.findings.values_list("rule_id", "subject_id").distinct():
        yield ExceptionEntry(rule_id, subject_id, reason, str(standing.user), today, clue.silent_until)


def dismissable(standing: Standing, ids: Iterable[int]) -> Any:
    """Return those of the clues that the person may propose to dismiss now."""
    rows = Clue.objects.seen_by(standing, "clue.decide").filter(pk__in=list(ids))
    return rows.filter(state__in=FLOW.moves["propose_dismissal"].sources).select_related("organisation")


def propose_many(clues: Iterable[Clue], standing: Standing, values: dict[str, Any]) -> tuple[int, list[str]]:
    """Propose to dismiss many clues; return how many were, and why others were not."""
    done, refused = 0, []
    for clue in clues:
        try:
            FLOW.make(clue, "propose_dismissal", standing, values)
            done += 1
        except Refusal as refusal:
            refused.append(f"{clue.number}: {refusal}")
    return done, refused
