"""Twenty people at one SQLite file while clues come in by bulk; prints which answers they got."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from jicha.desk import commands

PEOPLE, ROUNDS, CLUES, BATCHES = 20, 5, 40, 10


def main() -> None:
    """Let the crowd in, and count."""
    commands.open_desk(Path(sys.argv[1]))
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.test import Client

    from jicha.desk.administration.tree import place_organisations
    from jicha.desk.clues.models import Clue
    from jicha.desk.journal.append import append
    from jicha.desk.journal.verify import verify
    from jicha.desk.people.models import Organisation, Post, User

    settings.ALLOWED_HOSTS = ["testserver"]
    # What is measured is the database, not how long a password takes.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    commands.prepare()
    call_command("collectstatic", interactive=False, verbosity=0)
    place_organisations([{"org_no": "C1", "parent_org_no": None, "name": "东县", "level": "county"}])
    unit = Organisation.objects.get(number="C1")
    told: dict[str, Any] = {
        "organisation": unit, "place_kind": "customer", "rules": "MR-01", "sentence_zh": "x", "sentence_en": "x", "band": "soon", "score": Decimal(1),
        "severity": 1, "company_yuan": 1, "customer_yuan": 0, "kwh": 0, "expected_yuan": 1, "is_visit": False, "recurrence": "new",
        "month": date(2026, 10, 1), "run_id": "r", "first_seen": date(2026, 10, 1),
    }  # fmt: skip
    clues = [Clue.objects.create(place_id=f"K{n}", **told).pk for n in range(CLUES)]
    users = [User.objects.create_user(f"u{n}", "", "a long password 1", name=f"u{n}") for n in range(PEOPLE)]
    Post.objects.bulk_create(
        Post(user=one, organisation=unit, role="auditor", valid_from=date(2026, 1, 1)) for one in users
    )
    statuses: Counter[str] = Counter()
    errors: list[str] = []
    start = threading.Barrier(PEOPLE + 1)

    def click(number: int) -> None:
        client = Client(raise_request_exception=False)
        client.post("/accounts/login/", {"login": f"u{number}", "password": "a long password 1"})
        start.wait()
        for turn in range(ROUNDS):
            pk = clues[(number + turn) % CLUES]
            answers = [
                client.get("/clues/"),
                client.get(f"/clues/{pk}/"),
                client.post(f"/clues/{pk}/take/"),
                client.post(f"/clues/{pk}/give_back/"),
            ]
            statuses.update(str(one.status_code) for one in answers)
        connection.close()

    def bring() -> None:
        start.wait()
        try:
            for batch in range(BATCHES):
                with transaction.atomic():
                    Clue.objects.bulk_create(Clue(place_id=f"B{batch}-{n}", **told) for n in range(500))
                    append("bring_in", unit, actor=None, organisation=unit, details={"batch": batch})
        except Exception as error:
            errors.append(repr(error))
        connection.close()

    threads = [threading.Thread(target=click, args=(number,)) for number in range(PEOPLE)] + [
        threading.Thread(target=bring)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({
        "statuses": statuses, "rounds": ROUNDS, "errors": errors, "whole": verify().is_whole, "clues": Clue.objects.count(),
        "expected": CLUES + 500 * BATCHES,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
