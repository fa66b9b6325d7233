"""A home's own price books and rules of billing at the command line: used by every engine, or refused with file and line."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from jicha.errors import JichaError
from jicha.home import open_home
from tests.audit.test_run import own_rule, without
from tests.cli.test_commands import OCTOBER, RUNNER, call, read
from tests.conftest import once

PRICES = {"总": "0.6000", "峰": "0.7000", "谷": "0.4000"}
BOOK = """price_book: MY-2026
title: {zh: 本省电价, en: My prices}
unit: {energy: yuan/kWh}
illustrative: false
tariffs:
  - tariff_code: RES_STEP
    title: {zh: 居民, en: Residential}
    valid_from: 2020-01-01
    valid_to: null
    source: notice 7 of the province
    verified: true
    in_pf_base: false
    prices:
      lt1:
        energy: {total: "0.6000", peak: "0.7000", valley: "0.4000"}
        step2: {any: "0.0500"}
        step3: {any: "0.3000"}
    steps:
      annual: {2: "2760", 3: "4800"}
"""
RULE = """rows:
  - key: loss_band
    value: peak
    valid_from: 2020-01-01
    valid_to: null
    source: letter 12 of the company
    mark: K:high
    verified: false
"""


@pytest.fixture(scope="module")
def priceless(shared: Path, extract: Path) -> Path:
    """A home whose extract brings no prices, so that those of the books are used; copy it before you change it."""
    folder = shared / "priceless"
    with once(folder) as missing:
        if missing:
            source = without(extract, shared / "priceless_extract", "price", "price_step")
            open_home(folder).load([source])
    return folder


@pytest.fixture
def place(priceless: Path, tmp_path: Path) -> Path:
    """A home of one's own without prices of the extract."""
    shutil.copytree(priceless, tmp_path / "home")
    return tmp_path / "home"


def put(home: Path, name: str, text: str) -> Path:
    """Write a file into the policies of a home."""
    path = home / "policies" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def rebill(home: Path) -> dict[str, Any]:
    """Return what re-billing October says, with the due amount of each differing bill."""
    told = read("rebill", "--month", OCTOBER, "--home", str(home))
    told["due"] = {row["bill_id"]: Decimal(row["due_yuan"]) for row in told.pop("differences")}
    return dict(told)


def cents(value: Decimal) -> Decimal:
    """Return yuan to the cent, half up."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def number(text: str) -> Decimal:
    """Return a number as the sheet prints it."""
    return Decimal(text.replace(",", ""))


def test_an_own_book_prices_bills_in_both_engines_and_in_an_audit(place: Path) -> None:
    """Every household is priced by the home's book; both engines and an audit say the same; without the book all is as before."""
    before = rebill(place)
    book = put(place, "price_books/my.yaml", BOOK)
    after = rebill(place)
    assert after["due_yuan"] != before["due_yuan"] and after["issued_yuan"] == before["issued_yuan"]
    changed = sorted(after["due"].keys() - before["due"].keys())
    sheet = read("explain", changed[0], "--home", str(place))
    charges = [line for line in sheet["lines"] if line["component"] == "目录电价"]
    assert charges
    for line in charges:
        price = Decimal(PRICES[line["register"]])
        assert number(line["due_price"]) == price
        assert number(line["due_yuan"]) == cents(number(line["due_quantity"]) * price)
    assert number(sheet["recomputed"]["total_yuan"]) == after["due"][changed[0]]
    assert "notice 7 of the province" in {step["basis"] for step in sheet["steps"]}

    own_rule(
        open_home(place), "ZZ-01_wrong_bill", "SELECT b.customer_no AS subject_id, b.org_no FROM recomputed_bill AS b WHERE b.difference_yuan <> 0",
        needs="{}", facts="[recomputed_bill]",
    )  # fmt: skip

    def suspects() -> set[str]:
        call("audit", "--month", OCTOBER, "--rule", "ZZ-01", "--home", str(place))
        rows = read("findings", "--limit", "100000", "--status", "new", "--home", str(place))
        return {row["subject_id"] for row in rows}

    with_book = suspects()
    assert len(with_book) >= len(changed)
    book.unlink()
    assert rebill(place) == before
    run = open_home(place).audit(OCTOBER, rules=["ZZ-01"])
    assert len([s for s in run.findings["status"].to_pylist() if s != "cleared"]) < len(with_book)


def test_the_extract_s_own_prices_come_first(home_copy: Callable[[str], Any]) -> None:
    """A home's book prices no tariff that the extract prices itself."""
    home = home_copy("extract_first")
    before = rebill(home.path)
    put(home.path, "price_books/my.yaml", BOOK)
    assert rebill(home.path) == before


def test_an_own_rule_of_billing_counts_in_both_engines(place: Path) -> None:
    """Transformer loss goes to peak instead of flat; the sheet quotes the company's letter for it."""
    before = rebill(place)
    put(place, "billing_rules/own.yaml", RULE)
    after = rebill(place)
    assert after["due_yuan"] > before["due_yuan"]
    changed = sorted(after["due"].keys() - before["due"].keys())
    sheet = read("explain", changed[0], "--home", str(place))
    assert number(sheet["recomputed"]["total_yuan"]) == after["due"][changed[0]]
    lines = {line["register"]: line for line in sheet["lines"] if line["component"] == "购电"}
    loss = sum(
        number(step["result"].split()[0]) for step in sheet["steps"] if step["step"] in ("transformer_loss", "line_loss") and "千瓦时" in step["result"]
    )  # fmt: skip
    moved = number(lines["峰"]["due_quantity"]) - number(lines["峰"]["issued_quantity"])
    assert moved == number(lines["平"]["issued_quantity"]) - number(lines["平"]["due_quantity"]) == loss > 0


GAP = BOOK.replace("valid_to: null", "valid_to: 2026-01-01") + BOOK[BOOK.index("  - tariff") :].replace(
    "2020-01-01", "2026-02-01"
)
OVERLAP = GAP.replace("2026-02-01", "2025-12-01").replace("RES_STEP", "OVERLAPPING")
COLUMNS = BOOK.replace("RES_STEP", "COLUMNS").replace(
    "    steps:", '      kv1_10: {energy: {total: "0.5", peak: "0.7"}}\n    steps:'
)
UNIT = BOOK.replace("RES_STEP", "UNIT").replace("yuan/kWh", "fen/kWh")
# What is told of each file, line numbers counted in the texts above.
BROKEN = {
    "price_books/gap.yaml": (GAP, ["29: RES_STEP lt1 energy total has a gap", "33: RES_STEP annual 2 has a gap"]),
    "price_books/overlap.yaml": (OVERLAP, ["29: OVERLAPPING lt1 energy total has two prices on one day"]),
    "price_books/columns.yaml": (COLUMNS, ["18: COLUMNS has no energy valley, step2 any, step3 any at kv1_10"]),
    "price_books/unit.yaml": (UNIT, ["3: "]),
    "price_books/syntax.yaml": ("price_book: [", ["2: "]),
    "price_books/other.yml": (BOOK, ["1: is not read"]),
    "billing_rules/own.yaml": (RULE.replace("peak", "night"), ["3: `value` of loss_band is 'night'; one of flat, peak"]),
    "billing_rules/places.yaml": (RULE.replace("loss_band", "kwh_places").replace("peak", '"2"'), ["2: kwh_places is 0 in every calculation"]),
}  # fmt: skip


@pytest.fixture
def broken(loaded: Path, tmp_path: Path) -> Path:
    """A home with every kind of broken policy at once."""
    home = tmp_path / "broken"
    shutil.copytree(loaded, home)
    for name, (text, _) in BROKEN.items():
        put(home, name, text)
    return home


def told_of_all() -> Iterator[str]:
    """Yield the beginning of what must be told of each broken file."""
    for name, (_, faults) in BROKEN.items():
        yield from (f"{name}:{fault}" for fault in faults)


@pytest.mark.parametrize(
    "command", [("rebill", "--month", OCTOBER), ("audit", "--month", OCTOBER), ("explain", "BILL")], ids=" ".join
)  # fmt: skip
def test_broken_policies_are_refused_with_every_fault(command: tuple[str, ...], broken: Path) -> None:
    """Nothing is recomputed, and each fault of each file is told with its line."""
    home = open_home(broken)
    (path, *_) = home.snapshot().paths("bill")
    bill = str(pq.read_table(path, columns=["bill_id"])["bill_id"][0])
    with pytest.raises(JichaError) as error:
        call(*(bill if part == "BILL" else part for part in command), "--home", str(broken))
    missing = [fault for fault in told_of_all() if f"- {fault}" not in str(error.value)]
    assert missing == [], str(error.value)
    assert home.runs() == []


def test_broken_policies_stop_nothing_that_needs_no_price(broken: Path) -> None:
    """Lists and findings are read as before."""
    assert read("rules", "list", "--home", str(broken))
    assert read("runs", "--home", str(broken)) == []


def test_a_check_tells_the_same_without_a_run(broken: Path, tmp_path: Path) -> None:
    """`policies check` gives every fault and exit code 3; a single file is checked wherever it lies."""
    problems = read("policies", "check", "--home", str(broken))["problems"]
    assert [fault for fault in told_of_all() if not any(p.startswith(fault) for p in problems)] == []
    (line,) = [line for line in read("doctor", "--home", str(broken)) if line["check"] == "price books"]
    assert not line["ok"] and line["found"].startswith("7 own files, ")
    assert "gap.yaml:29" in call("policies", "check", "--home", str(broken), code=3)
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(BOOK, encoding="utf-8")
    bad.write_text(RULE.replace("peak", "night"), encoding="utf-8")
    assert "0 problem" in call("policies", "check", str(good))
    (problem,) = read("policies", "check", str(good), str(bad))["problems"]
    assert problem.startswith("bad.yaml:3: ")
    assert RUNNER.invoke(get_app(), ["policies", "check", str(tmp_path / "none.yaml")]).exit_code == 2


def get_app() -> Any:
    """Return the command line."""
    from jicha.cli import app

    return app


@pytest.mark.parametrize(("language", "own"), [("zh", "本单位"), ("en", "own")])
def test_the_list_names_validity_and_source(language: str, own: str, tmp_path: Path) -> None:
    """The home's own are marked, hide the shipped tariff, and stand with validity, source and place."""
    put(tmp_path, "price_books/my.yaml", BOOK)
    put(tmp_path, "billing_rules/own.yaml", RULE)
    text = call("policies", "list", "--own", "--home", str(tmp_path), "--language", language)
    for part in (own, "MY-2026", "RES_STEP", "2020-01-01", "notice 7", "loss_band", "letter 12"):
        assert part in text
    told = read("policies", "list", "--home", str(tmp_path))
    (mine,) = [line for line in told["books"] if line["own"]]
    assert (mine["tariff_code"], mine["place"], mine["valid_to"]) == ("RES_STEP", "my.yaml:15", None)
    assert not [line for line in told["books"] if line["tariff_code"] == "RES_STEP" and not line["own"]]
    assert [line["tariff_code"] for line in told["books"] if line["tariff_code"] == "AGRI"]
    (rule,) = [line for line in told["rules"] if line["own"]]
    assert (rule["key"], rule["value"], rule["place"]) == ("loss_band", "peak", "own.yaml:2")
