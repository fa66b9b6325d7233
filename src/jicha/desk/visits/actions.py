"""What phones and people do with visits: a record is received once and whole, a file only as it was announced."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.audit.site_sheet import SiteSheet
from jicha.desk.evidence.actions import add_file
from jicha.desk.flow.refusals import Missing, NotAllowed, NotNow, Refusal, SamePerson
from jicha.desk.journal.append import append
from jicha.desk.journal.models import ChainHead, Event
from jicha.desk.journal.words import name_action
from jicha.desk.orders.models import Order
from jicha.desk.people.models import User
from jicha.desk.people.standing import Standing, standing_of
from jicha.desk.visits.models import ExpectedFile, GivenUp, Load, Reading, Seal, Visit
from jicha.desk.visits.moves import FLOW
from jicha.desk.visits.record import NotARecord, Record, read_record
from jicha.desk.visits.sheets import RIGHT, rollover_factor, site_sheets
from jicha.desk.visits.steps import energy_and_hint

TITLE = gettext_lazy("Record a site visit")
GIVE_UP = gettext_lazy("Give up a file")
GIVE_UP_RIGHT = "order.review"
name_action("record_visit", TITLE)
name_action("take_along", gettext_lazy("Take an order along to the site"))
name_action("give_up_file", GIVE_UP)


class AlreadyOther(Refusal):
    """The same visit was received before with another content."""

    def __init__(self) -> None:
        super().__init__(
            _("This visit was received before with another content. The phone keeps its record; begin a further visit for what is new.")
        )  # fmt: skip


class NotAnnounced(Refusal):
    """A file that no visit of the order announced."""

    def __init__(self) -> None:
        super().__init__(_("No visit of this order announced this file. Send the record of the visit first."))


def take_along(orders: Iterable[int], standing: Standing, device: str) -> None:
    """Say in the log who took which orders to a phone, once a day for each: name and address of a customer leave the house."""
    today = timezone.localdate()
    for order in Order.objects.filter(pk__in=list(orders)).select_related("organisation"):
        known = Event.objects.filter(
            subject_kind="orders.order", subject_id=str(order.pk), action="take_along", actor=standing.user, at__date=today
        )  # fmt: skip
        if not known.exists():
            with transaction.atomic():
                append(
                    "take_along", order, actor=standing.user, organisation=order.organisation, details={"device": device[:64]},
                    stands_in_for=standing.acts_for(RIGHT, order.organisation.path),
                )  # fmt: skip


def receive_visit(order: Order, standing: Standing, body: bytes) -> Visit:
    """Receive a record; the same one again returns the visit that it became.

    A record from a device that did not know of another visit is kept whole and is in conflict until somebody chooses.
    """
    record, digest = read_record(body), hashlib.sha256(body).hexdigest()
    if (known := _received_before(order, record.uuid, digest)) is not None:
        return known
    second = _checked(order, standing, record)
    sheet = site_sheets([order]).get(order.clue.customer_no)
    with transaction.atomic():
        # One at a time, as everything that appends to the log: two phones cannot both become visit number 1.
        ChainHead.objects.select_for_update().get(pk=1)
        if (known := _received_before(order, record.uuid, digest)) is not None:
            return known
        order = Order.objects.select_related("organisation", "clue").get(pk=order.pk)
        if order.state in Order.CLOSED:
            raise NotNow(TITLE, _("The order is closed: a visit can no longer be added."))
        visit = _made(order, standing.user, second, record, body, digest)
        _add_parts(visit, record, sheet)
        _tell(order, visit, standing)
    return visit


def _received_before(order: Order, uuid: UUID, digest: str) -> Visit | None:
    known = Visit.objects.filter(uuid=uuid).first()
    if known is not None and (known.order_id, known.content_sha256) != (order.pk, digest):
        raise AlreadyOther
    return known


def _checked(order: Order, standing: Standing, record: Record) -> User:
    """Check who sends it for whom; return the second inspector."""
    if not standing.may(RIGHT, order.organisation.path):
        raise NotAllowed(TITLE)
    if record.order != order.pk:
        raise NotARecord([_("it belongs to another order")])
    if record.inspector != standing.user.pk:
        raise NotARecord([_("it was recorded by somebody else: that person signs in and sends it")])
    if record.base > order.visits.count():
        raise NotARecord([_("it knows of more visits than there are")])
    second = User.objects.filter(pk=record.second_inspector).first()
    day = timezone.localdate(record.by_server_clock(record.ended_told))
    if second is None or not standing_of(second, day).may(RIGHT, order.organisation.path):
        raise NotARecord([_("the second inspector held no post for site visits there on that day")])
    return second


def _made(order: Order, first: User, second: User, record: Record, body: bytes, digest: str) -> Visit:
    number = order.visits.count() + 1
    return Visit.objects.create(
        uuid=record.uuid, order=order, organisation=order.organisation, number=number, base=record.base, device=record.device,
        content=body.decode(), content_sha256=digest, inspector=first, second_inspector=second,
        begun_at=record.by_server_clock(record.begun_told), ended_at=record.by_server_clock(record.ended_told),
        begun_told=record.begun_told, ended_told=record.ended_told, clock_offset_seconds=record.clock_offset_seconds,
        latitude=record.place.latitude, longitude=record.place.longitude, accuracy_m=record.place.accuracy_m,
        met_name=record.met_name, met_role=record.met_role, signature=record.signature, refusal_reason=record.refusal_reason,
        witness=record.witness, notes=record.notes,
        state=Visit.State.COUNTS if record.base == number - 1 else Visit.State.RIVAL,
    )  # fmt: skip


def _add_parts(visit: Visit, record: Record, sheet: SiteSheet | None) -> None:
    """Add what was read, sealed, measured and announced."""
    Reading.objects.bulk_create(_readings(visit, record, sheet))
    on_record = {seal.seal_no for seal in sheet.seals} if sheet else set()
    Seal.objects.bulk_create(
        Seal(visit=visit, is_on_record=seal.seal_no in on_record, **seal.model_dump())
        for seal in record.seals
    )
    Load.objects.bulk_create(Load(visit=visit, **load.model_dump()) for load in record.loads)
    ExpectedFile.objects.bulk_create(
        ExpectedFile(
            visit=visit, sha256=file.sha256, size_bytes=file.size_bytes, kind=file.kind, taken_at=record.by_server_clock(file.taken_told),
            latitude=file.place.latitude, longitude=file.place.longitude,
        )
        for file in record.files
    )  # fmt: skip


def _readings(visit: Visit, record: Record, sheet: SiteSheet | None) -> list[Reading]:
    """Return the readings beside the records' last ones; a meter that the records do not know there has none."""
    known = {(one.mp_id, one.meter_id, one.register): one for one in (sheet.registers if sheet else ())}
    at, factor, made = timezone.make_naive(visit.ended_at), rollover_factor(), []
    for read in record.readings:
        reading = Reading(visit=visit, **read.model_dump(by_alias=True))
        last = known.get((read.mp_id, read.meter_id, read.register_code))
        if last is not None and sheet is not None:
            reading.previous_value, reading.digits, reading.multiplier = (
                last.previous_value,
                last.digits,
                last.multiplier,
            )
            reading.previous_at = last.previous_at and timezone.make_aware(last.previous_at)
            reading.energy_kwh, reading.hint = energy_and_hint(last, sheet, read.value, at, factor)
        made.append(reading)
    return made


def _tell(order: Order, visit: Visit, standing: Standing) -> None:
    """Append the event, and let the order's version rise: a report that was being made did not see this visit."""
    version = order.version + 1
    append(
        "record_visit", order, actor=standing.user, organisation=order.organisation,
        details={
            "version": version, "visit": visit.number, "uuid": str(visit.uuid), "device": visit.device, "sha256": visit.content_sha256,
            "files": visit.files.count(), "state": visit.state,
        },
        stands_in_for=standing.acts_for(RIGHT, order.organisation.path),
    )  # fmt: skip
    Order.objects.filter(pk=order.pk).update(version=version)


def receive_file(
    order: Order, standing: Standing, uuid: UUID, sha256: str, name: str, data: bytes
) -> dict[str, Any]:
    """Receive a file that a visit announced; return its receipt. Other bytes than announced are refused."""
    file = ExpectedFile.objects.filter(visit__order=order, visit__uuid=uuid, sha256=sha256.lower()).first()
    if file is None:
        raise NotAnnounced
    note = _("site visit %(visit)s: %(kind)s") % {"visit": file.visit.number, "kind": file.get_kind_display()}
    add_file(order, standing, name, data, note, expected_sha256=sha256)
    return next(told for told in receipts(file.visit) if told["sha256"] == file.sha256)


def receipts(visit: Visit) -> list[dict[str, Any]]:
    """Return a receipt for each file of the visit that the server holds."""
    return [
        {
            "sha256": file.sha256,
            "bytes": file.size_bytes,
            "received_at": file.arrived_at,
            "evidence": file.evidence_id,
        }
        for file in visit.files.with_evidence().exclude(evidence_id=None)
    ]


def give_up(file: ExpectedFile, standing: Standing, reason: str) -> GivenUp:
    """Say that a file will never arrive; who made the visit does not say so."""
    order = file.visit.order
    if not standing.may(GIVE_UP_RIGHT, order.organisation.path):
        raise NotAllowed(GIVE_UP)
    persons = {standing.user.pk, standing.acts_for(GIVE_UP_RIGHT, order.organisation.path)}
    if persons & {file.visit.inspector_id, file.visit.second_inspector_id}:
        raise SamePerson(GIVE_UP)
    if not reason.strip():
        raise Missing(GIVE_UP, [str(GivenUp._meta.get_field("reason").verbose_name)])
    if not ExpectedFile.objects.filter(pk=file.pk).missing().exists():
        raise NotNow(GIVE_UP, _("The file is here, or was given up before."))
    with transaction.atomic():
        append(
            "give_up_file", order, actor=standing.user, organisation=order.organisation,
            details={"visit": file.visit.number, "sha256": file.sha256, "reason": reason.strip()},
            stands_in_for=standing.acts_for(GIVE_UP_RIGHT, order.organisation.path),
        )  # fmt: skip
        return GivenUp.objects.create(file=file, by=standing.user, reason=reason.strip()[:400])


def move_visit(visit: Visit, name: str, standing: Standing, values: dict[str, Any]) -> None:
    """Make a move of a visit; one that is chosen sets those aside that it is in conflict with."""
    with transaction.atomic():
        FLOW.make(visit, name, standing, values)
        if visit.state == Visit.State.COUNTS:
            for rival in visit.rivals().exclude(state=Visit.State.SET_ASIDE):
                FLOW.make_by_system(rival, "overrule_visit", {})
