"""What an action of the log is called in the reader's language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, str | Promise] = {
    "add_person": _("Add a person"),
    "give_post": _("Give a post"),
    "end_post": _("End a post"),
    "place_organisations": _("Renew the organisations"),
    "bring_in": _("Bring in a run"),
    "export": _("Export a list"),
    "see_as": _("See the desk as a person"),
    "comment": _("Comment"),
    "job_ask": _("Ask for a job"),
    "save_view": _("Save a view"),
    "delete_view": _("Delete a view"),
    "export_ask": _("Ask for a large export"),
    "export_take": _("Take a large export"),
}


def name_action(action: str, title: str | Promise) -> None:
    """Give an action its title; a flow does so for each of its moves."""
    WORDS[action] = title


def words_of(action: str) -> str:
    """Return the title of the action."""
    return str(WORDS.get(action, action))
