"""Regular steps: taken when due, by one worker at a time, again after a worker died, and an error stops nobody."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from jicha.desk.jobs import schedule
from jicha.desk.jobs.models import SILENCE, Step, Worker, mark_of
from jicha.desk.jobs.schedule import every, take_due_steps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def only_ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the test see no steps but its own."""
    monkeypatch.setattr(schedule, "STEPS", {})
    return


@pytest.fixture
def dead() -> Worker:
    """A worker whose process has ended without a word."""
    worker = Worker.begin()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        worker.pid, worker.mark = process.pid, mark_of(process.pid)
        worker.save()
        assert worker.is_alive
        process.kill()
    return worker


def counted(name: str, seconds: int = 60) -> tuple[list[str], Callable[[], object]]:
    """Register a step that counts its calls."""
    calls: list[str] = []
    return calls, every(seconds, name)(lambda: calls.append(name))


def test_a_step_is_taken_when_it_is_due() -> None:
    """At once, then not before its time has passed; a clock that was set back does not let it wait."""
    calls, _ = counted("one")
    worker = Worker.begin()
    assert take_due_steps(worker) == ["one"] and take_due_steps(worker) == []
    Step.objects.update(begun_at=timezone.now() - timedelta(seconds=61))
    assert take_due_steps(worker) == ["one"]
    Step.objects.update(begun_at=timezone.now() + timedelta(hours=1))
    assert take_due_steps(worker) == ["one"]
    assert len(calls) == 3


def test_two_workers_do_not_take_one_step_at_once() -> None:
    """While one worker is at a step another passes it by; when both saw the same row, one wins."""
    first, second = Worker.begin(), Worker.begin()
    inside: list[list[str]] = []
    every(60, "shared")(lambda: inside.append(take_due_steps(second)))
    assert take_due_steps(first) == ["shared"]
    assert inside == [[]]
    row = Step.objects.select_related("worker").get(name="shared")
    assert (schedule._claim(row, first), schedule._claim(row, second)) == (True, False)


def test_the_step_of_a_dead_worker_is_taken_again(dead: Worker) -> None:
    """A step that was cut off is due at once, whenever it was begun."""
    calls, _ = counted("cut off", seconds=86_400)
    Step.objects.create(name="cut off", worker=dead, begun_at=timezone.now())
    assert not dead.is_alive
    assert take_due_steps(Worker.begin()) == ["cut off"] and calls == ["cut off"]


def test_a_worker_elsewhere_is_known_by_its_signs_of_life() -> None:
    """Of a process on another machine only its silence can be seen."""
    worker = Worker.begin()
    worker.host = "elsewhere"
    assert worker.is_alive
    worker.beat_at = timezone.now() - SILENCE - timedelta(seconds=1)
    assert not worker.is_alive


def test_an_error_is_kept_and_the_other_steps_are_taken() -> None:
    """What went wrong stands with the step, until it goes well again."""
    wrong = [True]

    def fails() -> None:
        if wrong[0]:
            raise ValueError("no road")

    every(0, "fails")(fails)
    calls, _ = counted("after")
    assert take_due_steps(Worker.begin()) == ["fails", "after"]
    assert (Step.objects.get(name="fails").error, calls) == ("ValueError: no road", ["after"])
    wrong.clear()
    wrong.append(False)
    take_due_steps(Worker.begin())
    assert Step.objects.get(name="fails").error == ""


def test_a_name_is_given_once() -> None:
    """Two steps of one name would keep each other from being taken."""
    counted("same")
    with pytest.raises(ValueError, match="two steps are called same"):
        counted("same")
