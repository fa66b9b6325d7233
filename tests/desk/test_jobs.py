"""Jobs: asked for, done, cancelled, tried again, taken up after a worker died; and the pages that show them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django_tasks_db.models import DBTaskResult

from jicha.desk.administration.tree import place_organisations
from jicha.desk.clues.models import BroughtIn, Clue
from jicha.desk.deliveries.jobs import ask_for_audit, ask_for_delivery
from jicha.desk.flow.refusals import NotAllowed
from jicha.desk.jobs.actions import UnderWay, ask_for, steer
from jicha.desk.jobs.control import Control
from jicha.desk.jobs.kinds import KINDS, Kind
from jicha.desk.jobs.models import Job, Worker, mark_of
from jicha.desk.jobs.reap import reap
from jicha.desk.jobs.run import run_job
from jicha.desk.journal.models import Event
from jicha.desk.journal.verify import verify
from jicha.desk.people.models import Organisation
from jicha.errors import ExplainedError
from jicha.home import Home, open_home

Ask = Callable[..., Job]


@pytest.fixture
def does(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Say what jobs of the kind `walk` do."""

    def say(do: Callable[[Job, Control], Mapping[str, Any]]) -> None:
        monkeypatch.setitem(KINDS, "walk", Kind("walk", "a walk", "run.start", do))

    say(lambda _job, _control: {})
    return say


@pytest.fixture
def ask(person: Callable[..., Any], tree: dict[str, Organisation], does: Any) -> Ask:
    """Ask for a walk as the manager of the first county."""

    def one(key: str = "", role: str = "manager", language: str = "en") -> Job:
        return ask_for("walk", "A walk", person(role, language=language).standing, tree["C1"], {}, key)

    return one


@pytest.fixture
def dead(db: None) -> Worker:
    """A worker whose process was killed."""
    worker = Worker.begin()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        worker.pid, worker.mark = process.pid, mark_of(process.pid)
        worker.save()
        process.kill()
    return worker


def states(job: Job) -> list[str]:
    """Return the actions that the log tells of the job."""
    told = Event.objects.filter(subject_kind="jobs.job", subject_id=str(job.pk))
    return list(told.values_list("action", flat=True))


def test_a_job_is_asked_for_in_one_transaction(ask: Ask) -> None:
    """Row, queue and log hold it together or not at all; what has the same key is refused while it lives."""
    with pytest.raises(RuntimeError, match="undone"), transaction.atomic():
        ask()
        raise RuntimeError("undone")
    assert (
        Job.objects.count(),
        DBTaskResult.objects.count(),
        Event.objects.filter(action="job_ask").count(),
    ) == (0, 0, 0)
    job = ask("the same")
    assert DBTaskResult.objects.get(pk=job.task_id).status == "READY"
    with pytest.raises(UnderWay):
        ask("the same")
    run_job(job, None)
    assert ask("the same").pk != job.pk


def test_only_who_has_the_right_asks(ask: Ask) -> None:
    """The right is that of the kind, in the unit of the job."""
    with pytest.raises(NotAllowed):
        ask(role="auditor")


def test_a_job_tells_how_far_it_is_and_what_came_of_it(ask: Ask, does: Any) -> None:
    """Steps, rows and yuan stand in the row while it runs, the result at the end; the log names each move."""
    seen: list[Any] = []

    def walk(job: Job, control: Control) -> dict[str, Any]:
        control.step("first", 1, 1, rows=7, yuan=Decimal("12.30"))
        seen.append(Job.objects.values_list("state", "words", "done", "total", "rows", "yuan").get(pk=job.pk))
        return {"findings": 7}

    does(walk)
    job = ask()
    run_job(job, Worker.begin())
    job.refresh_from_db()
    assert seen == [("running", "first", 1, 1, 7, Decimal("12.30"))]
    assert (job.state, job.result, job.worker, job.attempts) == ("done", {"findings": 7}, None, 1)
    assert states(job) == ["job_ask", "job_begin", "job_finish"]
    run_job(job, None)  # a second delivery of the same task
    assert states(job) == ["job_ask", "job_begin", "job_finish"]


@pytest.mark.parametrize(
    ("error", "text"),
    [(ExplainedError(where="here", found="a hole", expected="a road", remedy="Go round."), "a hole"), (ValueError("odd"), "ValueError: odd")],
)  # fmt: skip
def test_an_error_ends_up_in_the_job(ask: Ask, does: Any, error: Exception, text: str) -> None:
    """In words; asked for again it waits with all its attempts, and the error is gone."""

    def walk(_job: Job, _control: Control) -> dict[str, Any]:
        raise error

    does(walk)
    job = ask()
    run_job(job, None)
    job.refresh_from_db()
    assert job.state == "failed" and text in job.error
    steer(job, "job_again", _standing(job))
    assert (job.state, job.error, job.attempts) == ("queued", "", 0)
    does(lambda _job, _control: {})
    run_job(job, None)
    assert job.state == "done"


def _standing(job: Job) -> Any:
    from django.utils import timezone

    from jicha.desk.people.standing import standing_of

    return standing_of(job.asked_by, timezone.localdate())


def test_a_waiting_job_is_cancelled_at_once(ask: Ask, does: Any) -> None:
    """The worker finds it cancelled and leaves it alone."""
    does(lambda _job, _control: pytest.fail("it ran"))
    job = ask()
    steer(job, "job_cancel", _standing(job))
    run_job(Job.objects.select_related("organisation", "asked_by").get(pk=job.pk), None)
    job.refresh_from_db()
    assert (job.state, states(job)) == ("cancelled", ["job_ask", "job_cancel"])


def test_a_running_job_is_cancelled_at_its_next_step(
    ask: Ask, does: Any, tree: dict[str, Organisation]
) -> None:
    """What the transaction of the step did is undone."""

    def walk(job: Job, control: Control) -> dict[str, Any]:
        steer(Job.objects.select_related("organisation").get(pk=job.pk), "job_stop", _standing(job))
        with transaction.atomic():
            Organisation.objects.filter(pk=tree["C1"].pk).update(name="other")
            control.step("next", 1, 2)
        return {}

    does(walk)
    job = ask()
    run_job(job, None)
    job.refresh_from_db()
    assert (job.state, Organisation.objects.get(number="C1").name) == ("cancelled", "东县")
    assert states(job) == ["job_ask", "job_begin", "job_stop", "job_stopped"]


def test_a_worker_that_ends_gives_its_job_back(ask: Ask, does: Any) -> None:
    """The job waits again, with a task of its own, and keeps how far it came."""

    def walk(job: Job, control: Control) -> dict[str, Any]:
        with transaction.atomic():
            control.reach(job.reached + 5)
        control.step("on", 5, 10)
        return {"reached": job.reached}

    does(walk)
    job = ask()
    first = job.task_id
    run_job(job, None, must_end=lambda: True)
    job.refresh_from_db()
    assert (job.state, job.reached, job.task_id != first) == ("queued", 5, True)
    run_job(job, None)
    assert (job.state, job.result) == ("done", {"reached": 10})


def test_what_a_dead_worker_left_is_taken_up(ask: Ask, dead: Worker) -> None:
    """Its job waits again; after as many deaths as its kind allows it fails; one that was being stopped is stopped."""
    job = ask()
    for attempt in (1, 2, 3):
        assert job.attempts == attempt - 1
        Job.objects.filter(pk=job.pk).update(attempts=attempt)
        _move(job, "running", dead)
        reap()
        job.refresh_from_db()
    assert job.state == "failed" and "3" in job.error
    other = ask()
    _move(other, "stopping", dead)
    reap()
    other.refresh_from_db()
    assert other.state == "cancelled"


def _move(job: Job, state: str, worker: Worker) -> None:
    """Leave the job as a worker that was killed leaves it: begun by the flow, its attempts as they were."""
    from jicha.desk.jobs.moves import FLOW

    job.refresh_from_db()
    attempts = job.attempts
    FLOW.make_by_system(job, "job_begin", {"worker": worker})
    if state == "stopping":
        FLOW.make(job, "job_stop", _standing(job), {})
    Job.objects.filter(pk=job.pk).update(attempts=max(attempts, 1))


def test_the_job_of_a_living_worker_is_left_alone(ask: Ask) -> None:
    """However long it has given no sign of life: its process is there."""
    worker = Worker.begin()
    job = ask()
    _move(job, "running", worker)
    Worker.objects.update(beat_at="2020-01-01T00:00:00Z")
    assert reap() == []
    job.refresh_from_db()
    assert job.state == "running"


def test_a_task_that_a_dead_worker_took_and_did_not_begin_is_renewed(ask: Ask, dead: Worker) -> None:
    """Between the queue and the job nothing is lost."""
    job = ask()
    DBTaskResult.objects.get(pk=job.task_id).claim(str(dead.pk))
    reap()
    job.refresh_from_db()
    assert DBTaskResult.objects.get(pk=job.task_id).status == "READY"
    assert DBTaskResult.objects.filter(status="READY").count() == 1


def test_who_lost_a_job_does_not_end_it(ask: Ask, does: Any) -> None:
    """A worker that was taken for dead and comes back finds that the job is another's."""

    def walk(job: Job, control: Control) -> dict[str, Any]:
        Job.objects.filter(pk=job.pk).update(attempts=2)  # another has begun it meanwhile
        control.step("late", 1, 2)
        return {}

    does(walk)
    job = ask()
    run_job(job, None)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("running", 2)


@pytest.fixture
def county(audited: Path, tmp_path: Path, settings: Any, tree: Any) -> Home:
    """An audited home of two months, its organisations placed."""
    settings.HOME = tmp_path / "home"
    shutil.copytree(audited, settings.HOME)
    place_organisations(open_home(settings.HOME).organisations())
    return open_home(settings.HOME)


def test_the_audit_of_a_month_comes_to_the_pool(county: Home, person: Callable[..., Any]) -> None:
    """A job audits in a process of its own and brings in what that found; done again it changes nothing."""
    root = Organisation.objects.get(number="-")
    manager = person("manager", "-", "the one")
    job = ask_for_audit(manager.standing, root, "2026-10")
    run_job(job, Worker.begin())
    assert job.state == "done", job.error
    run = county.run("2026-10")
    live = [row for row in run.findings.to_pylist() if row["status"] != "cleared"]
    assert job.result is not None and (job.result["run_id"], job.result["new_clues"]) == (
        run.run_id,
        len(run.clues()),
    )
    assert (job.rows, job.yuan) == (len(live), sum(row["yuan_at_stake"] or 0 for row in live))
    again = ask_for_delivery(manager.standing, root, run)
    run_job(again, None)
    assert (BroughtIn.objects.count(), Clue.objects.count()) == (1, len(run.clues()))
    assert manager.client.get(f"/jobs/{job.pk}/").content.decode().count(run.run_id) == 1
    assert verify().is_whole


def test_an_audit_that_cannot_be_says_why(county: Home, person: Callable[..., Any]) -> None:
    """What the engine explains ends up in the job."""
    job = ask_for_audit(
        person("manager", "-", "the one", "en").standing, Organisation.objects.get(number="-"), "not a month"
    )
    run_job(job, None)
    assert job.state == "failed" and "not a month" in job.error


def test_the_audit_process_ends_with_its_worker(audited: Path) -> None:
    """When the worker is killed the pipe closes, and the process does not go on alone."""
    command = [sys.executable, "-m", "jicha.desk.deliveries.audit_process"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout
        process.stdin.write(json.dumps({"home": str(audited), "month": "2026-10", "org_no": None}) + "\n")
        process.stdin.flush()
        assert "words" in json.loads(process.stdout.readline())
        process.stdin.close()
        rest = process.stdout.read()
    assert process.returncode == 1 and "run_id" not in rest


def test_the_pages_show_jobs_of_the_own_units(ask: Ask, person: Callable[..., Any]) -> None:
    """List, export and page end at the border of the county; a page that is open refreshes until the job has ended."""
    job = ask()
    manager, other = person("manager"), person("manager", "C2")
    assert job.number in manager.client.get("/jobs/?state=live&kind=walk").content.decode()
    assert job.number not in other.client.get("/jobs/").content.decode()
    assert other.client.get(f"/jobs/{job.pk}/").status_code == 404
    page = manager.client.get(f"/jobs/{job.pk}/").content.decode()
    assert f'hx-get="/jobs/{job.pk}/progress/"' in page and "jicha worker" in page
    assert manager.client.get(f"/jobs/{job.pk}/progress/").headers.get("HX-Refresh") is None
    told = b"".join(manager.client.get("/jobs/?export=csv").streaming_content).decode("utf-8-sig")
    assert job.number in told
    assert manager.client.post(f"/jobs/{job.pk}/job_begin/").status_code == 404
    assert manager.client.post(f"/jobs/{job.pk}/job_cancel/").status_code == 302
    ended = manager.client.get(f"/jobs/{job.pk}/progress/")
    assert ended.headers["HX-Refresh"] == "true" and "hx-get" not in ended.content.decode()


def test_again_needs_the_right_that_the_first_time_needed(ask: Ask, person: Callable[..., Any]) -> None:
    """An auditor may cancel the manager's audit, but not start it."""
    job = ask()
    auditor = person("auditor")
    assert auditor.client.post(f"/jobs/{job.pk}/job_cancel/").status_code == 302
    assert auditor.client.post(f"/jobs/{job.pk}/job_again/").status_code == 403
    assert person("manager").client.post(f"/jobs/{job.pk}/job_again/").status_code == 302


def test_the_start_page_offers_what_is_there(county: Home, person: Callable[..., Any]) -> None:
    """Months of the data and runs that are not held; without data it says how to load some."""
    manager = person("manager", "-", "the one")
    page = manager.client.get("/jobs/start/").content.decode()
    assert 'value="2026-10"' in page and page.count('name="run"') == 2
    run = county.run("2026-10").run_id
    answer = manager.client.post("/jobs/start/", {"run": run, "unit": "-"})
    job = Job.objects.get()
    assert (answer.status_code, job.kind, job.arguments) == (302, "bring_in", {"run_id": run})
    assert manager.client.post("/jobs/start/", {"run": "none", "unit": "-"}).status_code == 422
    assert manager.client.post("/jobs/start/", {"month": "2026-10", "unit": "none"}).status_code == 422


def test_without_data_the_start_page_says_what_to_do(person: Callable[..., Any]) -> None:
    """An empty home is no error."""
    assert "jicha load" in person("manager").client.get("/jobs/start/").content.decode()
