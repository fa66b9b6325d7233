"""Runs of a real (invented) utility come to the desk: clues, a second month, the re-check by the data."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jicha.desk.administration.tree import place_organisations
from jicha.desk.clues.models import BroughtIn, Clue, Finding
from jicha.desk.deliveries.bring_in import bring_in
from jicha.desk.orders.actions import issue_order, move_order
from jicha.desk.orders.models import Order
from jicha.desk.people.models import Organisation, Post, User
from jicha.desk.people.standing import Standing, standing_of
from jicha.errors import ExplainedError
from jicha.home import Home, open_home


@pytest.fixture
def county(audited: Path, tmp_path: Path, settings: Any, db: None) -> Home:
    """An audited home of two months, its organisations placed."""
    settings.HOME = tmp_path / "home"
    shutil.copytree(audited, settings.HOME)
    place_organisations(open_home(settings.HOME).organisations())
    return open_home(settings.HOME)


@pytest.fixture
def staff(county: Home) -> Callable[[str], Standing]:
    """One person a role, all at the top."""

    def make(role: str) -> Standing:
        user, is_new = User.objects.get_or_create(username=role, defaults={"name": role})
        if is_new:
            Post.objects.create(
                user=user,
                organisation=Organisation.objects.get(number="-"),
                role=role,
                valid_from=date(2026, 1, 1),
            )
        return standing_of(user, date.today())

    return make


def to_rectified(clue: Clue, staff: Callable[[str], Standing]) -> Order:
    """Take a clue all the way to where the data must speak."""
    order = issue_order(clue, staff("manager"), clue.organisation, "desk", "核对")
    for name, who, values in (
        ("accept", "unit", {}), ("verify", "auditor", {}), ("report", "auditor", {"verdict": "problem", "facts": "属实"}),
        ("approve", "reviewer", {"opinion": "同意"}), ("confirm", "leader", {"nature": "error", "cause": "person", "demand": "改"}),
        ("rectify", "unit", {}), ("report_rectified", "unit", {"rectification": "已改"}),
    ):  # fmt: skip
        move_order(order, name, staff(who), values)
    return order


def test_findings_become_clues_once(county: Home) -> None:
    """All findings that are not cleared lie in a clue, the sums are those of the run, and a second time nothing happens."""
    run = county.run("2026-10")
    told = bring_in(run, None)
    live = [row for row in run.findings.to_pylist() if row["status"] != "cleared"]
    kept = dict(Finding.objects.exclude(status="cleared").values_list("finding_id", "yuan"))
    assert kept == {row["finding_id"]: row["yuan_at_stake"] for row in live}
    composed = run.clues()
    assert told.new_clues == Clue.objects.count() == len(composed)
    assert sum(clue.expected_yuan for clue in Clue.objects.all()) == sum(
        clue.expected_yuan for clue in composed
    )
    again = bring_in(run, None)
    assert (again.is_repeated, Clue.objects.count(), BroughtIn.objects.count()) == (True, told.new_clues, 1)


def test_the_next_month_renews_what_is_alive(county: Home, staff: Callable[[str], Standing]) -> None:
    """A clue whose findings continue stays the same clue; one of which nothing is left is gone; what was taken stays taken."""
    bring_in(county.run("2026-09"), None)
    before = {(c.place_kind, c.place_id): c.pk for c in Clue.objects.all()}
    october = county.run("2026-10")
    places = {(one.place_kind, one.place_id) for one in october.clues()}
    told = bring_in(october, None)
    assert told.renewed_clues == len(before.keys() & places) > 0
    assert told.new_clues == len(places - before.keys()) > 0
    assert told.gone_clues == Clue.objects.filter(state="gone").count() > 0
    gone = set(Clue.objects.filter(state="gone").values_list("place_kind", "place_id"))
    assert gone <= before.keys() - places
    assert all(
        Clue.objects.get(place_kind=kind, place_id=place).pk == before[kind, place]
        for kind, place in before.keys() & places
    )


def test_the_data_close_or_reopen_what_was_rectified(county: Home, staff: Callable[[str], Standing]) -> None:
    """Of two orders reported as rectified the one whose findings are gone is proven, the other goes back to rectifying."""
    bring_in(county.run("2026-09"), None)
    october = county.run("2026-10")
    there = {row["finding_id"] for row in october.findings.to_pylist() if row["status"] != "cleared"}
    judged = {
        (v.rule_id, v.org_no) for v in october.manifest.verdicts if v.verdict in ("ran", "nothing_found")
    }
    clues = [
        (clue, set(clue.findings.values_list("finding_id", "rule_id")))
        for clue in Clue.objects.select_related("organisation")
    ]
    gone = next(
        clue
        for clue, found in clues
        if not {f for f, _ in found} & there and {(r, clue.organisation.number) for _, r in found} <= judged
    )
    still = next(clue for clue, found in clues if {f for f, _ in found} & there)
    first, second = to_rectified(gone, staff), to_rectified(still, staff)
    told = bring_in(october, None)
    first.refresh_from_db(), second.refresh_from_db()
    assert (first.state, first.proof_run_id) == ("rechecked", october.run_id)
    assert (second.state, second.proof_run_id) == ("rectifying", october.run_id)
    assert told.rechecked == {"proven": 1, "still_there": 1}


def test_an_older_run_is_refused(county: Home, staff: Callable[[str], Standing]) -> None:
    """A run of an earlier month proves nothing and would overwrite what is known: it is refused and nothing changes."""
    bring_in(county.run("2026-10"), None)
    clue = Clue.objects.select_related("organisation").filter(rules__startswith="MR").first()
    assert clue is not None
    order = to_rectified(clue, staff)
    with pytest.raises(ExplainedError, match="not before 2026-10"):
        bring_in(county.run("2026-09"), None)
    order.refresh_from_db()
    assert (order.state, BroughtIn.objects.count()) == ("rectified", 1)


def test_evidence_comes_from_the_snapshot(
    county: Home, staff: Callable[[str], Standing], person: Callable[..., Any]
) -> None:
    """The page of a clue shows the source rows of a finding with file and line, and the customer's page the bills."""
    bring_in(county.run("2026-10"), None)
    clue = Clue.objects.exclude(customer_no="").filter(rules__startswith="MR-").first()
    assert clue is not None
    staff("manager")
    from django.test import Client

    client = Client()
    client.force_login(
        User.objects.get(username="manager"), backend="django.contrib.auth.backends.ModelBackend"
    )
    finding = clue.findings.first()
    assert finding is not None
    page = client.get(f"/clues/{clue.pk}/evidence/{finding.finding_id}/").content.decode()
    assert ".csv:" in page and finding.rule_id in page
    page = client.get(f"/customers/{clue.customer_no}/").content.decode()
    assert clue.number in page
    assert "<svg" in client.get(f"/customers/{clue.customer_no}/chart/").content.decode()
    assert client.get("/customers/no-such-number/").status_code == 404
