"""Two counties with their stations, and one person of every role in the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from jicha.desk.administration.tree import place_organisations
from jicha.desk.clues.models import BroughtIn, Clue, Finding
from jicha.desk.people.models import Organisation, Post, User
from jicha.desk.people.standing import Standing, standing_of
from jicha.desk.ui.home import home

TREE = (
    {"org_no": "C1", "parent_org_no": None, "name": "东县", "level": "county"},
    {"org_no": "S11", "parent_org_no": "C1", "name": "东一所", "level": "station"},
    {"org_no": "S12", "parent_org_no": "C1", "name": "东二所", "level": "station"},
    {"org_no": "C2", "parent_org_no": None, "name": "西县", "level": "county"},
    {"org_no": "S21", "parent_org_no": "C2", "name": "西一所", "level": "station"},
)
BEGIN = date(2026, 1, 1)
MONTH = date(2026, 10, 1)


@dataclass(frozen=True)
class Persona:
    """A person with a browser."""

    user: User
    client: Client

    @property
    def standing(self) -> Standing:
        """What the person may do now."""
        return standing_of(self.user, date.today())


@pytest.fixture(autouse=True)
def separate(settings: Any, tmp_path: Path) -> Iterator[None]:
    """Give every test checkpoints and a home of its own."""
    settings.CHECKPOINTS = tmp_path / "checkpoints.jsonl"
    settings.HOME = tmp_path / "home"
    home.cache_clear()
    yield
    home.cache_clear()


@pytest.fixture
def tree(db: None) -> dict[str, Organisation]:
    """The organisations by number."""
    place_organisations(TREE)
    return {one.number: one for one in Organisation.objects.all()}


@pytest.fixture
def person(tree: dict[str, Organisation]) -> Callable[..., Persona]:
    """Make a person with one post."""

    def make(role: str, unit: str = "C1", name: str = "", language: str = "zh-hans") -> Persona:
        username = name or f"{role}-{unit}"
        user = User.objects.filter(username=username).first()
        if user is None:
            user = User.objects.create_user(
                username, "", "a long password 1", name=username, language=language
            )
            Post.objects.create(user=user, organisation=tree[unit], role=role, valid_from=BEGIN)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return Persona(user, client)

    return make


@pytest.fixture
def clue(tree: dict[str, Organisation]) -> Callable[..., Clue]:
    """Make a clue with one finding."""
    BroughtIn.objects.create(run_id="run-1", month=MONTH, snapshot_id=1, findings=1, new_clues=1)

    def make(unit: str = "S11", place: str = "K1", **more: Any) -> Clue:
        told: dict[str, Any] = {
            "organisation": tree[unit], "place_kind": "customer", "place_id": place, "customer_no": place, "rules": "MR-01",
            "sentence_zh": "漏抄", "sentence_en": "not read", "band": "soon", "score": Decimal("0.5"), "severity": 2,
            "company_yuan": Decimal("1234.56"), "customer_yuan": Decimal(0), "kwh": Decimal(100), "expected_yuan": Decimal("600.00"),
            "is_visit": True, "recurrence": "new", "month": MONTH, "run_id": "run-1", "first_seen": MONTH,
        }  # fmt: skip
        made = Clue.objects.create(**(told | more))
        Finding.objects.create(
            clue=made, finding_id=f"f-{place}", rule_id="MR-01", subject_kind="customer", subject_id=place, severity=2, status="new",
            message_zh="漏抄", message_en="not read", run_id="run-1", first_seen=MONTH, yuan=Decimal("1234.56"),
        )  # fmt: skip
        return made

    return make
