"""Adds a file to an order: hash checked, content checked, bytes kept, event appended, in this order."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.evidence.content import Content, NotEvidence, examine
from jicha.desk.evidence.models import EvidenceFile
from jicha.desk.evidence.vault import Damage, Vault
from jicha.desk.flow.refusals import Missing, NotAllowed, NotNow
from jicha.desk.journal.append import append
from jicha.desk.journal.words import name_action
from jicha.desk.orders.models import Order
from jicha.desk.people.standing import Standing

RIGHT = "evidence.add"
TITLE = gettext_lazy("Add a file")
name_action("add_file", TITLE)
_NOT_IN_A_NAME = re.compile(r"[^\w.\-（）()]+")


def vault() -> Vault:
    """Return the folder of contents of the home."""
    return Vault(Path(settings.HOME) / "evidence")


def add_file(
    order: Order, standing: Standing, name: str, data: bytes, note: str, expected_sha256: str = ""
) -> EvidenceFile:
    """Add a file and return its receipt; the same bytes a second time return the first receipt.

    `expected_sha256` is the hash that the sender's device made: bytes that changed on the way are refused.
    """
    if not standing.may(RIGHT, order.organisation.path):
        raise NotAllowed(TITLE)
    if order.state in Order.CLOSED:
        raise NotNow(TITLE, _("The order is closed: nothing can be added."))
    if not note.strip():
        raise Missing(TITLE, [str(EvidenceFile._meta.get_field("note").verbose_name)])
    content = examine(data)
    digest = hashlib.sha256(data).hexdigest()
    if expected_sha256 and expected_sha256.lower() != digest:
        raise NotEvidence(_("The file changed on the way: send it again."))
    if (known := EvidenceFile.objects.filter(order=order, sha256=digest).first()) is not None:
        return known
    vault().keep(data)  # before the row: a row never names bytes that are not there
    return _record(order, standing, safe_name(name, content), data, digest, note.strip()[:200], content)


def _record(
    order: Order, standing: Standing, name: str, data: bytes, digest: str, note: str, content: Content
) -> EvidenceFile:
    with transaction.atomic():
        made = EvidenceFile.objects.create(
            order=order, name=name, media_type=content.media_type, sha256=digest, size_bytes=len(data), note=note, added_by=standing.user,
            taken_at=content.taken_at, latitude=content.latitude, longitude=content.longitude,
        )  # fmt: skip
        append(
            "add_file", order, actor=standing.user, organisation=order.organisation,
            details={"file": made.pk, "name": name, "sha256": digest, "bytes": len(data)},
            stands_in_for=standing.acts_for(RIGHT, order.organisation.path),
        )  # fmt: skip
    return made


def safe_name(name: str, content: Content) -> str:
    """Return the name without folders and odd characters, its ending that of the content."""
    stem = _NOT_IN_A_NAME.sub("_", Path(name.replace("\\", "/")).name).rsplit(".", 1)[0].strip("._") or "file"
    return f"{stem[:80]}.{content.ending}"


def damaged_files() -> list[Damage]:
    """Return every file of every order whose bytes are gone or changed."""
    return vault().sweep(EvidenceFile.objects.values_list("sha256", flat=True).distinct().iterator())
