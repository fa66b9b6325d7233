"""Makes a desk with two site orders on customer K1 that are being verified; run as a process of its own, as the operator's commands are."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

from jicha.desk.commands import open_desk, prepare

PASSWORD = "site-visit-2026"
PEOPLE = {"auditor": "auditor", "manager": "manager", "unit": "unit", "reviewer": "reviewer"}


def main(home: Path) -> None:
    """Make people, clues and orders."""
    open_desk(home)
    prepare()
    from jicha.desk.administration.actions import add_person, give_post
    from jicha.desk.clues.models import BroughtIn, Clue
    from jicha.desk.orders.actions import issue_order, move_order
    from jicha.desk.people.models import Organisation, User
    from jicha.desk.people.standing import standing_of

    unit = Organisation.objects.get(number="S1")
    for username, role in PEOPLE.items():
        user = add_person(
            None, unit, username, {"auditor": "李强", "manager": "周敏"}.get(username, username), PASSWORD
        )
        give_post(None, user, unit, role, date.today(), None)
    standing = {name: standing_of(User.objects.get(username=name), date.today()) for name in PEOPLE}
    month = date(2026, 10, 1)
    BroughtIn.objects.create(run_id="run-1", month=month, snapshot_id=1, findings=0, new_clues=2)
    for _ in range(2):
        clue = Clue.objects.create(
            organisation=unit, place_kind="customer", place_id="K1", customer_no="K1", rules="MR-05", sentence_zh="示数下降", sentence_en="The reading fell",
            band="soon", score=Decimal("0.5"), severity=2, company_yuan=Decimal(1), customer_yuan=Decimal(0), kwh=Decimal(1), expected_yuan=Decimal(1),
            is_visit=True, recurrence="new", month=month, run_id="run-1", first_seen=month,
        )  # fmt: skip
        order = issue_order(clue, standing["manager"], unit, "site", "核对现场表计示数与封印")
        move_order(order, "accept", standing["unit"], {})
        move_order(order, "verify", standing["auditor"], {})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
