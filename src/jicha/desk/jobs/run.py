"""Does one job, and sees that it ends in one of its states whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from jicha.desk.flow.refusals import NotNow, Overtaken
from jicha.desk.jobs.actions import give_back
from jicha.desk.jobs.control import Cancelled, Control, GivenBack, Lost
from jicha.desk.jobs.kinds import KINDS
from jicha.desk.jobs.models import Job, Worker
from jicha.desk.jobs.moves import FLOW
from jicha.errors import JichaError

LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class _Here:
    """The worker that this process is."""

    worker: Worker | None = None
    must_end: Callable[[], bool] = lambda: False


HERE = _Here()


def run_here(job_id: int) -> None:
    """Do a job in the name of the worker that this process is."""
    run_job(Job.objects.select_related("organisation", "asked_by").get(pk=job_id), HERE.worker, HERE.must_end)


def run_job(job: Job, worker: Worker | None, must_end: Callable[[], bool] = lambda: False) -> None:
    """Do a job that waits; one that does not wait any more is left alone.

    Errors end up in the job, in the language of the person who asked for it, and not with the caller.
    """
    try:
        FLOW.make_by_system(job, "job_begin", {"worker": worker})
    except (NotNow, Overtaken):
        return
    with translation.override(job.asked_by.language):
        _do(job, Control(job, must_end))


def _do(job: Job, control: Control) -> None:
    attempt = job.attempts
    try:
        result = dict(KINDS[job.kind].do(job, control))
    except Lost:
        return
    except Cancelled:
        _end(job, attempt, "job_stopped", {})
    except GivenBack:
        job.refresh_from_db()
        give_back(job)
    except JichaError as error:
        _end(job, attempt, "job_fail", {"error": str(error)})
    except Exception as error:
        LOG.exception("job %s", job.pk)
        told = {"kind": type(error).__name__, "text": error}
        words = _("An error of the program, which the log of the server tells in full: %(kind)s: %(text)s")
        _end(job, attempt, "job_fail", {"error": words % told})
    else:
        _end(job, attempt, "job_finish", {"result": result})


def _end(job: Job, attempt: int, move: str, values: dict[str, Any]) -> None:
    """End the job by a move, unless another worker has it by now."""
    job.refresh_from_db()
    if job.attempts != attempt:
        return
    try:
        FLOW.make_by_system(job, move, values)
    except Overtaken:
        # A person cancelled it in this very moment: what is done is done.
        job.refresh_from_db()
        if job.attempts == attempt and job.state in FLOW.moves[move].sources:
            FLOW.make_by_system(job, move, values)
