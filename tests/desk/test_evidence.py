"""Files: what is taken, what is refused, and that the bytes stay what they were."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import ExifTags, Image

from jicha.desk.clues.models import Clue
from jicha.desk.evidence.actions import add_file, damaged_files, vault
from jicha.desk.evidence.content import NotEvidence, examine
from jicha.desk.evidence.models import EvidenceFile
from jicha.desk.flow.refusals import NotAllowed, NotNow
from jicha.desk.journal.models import Event
from jicha.desk.orders.actions import issue_order, move_order
from jicha.desk.orders.models import Order
from jicha.errors import ExplainedError


def photo(width: int = 640, height: int = 480, kind: str = "JPEG", turned: bool = False) -> bytes:
    """Return a photo with time and place written by the camera."""
    image = Image.new("RGB", (width, height), (40, 90, 160))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6 if turned else 1
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:20 09:30:00"
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    place[ExifTags.GPS.GPSLatitudeRef], place[ExifTags.GPS.GPSLatitude] = "N", (30.0, 15.0, 36.0)
    place[ExifTags.GPS.GPSLongitudeRef], place[ExifTags.GPS.GPSLongitude] = "E", (120.0, 9.0, 0.0)
    target = io.BytesIO()
    image.save(target, kind, exif=exif)
    return target.getvalue()


@pytest.fixture
def order(clue: Callable[..., Clue], person: Callable[..., Any]) -> Order:
    """A dispatched order."""
    one = clue()
    return issue_order(one, person("manager").standing, one.organisation, "site", "现场核对")


def test_a_photo_is_kept_byte_for_byte(order: Order, person: Callable[..., Any]) -> None:
    """The original comes back as it was; time, place, hash and person are known; the log has it."""
    auditor, data = person("auditor"), photo()
    sent = SimpleUploadedFile("../../表计 1.JPG", data)
    told = auditor.client.post(
        f"/orders/{order.pk}/evidence/",
        {"file": sent, "note": "表计正面", "sha256": hashlib.sha256(data).hexdigest()},
    )
    assert told.status_code == 302
    kept = EvidenceFile.objects.get()
    assert (kept.name, kept.taken_at, kept.latitude, kept.longitude) == (
        "表计_1.jpg",
        "2026:11:20 09:30:00",
        "30.260000",
        "120.150000",
    )
    response = auditor.client.get(f"/orders/{order.pk}/evidence/{kept.pk}/")
    assert (response.content, response["X-Content-Type-Options"]) == (data, "nosniff")
    assert response["Content-Disposition"].startswith("attachment")
    assert kept.sha256 in Event.objects.get(action="add_file").content


def test_the_small_picture_tells_nothing(order: Order, person: Callable[..., Any]) -> None:
    """It stands upright and holds no time, place or camera."""
    kept = add_file(order, person("auditor").standing, "a.jpg", photo(turned=True), "表计")
    data = person("auditor").client.get(f"/orders/{order.pk}/evidence/{kept.pk}/small/").content
    with Image.open(io.BytesIO(data)) as image:
        assert (image.size, dict(image.getexif())) == ((360, 480), {})


HTML = b"<html><script>alert(1)</script></html>"


@pytest.mark.parametrize(("name", "data"), [
    ("empty.jpg", b""),
    ("page.jpg", HTML),
    ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
    ("cut.jpg", photo()[:2000]),
    ("only-begins.png", b"\x89PNG\r\n\x1a\n" + HTML),
    ("moving.gif", b"GIF89a" + b"\x00" * 40),
    ("half.pdf", b"%PDF-1.7 " + HTML),
    ("macro.xlsm", b"PK\x03\x04" + b"\x00" * 100),
    ("too-large.jpg", photo() + b"\x00" * (20 * 1024 * 1024)),
    ("too-many-points.png", photo(8000, 5001, "PNG")),
])  # fmt: skip
def test_what_is_refused(name: str, data: bytes, order: Order, person: Callable[..., Any]) -> None:
    """Whatever the name says; nothing is kept and nothing is logged."""
    with pytest.raises(NotEvidence):
        add_file(order, person("auditor").standing, name, data, "表计")
    assert (
        EvidenceFile.objects.count(),
        Event.objects.filter(action="add_file").count(),
        vault().folder.exists(),
    ) == (0, 0, False)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (photo(), "image/jpeg"),
        (photo(kind="PNG"), "image/png"),
        (photo(kind="WEBP"), "image/webp"),
        (b"%PDF-1.7\n%%EOF\n", "application/pdf"),
    ],
)
def test_what_is_taken(data: bytes, kind: str) -> None:
    """By its content."""
    assert examine(data).media_type == kind


def test_a_polyglot_is_never_shown_as_a_page(order: Order, person: Callable[..., Any]) -> None:
    """A picture that is a web page, too, comes back as a picture to be saved; the small one has lost the page."""
    kept = add_file(order, person("auditor").standing, "a.html", photo() + HTML, "表计")
    client = person("auditor").client
    response = client.get(f"/orders/{order.pk}/evidence/{kept.pk}/")
    assert (response["Content-Type"], response["Content-Disposition"].split(";")[0], kept.name) == (
        "image/jpeg",
        "attachment",
        "a.jpg",
    )
    assert HTML not in client.get(f"/orders/{order.pk}/evidence/{kept.pk}/small/").content


def test_bytes_that_changed_on_the_way(order: Order, person: Callable[..., Any]) -> None:
    """The hash of the device does not fit: refused, and the right ones are taken afterwards."""
    auditor = person("auditor").standing
    with pytest.raises(NotEvidence, match="再"):
        add_file(order, auditor, "a.jpg", photo(), "表计", "0" * 64)
    assert add_file(order, auditor, "a.jpg", photo(), "表计", hashlib.sha256(photo()).hexdigest())


def test_the_same_bytes_twice(order: Order, person: Callable[..., Any]) -> None:
    """A phone that sends again after a lost answer gets the same receipt."""
    auditor = person("auditor").standing
    first = add_file(order, auditor, "a.jpg", photo(), "表计")
    assert add_file(order, auditor, "b.jpg", photo(), "表计").pk == first.pk
    assert Event.objects.filter(action="add_file").count() == 1


@pytest.mark.parametrize("kind", ["changed", "missing"])
def test_damage_is_found(kind: str, order: Order, person: Callable[..., Any]) -> None:
    """One flipped byte, or a file that is gone, is told by the next reading and by the sweep; sending it again heals it."""
    auditor = person("auditor")
    kept = add_file(order, auditor.standing, "a.jpg", photo(), "表计")
    path = vault().path(kept.sha256)
    path.chmod(0o640)
    if kind == "missing":
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[100] ^= 1
        path.write_bytes(data)
    assert [(one.sha256, one.kind) for one in damaged_files()] == [(kept.sha256, kind)]
    with pytest.raises(ExplainedError, match=kind):
        vault().read(kept.sha256)
    told = auditor.client.get(f"/orders/{order.pk}/evidence/{kept.pk}/")
    assert (told.status_code, "jicha verify" in told.content.decode()) == (500, True)
    vault().keep(photo())
    assert damaged_files() == []


def test_who_may_add(order: Order, person: Callable[..., Any]) -> None:
    """Not a professional department, not another station, not after the end."""
    for standing in (person("profession").standing, person("auditor", "S12").standing):
        with pytest.raises(NotAllowed):
            add_file(order, standing, "a.jpg", photo(), "表计")
    move_order(
        order,
        "transfer",
        person("manager").standing,
        {"receiver": "police", "transfer_reason": f"{date.today()}"},
    )
    with pytest.raises(NotNow):
        add_file(order, person("auditor").standing, "a.jpg", photo(), "表计")
