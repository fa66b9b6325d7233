"""Why something was not done, in words for the person who asked."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from jicha.errors import JichaError


class Refusal(JichaError):
    """A request that the desk does not carry out; nothing was changed."""

    status = 409


class NotAllowed(Refusal):
    """The person holds no post with the right in this organisation."""

    status = 403

    def __init__(self, title: str | Promise) -> None:
        super().__init__(
            _("“%(move)s” is not among the rights of your posts in this organisation.") % {"move": title}
        )


class NotNow(Refusal):
    """The record is not in a state from which the move starts."""

    def __init__(self, title: str | Promise, reason: str | Promise | None = None) -> None:
        super().__init__(
            (reason and str(reason))
            or _("“%(move)s” is not open now. Reload the page to see what is.") % {"move": title}
        )


class SamePerson(Refusal):
    """Two steps that need two persons."""

    status = 403

    def __init__(self, title: str | Promise) -> None:
        super().__init__(_("“%(move)s” needs a second person: you did the step before.") % {"move": title})


class NotByKey(Refusal):
    """A step that a person takes, and no program with that person's key."""

    status = 403

    def __init__(self, title: str | Promise) -> None:
        super().__init__(_("“%(move)s” is for a person at the desk: a token cannot do it.") % {"move": title})


class Overtaken(Refusal):
    """Somebody else changed the record in the meantime."""

    def __init__(self, title: str | Promise) -> None:
        super().__init__(
            _("Somebody else was faster than your “%(move)s”. Nothing was changed; reload the page.")
            % {"move": title}
        )


class Missing(Refusal):
    """Fields that must be filled are empty."""

    status = 422

    def __init__(self, title: str | Promise, fields: Sequence[str]) -> None:
        self.fields = list(fields)
        super().__init__(
            _("“%(move)s” needs: %(fields)s.") % {"move": title, "fields": _(", ").join(self.fields)}
        )
