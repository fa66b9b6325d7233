"""A case (案件) as plain data, and the sheet that it gives: one or two scenarios (方案) side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import yaml

from jicha.settle.problems import SettleProblem
from jicha.settle.sheet.back_billing import read_back_billing, read_late_payment
from jicha.settle.sheet.default_usage import (
    CapacityWithoutLeave,
    read_capacity,
    read_event,
    read_low_price_line,
    read_quota,
    read_source,
)
from jicha.settle.sheet.fields import CaseProblem, Fields
from jicha.settle.sheet.lines import (
    BACK_PAY,
    CHARGE,
    LATE_FEE,
    Draft,
    Note,
    SheetLine,
    rounded_lines,
    total_yuan,
)
from jicha.settle.sheet.local_law import LocalLaw
from jicha.settle.sheet.prices import Prices
from jicha.settle.sheet.terms import Setting
from jicha.settle.sheet.theft import CriminalQuantity, Theft, read_theft


class Act(Protocol):
    """An act or a fault of a case."""

    def drafts(self, setting: Setting) -> Iterator[Draft]:
        """Yield its lines, not rounded."""


READERS: dict[str, Callable[[Fields], Act]] = {
    "low_price_line": read_low_price_line,
    "over_capacity": lambda fields: read_capacity(fields, "over_capacity"),
    "suspended_or_sealed": lambda fields: read_capacity(fields, "suspended_or_sealed"),
    "moved_equipment": read_event,
    "unauthorised_source": read_source,
    "exceeded_quota": read_quota,
    "back_billing": read_back_billing,
    "late_payment": read_late_payment,
}
ACTS = ("theft", *READERS)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to settle a case: its acts in order, each with its name."""

    code: str
    title: str
    acts: tuple[tuple[str, Act], ...]


@dataclass(frozen=True, slots=True)
class Case:
    """What was proved, by whom it is owed and on which day it was found."""

    number: str
    title: str
    customer_no: str
    customer_name: str
    is_residential: bool
    is_lighting: bool
    is_two_part: bool
    found_on: date
    is_charge_of_rounded: bool
    local: LocalLaw
    scenarios: tuple[Scenario, ...]


@dataclass(frozen=True, slots=True)
class ScenarioSheet:
    """The lines of one scenario with their sums, the criminal quantities apart, and what the reader must know."""

    code: str
    title: str
    lines: tuple[SheetLine, ...]
    criminal: tuple[CriminalQuantity, ...]
    notes: tuple[Note, ...]

    @property
    def back_pay_yuan(self) -> Decimal:
        """What is to be paid back; below zero it is given back to the customer."""
        return total_yuan(self.lines, BACK_PAY)

    @property
    def charge_yuan(self) -> Decimal:
        """The charge on top (违约使用电费)."""
        return total_yuan(self.lines, CHARGE)

    @property
    def late_fee_yuan(self) -> Decimal:
        """The late-payment charge (电费违约金)."""
        return total_yuan(self.lines, LATE_FEE)

    @property
    def total_yuan(self) -> Decimal:
        """The sum of all lines."""
        return total_yuan(self.lines)

    @property
    def energy_kwh(self) -> Decimal:
        """The energy of all lines that charge energy."""
        return sum(
            (line.quantity for line in self.lines if line.unit == "kWh" and line.kind == BACK_PAY), Decimal(0)
        )

    def sums(self) -> dict[str, Decimal]:
        """Return the sums by name."""
        return {
            "energy_kwh": self.energy_kwh, "back_pay_yuan": self.back_pay_yuan, "charge_yuan": self.charge_yuan,
            "late_fee_yuan": self.late_fee_yuan, "total_yuan": self.total_yuan,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class CaseSheet:
    """The case with the sheet of each scenario."""

    case: Case
    scenarios: tuple[ScenarioSheet, ...]

    def difference(self) -> dict[str, Decimal] | None:
        """Return by how much the second scenario exceeds the first, None where there is one."""
        if len(self.scenarios) < 2:
            return None
        first, second = (one.sums() for one in self.scenarios[:2])
        return {name: second[name] - first[name] for name in first}


def settle_case(case: Case, prices: Prices) -> CaseSheet:
    """Return the sheet of a case."""
    return CaseSheet(case, tuple(_settle(case, scenario, prices) for scenario in case.scenarios))


def _settle(case: Case, scenario: Scenario, prices: Prices) -> ScenarioSheet:
    setting = Setting(
        case.local.book(), case.local, prices, case.found_on, case.is_residential, case.is_lighting, case.is_two_part, case.is_charge_of_rounded
    )  # fmt: skip
    lines: list[SheetLine] = []
    criminal: list[CriminalQuantity] = []
    for number, (name, act) in enumerate(scenario.acts, 1):
        lines += rounded_lines(name, number, list(act.drafts(setting)))
        if isinstance(act, Theft) and (found := act.criminal_quantity(setting)) is not None:
            criminal.append(found)
    return ScenarioSheet(
        scenario.code, scenario.title, tuple(lines), tuple(criminal), (*setting.notes, *_notes(lines))
    )


def _notes(lines: Sequence[SheetLine]) -> Iterator[Note]:
    """Yield what the lines themselves show: clauses that nobody read, prices that nobody verified."""
    unread = dict.fromkeys(
        (line.law.name, line.law.version) for line in lines if not line.is_clause_confirmed
    )
    for name, version in unread:
        yield Note("clause_to_confirm", (("provision", name), ("version", version)))
    for source in dict.fromkeys(line.price_source for line in lines if not line.is_price_verified):
        yield Note("price_unverified", (("source", source),))


def read_case_text(text: str, name: str, local: Callable[[str], LocalLaw]) -> Case:
    """Return the case of a YAML text; numbers keep the digits that were written. Raises CaseProblem with all that is wrong."""
    try:
        # Every scalar stays text: 0.60 never becomes a float.
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        raise CaseProblem(name, [f"is no YAML: {' '.join(str(error).split())}"]) from error
    return read_case(content, name, local)


def read_case_file(path: Path, local: Callable[[str], LocalLaw]) -> Case:
    """Return the case of a file."""
    return read_case_text(path.read_text(encoding="utf-8-sig"), path.name, local)


def read_case(content: Any, name: str, local: Callable[[str], LocalLaw]) -> Case:
    """Return the case of plain data."""
    problems: list[str] = []
    fields = Fields(content, "", problems)
    customer = fields.inside_or_empty("customer")
    law = local(fields.text("province", ""))
    case = Case(
        fields.text("case"), fields.text("title", ""), customer.text("number", ""), customer.text("name", ""),
        customer.flag("residential"), customer.flag("lighting"), customer.flag("two_part"), fields.day("found_on"),
        fields.flag("charge_of_rounded"), law, tuple(_scenarios(fields, law)),
    )  # fmt: skip
    customer.finish()
    fields.finish()
    _check_two_part(case, problems)
    if problems:
        raise CaseProblem(name, list(dict.fromkeys(problems)))
    return case


def _scenarios(fields: Fields, law: LocalLaw) -> Iterator[Scenario]:
    if fields.has("scenarios"):
        inner = fields.inside("scenarios")
        if len(inner.names()) > 2:
            inner.add("holds more than two; compare two at a time")
        for code in inner.names():
            one = inner.inside(code)
            yield Scenario(code, one.text("title", ""), tuple(_acts(one, law)))
            one.finish()
        if fields.has("acts"):
            fields.add("stands beside scenarios; write the acts inside each scenario", "acts")
    else:
        yield Scenario("A", "", tuple(_acts(fields, law)))
    fields.plain("scenarios"), fields.plain("acts")


def _acts(fields: Fields, law: LocalLaw) -> Iterator[tuple[str, Act]]:
    for one in fields.each("acts", "a list of acts"):
        name = one.choice("act", ACTS)
        # An act that is written wrong may have no meaning at all; that is told beside the other problems.
        try:
            act = read_theft(one, law.acts) if name == "theft" else READERS[name](one)
        except SettleProblem as problem:
            one.add(str(problem))
            continue
        one.finish()
        yield name, act


def _check_two_part(case: Case, problems: list[str]) -> None:
    """Note capacity acts of two-part customers that lack the price or the time that their basic charge needs."""
    for scenario in case.scenarios:
        for number, (_, act) in enumerate(scenario.acts, 1):
            if isinstance(act, CapacityWithoutLeave):
                is_two_part = case.is_two_part if act.is_two_part is None else act.is_two_part
                if is_two_part and (act.price is None or not act.periods):
                    problems.append(
                        f"acts[{number}]: a two-part customer needs price and from with until or months"
                    )


def plain_sheet(sheet: CaseSheet) -> dict[str, Any]:
    """Return the whole sheet as plain data; numbers as text."""
    case, difference = sheet.case, sheet.difference()
    return {
        "case": case.number, "title": case.title, "customer_no": case.customer_no, "customer_name": case.customer_name,
        "found_on": case.found_on.isoformat(), "law_book": case.local.name,
        "scenarios": [_plain_scenario(one) for one in sheet.scenarios],
        "difference": None if difference is None else _texts(difference),
    }  # fmt: skip


def _plain_scenario(one: ScenarioSheet) -> dict[str, Any]:
    return {
        "code": one.code, "title": one.title, "lines": [line.plain() for line in one.lines], "sums": _texts(one.sums()),
        "criminal": [_plain_criminal(found) for found in one.criminal],
        "notes": [{"code": note.code, "values": dict(note.values)} for note in one.notes],
    }  # fmt: skip


def _plain_criminal(found: CriminalQuantity) -> dict[str, Any]:
    return {
        "kwh": f"{found.kwh:f}", "yuan": f"{found.yuan:f}", "price_yuan_per_kwh": f"{found.price_yuan_per_kwh:f}",
        "is_price_certified": found.is_price_certified, "formula": found.formula, "source": found.law.source, "mark": found.law.mark,
        "amounts": {name: str(value) for name, value in found.amounts.values.items()},
    }  # fmt: skip


def _texts(sums: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: f"{value:f}" for name, value in sums.items()}
