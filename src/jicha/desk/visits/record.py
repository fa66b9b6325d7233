"""The record of a visit as a device sends it: read strictly, every problem told at once, by its place."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from jicha.desk.flow.refusals import Refusal
from jicha.desk.visits.models import ExpectedFile, Load, Seal, Visit

# A phone's clock may be wrong by years when its battery was out; beyond these it says nothing.
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
MOST_CLOCK_SECONDS = 20 * 366 * 24 * 3600
SHOWN_PROBLEMS = 12


class NotARecord(Refusal):
    """A record that cannot be taken; the phone keeps it and it can be corrected there."""

    status = 422

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        told = "; ".join(problems[:SHOWN_PROBLEMS])
        super().__init__(
            _(
                "The record of the visit cannot be taken: %(problems)s. Correct it on the phone and send it again."
            )
            % {"problems": told}
        )


def _in_time(moment: datetime) -> datetime:
    if not EARLIEST_YEAR <= moment.year < LATEST_YEAR:
        raise ValueError("year")
    return moment


# No text holds the one character that a database refuses.
_SOUND = r"^[^\x00]*$"
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=_SOUND)]
MaybeCode = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64, pattern=_SOUND)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=_SOUND)]
MaybeName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=_SOUND)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=400, pattern=_SOUND)]
Notes = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=_SOUND)]
Told = Annotated[AwareDatetime, AfterValidator(_in_time)]
Degrees = Annotated[str, Field(pattern=r"^(-?\d{1,3}\.\d{1,8})?$", max_length=24)]
Measured = Annotated[Decimal, Field(max_digits=12, decimal_places=3)]


class Part(BaseModel):
    """A part of a record: no field is unknown, none changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Place(Part):
    """Where the device was; empty degrees where it did not tell."""

    latitude: Degrees = ""
    longitude: Degrees = ""
    accuracy_m: Annotated[int, Field(ge=0, le=10_000_000)] | None = None


class ReadRegister(Part):
    """What a register showed, as the meter shows it."""

    mp_id: MaybeCode = ""
    meter_id: Code
    register_code: Annotated[
        Literal[
            "total", "sharp", "peak", "flat", "valley", "deep_valley", "reactive", "reverse", "max_demand"
        ],
        Field(alias="register"),
    ]
    value: Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=4)]


class SeenSeal(Part):
    """A seal that was looked for or found."""

    seal_no: Code
    place: Literal["meter_cover", "terminal_cover", "box", "ct_terminal", ""] = ""
    state: Seal.State
    way: Seal.Way


class MeasuredLoad(Part):
    """What was measured on one conductor."""

    phase: Load.Phase
    voltage_v: Measured | None = None
    current_a: Measured | None = None
    power_kw: Annotated[Decimal, Field(max_digits=14, decimal_places=4)] | None = None


class AnnouncedFile(Part):
    """A file that will follow, by its hash."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size_bytes: Annotated[int, Field(gt=0, le=2_000_000_000)]
    kind: ExpectedFile.Kind
    taken_told: Told
    place: Place = Place()


class Record(Part):
    """A whole visit; times are those of the device's clock, `clock_offset_seconds` is what must be added to them."""

    uuid: UUID
    order: int
    device: Code
    base: Annotated[int, Field(ge=0, le=30_000)]
    inspector: int
    second_inspector: int
    begun_told: Told
    ended_told: Told
    clock_offset_seconds: Annotated[int, Field(ge=-MOST_CLOCK_SECONDS, le=MOST_CLOCK_SECONDS)]
    place: Place = Place()
    met_name: Name
    met_role: MaybeName = ""
    signature: Visit.Signature
    refusal_reason: Reason = ""
    witness: MaybeName = ""
    notes: Notes = ""
    readings: Annotated[tuple[ReadRegister, ...], Field(max_length=300)] = ()
    seals: Annotated[tuple[SeenSeal, ...], Field(max_length=200)] = ()
    loads: Annotated[tuple[MeasuredLoad, ...], Field(max_length=5)] = ()
    files: Annotated[tuple[AnnouncedFile, ...], Field(max_length=300)] = ()

    def by_server_clock(self, told: datetime) -> datetime:
        """Return a time of the device's clock as the server's clock would have said it."""
        return told + timedelta(seconds=self.clock_offset_seconds)


def read_record(body: bytes) -> Record:
    """Return the record; all that is wrong with it is said at once."""
    try:
        record = Record.model_validate_json(body)
    except ValidationError as error:
        raise NotARecord([_problem(one) for one in error.errors(include_url=False)]) from error
    if problems := [str(problem) for problem in _contradictions(record)]:
        raise NotARecord(problems)
    return record


def _problem(told: Any) -> str:
    """Return one problem as "place: what is wrong with it"; the place is the path of the field, rows counted from 1."""
    place = " ".join(str(part + 1) if isinstance(part, int) else part for part in told["loc"])
    words = _("is missing") if told["type"] in ("missing", "string_too_short") else _("is not valid")
    return f"{place or 'JSON'} {words}"


def _contradictions(record: Record) -> list[Any]:
    signatures = sum(file.kind == ExpectedFile.Kind.SIGNATURE for file in record.files)
    is_signed = record.signature == Visit.Signature.SIGNED
    told = [
        (record.second_inspector == record.inspector, gettext_lazy("a visit needs two inspectors: the second is the first")),
        (record.ended_told < record.begun_told, gettext_lazy("it ends before it begins")),
        (is_signed and signatures != 1, gettext_lazy("the drawn signature is missing")),
        (not is_signed and not (record.refusal_reason and record.witness), gettext_lazy("a refusal to sign needs its reason and a witness")),
        (len(record.files) == signatures, gettext_lazy("a visit needs at least one photo")),
        (_has_twice(file.sha256 for file in record.files), gettext_lazy("the same photo is in it twice")),
        (_has_twice((r.mp_id, r.meter_id, r.register_code) for r in record.readings), gettext_lazy("a register is in it twice")),
        (_has_twice(load.phase for load in record.loads), gettext_lazy("a conductor is in it twice")),
    ]  # fmt: skip
    return [words for is_wrong, words in told if is_wrong]


def _has_twice(values: Any) -> bool:
    told = list(values)
    return len(told) != len(set(told))
