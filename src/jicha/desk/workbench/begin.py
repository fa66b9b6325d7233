"""What has to be done before the desk is in use, each step with whether it is done."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jicha.desk.clues.models import BroughtIn
from jicha.desk.orders.models import Order
from jicha.desk.people.models import Post
from jicha.desk.people.rights import roles_with
from jicha.desk.people.standing import Standing
from jicha.desk.ui.home import home
from jicha.errors import JichaError

# Who sets the desk up: the list is for them, and goes when everything is done.
FOR = ("run.start", "people.manage")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is, how it is done, and the page for it where there is one and the person may open it."""

    is_done: bool
    words: str | Promise
    how: str
    page: str = ""


def steps(standing: Standing) -> list[Step]:
    """Return the steps, or nothing where all are done or the person does not set the desk up."""
    if not any(standing.may_somewhere(right) for right in FOR):
        return []
    is_in = BroughtIn.objects.exists()
    told = [
        Step(is_in or _has_data(), _("Load an extract of the company's records"), "jicha load FOLDER"),
        Step(is_in, _("Audit a month and bring its findings to the desk"), "jicha audit --month 2026-10; jicha desk bring-in", "run_start"),
        Step(_has_people("clue.decide"), _("Give the auditors their posts"), "", "people"),
        Step(_has_people("order.answer"), _("Give each responsible unit a contact"), "", "people"),
        Step(settings.CHECKPOINTS_OUTSIDE is not None, _("Keep the log's checkpoints outside the home"), "JICHA_CHECKPOINTS"),
        Step(Order.objects.exists(), _("Issue the first order from a clue"), "", "clues"),
    ]  # fmt: skip
    return [] if all(step.is_done for step in told) else told


def _has_data() -> bool:
    try:
        return home().mart.latest() is not None
    except JichaError:
        return False


def _has_people(right: str) -> bool:
    return Post.objects.filter(Post.on(timezone.localdate()), role__in=roles_with(right)).exists()
