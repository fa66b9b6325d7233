"""Exports a case: contents gathered, their common hash written into the log under its lock, then the file."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from jicha.desk.bundles import pack
from jicha.desk.bundles.gather import Gathered, gather
from jicha.desk.bundles.parts import Wanted
from jicha.desk.bundles.slice import EXPORT, anchor_of, anchors_of, line_of
from jicha.desk.flow.refusals import Missing, NotAllowed, Overtaken
from jicha.desk.journal.append import append
from jicha.desk.journal.checkpoints import checkpoints, leave_checkpoint
from jicha.desk.journal.models import ChainHead, Event
from jicha.desk.journal.words import name_action
from jicha.desk.orders.models import Order
from jicha.desk.people.standing import Standing
from jicha.desk.ui.personal import RIGHT as REVEAL

RIGHT = "bundle.export"
TITLE = _("Export the case bundle")
name_action(EXPORT, TITLE)
# How often a case is gathered anew because somebody moved it meanwhile.
TRIES = 3


@dataclass(frozen=True, slots=True)
class Exported:
    """A bundle that was written: the hash of all its contents, and the event of the log that holds it."""

    root: str
    event: Event
    files: int
    size_bytes: int


def export_bundle(
    order: Order,
    standing: Standing | None,
    path: Path,
    *,
    kind: str = "case",
    unmasked_because: str | None = None,
) -> Exported:
    """Write the bundle of an order; `standing` is None at the command line, where the system acts.

    The same state of the case gives the same bytes, sealed by the first export of that state; each export is an event of its own.
    `unmasked_because` is the reason for which personal data are shown in full; it needs the right to reveal them.
    """
    _check(order, standing, unmasked_because)
    wanted = Wanted(order, kind, unmasked_because is None)
    for _try in range(TRIES):
        gathered = gather(wanted)
        with transaction.atomic():
            ChainHead.objects.select_for_update().get(pk=1)
            if not gathered.is_still_so():
                continue
            event = _log(gathered, standing, unmasked_because)
            transaction.on_commit(partial(_anchor, event))
        sealing = next((one for one in gathered.exports if _root(one) == gathered.root), event)
        pack.write(path, gathered.manifest, _seal(gathered, sealing), gathered.contents)
        return Exported(gathered.root, sealing, len(gathered.contents) + 2, path.stat().st_size)
    raise Overtaken(TITLE)


def _check(order: Order, standing: Standing | None, unmasked_because: str | None) -> None:
    path = order.organisation.path
    if standing is not None and not standing.may(RIGHT, path):
        raise NotAllowed(TITLE)
    if unmasked_because is not None:
        if standing is not None and not standing.may(REVEAL, path):
            raise NotAllowed(TITLE)
        if not unmasked_because.strip():
            raise Missing(TITLE, [str(_("reason"))])


def _log(gathered: Gathered, standing: Standing | None, unmasked_because: str | None) -> Event:
    order = gathered.wanted.order
    details = {
        "root": gathered.root, "kind": gathered.wanted.kind, "files": len(gathered.contents) + 2,
        "masked": gathered.wanted.is_masked,
    } | ({"reason": unmasked_because} if unmasked_because else {})  # fmt: skip
    actor = standing.user if standing else None
    deputy = standing.acts_for(RIGHT, order.organisation.path) if standing else None
    return append(
        EXPORT, order, actor=actor, organisation=order.organisation, details=details, stands_in_for=deputy
    )


def _anchor(event: Event) -> None:
    """Leave a checkpoint on the export, so that the bundle rests on something outside the database from the first minute."""
    if event.number not in {one.number for one in checkpoints()}:
        leave_checkpoint(event.number, event.hash, event.at, always=True)


def _root(event: Event) -> str:
    return str(json.loads(event.content)["details"].get("root", ""))


def _seal(gathered: Gathered, sealing: Event) -> bytes:
    """Return what binds the manifest to the log: the export as an event, and the checkpoints that stand on events of the case."""
    anchors = {one["number"]: one for one in anchors_of([*gathered.events, sealing])}
    anchors.setdefault(sealing.number, anchor_of(sealing))
    ordered = [anchors[number] for number in sorted(anchors)]
    return pack.document(
        {"root": gathered.root, "event": json.loads(line_of(sealing)), "checkpoints": ordered}
    )
