"""What every page knows: the menu that the person's rights open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from jicha.desk.people.standing import Standing
from jicha.desk.ui.disk import is_low

MENU = (
    ("workbench", _("Workbench"), None),
    ("clues", _("Clues"), "clue.see"),
    ("orders", _("Orders"), "order.see"),
    ("visits", _("Site visits"), "visit.make"),
    ("settlements", _("Settlements"), "settlement.see"),
    ("customers", _("Customers"), "customer.see"),
    ("jobs", _("Jobs"), "job.see"),
    ("exports", _("Large exports"), "export.ask"),
    ("log", _("Log"), "log.see"),
    ("people", _("People"), "people.manage"),
    ("webhooks", _("Webhooks"), "people.manage"),
)


def desk(request: HttpRequest) -> dict[str, Any]:
    """Return the menu; nobody who is not signed in has one."""
    standing = getattr(request, "standing", None)
    if standing is None:
        return {"menu": ()}
    open_pages = pages_open_to(standing)
    return {
        "is_disk_low": is_low(),
        "menu": [(name, title) for name, title, _right in MENU if name in open_pages],
        "here": request.resolver_match.url_name if request.resolver_match else "",
    }


def pages_open_to(standing: Standing) -> frozenset[str]:
    """Return the names of the pages of the menu that the person may open."""
    return frozenset(name for name, _title, right in MENU if right is None or standing.may_somewhere(right))
