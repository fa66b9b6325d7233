"""Figures of the running desk for Prometheus: requests as they come, the state of the desk at the moment of asking."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from jicha.desk.jobs.models import Job, Worker
from jicha.desk.journal.checkpoints import last_checkpoint
from jicha.desk.journal.models import ChainHead
from jicha.desk.ui.disk import free_bytes

# Several processes answer: each writes its counts into this folder, and whoever is asked adds them up.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
REQUESTS = Counter("jicha_requests", "Requests answered.", ("route", "method", "status"), registry=None)
SECONDS = Histogram(
    "jicha_request_seconds", "Seconds from a request to its answer.", ("route",), registry=None,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30),
)  # fmt: skip


def begin_counting(home: Path) -> None:
    """Give the processes of a server that begins an empty folder for their counts."""
    folder = home / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ[FOLDER] = str(folder)


def figures() -> bytes:
    """Return all figures in the text form of Prometheus."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    registry.register(StateOfTheDesk())
    return generate_latest(registry)


class StateOfTheDesk(Collector):
    """What the database and the disk say now."""

    def collect(self) -> Iterator[Metric]:
        """Yield each figure."""
        head = ChainHead.objects.get(pk=1).number
        last = last_checkpoint(settings.CHECKPOINTS)
        yield _one("jicha_log_events", "Events in the log.", head)
        yield _one(
            "jicha_log_unanchored_events",
            "Events after the last checkpoint.",
            head - (last.number if last else 0),
        )
        age = (timezone.now() - last.at).total_seconds() if last else float("nan")
        yield _one("jicha_checkpoint_age_seconds", "Age of the last checkpoint.", age)
        yield _one("jicha_disk_free_bytes", "Free bytes on the disk of the home.", free_bytes())
        alive = sum(worker.is_alive for worker in Worker.objects.filter(ended_at=None))
        yield _one("jicha_workers", "Workers that live.", alive)
        jobs = GaugeMetricFamily("jicha_jobs", "Jobs by state.", labels=["state"])
        counts = dict(Job.objects.order_by().values_list("state").annotate(Count("id")))
        for state in Job.State.values:
            jobs.add_metric([state], counts.get(state, 0))
        yield jobs


def _one(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)
