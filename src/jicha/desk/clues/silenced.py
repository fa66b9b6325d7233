"""Which exceptions a person sees: those of findings whose clues the person sees."""

from __future__ import annotations

from jicha.audit.exceptions import ExceptionEntry, ExceptionList
from jicha.desk.clues.models import Clue, Finding
from jicha.desk.people.models import units_in
from jicha.desk.people.standing import Standing


def exceptions_seen(standing: Standing, kept: ExceptionList) -> list[ExceptionEntry]:
    """Return the exceptions of what the person sees; one whose subject has no clue is for those alone who see every unit."""
    if units_in(standing.paths("clue.see")) is None:
        return kept.entries
    subjects = {entry.subject_id for entry in kept.entries}
    rows = Finding.objects.filter(
        subject_id__in=subjects, clue__in=Clue.objects.seen_by(standing, "clue.see")
    )
    seen = set(rows.values_list("rule_id", "subject_id"))
    return [entry for entry in kept.entries if (entry.rule_id, entry.subject_id) in seen]
