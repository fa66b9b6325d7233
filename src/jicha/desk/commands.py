"""What the command line does with the desk; each function is called after `open_desk`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NoReturn

import django
from django.core.management import call_command

from jicha.errors import ExplainedError

SETTINGS = "jicha.desk.project.settings"
# The people of the demo: one of each role that a county's audit needs, at the level where such a person sits.
DEMO_PEOPLE = (
    ("leader", "陈立新", "leader", "county"), ("manager", "周敏", "manager", "county"), ("auditor", "李强", "auditor", "county"),
    ("reviewer", "王芳", "reviewer", "county"), ("unit", "赵军", "unit", "station"), ("profession", "孙洁", "profession", "county"),
    ("discipline", "吴正", "discipline", "county"),
)  # fmt: skip
DEMO_PASSWORD = "jicha-demo-2026"


@dataclass(frozen=True, slots=True)
class Account:
    """An account that was made, with its password, which is shown once."""

    username: str
    name: str
    role: str
    organisation: str
    password: str


def open_desk(home: Path) -> None:
    """Make Django ready for the desk of a home folder."""
    os.environ["JICHA_HOME"] = str(home.resolve())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS)
    django.setup()


def prepare() -> int:
    """Bring the database to the newest form and place the organisations of the newest data; return how many changed."""
    from jicha.desk.administration.tree import place_organisations
    from jicha.desk.ui.home import home

    must_not_be_newer()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    return place_organisations(home().organisations() if home().mart.latest() else [])


def bring_in_run(run_id: str | None, progress: Callable[[str, int, int], None]) -> Any:
    """Bring a run to the desk (default: the newest); return what it did."""
    from jicha.desk.deliveries.bring_in import bring_in
    from jicha.desk.ui.home import home

    prepare()
    return bring_in(home().run(run_id), None, progress)


def first_administrator(username: str) -> Account:
    """Make the account that makes all others; an error says so where there is one already."""
    from jicha.desk.people.models import ROOT, Organisation, Post

    prepare()
    if Post.objects.filter(Post.on(date.today()), role="administrator").exists():
        raise ExplainedError(
            where="jicha desk admin", found="an administrator", expected="none yet",
            remedy="Sign in as the administrator to add people, or give that account a new password with `jicha desk password`.",
        )  # fmt: skip
    return _account(username, "系统管理员", "administrator", Organisation.objects.get(number=ROOT))


def _account(username: str, name: str, role: str, unit: Any, password: str | None = None) -> Account:
    from jicha.desk.administration.actions import add_person, give_post, new_password

    password = password or new_password()
    made = add_person(None, unit, username, name, password)
    give_post(None, made, unit, role, date.today(), None)
    return Account(username, name, role, unit.name, password)


def new_password_of(username: str) -> str:
    """Give an account a new password and return it."""
    from django.db import transaction

    from jicha.desk.administration.actions import new_password
    from jicha.desk.journal.append import append
    from jicha.desk.people.models import User

    user = User.objects.get(username=username)
    password = new_password()
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        append("new_password", user, actor=None, organisation=None)
    return password


def renew_secret(*, keep_former: bool) -> None:
    """Put a new secret in force for the processes that begin from now on."""
    from django.conf import settings

    from jicha.desk.project.secret import renew_secret as renew

    if os.environ.get("JICHA_SECRET"):
        raise ExplainedError(
            where="JICHA_SECRET", found="a secret in the environment", expected="one in the home",
            remedy="Change it where it is kept, and name the former one in JICHA_FORMER_SECRETS.",
        )  # fmt: skip
    renew(Path(settings.HOME) / "desk-secret", keep_former=keep_former)


def demo_people() -> list[Account]:
    """Make one account of every role on an invented utility; those that exist stay as they are."""
    from jicha.desk.people.models import ROOT, Organisation, User

    prepare()
    made = []
    for username, name, role, level in (*DEMO_PEOPLE, ("admin", "系统管理员", "administrator", "root")):
        unit = Organisation.objects.filter(level=level).order_by("path").first() or Organisation.objects.get(
            number=ROOT
        )
        if not User.objects.filter(username=username).exists():
            made.append(_account(username, name, role, unit, DEMO_PASSWORD))
    return made


def names_of(address: str, told: str) -> list[str]:
    """Return the names under which browsers may reach the desk: those told, this machine, and the address itself."""
    names = [*told.split(","), "localhost", "127.0.0.1", address.rsplit(":", 1)[0]]
    return list(dict.fromkeys(name.strip() for name in names if name.strip()))


def work(parent: int | None = None) -> None:
    """Do jobs until told to end; with a parent, until that process is gone."""
    from jicha.desk.jobs.worker import Workshop

    if parent is None:
        prepare()
    Workshop(parent).run()


def serve(address: str, workers: int, *, with_worker: bool = True) -> NoReturn:
    """Serve the desk until it is ended: the server takes this process's place, so that what ends the process ends the server.

    A worker beside it sees by its parent's number when the server is gone, however that ended, and ends too.
    """
    from jicha.desk.operation.figures import begin_counting

    prepare()
    call_command("collectstatic", interactive=False, verbosity=0)
    begin_counting(Path(os.environ["JICHA_HOME"]))
    os.environ["JICHA_HOSTS"] = ",".join(names_of(address, os.environ.get("JICHA_HOSTS", "")))
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "jicha.desk.project.wsgi",
        "--bind",
        address,
        "--workers",
        str(workers),
        "--threads",
        "4",
        "--log-level",
        "warning",
    ]
    if with_worker:
        subprocess.Popen([sys.executable, "-m", "jicha.desk.beside", str(os.getpid())])
    sys.stdout.flush()
    os.execv(command[0], command)


def damaged_files() -> list[Any]:
    """Return the files of evidence whose bytes are gone or changed."""
    from jicha.desk.evidence.actions import damaged_files as found

    return found()


def export_bundle(number: str, target: Path) -> Any:
    """Write the bundle of an order (JC0000012 or 12); an error where there is no such order."""
    from jicha.desk.bundles.actions import export_bundle as export
    from jicha.desk.orders.models import Order

    digits = number.upper().removeprefix("JC")
    order = Order.objects.filter(pk=int(digits)).first() if digits.isdecimal() else None
    if order is None:
        raise ExplainedError(
            where="jicha desk bundle", found=number, expected="the number of an order, such as JC0000012",
            remedy="The list of orders at the desk shows the numbers.",
        )  # fmt: skip
    return export(order, None, target)


def desk_checks() -> list[tuple[str, bool, str, str]]:
    """Return what the doctor finds at the desk: (check, whether it is well, what was found, what to do)."""
    from jicha.desk.operation.doctor import checks

    return list(checks())


def must_not_be_newer() -> None:
    """Refuse a database that a newer release made: what this one does not know it could only harm."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    newer = sorted(
        f"{app}.{name}" for app, name in set(loader.applied_migrations) - set(loader.disk_migrations)
    )
    if newer:
        raise ExplainedError(
            where=str(connection.settings_dict["NAME"]), found=f"a database of a newer release: {', '.join(newer[:5])}",
            expected="one that this release knows", remedy="Install the newer release again, or restore the backup made before it.",
        )  # fmt: skip


def must_be_current() -> None:
    """Refuse to read a database that is not there yet or is of an older form: reading changes nothing, so it cannot mend that."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    must_not_be_newer()
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise ExplainedError(
            where=str(connection.settings_dict["NAME"]), found=f"{len(missing)} changes of the database that were not made", expected="none",
            remedy="Run `jicha desk bring-in` or `jicha serve` once: each makes them.",
        )  # fmt: skip


def make_token(username: str, name: str, wanted: Sequence[str], unit: str | None, days: int) -> str:
    """Make a token of the API for a person (default: all rights, where the person has a post) and return its secret."""
    from django.utils import timezone

    from jicha.desk.api.tokens import make_token as make
    from jicha.desk.api.tokens import rights_of, units_of
    from jicha.desk.people.models import User
    from jicha.desk.people.standing import standing_of

    must_be_current()
    user = User.objects.filter(username=username, is_active=True).first()
    standing = None if user is None else standing_of(user, timezone.localdate())
    if standing is None or not standing.posts:
        raise ExplainedError(
            where="jicha desk token", found=f"no active account {username!r} with a post", expected="one",
            remedy="Add the person, and give a post, on the page “People”.",
        )  # fmt: skip
    units = units_of(standing).order_by("path")
    where = units.filter(number=unit).first() if unit else units.first()
    if where is None:
        raise ExplainedError(
            where="jicha desk token", found=f"no post in {unit!r} or above it", expected="a unit in which the person has a post",
            remedy="Leave --unit out, or name another.",
        )  # fmt: skip
    until = timezone.localdate() + timedelta(days=days)
    return make(standing, name, list(wanted) or rights_of(standing), where, until)[1]


def deliver_webhooks() -> dict[str, int]:
    """Send what the outbox holds; return how many messages were sent, wait and failed."""
    from jicha.desk.webhooks.outbox import deliver_due

    must_be_current()
    return dict(deliver_due())


def verify_log() -> Any:
    """Check the whole log; return what was found."""
    from jicha.desk.journal.verify import verify

    return verify()
