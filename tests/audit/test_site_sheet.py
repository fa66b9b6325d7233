"""What a visit takes along: the meters that hang now, each register's newest reading, the seals that hang, and nothing personal beside the door."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from jicha.audit.site_sheet import SiteSheet
from jicha.home import Home

HEADERS = {
    "customer": "customer_no,org_no,name,address,phone,kind,category_code,voltage_code,contract_kva,status,temporary,opened_on,multi_household,market_mode,high_energy_listed,has_generation",
    "metering_point": "mp_id,customer_no,org_no,usage,metering_mode,wiring,status",
    "meter": "meter_id,digits,decimals,state",
    "meter_installation": "mp_id,meter_id,installed_at,removed_at,ct_ratio,pt_ratio,multiplier",
    "reading": "mp_id,meter_id,bill_month,register,value,read_at,status",
    "seal": "seal_no,trade,state",
    "seal_operation": "operation_id,seal_no,mp_id,place,action,at",
    "org": "org_no,name,level",
}
ROWS = {
    "org": ["S1,一所,station"],
    "customer": ["K1,S1,某厂,河东路1号,13905002275,hv,400,kv1_10,100,active,false,2020-01-01,false,agency,false,false"],
    "metering_point": ["P1,K1,S1,billing,hv_lv,3p4w,running", "P2,K1,S1,billing,hv_lv,3p4w,removed"],
    "meter": ["M0,6,2,removed", "M1,5,2,running", "M2,6,2,removed"],
    "meter_installation": [
        "P1,M0,2020-01-01 10:00:00,2026-05-01 10:00:00,1,1,1", "P1,M1,2026-05-01 10:00:00,,30,1,30", "P2,M2,2020-01-01 10:00:00,,1,1,1",
    ],
    "reading": [
        "P1,M1,2026-09-01,total,90000.10,2026-09-01 08:00:00,read", "P1,M1,2026-10-01,total,99990.25,2026-10-01 08:00:00,read",
        "P1,M1,2026-10-01,peak,,,missed", "P1,M1,2026-09-01,peak,40.00,2026-09-01 08:00:00,read", "P1,M0,2026-04-01,total,5.00,2026-04-01 08:00:00,read",
    ],
    "seal": ["F1,installation,applied", "F2,installation,removed", "F3,reading,applied"],
    "seal_operation": [
        "O1,F1,P1,meter_cover,apply,2026-05-01 10:30:00", "O2,F2,P1,box,apply,2026-05-01 10:30:00", "O3,F2,P1,box,remove,2026-08-01 09:00:00",
        "O4,F3,P1,box,apply,2026-08-01 09:10:00", "O5,F1,P1,meter_cover,site_check,2026-09-01 09:10:00",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> SiteSheet:
    """The sheet of a customer whose meter was swapped and whose box was sealed anew."""
    folder: Path = tmp_path_factory.mktemp("site")
    for table, header in HEADERS.items():
        (folder / f"{table}.csv").write_text("\n".join([header, *ROWS[table], ""]), encoding="utf-8")
    home = Home(folder / "home")
    assert home.load([folder]).quarantined == 0
    return home.site_sheets(["K1", "none"])["K1"]


def test_the_meter_that_hangs_and_its_newest_readings(sheet: SiteSheet) -> None:
    """Neither the removed meter nor the removed point; a register that was missed last time shows the time before."""
    told = [
        (r.meter_id, r.digits, r.multiplier, r.register, r.previous_value, r.previous_at)
        for r in sheet.registers
    ]
    assert told == [
        ("M1", 5, Decimal(30), "peak", Decimal("40.00"), datetime(2026, 9, 1, 8)),
        ("M1", 5, Decimal(30), "total", Decimal("99990.25"), datetime(2026, 10, 1, 8)),
    ]  # fmt: skip


def test_the_seals_that_hang(sheet: SiteSheet) -> None:
    """A seal that was taken off is not looked for; one that was only looked at still hangs."""
    assert [(seal.seal_no, seal.place) for seal in sheet.seals] == [("F3", "box"), ("F1", "meter_cover")]


def test_no_more_than_a_visit_needs(sheet: SiteSheet) -> None:
    """The door and the capacity; no telephone, bill or amount."""
    assert (sheet.name, sheet.address, sheet.contract_kva) == ("某厂", "河东路1号", Decimal(100))
    assert [field.name for field in fields(SiteSheet)] == [
        "customer_no",
        "name",
        "address",
        "contract_kva",
        "registers",
        "seals",
    ]
    assert "13905002275" not in repr(sheet)
