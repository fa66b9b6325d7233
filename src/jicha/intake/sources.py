"""Finds what a delivery holds: which file, sheet or database table is meant for which table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from jicha.errors import ExplainedError

Kind = Literal["text", "sheet", "parquet", "database"]

DATABASE_SCHEMES: Final = ("postgresql", "postgres", "mysql", "mariadb", "oracle")
_KINDS: Final[dict[str, Kind]] = {
    ".csv": "text",
    ".txt": "text",
    ".tsv": "text",
    ".csv.gz": "text",
    ".txt.gz": "text",
    ".xlsx": "sheet",
    ".xlsm": "sheet",
    ".xls": "sheet",
    ".parquet": "parquet",
}
CONTROL_NAMES: Final = ("control.yaml", "control.yml", "control.csv")


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read: a file, or a database; `table` is the table named by it, None if its sheets or tables tell."""

    kind: Kind
    place: str
    table: str | None = None

    @property
    def path(self) -> Path:
        """Return the path of a file."""
        return Path(self.place)


@dataclass(frozen=True, slots=True)
class Delivery:
    """All sources of one load, the control files, and files that nothing is known about."""

    sources: tuple[Source, ...]
    controls: tuple[Path, ...]
    ignored: tuple[Path, ...]


def is_database(source: str | Path) -> bool:
    """Tell whether a source is the URL of a database."""
    return (
        isinstance(source, str)
        and source.partition("://")[0].partition("+")[0] in DATABASE_SCHEMES
        and "://" in source
    )


def find(sources: Sequence[str | Path], tables: Iterable[str]) -> Delivery:
    """Return the delivery that the sources make up; `tables` are the table names that are looked for."""
    names = tuple(tables)
    found: list[Source] = []
    controls: list[Path] = []
    ignored: list[Path] = []
    for source in sources:
        if is_database(source):
            found.append(Source("database", str(source)))
            continue
        for path in _files(Path(source)):
            if path.name.lower() in CONTROL_NAMES:
                controls.append(path)
            elif (kind := file_kind(path)) is None:
                ignored.append(path)
            else:
                found.append(Source(kind, str(path), table_of(path, names)))
    return _checked(Delivery(tuple(found), tuple(controls), tuple(ignored)), sources, names)


def file_kind(path: Path) -> Kind | None:
    """Return what kind of file this is by its name."""
    name = path.name.lower()
    return next((kind for ending, kind in _KINDS.items() if name.endswith(ending)), None)


def table_of(path: Path, tables: Iterable[str]) -> str | None:
    """Return the table that a file is named after: <table>.csv, <table>_part.csv or <table>/part.csv."""
    stem = path.name.split(".", 1)[0].lower()
    known = {name.lower(): name for name in tables}
    fitting = [
        name for name in known if stem == name or (stem.startswith(name) and stem[len(name)] in "_-. ")
    ]
    # The longest name wins: bill_line_1.csv is bill_line, not bill.
    if fitting:
        return known[max(fitting, key=len)]
    return known.get(path.parent.name.lower())


def _files(path: Path) -> Iterator[Path]:
    """Yield the files of a folder, two levels deep and in a fixed order, or the file itself."""
    if path.is_dir():
        inside = sorted(one for one in path.iterdir() if not one.name.startswith((".", "~$")))
        for one in inside:
            if one.is_dir():
                yield from sorted(
                    part for part in one.iterdir() if part.is_file() and not part.name.startswith((".", "~$"))
                )
            else:
                yield one
    elif path.exists():
        yield path
    else:
        raise ExplainedError(
            where=str(path),
            found="nothing there",
            expected="a folder, a file or a database URL such as postgresql://user@host/name",
            remedy="Check the path.",
        )


def _checked(delivery: Delivery, sources: Sequence[str | Path], names: Sequence[str]) -> Delivery:
    """Refuse a delivery without anything to load."""
    usable = [one for one in delivery.sources if one.table is not None or one.kind in ("sheet", "database")]
    if usable:
        return delivery
    seen = ", ".join(Path(one.place).name for one in delivery.sources[:20]) or "no data file"
    raise ExplainedError(
        where=", ".join(str(source) for source in sources),
        found=seen,
        expected=f"files named like a table, for example {names[0]}.csv, or a workbook with sheets named so",
        remedy="Name the files like the tables, or give a mapping profile for this system.",
    )
