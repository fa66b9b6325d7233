"""An operation is a method, an address, a handler and the right that it needs; there is no other way into the API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import NinjaAPI
from ninja.responses import Status
from ninja.security import HttpBearer

from jicha.desk.api.errors import STATUSES, Invalid, Problem, handle_all
from jicha.desk.api.models import ApiToken
from jicha.desk.api.tokens import count_call, token_of
from jicha.desk.flow.refusals import NotAllowed
from jicha.desk.journal.through import act_through
from jicha.desk.people.rights import rights
from jicha.desk.people.standing import DeskRequest, standing_of
from jicha.desk.ui.routes import ANYBODY

DESCRIPTION = """
What the pages of the desk do, for programs. Every call carries a token: `Authorization: Bearer jicha_…`; a session of a browser opens nothing here.
A token does what its owner may do at this moment, cut to the rights and the organisation that it was made for.
Money and energy are strings with a decimal point. Lists tell how many rows match and how many pages there are.
Where something is not done, the answer says where, what was found, what was expected and what to do next, and nothing was changed.
""".strip()
API = NinjaAPI(
    title="jicha", version="1", description=DESCRIPTION, urls_namespace="api", docs_url=None, openapi_url=None
)
handle_all(API)
Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """What is declared of an operation; the check of rights, the tests and the documentation read it."""

    name: str
    method: str
    address: str
    right: str


OPERATIONS: dict[str, Operation] = {}


class Token(HttpBearer):
    """Lets in who holds a valid token with the right; what the request may do from then on is what the token opens."""

    def __init__(self, right: str) -> None:
        super().__init__()
        self.right = right

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """Return the token; None where there is none that is valid, a refusal where it does not hold the right."""
        found = token_of(token)
        if found is None:
            return None
        standing = standing_of(found.owner, timezone.localdate()).through(found.key)
        request.user = found.owner
        request.standing = standing  # type: ignore[attr-defined]
        act_through(str(found))
        count_call(found)
        if self.right != ANYBODY and not standing.may_somewhere(self.right):
            raise NotAllowed(rights()[self.right]["en"])
        return found


def operation(
    method: str, address: str, name: str, right: str, answer: Any, *, tag: str, status: int = 200, **more: Any
) -> Callable[[Handler], Handler]:
    """Put a handler into the API; who holds the right nowhere gets 403 before anything of the request is read."""
    if name in OPERATIONS:
        raise ValueError(f"two operations are called {name}")

    def enter(handler: Handler) -> Handler:
        OPERATIONS[name] = Operation(name, method, address, right)
        needs = "" if right == ANYBODY else f"\n\nNeeds the right `{right}`."
        API.api_operation(
            [method], "/" + address.replace("<", "{").replace(">", "}"), auth=Token(right), operation_id=name, tags=[tag],
            summary=(handler.__doc__ or name).split("\n")[0].rstrip("."), description=(handler.__doc__ or "") + needs,
            response={status: answer} | dict.fromkeys(STATUSES, Problem), url_name=name, **more,
        )(handler)  # fmt: skip
        return handler

    return enter


def made(told: Any) -> Status[Any]:
    """Return the answer for something that is new."""
    return Status(201, told)


def refuse_unknown(request: DeskRequest, known: set[str]) -> None:
    """Refuse a query with words that mean nothing: a filter with a slip in its name would show everything."""
    if unknown := sorted(set(request.GET) - known):
        raise Invalid({name: [f"one of {', '.join(sorted(known))}"] for name in unknown})
