"""The organisation tree, taken from the company's own records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from jicha.desk.journal.append import append
from jicha.desk.people.models import ROOT, Organisation, User

ROOT_NAME = "全部单位"


def place_organisations(rows: Iterable[Mapping[str, Any]], actor: User | None = None) -> int:
    """Add or renew the organisations of the table `org`; return how many were added or moved.

    One that the records no longer name stays: people and cases refer to it.
    """
    told = {row["org_no"]: row for row in rows}
    with transaction.atomic():
        root, _ = Organisation.objects.get_or_create(
            number=ROOT, defaults={"name": ROOT_NAME, "level": "root", "path": ""}
        )
        if not root.path:
            Organisation.objects.filter(pk=root.pk).update(path=f"{root.pk}/")
            root.refresh_from_db()
        placed: dict[str, Organisation] = {}
        changed = sum(_place(number, told, placed, root, frozenset()) for number in told)
        if changed:
            append("place_organisations", root, actor=actor, organisation=root, details={"changed": changed})
    return changed


def _place(
    number: str,
    told: Mapping[str, Mapping[str, Any]],
    placed: dict[str, Organisation],
    root: Organisation,
    above: frozenset[str],
) -> int:
    """Place one organisation below its parent, the parent first; return how many changed on the way."""
    if number in placed:
        return 0
    parent_number, changed = told[number]["parent_org_no"], 0
    # A parent that is not delivered, or one that is its own descendant, counts as none.
    if parent_number in told and parent_number != number and parent_number not in above:
        changed = _place(parent_number, told, placed, root, above | {number})
    parent = placed.get(parent_number or "", root)
    one, is_new = Organisation.objects.get_or_create(
        number=number,
        defaults={"name": told[number]["name"], "level": told[number]["level"], "parent": parent},
    )
    shown = {
        "name": told[number]["name"],
        "level": told[number]["level"],
        "parent": parent,
        "path": f"{parent.path}{one.pk}/",
    }
    differs = is_new or any(getattr(one, key) != value for key, value in shown.items())
    if differs:
        Organisation.objects.filter(pk=one.pk).update(**shown)
        one.refresh_from_db()
    placed[number] = one
    return changed + int(differs)
