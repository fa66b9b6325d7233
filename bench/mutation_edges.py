"""Bills that stand on an edge: the last day, kWh or kVA on one side of a condition and the first on the other.

Drawn bills rarely meet an edge; a mutant of a comparison or of a number is told only there. Both engines are asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import combinations
from typing import Any

from tests.billing_sql.bills import (
    NOVEMBER,
    OCTOBER,
    Given,
    Row,
    bill,
    one_customer,
    price,
    reading,
    readings,
    scheme,
)

BANDS = ("sharp", "peak", "flat", "valley", "deep_valley")
REGISTERS = ("total", *BANDS)
PRICED = ("energy", "purchase", "line_loss", "transmission", "system")
FLAT = scheme("RES_FLAT")
OWN = scheme("OWN")
MIDDLE = date(2026, 10, 16)
DAY = timedelta(1)


def edges() -> list[Given]:
    """Return all utilities of one customer."""
    parts = (
        _periods, _rules, _dials, _spans, _moments, _broken_readings, _small, _books, _price_days, _bases, _steps, _persons, _years,
        _bands, _shares, _strangers, _suspensions, _models, _losses, _demands, _factors, _schemes,
    )  # fmt: skip
    return [given for part in parts for given in part()]


def own(base: str = "", **more: Any) -> list[Row]:
    """Return a book with every charge, only one component of which is adjusted by the power factor."""
    rows = [
        price(component, f"0.{number + 1}{place + 1}7", register, in_pf_base=component == base)
        for number, component in enumerate(PRICED)
        for place, register in enumerate(REGISTERS)
    ]
    single = {"fund": "0.029", "step2": "0.05", "step3": "0.3", "capacity": "30", "demand": "48"}
    rows += [price(name, yuan, in_pf_base=name.rstrip("23") == base) for name, yuan in single.items()]
    return [{**row, **more} for row in rows]


def steps(kind: str = "monthly", second: int = 200, third: int = 400, **more: Any) -> list[Row]:
    """Return the limits of the own book."""
    return [
        {"tariff_code": "OWN", "step_scheme": kind, "step": step, "above_kwh": limit, **more}
        for step, limit in ((2, second), (3, third))
    ]


def flat(**tables: list[Row]) -> Given:
    """Return a household at the flat price."""
    return one_customer(**{"price_scheme": [FLAT], "reading": readings(total=300), **tables})


def charged(mode: str, **tables: list[Row]) -> Given:
    """Return a customer with a basic charge."""
    usual = {
        "price": own(), "price_scheme": [scheme("OWN", basic_charge_mode=mode)], "customer": [{"contract_kva": 400}],
        "reading": readings(total=300, max_demand=100),
    }  # fmt: skip
    return one_customer(**{**usual, **tables})


def behind(mp_id: str, **more: Any) -> Row:
    """Return a point behind the main one."""
    return {"mp_id": mp_id, "parent_mp_id": "M1", **more}


def sub_reading(mp_id: str, kwh: object) -> Row:
    """Return a reading of a meter of its own."""
    return reading("total", kwh, mp_id=mp_id, meter_id=f"A{mp_id}")


def installed(*mp_ids: str) -> list[Row]:
    """Return the main meter and one of each other point."""
    return [{}, *({"mp_id": mp_id, "meter_id": f"A{mp_id}"} for mp_id in mp_ids)]


# ── periods and rules ────────────────────────────────────────────────────────────────────────────────────────────


def _periods() -> Iterator[Given]:
    for days in (-1, 0, 1, 2, 366, 367):
        yield flat(bill=[bill(NOVEMBER - days * DAY, NOVEMBER)])
    yield flat(bill=[bill(), bill(bill_id="B2")])
    yield flat(bill=[bill(), bill(bill_id="B2", kind="reversal")])
    yield flat(bill=[bill(), bill(bill_id="B2", bill_month=NOVEMBER)])
    days = [
        ("2026-01-31", "2026-02-28"), ("2026-01-30", "2026-02-28"), ("2026-01-29", "2026-02-28"), ("2026-01-28", "2026-02-28"),
        ("2026-01-28", "2026-02-27"), ("2026-01-31", "2026-02-27"), ("2026-02-28", "2026-03-28"), ("2026-02-28", "2026-03-31"),
        ("2026-01-05", "2026-03-05"), ("2025-12-05", "2026-01-05"), ("2026-01-05", "2026-02-04"), ("2026-01-05", "2026-01-05"),
        ("2026-03-31", "2026-04-30"), ("2026-03-01", "2026-04-30"), ("2026-04-10", "2026-05-09"),
    ]  # fmt: skip
    for begin, end in days:
        yield charged("capacity", bill=[bill(date.fromisoformat(begin), date.fromisoformat(end))])


def _rules() -> Iterator[Given]:
    # 260 kWh a kVA make demand cheaper from 2023-06-01 on; days are divided otherwise from 2024-06-01 on.
    for begin in (date(2023, 5, 31), date(2023, 6, 1), date(2024, 5, 31), date(2024, 6, 1)):
        for length in (20, 30):
            for mode in ("capacity", "actual_demand"):
                used = readings(total=200_000, max_demand=100)
                yield charged(mode, bill=[bill(begin, begin + length * DAY)], reading=used)


# ── registers ────────────────────────────────────────────────────────────────────────────────────────────────────


def _dials() -> Iterator[Given]:
    """Registers that fall, by what the capacity or the dial makes possible."""
    for digits in range(4, 10):
        full = 10**digits
        for start, end in ((full, 5), (full - 1, 5), (full - 1, 0)):
            yield flat(meter=[{"digits": digits}], reading=[reading("total", end, previous_value=start)], customer=[{"contract_kva": 400}])
    for start, end in (("900000", "100000"), ("899999.9", "100000"), ("900000", "100000.1"), ("899999", "5"), ("999999", "100001")):
        yield flat(reading=[reading("total", end, previous_value=start)])
    for running, contract in ((1, 400), (None, 400), (None, 1), (400, 1)):
        yield flat(reading=[reading("total", "5000", previous_value="995000")], customer=[{"running_kva": running, "contract_kva": contract}])


def _spans() -> Iterator[Given]:
    """Rollovers of 1 kVA: 28.8 kWh a day, 31 days where nothing says when the span began."""
    known, unknown = {"previous_at": datetime(2026, 11, 1, 5)}, {"previous_at": None}
    week = {"previous_at": datetime(2026, 10, 25, 23)}
    for since, start, ends in (
        (known, 999_980, ("8.8", "8.9")), (unknown, 999_500, ("392.8", "392.9")), (week, 999_900, ("101.6", "101.7")),
        ({"previous_at": datetime(2026, 11, 5)}, 999_980, ("8.8", "8.9")),
    ):  # fmt: skip
        for end in ends:
            yield flat(reading=[reading("total", end, previous_value=start, **since)], customer=[{"running_kva": 1}])


def _moments() -> Iterator[Given]:
    """A reading at the very moment at which the ratio changes, a second around it, and before everything."""
    for change in (datetime(2026, 10, 31, 23, 59, 59), datetime(2026, 11, 1), datetime(2026, 11, 1, 0, 0, 1)):
        both = [{"ct_ratio": 10}, {"ct_ratio": 40, "pt_ratio": 100, "installed_at": change}]
        yield flat(meter_installation=both)
    for change in (datetime(2026, 10, 31), datetime(2026, 10, 30)):
        both = [{"ct_ratio": 10}, {"ct_ratio": 40, "installed_at": change}]
        yield flat(meter_installation=both, reading=[reading("total", 300, read_at=None)])
    yield flat(meter_installation=[{"installed_at": datetime(2026, 12, 1)}])
    yield flat(meter_installation=[{"mp_id": "M9"}])
    yield flat(reading=[reading("total", 300), reading("total", 70, bill_month=date(2026, 9, 1))])
    yield flat(reading=[reading("total", 300, bill_month=date(2026, 9, 1))])


def _broken_readings() -> Iterator[Given]:
    for register in ("total", "max_demand", "reactive", "peak"):
        rest = [] if register == "total" else [reading("total", 300)]
        for broken in ({"value": None}, {"previous_value": None}, {"status": "estimated"}, {}):
            yield flat(reading=[*rest, {**reading(register, 70), **broken}])
        for ratio in ({"ct_ratio": 0}, {"ct_ratio": -1}, {"pt_ratio": 0}):
            used = [*rest, reading(register, 70, meter_id="A2")]
            yield flat(reading=used, meter_installation=[{}, {"meter_id": "A2", **ratio}])
    yield flat(reading=[reading("reverse", 70)])
    yield flat(reading=[reading("total", 300), reading("reverse", 70)])
    yield flat(reading=readings(max_demand=70))
    yield flat(reading=[reading("total", "0.4", meter_id="A2")], meter_installation=[{"meter_id": "A2", "ct_ratio": -1}])
    # Two meters of one point, two demands: sums and the larger one; falling ones that are none.
    pair = [{}, {"meter_id": "A2"}]
    for first, second in ((200, 180), (180, 200)):
        used = [reading("total", first), reading("total", second, meter_id="A2"), reading("max_demand", first), reading("max_demand", second, meter_id="A2")]
        yield charged("actual_demand", reading=used, meter_installation=pair)
        yield flat(reading=[reading("total", first), reading("total", "5", meter_id="A2", previous_value=999_999)], meter=[{}, {"meter_id": "A2"}],
                   meter_installation=pair, customer=[{"contract_kva": second}])  # fmt: skip


# ── prices ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _small() -> Iterator[Given]:
    """No, one and two kWh on each register."""
    for kwh in ("0", "0.4", "0.5", "1", "1.5", "2"):
        yield flat(price=own(), price_scheme=[OWN], reading=readings(total=kwh))
        for band in BANDS:
            used = [reading("total", 7), reading(band, kwh), reading("flat" if band != "flat" else "peak", 5)]
            yield flat(price=own(), price_scheme=[scheme("OWN", tou=True)], reading=used)
    for band in BANDS:
        used = [reading("total", 900), reading(band, 70)]
        yield flat(price=own(), price_scheme=[scheme("OWN", tou=True)], reading=used)
        without = [row for row in own() if row["register"] != band]
        yield flat(price=without, price_scheme=[scheme("OWN", tou=True)], reading=used)
        yield flat(price=[row for row in own() if row["register"] in (band, "any")], price_scheme=[scheme("OWN", tou=True)], reading=used)
    yield flat(price=own(), price_scheme=[scheme("OWN", tou=True)])


def _books() -> Iterator[Given]:
    """Books with one component in one place only, a component for every register, and two prices at once."""
    used = [reading(register, 100 + place) for place, register in enumerate(REGISTERS)]
    for tou in (False, True):
        for component in PRICED:
            here = scheme("OWN", tou=tou)
            others = [row for row in own() if row["component"] != component]
            yield flat(price=[*others, price(component, "0.0123")], price_scheme=[here], reading=used)
            yield flat(price=[*others, price(component, "0.0123"), price(component, "0.5", "peak")], price_scheme=[here], reading=used)
            yield flat(price=[price(component, "0.0123")], price_scheme=[here], reading=used)
            yield flat(price=[*own(), price(component, "0.9", "total", valid_from=date(2021, 1, 1))], price_scheme=[here], reading=used)
        for single in ("fund", "step2", "capacity", "demand"):
            yield flat(price=[*own(), price(single, "0.9", valid_from=date(2021, 1, 1))], price_scheme=[scheme("OWN", tou=tou)], reading=used)
            without = [row for row in own() if row["component"] != single]
            for mode in ("none", "capacity", "actual_demand"):
                yield charged(mode, price=without)
    for mode in ("agency", "catalogue", "market", "exited"):
        yield flat(customer=[{"market_mode": mode}], price=own(), price_scheme=[OWN])
        yield flat(customer=[{"market_mode": mode}], price_scheme=[scheme("CI_SINGLE", "lt1")])
        yield flat(customer=[{"market_mode": mode}])
    yield flat(price=own(), price_scheme=[scheme("OWN", "kv35")])
    yield flat(price_scheme=[scheme("NOWHERE")])


def _price_days() -> Iterator[Given]:
    """Prices that begin and end around the period's first and last day."""
    for change in (OCTOBER - DAY, OCTOBER, OCTOBER + DAY, MIDDLE, NOVEMBER - DAY, NOVEMBER, NOVEMBER + DAY):
        before = [price("energy", "0.5", "total", valid_to=change), price("fund", "0.02", valid_to=change)]
        after = [price("energy", "0.6", "total", valid_from=change), price("fund", "0.03", valid_from=change)]
        for rows in (before, after, before + after):
            yield flat(price=rows, price_scheme=[OWN], reading=readings(total=1000))
        gap = [price("energy", "0.6", "total", valid_from=change + DAY)]
        yield flat(price=before + gap, price_scheme=[OWN], reading=readings(total=1000))
        overlap = [price("energy", "0.6", "total", valid_from=change - DAY)]
        yield flat(price=before + overlap, price_scheme=[OWN], reading=readings(total=1000))


def _bases() -> Iterator[Given]:
    """Each charge alone in the base of the adjustment: 330 kWh and 440 kvarh are 0.60."""
    monthly = scheme("OWN", pf_standard="0.90", step_scheme="monthly", basic_charge_mode="capacity")
    for base in (*PRICED, "fund", "step", "capacity", "demand", ""):
        used = readings(total=430, reactive=500)
        yield charged("none", price=own(base), price_step=steps(), price_scheme=[monthly], reading=used)
        yield charged("none", price=own(base), price_step=steps(), price_scheme=[{**monthly, "tou": True}],
                      reading=readings(total=9, peak=500, valley=100, reactive=800))  # fmt: skip
    halves = [{**monthly, "valid_to": MIDDLE, "pf_standard": None}, {**monthly, "valid_from": MIDDLE}]
    for base in ("energy", "step", "fund"):
        yield charged("none", price=own(base), price_step=steps(), price_scheme=halves, reading=readings(total=430, reactive=500))
    yield charged("none", price_scheme=[monthly], price_step=steps(), reading=readings(total=430))


# ── residential steps ────────────────────────────────────────────────────────────────────────────────────────────


def _steps() -> Iterator[Given]:
    monthly = [scheme("OWN", step_scheme="monthly")]
    for kwh in (199, 200, 201, 202, 399, 400, 401, 402):
        yield flat(price=own(), price_step=steps(), price_scheme=monthly, reading=readings(total=kwh))
        yield flat(price=own(), price_step=steps()[:1], price_scheme=monthly, reading=readings(total=kwh))
    for change in (OCTOBER - DAY, OCTOBER, OCTOBER + DAY):
        before, after = steps(valid_to=change), steps(second=100, third=150, valid_from=change)
        for rows in (before, after, before + after):
            yield flat(price=own(), price_step=rows, price_scheme=monthly)
    for days in (14, 15, 16, 30, 45, 46, 61, 75, 76, 77):
        for begin in (OCTOBER, OCTOBER - DAY, OCTOBER - 2 * DAY, OCTOBER + 15 * DAY):
            spans = [bill(begin, begin + days * DAY)]
            yield flat(price=own(), price_step=steps(), price_scheme=monthly, reading=readings(total=900), bill=spans)
    raised = [*own(), price("step2", "0.11", valid_from=MIDDLE)]
    raised = [{**row, "valid_to": MIDDLE} if row in own() and row["component"] == "step2" else row for row in raised]
    yield flat(price=raised, price_step=steps(), price_scheme=monthly)
    yield flat(price=own(), price_step=steps("annual"), price_scheme=monthly)
    yield flat(price=own(), price_step=steps(), price_scheme=[scheme("OWN", step_scheme=None)])
    halves = [scheme("OWN", step_scheme=None, valid_to=MIDDLE), scheme("OWN", step_scheme="monthly", valid_from=MIDDLE)]
    yield flat(price=own(), price_step=steps(), price_scheme=halves)


def _persons() -> Iterator[Given]:
    for persons in (None, 4, 5, 6):
        yield _household_with_proof(persons, {"valid_from": date(2024, 1, 1)})
    for proof in (
        {"valid_from": NOVEMBER}, {"valid_from": NOVEMBER - DAY}, {"valid_to": OCTOBER}, {"valid_to": OCTOBER + DAY},
        {"kind": "low_income"}, {"customer_no": "C2"},
    ):  # fmt: skip
        yield _household_with_proof(5, proof)


def _household_with_proof(persons: int | None, proof: Row) -> Given:
    return flat(
        customer=[{"household_persons": persons}], proof=[{"kind": "multi_person", **proof}], price=own(), price_step=steps(),
        price_scheme=[scheme("OWN", step_scheme="monthly")], reading=readings(total=520),
    )  # fmt: skip


def _years() -> Iterator[Given]:
    """What was issued before in the year, each bill alone: the own one of December does not count."""
    annual: dict[str, list[Row]] = {
        "price": own(), "price_step": steps("annual", 2400, 4800), "price_scheme": [scheme("OWN", step_scheme="annual")],
    }  # fmt: skip
    line: Row = {"bill_id": "B2", "mp_id": "M1", "component": "energy", "quantity": 2200}
    for month in (date(2025, 12, 1), date(2026, 1, 1), date(2026, 9, 1), OCTOBER, NOVEMBER):
        other = bill(month, month + 28 * DAY, bill_id="B2", bill_month=month)
        for more in ({}, {"kind": "supplement"}, {"customer_no": "C2"}):
            if month != OCTOBER or "kind" in more:
                yield flat(**annual, bill=[bill(), {**other, **more}], bill_line=[line])
        if month != OCTOBER:
            back = bill(bill_id="B3", bill_month=month, kind="reversal", reverses_bill_id="B2")
            yield flat(**annual, bill=[bill(), other, back], bill_line=[line])
            yield flat(**annual, bill=[bill(), other, {**back, "reverses_bill_id": None}], bill_line=[line])
            for different in ({"item": "fund"}, {"component": "purchase"}, {"mp_id": "M2"}):
                yield flat(**annual, bill=[bill(), other], bill_line=[{**line, **different}])
    for opened in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 2, 1), date(2026, 7, 31), OCTOBER, date(2026, 12, 31), date(2027, 1, 1)):
        yield flat(**annual, customer=[{"opened_on": opened}], reading=readings(total=2300))


# ── meters behind meters ─────────────────────────────────────────────────────────────────────────────────────────


def _bands() -> Iterator[Given]:
    """Every set of bands, level, rising and falling, less 10 kWh of a sub meter, with losses."""
    for size in range(1, 6):
        for bands in combinations(BANDS, size):
            for kwh in ((30,) * size, tuple(range(20, 20 + 9 * size, 9)), tuple(range(20 + 9 * size, 20, -9))):
                used = [reading(band, amount) for band, amount in zip(bands, kwh, strict=True)]
                main = scheme("OWN", tou=True, line_loss_pct="40", transformer_loss=size % 2 == 1)
                yield flat(
                    price=own(), metering_point=[{"metering_mode": "hv_lv"}, behind("M2")], meter_installation=installed("M2"),
                    price_scheme=[main, {**FLAT, "mp_id": "M2"}], reading=[*used, sub_reading("M2", 10)], transformer=[_unit(0.2)],
                )  # fmt: skip


def _unit(iron: float, **more: Any) -> Row:
    return {
        "no_load_loss_kw": str(iron), "load_loss_kw": "3.65", "no_load_current_pct": "1.6", "impedance_pct": "4.0", **more
    }  # fmt: skip


def _shares() -> Iterator[Given]:
    """Fixed quantities and ratios that just fit, or not; a sub meter that takes all, or one kWh too much."""
    for kwh in (0, 1, 99, 100, 101, 150, 151, 1000):
        for parts in (
            [{"fixed_kwh": 100}], [{"fixed_kwh": 100}, {"fixed_kwh": 50}], [{"fixed_ratio": "0.5"}, {"fixed_ratio": "0.5"}],
            [{"fixed_kwh": 100}, {"fixed_ratio": "0.333"}], [{"fixed_ratio": "1"}, {"fixed_kwh": 50}, {"fixed_ratio": "0.2"}],
            [{"fixed_kwh": 100, "fixed_ratio": "0.5"}], [{"fixed_kwh": 7}, {"fixed_ratio": "0.25"}], [{"fixed_kwh": 0}], [],
        ):  # fmt: skip
            for sub in (None, 0, 99, 100, 101):
                if sub is None or len(parts) < 2:
                    yield _house(kwh, parts, sub)


def _house(kwh: int, parts: list[Row], sub: int | None, **main: Any) -> Given:
    fixed = [{**FLAT, **part, "mp_id": f"M{number}"} for number, part in enumerate(parts, 3)]
    subs = [] if sub is None else [{**FLAT, "mp_id": "M2"}]
    return flat(
        price=own(), metering_point=[{"metering_mode": "hv_lv"}, *(behind(str(row["mp_id"]), metering_mode="hv_lv") for row in (*subs, *fixed))],
        meter_installation=installed("M2"), price_scheme=[scheme("OWN", transformer_loss=True, line_loss_pct="5", **main), *subs, *fixed],
        reading=[reading("total", kwh), *([] if sub is None else [sub_reading("M2", sub)])], transformer=[_unit(0.03)],
    )  # fmt: skip


def _strangers() -> Iterator[Given]:
    """Other customers' sub meters, and points that do not count."""
    for more in ({}, {"usage": "check"}, {"status": "planned"}, {"customer_no": "C1"}, {"parent_mp_id": "M9"}):
        point = behind("M2", **{"customer_no": "C2", **more})
        for kwh in (100, 300, 301):
            yield flat(
                customer=[{}, {"customer_no": "C2"}], metering_point=[{}, point], meter_installation=installed("M2"),
                price_scheme=[FLAT, {**FLAT, "mp_id": "M2"}], reading=[reading("total", 300), sub_reading("M2", kwh)],
            )  # fmt: skip
    foreign = behind("M2", customer_no="C2")
    for used in ([], [sub_reading("M2", None)], [reading(band, 30, mp_id="M2", meter_id="AM2") for band in BANDS]):
        yield flat(
            customer=[{}, {"customer_no": "C2"}], metering_point=[{}, foreign], meter_installation=installed("M2"), price_scheme=[FLAT],
            reading=[reading("total", 300), *used],
        )  # fmt: skip
    yield flat(metering_point=[{"usage": "check"}])
    yield flat(metering_point=[{"status": "planned"}])


# ── transformers ─────────────────────────────────────────────────────────────────────────────────────────────────


def _states(begin: date, end: date | None, state: str = "suspended", **more: Any) -> list[Row]:
    rows: list[Row] = [{"valid_to": begin}, {"valid_from": begin, "valid_to": end, "state": state, **more}]
    return [*rows, {"valid_from": end}] if end else rows


def _suspensions() -> Iterator[Given]:
    def october(day: int) -> date:
        return OCTOBER + (day - 1) * DAY

    cases = [
        _states(october(10), october(24)), _states(october(10), october(25)), _states(october(10), october(26)),
        _states(october(10), october(28), sealed_on=october(13)), _states(october(10), october(28), sealed_on=october(14)),
        _states(october(10), october(28), sealed_on=october(5)),
        _states(october(10), october(28), agreed_until=october(25)), _states(october(10), october(28), agreed_until=october(24)),
        _states(october(10), october(28), agreed_until=october(30)), _states(october(10), None, agreed_until=october(20)),
        _states(october(10), None), _states(october(28), None), _states(october(10), october(11), "reduced"),
        _states(october(10), october(11), "hot_standby"), _states(october(10), october(11), "cold_standby"),
        _states(date(2026, 8, 1), date(2026, 9, 1)), _states(date(2026, 9, 1), OCTOBER), _states(date(2026, 9, 2), october(2)),
        _states(NOVEMBER - DAY, date(2026, 12, 1)), _states(NOVEMBER, date(2026, 12, 1)), _states(OCTOBER, NOVEMBER),
        _states(OCTOBER - DAY, NOVEMBER + DAY), [], [{"valid_from": october(2)}], [{"valid_from": OCTOBER}], [{"valid_from": october(31)}],
        [{"valid_from": NOVEMBER}], [{"valid_from": NOVEMBER + 30 * DAY}], [{"valid_from": october(5), "state": "suspended"}],
    ]  # fmt: skip
    for states in cases:
        for mode in ("capacity", "contract_demand"):
            yield charged(mode, transformer=[{"kva": 150}], transformer_state=states)
        two = [{"kva": 150}, {"transformer_id": "TR2", "kva": 250}]
        yield charged("capacity", transformer=two, transformer_state=states)
        halves = [scheme("OWN", basic_charge_mode="capacity", valid_to=MIDDLE), scheme("OWN", "lt1", basic_charge_mode="capacity", valid_from=MIDDLE)]
        yield charged("capacity", transformer=two, transformer_state=states, price_scheme=halves)
        lossy = scheme("OWN", transformer_loss=True, pf_standard="0.90")
        units = [_unit(0.47), _unit(0.67, transformer_id="TR2", kva=500)]
        yield flat(
            price=own("energy"), price_scheme=[lossy], metering_point=[{"metering_mode": "hv_lv"}], transformer=units,
            transformer_state=[*states, {"transformer_id": "TR2", "valid_from": october(20)}],
            reading=readings(total=60_000, reactive=25_000),
        )  # fmt: skip
    for named in (None, "M1", "M2", "M3", "M9"):
        mains: list[Row] = [{}, {"mp_id": "M2"}, behind("M3")]
        whole = [{**scheme("OWN", basic_charge_mode="capacity"), "mp_id": mp_id} for mp_id in ("M1", "M2")]
        yield charged(
            "capacity", metering_point=mains, price_scheme=[*whole, {**FLAT, "mp_id": "M3"}], meter_installation=installed("M2", "M3"),
            reading=[reading("total", 300), sub_reading("M2", 100), sub_reading("M3", 50)], transformer=[{"mp_id": named}],
        )  # fmt: skip
    yield charged("capacity", customer=[{"contract_kva": None}])
    yield charged("contract_demand", customer=[{"contract_kva": None}])


def _models() -> Iterator[Given]:
    """Nameplates with a gap, filled from the parameters of the series that the model names."""
    lossy = [scheme("OWN", transformer_loss=True, pf_standard="0.90")]
    low: list[Row] = [{"metering_mode": "hv_lv"}]
    used = readings(total=60_000, reactive=25_000)
    for model in ("S11", "s11", "S11-M-315/10", "S11/10", " S11 /10", "-S11", "/S11", "X/S11", "X-S11", "", "SX-315"):
        for kva in (315, 316):
            unit = {"model": model, "kva": kva}
            yield flat(price=own(), price_scheme=lossy, metering_point=low, reading=used, transformer=[unit])
    for missing in ("no_load_loss_kw", "load_loss_kw", "no_load_current_pct", "impedance_pct"):
        for model in ("S11", "odd"):
            unit = _unit(0.47, **{missing: None, "model": model})
            yield flat(price=own(), price_scheme=lossy, metering_point=low, reading=used, transformer=[unit])
    for mode in ("hv_hv", "hv_lv", "lv_lv"):
        yield flat(price=own(), price_scheme=lossy, metering_point=[{"metering_mode": mode}], reading=used, transformer=[_unit(0.47)])
        yield flat(price=own(), price_scheme=lossy, metering_point=[{"metering_mode": mode}], reading=used)


def _losses() -> Iterator[Given]:
    """Up to three transformers of different hours, no load, little load, much load."""
    low: list[Row] = [{"metering_mode": "hv_lv"}]
    lossy = [scheme("OWN", transformer_loss=True, pf_standard="0.90", line_loss_pct="1.5")]
    units = [_unit(0.47), _unit(0.67, transformer_id="TR2", kva=500), _unit(0.2, transformer_id="TR3", kva="80.5"), _unit(0.1, transformer_id="TR4", kva=50)]
    begins = {"TR2": OCTOBER + 7 * DAY, "TR3": OCTOBER + 20 * DAY, "TR4": OCTOBER + 20 * DAY}
    since = [{}, *({"transformer_id": name, "valid_from": begin} for name, begin in begins.items())]
    never = [{"valid_from": NOVEMBER}, *({"transformer_id": name, "valid_from": NOVEMBER} for name in begins)]
    for kwh, kvarh in ((0, 0), (1, 0), (0, 1), (60_000, 25_000), (100_000, 140_000), (123_457, 76_543)):
        for count in (1, 2, 3, 4):
            for states in (since, never, []):
                yield flat(
                    price=own("energy"), price_scheme=lossy, metering_point=low, reading=readings(total=kwh, reactive=kvarh),
                    transformer=units[:count], transformer_state=states,
                )  # fmt: skip
    for percent in (None, 0, "0.5", 1, 100):
        for kwh in (0, 1, 50, 99, 100):
            yield flat(price=own(), price_scheme=[scheme("OWN", line_loss_pct=percent)], reading=readings(total=kwh))


# ── demand and power factor ──────────────────────────────────────────────────────────────────────────────────────


def _demands() -> Iterator[Given]:
    for demand in (0, 100, "104.9999", 105, "105.0001", 160, 168, "168.0001", 300):
        for contract in (None, 0, 100, 159, 160, 161):
            own_scheme = scheme("OWN", basic_charge_mode="contract_demand", contract_demand_kw=contract)
            yield charged("", price_scheme=[own_scheme], reading=readings(total=300, max_demand=demand))
        yield charged("actual_demand", reading=readings(total=300, max_demand=demand))
    for kwh in (103_999, 104_000, 104_001):
        for kva in (400, None, 0, 1):
            yield charged("actual_demand", reading=readings(total=kwh, max_demand=100), customer=[{"contract_kva": kva}])
    yield charged("actual_demand", reading=readings(total=300))
    for change in (OCTOBER + DAY, MIDDLE, NOVEMBER - DAY):
        for first, second in (("none", "actual_demand"), ("actual_demand", "capacity"), ("contract_demand", "none")):
            halves = [scheme("OWN", basic_charge_mode=first, valid_to=change), scheme("OWN", basic_charge_mode=second, valid_from=change)]
            yield charged("", price_scheme=halves)


def _factors() -> Iterator[Given]:
    """Energies on both sides of an edge between two factors, and none."""
    pairs = [
        (0, 0), (1, 0), (0, 1), (1_000_000, 606_574), (1_000_000, 606_596), (1000, 484), (1000, 485), (1000, 467), (1000, 468),
        (1000, 1332), (1000, 1334), (330, 440), (1, 1000), (100, 0), (1000, 100), (1000, 101),
    ]  # fmt: skip
    for standard in ("0.90", "0.85", "0.80"):
        for kwh, kvarh in pairs:
            own_scheme = scheme("OWN", pf_standard=standard)
            yield flat(price=own("energy"), price_scheme=[own_scheme], reading=readings(total=kwh, reactive=kvarh))
    back = [reading("total", 300), reading("reactive", 400, meter_id="A2")]
    turned = [{}, {"meter_id": "A2", "ct_ratio": -1}]
    yield flat(price=own("energy"), price_scheme=[scheme("OWN", pf_standard="0.90")], reading=back, meter_installation=turned)
    # Two main points, and a part that has a standard of its own, which is not assessed.
    for standards in (("0.90", "0.80", "0.90"), ("0.90", None, "0.90"), (None, "0.80", None), (None, None, "0.85")):
        schemes = [{**scheme("OWN", pf_standard=standard), "mp_id": f"M{number}"} for number, standard in enumerate(standards, 1)]
        used = [reading("total", 300), reading("reactive", 200)]
        used += [reading(name, kwh, mp_id=mp_id, meter_id=f"A{mp_id}") for mp_id in ("M2", "M3") for name, kwh in (("total", 100), ("reactive", 90))]
        yield flat(
            price=own("energy"), metering_point=[{}, {"mp_id": "M2"}, behind("M3")], meter_installation=installed("M2", "M3"),
            price_scheme=schemes, reading=used,
        )  # fmt: skip


def _schemes() -> Iterator[Given]:
    """Schemes that follow each other on the day, leave a day out or overlap by one; at the ends of the period too."""
    other = scheme("OWN")
    for change in (OCTOBER - DAY, OCTOBER, OCTOBER + DAY, MIDDLE, NOVEMBER - DAY, NOVEMBER, NOVEMBER + DAY):
        for gap in (-DAY, 0 * DAY, DAY):
            both = [{**FLAT, "valid_to": change}, {**other, "valid_from": change + gap}]
            yield flat(price=own(), price_scheme=both, reading=readings(total=1000))
        yield flat(price=own(), price_scheme=[{**FLAT, "valid_to": change}])
        yield flat(price=own(), price_scheme=[{**other, "valid_from": change}])
    thirds = [{**FLAT, "valid_to": MIDDLE}, {**other, "valid_from": MIDDLE, "valid_to": MIDDLE + DAY}, {**FLAT, "valid_from": MIDDLE + DAY}]
    yield flat(price=own(), price_scheme=thirds, reading=readings(total=1000))
    yield flat(price_scheme=[])
