"""Times of use (分时时段): which band a moment belongs to, by month, kind of day, and what may override them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path

from jicha.billing.book_forms import enumeration
from jicha.billing.policy_file import (
    Lined,
    PolicyProblem,
    Problems,
    breaks,
    check_mark,
    exact_number,
    holds_on,
    known_keys,
    read_policy,
    shipped_files,
    take_dates,
    take_list,
    take_number,
    take_text,
    take_verified,
)
from jicha.errors import ExplainedError

FOLDER = "time_of_use"
DAY_TYPES = ("workday", "weekend", "holiday")
SLOT = timedelta(minutes=15)
SLOTS = timedelta(days=1) // SLOT
MONTHS = range(1, 13)
EVERYONE = "everyone"
FILE_KEYS = (
    *("calendar", "title", "source", "mark", "verified", "valid_from", "valid_to", "note"),
    *("ratios", "floating", "templates", "overrides"),
)
TEMPLATE_KEYS = ("months", "day_types", "bands", "note")
OVERRIDE_KEYS = ("band", "months", "day_types", "ranges", "applies_to", "temperature_from_c", "note")
RANGE = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
Place = tuple[int, str, int]


@dataclass(frozen=True, slots=True)
class Override:
    """Slots that another band takes, for some customers or from some temperature on."""

    band: str
    slots: frozenset[Place]
    applies_to: str
    temperature_from_c: Decimal | None


@dataclass(frozen=True)
class Calendar:
    """The bands of every quarter hour of every month and kind of day; no bands where the hours were not read."""

    name: str
    title: dict[str, str]
    bands: dict[Place, str]
    overrides: tuple[Override, ...]
    ratios: dict[str, Decimal]
    floating: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    source: str
    mark: str
    verified: bool
    file: str
    line: int


def band_of(
    calendar: Calendar,
    moment: datetime,
    day_type: str,
    *,
    applies_to: Collection[str] = (),
    temperature_c: Decimal | None = None,
) -> str:
    """Return the band of the quarter hour that begins at or holds the moment.

    `applies_to` names the groups the customer belongs to, such as two_part_large_industry; `temperature_c` is the day's.
    """
    place = (moment.month, day_type, _slot(moment.hour, moment.minute))
    for override in calendar.overrides:
        if place in override.slots and _applies(override, applies_to, temperature_c):
            return override.band
    try:
        return calendar.bands[place]
    except KeyError:
        raise ExplainedError(
            where=f"time-of-use calendar {calendar.name}",
            found=f"no band at {moment:%m-%d %H:%M}, {day_type}",
            expected=f"a calendar that tells its hours, and a day that is one of {', '.join(DAY_TYPES)}",
            remedy="Write the templates of the calendar: see docs/how-to/price-book.md.",
        ) from None


def split_curve(
    calendar: Calendar,
    curve: Iterable[tuple[datetime, Decimal]],
    day_type_of: Callable[[date], str],
    *,
    applies_to: Collection[str] = (),
    temperature_of: Callable[[date], Decimal | None] = lambda _: None,
) -> dict[str, Decimal]:
    """Return the energy of each band; a point of the curve is the end of its quarter hour and its kWh."""
    energy: dict[str, Decimal] = defaultdict(Decimal)
    for end, kwh in curve:
        begin = end - SLOT
        day = begin.date()
        band = band_of(
            calendar, begin, day_type_of(day), applies_to=applies_to, temperature_c=temperature_of(day)
        )
        energy[band] += kwh
    return dict(energy)


def _applies(override: Override, groups: Collection[str], temperature_c: Decimal | None) -> bool:
    named = override.applies_to == EVERYONE or override.applies_to in groups
    least = override.temperature_from_c
    return named and (least is None or (temperature_c is not None and temperature_c >= least))


def _slot(hour: int, minute: int) -> int:
    return timedelta(hours=hour, minutes=minute) // SLOT


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def shipped_calendars() -> tuple[Calendar, ...]:
    """Return the calendars that the project ships."""
    return load_calendars(shipped_files(FOLDER))


def load_calendars(paths: Iterable[Path]) -> tuple[Calendar, ...]:
    """Return the calendars of several files; two versions of one calendar may neither overlap nor leave a gap."""
    calendars = [read_calendar(path) for path in paths]
    versions: dict[str, list[Calendar]] = defaultdict(list)
    for calendar in calendars:
        versions[calendar.name].append(calendar)
    found = [
        f"{later.file}:{later.line}: {name} has {'an' if kind == 'overlap' else 'a'} {kind} at {later.valid_from}; make the versions meet"
        for name, items in versions.items()
        for kind, _, later in breaks(items)
    ]
    if found:
        raise PolicyProblem("time-of-use calendars", found)
    return tuple(calendars)


def calendar_on(name: str, day: date) -> Calendar:
    """Return the shipped calendar that holds on a day."""
    for calendar in shipped_calendars():
        if calendar.name == name and holds_on(calendar, day):
            return calendar
    raise ExplainedError(
        where=f"time-of-use calendar {name}",
        found=f"none on {day}",
        expected=f"one of {', '.join(calendar.name for calendar in shipped_calendars())}",
        remedy="Choose a calendar that holds on the day, or write one of your own.",
    )


def read_calendar(path: Path) -> Calendar:
    """Return the calendar of a file; raise PolicyProblem with every problem and its line."""
    content = read_policy(path)
    problems = Problems(path.name)
    known_keys(content, FILE_KEYS, problems)
    dates, verified = take_dates(content, problems), take_verified(content, problems)
    name, source = take_text(content, "calendar", problems), take_text(content, "source", problems)
    mark = check_mark(content, verified, problems)
    bands = _templates(content, problems)
    overrides = _overrides(content, problems)
    ratios = _ratios(content, {*bands.values(), *(item.band for item in overrides)}, problems)
    floating = _floating(content, problems)
    problems.stop()
    assert dates is not None
    return Calendar(
        name=name,
        title=dict(content.get("title") or {}),
        bands=bands,
        overrides=overrides,
        ratios=ratios,
        floating=floating,
        valid_from=dates.valid_from,
        valid_to=dates.valid_to,
        source=source,
        mark=mark,
        verified=verified,
        file=path.name,
        line=content.line_of("calendar"),
    )


def _templates(content: Lined, problems: Problems) -> dict[Place, str]:
    """Return the band of every slot; each slot of each month and kind of day must have exactly one."""
    bands: dict[Place, str] = {}
    if content.get("templates") is None:
        return bands
    for node in take_list(content, "templates", problems):
        known_keys(node, TEMPLATE_KEYS, problems)
        told = node.get("bands")
        if not isinstance(told, Lined):
            problems.add(node.line_of("bands"), "`bands` is no mapping of bands to ranges")
            continue
        for band, ranges in told.items():
            line = told.line_of(band)
            _known_band(band, line, problems)
            for place in _places(node, ranges, line, problems):
                if place in bands:
                    problems.add(line, f"{_shown(place)} is {bands[place]} and {band}; leave one")
                bands[place] = band
    _check_whole(content, bands, problems)
    return bands


def _check_whole(content: Lined, bands: dict[Place, str], problems: Problems) -> None:
    """Name for every month and kind of day the first quarter hour without a band."""
    for month, day_type in product(MONTHS, DAY_TYPES):
        empty = [slot for slot in range(SLOTS) if (month, day_type, slot) not in bands]
        if empty:
            text = f"{_shown((month, day_type, empty[0]))} has no band ({len(empty)} quarter hours); add them"
            problems.add(content.line_of("templates"), text)


def _overrides(content: Lined, problems: Problems) -> tuple[Override, ...]:
    found: list[Override] = []
    taken: dict[tuple[Place, str], str] = {}
    nodes = take_list(content, "overrides", problems) if "overrides" in content else []
    for node in nodes:
        known_keys(node, OVERRIDE_KEYS, problems)
        band = take_text(node, "band", problems)
        _known_band(band, node.line_of("band"), problems)
        slots = frozenset(_places(node, node.get("ranges"), node.line_of("ranges"), problems))
        group = node.get("applies_to") or EVERYONE
        for slot in sorted(slots):
            if taken.setdefault((slot, group), band) != band:
                problems.add(
                    node.line, f"{_shown(slot)} is overridden by {taken[slot, group]} and {band}; leave one"
                )
        found.append(Override(band, slots, group, take_number(node, "temperature_from_c", problems)))
    return tuple(found)


def _known_band(band: str, line: int, problems: Problems) -> None:
    known = [name for name in enumeration("price", "register") if name not in ("any", "total")]
    if band not in known:
        problems.add(line, f"band {band!r} is not known; one of {', '.join(known)}")


def _places(node: Lined, ranges: object, line: int, problems: Problems) -> Iterator[Place]:
    """Yield month, kind of day and slot of all ranges."""
    slots = list(_slots(ranges, line, problems))
    months, day_types = list(_months(node, problems)), node.get("day_types") or []
    for day_type in day_types:
        if day_type not in DAY_TYPES:
            problems.add(
                node.line_of("day_types"), f"{day_type!r} is no kind of day; one of {', '.join(DAY_TYPES)}"
            )
    if not day_types:
        problems.add(node.line_of("day_types"), f"`day_types` is missing; list of {', '.join(DAY_TYPES)}")
    yield from product(months, day_types, slots)


def _months(node: Lined, problems: Problems) -> Iterator[int]:
    """Yield the months of a list such as ["7-8", "12"]."""
    told = node.get("months")
    for text in told if isinstance(told, list) else [told]:
        first, _, last = str(text).partition("-")
        ends = [int(end) if end.isdigit() else 0 for end in (first, last or first)]
        if ends[0] in MONTHS and ends[1] in MONTHS and ends[0] <= ends[1]:
            yield from range(ends[0], ends[1] + 1)
        else:
            problems.add(node.line_of("months"), f'months {text!r}; write "7-8" or "12"')


def _slots(ranges: object, line: int, problems: Problems) -> Iterator[int]:
    """Yield the slots of ranges such as 22:00-08:00; one that ends before it begins passes midnight."""
    for text in ranges if isinstance(ranges, list) else [ranges]:
        match = RANGE.fullmatch(str(text))
        numbers = [int(part) for part in match.groups()] if match else []
        if not match or not _is_quarter(*numbers):
            problems.add(line, f'range {text!r}; write whole quarter hours, as in "08:00-11:30"')
            continue
        begin, end = _slot(*numbers[:2]), _slot(*numbers[2:])
        yield from range(begin, end) if begin < end else (*range(begin, SLOTS), *range(end))


def _is_quarter(hour: int, minute: int, end_hour: int, end_minute: int) -> bool:
    quarter = SLOT // timedelta(minutes=1)
    begin, end = timedelta(hours=hour, minutes=minute), timedelta(hours=end_hour, minutes=end_minute)
    whole = minute % quarter == 0 and end_minute % quarter == 0 and max(minute, end_minute) < 60
    return whole and begin < timedelta(days=1) and end <= timedelta(days=1) and begin != end


def _ratios(content: Lined, bands: Collection[str], problems: Problems) -> dict[str, Decimal]:
    """Return the ratios; each band that some slot has needs one."""
    told = content.get("ratios")
    if not isinstance(told, Lined):
        return {}
    for band in sorted(set(bands) - told.keys()):
        problems.add(told.line, f"the ratio of {band} is missing; add it")
    for band in told:
        _known_band(band, told.line_of(band), problems)
    numbers = {
        band: exact_number(told[band], told.line_of(band), f"ratio of {band}", problems) for band in told
    }
    return {band: number for band, number in numbers.items() if number is not None}


def _floating(content: Lined, problems: Problems) -> tuple[str, ...]:
    """Return the components that float."""
    known = enumeration("price", "component")
    for name in content.get("floating") or ():
        if name not in known:
            problems.add(
                content.line_of("floating"), f"component {name!r} is not known; one of {', '.join(known)}"
            )
    return tuple(content.get("floating") or ())


def _shown(place: Place) -> str:
    month, day_type, slot = place
    hour, minute = divmod(slot * SLOT // timedelta(minutes=1), 60)
    return f"month {month}, {day_type}, {hour:02d}:{minute:02d}"
