"""Bills that stand on an edge: the last day, kWh or kVA on one side of a condition and the first on the other.

Drawn bills rarely meet an edge; a mutant of a comparison or of a number is told only there. Both engines are asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from tests.billing_sql.bills import (
    NOVEMBER,
    OCTOBER,
    Given,
    Row,
    bill,
    price,
    reading,
    readings,
    scheme,
)

import mutation_edges_network
from mutation_givens import (
    BANDS,
    DAY,
    MIDDLE,
    OWN,
    PRICED,
    REGISTERS,
    charged,
    flat,
    own,
    steps,
)


def edges() -> list[Given]:
    """Return all utilities of one customer."""
    parts = (
        _periods, _rules, _dials, _spans, _moments, _broken_readings, _small, _nothing, _large, _one_yuan, _books, _price_days, _bases, _steps, _persons, _years,
    )  # fmt: skip
    return [given for part in (*parts, *mutation_edges_network.PARTS) for given in part()]


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
    for digits in range(3, 10):
        full = 10**digits
        for start, end in ((full, 5), (full - 1, 5), (full - 1, 0)):
            yield flat(
                meter=[{"digits": digits}],
                reading=[reading("total", end, previous_value=start)],
                customer=[{"contract_kva": 400}],
            )
    for start, end in (
        ("900000", "100000"),
        ("899999.9", "100000"),
        ("900000", "100000.1"),
        ("899999", "5"),
        ("999999", "100001"),
    ):
        yield flat(reading=[reading("total", end, previous_value=start)])
    for running, contract in ((1, 400), (None, 400), (None, 1), (400, 1)):
        yield flat(
            reading=[reading("total", "5000", previous_value="995000")],
            customer=[{"running_kva": running, "contract_kva": contract}],
        )


def _spans() -> Iterator[Given]:
    """Rollovers of 1 kVA: 28.8 kWh a day, 31 days where nothing says when the span began."""
    known, unknown = {"previous_at": datetime(2026, 11, 1, 5)}, {"previous_at": None}
    week = {"previous_at": datetime(2026, 10, 25, 23)}
    for since, start, ends in (
        (known, 999_980, ("8.8", "8.9")), (unknown, 999_500, ("392.8", "392.9")), (week, 999_900, ("101.6", "101.7")),
        ({"previous_at": datetime(2026, 11, 5)}, 999_980, ("8.8", "8.9")),
    ):  # fmt: skip
        for end in ends:
            yield flat(
                reading=[reading("total", end, previous_value=start, **since)], customer=[{"running_kva": 1}]
            )


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
    yield flat(
        reading=[reading("total", "0.4", meter_id="A2")],
        meter_installation=[{"meter_id": "A2", "ct_ratio": -1}],
    )
    # Two meters of one point, two demands: sums and the larger one; falling ones that are none.
    pair = [{}, {"meter_id": "A2"}]
    for first, second in ((200, 180), (180, 200)):
        used = [
            reading("total", first),
            reading("total", second, meter_id="A2"),
            reading("max_demand", first),
            reading("max_demand", second, meter_id="A2"),
        ]
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
        yield flat(
            price=[row for row in own() if row["register"] in (band, "any")],
            price_scheme=[scheme("OWN", tou=True)],
            reading=used,
        )
    yield flat(price=own(), price_scheme=[scheme("OWN", tou=True)])


def _nothing() -> Iterator[Given]:
    """Bands without energy: they need no price, whether it is missing or the retail contract's."""
    used = readings(total=7, flat=5)
    for band in BANDS:
        without = [row for row in own() if row["register"] != band]
        given = used if band != "flat" else readings(total=7, peak=5)
        for kwh in (0, 1, 2):
            yield flat(
                price=without, price_scheme=[scheme("OWN", tou=True)], reading=[*given, reading(band, kwh)]
            )
        for kwh in (0, 1):
            market = [scheme("CI_SINGLE", "lt1", tou=True)]
            yield flat(
                customer=[{"market_mode": "market"}],
                price_scheme=market,
                reading=readings(total=7, **{band: kwh}),
            )
    for kwh in (0, 1):
        market = [scheme("CI_SINGLE", "lt1")]
        yield flat(customer=[{"market_mode": "market"}], price_scheme=market, reading=readings(total=kwh))
        yield flat(
            price=[row for row in own() if row["register"] != "total"],
            price_scheme=[OWN],
            reading=readings(total=kwh),
        )
    for tariff, bands in (("RES_STEP", ("peak", "valley")), ("AGRI", ("sharp", "peak", "valley"))):
        for band in bands:
            catalogue = [scheme(tariff, "lt1", tou=True)]
            yield flat(
                customer=[{"market_mode": "market"}],
                price_scheme=catalogue,
                reading=readings(total=7, **{band: 5}),
            )
    yield flat(bill=[bill(NOVEMBER - DAY, NOVEMBER)], price_scheme=[])
    yield flat(bill=[bill(NOVEMBER - DAY, NOVEMBER)], price=own(valid_from=NOVEMBER), price_scheme=[OWN])
    yield flat(price=own(), price_scheme=[scheme("OWN", tou=True)], reading=readings(total=0, peak=0, flat=0))


def _large() -> Iterator[Given]:
    """Prices from ten yuan and kWh of nine digits, which outgrow what is multiplied in 64 bits."""
    dear = [{**row, "unit_price": f"12{str(row['unit_price']).removeprefix('0')}"} for row in own()]
    level = dict.fromkeys(BANDS, 100)
    for rows in (dear, own()):
        for kwh in (99_999_999, 100_000_000, 1_000_000_000):
            yield flat(price=rows, price_scheme=[OWN], reading=readings(total=kwh))
            for band in BANDS:
                used = readings(**{**level, band: kwh})
                yield flat(price=rows, price_scheme=[scheme("OWN", tou=True)], reading=used)
        yield flat(
            price=rows, price_scheme=[OWN], reading=readings(total=300), customer=[{"market_mode": "exited"}]
        )
        yield flat(
            price=rows,
            price_scheme=[scheme("OWN", tou=True)],
            reading=readings(**level),
            customer=[{"market_mode": "exited"}],
        )
    for register in REGISTERS:
        for component in PRICED:
            one = [
                row
                if (row["component"], row["register"]) != (component, register)
                else {**row, "unit_price": "10"}
                for row in own()
            ]
            tou = scheme("OWN", tou=register != "total")
            used = readings(total=77) if register == "total" else readings(**{register: 77})
            yield flat(price=one, price_scheme=[tou], reading=used)


def _one_yuan() -> Iterator[Given]:
    """Every charge is one yuan exactly, and none of them was issued."""
    other: list[Row] = [{"item": "other", "amount_yuan": 5}]
    ones = [{**row, "unit_price": 1} for row in own()]
    limits = steps(second=200, third=201)
    stepped = scheme("OWN", step_scheme="monthly")
    yield flat(price=ones, price_scheme=[OWN], reading=readings(total=1), bill_line=other)
    yield flat(
        price=ones,
        price_scheme=[scheme("OWN", tou=True)],
        reading=readings(**dict.fromkeys(BANDS, 1)),
        bill_line=other,
    )
    yield flat(
        price=ones, price_step=limits, price_scheme=[stepped], reading=readings(total=202), bill_line=other
    )
    for kva in (1, 4):
        # 330 kWh and 440 kvarh are 0.60: a quarter of the basic charge
        assessed = scheme("OWN", basic_charge_mode="capacity", pf_standard="0.90")
        used = readings(total=330, reactive=440)
        yield charged(
            "",
            price=ones,
            price_scheme=[assessed],
            reading=used,
            customer=[{"contract_kva": kva}],
            bill_line=other,
        )


def _books() -> Iterator[Given]:
    """Books with one component in one place only, a component for every register, and two prices at once."""
    used = [reading(register, 100 + place) for place, register in enumerate(REGISTERS)]
    for tou in (False, True):
        for component in PRICED:
            here = scheme("OWN", tou=tou)
            others = [row for row in own() if row["component"] != component]
            yield flat(price=[*others, price(component, "0.0123")], price_scheme=[here], reading=used)
            yield flat(
                price=[*others, price(component, "0.0123"), price(component, "0.5", "peak")],
                price_scheme=[here],
                reading=used,
            )
            yield flat(price=[price(component, "0.0123")], price_scheme=[here], reading=used)
            yield flat(
                price=[*own(), price(component, "0.9", "total", valid_from=date(2021, 1, 1))],
                price_scheme=[here],
                reading=used,
            )
        for single in ("fund", "step2", "capacity", "demand"):
            yield flat(
                price=[*own(), price(single, "0.9", valid_from=date(2021, 1, 1))],
                price_scheme=[scheme("OWN", tou=tou)],
                reading=used,
            )
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
    for base in ("fund", "step", "energy"):
        yield charged(
            "none",
            price=own(base),
            price_step=steps(),
            price_scheme=[monthly],
            reading=readings(total=0, reactive=500),
        )
        yield charged(
            "none",
            price=own(base),
            price_step=steps(),
            price_scheme=[monthly],
            reading=readings(total=150, reactive=200),
        )
        no_fund = [row for row in own(base) if row["component"] != "fund"]
        yield charged(
            "none",
            price=no_fund,
            price_step=steps(),
            price_scheme=[monthly],
            reading=readings(total=430, reactive=500),
        )
    halves = [{**monthly, "valid_to": MIDDLE, "pf_standard": None}, {**monthly, "valid_from": MIDDLE}]
    for base in ("energy", "step", "fund"):
        yield charged(
            "none",
            price=own(base),
            price_step=steps(),
            price_scheme=halves,
            reading=readings(total=430, reactive=500),
        )
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
            yield flat(
                price=own(), price_step=steps(), price_scheme=monthly, reading=readings(total=900), bill=spans
            )
    raised = [*own(), price("step2", "0.11", valid_from=MIDDLE)]
    raised = [
        {**row, "valid_to": MIDDLE} if row in own() and row["component"] == "step2" else row for row in raised
    ]
    yield flat(price=raised, price_step=steps(), price_scheme=monthly)
    yield flat(price=own(), price_step=steps("annual"), price_scheme=monthly)
    yield flat(price=own(), price_step=steps(), price_scheme=[scheme("OWN", step_scheme=None)])
    halves = [
        scheme("OWN", step_scheme=None, valid_to=MIDDLE),
        scheme("OWN", step_scheme="monthly", valid_from=MIDDLE),
    ]
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
    for opened in (
        date(2025, 12, 31),
        date(2026, 1, 1),
        date(2026, 2, 1),
        date(2026, 7, 31),
        OCTOBER,
        date(2026, 12, 31),
        date(2027, 1, 1),
    ):
        yield flat(**annual, customer=[{"opened_on": opened}], reading=readings(total=2300))
        odd = {**annual, "price_step": steps("annual", 2401, 4801)}
        yield flat(**odd, customer=[{"opened_on": opened}], reading=readings(total=5000))
