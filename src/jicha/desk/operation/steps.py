"""What a worker does for the operator at regular times: the log's end anchored, every file of evidence read."""

from __future__ import annotations

import logging

from jicha.desk.evidence.actions import damaged_files
from jicha.desk.jobs.schedule import every
from jicha.desk.journal.checkpoints import anchor_tail

LOG = logging.getLogger("jicha.evidence")
HOUR, DAY = 3600, 24 * 3600


@every(HOUR, "anchor the log")
def anchor() -> None:
    """Leave a checkpoint, though nothing was written since the last."""
    anchor_tail()


@every(DAY, "read the evidence")
def sweep() -> None:
    """Read every file of evidence, and tell the operator of each whose bytes are gone or changed."""
    for one in damaged_files():
        LOG.error("evidence %s: %s", one.sha256, one.kind)
