"""What is done to jobs: asked for, begun, ended, given back, cancelled, asked for again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_tasks import task
from django_tasks_db.models import DBTaskResult

from jicha.desk.flow.refusals import NotAllowed, Refusal
from jicha.desk.jobs.kinds import KINDS
from jicha.desk.jobs.models import Job
from jicha.desk.jobs.moves import FLOW
from jicha.desk.journal.append import append
from jicha.desk.people.models import Organisation
from jicha.desk.people.standing import Standing


class UnderWay(Refusal):
    """The same is being done already."""

    def __init__(self, title: str) -> None:
        super().__init__(_("“%(title)s” is under way already. See the list of jobs.") % {"title": title})


@task()
def do_job(job_id: int) -> None:
    """Do one job: what the queue of tasks holds of it."""
    from jicha.desk.jobs.run import run_here

    run_here(job_id)


def ask_for(
    kind: str, title: str, standing: Standing, organisation: Organisation, arguments: Mapping[str, Any], key: str = ""
) -> Job:  # fmt: skip
    """Put a job into the queue, in one transaction with the row that tells of it; the worker does it.

    `key` names what must not be done twice at once; empty where nothing is in the way.
    """
    wanted = KINDS[kind]
    if not standing.may(wanted.right, organisation.path):
        raise NotAllowed(wanted.title)
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind, title=title[:200], asked_by=standing.user, organisation=organisation, arguments=dict(arguments), key=key,
            )  # fmt: skip
            _enqueue(job)
            append(
                "job_ask", job, actor=standing.user, organisation=organisation, details={"kind": kind, "title": title},
                stands_in_for=standing.acts_for(wanted.right, organisation.path),
            )  # fmt: skip
    except IntegrityError as error:
        if Job.objects.filter(key=key, state__in=Job.LIVE).exists():
            raise UnderWay(title) from error
        raise
    return job


def _enqueue(job: Job) -> None:
    """Hand the job to the queue; a task of it that still stands there is over."""
    if job.task_id is not None:
        DBTaskResult.objects.filter(pk=job.task_id).exclude(status="SUCCESSFUL").update(status="FAILED")
    job.task_id = do_job.enqueue(job.pk).id
    Job.objects.filter(pk=job.pk).update(task_id=job.task_id)


def steer(job: Job, name: str, standing: Standing) -> None:
    """Cancel a job or ask for it again; again only with the right that it took the first time."""
    if name == "job_again" and not standing.may(KINDS[job.kind].right, job.organisation.path):
        raise NotAllowed(FLOW.moves[name].title)
    try:
        with transaction.atomic():
            FLOW.make(job, name, standing, {})
            if job.state == Job.State.QUEUED:
                _enqueue(job)
    except IntegrityError as error:
        raise UnderWay(job.title) from error


def give_back(job: Job) -> None:
    """Let a job wait for a worker again."""
    with transaction.atomic():
        FLOW.make_by_system(job, "job_give_back", {})
        _enqueue(job)


def renew_task(job: Job) -> None:
    """Put a job that waits into the queue again, for the queue lost it."""
    with transaction.atomic():
        _enqueue(job)
