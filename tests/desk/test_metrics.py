"""What machines are told: alive, ready, figures, log lines; and that none of it names a person or a customer."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from jicha.desk.clues.models import Clue
from jicha.desk.journal.checkpoints import anchor_tail
from jicha.desk.journal.guards import take_down
from jicha.desk.operation.doctor import checks
from jicha.desk.operation.log_lines import JsonLine
from jicha.desk.operation.trouble import trouble_of
from jicha.desk.orders.actions import issue_order


@pytest.fixture
def home(settings: Any) -> Path:
    """A home that is there."""
    Path(settings.HOME).mkdir(exist_ok=True)
    return Path(settings.HOME)


def samples(text: str) -> dict[str, float]:
    """Return the figures as Prometheus reads them, by name and labels."""
    found = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(one.labels.items()))
            found[f"{one.name}{{{labels}}}"] = one.value
    return found


def test_alive_and_ready(home: Path, db: None) -> None:
    """Each tells what it looked at, to anybody, without a session."""
    for address, names in (("/healthz", {"database", "home", "disk"}), ("/readyz", {"migrations", "guards"})):
        answer = Client().get(address)
        told = answer.content.decode().splitlines()
        assert (answer.status_code, told[0]) == (200, "ok"), told
        assert names <= {line.split(":")[0] for line in told[1:]}


def test_a_full_disk_is_told_at_once(home: Path, person: Callable[..., Any], settings: Any) -> None:
    """Health fails, and every page says so in words; with little room left it warns and goes on."""
    client = person("auditor").client
    settings.DISK_LOW_BYTES = 1 << 60
    answer = Client().get("/healthz")
    assert (answer.status_code, "disk: low" in answer.content.decode()) == (200, True)
    assert "磁盘" in client.get("/").content.decode()
    settings.DISK_FULL_BYTES = 1 << 60
    assert Client().get("/healthz").status_code == 503


def test_not_ready_without_a_guard_or_a_migration(home: Path, db: None) -> None:
    """A trigger that is away, a change that was not made, a database of a newer release."""
    take_down()
    assert Client().get("/readyz").status_code == 503
    for statement, words in (
        ("DELETE FROM django_migrations WHERE app = 'evidence'", "not made"),
        (
            "INSERT INTO django_migrations (app, name, applied) VALUES ('clues', '9999_later', '2030-01-01')",
            "newer release",
        ),
    ):
        with connection.cursor() as cursor:
            cursor.execute(statement)
        answer = Client().get("/readyz")
        assert (answer.status_code, words in answer.content.decode()) == (503, True)
    assert Client().get("/healthz").status_code == 200


def test_who_may_read_the_figures(db: None, settings: Any) -> None:
    """This machine only, directly; with a token whoever bears it, and nobody else."""
    here, elsewhere = {"REMOTE_ADDR": "127.0.0.1"}, {"REMOTE_ADDR": "10.0.0.7"}
    assert Client().get("/metrics", **here).status_code == 200
    assert Client().get("/metrics", **elsewhere).status_code == 403
    assert Client().get("/metrics", headers={"x-forwarded-for": "10.0.0.7"}, **here).status_code == 403
    settings.METRICS_TOKEN = "t0ken"
    assert Client().get("/metrics", **here).status_code == 403
    assert Client().get("/metrics", headers={"authorization": "Bearer wrong"}, **elsewhere).status_code == 403
    assert Client().get("/metrics", headers={"authorization": "Bearer t0ken"}, **elsewhere).status_code == 200


def test_figures_count_what_happened(person: Callable[..., Any], clue: Callable[..., Clue]) -> None:
    """By route and status, never by address; the log, its checkpoints, jobs and workers as they are now."""
    auditor, one = person("auditor"), clue()
    anchor_tail()
    before = samples(Client().get("/metrics").content.decode())
    for _ in range(3):
        auditor.client.get("/clues/")
    auditor.client.get(f"/customers/{one.customer_no}/nowhere/")
    auditor.client.post(f"/clues/{one.pk}/take/")
    text = Client().get("/metrics").content.decode()
    after = samples(text)

    def rise(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert rise("jicha_requests_total{method=GET,route=clues,status=200}") == 3
    assert rise("jicha_requests_total{method=POST,route=clue_move,status=302}") == 1
    assert rise("jicha_request_seconds_count{route=clues}") == 3
    assert (rise("jicha_log_events{}"), after["jicha_log_unanchored_events{}"]) == (1, 1)
    assert 0 <= after["jicha_checkpoint_age_seconds{}"] < 60
    assert (after["jicha_jobs{state=queued}"], after["jicha_workers{}"]) == (0, 0)
    assert after["jicha_disk_free_bytes{}"] > 0
    assert one.customer_no not in text


@pytest.fixture
def lines(home: Path) -> Iterator[list[str]]:
    """What the desk writes to its log, line by line."""
    told: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(self.format(record))

    handler = Kept()
    handler.setFormatter(JsonLine())
    root = logging.getLogger()
    root.addHandler(handler)
    yield told
    root.removeHandler(handler)


def test_the_log_names_nobody(
    lines: list[str],
    person: Callable[..., Any],
    clue: Callable[..., Clue],
    tree: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A whole walk, sign-in, errors and all: one line a request, and no name, account, customer, address, password or cookie."""
    cache.clear()
    auditor = person("auditor", name="li-ming")
    one = clue(place="330123456789")
    order = issue_order(
        clue(place="330999888777"), person("manager", name="zhou-min").standing, tree["S11"], "desk", "查"
    )
    client = Client(headers={"x-request-id": "walk-0001"}, raise_request_exception=False)
    client.post("/accounts/login/", {"login": "li-ming", "password": "wrong"})
    client.post("/accounts/login/", {"login": "li-ming", "password": "a long password 1"})
    monkeypatch.setattr(
        "jicha.home.Home.customer_name", lambda _self, number: _fail(f"张三 13800001111 {number}")
    )
    for address in (
        "/",
        "/clues/?q=330123456789",
        f"/clues/{one.pk}/",
        "/customers/330123456789/",
        f"/orders/{order.pk}/",
        "/nowhere/330123456789",
    ):
        client.get(address)
    client.post(f"/clues/{one.pk}/take/")
    session = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    requests = [told for told in map(json.loads, lines) if told["logger"] == "jicha.requests"]
    assert len(requests) == 10
    assert {told["request"] for told in requests} == {"walk-0001"}
    assert [told["user"] for told in requests[2:8]] == [auditor.user.pk] * 6
    assert [(told["route"], told["status"]) for told in requests[4:8]] == [
        ("clue", 200), ("customer", 500), ("order", 200), ("unknown", 404),
    ]  # fmt: skip
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00", told["at"]) for told in requests)
    text = "\n".join(lines)
    for secret in (
        "li-ming",
        "zhou-min",
        "330123456789",
        "330999888777",
        "张三",
        "13800001111",
        "password 1",
        "wrong",
        "/customers/3",
        session,
    ):
        assert secret not in text, secret
    error = next(told for told in map(json.loads, lines) if "error" in told)
    assert (error["error"], error["frames"][-1].endswith("_fail")) == ("builtins.ZeroDivisionError", True)


def _fail(words: str) -> Any:
    raise ZeroDivisionError(words)


def test_an_error_shows_its_number_and_nothing_else(
    person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page gives the number of the request; its words and traces stay out."""
    monkeypatch.setattr("jicha.home.Home.customer_name", lambda _self, number: _fail("secret words"))
    user = person("auditor").user
    client = Client(headers={"x-request-id": "number-77"}, raise_request_exception=False)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/customers/1/")
    page = answer.content.decode()
    assert (answer.status_code, answer.headers["X-Request-ID"], "number-77" in page) == (
        500,
        "number-77",
        True,
    )
    assert ("secret words" in page, "Traceback" in page) == (False, False)
    told = Client(headers={"x-request-id": "<script>"}).get("/healthz").headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", told)


def _full(path: Path) -> None:
    """Write to a database that may have no more pages."""
    with closing(sqlite3.connect(path)) as rows:
        rows.execute("CREATE TABLE filler (bytes)")
        rows.execute("PRAGMA max_page_count = 10")
        rows.execute("INSERT INTO filler VALUES (zeroblob(100000))")


def _locked(path: Path) -> None:
    """Write to a database in which somebody else writes."""
    with closing(sqlite3.connect(path)) as first, closing(sqlite3.connect(path, timeout=0)) as second:
        first.execute("BEGIN IMMEDIATE")
        second.execute("BEGIN IMMEDIATE")


def _read_only(path: Path) -> None:
    """Write to a database that was opened for reading."""
    with closing(sqlite3.connect(path)) as rows:
        rows.execute("CREATE TABLE filler (bytes)")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as rows:
        rows.execute("INSERT INTO filler VALUES (1)")


@pytest.mark.parametrize(("trouble", "status", "words"), [
    (_full, 507, "The disk is full"), (_locked, 503, "The desk is busy"), (_read_only, 503, "cannot be written"),
])  # fmt: skip
def test_trouble_of_the_machine_is_said_in_words(
    trouble: Callable[[Path], None], status: int, words: str, person: Callable[..., Any], clue: Callable[..., Clue],
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    """What SQLite itself says becomes a page in the person's language; nothing was changed."""

    def append(*_arguments: Any, **_more: Any) -> None:
        with connection.wrap_database_errors:
            trouble(tmp_path / "other.sqlite3")

    auditor, one = person("auditor", language="en"), clue()
    monkeypatch.setattr("jicha.desk.flow.moves.append", append)
    answer = auditor.client.post(f"/clues/{one.pk}/take/")
    assert (answer.status_code, words in answer.content.decode()) == (status, True)
    one.refresh_from_db()
    assert one.state == "open"


def test_other_errors_are_no_trouble_of_the_machine() -> None:
    """A mistake of ours stays a mistake of ours."""
    assert trouble_of(OperationalError("no such table: x")) is None
    assert trouble_of(ValueError("database is locked")) is None


def test_the_doctor_tells_of_the_desk(
    home: Path, person: Callable[..., Any], settings: Any, tmp_path: Path
) -> None:
    """What is wrong is found, with what to do; what was mended is well."""
    (home / "desk-secret").write_text("s")
    (home / "desk-secret").chmod(0o644)
    person("administrator")

    def told() -> dict[str, tuple[bool, str]]:
        return {name: (is_well, found) for name, is_well, found, _remedy in checks()}

    first = told()
    bad = {name for name, (is_well, _found) in first.items() if not is_well}
    assert {"backup", "checkpoints"} <= bad
    assert (first["backup"][1], first["clock"][0], first["time zone"][1][:13]) == (
        "never",
        True,
        "Asia/Shanghai",
    )
    settings.CHECKPOINTS_OUTSIDE = tmp_path / "share.jsonl"
    anchor_tail()
    (home / "last-backup.json").write_text(json.dumps({"made_at": "2020-01-01T00:00:00+00:00"}))
    second = told()
    assert (second["checkpoints"][0], second["backup"][0], "days" in second["backup"][1]) == (
        True,
        False,
        True,
    )
    take_down()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journal_event SET at = '2099-01-01 00:00:00' WHERE number = 1")
    third = told()
    assert (third["clock"][0], third["desk guards"][0]) == (False, False)
