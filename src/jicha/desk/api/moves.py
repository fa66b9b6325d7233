"""One operation for every move of a flow, made from its table: what the table demands is what the document says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from django.db import models
from django.http import HttpRequest
from ninja import Header, Schema
from pydantic import ConfigDict, Field, create_model

from jicha.desk.api.errors import Invalid
from jicha.desk.api.lists import one_of
from jicha.desk.api.operation import operation
from jicha.desk.api.values import FILLED, PLAIN, Day, Id, RowId, number_text, text
from jicha.desk.flow.forms import form_of
from jicha.desk.flow.moves import Flow, Move
from jicha.desk.flow.refusals import Overtaken

# Finds the record that the person sees; makes the move; tells the record as it is then.
Find = Callable[[Any, int], Any]
Make = Callable[[Any, str, Any, dict[str, Any]], None]
Tell = Callable[[Any, Any], Any]
Version = Annotated[
    str | None,
    Header(alias="If-Match", pattern=r'^"?[0-9]{1,9}"?$', description="The version that you saw: where it is no longer that, 409."),
]  # fmt: skip


class Body(Schema):
    """What a move writes, and nothing else."""

    model_config = ConfigDict(extra="forbid")


def open_moves(record: Any, flow: Flow, request: Any) -> list[str]:
    """Return the names of the moves that are open to the token now."""
    return [move.name for move in flow.open_to(record, request.standing)]


def body_of(model: type[models.Model], move: Move) -> type[Body]:
    """Return what a move takes: what it needs, what it may have, each as its column holds it."""
    fields: dict[str, Any] = {name: (_kind(model._meta.get_field(name), True), ...) for name in move.needs}
    fields |= {name: (_kind(model._meta.get_field(name), False) | None, None) for name in move.may}
    return create_model(f"{model.__name__}_{move.name}", __base__=Body, **fields)


def _kind(column: Any, is_needed: bool) -> Any:
    """Return the kind of a column's values; what is needed is not empty."""
    label = str(column.verbose_name)
    if column.choices:
        kind = one_of(str(code) for code, _title in column.choices)
    elif isinstance(column, models.DecimalField):
        kind = number_text(column)
    elif isinstance(column, models.DateField):
        kind = Day
    elif isinstance(column, models.ForeignKey):
        kind = RowId
    elif isinstance(column, models.BooleanField):
        kind = Annotated[bool, Field(strict=True)]
    elif isinstance(column, models.IntegerField):
        kind = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
    else:
        kind = Annotated[text(column.max_length), Field(pattern=FILLED if is_needed else PLAIN)]
    return Annotated[kind, Field(description=label)]


def move_operations(
    flow: Flow, model: type[models.Model], tag: str, answer: Any, find: Find, make: Make, tell: Tell, *, without: tuple[str, ...] = ()
) -> None:  # fmt: skip
    """Put every move that a person can make into the API, below the record that it moves."""
    for move in flow.moves.values():
        if move.right is not None and move.name not in without:
            _enter(move, model, tag, answer, find, make, tell)


def _enter(
    move: Move, model: type[models.Model], tag: str, answer: Any, find: Find, make: Make, tell: Tell
) -> None:
    def do(request: Any, pk: int, told: dict[str, Any], version: str | None) -> Any:
        record = find(request, pk)
        if version is not None and int(version.strip('"')) != record.version:
            raise Overtaken(move.title)
        make(record, move.name, request.standing, read(record, move, told))
        return tell(request, record)

    def with_values(request: HttpRequest, pk: Id, body: Body, version: Version = None) -> Any:
        return do(request, pk, body.model_dump(exclude_none=True), version)

    def without_values(request: HttpRequest, pk: Id, version: Version = None) -> Any:
        return do(request, pk, {}, version)

    handler = with_values if move.fields else without_values
    if move.fields:
        handler.__annotations__["body"] = body_of(model, move)
    handler.__doc__ = (
        f"{move.name.replace('_', ' ').capitalize()}.\n\nFrom {', '.join(move.sources)} to {move.target}."
    )
    assert move.right is not None
    name = f"{model._meta.model_name}_{move.name}"
    operation("POST", f"{tag}/<int:pk>/{move.name}", name, move.right, answer, tag=tag)(handler)


def read(record: Any, move: Move, told: dict[str, Any]) -> dict[str, Any]:
    """Return the values as the form of the page reads them: one place says what a field takes."""
    form = form_of(record, move, {f"{move.name}-{name}": value for name, value in told.items()})
    if not form.is_valid():
        raise Invalid({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    return form.cleaned_data
