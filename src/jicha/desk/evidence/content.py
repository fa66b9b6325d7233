"""What a file really is, by its content: its name and what the browser says of it count for nothing."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageOps

from jicha.desk.flow.refusals import Refusal
from jicha.desk.ui.dated import limit

MEGABYTE, MILLION = 1024 * 1024, 1_000_000
THUMBNAIL = (480, 480)
IMAGES = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png"), "WEBP": ("image/webp", "webp")}
PDF = ("application/pdf", "pdf")


class NotEvidence(Refusal):
    """A file that is not taken, and why."""

    status = 422


@dataclass(frozen=True, slots=True)
class Content:
    """The kind of a file and what a camera wrote into it."""

    media_type: str
    ending: str
    taken_at: str = ""
    latitude: str = ""
    longitude: str = ""


def most_bytes() -> int:
    """Return how large one file may be today."""
    return limit("most_file_bytes")


def examine(data: bytes) -> Content:
    """Return what the bytes are; a refusal says what is taken instead.

    A picture is decoded whole: one that is cut short, or only begins like one, is refused.
    """
    if not data or len(data) > most_bytes():
        raise NotEvidence(
            _("A file has 1 byte to %(most)s MB; this one has %(size)s.")
            % {"most": most_bytes() // MEGABYTE, "size": f"{len(data):,}"}
        )
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]:
        return Content(*PDF)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow warns of a decompression bomb before it refuses one
            return _examine_image(data)
    except NotEvidence:
        raise
    except Exception as error:
        raise NotEvidence(_("This is no JPEG, PNG, WebP or PDF that can be read to its end.")) from error


def _examine_image(data: bytes) -> Content:
    with Image.open(io.BytesIO(data), formats=tuple(IMAGES)) as image:
        most = limit("most_picture_points")
        if image.width * image.height > most:
            raise NotEvidence(
                _("A picture has at most %(most)s million points; this one has %(points)s.")
                % {"most": most // MILLION, "points": f"{image.width * image.height:,}"}
            )
        kind = IMAGES[str(image.format)]
        image.load()
        exif = image.getexif()
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    taken = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal) or exif.get(
        ExifTags.Base.DateTime
    )
    latitude = _degrees(place.get(ExifTags.GPS.GPSLatitude), place.get(ExifTags.GPS.GPSLatitudeRef), "S")
    longitude = _degrees(place.get(ExifTags.GPS.GPSLongitude), place.get(ExifTags.GPS.GPSLongitudeRef), "W")
    return Content(*kind, str(taken or "")[:32], latitude, longitude)


def _degrees(parts: Any, side: Any, negative: str) -> str:
    """Return degrees with six decimals from degrees, minutes and seconds; empty where the camera wrote none."""
    if not parts or len(parts) != 3:
        return ""
    value = float(parts[0]) + float(parts[1]) / 60 + float(parts[2]) / 3600
    return f"{-value if side == negative else value:.6f}"


def thumbnail(data: bytes) -> bytes:
    """Return a small JPEG of a picture: upright, and without what the camera wrote into it."""
    with Image.open(io.BytesIO(data), formats=tuple(IMAGES)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
        upright.thumbnail(THUMBNAIL)
        bare = Image.new("RGB", upright.size)
        bare.paste(upright)
        target = io.BytesIO()
        bare.save(target, "JPEG", quality=80)
    return target.getvalue()
