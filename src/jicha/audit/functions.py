"""The functions that jicha SQL owns, expanded in the tree so that every engine computes the same."""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp

MAX_PLACES = 9
_SCALE = 9  # operands are held as integers of 10^-9, the finest unit of the contract (price)


def _expand(template: str, **parts: exp.Expr) -> exp.Expr:
    tree = sqlglot.parse_one(template, dialect="duckdb")
    return exp.replace_placeholders(tree, **{name: part.copy() for name, part in parts.items()})


def _places(node: exp.Expr, function: str) -> int:
    if not (isinstance(node, exp.Literal) and not node.is_string and 0 <= int(node.this) <= MAX_PLACES):
        raise ValueError(f"{function}: the number of decimals must be a literal from 0 to {MAX_PLACES}")
    return int(node.this)


def div_hu(numerator: exp.Expr, denominator: exp.Expr, places: exp.Expr) -> exp.Expr:
    """Exact quotient, half away from zero, on integers: (2·|a|·10ⁿ + |b|) // (2·|b|) with the sign restored."""
    count = _places(places, "div_hu")
    top = _units(numerator)
    bottom = _units(denominator)
    return _expand(
        f"""CASE WHEN (:denominator) = 0 THEN NULL ELSE
            CAST(CASE WHEN ((:numerator) < 0) = ((:denominator) < 0) THEN 1 ELSE -1 END
              * ((2 * abs(:top) * {10**count} + abs(:bottom)) // (2 * abs(:bottom))) AS DECIMAL(38, 0))
            * CAST('{10**-count:.{count}f}' AS DECIMAL({count + 1}, {count})) END""",
        numerator=numerator,
        denominator=denominator,
        top=top,
        bottom=bottom,
    )


def _units(value: exp.Expr) -> exp.Expr:
    return _expand(f"CAST(CAST(:value AS DECIMAL(38, {_SCALE})) * {10**_SCALE} AS INT128)", value=value)


def safe_div(numerator: exp.Expr, denominator: exp.Expr) -> exp.Expr:
    """div_hu with six decimals: a ratio for comparing and showing."""
    return div_hu(numerator, denominator, exp.Literal.number(6))


def round_hu(value: exp.Expr, places: exp.Expr) -> exp.Expr:
    """Rounds a DECIMAL half away from zero; ROUND on DECIMAL does so on every engine that we prove."""
    count = _places(places, "round_hu")
    return _expand(f"CAST(ROUND(:value, {count}) AS DECIMAL(38, {count}))", value=value)


def charge_hu(
    quantity: exp.Expr, price: exp.Expr, fits: exp.Expr | None = None, multiple: exp.Expr | None = None
) -> exp.Expr:
    """Quantity × price (× multiple), half away from zero to the cent, as DECIMAL(18, 2).

    In 64 bits where the operands prove that they fit: a whole quantity of at most eight digits and a price below 10 of at
    most nine decimals make a product below 10⁸ × 10 = 10⁹ with nine decimals: eighteen digits. All else goes by 128 bits.
    `fits` is that proof where a query has it already for many products of a row.
    """
    return _expand(
        """CASE WHEN :fits AND (:multiple) = 1
            THEN CAST(ROUND(CAST(:quantity AS DECIMAL(8, 0)) * CAST(:price AS DECIMAL(10, 9)), 2) AS DECIMAL(18, 2))
            ELSE CAST(ROUND(CAST(:quantity AS DECIMAL(38, 4)) * (:price) * (:multiple), 2) AS DECIMAL(18, 2)) END""",
        quantity=quantity,
        price=price,
        fits=_charge_fits(quantity, price) if fits is None else exp.paren(fits),
        multiple=exp.Literal.number(1) if multiple is None else multiple,
    )


def _charge_fits(quantity: exp.Expr, price: exp.Expr) -> exp.Expr:
    return _expand(
        """((:quantity) BETWEEN -99999999 AND 99999999 AND CAST(:quantity AS DECIMAL(18, 0)) = (:quantity)
            AND (:price) BETWEEN -9.999999999 AND 9.999999999 AND (:price) = CAST(:price AS DECIMAL(18, 9)))""",
        quantity=quantity,
        price=price,
    )


def ym(day: exp.Expr) -> exp.Expr:
    """Months since year 0, for arithmetic on months."""
    return _expand("(CAST(year(:day) AS INTEGER) * 12 + CAST(month(:day) AS INTEGER))", day=day)


def add_months(day: exp.Expr, count: exp.Expr) -> exp.Expr:
    """The day `count` months later, the last day of the month where the day does not exist."""
    return _expand("CAST(CAST(:day AS DATE) + (:count) * INTERVAL 1 MONTH AS DATE)", day=day, count=count)


def months_between_floor(start: exp.Expr, end: exp.Expr) -> exp.Expr:
    """Whole months from start to end: a month is complete on the same day number."""
    return _expand(
        "(:end_ym - :start_ym - CASE WHEN day(:end) < day(:start) THEN 1 ELSE 0 END)",
        start=start,
        end=end,
        start_ym=ym(start),
        end_ym=ym(end),
    )


def pctl(value: exp.Expr, share: exp.Expr) -> exp.Expr:
    """Discrete percentile: always a value that occurs, so no interpolation differs between engines."""
    return _expand("quantile_disc(:value, :share)", value=value, share=share)


def workdays(start: exp.Expr, end: exp.Expr) -> exp.Expr:
    """Working days in (start, end], counted on the working calendar."""
    one_day = """(SELECT max(calendar_day.working_day_no) FROM working_day AS calendar_day
                  WHERE calendar_day.day = CAST(:day AS DATE))"""
    return exp.paren(_expand(one_day, day=end) - _expand(one_day, day=start), copy=False)


OWN_FUNCTIONS: dict[str, Callable[..., exp.Expr]] = {
    function.__name__: function
    for function in (div_hu, safe_div, round_hu, charge_hu, ym, months_between_floor, pctl, workdays)
}


def expand_functions(tree: exp.Expr) -> exp.Expr:
    """Return the tree with every own function replaced by standard SQL, innermost first."""
    nodes = [n for n in tree.walk() if isinstance(n, (exp.Anonymous, exp.AddMonths))]
    for node in reversed(nodes):
        node.replace(_expanded(node))
    return tree


def _expanded(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.AddMonths):
        return add_months(node.this, node.expression)
    function = OWN_FUNCTIONS[node.name.lower()]
    try:
        return function(*node.expressions)
    except TypeError as error:
        raise ValueError(f"{node.name}: {len(node.expressions)} argument(s) given; {error}") from error
