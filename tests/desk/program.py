"""A program that uses the API for a person, and values that a schema of the API's document takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from jicha.desk.api.models import ApiToken
from jicha.desk.api.tokens import make_token, rights_of, units_of
from jicha.desk.people.models import Organisation

JSON = "application/json"


def token_for(persona: Any, *rights: str, unit: str = "", **more: Any) -> tuple[ApiToken, str]:
    """Make a token of the person: with all rights and where the person has a post, unless told otherwise."""
    standing = persona.standing
    where = Organisation.objects.get(number=unit) if unit else units_of(standing).order_by("path")[0]
    until = more.pop("until", timezone.localdate() + timedelta(days=30))
    return make_token(standing, "the robot", rights or rights_of(standing), where, until, **more)


def program(persona: Any, *rights: str, **more: Any) -> Client:
    """Return a client that sends such a token with every call."""
    return with_secret(token_for(persona, *rights, **more)[1])


def with_secret(secret: str) -> Client:
    """Return a client that sends this secret with every call."""
    return Client(headers={"Authorization": f"Bearer {secret}"})


def example(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    """Return a value that the schema takes."""
    if "$ref" in schema:
        return example(document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]], document)
    if "anyOf" in schema:
        return example(schema["anyOf"][0], document)
    if "enum" in schema or "const" in schema:
        return schema["enum"][0] if "enum" in schema else schema["const"]
    kind = schema["type"]
    if kind == "object":
        return {name: example(schema["properties"][name], document) for name in schema.get("required", ())}
    if kind == "array":
        return [example(schema["items"], document)]
    return {"boolean": False, "integer": 1}.get(kind) if kind != "string" else _text(schema)


def _text(schema: dict[str, Any]) -> str:
    return "2030-01-01" if schema.get("format") == "date" else "1"
