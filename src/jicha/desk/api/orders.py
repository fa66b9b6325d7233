"""Orders: the list, one order, its moves, what people say, its files."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpResponse
from django.utils import timezone
from ninja import File, Form, Schema
from ninja import Query as FromQuery
from ninja.files import UploadedFile
from pydantic import Field

from jicha.desk.api.errors import Invalid
from jicha.desk.api.lists import Listed, listed, one_of, query
from jicha.desk.api.moves import Body, move_operations, open_moves
from jicha.desk.api.operation import made, operation
from jicha.desk.api.people import PersonName, UnitRow, person_name, unit_row
from jicha.desk.api.values import FILLED, Amount, Day, Id, Time, Words, text
from jicha.desk.evidence.actions import add_file
from jicha.desk.evidence.content import most_bytes
from jicha.desk.evidence.models import EvidenceFile
from jicha.desk.evidence.views import file_or_404, handed_out
from jicha.desk.journal.history import history
from jicha.desk.journal.models import Event
from jicha.desk.orders.actions import comment, move_order
from jicha.desk.orders.filters import STATES, filtered
from jicha.desk.orders.models import Comment, Order
from jicha.desk.orders.moves import FLOW
from jicha.desk.orders.views import SORTS
from jicha.desk.ui.routes import seen_or_404

TAG = "orders"
TAKEN_AS = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
PERSONS = ("issuer", "contact", "verifier", "reviewer", "judge", "rectifier", "rechecker")
TOLD = (
    "request", "verdict", "facts", "found_kwh", "found_yuan", "opinion", "exclusion", "nature", "cause", "size", "demand", "rectification",
    "proof_run_id", "proof_text", "unproven_reason", "cause_found", "persons_dealt", "measures_taken", "staff_taught", "receiver",
    "transfer_reason",
)  # fmt: skip
SAME = ("id", "number", "version", "state", "kind", "severity", "due_on", "opened_at", "moved_at", "returns")


class OrderRow(Schema):
    """An order as the list shows it."""

    id: int
    number: str
    version: int
    state: str
    kind: str
    severity: int
    unit: UnitRow
    clue: int
    customer_no: str
    place_id: str
    topics: str
    due_on: Day | None
    is_overdue: bool
    opened_at: Time
    moved_at: Time
    returns: int
    found_kwh: Amount | None
    found_yuan: Amount | None


class OrderRows(Listed):
    """A page of orders."""

    rows: list[OrderRow]


class HistoryRow(Schema):
    """What happened to a record, and by whom; nobody where the data did it."""

    number: int
    at: Time
    action: str
    title: str
    actor: PersonName | None


class OrderDetail(OrderRow):
    """An order with all that was filled in, who did what, and what can be done with this token now."""

    request: str
    verdict: str
    facts: str
    opinion: str
    exclusion: str
    nature: str
    cause: str
    size: str
    demand: str
    rectification: str
    proof_run_id: str
    proof_text: str
    unproven_reason: str
    cause_found: str
    persons_dealt: str
    measures_taken: str
    staff_taught: str
    receiver: str
    transfer_reason: str
    persons: dict[str, PersonName]
    findings: list[str]
    moves: list[str]
    history: list[HistoryRow]


class CommentRow(Schema):
    """What somebody had to say about an order."""

    id: int
    at: Time
    author: PersonName
    text: str


class CommentRows(Schema):
    """All comments of an order."""

    rows: list[CommentRow]


class NewComment(Body):
    """A comment."""

    text: Annotated[text(4000), Field(pattern=FILLED)]  # type: ignore[valid-type]


class FileRow(Schema):
    """A file of an order, with the hash of its bytes."""

    id: int
    name: str
    media_type: str
    sha256: str
    size_bytes: int
    taken_at: str
    latitude: str
    longitude: str
    note: str
    added_by: PersonName
    added_at: Time


class FileRows(Schema):
    """All files of an order."""

    rows: list[FileRow]


OrderQuery = query("OrderQuery", SORTS, state=one_of(STATES), q=Words)


def order_row(order: Order) -> dict[str, Any]:
    """Return an order as the list shows it."""
    return {name: getattr(order, name) for name in SAME} | {
        "unit": unit_row(order.organisation), "clue": order.clue_id, "customer_no": order.clue.customer_no, "place_id": order.clue.place_id,
        "topics": order.clue.rules, "found_kwh": order.found_kwh, "found_yuan": order.found_yuan,
        "is_overdue": order.state not in Order.CLOSED and order.is_overdue(timezone.localdate()),
    }  # fmt: skip


def tell_order(request: Any, order: Order) -> dict[str, Any]:
    """Return everything of an order, with the moves that are open to the token."""
    persons = {name: getattr(order, name) for name in PERSONS}
    return order_row(order) | {name: getattr(order, name) for name in TOLD} | {
        "persons": {name: person_name(one) for name, one in persons.items() if one is not None},
        "findings": list(order.findings.values_list("finding_id", flat=True)),
        "moves": open_moves(order, FLOW, request),
        "history": [_history_row(event, title) for event, title in history(order)],
    }  # fmt: skip


def _history_row(event: Event, title: str) -> dict[str, Any]:
    told = {"number": event.number, "at": event.at, "action": event.action, "title": title}
    return told | {"actor": None if event.actor is None else person_name(event.actor)}


def find_order(request: Any, pk: int) -> Order:
    """Return an order that the token sees."""
    found: Order = seen_or_404(request, Order, "order.see", pk, "clue", *PERSONS)
    return found


@operation("GET", "orders", "orders", "order.see", OrderRows, tag=TAG)
def orders(request: Any, asked: Annotated[OrderQuery, FromQuery()]) -> Any:  # type: ignore[valid-type]
    """List orders, narrowed and sorted as on the page; without a state those that are not closed."""
    return listed(request, asked, filtered(request), SORTS, order_row)


@operation("GET", "orders/<int:pk>", "order", "order.see", OrderDetail, tag=TAG)
def order(request: Any, pk: Id, response: HttpResponse) -> Any:
    """Tell everything of an order; its ETag is what a move may state as If-Match."""
    found = find_order(request, pk)
    response["ETag"] = f'"{found.version}"'
    return tell_order(request, found)


move_operations(FLOW, Order, TAG, OrderDetail, find_order, move_order, tell_order, without=("dispatch",))


def _comment_row(one: Comment) -> dict[str, Any]:
    return {"id": one.pk, "at": one.at, "author": person_name(one.author), "text": one.text}


@operation("GET", "orders/<int:pk>/comments", "order_comments", "order.see", CommentRows, tag=TAG)
def comments(request: Any, pk: Id) -> Any:
    """List what was said about an order, oldest first."""
    rows = find_order(request, pk).comments.select_related("author")
    return {"rows": [_comment_row(one) for one in rows]}


@operation(
    "POST", "orders/<int:pk>/comments", "order_comment", "order.comment", CommentRow, tag=TAG, status=201
)
def say(request: Any, pk: Id, body: NewComment) -> Any:
    """Say something about an order."""
    return made(_comment_row(comment(find_order(request, pk), request.standing, body.text)))


def _file_row(one: EvidenceFile) -> dict[str, Any]:
    same = (
        "id", "name", "media_type", "sha256", "size_bytes", "taken_at", "latitude", "longitude", "note", "added_at",
    )  # fmt: skip
    return {name: getattr(one, name) for name in same} | {"added_by": person_name(one.added_by)}


@operation("GET", "orders/<int:pk>/files", "order_files", "order.see", FileRows, tag=TAG)
def files(request: Any, pk: Id) -> Any:
    """List the files of an order."""
    return {"rows": [_file_row(one) for one in find_order(request, pk).evidence.select_related("added_by")]}


@operation("POST", "orders/<int:pk>/files", "order_file_add", "evidence.add", FileRow, tag=TAG, status=201)
def add(
    request: Any, pk: Id, file: Annotated[UploadedFile, File()], note: Annotated[Words, Form()],
    sha256: Annotated[str, Form(pattern=r"^([0-9a-fA-F]{64})?$")] = "",
) -> Any:  # fmt: skip
    """Add a file; with the hash of its bytes, one that changed on the way is refused. The same bytes a second time give the first receipt."""
    order = find_order(request, pk)
    if file.size is None or file.size > most_bytes():
        raise Invalid({"file": [f"at most {most_bytes():,} bytes"]})
    return made(_file_row(add_file(order, request.standing, file.name or "", file.read(), note, sha256)))


@operation(
    "GET", "orders/<int:pk>/files/<int:number>", "order_file", "order.see", None, tag=TAG,
    openapi_extra={"responses": {200: {"description": "The bytes as they came.", "content": TAKEN_AS}}},
)  # fmt: skip
def read_file(request: Any, pk: Id, number: Id) -> HttpResponse:
    """Hand out the bytes of a file as they came."""
    return handed_out(file_or_404(request, pk, number))
