"""Holds all table files of the contract to one standard; each test lists every offender."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import resources

import pytest
import yaml

from jicha.contract import Field, ForeignKey, Table, UnknownFieldError, UnknownTableError, contract
from jicha.contract.export import frictionless_type
from jicha.contract.model import SQL_TYPES
from jicha.contract.words import KIND_WORDS, UNIT_WORDS_ZH

TABLES = list(contract().tables.values())
COLUMNS = [(table, field) for table in TABLES for field in table.fields]
MEASURES = {"energy", "register", "power", "money", "price"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")

# Identifiers of things that the contract holds no table of, and one that may name a seal unknown to it.
FOREIGN_NUMBERS = {
    ("bill_line", "line_no"),
    ("inspection", "sheet_no"),
    ("prepaid_transfer", "document_no"),
    ("seal_operation", "observed_seal_no"),
}


def test_there_are_49_tables_in_the_order_of_the_contract() -> None:
    names = list(contract().tables)
    assert len(names) == 49
    assert names[:3] == ["org", "employee", "account"]
    assert names[-2:] == ["seal", "seal_operation"]
    assert [name for group in contract().groups for name in group.tables] == names


def test_each_table_file_is_listed_once() -> None:
    files = sorted(entry.name for entry in (resources.files("jicha.contract") / "tables").iterdir())
    assert files == sorted(f"{name}.yaml" for name in contract().tables)


def test_frictionless_type_agrees_with_kind() -> None:
    folder = resources.files("jicha.contract") / "tables"
    offenders = []
    for table in TABLES:
        entries = yaml.safe_load((folder / f"{table.name}.yaml").read_text(encoding="utf-8"))["fields"]
        offenders += [
            f"{table.name}.{entry['name']}"
            for entry in entries
            if entry["type"] != frictionless_type(entry["kind"])
        ]
    assert offenders == []


def test_table_files_have_known_keys_only() -> None:
    known = {"name", "type", "kind", "unit", "title", "title_en", "description", "description_en"}
    known |= {"constraints", "labels"}
    folder = resources.files("jicha.contract") / "tables"
    offenders = []
    for table in TABLES:
        entries = yaml.safe_load((folder / f"{table.name}.yaml").read_text(encoding="utf-8"))["fields"]
        offenders += [f"{table.name}.{entry['name']}" for entry in entries if set(entry) - known]
    assert offenders == []


def test_names_are_lower_case_and_unique() -> None:
    names = [(table.name, field.name) for table, field in COLUMNS]
    assert len(names) == len(set(names))
    assert [name for name in names if not all(re.fullmatch(r"[a-z][a-z0-9_]*", part) for part in name)] == []


def test_every_table_and_column_has_both_titles() -> None:
    things: list[tuple[str, Table | Field]] = [(table.name, table) for table in TABLES]
    things += [(f"{table.name}.{field.name}", field) for table, field in COLUMNS]
    offenders = [
        place
        for place, thing in things
        if not CHINESE.search(thing.title_zh)
        or CHINESE.search(thing.title_en)
        or not thing.title_en[:1].isupper()
    ]
    assert offenders == []


def test_titles_tell_the_columns_of_a_table_apart() -> None:
    offenders = []
    for table in TABLES:
        for titles in ([f.title_zh for f in table.fields], [f.title_en for f in table.fields]):
            offenders += [f"{table.name}: {title}" for title in titles if titles.count(title) > 1]
    assert offenders == []


def test_notes_exist_in_both_languages_or_in_none() -> None:
    offenders = [f"{t.name}.{f.name}" for t, f in COLUMNS if bool(f.note) != bool(f.note_zh)]
    offenders += [table.name for table in TABLES if bool(table.note) != bool(table.note_zh)]
    assert offenders == []


def test_listed_values_are_labelled_and_distinct() -> None:
    offenders = [
        f"{t.name}.{f.name}"
        for t, f in COLUMNS
        if not len(f.enum) == len(set(f.enum)) == len(set(f.labels_zh)) == len(set(f.labels_en))
    ]
    assert offenders == []


def test_listed_values_of_columns_that_share_a_code_list_agree() -> None:
    price, scheme = contract().table("price"), contract().table("price_scheme")
    step = contract().table("price_step")
    assert set(step.field("step_scheme").enum) < set(scheme.field("step_scheme").enum)
    assert {"step2", "step3"} < set(price.field("component").enum)
    assert "energy" in contract().table("bill_line").field("item").enum


def test_measures_have_a_known_unit() -> None:
    offenders = [
        f"{t.name}.{f.name}: {f.unit}"
        for t, f in COLUMNS
        if (f.kind in MEASURES and not f.unit)
        or (f.unit and not all(unit in UNIT_WORDS_ZH for unit in f.unit.split(", ")))
    ]
    assert offenders == []


@pytest.mark.parametrize(
    ("suffix", "unit"),
    [
        ("_yuan", "yuan"),
        ("_kwh", "kWh"),
        ("_kva", "kVA"),
        ("_kw", "kW"),
        ("_pct", "%"),
        ("_v", "V"),
        ("_a", "A"),
    ],
)
def test_unit_agrees_with_the_name(suffix: str, unit: str) -> None:
    offenders = [f"{t.name}.{f.name}" for t, f in COLUMNS if f.name.endswith(suffix) and f.unit != unit]
    assert offenders == []


def test_primary_keys_are_required_columns() -> None:
    offenders = [
        f"{table.name}.{name}"
        for table in TABLES
        for name in table.primary_key
        if not table.field(name).required
    ]
    assert offenders == []
    assert all(table.primary_key for table in TABLES)


def test_foreign_keys_point_at_the_key_of_a_table() -> None:
    offenders = [
        f"{table.name} {key}" for table in TABLES for key in table.foreign_keys if not _resolves(table, key)
    ]
    assert offenders == []


def _resolves(table: Table, key: ForeignKey) -> bool:
    """Whether the key names columns of its table, and all key columns of the other with the same kinds."""
    target = contract().table(key.table)
    kinds = [table.field(name).kind for name in key.fields]
    return key.references == target.primary_key and kinds == [
        target.field(name).kind for name in key.references
    ]


def test_every_identifier_is_a_key_or_refers_to_one() -> None:
    offenders = []
    for table, field in COLUMNS:
        refers = any(field.name in key.fields for key in table.foreign_keys)
        excused = field.name in table.primary_key or (table.name, field.name) in FOREIGN_NUMBERS
        if field.name.endswith(("_id", "_no", "_by")) and not refers and not excused:
            offenders.append(f"{table.name}.{field.name}")
    assert offenders == []


@pytest.mark.parametrize(
    ("table", "column", "target"),
    [
        ("org", "parent_org_no", "org"),
        ("metering_point", "parent_mp_id", "metering_point"),
        ("bill", "reverses_bill_id", "bill"),
        ("bill", "reviewed_by", "employee"),
        ("operation_log", "account_id", "account"),
        ("prepaid_transfer", "to_customer_no", "customer"),
        ("meter_installation", "removal_order_no", "work_order"),
        ("generation_asset", "export_mp_id", "metering_point"),
        ("inspection", "inspector_2", "employee"),
    ],
)
def test_chosen_references(table: str, column: str, target: str) -> None:
    keys = contract().table(table).foreign_keys
    assert [key.table for key in keys if key.fields == (column,)] == [target]


def test_tables_of_time_are_split_by_month() -> None:
    split = {table.name: table.month_field for table in TABLES if table.month_field}
    assert split == {
        "reading_plan": "bill_month",
        "reading": "bill_month",
        "bill": "bill_month",
        "back_bill": "bill_month",
        "district_daily": "day",
        "feeder_daily": "day",
        "daily_freeze": "day",
        "curve": "at",
    }
    assert all(contract().table(name).field(field).required for name, field in split.items() if field)


def test_kinds_have_types_and_words() -> None:
    assert {field.kind for _, field in COLUMNS} == set(SQL_TYPES) == set(KIND_WORDS)
    assert contract().table("bill").field("total_yuan").sql_type == "DECIMAL(18,2)"
    assert contract().table("reading").field("value").sql_type == "DECIMAL(16,4)"


def test_contract_is_read_once_and_frozen() -> None:
    assert contract() is contract()
    with pytest.raises(TypeError):
        contract().tables["other"] = TABLES[0]  # type: ignore[index]
    with pytest.raises(AttributeError):
        TABLES[0].name = "other"  # type: ignore[misc]


def test_unknown_table_is_answered_with_a_suggestion() -> None:
    with pytest.raises(UnknownTableError, match="Did you mean customer"):
        contract().table("custmer")


def test_unknown_field_is_answered_with_the_fields_there_are() -> None:
    with pytest.raises(UnknownFieldError, match="There are: day, is_working_day"):
        contract().table("working_calendar").field("xyz")


def test_loader_imports_no_engine() -> None:
    code = (
        "import sys, jicha.contract; jicha.contract.contract(); "
        "heavy = {'duckdb', 'pyarrow', 'polars', 'xlsxwriter'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
