"""Eight threads race for the moves of forty clues on the database that the environment names; prints what came of it."""

from __future__ import annotations

import json
import sys
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path

from jicha.desk import commands

THREADS, CLUES = 8, 40


def main() -> None:
    """Race, check the log, and try to change it."""
    commands.open_desk(Path(sys.argv[1]))
    from django.core.management import call_command
    from django.db import DatabaseError, connection, transaction
    from django.db.models import Count, Sum

    from jicha.desk.administration.tree import place_organisations
    from jicha.desk.clues.models import Clue, Tally
    from jicha.desk.clues.moves import FLOW
    from jicha.desk.flow.refusals import Refusal
    from jicha.desk.journal.append import append
    from jicha.desk.journal.models import Event
    from jicha.desk.journal.verify import verify
    from jicha.desk.people.models import Organisation, Post, User
    from jicha.desk.people.standing import standing_of

    call_command("migrate", verbosity=0)
    place_organisations([{"org_no": "C1", "parent_org_no": None, "name": "东县", "level": "county"}])
    unit = Organisation.objects.get(number="C1")
    told = {
        "organisation": unit, "place_kind": "customer", "rules": "MR-01", "sentence_zh": "x", "sentence_en": "x", "band": "soon", "score": Decimal(1),
        "severity": 1, "company_yuan": Decimal("12.34"), "customer_yuan": 0, "kwh": 0, "expected_yuan": 0, "is_visit": False, "recurrence": "new",
        "month": date(2026, 10, 1), "run_id": "r", "first_seen": date(2026, 10, 1),
    }  # fmt: skip
    clues = [Clue.objects.create(place_id=f"K{n}", **told).pk for n in range(CLUES)]
    users = []
    for number in range(THREADS):
        user = User.objects.create_user(f"u{number}", "", "x", name=f"u{number}")
        Post.objects.create(user=user, organisation=unit, role="auditor", valid_from=date(2026, 1, 1))
        users.append(user)
    won: list[int] = []
    refused: list[str] = []
    errors: list[str] = []
    start = threading.Barrier(THREADS)

    def race(user: User) -> None:
        standing = standing_of(user, date.today())
        start.wait()
        for pk in clues:
            try:
                FLOW.make(Clue.objects.select_related("organisation").get(pk=pk), "take", standing, {})
                won.append(pk)
            except Refusal as refusal:
                refused.append(type(refusal).__name__)
            except Exception as error:
                errors.append(repr(error))
        connection.close()

    threads = [threading.Thread(target=race, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = []
    for change in (lambda: Event.objects.update(action="x"), lambda: Event.objects.all().delete()):
        try:
            with transaction.atomic():
                change()
        except DatabaseError as error:
            kept.append("written once" in str(error))
    outside = False
    try:
        append("comment", unit, actor=None, organisation=unit)
    except RuntimeError:
        outside = True
    checked = verify()
    tallied = set(Tally.objects.exclude(clues=0).values_list("state", "clues", "company_fen"))
    rows = Clue.objects.order_by().values_list("state").annotate(Count("id"), Sum("company_yuan"))
    counted = {(state, count, int(yuan * 100)) for state, count, yuan in rows}
    print(json.dumps({
        "vendor": connection.vendor, "won": sorted(won) == clues, "refused": len(refused), "kinds": sorted(set(refused)), "errors": errors,
        "taken": Event.objects.filter(action="take").count(), "whole": checked.is_whole, "anchored": checked.anchored > 0, "kept": kept, "outside": outside, "tally": tallied == counted,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
