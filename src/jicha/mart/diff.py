"""What changed between two snapshots, by table and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from jicha.contract import Table
from jicha.mart.catalogue import MartFile
from jicha.mart.columns import quoted, view_statement
from jicha.mart.engine import Engine, month_number, open_engine
from jicha.mart.lock import owned_folder
from jicha.mart.mart import Mart
from jicha.mart.snapshot import Snapshot
from jicha.mart.storage import explained_disk_errors


@dataclass(frozen=True, slots=True)
class MonthDiff:
    """What changed in one table and month (`ym` as YYYYMM, none for a table without months)."""

    table: str
    ym: int | None
    added: int
    removed: int
    corrected: int
    deltas: Mapping[str, Decimal]

    @property
    def changes_anything(self) -> bool:
        """Tell whether any row differs."""
        return bool(self.added or self.removed or self.corrected)


def diff(mart: Mart, old: Snapshot, new: Snapshot) -> list[MonthDiff]:
    """Return what differs from `old` to `new`; deltas are new minus old, for energy and money columns."""
    names = [name for name in mart.contract.tables if old.files.get(name) != new.files.get(name)]
    found: list[MonthDiff] = []
    with (
        old.held(),
        new.held(),
        explained_disk_errors(mart.root, "comparing"),
        owned_folder(mart.root / "tmp") as folder,
    ):
        for name in names:
            with open_engine("diff.sql", folder / "spill", mart.memory_limit) as engine:
                found.extend(_table_diff(engine, mart.contract.table(name), old, new))
    return [entry for entry in found if entry.changes_anything]


def _table_diff(engine: Engine, table: Table, old: Snapshot, new: Snapshot) -> list[MonthDiff]:
    """Compare one table; files that both snapshots share are not read."""
    before, after = old.files.get(table.name, ()), new.files.get(table.name, ())
    _view(engine, "old_rows", table, old, [file for file in before if file not in after])
    _view(engine, "new_rows", table, new, [file for file in after if file not in before])
    summed = [field.name for field in table.fields if field.kind in ("energy", "money")]
    rows = engine.all(
        "month_diff",
        ym=month_number(table),
        differs=_differs(table),
        same_key=" AND ".join(f"o.{c} = n.{c}" for c in map(quoted, table.primary_key)),
        deltas="".join(f", sum(coalesce(n.{c}, 0) - coalesce(o.{c}, 0))" for c in map(quoted, summed)),
    )
    return [
        MonthDiff(table.name, ym, added, removed, corrected, _deltas(summed, sums))
        for ym, added, removed, corrected, *sums in rows
    ]


def _view(engine: Engine, name: str, table: Table, snapshot: Snapshot, files: Sequence[MartFile]) -> None:
    found = [(snapshot.root / file.path, file.columns) for file in files]
    engine.execute(view_statement(name, table, found))


def _differs(table: Table) -> str:
    values = [quoted(name) for name in table.field_names if name not in table.primary_key]
    return " OR ".join(f"o.{name} IS DISTINCT FROM n.{name}" for name in values) or "false"


def _deltas(names: Sequence[str], values: Sequence[Decimal]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in zip(names, values, strict=True) if value}
