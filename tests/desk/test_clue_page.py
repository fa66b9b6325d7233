"""The page of a clue on real data: rows with batch, file and line, the bill worked out again, 24 months, what is near, the keys."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jicha.contract import contract
from jicha.desk.administration.tree import place_organisations
from jicha.desk.clues.models import Clue, Finding
from jicha.desk.clues.neighbours import neighbour
from jicha.desk.clues.views import SORTS
from jicha.desk.deliveries.bring_in import bring_in
from jicha.desk.people.models import Organisation, Post, User
from jicha.desk.ui.chart import BAR_WIDTH, months_before, waterfall
from jicha.desk.ui.home import home
from tests.desk.conftest import BEGIN, MONTH, Persona


@pytest.fixture
def brought(audited: Path, settings: Any, tmp_path: Path, db: None) -> Callable[..., Persona]:
    """October of the invented utility at the desk; returns what makes a person with a post over all of it."""
    settings.HOME = tmp_path / "real"
    shutil.copytree(audited, settings.HOME)
    home.cache_clear()
    place_organisations(home().organisations())
    bring_in(home().run("2026-10"), None, lambda *_: None)

    def make(role: str, number: str = "-") -> Persona:
        from django.test import Client

        user = User.objects.create_user(role, "", "a long password 1", name=role)
        unit = Organisation.objects.get(number=number)
        Post.objects.create(user=user, organisation=unit, role=role, valid_from=BEGIN)
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return Persona(user, client)

    return make


def plain(html: bytes) -> str:
    """Return the text of a fragment without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.decode()))


def a_wrong_bill() -> Finding:
    """Return a finding on a bill that was worked out again otherwise than it was issued."""
    found = Finding.objects.filter(subject_kind="bill", rule_id="BL-10", yuan__isnull=False).first()
    assert found is not None
    return found


def test_rows_carry_batch_file_and_line(brought: Callable[..., Persona], audited: Path) -> None:
    """Each row names the delivery, the file and the line; the line of that file holds the bill. The clause is quoted, its doubt told."""
    finding = a_wrong_bill()
    page = brought("manager").client.get(f"/clues/{finding.clue_id}/evidence/{finding.finding_id}/")
    place = re.search(r"#(\d+) · (bill\.csv):([\d,]+)", plain(page.content))
    assert place is not None
    source = next(
        one for one in home().mart.catalogue.sources(int(place[1])) if Path(one.path).name == "bill.csv"
    )
    with Path(source.path).open(encoding="utf-8-sig", newline="") as file:
        line = list(csv.reader(file))[int(place[3].replace(",", "")) - 1]
    assert line[0] == finding.subject_id
    text = page.content.decode()
    rule = home().library.rule("BL-10")
    assert (rule.basis[0]["quote"] in text, "least_yuan" in text) == (True, True)
    assert (rule.triage["benign"]["zh"][0] in text, rule.triage["blind_spots"]["zh"][0] in text) == (
        True,
        True,
    )
    bill = next(one for one in page.context["told"].tables if one.name == "bill")
    lit = {title for title, is_read in bill.columns if is_read}
    # what the rule declares to read of a bill, and nothing of what it does not
    read = {contract().table("bill").field(name).title_zh for name in rule.needs["bill"]}
    assert lit == read & {title for title, _ in bill.columns}
    assert contract().table("bill").field("issued_at").title_zh in {
        title for title, is_read in bill.columns if not is_read
    }


def test_the_sheet_explains_the_difference_to_the_cent(brought: Callable[..., Persona]) -> None:
    """Issued less due is what the finding says, and the parts of the bar add up to it."""
    finding = a_wrong_bill()
    response = brought("manager").client.get(f"/clues/{finding.clue_id}/sheet/{finding.finding_id}/")
    difference = response.context["sheet"]["difference_yuan"]
    sign = 1 if finding.direction == "customer" else -1
    assert Decimal(difference.replace(",", "")) == sign * (finding.yuan or 0)
    assert sum(one.yuan for one in response.context["segments"]) == Decimal(difference.replace(",", ""))
    assert difference in response.content.decode()
    lines = dict(response.context["groups"])
    told = sum(Decimal(one["difference_yuan"].replace(",", "")) for one in lines["differ"])
    assert told == Decimal(difference.replace(",", ""))


def test_a_sheet_of_what_is_no_bill_is_not_there(brought: Callable[..., Persona]) -> None:
    """Only a bill can be worked out again."""
    finding = Finding.objects.exclude(subject_kind="bill").first()
    assert finding is not None
    manager = brought("manager").client
    assert manager.get(f"/clues/{finding.clue_id}/sheet/{finding.finding_id}/").status_code == 404


def test_the_months_are_those_of_the_bills(brought: Callable[..., Persona]) -> None:
    """24 months end with the clue's; energy and amount are the sums of the customer's bills; the finding is marked; a table says the same."""
    finding = a_wrong_bill()
    clue = Clue.objects.get(pk=finding.clue_id)
    response = brought("manager").client.get(f"/clues/{clue.pk}/chart/")
    months = response.context["chart"].months
    bills = next(one for one in home().customer_file(clue.customer_no) if one.table.name == "bill")
    month, kwh = bills.columns.index("bill_month"), bills.columns.index("kwh")
    expected = sum(row[kwh] for row in bills.rows if row[month] == MONTH)
    assert (len(months), months[-1].month, months[-1].kwh) == (24, MONTH, expected)
    assert any(finding.rule_id in text for text in months[-1].findings)
    assert f"● {finding.rule_id}" in plain(response.content)


def test_what_is_near_ends_at_the_border(brought: Callable[..., Persona]) -> None:
    """Clues of the same reader are listed, none of a unit that the person does not see."""
    finding = a_wrong_bill()
    clue = Clue.objects.get(pk=finding.clue_id)
    told = {
        kind: count
        for kind, _rows, count in brought("manager").client.get(f"/clues/{clue.pk}/near/").context["groups"]
    }
    reader = home().customer_links(clue.customer_no).readers[0][0]
    read = set(home().customers_of_reader(reader)) - {clue.customer_no}
    live = Clue.objects.filter(state="open", customer_no__in=read).count()
    assert told.get("reader", 0) == live > 0
    other = Organisation.objects.filter(level="station").exclude(pk=clue.organisation_id).first()
    assert other is not None
    assert brought("auditor", other.number).client.get(f"/clues/{clue.pk}/near/").status_code == 404


@pytest.mark.parametrize("sort", sorted(SORTS))
def test_the_keys_walk_the_whole_list_once(sort: str, clue: Callable[..., Clue]) -> None:
    """From the first to the last and back, in every order of the list, through equal values too."""
    for number in range(7):
        clue(
            place=f"K{number % 3}-{number}", expected_yuan=Decimal(number % 2), score=Decimal(number % 3) / 10
        )
    order = SORTS[sort]
    wanted = list(Clue.objects.order_by(*order))
    there = [one.pk for one in wanted]
    walked = [there[0]]
    while (
        following := neighbour(Clue.objects.all(), Clue.objects.get(pk=walked[-1]), order, after=True)
    ) is not None:
        walked.append(following)
    assert walked == there
    back = [neighbour(Clue.objects.all(), one, order, after=False) for one in wanted]
    assert back == [None, *there[:-1]]


def test_the_walk_keeps_the_filter_of_the_list(clue: Callable[..., Clue], person: Callable[..., Any]) -> None:
    """Who came from a filtered pool goes on in it; who came from elsewhere walks the clues that wait."""
    mine, other, far = (
        clue(place="K1", band="urgent"),
        clue(place="K2", band="soon"),
        clue(place="K3", band="urgent"),
    )
    client = person("manager").client
    page = client.get(
        f"/clues/{far.pk}/", headers={"referer": "https://desk.test/clues/?band=urgent&state=open"}
    )
    assert page.context["walk"]["next"] == f"/clues/{mine.pk}/?band=urgent&state=open"
    again = client.get(page.context["walk"]["next"])
    assert again.context["walk"]["previous"] == f"/clues/{far.pk}/?band=urgent&state=open"
    elsewhere = client.get(f"/clues/{far.pk}/", headers={"referer": "http://evil.test/clues/?x"})
    assert elsewhere.context["walk"]["next"].startswith(f"/clues/{other.pk}/")


def test_a_home_without_data_says_so(clue: Callable[..., Clue], person: Callable[..., Any]) -> None:
    """A part that cannot be fetched is a sentence with what to do, not an empty place."""
    one = clue()
    told = person("manager").client.get(f"/clues/{one.pk}/chart/")
    assert (told.status_code, "jicha load" in told.content.decode()) == (200, True)


def test_the_parts_of_a_difference_lie_end_to_end() -> None:
    """+9 and −3 and +2: the first from 0 to 9, the second back to 6, the third to 8; in a picture of 300 points."""
    parts = waterfall(
        [
            ("quantity", "a", Decimal(9)),
            ("price", "b", Decimal(-3)),
            ("rounding", "c", Decimal(2)),
            ("period", "d", Decimal(0)),
        ]
    )
    assert [(one.x, one.x + one.width) for one in parts] == [(0, BAR_WIDTH), (200, 300), (200, 266)]
    assert [one.tone for one in parts] == ["over", "under", "over"]


def test_months_go_over_the_turn_of_the_year() -> None:
    """February, backwards by four."""
    assert [f"{one:%Y-%m}" for one in months_before(MONTH.replace(month=2), 4)] == [
        "2025-11",
        "2025-12",
        "2026-01",
        "2026-02",
    ]
