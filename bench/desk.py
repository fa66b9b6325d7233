"""The desk under load: a million clues, fifty people who click, a bulk of ten thousand.

    python bench/desk.py [--clues 1000000] [--users 50] [--seconds 60] [--think 5] [--bulk 10000] [--costs] [--home FOLDER] [--postgres]

Fills a home of its own with invented clues over a tree of 12 counties with 25 stations each (seeded), serves it by
`jicha serve` and lets every user click through lists, filters, searches, clues and "next", with pauses as people make them. Prints
the median and the 95th percentile of each kind of page, beside the bare health page and the bare SQL of the list in the same run;
then again while a worker proposes ten thousand dismissals in one job. What comes out of the mart (evidence, chart) is not in it.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import logging
import os
import random
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

COUNTIES, STATIONS = 12, 25
MONTHS = [date(2026, month, 1) for month in range(5, 11)]
TOPICS = [
    f"{group}-{number:02}"
    for group in ("MR", "BL", "CL", "LL", "MT", "NE", "SL", "WO")
    for number in range(1, 26)
]
STATES = (
    ("open", 70),
    ("taken", 4),
    ("ordered", 8),
    ("proposed", 3),
    ("dismissed", 8),
    ("closed", 5),
    ("snoozed", 1),
    ("need_data", 1),
)
BANDS = (("urgent", 5), ("soon", 25), ("ordinary", 70))
GOALS = {"list": 300, "detail": 200}
CHUNK = 20_000
SEED = 20261124


# ---- filling


def fill(clues: int) -> None:
    """Write the tree, the people and the clues with their findings; the tally is counted as after a migration."""
    from django.core.management import call_command
    from django.db import connection

    from jicha.desk.clues.models import Clue, Finding
    from jicha.desk.clues.tally import put_up

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    if Clue.objects.exists():
        return
    units = _tree()
    draw = random.Random(SEED)
    if connection.vendor == "sqlite":  # the tally is counted once at the end
        for name in ("add", "take", "change"):
            connection.cursor().execute(f"DROP TRIGGER IF EXISTS clue_tally_{name}")
    else:
        connection.cursor().execute("ALTER TABLE clues_clue DISABLE TRIGGER clue_tally_change")
    began = time.perf_counter()
    indexes = _without_indexes()
    for start in range(0, clues, CHUNK):
        rows = [_clue(draw, units, number) for number in range(start + 1, min(start + CHUNK, clues) + 1)]
        _insert(Clue, rows)
        _insert(Finding, [_finding(draw, row) for row in rows])
        print(f"\rfilled {min(start + CHUNK, clues):,}", end="", flush=True)
    for statement in indexes:
        connection.cursor().execute(statement)
    if connection.vendor == "postgresql":
        connection.cursor().execute("ALTER TABLE clues_clue ENABLE TRIGGER clue_tally_change")
        for table in ("clues_clue", "clues_finding"):
            connection.cursor().execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {2 * clues})"
            )
    put_up()
    connection.cursor().execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    print(f"\rfilled {clues:,} clues in {time.perf_counter() - began:.0f} s")


def _without_indexes() -> list[str]:
    """Drop the indexes that no constraint needs, for rows in bulk; return the statements that make them again."""
    from django.db import connection

    query = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE INDEX%%' AND tbl_name IN ('clues_clue', 'clues_finding')",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ('clues_clue', 'clues_finding') AND indexdef LIKE 'CREATE INDEX%%'",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query, [])
        found = cursor.fetchall()
        for name, _statement in found:
            cursor.execute(f'DROP INDEX "{name}"')
    return [statement for _name, statement in found]


def _tree() -> list[int]:
    """Place the organisations; return the ids of the stations."""
    from jicha.desk.administration.tree import place_organisations
    from jicha.desk.people.models import Organisation

    rows: list[dict[str, Any]] = []
    for county in range(COUNTIES):
        rows.append(
            {
                "org_no": f"C{county:02}",
                "parent_org_no": None,
                "name": f"第{county + 1}县公司",
                "level": "county",
            }
        )
        rows += [
            {
                "org_no": f"C{county:02}S{n:02}",
                "parent_org_no": f"C{county:02}",
                "name": f"{county + 1}县{n + 1}所",
                "level": "station",
            }
            for n in range(STATIONS)
        ]
    place_organisations(rows)
    return list(Organisation.objects.filter(level="station").order_by("number").values_list("pk", flat=True))


def _clue(draw: random.Random, units: Sequence[int], number: int) -> dict[str, Any]:
    """Draw a clue: amounts as they are, many small and few large; stations of unequal size."""
    stake = round(draw.lognormvariate(6.2, 1.7), 2)
    unit = (
        units[min(int(draw.paretovariate(1.2) * 7) % len(units), len(units) - 1)]
        if draw.random() < 0.3
        else draw.choice(units)
    )
    customer = f"34{draw.randrange(clues_of_seed()):09}"
    month, back = draw.choice(MONTHS), draw.random() < 0.1
    state = draw.choices([s for s, _ in STATES], [w for _, w in STATES])[0]
    topics = sorted({draw.choice(TOPICS) for _ in range(1 if draw.random() < 0.8 else 2)})
    words = f"{customer} {month:%Y年%m月} {topics[0]}：计费电量与抄表电量相差 {draw.randrange(9000)} 千瓦时"
    return {
        "id": number, "organisation_id": unit, "place_kind": "customer", "place_id": customer, "customer_no": customer, "district_id": f"T{unit:04}{draw.randrange(40):03}",
        "rules": " ".join(topics), "sentence_zh": words, "sentence_en": f"{customer} {month:%Y-%m} {topics[0]}: billed and read energy differ",
        "band": draw.choices([b for b, _ in BANDS], [w for _, w in BANDS])[0], "score": round(draw.random(), 4), "severity": draw.choices((1, 2, 3), (5, 4, 1))[0],
        "company_yuan": 0 if back else stake, "customer_yuan": stake if back else 0, "kwh": draw.randrange(9000), "expected_yuan": round(stake * draw.random() - 60, 2),
        "is_visit": draw.random() < 0.4, "recurrence": "new", "month": month, "run_id": "bench", "first_seen": month, "state": state, "version": 0,
        "reason": "", "reason_text": "", "snooze_reason": "", "missing_data": "", "moved_at": datetime(2026, 11, 1, tzinfo=UTC),
        "snoozed_until": date(2030, 1, 1) if state == "snoozed" else None,
    }  # fmt: skip


def clues_of_seed() -> int:
    """Return from how many customers the clues are drawn."""
    return 400_000


def _finding(draw: random.Random, clue: dict[str, Any]) -> dict[str, Any]:
    return {
        "clue_id": clue["id"], "finding_id": f"{clue['id']:016x}", "rule_id": clue["rules"].split()[0], "subject_kind": "customer",
        "subject_id": clue["customer_no"], "severity": clue["severity"], "status": draw.choice(("new", "continuing")), "direction": "company",
        "kwh": clue["kwh"], "yuan": clue["company_yuan"], "message_zh": clue["sentence_zh"], "message_en": clue["sentence_en"], "run_id": "bench",
        "first_seen": clue["first_seen"],
    }  # fmt: skip


def _insert(model: Any, rows: list[dict[str, Any]]) -> None:
    """Insert rows by the database's quickest way: COPY, or one prepared statement."""
    from django.db import connection, transaction

    columns = list(rows[0])
    names = ", ".join(f'"{name}"' for name in columns)
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[name] for name in columns])
        return
    marks = ", ".join(["%s"] * len(columns))
    values = [[_plain(row[name]) for name in columns] for row in rows]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, date) else value


def people(count: int) -> list[tuple[str, str]]:
    """Make users with a session each: a tenth at the top, a third at a county, the others at a station; return (role, session)."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from jicha.desk.people.models import Organisation, Post, User

    store = import_module(settings.SESSION_ENGINE).SessionStore
    draw, made = random.Random(SEED + 1), []
    for number in range(count):
        level, role = (
            ("root", "leader")
            if number % 10 == 0
            else ("county", "manager")
            if number % 3 == 0
            else ("station", "auditor")
        )
        unit = draw.choice(list(Organisation.objects.filter(level=level)))
        told = {"name": f"用户{number}", "password": "!"}
        user, is_new = User.objects.get_or_create(username=f"u{number}", defaults=told)
        if is_new:
            Post.objects.create(user=user, organisation=unit, role=role, valid_from=date(2020, 1, 1))
        session = store()
        session[SESSION_KEY], session[BACKEND_SESSION_KEY] = (
            str(user.pk),
            "django.contrib.auth.backends.ModelBackend",
        )
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        made.append((role, session.session_key))
    return made


# ---- clicking


@dataclass(slots=True)
class Measured:
    """The milliseconds of every page by its kind, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)


class Person:
    """One browser with one session."""

    def __init__(self, address: str, role: str, session: str, seed: int, measured: Measured) -> None:
        self.address, self.role, self.measured = address, role, measured
        self.draw = random.Random(seed)
        self.token = secrets.token_hex(16)
        self.cookie = f"sessionid={session}; csrftoken={self.token}"
        self.connection = http.client.HTTPConnection(address, timeout=60)
        self.seen: list[str] = []

    def get(self, kind: str, path: str, **query: Any) -> str:
        """Open a page and note how long it took."""
        return self._ask(kind, "GET", f"{path}?{urlencode(query)}" if query else path)

    def _ask(self, kind: str, method: str, path: str, body: str = "") -> str:
        headers = {"Cookie": self.cookie, "X-CSRFToken": self.token, "Accept-Language": "zh-CN"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        try:
            self.connection.request(method, path, body or None, headers)
            answer = self.connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            self.measured.faults.append(f"{path}: {error!r}")
            return ""
        self.measured.times[kind].append((time.perf_counter() - began) * 1000)
        if answer.status >= 400:
            self.measured.faults.append(f"{method} {path}: {answer.status}")
        return text

    def list(self, kind: str, **query: Any) -> None:
        """Open a list; as a browser does, ask for its figures after it."""
        text = self.get(kind, "/clues/", **query)
        self.seen = re.findall(r'data-href="(/clues/\d+/)"', text) or self.seen
        self.get("figures", "/clues/figures/", **query)

    def click(self) -> None:
        """Do what a person does next; after a pause the server has closed the connection, as it does to a browser."""
        self.connection.close()
        one = self.draw.random()
        if one < 0.30:
            self.list("list", page=self.draw.choice((1, 1, 1, 2, 3)))
        elif one < 0.42:
            self.list(
                "list, filtered",
                state=self.draw.choice(("open", "taken", "proposed", "")),
                band=self.draw.choice(("urgent", "soon", "")),
            )
        elif one < 0.50:
            self.list(
                "list, sorted",
                sort=self.draw.choice(("yuan", "score", "severity", "month", "place", "refund")),
            )
        elif one < 0.53:
            self.list("list, deep page", page=self.draw.randint(50, 500))
        elif one < 0.57:
            self.list("list, topic", rule=self.draw.choice(TOPICS))
        elif one < 0.60:
            self.list("list, a number", q=f"XS{self.draw.randrange(1, 1000):07}", state="")
        elif one < 0.61:
            self.list("search in words", q=f"相差 {self.draw.randrange(9000)} 千瓦时", state="open")
        elif one < 0.66:
            self.get("workbench", "/")
        elif one < 0.69 and self.role != "leader":
            self._ask("next", "POST", "/clues/next/", "x=1")
        elif self.seen:
            self.get("detail", self.draw.choice(self.seen))
        else:
            self.list("list")


def crowd(
    address: str, users: Sequence[tuple[str, str]], seconds: float, think: float, round_: int
) -> Measured:
    """Let everybody click for some seconds; between two clicks a person thinks, on average so long."""
    measured, end = Measured(), time.monotonic() + seconds

    def work(number: int, role: str, session: str) -> None:
        person = Person(address, role, session, SEED + 1000 * round_ + number, measured)
        pause = random.Random(number + round_)
        time.sleep(pause.random() * think)
        while time.monotonic() < end:
            person.click()
            if number == 0:
                person.get("floor: health page", "/healthz")
            time.sleep(pause.expovariate(1 / think))

    threads = [threading.Thread(target=work, args=(n, *user)) for n, user in enumerate(users)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return measured


# ---- reporting


def at(times: Sequence[float], share: float) -> float:
    """Return the time that so large a share of the pages did not exceed."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def report(title: str, measured: Measured) -> None:
    """Print one line a kind of page."""
    print(f"\n{title}\n{'page':24} {'count':>6} {'p50 ms':>8} {'p95 ms':>8} {'worst':>8}  goal")
    every = [time_ for kind, times in measured.times.items() if kind.startswith("list") for time_ in times]
    rows = {"all lists": every, **dict(sorted(measured.times.items()))}
    for kind, times in rows.items():
        if times:
            goal = GOALS.get("list" if kind.startswith(("list", "all")) else kind)
            told = "" if goal is None else f"<= {goal}: {'met' if at(times, 0.95) <= goal else 'MISSED'}"
            print(
                f"{kind:24} {len(times):6} {at(times, 0.5):8.0f} {at(times, 0.95):8.0f} {max(times):8.0f}  {told}"
            )
    print(f"faults: {len(measured.faults)}", *measured.faults[:5], sep="\n  " if measured.faults else " ")


def floor() -> None:
    """Print what the bare SQL of a list and its count cost, so that the pages can be seen beside it."""
    from django.db import connection

    statements = {
        "20 best open clues": "SELECT id FROM clues_clue WHERE state = 'open' ORDER BY expected_yuan DESC, id DESC LIMIT 20",
        "count of open clues": "SELECT count(*) FROM clues_clue WHERE state = 'open'",
        "one clue by number": "SELECT * FROM clues_clue WHERE id = 4711",
    }
    for title, statement in statements.items():
        times = []
        for _ in range(5):
            began = time.perf_counter()
            with connection.cursor() as cursor:
                cursor.execute(statement)
                cursor.fetchall()
            times.append((time.perf_counter() - began) * 1000)
        print(f"floor: bare SQL, {title:22} {min(times):8.2f} ms")


def costs() -> None:
    """Print the processor time of each page in this process alone: what other work on the machine cannot blur."""
    from django.conf import settings
    from django.test import Client

    from jicha.desk.people.models import Post

    settings.ALLOWED_HOSTS = ["*"]
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    logging.disable(logging.INFO)
    print(f"\n{'processor ms a page (median of 5)':34}" + "".join(f"{role:>10}" for role in ROLES))
    clients = {}
    for role in ROLES:
        clients[role] = Client()
        user = Post.objects.filter(role=role).order_by("pk").first().user
        clients[role].force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    for title, path in PAGES.items():
        print(
            f"{title:34}" + "".join(f"{_cost(client, path):10.0f}" for client in clients.values()), flush=True
        )
    logging.disable(logging.NOTSET)


ROLES = ("leader", "manager", "auditor")
PAGES = {
    "floor: health page": "/healthz", "workbench": "/", "list": "/clues/", "list, page 400": "/clues/?page=400",
    "list, state and band": "/clues/?state=open&band=urgent", "list, all states": "/clues/?state=", "list by severity": "/clues/?sort=severity",
    "list, a topic": "/clues/?rule=MR-05", "list, a number": "/clues/?q=XS0000123&state=", "list, from 50,000 yuan": "/clues/?least=50000",
    "search in words": "/clues/?q=相差 123 千瓦时&state=open", "figures": "/clues/figures/", "figures of a topic": "/clues/figures/?rule=MR-05",
    "grouped by customer": "/clues/groups/?by=customer", "detail": "detail",
}  # fmt: skip


def _cost(client: Any, path: str) -> float:
    if path == "detail":
        path = re.findall(r'data-href="(/clues/\d+/)"', client.get("/clues/").content.decode())[0]
    times = []
    for _ in range(6):
        began = time.process_time()
        assert client.get(path).status_code == 200, path
        times.append((time.process_time() - began) * 1000)
    return median(times[1:])


# ---- serving


@contextlib.contextmanager
def served(home: Path, workers: int) -> Iterator[str]:
    """Serve the home as `jicha serve` does, and give the address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-c", "from jicha.cli import main; main()"]
    serve = [
        *command,
        "serve",
        "--plain-http",
        "--no-worker",
        "--address",
        address,
        "--workers",
        str(workers),
        "--home",
        str(home),
    ]
    process = subprocess.Popen(serve, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", int(address.split(":")[1])), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def worker(home: Path) -> Iterator[None]:
    """Run a worker."""
    command = [sys.executable, "-c", "from jicha.cli import main; main()", "worker", "--home", str(home)]
    process = subprocess.Popen(
        command, env={k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def bulk(address: str, users: Sequence[tuple[str, str]], options: argparse.Namespace, home: Path) -> None:
    """Let a worker propose many dismissals in one job while everybody clicks on."""
    from jicha.desk.clues.bulk import ask_to_dismiss
    from jicha.desk.clues.models import Clue
    from jicha.desk.jobs.models import Job
    from jicha.desk.journal.verify import verify
    from jicha.desk.people.models import Organisation, Post, User
    from jicha.desk.people.standing import standing_of

    someone = User.objects.create(username=f"bulk{User.objects.count()}", name="批量", password="!")
    Post.objects.create(
        user=someone,
        organisation=Organisation.objects.get(number="-"),
        role="auditor",
        valid_from=date(2020, 1, 1),
    )
    numbers = list(
        Clue.objects.filter(state="open", band="ordinary")
        .order_by("pk")
        .values_list("pk", flat=True)[: options.bulk]
    )
    values = {"reason": "small", "reason_text": "批量", "silent_until": date(2030, 1, 1)}
    job = ask_to_dismiss(standing_of(someone, date.today()), numbers, values)
    with worker(home):
        report(
            f"the same while one job proposes {len(numbers):,} dismissals",
            crowd(address, users, options.seconds, options.think, 2),
        )
        while (job := Job.objects.get(pk=job.pk)).is_live:
            time.sleep(0.5)
    assert job.begun_at and job.ended_at
    told = verify()
    print(
        f"job: {job.state}, {job.result}, {(job.ended_at - job.begun_at).total_seconds():.0f} s; "
        f"log of {told.events:,} events {'whole' if told.is_whole else 'BROKEN'}"
    )


def measure(options: argparse.Namespace, home: Path) -> None:
    """Fill, serve, click, report."""
    from django.db import connection

    fill(options.clues)
    users = people(options.users)
    print(
        f"{connection.vendor}; {options.clues:,} clues; {options.users} users, {options.think} s between two clicks; {options.workers} processes x 4 threads"
    )
    floor()
    costs()
    connection.close()
    if options.costs:
        return
    with served(home, options.workers) as address:
        crowd(address, users, 5, 1, 0)  # warms the caches
        report("everybody clicks", crowd(address, users, options.seconds, options.think, 1))
        if options.bulk:
            bulk(address, users, options, home)
    connection.close()


def main() -> int:
    """Run on SQLite, or on a PostgreSQL of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clues", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--think", type=float, default=5)
    parser.add_argument("--bulk", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--costs", action="store_true", help="only the processor time of each page, without the crowd"
    )
    parser.add_argument("--home", type=Path, help="a folder to keep: filled the first time, used again later")
    parser.add_argument(
        "--postgres", action="store_true", help="on a real PostgreSQL that the benchmark starts itself"
    )
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        home = options.home or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="jicha-bench-desk-"))
        )
        if options.postgres:
            sys.path.insert(0, str(Path(__file__).parent))
            from postgres import cluster

            told = dict(part.split("=", 1) for part in stack.enter_context(cluster()).split())
            os.environ["DATABASE_URL"] = f"postgresql://{told['user']}@/{told['dbname']}?host={told['host']}"
        os.environ["JICHA_PLAIN_HTTP"] = "1"
        from jicha.desk.commands import open_desk

        open_desk(home)
        measure(options, home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
