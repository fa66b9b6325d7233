"""What a load did, file by file, in numbers that add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jicha.errors import ExplainedError
from jicha.intake.problems import ProblemKind


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark on a file that did not stop it."""

    column: str | None
    text: str
    count: int = 1
    line: int | None = None


@dataclass(slots=True)
class FileReport:
    """What became of the rows of one file (or sheet, or database table) for one table."""

    path: str
    table: str
    encoding: str | None = None
    rows_read: int = 0
    added: int = 0
    corrected: int = 0
    repeated: int = 0
    quarantined: int = 0
    left_out: int = 0
    warnings: list[Remark] = field(default_factory=list)

    def check(self) -> None:
        """Hold the promise that no row is lost."""
        placed = self.added + self.corrected + self.repeated + self.quarantined
        if placed != self.rows_read:
            raise ExplainedError(
                where=self.path,
                found=f"{self.rows_read} rows read but {placed} placed",
                expected="rows read = added + corrected + repeated + quarantined",
                remedy="Nothing was loaded. This is a fault of jicha: please report it with these figures.",
            )


@dataclass(frozen=True, slots=True)
class ControlCheck:
    """One figure that the sender states, beside what was found."""

    subject: str
    figure: str
    stated: str
    found: str
    quarantined: str
    verdict: str  # equal | equal_with_quarantine | differs

    @property
    def holds(self) -> bool:
        """Tell whether nothing is missing: what was not loaded is in the quarantine."""
        return self.verdict != "differs"


@dataclass(frozen=True, slots=True)
class LoadReport:
    """The result of a load or of a check."""

    files: tuple[FileReport, ...]
    controls: tuple[ControlCheck, ...]
    tables: tuple[Mapping[str, Any], ...]
    snapshot_id: int | None
    batch: str
    is_repeated: bool = False
    is_check: bool = False
    ignored: tuple[str, ...] = ()
    kinds: tuple[ProblemKind, ...] = ()  # of a check only: a load has its quarantine

    def total(self, figure: str) -> int:
        """Return the sum of one figure over all files."""
        return sum(int(getattr(one, figure)) for one in self.files)

    @property
    def quarantined(self) -> int:
        """Return the number of rows in quarantine."""
        return self.total("quarantined")

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data."""
        return {
            "batch": self.batch,
            "snapshot_id": self.snapshot_id,
            "is_repeated": self.is_repeated,
            "is_check": self.is_check,
            "files": [_file_dict(one) for one in self.files],
            "controls": [
                {
                    name: getattr(one, name)
                    for name in ("subject", "figure", "stated", "found", "quarantined", "verdict")
                }
                for one in self.controls
            ],
            "tables": [dict(one) for one in self.tables],
            "ignored": list(self.ignored),
            "kinds": [kind.to_dict() for kind in self.kinds],
        }


def _file_dict(one: FileReport) -> dict[str, Any]:
    names = (
        "path",
        "table",
        "encoding",
        "rows_read",
        "added",
        "corrected",
        "repeated",
        "quarantined",
        "left_out",
    )
    warnings = [{"column": w.column, "text": w.text, "count": w.count, "line": w.line} for w in one.warnings]
    return {name: getattr(one, name) for name in names} | {"warnings": warnings}
