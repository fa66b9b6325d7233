"""The public tool, frictionless, reads the contract and judges an extract by it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
import yaml
from frictionless import Package, Schema

from jicha.contract import UnknownTableError, contract
from jicha.contract.export import package_descriptor, table_schema, write_schemas

EXTRACT = {
    "org": "org_no,parent_org_no,name,level\n001,,东城供电公司,county\n002,001,一站,station\n",
    "employee": "employee_id,org_no,name,post,hired_on,left_on\nE1,002,张三,reader,2020-01-01,\n",
    "reading_plan": "reading_section,org_no,bill_month,planned_on,original_planned_on,reader_id\n"
    "S01,002,2026-10-01,2026-10-05,,E1\n",
    "account": "account_id,employee_id,active,disabled_at\nA1,E1,true,\nA2,E1,false,2026-10-01 08:30:00\n",
}


def _extract(folder: Path, **changes: str) -> Package:
    """Write an extract beside its schemas and open it as frictionless does."""
    write_schemas(folder, EXTRACT)
    for name, text in {**EXTRACT, **changes}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return Package.from_descriptor(str(folder / "datapackage.yaml"))


def _errors(package: Package) -> list[list[object]]:
    """Return table, row, column and kind of each error."""
    return [
        row[1:] for row in package.validate().flatten(["name", "title", "rowNumber", "fieldName", "type"])
    ]


@pytest.mark.parametrize("name", list(contract().tables))
def test_the_shipped_table_file_is_a_table_schema(name: str) -> None:
    text = (resources.files("jicha.contract") / "tables" / f"{name}.yaml").read_text(encoding="utf-8")
    schema = Schema.from_descriptor(yaml.safe_load(text))
    assert schema.field_names == list(contract().table(name).field_names)
    assert schema.primary_key == list(contract().table(name).primary_key)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_written_schemas_are_pure_and_complete(tmp_path: Path, language: str) -> None:
    files = write_schemas(tmp_path / language, language=language)  # type: ignore[arg-type]
    assert len(files) == 50
    for path in files[:-1]:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert Schema.from_descriptor(document).title == document["title"]
        ours = {"kind", "unit", "labels", "title_en", "description_en"}
        assert not any(ours & set(field) for field in document["fields"])


def test_a_good_extract_is_valid(tmp_path: Path) -> None:
    assert _errors(_extract(tmp_path)) == []


@pytest.mark.parametrize(
    ("table", "text", "kind"),
    [
        ("org", "org_no,parent_org_no,name,level\n001,,东城,planet\n002,,一站,station\n", "constraint-error"),
        ("org", "org_no,parent_org_no,name,level\n001,,东城,\n002,,一站,station\n", "constraint-error"),
        ("org", "org_no,parent_org_no,name,level\n001,999,东城,county\n002,,一站,station\n", "foreign-key"),
        ("org", "org_no,parent_org_no,name,level\n002,,东城,county\n002,,一站,station\n", "primary-key"),
        ("account", "account_id,employee_id,active,disabled_at\nA1,E9,true,\n", "foreign-key"),
        ("account", "account_id,employee_id,active,disabled_at\nA1,E1,perhaps,\n", "type-error"),
        ("account", "account_id,employee_id,active,disabled_at\nA1,E1,true,yesterday\n", "type-error"),
    ],
)
def test_a_bad_extract_is_refused(tmp_path: Path, table: str, text: str, kind: str) -> None:
    errors = _errors(_extract(tmp_path, **{table: text}))
    assert [error[-1] for error in errors] == [kind]


def test_keys_to_tables_outside_the_extract_are_left_out() -> None:
    account = contract().table("account")
    assert "foreignKeys" not in table_schema(account, ["account"])
    assert table_schema(account, ["account", "employee"])["foreignKeys"] == [
        {"fields": ["employee_id"], "reference": {"resource": "employee", "fields": ["employee_id"]}}
    ]


def test_unit_joins_the_description() -> None:
    fields = {field["name"]: field for field in table_schema(contract().table("bill"))["fields"]}
    assert fields["total_yuan"]["description"] == "元；等于电费明细之和"


def test_an_unknown_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownTableError):
        write_schemas(tmp_path, ["bills"])


def test_package_names_one_csv_a_table() -> None:
    assert [entry["path"] for entry in package_descriptor(["org"])["resources"]] == ["org.csv"]
