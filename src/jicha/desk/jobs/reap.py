"""Takes up what dead workers left: their jobs wait again, or fail where a worker died of them too often."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_tasks_db.models import DBTaskResult

from jicha.desk.flow.refusals import NotNow, Overtaken
from jicha.desk.jobs.actions import give_back, renew_task
from jicha.desk.jobs.kinds import KINDS
from jicha.desk.jobs.models import Job, Worker
from jicha.desk.jobs.moves import AT_WORK, FLOW
from jicha.desk.jobs.schedule import every

REAP_SECONDS = 15
KEPT = timedelta(days=30)


@every(REAP_SECONDS, "reap_jobs")
def reap() -> list[str]:
    """Take up the jobs of dead workers; return what was done with each, as `number move`."""
    told = [
        _take_up(job)
        for job in Job.objects.filter(state__in=AT_WORK).select_related("worker")
        if _is_orphan(job)
    ]
    for job in Job.objects.filter(state=Job.State.QUEUED):
        if _is_lost(job):
            renew_task(job)
            told.append(f"{job.number} renewed")
    return [one for one in told if one]


def _is_orphan(job: Job) -> bool:
    return job.worker is None or not job.worker.is_alive


def _is_lost(job: Job) -> bool:
    """Return whether no task in the queue and no living worker will begin the job: its worker died right after taking the task."""
    task = None if job.task_id is None else DBTaskResult.objects.filter(pk=job.task_id).first()
    if task is None or task.status != "RUNNING":
        return task is None or task.status != "READY"
    worker = Worker.objects.filter(pk=task.worker_ids[-1]).first()
    return worker is None or not worker.is_alive


def _take_up(job: Job) -> str:
    """End or give back an orphan; one that another worker took up first is left alone."""
    try:
        if job.state == Job.State.STOPPING:
            FLOW.make_by_system(job, "job_stopped", {})
        elif job.attempts < KINDS[job.kind].attempts:
            give_back(job)
        else:
            with translation.override(job.asked_by.language):
                words = _(
                    "The worker died %(count)s times while it was at this job; the log of the server may say why."
                )
                FLOW.make_by_system(job, "job_fail", {"error": words % {"count": job.attempts}})
    except (NotNow, Overtaken):
        return ""
    return f"{job.number} {job.state}"


@every(24 * 3600, "forget_workers")
def forget() -> None:
    """Delete the rows of workers and tasks that ended long ago; jobs are kept."""
    long_ago = timezone.now() - KEPT
    Worker.objects.filter(beat_at__lt=long_ago).delete()
    DBTaskResult.objects.finished().filter(enqueued_at__lt=long_ago).delete()
