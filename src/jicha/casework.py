"""Casework of a home: a case file settled with the price books and law books of the home."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jicha.billing.policies import BillingPolicies
from jicha.billing.price_list import FAR, PriceList, TariffPrices
from jicha.billing.refusal import Refused
from jicha.reports.case_sheet import case_document, write_case_pdf
from jicha.settle.problems import ImpossibleInput
from jicha.settle.sheet.case import CaseSheet, plain_sheet, read_case, read_case_file, settle_case
from jicha.settle.sheet.local_law import LocalLaw, local_law
from jicha.settle.sheet.prices import PER_CAPACITY, PriceSpan

if TYPE_CHECKING:
    from jicha.home import Home

# Collected by kWh beside the bands: part of the price that a stolen kWh costs.
BESIDE_BANDS = ("fund",)


class BookPrices:
    """The price books as a settlement asks them: one price per kWh with everything that is collected by kWh."""

    def __init__(self, policies: BillingPolicies) -> None:
        self._list = PriceList(policies.price_rows, policies.step_rows)
        # What a settlement rests on and nobody verified; an illustrative book is never verified.
        self._unsure = [
            placed.row
            for book in policies.books
            for placed in book.prices
            if book.illustrative or not placed.verified
        ]

    def spans(
        self, tariff_code: str, voltage_code: str, item: str, from_day: date, to_day: date
    ) -> tuple[PriceSpan, ...]:
        """Return the prices of an item over some days; an error names the tariff and the day that has none."""
        spans, day = [], from_day
        while day < to_day:
            found = self._on(tariff_code, voltage_code, day)
            end = min(found.valid_to, to_day) if found.valid_to != FAR else to_day
            yuan = _unit_price(found, tariff_code, item)
            spans.append(
                PriceSpan(
                    day,
                    end,
                    yuan,
                    f"{found.price_book} {tariff_code} {voltage_code}: {found.source}",
                    self._is_sure(tariff_code, voltage_code, day),
                )
            )
            day = end
        return tuple(spans)

    def _on(self, tariff_code: str, voltage_code: str, day: date) -> TariffPrices:
        try:
            return self._list.on(tariff_code, voltage_code, day)
        except Refused as refused:
            known = ", ".join(self._list.voltages(tariff_code) or sorted(self._list.tariffs()))
            raise ImpossibleInput(
                where=f"price of {tariff_code} {voltage_code}", found=f"none on {day} ({refused.code})", expected=f"one of {known}",
                remedy="Correct tariff and voltage, add the price book of that time to <home>/policies/price_books, or state the price.",
            ) from refused  # fmt: skip

    def _is_sure(self, tariff_code: str, voltage_code: str, day: date) -> bool:
        return not any(
            (row.tariff_code, row.voltage_code) == (tariff_code, voltage_code)
            and row.valid_from <= day < (row.valid_to or FAR)
            for row in self._unsure
        )


def _unit_price(found: TariffPrices, tariff_code: str, item: str) -> Decimal:
    if item in PER_CAPACITY:
        price = found.single.get(item)
        if price is None:
            raise ImpossibleInput(
                where=f"price of {tariff_code}", found=f"no {item} price from {found.valid_from}", expected="a two-part tariff",
                remedy="Name the tariff by which the basic charge is billed, or state the price.",
            )  # fmt: skip
        return price.unit_price
    prices = found.energy.get(item) or found.energy.get("total")
    if prices is None:
        raise ImpossibleInput(
            where=f"price of {tariff_code}", found=f"no register {item} from {found.valid_from}",
            expected=f"one of {', '.join(found.energy)}", remedy="Correct the bands of the act.",
        )  # fmt: skip
    beside = [found.single[name].unit_price for name in BESIDE_BANDS if name in found.single]
    return sum([*(price.unit_price for price in prices), *beside], Decimal(0))


class Casework:
    """Settles the cases of a home."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def law(self, province: str) -> LocalLaw:
        """Return the law book of a province: <home>/law/<province>.yaml."""
        return local_law(province, self._home.path / "law")

    def settle_file(self, path: Path) -> CaseSheet:
        """Return the sheet of a case file."""
        return settle_case(read_case_file(path, self.law), BookPrices(self._home.policies))

    def settle(self, content: Any, name: str) -> CaseSheet:
        """Return the sheet of a case that is plain data."""
        return settle_case(read_case(content, name, self.law), BookPrices(self._home.policies))

    def write_pdf(self, sheet: CaseSheet, path: Path, language: str = "zh") -> Path:
        """Write the sheet as PDF; return its path."""
        return self.write_plain_pdf(plain_sheet(sheet), path, language)

    def write_plain_pdf(self, plain: dict[str, Any], path: Path, language: str = "zh") -> Path:
        """Write a sheet that was kept as plain data."""
        return write_case_pdf(case_document(plain, language), path, language)
