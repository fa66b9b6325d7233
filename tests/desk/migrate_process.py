"""A desk of the first release with data in it, brought to the newest form on the database that the environment names."""

from __future__ import annotations

import json
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from jicha.desk import commands

# Where each room stood when the desk first landed.
FIRST = {"people": "0001", "journal": "0002", "clues": "0001", "orders": "0001", "evidence": "0001"}
CLUES = 60


def main() -> None:
    """Do what the first argument after the home says, and print what the database holds."""
    home, step = Path(sys.argv[1]), sys.argv[2]
    commands.open_desk(home)
    if step == "upgrade":
        at_first_release()
        fill()
        commands.prepare()
        work(home)
    print(json.dumps(told(), default=str))


def at_first_release() -> None:
    """Make the tables of the first release."""
    from django.core.management import call_command

    for app, name in FIRST.items():
        call_command("migrate", app, name, verbosity=0)


def fill() -> None:
    """Write an organisation, people, clues and a log, through the models as they were then."""
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader
    from django.utils import timezone

    from jicha.desk.journal.append import FIRST as NO_HASH
    from jicha.desk.journal.append import content_of, hash_of

    loader = MigrationLoader(connection)
    nodes = [
        key
        for app, number in FIRST.items()
        for key in loader.disk_migrations
        if key[0] == app and key[1].startswith(number)
    ]
    then: Any = loader.project_state(nodes).apps
    root = then.get_model("people", "Organisation").objects.create(
        number="-", name="全部单位", level="root", path=""
    )
    root.path = f"{root.pk}/"
    root.save()
    unit = then.get_model("people", "Organisation").objects.create(
        number="C1", name="东县", level="county", parent=root
    )
    unit.path = f"{root.path}{unit.pk}/"
    unit.save()
    for name, role in (("zhou", "manager"), ("li", "auditor")):
        user = then.get_model("people", "User").objects.create(username=name, name=name)
        then.get_model("people", "Post").objects.create(
            user=user, organisation=unit, role=role, valid_from=date(2026, 1, 1)
        )
    same = {
        "organisation": unit, "place_kind": "customer", "rules": "MR-01", "sentence_zh": "漏抄", "sentence_en": "not read", "band": "soon",
        "score": Decimal("0.5"), "severity": 2, "customer_yuan": 0, "kwh": 1, "expected_yuan": 1, "is_visit": False, "recurrence": "new",
        "month": date(2026, 10, 1), "run_id": "r", "first_seen": date(2026, 10, 1),
    }  # fmt: skip
    previous = NO_HASH
    for number in range(1, CLUES + 1):
        clue = then.get_model("clues", "Clue").objects.create(
            place_id=f"K{number}", company_yuan=Decimal(number) / 100, **same
        )
        at, place = timezone.now(), ("clues.clue", str(clue.pk))
        content = content_of(number, at, None, unit.pk, "bring_in", place, {"number": number})
        then.get_model("journal", "Event").objects.create(
            number=number, at=at, organisation=unit, action="bring_in", subject_kind=place[0], subject_id=place[1], content=content,
            previous_hash=previous, hash=hash_of(previous, content),
        )  # fmt: skip
        previous = hash_of(previous, content)
    then.get_model("journal", "ChainHead").objects.filter(pk=1).update(number=CLUES, hash=previous)


def work(home: Path) -> None:
    """Go on with the newest release where the first one stopped: a move, an order, a comment, a file of evidence."""
    from io import BytesIO

    from PIL import Image

    from jicha.desk.clues.models import Clue
    from jicha.desk.clues.moves import FLOW
    from jicha.desk.evidence.actions import add_file
    from jicha.desk.orders.actions import comment, issue_order
    from jicha.desk.people.models import User
    from jicha.desk.people.standing import standing_of

    auditor, manager = (standing_of(User.objects.get(username=name), date.today()) for name in ("li", "zhou"))
    first, second = Clue.objects.select_related("organisation").order_by("pk")[:2]
    FLOW.make(first, "take", auditor, {})
    order = issue_order(second, manager, second.organisation, "desk", "核对")
    comment(order, manager, "先看表")
    picture = BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    add_file(order, manager, "meter.png", picture.getvalue(), "电表")


def told() -> dict[str, Any]:
    """Return the rows of every table, the sum of every column of money or energy, the log's end and what the checks say."""
    from django.apps import apps
    from django.db import connection
    from django.db.models import DecimalField, Sum

    from jicha.desk.journal.models import ChainHead
    from jicha.desk.journal.verify import verify
    from jicha.desk.operation.health import ready

    rows, sums = {}, {}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        rows[table] = model._base_manager.count()
        for field in model._meta.concrete_fields:
            if isinstance(field, DecimalField):
                total = model._base_manager.aggregate(total=Sum(field.name))["total"] or Decimal(0)
                sums[f"{table}.{field.column}"] = f"{total:.4f}"
    checked = verify()
    return {
        "vendor": connection.vendor, "rows": rows, "sums": sums, "end": ChainHead.objects.get(pk=1).hash, "faults": checked.faults,
        "ready": [one.name for one in ready() if one.state == "failed"],
    }  # fmt: skip


if __name__ == "__main__":
    main()
