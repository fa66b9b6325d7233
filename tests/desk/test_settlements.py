"""A settlement at the desk: drafted in the browser, approved by a second person, booked, paid by instalments, reversed, closed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from docx import Document

from jicha.desk.clues.models import Clue
from jicha.desk.journal.models import Event
from jicha.desk.journal.verify import verify
from jicha.desk.orders.actions import issue_order
from jicha.desk.people.models import Organisation
from jicha.desk.settlements import ledger
from jicha.desk.settlements.models import Entry, Instalment, Settlement

EVIL = '{{ 7*7 }} #panic("x") <script>alert(1)</script>'
TODAY = date.today()


@pytest.fixture
def draft(clue: Callable[..., Clue], person: Callable[..., Any], tree: dict[str, Organisation]) -> Settlement:
    """A settlement of an order, begun by the auditor on the order's page: 10 kW tapped for an unknown time at 0.60 yuan, found under the rule of 1996."""
    order = issue_order(clue(), person("manager").standing, tree["S11"], "site", "x")
    auditor = person("auditor").client
    begun = auditor.post(f"/orders/{order.pk}/settlement/")
    one = Settlement.objects.get()
    assert begun.headers["Location"] == f"/settlements/{one.pk}/"
    auditor.post(f"/settlements/{one.pk}/facts/", {"found_on": "2024-05-01", "title_a": "A"})
    _add(auditor, one, "theft_capacity", quantity__kw="10", price__total="0.60")
    one.refresh_from_db()
    return one


def _add(client: Any, one: Settlement, form: str, scenario: str = "A", **fields: str) -> Any:
    told = {f"act-{name}": value for name, value in fields.items()}
    return client.post(f"/settlements/{one.pk}/act/?form={form}&scenario={scenario}", told)


def _move(client: Any, one: Settlement, name: str, **fields: str) -> int:
    told = {f"{name}-{field}": value for field, value in fields.items()}
    status: int = client.post(f"/settlements/{one.pk}/{name}/", told).status_code
    one.refresh_from_db()
    return status


def _submit(client: Any, one: Settlement) -> int:
    return _move(client, one, "settlement_submit", chosen="A", choice_reason="equipment was found running")


@pytest.fixture
def approved(draft: Settlement, person: Callable[..., Any]) -> Settlement:
    """The same, approved: 21,600 kWh, 12,960.00 and 38,880.00 yuan (10 kW × 180 × 12; × 0.60; × 3)."""
    assert _submit(person("auditor").client, draft) == 302
    assert _move(person("manager").client, draft, "settlement_approve_major", opinion="ok") == 302
    return draft


def test_the_page_shows_the_sheet_of_the_draft_in_both_languages(
    draft: Settlement, person: Callable[..., Any]
) -> None:
    order_page = person("auditor").client.get(f"/orders/{draft.order_id}/").content.decode()
    assert f"/settlements/{draft.pk}/" in order_page
    for language, words in (("zh-hans", ("供电营业规则 1996 第103条", "合计", "10 千瓦 × 180 天 × 12 小时")), ("en", ("Art. 103", "Should be, yuan"))):  # fmt: skip
        page = (
            person("auditor", name=f"a-{language}", language=language)
            .client.get(f"/settlements/{draft.pk}/")
            .content.decode()
        )
        assert [word for word in (*words, "12,960.00", "38,880.00", "51,840.00") if word not in page] == []


def test_two_scenarios_and_what_is_wrong_with_a_draft(draft: Settlement, person: Callable[..., Any]) -> None:
    """B is A with another act; the difference of the sums; a number that is none is told, and nothing is lost."""
    auditor = person("auditor").client
    auditor.post(f"/settlements/{draft.pk}/arrange/", {"do": "copy"})
    _add(auditor, draft, "moved_equipment", "B", times="1")
    page = auditor.get(f"/settlements/{draft.pk}/").content.decode()
    assert "56,840.00" in page
    assert "5,000.00" in page
    _add(auditor, draft, "unauthorised_source", "B", capacity="3o")
    page = auditor.get(f"/settlements/{draft.pk}/").content.decode()
    assert "scenarios.B.acts[3].capacity: is &#x27;3o&#x27;" in page
    auditor.post(f"/settlements/{draft.pk}/arrange/", {"do": "remove", "scenario": "B", "place": "3"})
    changed = auditor.get(f"/settlements/{draft.pk}/act/?scenario=B&place=1").content.decode()
    assert 'value="0.60"' in changed
    auditor.post(f"/settlements/{draft.pk}/arrange/", {"do": "drop"})
    draft.refresh_from_db()
    assert list(draft.content["scenarios"]) == ["A"]
    assert auditor.post(f"/settlements/{draft.pk}/arrange/", {"do": "explode"}).status_code == 422


def test_every_form_writes_what_the_case_reader_knows(draft: Settlement, person: Callable[..., Any]) -> None:
    """Each form, filled with plain values, gives an act that the reader takes: no field of a form is unknown to it."""
    from jicha.casework import Casework
    from jicha.desk.settlements.act_forms import FORMS
    from jicha.desk.ui.home import home
    from jicha.settle.sheet.case import read_case

    skipped = {
        "price__tariff",
        "price__voltage",
        "price_billed__tariff",
        "price_billed__voltage",
        "periods",
        "months",
        "local_act",
    }
    for code, kind in FORMS.items():
        values: dict[str, Any] = {}
        for column in kind.columns:
            if (
                column.name in skipped
                or column.name.startswith("bands__")
                or column.name.endswith(("price__tariff", "price__voltage"))
            ):
                continue
            values[column.name] = {
                "flag": True,
                "day": "2024-02-01",
                "choice": (column.choices or (("", ""),))[0][0],
            }.get(column.kind, "1")
        if code == "back_billing":  # one form for six faults: the fields of the first
            values = {
                name: values[name] for name in ("fault", "from", "recorded_kwh", "error_pct", "price__total")
            }
            values["until"] = ""
        values |= {
            name: "2024-03-01"
            for name in ("until", "on", "claimed_on", "bills__1__payments__2__on")
            if name in values
        }
        for number in "123":
            values.pop(f"loads__{number}__kwh", None)
        content = {"case": "x", "found_on": "2024-05-01", "acts": [kind.content(values)]}
        read_case(content, code, Casework(home()).law)


def test_the_drafter_does_not_approve_and_the_amount_says_who_does(
    draft: Settlement, person: Callable[..., Any]
) -> None:
    """51,840 yuan are large: not the small approval, not the very large one, and never by who drafted it."""
    manager = person("manager").client
    assert _move(manager, draft, "settlement_approve_major", opinion="ok") == 409  # not handed in yet
    assert _submit(manager, draft) == 302
    assert _move(manager, draft, "settlement_approve_major", opinion="ok") == 403
    reviewer = person("reviewer").client
    assert _move(reviewer, draft, "settlement_approve", opinion="ok") == 409
    assert _move(person("leader").client, draft, "settlement_approve_extreme", opinion="ok") == 409
    assert _move(reviewer, draft, "settlement_approve_major") == 422  # without an opinion
    assert _move(reviewer, draft, "settlement_approve_major", opinion="ok") == 302
    assert (draft.state, draft.approver.username if draft.approver else "") == ("approved", "reviewer-C1")


@pytest.mark.parametrize(
    ("kwh", "name"),
    [
        ("4999.99", "settlement_approve"),
        ("5000", "settlement_approve_major"),
        ("99999.99", "settlement_approve_major"),
        ("100000", "settlement_approve_extreme"),
    ],
)
def test_the_bands_at_their_borders(
    draft: Settlement, person: Callable[..., Any], kwh: str, name: str
) -> None:
    """A refund of as many yuan as kWh: the size counts in either direction. 5,000 and 100,000 are the first of the next band."""
    content = draft.content
    act = {"act": "back_billing", "fault": "wrong_multiplier", "billed_kwh": kwh, "actual_multiplier": "0", "used_multiplier": "1", "from": "2024-01-01", "until": "2024-02-01", "price": "1"}  # fmt: skip
    Settlement.objects.filter(pk=draft.pk).update(
        content=content | {"scenarios": {"A": {"title": "", "acts": [act]}}}
    )
    draft.refresh_from_db()
    assert _submit(person("auditor").client, draft) == 302
    assert draft.total_yuan == -Decimal(kwh)
    client = person("leader" if name.endswith("extreme") else "manager").client
    others = {"settlement_approve", "settlement_approve_major", "settlement_approve_extreme"} - {name}
    assert {_move(client, draft, other, opinion="x") for other in others} <= {403, 409}
    assert _move(client, draft, name, opinion="x") == 302


def test_returned_changed_and_handed_in_again(draft: Settlement, person: Callable[..., Any]) -> None:
    """What is handed in stands as it was; a returned draft can be changed and loses its frozen sheet."""
    auditor, manager = person("auditor").client, person("manager").client
    _submit(auditor, draft)
    frozen = json.dumps(draft.sheet)
    assert _add(auditor, draft, "moved_equipment", times="1").status_code == 409
    draft.refresh_from_db()
    assert json.dumps(draft.sheet) == frozen
    assert _move(manager, draft, "settlement_return", opinion="the multiple") == 302
    assert (draft.sheet, draft.total_yuan) == (None, None)
    assert _add(auditor, draft, "moved_equipment", times="1").status_code == 302
    _submit(auditor, draft)
    assert draft.total_yuan == 56840


def test_the_ledger_from_approval_to_the_last_instalment(
    approved: Settlement, person: Callable[..., Any]
) -> None:
    """Owed 12,960 + 38,880; three instalments of 17,280; energy is paid first; closed only at zero."""
    auditor, unit = person("auditor").client, person("unit", "S11").client
    owed = list(approved.entries.values_list("kind", "component", "amount_yuan", "sheet_line"))
    assert owed == [("owed", "back_pay", 12960, 1), ("owed", "charge", 38880, 2)]
    assert (
        _move(
            auditor,
            approved,
            "settlement_serve",
            served_on=str(TODAY),
            service="refused",
            service_note="filmed; witness from the village",
        )
        == 302
    )
    assert (
        _move(auditor, approved, "settlement_agree", agreed_on=str(TODAY), signer="x") == 409
    )  # no plan yet
    auditor.post(f"/settlements/{approved.pk}/plan/", {"first_on": str(TODAY), "count": "3"})
    assert [row.amount_yuan for row in Instalment.objects.all()] == [17280, 17280, 17280]
    assert _move(auditor, approved, "settlement_agree", agreed_on=str(TODAY), signer=EVIL) == 302
    assert _pay(unit, approved, "51840.01") == 422
    assert _pay(unit, approved, "20000", on=str(TODAY + timedelta(days=1))) == 422
    assert _pay(unit, approved, "20000") == 302
    assert ledger.paid(approved) == {"back_pay": 12960, "charge": 7040}
    assert _move(unit, approved, "settlement_close") == 409
    page = unit.get(f"/settlements/{approved.pk}/").content.decode()
    assert "31,840.00" in page
    assert "<script>alert" not in page
    assert _pay(unit, approved, "31840") == 302
    assert _move(unit, approved, "settlement_close") == 302
    assert ledger.balance(approved) == 0
    assert _pay(unit, approved, "1") == 409
    assert verify().faults == ()


def _pay(client: Any, one: Settlement, amount: str, on: str = str(TODAY)) -> int:
    status: int = client.post(
        f"/settlements/{one.pk}/payment/", {"amount_yuan": amount, "on": on, "voucher": "V1"}
    ).status_code
    return status


def test_a_line_is_reversed_once_by_a_second_person_and_never_changed(
    approved: Settlement, person: Callable[..., Any]
) -> None:
    manager, other = person("manager").client, person("manager", name="second").client
    unit = person("unit", "S11").client
    assert _pay(unit, approved, "5000") == 302
    address = f"/settlements/{approved.pk}/line/3/reverse/"
    assert unit.post(address, {"reason": "x"}).status_code == 403
    assert manager.post(address, {"reason": ""}).status_code == 422
    assert manager.post(address, {"reason": "the bank gave it back"}).status_code == 302
    assert manager.post(address, {"reason": "again"}).status_code == 409
    assert (
        manager.post(f"/settlements/{approved.pk}/line/4/reverse/", {"reason": "of a reversal"}).status_code
        == 409
    )
    assert (
        manager.post(f"/settlements/{approved.pk}/line/1/reverse/", {"reason": "own booking"}).status_code
        == 403
    )
    assert ledger.balance(approved) == 51840
    assert (
        other.post(
            f"/settlements/{approved.pk}/line/2/reverse/", {"reason": "charge waived by ruling 7"}
        ).status_code
        == 302
    )
    assert ledger.balances(approved) == {"back_pay": 12960, "charge": 0, "late_fee": 0}
    for change in (
        lambda: Entry.objects.update(amount_yuan=1),
        lambda: Entry.objects.filter(number=1).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert {"settlement_payment", "settlement_reverse"} <= set(Event.objects.values_list("action", flat=True))


def test_a_withdrawal_reverses_everything_and_waits_for_money_to_be_given_back(
    approved: Settlement, person: Callable[..., Any]
) -> None:
    unit, other = person("unit", "S11").client, person("manager", name="second").client
    _pay(unit, approved, "100")
    assert _move(other, approved, "settlement_withdraw", withdrawal_reason="court") == 409
    other.post(f"/settlements/{approved.pk}/line/3/reverse/", {"reason": "given back"})
    assert (
        _move(person("manager").client, approved, "settlement_withdraw", withdrawal_reason="court") == 403
    )  # who approved it
    assert _move(other, approved, "settlement_withdraw", withdrawal_reason="court") == 302
    assert (approved.state, ledger.balance(approved)) == ("withdrawn", 0)
    assert approved.entries.count() == 6


def test_what_is_owed_to_the_customer_is_paid_out(draft: Settlement, person: Callable[..., Any]) -> None:
    """40,000 kWh billed with 60 instead of 40: −13,333.33 kWh × 0.6 = −8,000.00."""
    act = {"act": "back_billing", "fault": "wrong_multiplier", "billed_kwh": "40000", "actual_multiplier": "40", "used_multiplier": "60", "from": "2023-01-01", "until": "2024-01-01", "price": "0.6"}  # fmt: skip
    Settlement.objects.filter(pk=draft.pk).update(
        content=draft.content | {"scenarios": {"A": {"title": "", "acts": [act]}}}
    )
    draft.refresh_from_db()
    _submit(person("auditor").client, draft)
    assert _move(person("manager").client, draft, "settlement_approve_major", opinion="x") == 302
    unit = person("unit", "S11").client
    assert _pay(unit, draft, "8000.01") == 422
    assert _pay(unit, draft, "8000") == 302
    assert list(draft.entries.values_list("kind", "amount_yuan")) == [("owed", -8000), ("refund", 8000)]
    assert ledger.balance(draft) == 0


def test_equal_instalments_leave_no_cent_out(approved: Settlement, person: Callable[..., Any]) -> None:
    """51,840 ÷ 7 = 7,405.71; the last 7,405.74. From the last day of a month each falls on a last day or that number."""
    from jicha.desk.settlements.plan import equal_rows

    rows = equal_rows(Decimal(51840), date(2027, 1, 31), 7)
    assert [amount for _day, amount in rows] == [Decimal("7405.71")] * 6 + [Decimal("7405.74")]
    assert [str(day) for day, _amount in rows][:3] == ["2027-01-31", "2027-02-28", "2027-03-31"]
    late = person("auditor").client.post(
        f"/settlements/{approved.pk}/plan/", {"first_on": "2020-01-01", "count": "2"}
    )
    assert late.status_code == 422
    assert not Instalment.objects.exists()


@pytest.mark.parametrize(("form", "begins"), [("pdf", b"%PDF-"), ("xlsx", b"PK"), ("json", b"{")])
def test_the_sheet_is_handed_out_and_logged(
    draft: Settlement, person: Callable[..., Any], form: str, begins: bytes
) -> None:
    Settlement.objects.filter(pk=draft.pk).update(customer_name=EVIL, title=EVIL)
    answer = person("unit", "S11").client.get(f"/settlements/{draft.pk}/sheet.{form}")
    assert answer.content.startswith(begins)
    assert Event.objects.filter(action="settlement_export").count() == 1
    assert person("unit", "S11").client.get(f"/settlements/{draft.pk}/sheet.exe").status_code == 404


def test_the_list_its_sums_and_its_export(approved: Settlement, person: Callable[..., Any]) -> None:
    unit = person("unit", "S11").client
    _pay(unit, approved, "840")
    page = unit.get("/settlements/?q=K1").content.decode()
    assert (approved.number in page, "51,000.00" in page) == (True, True)
    assert approved.number not in unit.get("/settlements/?state=closed").content.decode()
    assert approved.number not in person("unit", "S21").client.get("/settlements/").content.decode()
    told = b"".join(unit.get("/settlements/?export=csv").streaming_content).decode("utf-8-sig")
    assert "51000.00" in told


def test_a_settlement_without_an_order(person: Callable[..., Any], tree: dict[str, Organisation]) -> None:
    auditor = person("auditor").client
    told = {"organisation": tree["S11"].pk, "title": "reported by the police", "customer_no": "K9"}
    assert auditor.post("/settlements/begin/", told).status_code == 302
    assert auditor.post("/settlements/begin/", told | {"organisation": tree["S21"].pk}).status_code == 422
    one = Settlement.objects.get()
    page = auditor.get(f"/settlements/{one.pk}/").content.decode()
    assert one.order is None
    assert _submit(auditor, one) == 422  # nothing to hand in
    assert "K9" in page


@pytest.mark.parametrize("kind", ["notice", "agreement"])
def test_papers_hold_the_numbers_and_text_of_a_user_stays_text(
    approved: Settlement, person: Callable[..., Any], kind: str, settings: Any
) -> None:
    """The Word paper holds what was typed, letter by letter, and 51,840.00; a template of one's own goes before the shipped one."""
    sheet = approved.sheet | {"customer_name": EVIL, "title": "{% for x in ().__class__.__mro__ %}"}
    Settlement.objects.filter(pk=approved.pk).update(sheet=sheet)
    auditor = person("auditor").client
    auditor.post(f"/settlements/{approved.pk}/plan/", {"first_on": str(TODAY), "count": "2"})
    address = f"/settlements/{approved.pk}/paper/{kind}."
    assert auditor.get(f"{address}pdf").content.startswith(b"%PDF-")
    word = Document(io.BytesIO(auditor.get(f"{address}docx").content))
    told = "\n".join(paragraph.text for paragraph in word.paragraphs)
    cells = {cell.text for row in word.tables[0].rows for cell in row.cells}
    assert [
        part for part in (EVIL, "{% for x in ().__class__.__mro__ %}", "51,840.00") if part not in told
    ] == []
    assert {"12,960.00", "38,880.00", "供电营业规则 1996 第103条"} <= cells
    assert ("25,920.00" in told) == (kind == "agreement")
    own = Document()
    own.add_paragraph("own {{ number }}")
    folder = settings.HOME / "templates"
    folder.mkdir(parents=True)
    own.save(str(folder / f"{kind}.docx"))
    mine = Document(io.BytesIO(auditor.get(f"{address}docx").content))
    assert [paragraph.text for paragraph in mine.paragraphs] == [f"own {approved.number}"]
    assert auditor.get(f"{address}exe").status_code == 404


def test_a_draft_has_no_papers_yet(draft: Settlement, person: Callable[..., Any]) -> None:
    assert person("auditor").client.get(f"/settlements/{draft.pk}/paper/notice.pdf").status_code == 409
