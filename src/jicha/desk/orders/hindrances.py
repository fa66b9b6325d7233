"""What still stands in the way of a move of an order: rooms above tell it here, the moves and the page of the order ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from jicha.desk.orders.models import Order

# What a room finds against a move, each in words that say what is missing; nothing where the move may be made.
Hindrance = Callable[[Order], Iterable[str | Promise]]
Asked = TypeVar("Asked", bound=Hindrance)
_ASKED: dict[str, list[Hindrance]] = defaultdict(list)


def hinders(*moves: str) -> Callable[[Asked], Asked]:
    """Have a function asked before each of the named moves; a room registers its functions when its application is ready."""

    def register(asked: Asked) -> Asked:
        for move in moves:
            if asked not in _ASKED[move]:
                _ASKED[move].append(asked)
        return asked

    return register


def hindrances(order: Order, move: str) -> list[str]:
    """Return everything that stands in the way of one move."""
    return [str(told) for asked in _ASKED[move] for told in asked(order)]


def all_hindrances(order: Order) -> list[str]:
    """Return everything that still blocks the way to the end of an order, each thing once; a closed order has nothing before it."""
    if order.state in Order.CLOSED:
        return []
    return list(dict.fromkeys(told for move in list(_ASKED) for told in hindrances(order, move)))


def unhindered(move: str) -> Callable[[Order], str | Promise | None]:
    """Return the guard of a move: why it is closed to an order, or None."""

    def guard(order: Order) -> str | Promise | None:
        told = hindrances(order, move)
        return _("This is still missing: %(what)s") % {"what": _("; ").join(told)} if told else None

    return guard
