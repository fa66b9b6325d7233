"""Site visits at the server: a record is received once and whole, no order goes on while a file is missing, no record is lost."""

from __future__ import annotations

import hashlib
import json
import shutil
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile

from jicha.desk.clues.models import Clue
from jicha.desk.evidence.models import EvidenceFile
from jicha.desk.flow.refusals import NotNow, Overtaken
from jicha.desk.journal.models import Event
from jicha.desk.orders.actions import issue_order, move_order
from jicha.desk.orders.hindrances import all_hindrances
from jicha.desk.orders.models import Order
from jicha.desk.orders.moves import FLOW as ORDERS
from jicha.desk.visits.actions import receive_visit
from jicha.desk.visits.models import Visit
from jicha.desk.visits.phone import worker_script
from jicha.home import Home
from tests.audit.test_site_sheet import HEADERS, ROWS
from tests.desk.test_evidence import photo

PHOTOS = (photo(320, 240), photo(321, 240))
SIGNATURE = photo(300, 120, "PNG")
REPORT = {"verdict": "problem", "facts": "表计停走"}


@pytest.fixture(scope="module")
def site_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that knows customer K1: meter M1 of five digits, × 30, capacity 100 kVA, 99990.25 on the first of October."""
    folder = tmp_path_factory.mktemp("site")
    for table, header in HEADERS.items():
        (folder / f"{table}.csv").write_text("\n".join([header, *ROWS[table], ""]), encoding="utf-8")
    Home(folder / "home").load([folder])
    return folder / "home"


@pytest.fixture
def order(site_home: Path, settings: Any, clue: Callable[..., Clue], person: Callable[..., Any]) -> Order:
    """A site order on customer K1 that is being verified."""
    shutil.copytree(site_home, settings.HOME)
    one = clue()
    made = issue_order(one, person("manager").standing, one.organisation, "site", "现场核对表计")
    move_order(made, "accept", person("unit", "S11").standing, {})
    move_order(made, "verify", person("auditor").standing, {})
    return made


def digest(data: bytes) -> str:
    """Return the hash as a device makes it."""
    return hashlib.sha256(data).hexdigest()


def announced(data: bytes, kind: str) -> dict[str, Any]:
    """Return a file as a record announces it."""
    return {"sha256": digest(data), "size_bytes": len(data), "kind": kind, "taken_told": "2026-11-24T09:31:00+08:00",
            "place": {"latitude": "30.260000", "longitude": "120.150000", "accuracy_m": 12}}  # fmt: skip


@pytest.fixture
def told(order: Order, person: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Make a record of a visit by the auditor and the manager, with two photos and a signature."""

    def make(**more: Any) -> dict[str, Any]:
        whole: dict[str, Any] = {
            "uuid": str(uuid.uuid4()), "order": order.pk, "device": "phone-1", "base": 0,
            "inspector": person("auditor").user.pk, "second_inspector": person("manager").user.pk,
            "begun_told": "2026-11-24T09:30:00+08:00", "ended_told": "2026-11-24T10:05:00+08:00", "clock_offset_seconds": 0,
            "place": {"latitude": "30.260000", "longitude": "120.150000", "accuracy_m": 12}, "met_name": "钱师傅", "met_role": "电工",
            "signature": "signed", "refusal_reason": "", "witness": "", "notes": "表箱未锁",
            "readings": [{"mp_id": "P1", "meter_id": "M1", "register": "total", "value": "20.75"}],
            "seals": [{"seal_no": "F1", "place": "meter_cover", "state": "broken", "way": "record"},
                      {"seal_no": "X9", "place": "box", "state": "forged", "way": "scanned"}],
            "loads": [{"phase": "a", "voltage_v": "229.4", "current_a": "3.2", "power_kw": "0.71"}, {"phase": "n", "current_a": "0.1"}],
            "files": [announced(PHOTOS[0], "meter"), announced(PHOTOS[1], "seal"), announced(SIGNATURE, "signature")],
        }  # fmt: skip
        return whole | more

    return make


def send(who: Any, order: Order, record: dict[str, Any] | bytes) -> Any:
    """Send a record as the phone does."""
    body = record if isinstance(record, bytes) else json.dumps(record).encode()
    return who.client.post(f"/visits/{order.pk}/record/", body, content_type="text/plain")


def send_file(who: Any, order: Order, record: dict[str, Any], data: bytes, sha256: str = "") -> Any:
    """Send a file as the phone does."""
    sent = {
        "uuid": record["uuid"],
        "sha256": sha256 or digest(data),
        "file": SimpleUploadedFile("a.jpg", data),
    }
    return who.client.post(f"/visits/{order.pk}/files/", sent)


def test_a_visit_is_received_whole(
    order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """Every part is kept, the text that was sent too; the log has its hash; the clocks are told apart."""
    record = told(clock_offset_seconds=-86400)
    answer = send(person("auditor"), order, record)
    assert (answer.status_code, answer.json()["number"], answer.json()["receipts"]) == (200, 1, [])
    visit = Visit.objects.get()
    assert (visit.state, json.loads(visit.content)) == ("counts", record)
    assert (visit.begun_told, visit.begun_at) == (
        datetime(2026, 11, 24, 1, 30, tzinfo=UTC),
        datetime(2026, 11, 23, 1, 30, tzinfo=UTC),  # the phone was a day fast
    )
    reading = visit.readings.get()
    # 20.75 + 100000 - 99990.25 = 30.50; × 30 = 915 kWh; 100 kVA × 1.2 × 1,274 h would be 152,880 kWh
    assert (reading.previous_value, reading.energy_kwh, reading.hint) == (
        Decimal("99990.25"),
        Decimal("915"),
        "rollover",
    )
    assert list(visit.seals.values_list("seal_no", "state", "is_on_record")) == [
        ("F1", "broken", True),
        ("X9", "forged", False),
    ]
    assert list(visit.loads.values_list("phase", "power_kw")) == [("a", Decimal("0.71")), ("n", None)]
    assert visit.files.count() == 3
    event = Event.objects.get(action="record_visit")
    assert visit.content_sha256 in event.content
    version = order.version
    order.refresh_from_db()
    assert order.version == version + 1


@pytest.mark.parametrize(("value", "hint", "kwh"), [
    ("99999.25", "forward", "270"),        # 9 × 30
    ("90000", "doubted", "2700292.5"),     # (90000 + 100000 - 99990.25) × 30, more than any meter of 100 kVA passes in 54 days
])  # fmt: skip
def test_a_reading_is_compared_with_the_record(
    value: str, hint: str, kwh: str, order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """By the arithmetic of the bills, with the dial and the multiplier of the records."""
    read = [
        {"mp_id": "P1", "meter_id": "M1", "register": "total", "value": value},
        {"meter_id": "M9", "register": "total", "value": "5"},
    ]
    send(person("auditor"), order, told(readings=read))
    known, unknown = Visit.objects.get().readings.all()
    assert (known.hint, known.energy_kwh) == (hint, Decimal(kwh))
    assert (unknown.hint, unknown.energy_kwh, unknown.previous_value) == ("", None, None)


def test_sent_twice_is_received_once(
    order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """A phone that did not hear the answer sends again: one visit, one event, the same answer, and each receipt so far."""
    record, auditor = told(), person("auditor")
    first = send(auditor, order, record).json()
    receipt = send_file(auditor, order, record, PHOTOS[0]).json()
    again = send(auditor, order, record).json()
    assert again["receipts"] == [receipt]
    assert {key: first[key] for key in first if key != "receipts"} == {
        key: again[key] for key in again if key != "receipts"
    }
    assert send_file(auditor, order, record, PHOTOS[0]).json() == receipt
    assert (
        Visit.objects.count(),
        Event.objects.filter(action="record_visit").count(),
        EvidenceFile.objects.count(),
    ) == (1, 1, 1)


def test_the_same_visit_with_another_content_is_refused(
    order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """What was received stays what it was."""
    record = told()
    send(person("auditor"), order, record)
    answer = send(person("auditor"), order, record | {"notes": "另写"})
    assert (answer.status_code, "此前已收到" in answer.json()["refusal"]) == (409, True)
    assert Visit.objects.get().notes == "表箱未锁"


def test_a_file_is_the_one_that_was_announced(
    order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """Other bytes under its hash, a hash that nobody announced, a file that is too large: refused, and nothing is kept."""
    record, auditor = told(), person("auditor")
    assert send_file(auditor, order, record, PHOTOS[0]).status_code == 409  # the record was not sent yet
    send(auditor, order, record)
    assert send_file(auditor, order, record, PHOTOS[1], digest(PHOTOS[0])).status_code == 422
    assert send_file(auditor, order, record, photo(322, 240)).status_code == 409
    assert send_file(auditor, order, record | {"uuid": "x"}, PHOTOS[0]).status_code == 409
    assert (
        send_file(
            auditor, order, record, PHOTOS[0] + b"\x00" * (20 * 1024 * 1024), digest(PHOTOS[0])
        ).status_code
        == 422
    )
    assert EvidenceFile.objects.count() == 0
    receipt = send_file(auditor, order, record, PHOTOS[0]).json()
    kept = EvidenceFile.objects.get()
    assert (receipt["sha256"], receipt["bytes"], receipt["evidence"]) == (
        kept.sha256,
        len(PHOTOS[0]),
        kept.pk,
    )


def test_no_report_while_a_photo_is_on_the_phone(
    order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """Neither by the page, which says what is missing, nor by a direct POST (step skipping); with the last receipt it is possible."""
    auditor, record = person("auditor"), told()
    post = {f"report-{name}": value for name, value in REPORT.items()}
    answer = auditor.client.post(f"/orders/{order.pk}/report/", post)
    assert (answer.status_code, "尚未收到现场核查记录" in answer.content.decode()) == (409, True)
    send(auditor, order, record)
    for data in (PHOTOS[0], SIGNATURE):
        send_file(auditor, order, record, data)
    answer = auditor.client.post(f"/orders/{order.pk}/report/", post)
    page = auditor.client.get(f"/orders/{order.pk}/").content.decode()
    for text in (answer.content.decode(), page):
        assert digest(PHOTOS[1])[:12] in text and digest(PHOTOS[0])[:12] + " 仍在手机上" not in text
    assert (answer.status_code, f'action="/orders/{order.pk}/report/"' in page) == (409, False)
    send_file(auditor, order, record, PHOTOS[1])
    assert auditor.client.post(f"/orders/{order.pk}/report/", post).status_code == 302
    order.refresh_from_db()
    assert (order.state, all_hindrances(order)) == ("reported", [])


def test_no_archive_while_a_photo_is_on_the_phone(
    order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """A further visit after the report blocks the archive as the first one blocked the report; evidence added at the desk counts too."""
    auditor, first, later = (
        person("auditor"),
        told(),
        told(base=1, files=[announced(PHOTOS[1], "place"), announced(SIGNATURE, "signature")]),
    )
    for record, files in ((first, (*PHOTOS, SIGNATURE)), (later, ())):
        if record is later:
            move_order(order, "report", auditor.standing, {"verdict": "none", "facts": "无异常"})
            move_order(order, "approve", person("reviewer").standing, {"opinion": "同意"})
            move_order(order, "exclude", person("leader").standing, {"exclusion": "benign"})
            late = photo(400, 300)
            record["files"].append(announced(late, "other"))
        assert send(auditor, order, record).status_code == 200
        for data in files:
            send_file(auditor, order, record, data)
        order.refresh_from_db()
    with pytest.raises(NotNow, match=digest(late)[:12]):
        move_order(order, "archive_excluded", person("manager").standing, {})
    auditor.client.post(
        f"/orders/{order.pk}/evidence/", {"file": SimpleUploadedFile("b.jpg", late), "note": "补传"}
    )
    move_order(order, "archive_excluded", person("manager").standing, {})
    assert order.state == "archived"


def test_a_report_that_did_not_see_the_visit_is_overtaken(
    order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """Who had the order open while a visit with photos arrived does not report past them."""
    auditor, record = person("auditor"), told()
    send(auditor, order, record)
    for data in (*PHOTOS, SIGNATURE):
        send_file(auditor, order, record, data)
    seen = Order.objects.get(pk=order.pk)
    ORDERS.moves["report"].guard(seen)  # type: ignore[misc]
    receive_visit(
        seen,
        auditor.standing,
        json.dumps(
            told(base=1, files=[announced(photo(500, 300), "meter"), announced(SIGNATURE, "signature")])
        ).encode(),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "jicha.desk.orders.hindrances.hindrances", lambda _order, _move: []
        )  # the guard was asked a moment before
        with pytest.raises(Overtaken):
            move_order(seen, "report", auditor.standing, REPORT)


def test_two_phones_on_one_order(order: Order, told: Callable[..., Any], person: Callable[..., Any]) -> None:
    """Both records are kept whole; the page shows them side by side; the one that a person chooses counts, with reason and event."""
    auditor, manager = person("auditor"), person("manager")
    first, second = (
        told(),
        told(
            device="phone-2", inspector=manager.user.pk, second_inspector=auditor.user.pk, notes="第二台手机"
        ),
    )
    send(auditor, order, first)
    assert send(manager, order, second).json()["state"] == "rival"
    for record, who in ((first, auditor), (second, manager)):
        for data in (*PHOTOS, SIGNATURE):
            send_file(who, order, record, data)
    page = manager.client.get(f"/orders/{order.pk}/").content.decode()
    assert ("表箱未锁" in page, "第二台手机" in page, "冲突" in page) == (True, True, True)
    order.refresh_from_db()
    with pytest.raises(NotNow, match="2"):
        move_order(order, "report", auditor.standing, REPORT)
    choose = f"/orders/{order.pk}/visits/2/choose_visit/"
    assert person("unit", "S11").client.post(choose, {"choose_visit-choice_reason": "x"}).status_code == 403
    assert manager.client.post(choose, {}).status_code == 422
    assert manager.client.post(choose, {"choose_visit-choice_reason": "照片更全"}).status_code == 302
    assert list(Visit.objects.values_list("number", "state")) == [(1, "set_aside"), (2, "counts")]
    assert [json.loads(visit.content) for visit in Visit.objects.all()] == [first, second]
    assert Event.objects.filter(action__in=("choose_visit", "overrule_visit")).count() == 2
    order.refresh_from_db()
    move_order(order, "report", auditor.standing, REPORT)


def test_a_further_visit_of_one_who_knows_of_the_first_is_no_conflict(
    order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """Going there again is allowed."""
    for base in (0, 1):
        assert send(person("auditor"), order, told(base=base)).json()["state"] == "counts"
    assert send(person("auditor"), order, told(base=7)).status_code == 422


def test_two_inspectors(order: Order, told: Callable[..., Any], person: Callable[..., Any]) -> None:
    """The second is another person who may inspect there; the record is sent by the first."""
    auditor = person("auditor")
    for more in (
        {"second_inspector": auditor.user.pk},
        {"second_inspector": person("auditor", "C2").user.pk},
        {"second_inspector": person("reviewer").user.pk},
        {"second_inspector": 10**6},
        {"inspector": person("unit", "S11").user.pk},
    ):
        assert send(auditor, order, told(**more)).status_code == 422, more
    assert Visit.objects.count() == 0


@pytest.mark.parametrize("change", [
    {"met_name": " "}, {"files": []}, {"files": [announced(SIGNATURE, "signature")]}, {"files": [announced(PHOTOS[0], "meter")]},
    {"signature": "refused"}, {"signature": "refused", "refusal_reason": "不同意"}, {"ended_told": "2026-11-24T09:00:00+08:00"}, {"begun_told": "2026-11-24T09:30:00"},
    {"begun_told": "9999-11-24T09:30:00+08:00"}, {"readings": [{"meter_id": "M1", "register": "total", "value": "1e400"}]}, {"readings": [{"meter_id": "M1", "register": "total", "value": "NaN"}]},
    {"readings": [{"meter_id": "M1", "register": "total", "value": "1"}] * 2}, {"loads": [{"phase": "x", "power_kw": "1"}]}, {"state": "counts"}, {"notes": "a\x00b"},
    {"seals": [{"seal_no": "1", "place": "box", "state": "melted", "way": "typed"}]}, {"uuid": "1"}, {"order": 10**6}, {"clock_offset_seconds": 10**12},
    {"files": [announced(PHOTOS[0], "meter")] * 2 + [announced(SIGNATURE, "signature")]},
])  # fmt: skip
def test_a_record_that_is_not_right_is_refused_whole(
    change: dict[str, Any], order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """In words, as JSON, and nothing of it is kept."""
    answer = send(person("auditor"), order, told(**change))
    assert (answer.status_code, bool(answer.json()["refusal"])) == (422, True)
    assert (Visit.objects.count(), Event.objects.filter(action="record_visit").count()) == (0, 0)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100000])
def test_what_is_no_record_is_refused(body: bytes, order: Order, person: Callable[..., Any]) -> None:
    """Whatever the bytes are."""
    assert send(person("auditor"), order, body).status_code == 422


def test_a_refusal_to_sign_counts(order: Order, told: Callable[..., Any], person: Callable[..., Any]) -> None:
    """With its reason and a witness, and no drawing."""
    record = told(
        signature="refused",
        refusal_reason="不认可示数",
        witness="孙邻居",
        files=[announced(PHOTOS[0], "meter")],
    )
    assert send(person("auditor"), order, record).status_code == 200


def test_a_file_that_will_never_arrive_is_given_up(
    order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """By somebody else than those who made the visit, with a reason; the announcement stays."""
    auditor, reviewer, record = person("auditor"), person("reviewer"), told()
    send(auditor, order, record)
    for data in (PHOTOS[0], SIGNATURE):
        send_file(auditor, order, record, data)
    lost, here = (f"/orders/{order.pk}/visits/1/files/{digest(data)}/" for data in (PHOTOS[1], PHOTOS[0]))
    assert (
        person("manager").client.post(lost, {"reason": "手机丢失"}).status_code == 403
    )  # the second inspector
    assert reviewer.client.post(lost, {"reason": " "}).status_code == 422
    assert reviewer.client.post(here, {"reason": "手机丢失"}).status_code == 409
    assert reviewer.client.post(lost, {"reason": "手机丢失"}).status_code == 302
    assert reviewer.client.post(lost, {"reason": "手机丢失"}).status_code == 409
    assert "手机丢失" in Event.objects.get(action="give_up_file").content
    order.refresh_from_db()
    move_order(order, "report", auditor.standing, REPORT)
    assert send_file(auditor, order, record, PHOTOS[1]).status_code == 200  # it was found after all


def test_a_closed_order_takes_no_visit(
    order: Order, told: Callable[..., Any], person: Callable[..., Any]
) -> None:
    """The refusal is told as JSON; the phone keeps its record."""
    move_order(
        order, "transfer", person("manager").standing, {"receiver": "audit", "transfer_reason": "移交"}
    )
    answer = send(person("auditor"), order, told())
    assert (answer.status_code, "工单已办结" in answer.json()["refusal"], Visit.objects.count()) == (
        409,
        True,
        0,
    )


def test_a_phone_takes_along_what_a_visit_needs(order: Order, person: Callable[..., Any]) -> None:
    """Own site orders only; the door, the meters, the seals, the colleagues; no telephone, no amount; the log says who took it, once."""
    auditor = person("auditor")
    person("auditor", "C2")
    for _ in range(2):
        answer = auditor.client.post(
            "/visits/orders/", json.dumps({"device": "phone-1"}), content_type="text/plain"
        )
    (told,) = answer.json()["orders"]
    assert set(told) == {
        "order", "number", "base", "state", "due_on", "unit", "request", "findings", "place", "inspectors", "customer", "most_kwh_an_hour", "registers", "seals",
    }  # fmt: skip
    assert told["customer"] == {"number": "K1", "name": "某厂", "address": "河东路1号"}
    assert Decimal(told["most_kwh_an_hour"]) == 120  # 100 kVA × 1.2
    assert [(one["register"], one["digits"], one["previous_value"]) for one in told["registers"]] == [
        ("total", 5, "99990.2500"),
        ("peak", 5, "40.0000"),
    ]
    assert {one["name"] for one in told["inspectors"]} == {"manager-C1", "unit-S11"}
    assert not any(text in answer.content.decode() for text in ("13905002275", "1234.56"))
    assert Event.objects.filter(action="take_along", actor=auditor.user).count() == 1
    assert person("auditor", "C2").client.post("/visits/orders/").json()["orders"] == []
    late = datetime.fromisoformat(answer.json()["now"])
    assert abs(datetime.now(UTC) - late) < timedelta(minutes=1)


def test_a_desk_order_needs_no_visit(clue: Callable[..., Clue], person: Callable[..., Any]) -> None:
    """Only what is looked for on site is visited."""
    one = clue(place="K7")
    order = issue_order(one, person("manager").standing, one.organisation, "desk", "核对")
    assert all_hindrances(order) == []


def test_the_service_worker_keeps_files_that_are_there(order: Order, person: Callable[..., Any]) -> None:
    """It is a script for the pages of visits, and each file that it keeps can be had; who is not signed in gets none."""
    answer = person("auditor").client.get("/visits/service-worker.js")
    assert (answer["Service-Worker-Allowed"], answer["Content-Type"].split(";")[0]) == (
        "/visits/",
        "text/javascript",
    )
    told = json.loads(worker_script().split(";\n", 1)[0].removeprefix("const KEPT = "))
    assert [name for name in told["files"] if finders.find(name.removeprefix("/static/")) is None] == []
    modules = {name.rsplit("/", 1)[1] for name in told["files"] if name.endswith(".js")}
    for name in modules:
        text = Path(str(finders.find(f"visits/{name}"))).read_text(encoding="utf-8")
        assert {part.split('"')[0] for part in text.split('from "./')[1:]} <= modules, name
