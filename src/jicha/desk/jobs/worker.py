"""The worker: takes jobs from the queue one by one, and regular steps beside them, until it is told to end."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker as TaskWorker
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction

from jicha.desk.jobs.models import BEAT_SECONDS, Worker
from jicha.desk.jobs.reap import reap
from jicha.desk.jobs.run import HERE
from jicha.desk.jobs.schedule import take_due_steps

LOG = logging.getLogger(__name__)
LOOK_SECONDS = 1.0


class Workshop:
    """One worker process: its main thread does jobs, one thread takes steps, one says that it lives."""

    def __init__(self, parent: int | None = None) -> None:
        self._parent = parent
        self._end = threading.Event()
        self.worker = Worker.begin()

    @property
    def must_end(self) -> bool:
        """Whether it was told to end, or the server that it works beside is gone."""
        return self._end.is_set() or (self._parent is not None and os.getppid() != self._parent)

    def end(self, *_signal: Any) -> None:
        """End after the current step of the work; what is not done is given back."""
        self._end.set()

    def run(self) -> None:
        """Work until told to end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.end)
        HERE.worker, HERE.must_end = self.worker, lambda: self.must_end
        threads = [
            threading.Thread(target=self._repeat, args=(do, seconds), daemon=True)
            for do, seconds in (
                (self._beat, BEAT_SECONDS),
                (lambda: take_due_steps(self.worker), LOOK_SECONDS),
            )
        ]
        self._patiently(reap)
        for thread in threads:
            thread.start()
        while not self.must_end:
            if not self._patiently(self._one_job):
                self._end.wait(LOOK_SECONDS)
        self._end.set()
        threads[1].join()
        Worker.objects.filter(pk=self.worker.pk).update(ended_at=timezone.now())

    def _one_job(self) -> bool:
        """Take the next job from the queue and do it; return whether there was one."""
        ready = DBTaskResult.objects.ready()
        with exclusive_transaction(ready.db):
            if (row := ready.get_locked()) is None:
                return False
            row.claim(str(self.worker.pk))
        self._tasks().run_task(row)
        return True

    def _tasks(self) -> TaskWorker:
        return TaskWorker(
            queue_names=["*"], excluded_queue_names=[], interval=0, batch=True, backend_name="default", startup_delay=False,
            max_tasks=1, worker_id=str(self.worker.pk),
        )  # fmt: skip

    def _beat(self) -> None:
        Worker.objects.filter(pk=self.worker.pk).update(beat_at=timezone.now())

    def _repeat(self, do: Callable[[], object], seconds: float) -> None:
        while not self.must_end:
            self._patiently(do)
            self._end.wait(seconds)
        connection.close()

    @staticmethod
    def _patiently(do: Callable[[], object]) -> object:
        """Call, and outlive a database that is away or busy: the next round tries again."""
        close_old_connections()
        try:
            return do()
        except DatabaseError as error:
            LOG.warning("the database does not answer, trying again: %s", error)
            return None
        finally:
            close_old_connections()
