"""Runs whose findings the desk holds, and exceptions that keep rules quiet."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Query as FromQuery
from ninja import Schema

from jicha.desk.api.lists import Listed, Query, listed
from jicha.desk.api.operation import operation, refuse_unknown
from jicha.desk.api.values import Day, Time
from jicha.desk.clues.models import BroughtIn
from jicha.desk.clues.silenced import exceptions_seen
from jicha.desk.ui.home import home

RIGHT = "clue.see"
SORTS = {"newest": ("-at", "-id")}


class RunRow(Schema):
    """A run that was brought to the desk."""

    run_id: str
    month: Day
    snapshot_id: int
    at: Time
    findings: int
    new_clues: int


class RunRows(Listed):
    """A page of runs, newest first."""

    rows: list[RunRow]


class ExceptionRow(Schema):
    """An approved exception: the rule, the subject, why, by whom, from and until before when."""

    rule_id: str
    subject_id: str
    reason: str
    approved_by: str
    added_on: Day
    expires_on: Day


class ExceptionRows(Schema):
    """The exceptions of what the token sees."""

    rows: list[ExceptionRow]


@operation("GET", "runs", "runs", RIGHT, RunRows, tag="runs")
def runs(request: Any, asked: Annotated[Query, FromQuery()]) -> Any:
    """List the runs whose findings the desk holds, newest first."""
    names = tuple(RunRow.model_fields)
    return listed(
        request,
        asked,
        BroughtIn.objects.all(),
        SORTS,
        lambda one: {name: getattr(one, name) for name in names},
    )


@operation("GET", "exceptions", "exceptions", RIGHT, ExceptionRows, tag="exceptions")
def exceptions(request: Any) -> Any:
    """List the exceptions that keep rules quiet about what the token sees."""
    refuse_unknown(request, set())
    names = tuple(ExceptionRow.model_fields)
    entries = exceptions_seen(request.standing, home().exceptions)
    return {"rows": [{name: getattr(one, name) for name in names} for one in entries]}
