"""The re-check by the data (复核): what was reported as rectified must be gone from the next run."""

from __future__ import annotations

from collections import Counter

from jicha.desk.clues.models import BroughtIn
from jicha.desk.orders.models import Order
from jicha.desk.orders.moves import FLOW
from jicha.home import Run

PROVEN, STILL_THERE, UNDECIDED = "proven", "still_there", "undecided"


def judged_by(run: Run) -> frozenset[tuple[str, str]]:
    """Return the rules that could judge, each with the organisation in which it could."""
    return frozenset(
        (verdict.rule_id, verdict.org_no)
        for verdict in run.manifest.verdicts
        if verdict.verdict in ("ran", "nothing_found")
    )


def recheck(run: Run) -> dict[str, int]:
    """Judge every order that waits: gone → proven, still there → back to rectifying, not judged → undecided; return how many of each.

    Only a run on a later month or a newer snapshot than the one that raised the findings proves anything.
    """
    there = {row["finding_id"] for row in run.findings.to_pylist() if row["status"] != "cleared"}
    judged, counts = judged_by(run), Counter[str]()
    waiting = Order.objects.filter(state=Order.State.RECTIFIED).select_related(
        "clue__organisation", "organisation"
    )
    for order in (one for one in waiting if _is_later(one, run)):
        answer = _answer(order, there, judged)
        counts[answer] += 1
        if answer != UNDECIDED:
            told = f"{run.run_id} · {run.manifest.month:%Y-%m} · {'; '.join(_left(order, there)) or '0'}"
            FLOW.make_by_system(order, answer, {"proof_run_id": run.run_id, "proof_text": told})
    return dict(counts)


def _answer(order: Order, there: set[str], judged: frozenset[tuple[str, str]]) -> str:
    if _left(order, there):
        return STILL_THERE
    wanted = {(finding.rule_id, order.clue.organisation.number) for finding in order.findings.all()}
    return PROVEN if wanted <= judged else UNDECIDED


def _is_later(order: Order, run: Run) -> bool:
    """Return whether the run saw a later month, or newer data of the same, than the run that raised the findings."""
    first = BroughtIn.objects.get(run_id=order.run_id)
    return (run.manifest.month, run.manifest.snapshot_id) > (first.month, first.snapshot_id)


def _left(order: Order, there: set[str]) -> list[str]:
    """Return the topics of the order's findings that the run still holds."""
    return sorted({finding.rule_id for finding in order.findings.all() if finding.finding_id in there})
