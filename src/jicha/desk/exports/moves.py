"""The table of moves of a request for a large export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jicha.desk.exports.models import ExportRequest
from jicha.desk.flow.moves import Flow, Move

S = ExportRequest.State


def _arrive(_request: ExportRequest, move: Move, _values: Mapping[str, Any]) -> dict[str, Any]:
    return {"ready_at": timezone.now()} if move.target == S.READY else {}


FLOW = Flow(
    (
        Move(
            "export_grant", _("Approve the export"), (S.ASKED,), S.GRANTED, "clue.approve", may=("opinion",), not_same_as=("asker",),
            actor_field="granter", is_grave=True,
        ),
        Move(
            "export_refuse", _("Refuse the export"), (S.ASKED,), S.REFUSED, "clue.approve", needs=("opinion",), not_same_as=("asker",),
            actor_field="granter",
        ),
        Move("export_ready", _("Make the export"), (S.GRANTED,), S.READY, None, may=("rows",)),
        Move("export_expire", _("Delete the exported file"), (S.READY,), S.EXPIRED, None),
    ),
    _arrive,
)  # fmt: skip
