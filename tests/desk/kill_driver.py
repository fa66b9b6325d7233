"""A month at the desk whose worker and web server are killed again and again: `kill_driver.py HOME KILLS SEED`; prints what is left.

The worker brings two months in and proposes dismissals in bulk; it is killed at a random statement. The server answers a person who
issues orders; it is killed, with its children, at a random moment. Then the rows are compared with what the runs say and with the log.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from jicha.desk import commands

# How many dismissals a job proposes: small, so that the clues of a small home last for many kills.
BATCH = 5


class Web:
    """The server, and a person who issues orders and notes which were answered."""

    def __init__(self, session: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.token = secrets.token_hex(16)
        self.cookie = f"sessionid={session}; csrftoken={self.token}"
        self.process: subprocess.Popen[bytes] | None = None
        self.answered: list[int] = []
        self.errors: list[str] = []

    def start(self) -> None:
        """Start the server and wait until it listens."""
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "jicha.desk.project.wsgi",
            "--bind",
            f"127.0.0.1:{self.port}",
            "--threads",
            "2",
            "--log-level",
            "critical",
        ]
        self.process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        while True:
            try:
                answer = self._ask("GET", "/healthz")
            except OSError:
                time.sleep(0.05)
            else:
                if answer == 200:
                    return

    def kill(self) -> None:
        """Kill the server with its children."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def order(self, clue: int) -> None:
        """Issue an order of a clue; an answer that never came is no answer."""
        body = "organisation={}&kind=desk&request=x"
        try:
            status = self._ask("POST", f"/clues/{clue}/order/", body.format(self.unit))
        except (OSError, http.client.HTTPException):
            return
        if status == 302:
            self.answered.append(clue)
        elif status >= 500:
            self.errors.append(f"clue {clue}: {status}")

    unit = 0

    def _ask(self, method: str, path: str, body: str | None = None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {
            "Cookie": self.cookie,
            "X-CSRFToken": self.token,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()


def prepare(home: Any) -> tuple[Any, str]:
    """Make the desk, with one manager at the top; return the manager and a session."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from jicha.desk.people.models import Organisation, Post, User

    commands.prepare()
    user = User.objects.create_user("m", "", "x", name="m")
    Post.objects.create(
        user=user,
        organisation=Organisation.objects.get(number="-"),
        role="manager",
        valid_from=date(2026, 1, 1),
    )
    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = (
        str(user.pk),
        "django.contrib.auth.backends.ModelBackend",
    )
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return user, session.session_key


class Month:
    """The work of the month, and the kills."""

    def __init__(self, home: Path, kills: int, seed: int) -> None:
        from jicha.desk.ui.home import home as opened

        self.path, self.draw, self.wanted = home, random.Random(seed), kills
        self.user, session = prepare(home)
        self.web, self.home = Web(session), opened()
        self.web_kills = self.worker_kills = 0

    @property
    def standing(self) -> Any:
        from jicha.desk.people.standing import standing_of

        return standing_of(self.user, date.today())

    @property
    def is_enough(self) -> bool:
        return self.worker_kills + self.web_kills >= self.wanted and self.web_kills > 0

    def bring(self, month: str) -> None:
        """Have a run brought in by a worker that dies on the way."""
        from jicha.desk.deliveries.jobs import ask_for_delivery
        from jicha.desk.people.models import Organisation

        self._do(
            ask_for_delivery(self.standing, Organisation.objects.get(number="-"), self.home.run(month)),
            most=30,
        )

    def dismiss(self) -> int:
        """Have a batch of dismissals proposed by a worker that dies on the way, while orders are issued; return how many."""
        from jicha.desk.clues.bulk import ask_to_dismiss
        from jicha.desk.clues.models import Clue

        numbers = list(
            Clue.objects.filter(state="open").order_by("pk").values_list("pk", flat=True)[: 2 * BATCH]
        )
        if len(numbers) < 2:
            return 0
        orders, meant = numbers[::6], numbers
        self.web.unit = Clue.objects.get(pk=orders[0]).organisation_id
        values = {"reason": "small", "reason_text": "x", "silent_until": date(2030, 1, 1)}
        self.web.start()
        clicking = threading.Thread(target=lambda: [self.web.order(pk) for pk in orders])
        clicking.start()
        self._do(ask_to_dismiss(self.standing, meant[:BATCH], values), most=120)
        if not self.is_enough:
            time.sleep(self.draw.random() * 0.3)
            self.web_kills += 1
        self.web.kill()
        clicking.join()
        return len(meant)

    def _do(self, job: Any, most: int) -> None:
        """Let workers be at a job until it is done; each is killed at a statement drawn from few to so many."""
        from jicha.desk.jobs.actions import steer
        from jicha.desk.jobs.models import Job

        for attempt in range(200):
            # Every eighth worker may live, so that the work comes to an end.
            lives = self.is_enough or attempt % 8 == 7
            number = 0 if lives else int(math.exp(self.draw.uniform(math.log(3), math.log(most))))
            told = subprocess.run(
                [
                    sys.executable,
                    str(Path(__file__).with_name("kill_worker.py")),
                    str(self.path),
                    str(number),
                ],
                check=False,
            )
            assert told.returncode in (0, -signal.SIGKILL), told.returncode
            self.worker_kills += told.returncode == -signal.SIGKILL
            job = Job.objects.select_related("organisation").get(pk=job.pk)
            if job.state == "done":
                return
            if job.state == "failed":  # a worker died of it as often as is allowed: a person tries it again
                steer(job, "job_again", self.standing)
        raise AssertionError(f"{job} is {job.state}: {job.error}")


def check(month: Month) -> dict[str, Any]:
    """Compare the rows with the runs and with the log; whatever is wrong is told."""
    from jicha.desk.clues.models import BroughtIn, Clue, Finding
    from jicha.desk.jobs.models import Job
    from jicha.desk.journal.models import Event
    from jicha.desk.journal.verify import verify
    from jicha.desk.orders.models import Order

    runs = [month.home.run(name) for name in ("2026-09", "2026-10")][: BroughtIn.objects.count()]
    places = {(one.place_kind, one.place_id) for run in runs for one in run.clues()}
    live = Counter(
        Clue.objects.exclude(state__in=("gone", "closed", "dismissed")).values_list("place_kind", "place_id")
    )
    orders = set(Order.objects.values_list("clue_id", flat=True))
    found = {row["finding_id"] for row in runs[-1].findings.to_pylist() if row["status"] != "cleared"}
    return {
        "runs": BroughtIn.objects.count(),
        "bring_in_events": Event.objects.filter(action="bring_in").count(),
        "places_lost": len(places - set(Clue.objects.values_list("place_kind", "place_id"))),
        "places_doubled": sum(count > 1 for count in live.values()),
        "findings_lost": len(found - set(Finding.objects.values_list("finding_id", flat=True))),
        "out_of_step": _out_of_step(Clue) + _out_of_step(Order) + _out_of_step(Job),
        "orders": len(orders), "orders_answered_and_lost": len(set(month.web.answered) - orders),
        "orders_without_clue": len(orders ^ set(Clue.objects.filter(state="ordered").values_list("pk", flat=True))),
        "proposed": Clue.objects.filter(state="proposed").count(),
        "proposals": Event.objects.filter(action="propose_dismissal").values("subject_id").distinct().count(),
        "jobs_not_done": Job.objects.exclude(state="done").count(), "log_is_whole": verify().is_whole, "web_errors": month.web.errors,
        "worker_kills": month.worker_kills, "web_kills": month.web_kills,
    }  # fmt: skip


def _out_of_step(model: Any) -> list[str]:
    """Return the records whose state or number of moves is not what the log tells."""
    from jicha.desk.journal.models import Event

    kind, wrong = model._meta.label_lower, []
    told: dict[str, list[str]] = {}
    for subject, content in (
        Event.objects.filter(subject_kind=kind).order_by("number").values_list("subject_id", "content")
    ):
        if "to" in (details := json.loads(content)["details"]):
            told.setdefault(subject, []).append(details["to"])
    for pk, state, version in model.objects.values_list("pk", "state", "version"):
        moves = told.get(str(pk), [])
        if len(moves) != version or (moves and moves[-1] != state):
            wrong.append(f"{kind} {pk} is {state} v{version}, the log says {moves}")
    return wrong


def main() -> None:
    """Live through the month and tell what is left."""
    commands.open_desk(Path(sys.argv[1]))
    month = Month(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    month.bring("2026-09")
    dismissed = month.dismiss()
    while dismissed and not month.is_enough:
        dismissed = month.dismiss()
    month.bring("2026-10")
    while dismissed and not month.is_enough:
        dismissed = month.dismiss()
    print(json.dumps(check(month)))


if __name__ == "__main__":
    main()
