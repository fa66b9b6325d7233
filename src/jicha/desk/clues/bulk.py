"""Many dismissals at once, as a job: proposed in steps that are kept one by one, so that an attempt goes on where the last was cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.clues.dismissal import propose_many
from jicha.desk.clues.models import Clue
from jicha.desk.jobs.actions import ask_for
from jicha.desk.jobs.control import Control
from jicha.desk.jobs.kinds import kind
from jicha.desk.jobs.models import Job
from jicha.desk.people.models import Organisation
from jicha.desk.people.standing import Standing, standing_of

RIGHT = "clue.decide"
STEP = 100
WHY_SHOWN = 10


def ask_to_dismiss(standing: Standing, clues: Sequence[int], values: Mapping[str, Any]) -> Job:
    """Ask for the dismissal of the clues with these numbers to be proposed; those that cannot be are told in the result."""
    title = _("Propose to dismiss %(count)s clues") % {"count": f"{len(clues):,}"}
    told = {
        "clues": list(clues),
        "values": {
            name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()
        },
    }
    return ask_for("dismiss", title, standing, _unit(standing), told)


def _unit(standing: Standing) -> Organisation:
    """Return the topmost unit in which the person decides on clues."""
    return Organisation.objects.get(path=min(standing.paths(RIGHT), key=len))


@kind("dismiss", gettext_lazy("dismissing many clues"), RIGHT)
def dismiss(job: Job, control: Control) -> dict[str, Any]:
    """Propose the dismissals step by step, with the rights that the person has now.

    A step and how far it came are kept in one transaction: what an earlier attempt kept is not looked at again.
    """
    numbers, values = job.arguments["clues"], _values(job.arguments["values"])
    standing = standing_of(job.asked_by, timezone.localdate())
    result: dict[str, Any] = dict(job.result or {"proposed": 0, "refused": 0, "why": []})
    yuan = job.yuan
    while job.reached < len(numbers):
        with transaction.atomic():
            done, lost, amount = _one_step(numbers[job.reached : job.reached + STEP], standing, values)
            result["proposed"] += done
            result["refused"] += len(lost)
            result["why"] = [*result["why"], *lost][:WHY_SHOWN]
            yuan += amount
            Job.objects.filter(pk=job.pk).update(result=result, rows=result["proposed"], yuan=yuan)
            control.reach(min(job.reached + STEP, len(numbers)))
        control.step(_("proposing dismissals"), job.reached, len(numbers))
    return {name: value for name, value in result.items() if value}


def _values(told: Mapping[str, Any]) -> dict[str, Any]:
    return {**told, "silent_until": date.fromisoformat(told["silent_until"])}


def _one_step(
    numbers: Sequence[int], standing: Standing, values: dict[str, Any]
) -> tuple[int, list[str], Decimal]:
    """Propose some dismissals; return how many were, why others were not, and the yuan that those were about."""
    rows = list(
        Clue.objects.seen_by(standing, RIGHT)
        .filter(pk__in=numbers)
        .select_related("organisation")
        .order_by("pk")
    )
    before = {row.pk: row.version for row in rows}
    done, refused = propose_many(rows, standing, values)
    moved = [row for row in rows if row.version != before[row.pk]]
    gone = len(numbers) - len(rows)
    if gone:
        refused.append(_("%(count)s clues are not in your units any more.") % {"count": gone})
    return done, refused, sum((row.company_yuan + row.customer_yuan for row in moved), start=Decimal(0))
