"""The visits of an order as its page shows them: each whole, those in conflict beside each other with what differs marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from jicha.desk.flow.forms import open_forms
from jicha.desk.flow.moves import label_of
from jicha.desk.orders.models import Order
from jicha.desk.people.standing import Standing
from jicha.desk.visits.actions import GIVE_UP_RIGHT
from jicha.desk.visits.models import ExpectedFile, Load, Reading, Seal, Visit
from jicha.desk.visits.moves import FLOW
from jicha.desk.visits.sheets import words_of_codes


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a visit says; `differs` where a record in conflict with it says something else, or nothing."""

    label: str
    value: str
    differs: bool
    is_risky: bool = False


@dataclass(frozen=True, slots=True)
class ShownVisit:
    """A visit with its lines, its files and the moves that are open to the person."""

    visit: Visit
    is_in_conflict: bool
    facts: list[Line]
    readings: list[Line]
    seals: list[Line]
    loads: list[Line]
    files: list[ExpectedFile]
    moves: list[Any]


def shown_visits(order: Order, standing: Standing) -> list[ShownVisit]:
    """Return the visits of an order, the first first."""
    visits = list(
        order.visits.select_related(
            "order", "organisation", "inspector", "second_inspector", "chooser"
        ).prefetch_related("readings", "seals", "loads")
    )
    words = words_of_codes()
    told = {visit.pk: _parts(visit, words) for visit in visits}
    return [_shown(visit, _in_conflict(visit, visits), told, standing) for visit in visits]


def _in_conflict(visit: Visit, visits: Iterable[Visit]) -> list[Visit]:
    """Return the other visits that did not know of this one, or this one not of them."""
    return [
        other
        for other in visits
        if visit.base < other.number < visit.number or other.base < visit.number < other.number
    ]


Parts = dict[str, dict[str, tuple[str, bool]]]


def _shown(visit: Visit, others: list[Visit], told: dict[int, Parts], standing: Standing) -> ShownVisit:
    def lines(part: str) -> list[Line]:
        own = told[visit.pk][part]
        beside = [told[other.pk][part] for other in others]
        return [
            Line(label, value, any(one.get(label, ("",))[0] != value for one in beside), risky)
            for label, (value, risky) in own.items()
        ]

    files = list(visit.files.with_evidence().select_related("given_up__by"))
    return ShownVisit(
        visit, bool(others), lines("facts"), lines("readings"), lines("seals"), lines("loads"), files, open_forms(visit, FLOW, standing)
    )  # fmt: skip


def _parts(visit: Visit, words: dict[str, str]) -> Parts:
    return {
        "facts": {label: (value, False) for label, value in _facts(visit)},
        "readings": dict(_reading(one, words) for one in visit.readings.all()),
        "seals": dict(_seal(one, words) for one in visit.seals.all()),
        "loads": dict(_load(one) for one in visit.loads.all()),
    }


def _facts(visit: Visit) -> Iterator[tuple[str, str]]:
    yield _("begun"), f"{localtime(visit.begun_at):%Y-%m-%d %H:%M}"
    yield _("ended"), f"{localtime(visit.ended_at):%Y-%m-%d %H:%M}"
    place = f"{visit.latitude}, {visit.longitude}" if visit.latitude else _("place not told")
    yield _("where"), f"{place} ± {visit.accuracy_m} m" if visit.latitude and visit.accuracy_m else place
    yield _("inspectors"), f"{visit.inspector} · {visit.second_inspector}"
    yield label_of(visit, "met_name"), " · ".join(filter(None, [visit.met_name, visit.met_role]))
    yield label_of(visit, "signature"), str(visit.get_signature_display())
    for name in ("refusal_reason", "witness", "notes"):
        if value := getattr(visit, name):
            yield label_of(visit, name), value
    if visit.clock_offset_seconds:
        told = {
            "seconds": visit.clock_offset_seconds,
            "begun": f"{localtime(visit.begun_told):%Y-%m-%d %H:%M}",
        }
        yield _("clock of the phone"), _("said %(begun)s when it began; %(seconds)s s are added") % told


def _reading(one: Reading, words: dict[str, str]) -> tuple[str, tuple[str, bool]]:
    label = f"{one.meter_id} · {words.get(one.register, one.register)}"
    parts = [_number(one.value)]
    if one.previous_value is not None:
        parts.append(_("last %(value)s") % {"value": _number(one.previous_value)})
    if one.energy_kwh is not None:
        parts.append(f"{_number(one.energy_kwh)} kWh")
    parts.append(str(one.get_hint_display()))
    return label, (" · ".join(parts), one.hint in (Reading.Hint.DOUBTED, Reading.Hint.BACKWARD))


def _seal(one: Seal, words: dict[str, str]) -> tuple[str, tuple[str, bool]]:
    known = _("on record") if one.is_on_record else _("not on record")
    told = [words.get(one.place, one.place), str(one.get_state_display()), known, str(one.get_way_display())]
    return one.seal_no, (
        " · ".join(filter(None, told)),
        one.state != Seal.State.INTACT or not one.is_on_record,
    )


def _load(one: Load) -> tuple[str, tuple[str, bool]]:
    told = [(one.voltage_v, "V"), (one.current_a, "A"), (one.power_kw, "kW")]
    values = [f"{_number(value)} {unit}" for value, unit in told if value is not None]
    return str(one.get_phase_display()), (" · ".join(values), False)


def _number(value: Any) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def may_give_up(order: Order, standing: Standing) -> bool:
    """Return whether the person may say of a file of the order that it will never arrive."""
    return order.state not in Order.CLOSED and standing.may(GIVE_UP_RIGHT, order.organisation.path)
