"""Workers, and the steps that they take at regular times."""

from __future__ import annotations

import os
import platform
import uuid
from datetime import timedelta
from pathlib import Path

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

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
