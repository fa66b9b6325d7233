"""Clues: the pool, one clue, the rows behind a finding, its moves, many dismissals at once, an order of it."""

from __future__ import annotations

from typing import Annotated, Any

from django.db.models import Sum
from django.http import Http404
from ninja import Query as FromQuery
from ninja import Schema
from pydantic import Field, create_model

from jicha.audit.explain import file_names
from jicha.contract import contract
from jicha.desk.api.lists import Listed, checked, filters_of, listed, query
from jicha.desk.api.moves import Body, body_of, move_operations, open_moves, read
from jicha.desk.api.operation import made, operation
from jicha.desk.api.orders import OrderDetail, tell_order
from jicha.desk.api.people import UnitRow, unit_row
from jicha.desk.api.values import FILLED, Amount, Day, Id, RowId, Words, in_fen
from jicha.desk.clues.dismissal import dismissable, move_clue, propose_many
from jicha.desk.clues.filters import ClueFilter
from jicha.desk.clues.models import Clue, Finding
from jicha.desk.clues.moves import FLOW
from jicha.desk.clues.views import SORTS, filtered
from jicha.desk.flow.refusals import Missing
from jicha.desk.orders.actions import issue_order
from jicha.desk.orders.models import Order
from jicha.desk.people.models import units_with
from jicha.desk.ui.home import home
from jicha.desk.ui.routes import seen_or_404
from jicha.desk.ui.values import shown_rows

TAG = "clues"
MOST_AT_ONCE = 200
PROPOSE = FLOW.moves["propose_dismissal"]


class ClueRow(Schema):
    """A clue as the pool shows it."""

    id: int
    number: str
    version: int
    state: str
    band: str
    severity: int
    score: Amount
    unit: UnitRow
    place_kind: str
    place_id: str
    customer_no: str
    topics: str
    sentence: str
    charged_too_little_yuan: Amount
    charged_too_much_yuan: Amount
    expected_recovery_yuan: Amount
    energy_kwh: Amount
    needs_visit: bool
    recurrence: str
    month: Day
    first_seen: Day
    held_by: int | None


class FindingRow(Schema):
    """A finding of a clue, as the newest run saw it."""

    finding_id: str
    topic: str
    status: str
    severity: int
    direction: str
    subject_kind: str
    subject_id: str
    message: str
    energy_kwh: Amount | None
    amount_yuan: Amount | None
    first_seen: Day


class ClueDetail(ClueRow):
    """A clue with its findings and what can be done with this token now."""

    findings: list[FindingRow]
    moves: list[str]
    order: int | None
    reason: str
    reason_text: str
    silent_until: Day | None


class ClueRows(Listed):
    """A page of clues."""

    rows: list[ClueRow]


class EvidenceTable(Schema):
    """Rows of one table that a finding rests on, values as the page shows them, each with the file and line that it came in."""

    table: str
    columns: list[str]
    rows: list[list[str]]
    files: list[str]
    lines: list[int | None]


class Evidence(Schema):
    """What a finding rests on."""

    finding_id: str
    topic: str
    tables: list[EvidenceTable]


class Dismissal(Body):
    """Which clues are proposed to be dismissed; `preview` changes nothing."""

    clues: Annotated[list[RowId], Field(min_length=1, max_length=MOST_AT_ONCE)]
    preview: Annotated[bool, Field(strict=True)] = False


class Dismissed(Schema):
    """How many clues a dismissal would keep quiet, what is at stake on them, how many were proposed and why others were not."""

    found: int
    charged_too_little_yuan: Amount
    charged_too_much_yuan: Amount
    proposed: int
    refused: list[str]


class NewOrder(Body):
    """To whom an order goes, how, and what is to be found out."""

    unit: Words
    kind: Order.Kind
    request: Annotated[str, Field(max_length=4000, pattern=FILLED)]


ClueQuery = query("ClueQuery", SORTS, **filters_of(ClueFilter))
DismissalBody = create_model("DismissalBody", __base__=(Dismissal, body_of(Clue, PROPOSE)))


def clue_row(clue: Clue) -> dict[str, Any]:
    """Return a clue in the words of the exports."""
    same = (
        "id", "number", "version", "state", "band", "severity", "score", "place_kind", "place_id", "customer_no", "sentence", "recurrence",
        "month", "first_seen",
    )  # fmt: skip
    return {name: getattr(clue, name) for name in same} | {
        "unit": unit_row(clue.organisation), "topics": clue.rules, "charged_too_little_yuan": clue.company_yuan,
        "charged_too_much_yuan": clue.customer_yuan, "expected_recovery_yuan": clue.expected_yuan, "energy_kwh": clue.kwh,
        "needs_visit": clue.is_visit, "held_by": clue.holder_id,
    }  # fmt: skip


def _finding_row(one: Finding) -> dict[str, Any]:
    same = (
        "finding_id",
        "status",
        "severity",
        "direction",
        "subject_kind",
        "subject_id",
        "message",
        "first_seen",
    )
    told = {name: getattr(one, name) for name in same}
    return told | {"topic": one.rule_id, "energy_kwh": one.kwh, "amount_yuan": one.yuan}


def tell_clue(request: Any, clue: Clue) -> dict[str, Any]:
    """Return everything of a clue, with the moves that are open to the token."""
    order = Order.objects.seen_by(request.standing, "order.see").filter(clue=clue).first()
    return clue_row(clue) | {
        "findings": [_finding_row(one) for one in clue.findings.all()],
        "moves": open_moves(clue, FLOW, request), "order": order and order.pk,
        "reason": clue.reason, "reason_text": clue.reason_text, "silent_until": clue.silent_until,
    }  # fmt: skip


def find_clue(request: Any, pk: int) -> Clue:
    """Return a clue that the token sees."""
    found: Clue = seen_or_404(request, Clue, "clue.see", pk)
    return found


@operation("GET", "clues", "clues", "clue.see", ClueRows, tag=TAG)
def clues(request: Any, asked: Annotated[ClueQuery, FromQuery()]) -> Any:  # type: ignore[valid-type]
    """List clues, narrowed and sorted as in the pool; without state, q and holder those that are open."""
    rows = checked(filtered(request))
    return listed(request, asked, rows, SORTS, clue_row)


@operation("GET", "clues/<int:pk>", "clue", "clue.see", ClueDetail, tag=TAG)
def clue(request: Any, pk: Id) -> Any:
    """Tell everything of a clue."""
    return tell_clue(request, find_clue(request, pk))


@operation("GET", "clues/<int:pk>/findings/<str:finding_id>", "clue_evidence", "clue.see", Evidence, tag=TAG)
def evidence(request: Any, pk: Id, finding_id: str) -> Any:
    """Tell the rows that a finding rests on, each with the file and line that it came in."""
    mine = find_clue(request, pk).findings.filter(finding_id=finding_id).first()
    if mine is None:
        raise Http404
    _finding, _rule, sources = home().explain(mine.finding_id, mine.run_id)
    names = file_names(home().mart, sources)
    tables = [
        {
            "table": one.table, "columns": list(one.columns),
            "rows": shown_rows(contract().table(one.table), one.columns, one.rows),
            "files": [names.get(file, "") if file is not None else "" for file, _line in one.places],
            "lines": [line for _file, line in one.places],
        }
        for one in sources
    ]  # fmt: skip
    return {"finding_id": mine.finding_id, "topic": mine.rule_id, "tables": tables}


@operation("POST", "clues/dismissals", "clue_dismiss_many", PROPOSE.right or "", Dismissed, tag=TAG)
def dismiss_many(request: Any, body: DismissalBody) -> Any:  # type: ignore[valid-type]
    """Propose to dismiss many clues with one reason, or see beforehand what that would keep quiet."""
    asked: Any = body
    rows = dismissable(request.standing, asked.clues)
    sums = rows.order_by().aggregate(company=Sum("company_yuan"), customer=Sum("customer_yuan"))
    told = {
        "found": rows.count(), "charged_too_little_yuan": in_fen(sums["company"]), "charged_too_much_yuan": in_fen(sums["customer"]),
    }  # fmt: skip
    values = read(Clue(), PROPOSE, asked.model_dump(include=set(PROPOSE.fields)))
    if asked.preview:
        return told | {"proposed": 0, "refused": []}
    proposed, refused = propose_many(rows, request.standing, values)
    return told | {"proposed": proposed, "refused": refused}


@operation("POST", "clues/<int:pk>/order", "clue_order", "order.dispatch", OrderDetail, tag=TAG, status=201)
def order(request: Any, pk: Id, body: NewOrder) -> Any:
    """Make an order of a clue and dispatch it."""
    found: Clue = seen_or_404(request, Clue, "order.dispatch", pk)
    unit = units_with(request.standing, "order.dispatch").filter(number=body.unit).first()
    if unit is None:
        raise Missing(FLOW.moves["order"].title, [str(Order._meta.get_field("organisation").verbose_name)])
    return made(tell_order(request, issue_order(found, request.standing, unit, body.kind, body.request)))


def _make(clue: Clue, name: str, standing: Any, values: dict[str, Any]) -> None:
    move_clue(clue, name, standing, values, home().exceptions.path)


move_operations(FLOW, Clue, TAG, ClueDetail, find_clue, _make, tell_clue, without=("order",))
