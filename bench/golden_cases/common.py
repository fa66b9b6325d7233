"""What the adapters share: numbers, the rules of a case's time, rounding statements, priced bands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from jicha.billing.energy_charge import band_price, charge
from jicha.billing.policy import BillingRules, rule_book
from jicha.billing.register_energy import multiplier, register_difference, whole
from jicha.money import divide_half_up, yuan

Inputs = dict[str, Any]
Answers = dict[str, Any]
Adapter = Callable[[Inputs], Answers]

NOTHING, ONE, HUNDRED = Decimal(0), Decimal(1), Decimal(100)
# The rules of a case are those of a day under the law that it names; without one, of a day under the present law.
DAY_OF_1996 = date(2015, 12, 31)
DAY_OF_TODAY = date(2026, 1, 1)
# Decimals of a quotient that is compared only, far more than any answer gives.
FINE = 12


class UnknownMethod(LookupError):
    """A method that no adapter knows."""


def method_of(inputs: Inputs, methods: Mapping[str, Adapter], default: str) -> Adapter:
    """Return the adapter of the method that the inputs name."""
    name = inputs.get("method", default)
    if name not in methods:
        raise UnknownMethod(f"method {name}")
    return methods[name]


def number(value: Any) -> Decimal:
    """Return a number of the case as Decimal."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def given(inputs: Inputs, *names: str) -> Decimal | None:
    """Return the first of the named inputs that is there."""
    for name in names:
        if inputs.get(name) is not None:
            return number(inputs[name])
    return None


def need(inputs: Inputs, *names: str) -> Decimal:
    """Return the first of the named inputs that is there; one of them must be."""
    value = given(inputs, *names)
    if value is None:
        raise UnknownMethod("no input " + " or ".join(names))
    return value


def value_or(inputs: Inputs, default: Decimal, *names: str) -> Decimal:
    """Return the first of the named inputs that is there, else the default."""
    value = given(inputs, *names)
    return default if value is None else value


def numbers(value: Any) -> list[Decimal]:
    """Return one number, a list or the values of a mapping as a list of Decimal."""
    if value is None:
        return []
    if isinstance(value, dict):
        return [number(item) for item in value.values()]
    return [number(item) for item in value] if isinstance(value, list) else [number(value)]


def total(values: Iterable[Decimal]) -> Decimal:
    """Return the sum as Decimal, also of nothing."""
    return sum(values, NOTHING)


def rules_of(inputs: Inputs) -> BillingRules:
    """Return the billing rules of the law that the case names."""
    return rule_book().on(DAY_OF_1996 if "1996" in str(inputs.get("law_version", "")) else DAY_OF_TODAY)


def says(inputs: Inputs, *words: str) -> bool:
    """Return whether the case's statement of rounding holds one of the words."""
    return any(word in str(inputs.get("rounding", "")) for word in words)


def energy_places(inputs: Inputs, default: int | None) -> int | None:
    """Return the decimals of energy that the case states, or the default; None is not rounded."""
    if says(inputs, "0.01kWh"):
        return 2
    if says(inputs, "0.1kWh"):
        return 1
    return 0 if says(inputs, "取整", "整数", "kWh", "kvarh") else default


def rounded(value: Decimal, places: int | None) -> Decimal:
    """Return the value rounded half up, or as it is."""
    return value if places is None else whole(value, places)


def per_cent(part: Decimal, of: Decimal) -> Decimal:
    """Return a part in percent, to more decimals than any answer gives."""
    return divide_half_up(HUNDRED * part, of, FINE)


def average(amount: Decimal, kwh: Decimal) -> Decimal | None:
    """Return an average price, to more decimals than any answer gives."""
    return divide_half_up(amount, kwh, FINE) if kwh else None


def difference(inputs: Inputs, start: str, end: str, digits: str = "integer_digits") -> tuple[Decimal, bool]:
    """Return what a register advanced between two inputs and whether it rolled over."""
    places = inputs.get(digits)
    return register_difference(
        need(inputs, start), need(inputs, end), None if places is None else int(places)
    )


def ratio_of(inputs: Inputs) -> Decimal:
    """Return the multiplier: as given, else CT × PT, each 1 where absent."""
    factor = given(inputs, "multiplier")
    if factor is not None:
        return factor
    return multiplier(value_or(inputs, ONE, "ct_ratio"), value_or(inputs, ONE, "pt_ratio"))


def ratio_in(place: Inputs, prefix: str = "") -> Decimal | None:
    """Return a band's ratio to the flat price, given in percent or as a factor."""
    factor = given(place, f"{prefix}ratio")
    if factor is not None:
        return factor
    percent = given(place, f"{prefix}ratio_pct")
    return None if percent is None else percent / HUNDRED


def price_in(period: Inputs, flat_price: Decimal | None, is_flat: bool = False) -> Decimal:
    """Return the price of a period: its own, else its ratio × the flat price."""
    price = given(period, "price_yuan", "price_yuan_per_kwh")
    if price is not None:
        return price
    ratio = ratio_in(period)
    if flat_price is None or (ratio is None and not is_flat):
        raise UnknownMethod("no price of a period")
    return band_price(flat_price, ONE if ratio is None else ratio)


def charges(energies: dict[str, Decimal], prices: dict[str, Decimal]) -> dict[str, Decimal]:
    """Return the charge of each band, rounded to the cent."""
    return {name: charge(kwh, prices[name]) for name, kwh in energies.items()}


def rounded_once(quantities: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """Return Σ quantity × price rounded once to the cent."""
    return yuan(total(quantity * price for quantity, price in quantities))


def fund_charges(kwh: Decimal, prices: Any) -> Decimal:
    """Return Σ of the charges for each fund or component on the same energy, each rounded to the cent."""
    return total(charge(kwh, price) for price in numbers(prices))
