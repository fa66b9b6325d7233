"""The table of moves of a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jicha.desk.flow.moves import Flow, Move
from jicha.desk.jobs.models import Job

S = Job.State
AT_WORK = (S.RUNNING, S.STOPPING)


def _arrive(job: Job, move: Move, _values: Mapping[str, Any]) -> dict[str, Any]:
    """Note when a job began and ended; one that waits again has no worker, but keeps how far it came."""
    now = timezone.now()
    if move.target == S.RUNNING:
        return {"begun_at": now, "attempts": job.attempts + 1, "words": "", "done": 0, "total": 0}
    if move.target == S.QUEUED:
        # Who asks for it again gives it all its attempts again.
        attempts = {"attempts": 0} if move.name == "job_again" else {}
        return {"worker": None, "ended_at": None, "error": "", **attempts}
    return {} if move.target == S.STOPPING else {"ended_at": now, "worker": None}


FLOW = Flow(
    (
        Move("job_begin", _("Begin a job"), (S.QUEUED,), S.RUNNING, None, may=("worker",)),
        Move("job_finish", _("Finish a job"), AT_WORK, S.DONE, None, may=("result",)),
        Move("job_fail", _("Fail at a job"), AT_WORK, S.FAILED, None, needs=("error",)),
        Move("job_give_back", _("Give a job back"), (S.RUNNING,), S.QUEUED, None),
        Move("job_stopped", _("Stop a job"), (S.STOPPING,), S.CANCELLED, None),
        Move("job_stop", _("Cancel"), (S.RUNNING,), S.STOPPING, "job.steer", is_grave=True),
        Move("job_cancel", _("Cancel"), (S.QUEUED,), S.CANCELLED, "job.steer", is_grave=True),
        Move("job_again", _("Try again"), (S.FAILED, S.CANCELLED), S.QUEUED, "job.steer"),
    ),
    _arrive,
)  # fmt: skip
