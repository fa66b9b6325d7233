"""Bills that stand on an edge, the second part: meters behind meters, transformers, demand, power factor and schemes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import combinations
from typing import Any

from tests.billing_sql.bills import (
    NOVEMBER,
    OCTOBER,
    Given,
    Row,
    reading,
    readings,
    scheme,
)

from mutation_givens import (
    BANDS,
    DAY,
    FLAT,
    MIDDLE,
    behind,
    charged,
    flat,
    installed,
    own,
    sub_reading,
)

# ── meters behind meters ─────────────────────────────────────────────────────────────────────────────────────────


def _bands() -> Iterator[Given]:
    """Every set of bands, level, rising and falling, less 10 kWh of a sub meter, with losses."""
    for size in range(1, 6):
        for bands in combinations(BANDS, size):
            for kwh in (
                (30,) * size,
                tuple(range(20, 20 + 9 * size, 9)),
                tuple(range(20 + 9 * size, 20, -9)),
            ):
                used = [reading(band, amount) for band, amount in zip(bands, kwh, strict=True)]
                main = scheme("OWN", tou=True, line_loss_pct="40", transformer_loss=size % 2 == 1)
                yield flat(
                    price=own(), metering_point=[{"metering_mode": "hv_lv"}, behind("M2")], meter_installation=installed("M2"),
                    price_scheme=[main, {**FLAT, "mp_id": "M2"}], reading=[*used, sub_reading("M2", 10)], transformer=[_unit(0.2)],
                )  # fmt: skip


def _thin_bands() -> Iterator[Given]:
    """One kWh in one band beside none on another, taken off by a sub meter of one kWh; bands of a stranger's sub meter."""
    points = [{}, behind("M2")]
    for full in BANDS:
        nothing = [reading(full, 0), sub_reading("M2", 1)]
        both = [scheme("OWN", tou=True), {**FLAT, "mp_id": "M2"}]
        yield flat(
            price=own(),
            metering_point=points,
            meter_installation=installed("M2"),
            price_scheme=both,
            reading=nothing,
        )
        for empty in BANDS:
            used = [reading(full, 1), *([] if empty == full else [reading(empty, 0)]), sub_reading("M2", 1)]
            yield flat(
                price=own(),
                metering_point=points,
                meter_installation=installed("M2"),
                price_scheme=both,
                reading=used,
            )
        foreign = [{}, behind("M2", customer_no="C2")]
        used = [
            reading("total", 300),
            reading(full, 30, mp_id="M2", meter_id="AM2"),
            reading("reactive", 9, mp_id="M2", meter_id="AM2"),
        ]
        yield flat(
            customer=[{}, {"customer_no": "C2"}],
            metering_point=foreign,
            meter_installation=installed("M2"),
            reading=used,
        )
        # A fixed share that has a meter all the same: its readings are not asked.
        for fixed in ({"fixed_kwh": 40}, {"fixed_ratio": "0.3"}):
            for tou in (False, True):
                part = {**FLAT, "mp_id": "M2", "tou": tou, **fixed}
                own_meter = [
                    reading("total", 300),
                    sub_reading("M2", 70),
                    reading(full, 60, mp_id="M2", meter_id="AM2"),
                ]
                yield flat(
                    metering_point=points,
                    meter_installation=installed("M2"),
                    price_scheme=[FLAT, part],
                    reading=own_meter,
                )


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
    for more in (
        {},
        {"usage": "check"},
        {"status": "planned"},
        {"customer_no": "C1"},
        {"parent_mp_id": "M9"},
    ):
        point = behind("M2", **{"customer_no": "C2", **more})
        for kwh in (100, 300, 301):
            yield flat(
                customer=[{}, {"customer_no": "C2"}], metering_point=[{}, point], meter_installation=installed("M2"),
                price_scheme=[FLAT, {**FLAT, "mp_id": "M2"}], reading=[reading("total", 300), sub_reading("M2", kwh)],
            )  # fmt: skip
    foreign = behind("M2", customer_no="C2")
    for used in (
        [],
        [sub_reading("M2", None)],
        [reading(band, 30, mp_id="M2", meter_id="AM2") for band in BANDS],
    ):
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
        _states(october(10), october(28), "reduced", sealed_on=october(30)), _states(october(10), october(28), "reduced", sealed_on=october(29)),
        [{"valid_from": NOVEMBER}], [{"valid_from": NOVEMBER + 30 * DAY}], [{"valid_from": october(5), "state": "suspended"}],
    ]  # fmt: skip
    for states in cases:
        for mode in ("capacity", "contract_demand"):
            yield charged(mode, transformer=[{"kva": 150}], transformer_state=states)
        two = [{"kva": 150}, {"transformer_id": "TR2", "kva": 250}]
        yield charged("capacity", transformer=two, transformer_state=states)
        halves = [
            scheme("OWN", basic_charge_mode="capacity", valid_to=MIDDLE),
            scheme("OWN", "lt1", basic_charge_mode="capacity", valid_from=MIDDLE),
        ]
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
    for model in (
        "S11",
        "s11",
        "S11-M-315/10",
        "S11/10",
        " S11 /10",
        "-S11",
        "/S11",
        "X/S11",
        "X-S11",
        "",
        "SX-315",
    ):
        for kva in (315, 316):
            unit = {"model": model, "kva": kva}
            yield flat(price=own(), price_scheme=lossy, metering_point=low, reading=used, transformer=[unit])
    for missing in ("no_load_loss_kw", "load_loss_kw", "no_load_current_pct", "impedance_pct"):
        for model in ("S11", "odd"):
            unit = _unit(0.47, **{missing: None, "model": model})
            yield flat(price=own(), price_scheme=lossy, metering_point=low, reading=used, transformer=[unit])
    for mode in ("hv_hv", "hv_lv", "lv_lv"):
        yield flat(
            price=own(),
            price_scheme=lossy,
            metering_point=[{"metering_mode": mode}],
            reading=used,
            transformer=[_unit(0.47)],
        )
        yield flat(price=own(), price_scheme=lossy, metering_point=[{"metering_mode": mode}], reading=used)


def _losses() -> Iterator[Given]:
    """Up to three transformers of different hours, no load, little load, much load."""
    low: list[Row] = [{"metering_mode": "hv_lv"}]
    lossy = [scheme("OWN", transformer_loss=True, pf_standard="0.90", line_loss_pct="1.5")]
    units = [
        _unit(0.47),
        _unit(0.67, transformer_id="TR2", kva=500),
        _unit(0.2, transformer_id="TR3", kva="80.5"),
        _unit(0.1, transformer_id="TR4", kva=50),
    ]
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
    # Some of them never in service, in every order; and losses of exactly half a kWh and half a kvarh: 600 h × 0.4725 kW = 283.5,
    # 1.25 % × 0.01 × 100 kVA × 600 h = 7.5.
    for absent in ({"TR1"}, {"TR2"}, {"TR1", "TR3"}, {"TR2", "TR3"}):
        states = [
            {
                "transformer_id": f"TR{number}",
                "valid_from": NOVEMBER if f"TR{number}" in absent else OCTOBER + number * DAY,
            }
            for number in (1, 2, 3)
        ]
        for kwh, kvarh in ((0, 0), (60_000, 25_000), (123_457, 76_543)):
            three = [{**unit, "transformer_id": f"TR{number}"} for number, unit in enumerate(units[:3], 1)]
            yield flat(
                price=own("energy"), price_scheme=lossy, metering_point=low, reading=readings(total=kwh, reactive=kvarh),
                transformer=three, transformer_state=states,
            )  # fmt: skip
    half: Row = {
        "kva": 100,
        "no_load_loss_kw": "0.4725",
        "load_loss_kw": "3.65",
        "no_load_current_pct": "0.0125",
        "impedance_pct": "4.0",
    }
    yield flat(
        price=own("energy"), price_scheme=lossy, metering_point=low, reading=readings(total=0, reactive=0), transformer=[half],
        transformer_state=[{"valid_from": OCTOBER + 6 * DAY}],
    )  # fmt: skip
    for percent in (None, 0, "0.5", 1, 100):
        for kwh in (0, 1, 50, 99, 100):
            yield flat(
                price=own(), price_scheme=[scheme("OWN", line_loss_pct=percent)], reading=readings(total=kwh)
            )


# ── demand and power factor ──────────────────────────────────────────────────────────────────────────────────────


def _demands() -> Iterator[Given]:
    for demand in (0, 100, "104.9999", 105, "105.0001", 160, 168, "168.0001", 300):
        for contract in (None, 0, 100, 159, 160, 161):
            own_scheme = scheme("OWN", basic_charge_mode="contract_demand", contract_demand_kw=contract)
            yield charged("", price_scheme=[own_scheme], reading=readings(total=300, max_demand=demand))
        yield charged("actual_demand", reading=readings(total=300, max_demand=demand))
    for kwh in (103_999, 104_000, 104_001):
        for kva in (400, None, 0, 1):
            yield charged(
                "actual_demand", reading=readings(total=kwh, max_demand=100), customer=[{"contract_kva": kva}]
            )
    yield charged("actual_demand", reading=readings(total=300))
    for change in (OCTOBER + DAY, MIDDLE, NOVEMBER - DAY):
        for first, second in (
            ("none", "actual_demand"),
            ("actual_demand", "capacity"),
            ("contract_demand", "none"),
        ):
            halves = [
                scheme("OWN", basic_charge_mode=first, valid_to=change),
                scheme("OWN", basic_charge_mode=second, valid_from=change),
            ]
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
            yield flat(
                price=own("energy"), price_scheme=[own_scheme], reading=readings(total=kwh, reactive=kvarh)
            )
    back = [reading("total", 300), reading("reactive", 400, meter_id="A2")]
    turned = [{}, {"meter_id": "A2", "ct_ratio": -1}]
    yield flat(
        price=own("energy"),
        price_scheme=[scheme("OWN", pf_standard="0.90")],
        reading=back,
        meter_installation=turned,
    )
    # Two main points, and a part that has a standard of its own, which is not assessed.
    for standards in (
        ("0.90", "0.80", "0.90"),
        ("0.90", None, "0.90"),
        (None, "0.80", None),
        (None, None, "0.85"),
    ):
        schemes = [
            {**scheme("OWN", pf_standard=standard), "mp_id": f"M{number}"}
            for number, standard in enumerate(standards, 1)
        ]
        used = [reading("total", 300), reading("reactive", 200)]
        used += [
            reading(name, kwh, mp_id=mp_id, meter_id=f"A{mp_id}")
            for mp_id in ("M2", "M3")
            for name, kwh in (("total", 100), ("reactive", 90))
        ]
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
    thirds = [
        {**FLAT, "valid_to": MIDDLE},
        {**other, "valid_from": MIDDLE, "valid_to": MIDDLE + DAY},
        {**FLAT, "valid_from": MIDDLE + DAY},
    ]
    yield flat(price=own(), price_scheme=thirds, reading=readings(total=1000))
    # One inside another, which the last one follows on the day.
    inside = [
        {**FLAT, "valid_to": MIDDLE + 9 * DAY},
        {**other, "valid_from": MIDDLE, "valid_to": MIDDLE + 4 * DAY},
        {**FLAT, "valid_from": MIDDLE + 9 * DAY},
    ]
    yield flat(price=own(), price_scheme=inside, reading=readings(total=1000))
    yield flat(price_scheme=[])


PARTS = (
    _bands, _thin_bands, _shares, _strangers, _suspensions, _models, _losses, _demands, _factors, _schemes,
)  # fmt: skip
