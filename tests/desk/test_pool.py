"""The pool: counts kept by the database, pages, search, put off and lacking data, saved views, groups, many dismissals, large exports."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, Q, Sum
from django.http import QueryDict
from django.utils import timezone

from jicha.audit.yaml_file import read_mapping
from jicha.desk.clues import pages, tally
from jicha.desk.clues.models import ORDERS, Clue, Finding, SavedView, Tally
from jicha.desk.clues.snooze import wake_clues
from jicha.desk.clues.views import filtered
from jicha.desk.exports.jobs import delete_old
from jicha.desk.exports.models import ExportRequest
from jicha.desk.jobs.models import Job
from jicha.desk.jobs.run import run_job
from jicha.desk.journal.models import Event
from jicha.desk.journal.verify import verify
from jicha.desk.people.models import Organisation
from jicha.desk.people.rights import POLICIES

Make = Callable[..., Clue]
MONTH = date(2026, 10, 1)


@pytest.fixture
def many(clue: Make, tree: dict[str, Organisation]) -> list[Clue]:
    """Three hundred clues of two counties, in several states and bands, with amounts drawn by a seed."""
    draw = random.Random(7)
    first = clue("S11", "first")
    rows = [
        Clue(
            organisation=tree[draw.choice(("S11", "S12", "S21"))], place_kind="customer", place_id=f"P{n:04}", customer_no=f"{1000 + n // 3}",
            district_id=f"D{n % 7}", rules="MR-01", sentence_zh=f"漏抄 {n}", sentence_en=f"not read {n}", band=draw.choice(("urgent", "soon")),
            score=Decimal(draw.randrange(1000)) / 1000, severity=draw.randint(1, 3), company_yuan=Decimal(draw.randrange(10**6)) / 100,
            customer_yuan=Decimal(draw.randrange(100)) / 100, kwh=1, expected_yuan=Decimal(draw.randrange(-500, 10**5)) / 100, is_visit=False,
            recurrence="new", month=MONTH, run_id="run-1", first_seen=MONTH,
        )
        for n in range(300)
    ]  # fmt: skip
    Clue.objects.bulk_create(rows)
    return [first, *rows]


def kept() -> dict[tuple[int, str, str], tuple[int, int, int, int]]:
    """Return the tally as the database keeps it, without the rows that came to nothing."""
    rows = Tally.objects.exclude(clues=0)
    return {
        (r.organisation_id, r.state, r.band): (r.clues, r.company_fen, r.customer_fen, r.expected_fen)
        for r in rows
    }


def counted() -> dict[tuple[int, str, str], tuple[int, int, int, int]]:
    """Return the same, counted anew from the rows."""
    told: dict[tuple[int, str, str], list[int]] = {}
    for row in Clue.objects.all():
        sums = told.setdefault((row.organisation_id, row.state, row.band), [0, 0, 0, 0])
        for place, value in enumerate(
            (Decimal("0.01"), row.company_yuan, row.customer_yuan, max(Decimal(0), row.expected_yuan))
        ):
            sums[place] += int(value * 100)
    return {key: tuple(value) for key, value in told.items()}  # type: ignore[misc]


def test_the_tally_follows_every_change(
    many: list[Clue], person: Callable[..., Any], tree: dict[str, Organisation]
) -> None:
    """Rows made in bulk, moved, renewed with other amounts in another unit, counted anew: it is what a count of the rows gives."""
    assert kept() == counted()
    auditor = person("auditor")
    for row in Clue.objects.filter(organisation__number="S11")[:5]:
        assert auditor.client.post(f"/clues/{row.pk}/take/").status_code == 302
    assert kept() == counted()
    renewed = list(Clue.objects.all()[:50])
    for row in renewed:
        row.organisation, row.company_yuan, row.band = tree["S12"], Decimal("17.29"), "ordinary"
    Clue.objects.bulk_update(renewed, ["organisation", "company_yuan", "band"])
    assert kept() == counted()
    Tally.objects.all().delete()
    tally.put_up()
    assert kept() == counted()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "state=",
        "band=urgent",
        "state=&unit=S11",
        "unit=S12&band=soon",
        "least=5000",
        "q=漏抄",
        "district=D3",
    ],
)
@pytest.mark.parametrize("is_long", [False, True])
def test_pages_hold_what_the_filter_holds(
    many: list[Clue],
    person: Callable[..., Any],
    rf: Any,
    monkeypatch: pytest.MonkeyPatch,
    query: str,
    is_long: bool,
) -> None:
    """On either way through the database the pages, one after the other, are the rows of the filter in order, each once."""
    if not is_long:
        monkeypatch.setattr(pages, "isqrt", lambda _n: 10**9)
    manager = person("manager")
    request = rf.get(f"/clues/?{query}")
    request.user, request.standing = manager.user, manager.standing
    for sort, order in ORDERS.items():
        told = filtered(request)
        first = pages.pool_page(told, sort, 1)
        found = [row.pk for n in first.paginator.page_range for row in pages.pool_page(told, sort, n)]
        wanted = list(told.qs.order_by(*order).values_list("pk", flat=True))
        assert (found, first.paginator.count) == (wanted, len(wanted)), sort


def test_figures_are_what_a_count_gives(many: list[Clue], person: Callable[..., Any], rf: Any) -> None:
    """States, bands and sums of the head line end at the county and agree with the rows."""
    manager = person("manager")
    rows = Clue.objects.seen_by(manager.standing, "clue.see")
    units = [unit.pk for unit in Organisation.objects.filter(number__in=("C1", "S11", "S12"))]
    for name in ("state", "band"):
        wanted = dict(rows.order_by().values_list(name).annotate(Count("id")))
        assert {code: n for code, _title, n in tally.facets(units)[name]} == wanted
    told = tally.sums(units, ["open"], "soon")
    open_rows = rows.filter(state="open", band="soon")
    sums = open_rows.aggregate(a=Sum("company_yuan"), b=Sum("expected_yuan", filter=Q(expected_yuan__gt=0)))
    assert (told.clues, told.company, told.expected) == (open_rows.count(), sums["a"], sums["b"])
    page = manager.client.get("/clues/figures/?state=open&band=soon").content.decode()
    assert f"{told.company:,.2f}" in page


def test_more_rows_than_are_paged_are_said_to_be_more(
    many: list[Clue], person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A filter that the tally does not know is counted so far as pages are shown."""
    monkeypatch.setattr(pages, "MOST_DEEP", 60)
    page = person("manager", language="en").client.get("/clues/?state=&q=not+read").content.decode()
    assert "more than 60 rows" in page


def test_a_number_is_looked_up(many: list[Clue], person: Callable[..., Any]) -> None:
    """Customer, place or number of a clue give that clue; other words are looked for in the sentences."""
    client = person("manager", "-", "all").client
    for text in (many[5].place_id, f"XS{many[5].pk:07d}", str(many[5].pk)):
        page = client.get("/clues/", {"q": text, "state": ""}).content.decode()
        assert many[5].place_id in page and page.count("<tr data-href") == 1, text
    assert client.get("/clues/", {"q": "not read 27"}).content.decode().count("<tr data-href") == 11


def test_a_topic_is_a_beginning(many: list[Clue], clue: Make, person: Callable[..., Any]) -> None:
    """`mr` finds MR-01, `MR-0` too, `MR-02` does not."""
    client = person("manager").client
    assert [
        client.get(f"/clues/?rule={text}").content.decode().count("<tr data-href")
        for text in ("mr", "MR-0", "MR-02")
    ] == [1, 1, 0]
    Finding.objects.update(rule_id="MR-02")
    assert client.get("/clues/?rule=MR-02").content.decode().count("<tr data-href") == 1


def test_next_takes_the_best_that_is_free(many: list[Clue], person: Callable[..., Any]) -> None:
    """Two auditors who press next get two clues, the most expected first, each once."""
    order = list(
        Clue.objects.filter(organisation__number__in=("S11", "S12"), state="open").order_by(
            "-expected_yuan", "-id"
        )[:2]
    )
    taken = [
        person("auditor", "C1", name).client.post("/clues/next/").headers["Location"] for name in ("a", "b")
    ]
    assert taken == [f"/clues/{row.pk}/" for row in order]
    assert [Clue.objects.get(pk=row.pk).holder.name for row in order] == ["a", "b"]


def test_a_clue_that_is_put_off_comes_back_on_its_day(
    clue: Make, person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a day and a reason, not without; nobody holds it when it is back, and the log tells why it went and came."""
    auditor = person("auditor")
    one = clue()
    auditor.client.post(f"/clues/{one.pk}/take/")
    tomorrow = timezone.localdate() + timedelta(days=1)
    path = f"/clues/{one.pk}/snooze/"
    wrong = (
        {},
        {"snooze-snoozed_until": tomorrow},
        {"snooze-snoozed_until": timezone.localdate(), "snooze-snooze_reason": "x"},
    )
    assert [auditor.client.post(path, told).status_code for told in wrong] == [422, 422, 422]
    right = {"snooze-snoozed_until": tomorrow, "snooze-snooze_reason": "等换表"}
    assert auditor.client.post(path, right).status_code == 302
    assert wake_clues() == 0
    monkeypatch.setattr(timezone, "localdate", lambda *_: tomorrow)
    assert wake_clues() == 1 and wake_clues() == 0
    one.refresh_from_db()
    assert (one.state, one.holder) == ("open", None)
    told = Event.objects.filter(subject_kind="clues.clue", subject_id=str(one.pk)).values_list(
        "action", flat=True
    )
    assert list(told) == ["take", "snooze", "wake_by_day"]


def test_what_lacks_data_says_which(clue: Make, person: Callable[..., Any]) -> None:
    """The mark needs words; who has the data takes it away."""
    auditor = person("auditor")
    one = clue()
    assert auditor.client.post(f"/clues/{one.pk}/need_data/").status_code == 422
    assert (
        auditor.client.post(
            f"/clues/{one.pk}/need_data/", {"need_data-missing_data": "八月抄表底码"}
        ).status_code
        == 302
    )
    assert "八月抄表底码" in auditor.client.get(f"/clues/{one.pk}/").content.decode()
    assert auditor.client.post(f"/clues/{one.pk}/data_there/").status_code == 302
    one.refresh_from_db()
    assert one.state == "open"


def test_views_are_kept_for_oneself_or_for_the_unit(many: list[Clue], person: Callable[..., Any]) -> None:
    """A shared one is seen in the unit, not in the next county; a private one by its owner only; only the owner deletes."""
    mine, other, away = (
        person("auditor", "C1", "me"),
        person("reviewer", "S11", "you"),
        person("auditor", "C2", "away"),
    )
    told = {"name": "甲号视图", "query": "band=urgent&page=3&sort=yuan&evil=1", "is_shared": "on"}
    answer = mine.client.post("/clues/views/", told)
    assert answer.headers["Location"] == "/clues/?band=urgent&sort=yuan"
    mine.client.post("/clues/views/", told | {"name": "乙号视图", "is_shared": ""})
    seen = [
        ("甲号视图" in page, "乙号视图" in page)
        for page in (p.client.get("/clues/").content.decode() for p in (mine, other, away))
    ]
    assert seen == [(True, True), (True, False), (False, False)]
    view = SavedView.objects.get(name="甲号视图")
    assert (
        away.client.post(f"/clues/views/{view.pk}/delete/").status_code,
        other.client.post(f"/clues/views/{view.pk}/delete/").status_code,
    ) == (404, 403)
    assert mine.client.post("/clues/views/", {"name": " ", "query": ""}).status_code == 422
    assert mine.client.post(f"/clues/views/{view.pk}/delete/").status_code == 302
    actions = Event.objects.filter(action__in=("save_view", "delete_view")).values_list("action", flat=True)
    assert list(actions) == ["save_view", "save_view", "delete_view"]


@pytest.mark.parametrize("by", ["customer", "district", "unit"])
def test_groups_add_up(many: list[Clue], person: Callable[..., Any], by: str) -> None:
    """Every group's clues are those of its link, and all of them together those of the pool."""
    manager = person("manager")
    answer = manager.client.get(f"/clues/groups/?by={by}&sort=clues")
    shown = answer.context["shown"]
    for one in shown[:5]:
        assert manager.client.get(one["link"]).context["page"].paginator.count == one["row"]["clues"]
    told = b"".join(manager.client.get(f"/clues/groups/?by={by}&export=csv").streaming_content).decode(
        "utf-8-sig"
    )
    column = told.splitlines()[0].split(",").index("clues")
    grouped = sum(int(line.split(",")[column]) for line in told.splitlines()[1:])
    named = {"customer": ~Q(customer_no=""), "district": ~Q(district_id=""), "unit": Q()}[by]
    assert (
        grouped == Clue.objects.filter(named, state="open", organisation__number__in=("S11", "S12")).count()
    )


def reason(**more: Any) -> dict[str, Any]:
    """The form of a dismissal."""
    return {
        "propose_dismissal-reason": "benign", "propose_dismissal-reason_text": "空置", "propose_dismissal-silent_until": "2030-01-01", **more,
    }  # fmt: skip


def test_few_are_dismissed_at_once(many: list[Clue], person: Callable[..., Any]) -> None:
    """Up to the number of the policy: proposed with the click."""
    chosen = list(Clue.objects.filter(organisation__number="S11")[:3].values_list("pk", flat=True))
    auditor = person("auditor")
    assert auditor.client.get("/clues/dismiss/", {"clue": chosen}).context["count"] == 3
    auditor.client.post("/clues/dismiss/", reason(clue=chosen, seen="3"))
    assert Clue.objects.filter(state="proposed").count() == 3 and not Job.objects.exists()


def test_all_that_match_are_dismissed_by_a_job(
    many: list[Clue], person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The preview tells number and yuan; the job ends with just those proposed, in steps that are each kept whole when it is cut."""
    auditor = person("auditor", language="en")
    query = "state=&unit=C1"
    meant = Clue.objects.filter(organisation__number__in=("S11", "S12"))
    count, yuan = meant.count(), meant.aggregate(s=Sum("company_yuan"))["s"]
    preview = auditor.client.get("/clues/dismiss/", {"all": "1", "query": query})
    assert (preview.context["count"], preview.context["sums"]["company"]) == (count, yuan) and count > 190
    monkeypatch.setattr(
        "jicha.desk.clues.dismiss_page.limit",
        lambda name: {"dismissed_by_job": 100, "most_dismissed_at_once": 10_000}[name],
    )
    answer = auditor.client.post("/clues/dismiss/", reason(all="1", query=query, seen=str(count)))
    job = Job.objects.select_related("organisation", "asked_by").get()
    assert answer.headers["Location"] == f"/jobs/{job.pk}/"
    run_job(job, None, must_end=lambda: True)  # a worker that ends after one step
    job.refresh_from_db()
    assert (job.state, job.reached, Clue.objects.filter(state="proposed").count()) == ("queued", 100, 100)
    taken = Clue.objects.filter(state="open", organisation__number="S12").last()
    assert taken is not None
    person("auditor", "C1", "other").client.post(f"/clues/{taken.pk}/take/")
    run_job(job, None)
    assert (job.state, job.result) == ("done", {"proposed": count})
    assert (
        Clue.objects.filter(state="proposed").count()
        == count
        == Event.objects.filter(action="propose_dismissal").count()
    )
    both = meant.aggregate(s=Sum("company_yuan") + Sum("customer_yuan"))["s"]
    assert (job.rows, job.yuan) == (count, both)
    assert verify().is_whole


def test_a_preview_that_is_out_of_date_is_shown_anew(many: list[Clue], person: Callable[..., Any]) -> None:
    """Where the clues are others than those that were seen, nothing is dismissed."""
    answer = person("auditor").client.post("/clues/dismiss/", reason(all="1", query="unit=S11", seen="1"))
    assert answer.status_code == 200 and answer.context["has_changed"]
    assert not Clue.objects.filter(state="proposed").exists()


def test_too_many_for_one_reason_are_refused(
    many: list[Clue], person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most of the policy holds for a filter, too."""
    monkeypatch.setattr("jicha.desk.clues.dismiss_page.limit", lambda _name: 100)
    assert (
        person("auditor").client.get("/clues/dismiss/", {"all": "1", "query": "unit=C1"}).status_code == 422
    )


def test_a_job_dismisses_with_the_rights_of_its_moment(
    many: list[Clue], person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose post ended in the meantime dismisses nothing."""
    from jicha.desk.people.models import Post

    auditor = person("auditor")
    monkeypatch.setattr(
        "jicha.desk.clues.dismiss_page.limit",
        lambda name: {"dismissed_by_job": 10, "most_dismissed_at_once": 10_000}[name],
    )
    count = Clue.objects.filter(organisation__number="S11").count()
    auditor.client.post("/clues/dismiss/", reason(all="1", query="unit=S11", seen=str(count)))
    Post.objects.filter(user=auditor.user).update(valid_to=date.today())
    job = Job.objects.select_related("organisation", "asked_by").get()
    run_job(job, None)
    assert (job.state, Clue.objects.filter(state="proposed").count()) == ("done", 0)
    assert job.result is not None and job.result["refused"] > 0


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let more than fifty rows need approval."""
    monkeypatch.setattr("jicha.desk.ui.lists.limit", lambda name: {"exported_rows": 50}[name])


def test_the_policy_says_ten_thousand() -> None:
    """Promise E8: an export of more than 10,000 rows needs approval."""
    assert read_mapping(POLICIES / "limits.yaml")["limits"][-1]["exported_rows"] == 10_000


def test_a_large_export_needs_a_second_person(
    many: list[Clue], person: Callable[..., Any], small: None, settings: Any
) -> None:
    """Refused at once, asked for with a purpose, approved by another, made by a worker, taken by the asker only; all in the log."""
    asker, chief = person("manager", "C1", "asker"), person("leader", "C1", "chief")
    refused = asker.client.get("/clues/?state=&export=csv")
    assert refused.status_code == 422 and 'name="purpose"' in refused.content.decode()
    count = Clue.objects.filter(organisation__number__in=("S11", "S12")).count()
    told = {"address": "/clues/", "query": "state=&export=csv", "rows": str(count)}
    assert asker.client.post("/exports/ask/", told).status_code == 422
    asker.client.post("/exports/ask/", told | {"purpose": "年度分析"})
    request = ExportRequest.objects.get()
    grant = f"/exports/{request.pk}/export_grant/"
    assert asker.client.post(grant).status_code == 403  # a manager may approve, but not the own request
    assert person("leader", "C2", "far").client.post(grant).status_code == 404
    assert chief.client.post(grant).status_code == 302
    job = Job.objects.select_related("organisation", "asked_by").get(kind="export")
    assert job.asked_by == asker.user
    run_job(job, None)
    assert job.state == "done", job.error
    assert chief.client.post(f"/exports/{request.pk}/file/").status_code == 403
    answer = asker.client.post(f"/exports/{request.pk}/file/")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == count + 1 and not any("西一所" in line for line in lines)
    logged = {
        event.action: event.content for event in Event.objects.filter(subject_kind="exports.exportrequest")
    }
    assert {"export_ask", "export_grant", "export_ready", "export_take"} == set(logged)
    assert f'"rows":{count}' in logged["export_take"] and '"filter":{}' in logged["export_take"]
    ExportRequest.objects.update(ready_at=timezone.now() - timedelta(days=30))
    assert delete_old() == 1 and not Path(request.path).exists()
    assert asker.client.post(f"/exports/{request.pk}/file/").status_code == 403


def test_a_large_export_holds_what_its_asker_may_see_when_it_is_made(
    many: list[Clue], person: Callable[..., Any], small: None
) -> None:
    """A right that was taken away between request and approval is gone from the file: it is not made."""
    from jicha.desk.people.models import Post

    asker, chief = person("manager", "C1", "asker"), person("leader", "C1", "chief")
    asker.client.post(
        "/exports/ask/", {"address": "/clues/", "query": "state=&export=xlsx", "rows": "9", "purpose": "x"}
    )
    request = ExportRequest.objects.get()
    chief.client.post(f"/exports/{request.pk}/export_grant/")
    Post.objects.filter(user=asker.user).update(valid_to=date.today())
    job = Job.objects.select_related("organisation", "asked_by").get(kind="export")
    run_job(job, None)
    assert (job.state, request.path.exists()) == ("failed", False)


@pytest.mark.parametrize(
    "address", ["/clues/1/", "/nowhere/", "/healthz", "https://example.org/", "/clues/next/"]
)
def test_only_lists_of_the_desk_are_exported(person: Callable[..., Any], clue: Make, address: str) -> None:
    """An address that is no list is refused before anybody is asked."""
    told = {"address": address, "query": "export=csv", "rows": "1", "purpose": "x"}
    assert person("manager").client.post("/exports/ask/", told).status_code == 422
    assert not ExportRequest.objects.exists()


def test_a_refused_export_is_not_made(many: list[Clue], person: Callable[..., Any], small: None) -> None:
    """With an opinion, and no job."""
    asker, chief = person("auditor", "C1", "asker"), person("leader", "C1", "chief")
    asker.client.post(
        "/exports/ask/", {"address": "/clues/", "query": "export=csv", "rows": "9", "purpose": "x"}
    )
    path = f"/exports/{ExportRequest.objects.get().pk}/export_refuse/"
    assert chief.client.post(path).status_code == 422
    assert chief.client.post(path, {"export_refuse-opinion": "过宽"}).status_code == 302
    assert "过宽" in asker.client.get("/exports/").content.decode() and not Job.objects.exists()


def test_a_view_keeps_filters_only() -> None:
    """Pages and unknown words are left out, the rest is in one order."""
    from jicha.desk.clues.saved import query_of

    assert query_of(QueryDict("sort=yuan&page=2&csrf=x&band=urgent&q=")) == query_of(
        QueryDict("band=urgent&sort=yuan")
    )
