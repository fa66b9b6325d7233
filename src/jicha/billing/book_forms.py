"""The two forms of a price book: catalogue prices (目录电价), and components that float with time of use (分时)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache

from jicha.billing.policy import rules_on
from jicha.billing.policy_file import (
    Dated,
    Lined,
    Problems,
    exact_number,
    known_keys,
    read_policy,
    shipped_files,
    take_dates,
    take_list,
    take_text,
    take_verified,
)
from jicha.billing.transmission import with_grid
from jicha.contract import contract
from jicha.money import round_half_up

PER_KWH, PER_KVA, PER_KW = "yuan/kWh", "yuan/(kVA·month)", "yuan/(kW·month)"
BASIC_UNITS = {"capacity": PER_KVA, "demand": PER_KW}
BY_VERSION = ("transmission", "fund", "capacity", "demand")
NEEDED_RATIOS = ("total", "peak", "flat", "valley")
TOP_KEYS = ("price_book", "title", "unit", "illustrative", "note", "tariffs")
FLOATING_KEYS = ("floating", "ratios", "pf_base", "common", "grid")
DATED_KEYS = ("valid_from", "valid_to", "source", "verified", "mark", "note")
CATALOGUE_KEYS = ("tariff_code", "title", "in_pf_base", "prices", "steps", *DATED_KEYS)


@dataclass(frozen=True)
class PriceRow:
    """One price with its validity: the columns of the table price."""

    price_book: str
    tariff_code: str
    voltage_code: str
    component: str
    register: str
    valid_from: date
    valid_to: date | None
    unit_price: Decimal
    in_pf_base: bool
    source: str


@dataclass(frozen=True)
class StepRow:
    """One step limit (阶梯限额) with its validity: the columns of the table price_step."""

    price_book: str
    tariff_code: str
    step_scheme: str
    step: int
    above_kwh: Decimal
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class PlacedPrice:
    """A price with the line it stands on, and what is said of its source."""

    row: PriceRow
    file: str
    line: int
    verified: bool
    note: str

    @property
    def valid_from(self) -> date:
        """Return the first day inside."""
        return self.row.valid_from

    @property
    def valid_to(self) -> date | None:
        """Return the first day outside; none while it holds."""
        return self.row.valid_to

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Return what there may be one price of on a day."""
        row = self.row
        return row.tariff_code, row.voltage_code, row.component, row.register


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step limit with the line it stands on."""

    row: StepRow
    file: str
    line: int

    @property
    def valid_from(self) -> date:
        """Return the first day inside."""
        return self.row.valid_from

    @property
    def valid_to(self) -> date | None:
        """Return the first day outside; none while it holds."""
        return self.row.valid_to

    @property
    def key(self) -> tuple[str, str, int]:
        """Return what there may be one limit of on a day."""
        return self.row.tariff_code, self.row.step_scheme, self.row.step


@dataclass(frozen=True, slots=True)
class _Version:
    """What the values under one dated entry have in common."""

    tariff_code: str
    dates: Dated
    source: str
    verified: bool
    note: str


def enumeration(table: str, column: str) -> tuple[str, ...]:
    """Return the values that a column of the contract allows."""
    field = next(field for field in contract().table(table).fields if field.name == column)
    return tuple(field.enum)


@cache
def greatest_prices() -> dict[str, Decimal]:
    """Return by unit the price above which a value can only be a typing error."""
    (path,) = shipped_files("price_limits")
    return {row["unit"]: Decimal(row["greatest"]) for row in read_policy(path)["rows"]}


def unit_of(component: str) -> str:
    """Return the unit of a component's prices."""
    return BASIC_UNITS.get(component, PER_KWH)


def price_places() -> int:
    """Return how many decimals a unit price may have."""
    return rules_on(date.max).unit_price_places


class BookReader:
    """Reads one book in either form and keeps every problem met."""

    def __init__(self, content: Lined, problems: Problems) -> None:
        self._content = content
        self._problems = problems
        self._components = enumeration("price", "component")
        self._registers = enumeration("price", "register")
        self._voltages = enumeration("customer", "voltage_code")
        self.name = take_text(content, "price_book", problems)
        self.prices: list[PlacedPrice] = []
        self.steps: list[PlacedStep] = []

    @property
    def is_floating(self) -> bool:
        """Return whether the book is told by components and ratios."""
        return any(key in self._content for key in FLOATING_KEYS)

    def read(self) -> None:
        """Read the prices and steps of the book."""
        known_keys(self._content, (*TOP_KEYS, *(FLOATING_KEYS if self.is_floating else ())), self._problems)
        title = self._content.get("title")
        if not (isinstance(title, Lined) and title.get("zh") and title.get("en")):
            self._add(self._content, "title", "`title` needs zh and en, as in {zh: 电价表, en: Price book}")
        if self.is_floating:
            self._read_floating()
        else:
            for tariff in take_list(self._content, "tariffs", self._problems):
                self._read_catalogue(tariff)
        self._check_units()

    def _add(self, node: Lined, key: str, text: str) -> None:
        self._problems.add(node.line_of(key), text)

    # catalogue form

    def _read_catalogue(self, tariff: Lined) -> None:
        known_keys(tariff, CATALOGUE_KEYS, self._problems)
        version = self._version(tariff, take_text(tariff, "tariff_code", self._problems))
        in_pf_base = tariff.get("in_pf_base")
        if not isinstance(in_pf_base, bool):
            self._add(tariff, "in_pf_base", f"`in_pf_base` is {in_pf_base!r}; write true or false")
        if version is None:
            return
        for voltage, node in self._mapping(tariff, "prices"):
            for component, registers in self._mapping(node, str(voltage), node):
                for register in registers:
                    self._keep(version, (voltage, component, register), registers, in_pf_base is True)
            self._known(tariff["prices"], voltage, "voltage", self._voltages)
        self._read_steps(tariff, version)

    def _mapping(self, node: Lined, key: str, inner: Lined | None = None) -> Iterator[tuple[str, Lined]]:
        """Yield the entries of a mapping of mappings; anything else is a problem."""
        value = inner if inner is not None else node.get(key)
        if not isinstance(value, Lined) or not value:
            self._add(node, key, f"`{key}` holds no prices; write them as in ZJ-2018.yaml")
            return
        for name, child in value.items():
            if isinstance(child, Lined):
                yield name, child
            else:
                self._add(value, name, f"`{name}` is {child!r}; write a mapping of prices")

    def _known(self, node: Lined, key: str, what: str, allowed: tuple[str, ...]) -> bool:
        if key in allowed:
            return True
        self._add(node, key, f"{what} {key!r} is not known; one of {', '.join(allowed)}")
        return False

    def _read_steps(self, tariff: Lined, version: _Version) -> None:
        if "steps" not in tariff:
            return
        schemes = enumeration("price_step", "step_scheme")
        for scheme, limits in self._mapping(tariff, "steps"):
            self._known(tariff["steps"], scheme, "step scheme", schemes)
            for step in limits:
                self._keep_step(version, scheme, step, limits)

    def _keep_step(self, version: _Version, scheme: str, step: str, limits: Lined) -> None:
        limit = exact_number(limits[step], limits.line_of(step), f"limit of step {step}", self._problems)
        if step not in ("2", "3"):
            self._add(
                limits, step, f"step {step!r} is not known; 2 and 3 carry the limits above which they begin"
            )
        elif limit is not None:
            dates = version.dates
            row = StepRow(
                self.name, version.tariff_code, scheme, int(step), limit, dates.valid_from, dates.valid_to
            )
            self.steps.append(PlacedStep(row, self._problems.file, limits.line_of(step)))

    # floating form

    def _read_floating(self) -> None:
        if "grid" in self._content:
            known = len(self._problems.found)
            with_grid(self._content, self._problems)
            if len(self._problems.found) > known:
                return
        ratios = self._ratio_versions()
        common = take_list(self._content, "common", self._problems)
        for key in ("floating", "pf_base"):
            for name in self._content.get(key) or self._missing_list(key):
                self._known_name(key, name)
        for tariff in take_list(self._content, "tariffs", self._problems):
            known_keys(tariff, ("tariff_code", "title", "versions", "note"), self._problems)
            self._read_tariff(tariff, common, ratios)

    def _missing_list(self, key: str) -> tuple[str, ...]:
        self._add(self._content, key, f"`{key}` is missing; list the components that it names")
        return ()

    def _known_name(self, key: str, name: str) -> None:
        if name not in self._components:
            self._add(
                self._content, key, f"component {name!r} is not known; one of {', '.join(self._components)}"
            )

    def _ratio_versions(self) -> list[tuple[Dated | None, Lined]]:
        """Return the ratios to the flat price: one mapping for ever, or a list of dated ones."""
        value = self._content.get("ratios")
        if isinstance(value, Lined):
            self._check_ratios(value)
            return [(None, value)]
        found: list[tuple[Dated | None, Lined]] = []
        for node in take_list(self._content, "ratios", self._problems):
            known_keys(node, ("values", *DATED_KEYS), self._problems)
            version, values = self._version(node, ""), node.get("values")
            if isinstance(values, Lined) and version:
                self._check_ratios(values)
                found.append((version.dates, values))
        return found

    def _check_ratios(self, ratios: Lined) -> None:
        bands = tuple(name for name in self._registers if name != "any")
        for band in ratios:
            if self._known(ratios, band, "band", bands):
                number = exact_number(ratios[band], ratios.line_of(band), f"ratio of {band}", self._problems)
                if number is not None and number <= 0:
                    self._add(ratios, band, f"ratio of {band} is {number}; a ratio is above zero")
        for band in NEEDED_RATIOS:
            if band not in ratios:
                self._problems.add(ratios.line, f"the ratio of {band} is missing; add it")

    def _read_tariff(
        self, tariff: Lined, common: list[Lined], ratios: list[tuple[Dated | None, Lined]]
    ) -> None:
        code = take_text(tariff, "tariff_code", self._problems)
        versions = take_list(tariff, "versions", self._problems)
        voltages = list(dict.fromkeys(v for node in versions for v in node.get("transmission") or ()))
        for node in common:
            self._read_common(node, code, voltages, ratios)
        for node in versions:
            known_keys(node, (*BY_VERSION, *DATED_KEYS), self._problems)
            version = self._version(node, code)
            if version is not None:
                self._read_version(node, version, ratios)

    def _read_common(
        self, node: Lined, code: str, voltages: list[str], ratios: list[tuple[Dated | None, Lined]]
    ) -> None:
        known_keys(node, ("component", "value", *DATED_KEYS), self._problems)
        version, component = self._version(node, code), take_text(node, "component", self._problems)
        if version is None:
            return
        if component not in self._components:
            self._add(
                node,
                "component",
                f"component {component!r} is not known; one of {', '.join(self._components)}",
            )
            return
        for voltage in voltages:
            self._float(version, (voltage, component), node, "value", ratios)

    def _read_version(self, node: Lined, version: _Version, ratios: list[tuple[Dated | None, Lined]]) -> None:
        if "transmission" not in node:
            self._problems.add(
                node.line, f"{version.tariff_code} has no `transmission`; add its voltage columns"
            )
        for component in BY_VERSION:
            if component in node and isinstance(node[component], Lined):
                for voltage in node[component]:
                    self._known(node[component], voltage, "voltage", self._voltages)
                    self._float(version, (voltage, component), node[component], voltage, ratios)
            elif component in node:
                self._add(node, component, f'`{component}` is no mapping; write {{kv1_10: "0.1250"}}')

    def _float(
        self,
        version: _Version,
        place: tuple[str, str],
        node: Lined,
        key: str,
        ratios: list[tuple[Dated | None, Lined]],
    ) -> None:
        """Keep a component's price in every band: price × ratio, half up to the decimals of a unit price."""
        value = self._price(node, key, place[1])
        if value is None:
            return
        in_pf_base = place[1] in (self._content.get("pf_base") or ())
        if place[1] not in (self._content.get("floating") or ()):
            self._place(version, (*place, "any"), value, in_pf_base, node.line_of(key))
            return
        for dates, bands in ratios:
            inside = _intersection(version.dates, dates)
            if inside is None:
                continue
            for band, ratio in bands.items():
                if isinstance(ratio, str) and _is_number(ratio):
                    dated = replace(version, dates=inside)
                    floated = _fitting(value * Decimal(ratio))
                    self._place(dated, (*place, band), floated, in_pf_base, node.line_of(key))

    # both forms

    def _version(self, node: Lined, tariff_code: str) -> _Version | None:
        source = take_text(node, "source", self._problems)
        verified = take_verified(node, self._problems)
        dates = take_dates(node, self._problems)
        return _Version(tariff_code, dates, source, verified, node.get("note") or "") if dates else None

    def _keep(self, version: _Version, place: tuple[str, str, str], node: Lined, in_pf_base: bool) -> None:
        _, component, register = place
        if component not in self._components:
            self._problems.add(
                node.line, f"component {component!r} is not known; one of {', '.join(self._components)}"
            )
        elif self._known(node, register, "register", self._registers):
            value = self._price(node, register, component)
            if value is not None:
                self._place(version, place, value, in_pf_base, node.line_of(register))

    def _place(
        self, version: _Version, place: tuple[str, str, str], value: Decimal, in_pf_base: bool, line: int
    ) -> None:
        dates = version.dates
        row = PriceRow(
            self.name,
            version.tariff_code,
            *place,
            dates.valid_from,
            dates.valid_to,
            value,
            in_pf_base,
            version.source,
        )
        self.prices.append(PlacedPrice(row, self._problems.file, line, version.verified, version.note))

    def _price(self, node: Lined, key: str, component: str) -> Decimal | None:
        """Return a credible price under the key."""
        value = exact_number(
            node.get(key), node.line_of(key), f"price of {component} ({key})", self._problems
        )
        if value is None:
            return None
        unit, places = unit_of(component), price_places()
        greatest = greatest_prices()[unit]
        if value < 0:
            self._add(node, key, f"price of {component} is {value}; a price is never below zero")
        elif value > greatest:
            self._add(
                node,
                key,
                f"price of {component} is {value} {unit}, more than {greatest}; check the decimal point",
            )
        elif _decimals(value) > places:
            self._add(node, key, f"price of {component} is {value}, with more than {places} decimals")
        else:
            return value
        return None

    def _check_units(self) -> None:
        """Hold the stated units of all components that the book prices."""
        units = self._content.get("unit")
        used = sorted({placed.row.component for placed in self.prices})
        for component in used:
            told = (
                units.get("energy" if component in ("step2", "step3") else component)
                if isinstance(units, Lined)
                else None
            )
            if told != unit_of(component):
                node = units if isinstance(units, Lined) else self._content
                key = component if isinstance(units, Lined) and component in units else "unit"
                self._problems.add(
                    node.line_of(key),
                    f"unit of {component} is {told!r}; write {component}: {unit_of(component)}",
                )


def _intersection(first: Dated, second: Dated | None) -> Dated | None:
    if second is None:
        return first
    begin = max(first.valid_from, second.valid_from)
    ends = [end for end in (first.valid_to, second.valid_to) if end is not None]
    end = min(ends) if ends else None
    return Dated(begin, end, first.line) if end is None or begin < end else None


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _fitting(value: Decimal) -> Decimal:
    places = price_places()
    return value if _decimals(value) <= places else round_half_up(value, places)


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False
