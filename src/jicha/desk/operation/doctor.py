"""What `jicha doctor` says about the desk: each check with what was found and what to do."""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typst
from django.conf import settings
from django.utils import timezone

from jicha.desk.journal.checkpoints import is_outside, last_checkpoint
from jicha.desk.journal.models import ChainHead, Event
from jicha.desk.operation.backup import LAST_BACKUP
from jicha.desk.operation.health import ready
from jicha.desk.people.models import Post

Check = tuple[str, bool, str, str]
# Judgement, not a rule of anybody's: a day without a backup and an hour of drift are what an operator wants to hear of.
OLDEST_BACKUP = timedelta(days=1)
CHINESE_FONTS = ("noto sans cjk sc", "noto serif cjk sc", "source han sans sc", "source han serif sc")
_REMEDIES = {
    "database": "Start the database; see DATABASE_URL.",
    "home": "Give the desk's account the right to write there.",
    "disk": "Free disk, or move the home.",
    "migrations": "Run `jicha serve` or `jicha desk bring-in` of the newest release once.",
    "guards": "Run `jicha serve` once: it puts them up again; then `jicha verify`.",
}


def checks() -> Iterator[Check]:
    """Yield (check, whether it is well, what was found, what to do)."""
    findings = ready()
    for one in findings:
        yield f"desk {one.name}", one.state == "ok", one.words, _REMEDIES[one.name]
    yield _secret(Path(settings.HOME) / "desk-secret")
    yield _zone()
    yield _fonts()
    yield _backup(Path(settings.HOME) / LAST_BACKUP)
    if all(one.state != "failed" for one in findings if one.name in ("database", "migrations")):
        yield _clock()
        yield _checkpoints()
        yield _administrators()


def _secret(path: Path) -> Check:
    remedy = f"chmod 600 {path}, and `jicha desk new-secret` if others may have read it."
    if os.environ.get("JICHA_SECRET"):
        return "desk secret", True, "in the environment", remedy
    if not path.exists():
        return "desk secret", True, "made at the first start", remedy
    mode = stat.S_IMODE(path.stat().st_mode)
    return "desk secret", mode & 0o077 == 0, f"mode {mode:03o}", remedy


def _zone() -> Check:
    remedy = "Set JICHA_TIME_ZONE to the zone in which the company works."
    return "time zone", True, f"{settings.TIME_ZONE}, now {timezone.localtime():%Y-%m-%d %H:%M %z}", remedy


def _fonts() -> Check:
    known = {name.lower() for name in typst.Fonts().families()}
    found = next((name for name in CHINESE_FONTS if name in known), "")
    remedy = "Install a Chinese font, for example Debian's fonts-noto-cjk: without one the printed sheets lack their characters."
    return "Chinese font", bool(found), found or "none", remedy


def _backup(path: Path) -> Check:
    remedy = "Run `jicha backup FILE` daily, and try `jicha restore` on another machine."
    if not path.exists():
        return "backup", False, "never", remedy
    at = datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["made_at"])
    age = datetime.now(UTC) - at
    return "backup", age <= OLDEST_BACKUP, f"{age.days} days and {age.seconds // 3600} hours old", remedy


def _clock() -> Check:
    """Times in the log only rise: a clock that stands before the newest event was set back."""
    newest = Event.objects.order_by("-number").values_list("at", flat=True).first()
    is_right = newest is None or newest.timestamp() <= time.time() + 60
    found = "after the newest event" if is_right else f"before the newest event of {newest:%Y-%m-%d %H:%M %z}"
    return "clock", is_right, found, "Set the clock; let it be kept by NTP."


def _checkpoints() -> Check:
    head, last = ChainHead.objects.get(pk=1).number, last_checkpoint(settings.CHECKPOINTS)
    found = f"{head - (last.number if last else 0)} events not anchored"
    where = "a copy outside the home" if is_outside() else "none outside the home"
    remedy = "Set JICHA_CHECKPOINTS to a file on a disk or share that the desk's administrator cannot change."
    return "checkpoints", is_outside(), f"{where}, {found}", remedy


def _administrators() -> Check:
    found = Post.objects.filter(
        Post.on(timezone.localdate()), role="administrator", user__is_active=True
    ).count()
    return "administrators", found > 0, str(found), "Run `jicha desk admin`."
