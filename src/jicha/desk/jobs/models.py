"""Jobs, the workers that do them, and the steps that workers take at regular times."""

from __future__ import annotations

import os
import platform
import uuid
from datetime import timedelta
from pathlib import Path

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jicha.desk.people.models import Organisation, ScopedQuerySet, User

# How often a worker says that it lives, and after how long a silence one on another machine is taken for dead.
BEAT_SECONDS = 10
SILENCE = timedelta(seconds=120)


class Worker(models.Model):
    """A process that does jobs; `host`, `pid` and `mark` (which start of the machine, which moment of it) tell it from every other."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    host = models.CharField(_("machine"), max_length=255)
    pid = models.PositiveBigIntegerField(_("process"))
    mark = models.CharField(max_length=64)
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    beat_at = models.DateTimeField(_("last sign of life"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        ordering = ("-started_at",)
        indexes = (models.Index(fields=["ended_at", "beat_at"], name="worker_alive"),)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"

    @classmethod
    def begin(cls) -> Worker:
        """Enter this process as a worker."""
        pid = os.getpid()
        return cls.objects.create(host=platform.node(), pid=pid, mark=mark_of(pid))

    @property
    def is_alive(self) -> bool:
        """Whether the process still works: on this machine its process is asked for, on another its signs of life are counted.

        A worker that holds the only lock of a database for long gives no sign of life, yet it lives.
        """
        if self.ended_at is not None:
            return False
        if self.host == platform.node():
            return mark_of(self.pid) == self.mark
        return timezone.now() - self.beat_at < SILENCE


def mark_of(pid: int) -> str:
    """Return what no other process of this machine has, whatever its clock does; empty where the process is gone."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        start = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    # proc(5): the name stands in brackets and may hold blanks; state is the first field after it, the start the 20th.
    fields = told.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else f"{start}:{fields[19]}"


class Step(models.Model):
    """When a regular step was last taken and by which worker; `version` lets exactly one worker begin it."""

    name = models.CharField(max_length=64, primary_key=True)
    version = models.PositiveBigIntegerField(default=0)
    worker = models.ForeignKey(Worker, models.SET_NULL, null=True, related_name="steps")
    begun_at = models.DateTimeField(_("begun"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    error = models.TextField(_("error"), blank=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """A piece of work that a person asked for and a worker does; `key` holds apart what must not run twice at once."""

    class State(models.TextChoices):
        """Where a job is on its way."""

        QUEUED = "queued", _("waiting")
        RUNNING = "running", _("running")
        STOPPING = "stopping", _("being stopped")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    LIVE = (State.QUEUED, State.RUNNING, State.STOPPING)

    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="jobs")
    kind = models.CharField(_("kind"), max_length=32)
    key = models.CharField(max_length=200, blank=True)
    title = models.CharField(_("what"), max_length=200)
    arguments = models.JSONField(default=dict)
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="jobs", verbose_name=_("asked for by"))
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.QUEUED)
    version = models.PositiveIntegerField(default=0)

    task_id = models.UUIDField(null=True)
    worker = models.ForeignKey(Worker, models.SET_NULL, null=True, related_name="jobs")
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    begun_at = models.DateTimeField(_("begun"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    words = models.CharField(_("what it is at"), max_length=200, blank=True)
    done = models.PositiveBigIntegerField(_("steps done"), default=0)
    total = models.PositiveBigIntegerField(_("of"), default=0)
    rows = models.PositiveBigIntegerField(_("rows"), default=0)
    yuan = models.DecimalField(_("yuan"), max_digits=18, decimal_places=2, default=0)
    # How far a job came whose steps are kept one by one: the next attempt goes on from here.
    reached = models.PositiveBigIntegerField(default=0)
    result = models.JSONField(_("result"), null=True)
    error = models.TextField(_("error"), blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["state", "-id"], name="job_by_state"),
            models.Index(fields=["organisation", "-id"], name="job_of_unit"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["key"], name="one_live_job_of_a_key",
                condition=models.Q(state__in=("queued", "running", "stopping")) & ~models.Q(key=""),
            ),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number that people say."""
        return f"RW{self.pk:06d}"

    @property
    def percent(self) -> int:
        """How far the present part has come, 0 to 100."""
        return min(100, self.done * 100 // self.total) if self.total else 0

    @property
    def is_live(self) -> bool:
        """Whether something may still happen to it by itself."""
        return self.state in self.LIVE
