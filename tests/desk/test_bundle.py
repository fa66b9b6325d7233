"""Case bundles: what is in them, that anybody can check them, and that no change goes unseen."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone
from PIL import Image

from jicha.desk.bundles import verify_case
from jicha.desk.bundles.actions import export_bundle
from jicha.desk.clues.models import Clue
from jicha.desk.evidence.actions import add_file, vault
from jicha.desk.flow.refusals import NotAllowed
from jicha.desk.journal.models import ChainHead, Event
from jicha.desk.journal.verify import verify
from jicha.desk.orders.actions import comment, issue_order, move_order
from jicha.desk.orders.models import Order
from jicha.errors import ExplainedError

SCRIPT = Path(verify_case.__file__)
Files = dict[str, bytes]


def photo(colour: tuple[int, int, int]) -> bytes:
    """Return a picture of one colour."""
    target = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(target, "JPEG")
    return target.getvalue()


@pytest.fixture
def order(clue: Callable[..., Clue], person: Callable[..., Any]) -> Order:
    """An order under verification, with two photos and a comment; events of another case lie between its own."""
    made = issue_order(
        clue(place="K1"), person("manager").standing, clue(place="K2").organisation, "site", "核对表计"
    )
    other = issue_order(clue(place="K3"), person("manager").standing, made.organisation, "desk", "别的案子")
    move_order(made, "accept", person("unit", "S11").standing, {})
    move_order(other, "accept", person("unit", "S11").standing, {})
    auditor = person("auditor").standing
    move_order(made, "verify", auditor, {})
    for name, colour in (("表计 1.jpg", (200, 10, 10)), ("封印.jpg", (10, 200, 10))):
        add_file(made, auditor, name, photo(colour), name)
    comment(made, auditor, "{{ order }}<script>alert(1)</script>")
    return made


@pytest.fixture
def exported(
    order: Order, person: Callable[..., Any], tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> Path:
    """The bundle of the order, as the manager gets it."""
    path = tmp_path / "case.zip"
    with django_capture_on_commit_callbacks(execute=True):
        export_bundle(order, person("manager").standing, path)
    return path


def checked(path: Path, *more: str) -> tuple[int, str]:
    """Run the script as an outsider does: another process, an empty folder, nothing of jicha."""
    told = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), str(path), *more], capture_output=True, text=True, cwd=path.parent
    )  # fmt: skip
    assert "Traceback" not in told.stderr, told.stderr
    return told.returncode, told.stdout


def opened(path: Path) -> Files:
    """Return every file of a bundle."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def closed(path: Path, files: Files) -> Path:
    """Write files as a bundle is written."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            _put(archive, name, data)
    return path


def _put(archive: zipfile.ZipFile, name: str, data: bytes, mode: int = 0o100644) -> None:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, mode << 16
    archive.writestr(entry, data)


def sha(data: bytes) -> str:
    """Return a hash as text."""
    return hashlib.sha256(data).hexdigest()


def first_photo(files: Files) -> str:
    """Return the path of the first photo."""
    return min(name for name in files if name.startswith("evidence/"))


def rehash_manifest(files: Files) -> None:
    """Make the manifest agree with the files: the first thing that a forger does."""
    told = {name: data for name, data in files.items() if name not in ("manifest.json", "seal.json")}
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {name: {"sha256": sha(data), "bytes": len(data)} for name, data in told.items()}
    files["manifest.json"] = json.dumps(manifest).encode()


def reseal(files: Files, *, event: bool, checkpoint: bool) -> None:
    """Make the seal agree with the manifest, too: the root, then the event that holds it, then the checkpoint."""
    seal = json.loads(files["seal.json"])
    seal["root"] = sha(files["manifest.json"])
    if event:
        content = json.loads(seal["event"]["content"])
        content["details"]["root"] = seal["root"]
        seal["event"]["content"] = json.dumps(content)
        seal["event"]["hash"] = sha(f"{seal['event']['previous_hash']}\n{seal['event']['content']}".encode())
    if checkpoint:
        seal["checkpoints"][-1]["hash"] = seal["event"]["hash"]
    files["seal.json"] = json.dumps(seal).encode()


def flip(data: bytes) -> bytes:
    """Return the bytes with one bit turned."""
    return data[:-20] + bytes([data[-20] ^ 1]) + data[-19:]


def lines(files: Files) -> list[dict[str, Any]]:
    """Return the events of the slice."""
    return [json.loads(line) for line in files["log.jsonl"].splitlines()]


def put_lines(files: Files, events: list[dict[str, Any]]) -> None:
    """Write the slice, and make the case name its events."""
    files["log.jsonl"] = "".join(json.dumps(event) + "\n" for event in events).encode()
    case = json.loads(files["case.json"])
    case["log"]["numbers"] = [event["number"] for event in events]
    files["case.json"] = json.dumps(case).encode()


def edit_case(files: Files, **told: Any) -> None:
    """Change the order in case.json."""
    case = json.loads(files["case.json"])
    case["order"] |= told
    files["case.json"] = json.dumps(case).encode()


def byte_of_a_photo(files: Files) -> None:
    """One bit of a photo."""
    files[first_photo(files)] = flip(files[first_photo(files)])


def photo_swapped(files: Files) -> None:
    """Two photos changed places."""
    first, second = sorted(name for name in files if name.startswith("evidence/"))
    files[first], files[second] = files[second], files[first]


def photo_replaced_and_hashed(files: Files) -> None:
    """Another photo, with its hash in the case and the manifest."""
    name, new = first_photo(files), photo((0, 0, 0))
    files["case.json"] = files["case.json"].replace(sha(files[name]).encode(), sha(new).encode())
    files[name] = new
    rehash_manifest(files)


def file_removed(files: Files) -> None:
    """A photo is gone."""
    del files[first_photo(files)]


def file_removed_and_hashed(files: Files) -> None:
    """A photo is gone from the manifest, too."""
    file_removed(files)
    rehash_manifest(files)


def file_added(files: Files) -> None:
    """A photo more."""
    files["evidence/999999_more.jpg"] = photo((1, 2, 3))


def manifest_edited(files: Files) -> None:
    """A hash of the manifest."""
    files["manifest.json"] = files["manifest.json"].replace(sha(files["case.json"]).encode(), b"0" * 64)


def order_changed(files: Files) -> None:
    """The facts of the order."""
    edit_case(files, facts="无异常")


def order_changed_and_hashed(files: Files) -> None:
    """The facts of the order, with a manifest that agrees."""
    order_changed(files)
    rehash_manifest(files)


def order_changed_and_root_told(files: Files) -> None:
    """… and with the root of the seal changed."""
    order_changed_and_hashed(files)
    reseal(files, event=False, checkpoint=False)


def order_changed_and_sealed(files: Files) -> None:
    """… and with the event of the export rewritten and hashed anew."""
    order_changed_and_hashed(files)
    reseal(files, event=True, checkpoint=False)


def state_changed_and_sealed(files: Files) -> None:
    """The state of the order, with everything hashed anew: the log of the case says another."""
    edit_case(files, state="archived")
    rehash_manifest(files)
    reseal(files, event=True, checkpoint=True)


def photo_forged_and_sealed(files: Files) -> None:
    """Another photo, with everything hashed anew: no event of the log ever added it."""
    photo_replaced_and_hashed(files)
    reseal(files, event=True, checkpoint=True)


def log_edited(files: Files) -> None:
    """The text of an event."""
    files["log.jsonl"] = files["log.jsonl"].replace(b"add_file", b"add_film")


def _log_changed_and_hashed(files: Files, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    events = lines(files)
    change(events)
    put_lines(files, events)
    rehash_manifest(files)


def log_edited_and_hashed(files: Files) -> None:
    """The text of an event, its own hash and the manifest."""

    def change(events: list[dict[str, Any]]) -> None:
        event = events[2]
        event["content"] = event["content"].replace('"actor":', '"actor": ')
        event["hash"] = sha(f"{event['previous_hash']}\n{event['content']}".encode())

    _log_changed_and_hashed(files, change)


def entry_removed(files: Files) -> None:
    """An event in the middle, with case and manifest made to agree."""
    _log_changed_and_hashed(files, lambda events: events.pop(3))


def entries_reordered(files: Files) -> None:
    """Two events changed places, with case and manifest made to agree."""
    _log_changed_and_hashed(files, lambda events: events.insert(2, events.pop(3)))


def tail_cut(files: Files) -> None:
    """The last event, with case and manifest made to agree."""
    _log_changed_and_hashed(files, lambda events: events.pop())


def log_of_another_case(files: Files) -> None:
    """The true events of another case."""
    other = Order.objects.exclude(pk=json.loads(files["case.json"])["order"]["id"]).get()
    found = Event.objects.filter(subject_kind="orders.order", subject_id=str(other.pk)).order_by("number")
    put_lines(
        files,
        [{"number": e.number, "previous_hash": e.previous_hash, "content": e.content, "hash": e.hash} for e in found],
    )  # fmt: skip
    rehash_manifest(files)
    reseal(files, event=True, checkpoint=True)


def checkpoint_swapped(files: Files) -> None:
    """The checkpoint of the export has another hash."""
    seal = json.loads(files["seal.json"])
    seal["checkpoints"][-1]["hash"] = "0" * 64
    files["seal.json"] = json.dumps(seal).encode()


def checkpoint_of_another_event(files: Files) -> None:
    """The checkpoint stands on another event."""
    seal = json.loads(files["seal.json"])
    seal["checkpoints"][-1]["number"] += 1
    files["seal.json"] = json.dumps(seal).encode()


def seal_of_another_order(files: Files) -> None:
    """The event of the export speaks of another order."""
    seal = json.loads(files["seal.json"])
    content = json.loads(seal["event"]["content"])
    content["subject"][1] = "999"
    seal["event"]["content"] = json.dumps(content)
    seal["event"]["hash"] = sha(f"{seal['event']['previous_hash']}\n{seal['event']['content']}".encode())
    seal["checkpoints"][-1]["hash"] = seal["event"]["hash"]
    files["seal.json"] = json.dumps(seal).encode()


def key_told_twice(files: Files) -> None:
    """A reader that takes the first of two equal keys sees another manifest than one that takes the last."""
    files["manifest.json"] = files["manifest.json"].replace(b'{\n "files"', b'{\n "files": {}, "files"')


def no_manifest(files: Files) -> None:
    """The manifest is gone."""
    del files["manifest.json"]


def no_json(files: Files) -> None:
    """The seal cannot be read."""
    files["seal.json"] = b"{"


def page_changed(files: Files) -> None:
    """The page that people read."""
    files["case.zh.html"] = files["case.zh.html"].replace("核对表计".encode(), "无需核对".encode())


TAMPERING = (
    byte_of_a_photo, photo_swapped, photo_replaced_and_hashed, file_removed, file_removed_and_hashed, file_added, manifest_edited,
    order_changed, order_changed_and_hashed, order_changed_and_root_told, order_changed_and_sealed, state_changed_and_sealed,
    photo_forged_and_sealed, log_edited, log_edited_and_hashed, entry_removed, entries_reordered, tail_cut, log_of_another_case,
    checkpoint_swapped, checkpoint_of_another_event, seal_of_another_order, key_told_twice, no_manifest, no_json, page_changed,
)  # fmt: skip


def test_an_untouched_bundle_passes(exported: Path) -> None:
    """By itself, and against the checkpoints that lie outside; the last line names event and hash."""
    code, told = checked(exported)
    event = Event.objects.get(action="export_bundle")
    assert (code, "WRONG" in told) == (0, False), told
    assert f"event {event.number} {event.hash}" in told
    assert checked(exported, str(settings.CHECKPOINTS))[0] == 0


@pytest.mark.parametrize("tamper", TAMPERING, ids=lambda one: one.__name__)
def test_tampering_is_found(tamper: Callable[[Files], None], exported: Path, tmp_path: Path) -> None:
    """Each is found with nothing but the bundle itself."""
    files = opened(exported)
    tamper(files)
    code, told = checked(closed(tmp_path / "tampered.zip", files))
    assert (code, "WRONG" in told) == (1, True), told


def test_the_helpers_themselves_change_nothing(exported: Path, tmp_path: Path) -> None:
    """A bundle that is opened and closed again without a change passes: what fails above, fails for its change."""
    assert checked(closed(tmp_path / "same.zip", opened(exported)))[0] == 0


def test_a_bundle_that_is_forged_as_a_whole_needs_the_checkpoint_outside(
    exported: Path, tmp_path: Path
) -> None:
    """Who hashes everything anew makes a bundle that agrees with itself; the checkpoints outside know better."""
    files = opened(exported)
    order_changed_and_hashed(files)
    reseal(files, event=True, checkpoint=True)
    forged = closed(tmp_path / "forged.zip", files)
    code, told = checked(forged)
    assert (code, Event.objects.get(action="export_bundle").hash in told) == (0, False)
    assert checked(forged, str(settings.CHECKPOINTS))[0] == 1


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/x", "a/../../b", "C:\\x", "a\\..\\b", "", "dir/", "./a"]
)
def test_names_that_lead_out_are_found(name: str, exported: Path, tmp_path: Path) -> None:
    """Even where the manifest names them."""
    files = opened(exported) | {name: b"x"}
    rehash_manifest(files)
    assert checked(closed(tmp_path / "path.zip", files))[0] == 1


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["case.json", "CASE.JSON"])
def test_a_name_that_is_there_twice_is_found(name: str, exported: Path, tmp_path: Path) -> None:
    """Whatever program takes the first, and whatever takes the last."""
    path = tmp_path / "twice.zip"
    files = opened(exported)
    with zipfile.ZipFile(closed(path, files), "a") as archive:
        _put(archive, name, files["case.json"])
    assert checked(path)[0] == 1


def test_other_tricks_of_archives_are_found(exported: Path, tmp_path: Path) -> None:
    """A link, a packed file, bytes before or behind, a file that is cut."""
    files = opened(exported)
    link, packed = tmp_path / "link.zip", tmp_path / "packed.zip"
    with zipfile.ZipFile(closed(link, files), "a") as archive:
        _put(archive, "link", b"/etc/passwd", 0o120777)
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    whole = exported.read_bytes()
    bad = {
        "before.zip": b"#!/bin/sh\n" + whole,
        "behind.zip": whole + b"more",
        "cut.zip": whole[: len(whole) // 2],
    }
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    assert [checked(tmp_path / name)[0] for name in ("link.zip", "packed.zip", *bad)] == [1] * 5


def test_the_script_is_short_and_needs_nothing() -> None:
    """An outsider can read it: at most 150 lines, the standard library only; without a file it says how it is called."""
    text = SCRIPT.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    imported = {
        line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))
    }
    assert imported - {"__future__"} <= {*sys.stdlib_module_names}
    told = subprocess.run([sys.executable, "-I", str(SCRIPT)], capture_output=True, text=True)
    assert (told.returncode, "verify_case.py BUNDLE.zip" in told.stdout) == (2, True)


def test_the_same_state_gives_the_same_bytes(
    exported: Path,
    order: Order,
    person: Callable[..., Any],
    tmp_path: Path,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Whoever exports, and however often; each export is logged. What happens to the case changes the bytes."""
    second, third = tmp_path / "second.zip", tmp_path / "third.zip"
    with django_capture_on_commit_callbacks(execute=True):
        export_bundle(order, person("discipline").standing, second)
    assert second.read_bytes() == exported.read_bytes()
    assert Event.objects.filter(action="export_bundle").count() == 2
    comment(order, person("auditor").standing, "又一句")
    with django_capture_on_commit_callbacks(execute=True):
        export_bundle(order, person("manager").standing, third)
    assert (checked(third)[0], third.read_bytes() == second.read_bytes()) == (0, False)
    assert b'"export_bundle' in opened(third)["log.jsonl"].replace(
        b"\\", b""
    )  # who had the case before is part of it
    assert verify().is_whole


def test_what_is_in_a_bundle(exported: Path, order: Order) -> None:
    """Photos byte for byte; the case, its people and its log; pages without a script of a user; nothing of other cases."""
    files = opened(exported)
    case = json.loads(files["case.json"])
    assert (
        case["order"] | {"number": order.number, "state": "verifying", "request": "核对表计"} == case["order"]
    )
    assert [files[one["path"]] for one in case["evidence"]] == [photo((200, 10, 10)), photo((10, 200, 10))]
    assert {one["name"] for one in case["people"].values()} == {"manager-C1", "unit-S11", "auditor-C1"}
    assert case["findings"][0]["message_zh"] == "漏抄"
    assert "别的案子" not in b"".join(files.values()).decode("utf-8", "replace")
    for page, word in (("case.zh.html", "核查中"), ("case.en.html", "being verified")):
        text = files[page].decode()
        assert (word in text, "<script" in text, "{{ order }}&lt;script&gt;" in text) == (True, False, True)
    assert files["verify_case.py"] == SCRIPT.read_bytes()


def test_who_may_export(order: Order, person: Callable[..., Any], tmp_path: Path) -> None:
    """Not the unit that is audited, not another county; in full only with the right to see personal data."""
    path = tmp_path / "x.zip"
    for standing in (
        person("unit", "S11").standing,
        person("auditor").standing,
        person("manager", "C2").standing,
    ):
        with pytest.raises(NotAllowed):
            export_bundle(order, standing, path)
    with pytest.raises(NotAllowed):
        export_bundle(order, person("discipline").standing, path, unmasked_because="移送公安")
    assert (path.exists(), Event.objects.filter(action="export_bundle").exists()) == (False, False)


def test_personal_data_in_full_need_a_reason(order: Order, person: Callable[..., Any]) -> None:
    """Asked for on the page by somebody who may; the log tells why, and the bundle says that it is not masked."""
    manager = person("manager").client
    told = manager.post(f"/orders/{order.pk}/bundle/", {"reason": "移送公安"})
    with zipfile.ZipFile(io.BytesIO(b"".join(told.streaming_content))) as archive:
        assert json.loads(archive.read("case.json"))["is_masked"] is False
    details = json.loads(Event.objects.get(action="export_bundle").content)["details"]
    assert (details["reason"], details["masked"]) == ("移送公安", False)
    discipline = person("discipline").client
    assert discipline.post(f"/orders/{order.pk}/bundle/", {"reason": "查看"}).status_code == 403


def visit_columns(order: Order, first: Any, second: Any) -> dict[str, Any]:
    """Return the columns of a visit."""
    now = timezone.now()
    times = dict.fromkeys(("begun_at", "ended_at", "begun_told", "ended_told"), now)
    return times | {
        "uuid": uuid4(), "order": order, "organisation": order.organisation, "number": 1, "base": 0, "device": "d", "content": '{"met": "王小明"}',
        "content_sha256": "0" * 64, "clock_offset_seconds": 0, "inspector": first, "second_inspector": second, "met_name": "王小明",
        "signature": "signed", "state": "counts",
    }  # fmt: skip


def test_a_visit_is_part_of_the_case(
    order: Order, person: Callable[..., Any], tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    """What was recorded on site is told with the names of those who were there, and its events belong to the case."""
    from jicha.desk.journal.append import append
    from jicha.desk.visits.models import Visit

    first, second, path = person("auditor").user, person("auditor", "S11").user, tmp_path / "visit.zip"
    with django_capture_on_commit_callbacks(execute=True):
        made = Visit.objects.create(**visit_columns(order, first, second))
        append("record_visit", made, actor=first, organisation=order.organisation)
        export_bundle(order, person("manager").standing, path)
    case = json.loads(opened(path)["case.json"])
    assert [one["inspector"] for one in case["visits"]] == [first.pk]
    assert {str(first.pk), str(second.pk)} <= case["people"].keys()
    assert (case["visits"][0]["met_name"], "王小明" in "".join(map(str, case["visits"]))) == ("王***", False)
    assert ["visits.visit", str(made.pk)] in case["log"]["subjects"]
    assert (checked(path)[0], '"record_visit' in opened(path)["log.jsonl"].decode().replace("\\", "")) == (
        0,
        True,
    )


def test_a_damaged_photo_stops_the_export(order: Order, person: Callable[..., Any], tmp_path: Path) -> None:
    """Nothing is written and nothing is logged; the error says what to do."""
    path = vault().path(sha(photo((200, 10, 10))))
    path.chmod(0o640)
    path.write_bytes(flip(path.read_bytes()))
    with pytest.raises(ExplainedError, match="backup"):
        export_bundle(order, person("manager").standing, tmp_path / "x.zip")
    assert (list(tmp_path.glob("*.zip")), Event.objects.filter(action="export_bundle").exists()) == (
        [],
        False,
    )


def test_the_page_hands_it_out(order: Order, person: Callable[..., Any], tmp_path: Path) -> None:
    """The button of the order gives the file; who may not export has no button."""
    manager = person("manager").client
    assert f"/orders/{order.pk}/bundle/" in manager.get(f"/orders/{order.pk}/").content.decode()
    assert "/bundle/" not in person("unit", "S11").client.get(f"/orders/{order.pk}/").content.decode()
    response = manager.post(f"/orders/{order.pk}/bundle/")
    path = tmp_path / "handed.zip"
    path.write_bytes(b"".join(response.streaming_content))
    assert (checked(path)[0], response["Content-Disposition"]) == (
        0,
        f'attachment; filename="{order.number}.zip"',
    )
    assert ChainHead.objects.get(pk=1).number == Event.objects.get(action="export_bundle").number
