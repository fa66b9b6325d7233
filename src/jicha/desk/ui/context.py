"""What every page knows: the menu that the person's rights open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

MENU = (
    ("workbench", _("Workbench"), None),
    ("clues", _("Clues"), "clue.see"),
    ("orders", _("Orders"), "order.see"),
    ("visits", _("Site visits"), "visit.make"),
    ("customers", _("Customers"), "customer.see"),
    ("log", _("Log"), "log.see"),
    ("jobs", _("Jobs"), "job.see"),
    ("people", _("People"), "people.manage"),
    ("webhooks", _("Webhooks"), "people.manage"),
    ("exports", _("Large exports"), "export.ask"),
    ("log", _("Log"), "log.see"),
)


def desk(request: HttpRequest) -> dict[str, Any]:
    """Return the menu; nobody who is not signed in has one."""
    standing = getattr(request, "standing", None)
    if standing is None:
        return {"menu": ()}
    return {
        "menu": [
            (name, title) for name, title, right in MENU if right is None or standing.may_somewhere(right)
        ],
        "here": request.resolver_match.url_name if request.resolver_match else "",
    }
