"""The kinds of customers of the county and how they use electricity."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    """One kind of customer: archive attributes, tariff, and the size and shape of its use."""

    name: str
    kind: str
    category: str
    trade: str | None
    tariff: str
    share: float
    daily_kwh: float
    spread: float
    season: str
    assessed: bool = False
    two_part: bool = False
    tou: bool = False
    proof: str | None = None


LV_SEGMENTS = (
    Segment("urban_home", "lv_res", "202", None, "RES_STEP", 0.0, 6.0, 0.42, "home"),
    Segment("rural_home", "lv_res", "201", None, "RES_STEP", 0.0, 5.0, 0.42, "home"),
    Segment("shared_home", "lv_res", "202", None, "RES_FLAT", 0.010, 15.0, 0.35, "home"),
    Segment(
        "school",
        "lv_nonres",
        "203",
        "P8321",
        "RES_FLAT",
        0.005,
        45.0,
        0.40,
        "office",
        proof="residential_price",
    ),
    Segment("shop", "lv_nonres", "405", "F5211", "CI_SINGLE", 0.090, 25.0, 0.55, "shop"),
    Segment("office", "lv_nonres", "402", "S9221", "CI_SINGLE", 0.010, 40.0, 0.50, "office"),
    Segment("workshop", "lv_nonres", "403", "C3311", "CI_SINGLE", 0.020, 60.0, 0.45, "works"),
    Segment("farm", "lv_nonres", "300", "A0311", "AGRI", 0.010, 30.0, 0.45, "farm"),
    Segment("pump", "lv_nonres", "301", "A0513", "AGRI_IRRIG", 0.008, 35.0, 0.40, "pump"),
    Segment("home_pile", "lv_res", "202", None, "RES_FLAT", 0.010, 8.0, 0.40, "pile"),
    Segment(
        "compound_pile",
        "lv_nonres",
        "202",
        "O8040",
        "RES_FLAT",
        0.003,
        55.0,
        0.40,
        "pile",
        proof="residential_price",
    ),
    Segment("parking_pile", "lv_nonres", "405", "O8040", "CI_SINGLE", 0.003, 70.0, 0.35, "pile"),
    Segment(
        "large_shop",
        "lv_nonres",
        "405",
        "F5212",
        "CI_SINGLE",
        0.006,
        420.0,
        0.20,
        "shop",
        assessed=True,
        tou=True,
    ),
)
HV_SEGMENTS = (
    Segment(
        "hv_industry",
        "hv",
        "100",
        "C1711",
        "CI_TWO",
        0.30,
        0.33,
        0.22,
        "industry",
        assessed=True,
        two_part=True,
        tou=True,
    ),
    Segment(
        "hv_works",
        "hv",
        "403",
        "C2110",
        "CI_SINGLE",
        0.24,
        0.30,
        0.22,
        "industry",
        assessed=True,
        tou=True,
        proof="tariff_choice",
    ),
    Segment(
        "hv_commerce",
        "hv",
        "405",
        "F5213",
        "CI_TWO",
        0.13,
        0.32,
        0.20,
        "shop",
        assessed=True,
        two_part=True,
        tou=True,
    ),
    Segment(
        "hv_nonindustry",
        "hv",
        "402",
        "Q8411",
        "CI_SINGLE",
        0.12,
        0.30,
        0.20,
        "hospital",
        assessed=True,
        tou=True,
        proof="tariff_choice",
    ),
    Segment("hv_pump", "hv", "301", "A0513", "AGRI_IRRIG", 0.05, 0.28, 0.20, "pump", assessed=True),
    Segment("hv_farm", "hv", "300", "A0311", "AGRI", 0.06, 0.30, 0.20, "farm", assessed=True),
    Segment(
        "hv_charging",
        "hv",
        "405",
        "O8040",
        "CI_TWO",
        0.10,
        0.26,
        0.20,
        "pile",
        assessed=True,
        tou=True,
        proof="exemption",
    ),
)
SEGMENTS = LV_SEGMENTS + HV_SEGMENTS
SEGMENT = {segment.name: index for index, segment in enumerate(SEGMENTS)}
FIRST_HV = len(LV_SEGMENTS)


def members(*names: str) -> list[int]:
    """Return the codes of segments by name."""
    return [SEGMENT[name] for name in names]
