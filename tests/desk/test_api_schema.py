"""Schemathesis asks the API everything that its document allows, and much that it does not: it never fails, and answers as documented."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import requests
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from jicha.desk.api.document import document
from jicha.desk.api.operation import OPERATIONS
from jicha.desk.clues.models import Clue
from jicha.desk.orders.actions import issue_order
from jicha.desk.people.models import Organisation, Post
from tests.desk.program import JSON, token_for

REQUEST = ("method", "url", "headers", "params", "data", "json", "files")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture
def schema(
    person: Callable[..., Any], clue: Callable[..., Clue], tree: dict[str, Organisation], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Any:  # fmt: skip
    """The document as a token with every right reads it, over a desk with a clue and an order in reach of the ids that are tried."""
    settings.API_CALLS_A_MINUTE = 10**6
    monkeypatch.setattr("jicha.home.Home.customer_name", lambda _self, _number: ("某", "S11"))
    monkeypatch.setattr("jicha.home.Home.customer_file", lambda _self, _number: [])
    boss = person("manager", "-", "boss")
    for role in ("unit", "reviewer", "leader", "administrator"):
        Post.objects.create(user=boss.user, organisation=tree["-"], role=role, valid_from=date(2026, 1, 1))
    issue_order(clue(), boss.standing, tree["S11"], "desk", "x")
    clue(place="K2")
    _token, secret = token_for(boss, may_be_grave=True)
    return schemathesis.openapi.from_dict(document()), secret


def answered(case: Any, secret: str) -> Response:
    """Send a case through the whole desk, in this thread and its transaction, as the test client of Django does."""
    told = case.as_transport_kwargs(base_url="http" + "://localhost")
    told.pop("cookies", None)
    asked = requests.Request(**{key: told[key] for key in told if key in REQUEST}).prepare()
    kind, body = asked.headers.pop("Content-Type", JSON), asked.body or b""
    headers = {name: str(value) for name, value in asked.headers.items() if name in ("If-Match", "Accept")}
    headers["Authorization"] = f"Bearer {secret}"
    response = Client().generic(str(asked.method), asked.path_url, body, content_type=kind, headers=headers)
    headers_told = {name: [value] for name, value in response.headers.items()}
    return Response(response.status_code, headers_told, response.content, asked, elapsed=0.0, verify=False)


def ask(schema: Any, secret: str, mode: GenerationMode, examples: int) -> dict[str, set[int]]:
    """Ask every operation so often, always with the same seed; return what each answered. A failed check raises."""
    told: dict[str, set[int]] = {}
    for result in schema.get_all_operations():
        one = result.ok()

        @seed(20261124)
        @settings(
            max_examples=examples, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=one.as_strategy(generation_mode=mode))
        def once(case: Any) -> None:
            answer = answered(case, secret)
            case.validate_response(answer, checks=CHECKS)
            told.setdefault(case.operation.label, set()).add(answer.status_code)

        once()
    return told


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_api_never_fails_and_answers_as_documented(schema: Any, mode: GenerationMode) -> None:
    """A few requests of every operation: none is a failure, every status, type and body is one that the document names."""
    told = ask(*schema, mode, examples=3)
    assert len(told) == len(OPERATIONS)
    assert not any(status >= 500 for statuses in told.values() for status in statuses)
    if mode is GenerationMode.NEGATIVE:
        assert {422} <= set().union(*told.values())
    else:
        assert 200 in told["GET /api/v1/clues"]


@pytest.mark.proof
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_the_api_never_fails_in_many_tries(schema: Any, mode: GenerationMode) -> None:
    """The same with very many requests."""
    told = ask(*schema, mode, examples=150)
    assert len(told) == len(OPERATIONS)
