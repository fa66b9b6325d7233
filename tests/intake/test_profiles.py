"""Mapping profiles: the shipped ones, their accounting, and every way to write one wrongly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jicha.contract import contract
from jicha.errors import JichaError
from jicha.intake import LoadReport, load, quarantine_list
from jicha.intake.profile import read_profile, shipped
from jicha.mart import Mart

from .helpers import figures, rows

Deliver = Callable[..., LoadReport]

CONS = (
    "CONS_ID,CONS_NO,CONS_NAME,ORG_NO,CONS_SORT_CODE,ELEC_TYPE_CODE,VOLT_CODE,STATUS_CODE,TMP_FLAG,BUILD_DATE,CONTRACT_CAP,HEC_INDUSTRY_CODE,EXTRA\n"
    "1,0012345678901234567890,张三,3440101,03,202,AC02202,正常,0,20200101,8,,x\n"
    "2,0000000002,李四,3440101,0201,405,AC03802,暂停,1,2020-02-30,15.5,0,x\n"
    "3,0000000003,王五,3440101,05,405,AC00101,正常,0,2020-01-01,315,9,x\n"
)
MP = "MP_ID,CONS_ID,TG_ID,LINE_ID,USAGE_TYPE_CODE,STATUS_CODE,MEAS_MODE,WIRING_MODE\nP1,1,T1,L1,01,02,3,1\nP2,9,T1,L1,01,02,3,1\n"


@pytest.mark.parametrize("name", shipped())
def test_shipped_profile_fits_the_contract(name: str) -> None:
    profile = read_profile(name, contract())
    assert profile.name == name and profile.mappings


def test_sg186(deliver: Deliver, mart: Mart) -> None:
    report = deliver({"C_CONS.csv": CONS.encode("gb18030"), "c_mp_202610.csv": MP}, profile="sg186")
    assert figures(report, "customer") == (3, 1, 0, 0, 2)
    (customer,) = rows(
        mart,
        "customer",
        "customer_no, name, kind, voltage_code, status, temporary, opened_on, contract_kva, _line",
    )
    assert customer == (
        "0012345678901234567890",
        "张三",
        "lv_res",
        "lt1",
        "active",
        False,
        date(2020, 1, 1),
        Decimal("8.0000"),
        2,
    )
    assert rows(mart, "metering_point", "mp_id, customer_no, org_no") == [
        ("P1", "0012345678901234567890", "3440101")
    ]
    told = {
        (entry.table, entry.line, entry.column, entry.reason, entry.value) for entry in quarantine_list(mart)
    }
    assert told == {
        ("customer", 3, "opened_on", "impossible_date", "2020-02-30"),
        ("customer", 4, "kind", "unmapped_code", "05"),
        ("metering_point", 3, "customer_no", "required_empty", None),
    }
    assert "王五" in next(
        entry.raw for entry in quarantine_list(mart) if entry.line == 4 and entry.table == "customer"
    )


def test_shape_faults_of_a_source_count_once(deliver: Deliver, mart: Mart) -> None:
    report = deliver({"C_CONS.csv": CONS + "4,ragged\n"}, profile="sg186")
    assert figures(report) == (4, 1, 0, 0, 3)
    assert [entry.raw for entry in quarantine_list(mart) if entry.reason == "ragged_row"] == ["4,ragged"]


def test_absent_source_column_of_a_required_field_is_refused(deliver: Deliver) -> None:
    with pytest.raises(JichaError, match="category_code \\(ELEC_TYPE_CODE\\)"):
        deliver({"C_CONS.csv": CONS.replace("ELEC_TYPE_CODE", "OTHER")}, profile="sg186")


INVOICE = {
    "customer_no": ["A", "A", "A", "A", "B", "A"],
    "counter_type": ["ELEC", "ELEC", "ELEC", "ELEC", "GAZ", "ELEC"],
    "counter_no": [1, 1, 1, 1, 1, 1],
    "date": [
        date(2015, 1, 31),
        date(2015, 5, 31),
        date(2015, 5, 20),
        date(2015, 5, 31),
        date(2015, 1, 1),
        date(2015, 9, 30),
    ],
    "tarif_type": [11, 11, 11, 11, 40, 11],
    "counter_coefficient": [1, 0, 1, 0, 1, 2],
    "consommation_level_1": [100, 200, 50, 200, 7, 300],
    "consommation_level_2": [0, 30, 0, 30, 0, 0],
    "consommation_level_3": [0, 0, 0, 0, 0, 0],
    "consommation_level_4": [0, 0, 0, 0, 0, 0],
    "old_index": [0, 150, 100, 150, 0, 380],
    "new_index": [100, 380, 150, 380, 7, 530],
    "months_number": [2, 4, 636624, 4, 2, 0],
}


def test_invoice_history(mart: Mart, folder: Path) -> None:
    pq.write_table(pa.table(INVOICE), folder / "invoices.parquet")
    report = load(mart, [folder], profile="invoice_history")
    assert figures(report, "bill") == (5, 4, 0, 1, 0)
    assert {one.left_out for one in report.files if one.table == "bill"} == {1}
    # May: two invoices and a copy fold into one reading, from the first old index to the last new one.
    readings = rows(mart, "reading", "mp_id, bill_month, previous_value, value, previous_at::date")
    assert sorted(readings) == [
        ("A-1", date(2015, 1, 1), Decimal(0), Decimal(100), date(2014, 11, 30)),
        ("A-1", date(2015, 5, 1), Decimal(100), Decimal(380), date(2013, 5, 20)),
        ("A-1", date(2015, 9, 1), Decimal(380), Decimal(530), date(2015, 8, 30)),
    ]
    folded = [
        one.count
        for file in report.files
        if file.table == "reading"
        for one in file.warnings
        if "folded" in one.text
    ]
    assert folded == [2]
    assert rows(mart, "meter_installation", "multiplier") == [(Decimal(2),)]
    assert sorted(rows(mart, "bill_line", "line_no, quantity")) == [
        (1, 50),
        (1, 100),
        (1, 200),
        (1, 300),
        (2, 30),
    ]


def profile_file(folder: Path, columns: str, extra: str = "") -> Path:
    """Write a small profile for the table org."""
    path = folder.parent / "own.yaml"
    path.write_text(
        "profile: own\nversion: 1\n"
        "codes: {level: {unknown: quarantine, values: {'1': city, '2': station}}}\n"
        f"tables:\n  - table: org\n    source: ORGS\n{extra}    columns: {{{columns}}}\n"
    )
    return path


GOOD = "org_no: NO, name: NAME, level: {from: LEVEL, codes: level}"


def test_joins_take_one_row_only(mart: Mart, folder: Path) -> None:
    (folder / "ORGS.csv").write_text("NO,LEVEL\n1,1\n2,2\n")
    (folder / "NAMES.csv").write_text("NO,NAME,SINCE\n1,old,2020\n1,new,2021\n2,b,2020\n")
    columns = "org_no: NO, name: n.NAME, level: {from: LEVEL, codes: level}"
    join = "    joins: [{source: NAMES, alias: n, on: {NO: NO}%s}]\n"
    with pytest.raises(JichaError, match="2 rows for the key '1'"):
        load(mart, [folder], profile=profile_file(folder, columns, join % ""))
    load(mart, [folder], profile=profile_file(folder, columns, join % ", latest: SINCE"))
    assert rows(mart, "org", "org_no, name") == [("1", "new"), ("2", "b")]


def test_where_leaves_rows_out_and_counts_them(mart: Mart, folder: Path) -> None:
    (folder / "ORGS.csv").write_text("NO,NAME,LEVEL\n1,a,1\n2,b,2\n3,,1\n")
    report = load(mart, [folder], profile=profile_file(folder, GOOD, "    where: \"NAME <> 'a'\"\n"))
    assert figures(report) == (1, 1, 0, 0, 0) and report.files[0].left_out == 2


def test_casts_neither_round_nor_vanish(mart: Mart, folder: Path) -> None:
    (folder / "ORGS.csv").write_text("NO,NAME,LEVEL\n1,12,1\n2,1.5,1\n3,x,1\n")
    path = profile_file(
        folder, "org_no: NO, name: 'CAST(NAME AS BIGINT) + 1', level: {from: LEVEL, codes: level}"
    )
    assert figures(load(mart, [folder], profile=path)) == (3, 1, 0, 0, 2)
    assert rows(mart, "org", "name") == [("13",)]
    assert [(one.line, one.reason, one.value) for one in quarantine_list(mart)] == [
        (3, "failed_expression", "1.5"),
        (4, "failed_expression", "x"),
    ]


WRONG = {
    "unknown field": ("org_no: NO, name: NAME, level: LEVEL, colour: RED", "colour"),
    "required field without a mapping": ("org_no: NO, name: NAME", "no mapping for level"),
    "no SQL": ("org_no: 'NO +', name: NAME, level: LEVEL", "cannot be read"),
    "division": ("org_no: 'A / B', name: NAME, level: LEVEL", "DIV"),
    "float": ("org_no: 'CAST(A AS DOUBLE)', name: NAME, level: LEVEL", "DOUBLE"),
    "subquery": ("org_no: '(SELECT 1)', name: NAME, level: LEVEL", "SUBQUERY"),
    "table function": ("org_no: \"read_text('/etc/passwd')\", name: NAME, level: LEVEL", "ANONYMOUS"),
    "clock": ("org_no: 'current_date', name: NAME, level: LEVEL", "CURRENTDATE"),
    "aggregate outside a group": ("org_no: 'max(NO)', name: NAME, level: LEVEL", "MAX"),
    "unknown source": ("org_no: other.NO, name: NAME, level: LEVEL", "the source 'other'"),
    "unknown code table": (
        "org_no: NO, name: NAME, level: {from: LEVEL, codes: nowhere}",
        "code table 'nowhere'",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_profile_is_refused(kind: str, mart: Mart, folder: Path) -> None:
    columns, message = WRONG[kind]
    (folder / "ORGS.csv").write_text("NO,NAME,LEVEL\n1,a,1\n")
    with pytest.raises(JichaError, match=message):
        load(mart, [folder], profile=profile_file(folder, columns))
    assert mart.latest() is None


def test_unknown_profile_names_the_shipped_ones(mart: Mart, folder: Path) -> None:
    with pytest.raises(JichaError, match="invoice_history, sg186"):
        load(mart, [folder], profile="sg187")
