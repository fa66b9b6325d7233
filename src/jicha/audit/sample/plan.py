"""A sample as it was asked for and drawn: all that another auditor needs to draw it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any

import duckdb

from jicha.audit.sample.draw import Draw, Item, draw_monetary, draw_random, frame_hash
from jicha.audit.sample.size import Size, attribute_size, monetary_size
from jicha.errors import ExplainedError
from jicha.mart import Snapshot

RANDOM, MONETARY = "random", "monetary"
METHODS = (RANDOM, MONETARY)
STRATA = ("none", "org_no", "kind")


@dataclass(frozen=True, slots=True)
class Plan:
    """What was asked for. `tolerable` and `expected` are rates of a random sample, yuan of a monetary one; `size` overrules them."""

    month: date
    method: str
    seed: str
    confidence: Decimal
    tolerable: Decimal
    expected: Decimal = Decimal(0)
    stratum: str = "none"
    organisations: tuple[str, ...] = ()
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """All bills that might be drawn."""

    items: tuple[Item, ...]
    told: dict[str, dict[str, Any]] = field(repr=False)

    @property
    def book_yuan(self) -> Decimal:
        """What the books hold of the items above zero: only they can be hit by a yuan."""
        return sum((item.book_yuan for item in self.items if item.book_yuan > 0), Decimal(0))

    @property
    def populations(self) -> dict[str, int]:
        """How many items each stratum holds."""
        return dict(Counter(item.stratum for item in self.items))


@dataclass(frozen=True, slots=True)
class Sample:
    """A drawn sample."""

    plan: Plan
    snapshot_id: int
    frame: Frame
    size: Size
    draw: Draw

    @property
    def frame_sha256(self) -> str:
        """The hash of the frame, by which two auditors know that they drew from the same bills."""
        return frame_hash(self.frame.items)


def frame_of(snapshot: Snapshot, plan: Plan) -> Frame:
    """Return the bills of the plan's month, each in its stratum."""
    with duckdb.connect() as connection, snapshot.held():
        snapshot.create_views(connection)
        units = [unit for org_no in plan.organisations for unit in _subtree(connection, org_no)]
        found = connection.execute(_sql("sample_frame.sql"), {"month": plan.month, "organisations": units})
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    items = tuple(
        Item(
            row["bill_id"],
            "" if plan.stratum == "none" else str(row[plan.stratum]),
            Decimal(row["total_yuan"]),
        )
        for row in rows
    )
    return Frame(items, {row["bill_id"]: row for row in rows})


def _subtree(connection: duckdb.DuckDBPyConnection, org_no: str) -> list[str]:
    """Return the organisation and all below it; an error where there is none of the number."""
    below = [
        row[0] for row in connection.execute(_sql("organisation_subtree.sql"), {"org_no": org_no}).fetchall()
    ]
    if not below:
        raise ExplainedError(
            where="organisation", found=org_no, expected="one of the extract's table org", remedy="See the column org_no of the table org.",
        )  # fmt: skip
    return below


def _sql(name: str) -> str:
    return files("jicha.audit").joinpath("sql", name).read_text(encoding="utf-8")


def draw_sample(snapshot: Snapshot, plan: Plan) -> Sample:
    """Draw the sample of a plan; an error says what does not fit."""
    frame = frame_of(snapshot, plan)
    if not frame.items:
        raise ExplainedError(
            where=f"bills of {plan.month:%Y-%m}", found="none in the chosen organisations", expected="at least one",
            remedy="Choose another month or organisation; `jicha snapshots list` tells the months.",
        )  # fmt: skip
    size = _size(plan, frame)
    draw = draw_random if plan.method == RANDOM else draw_monetary
    return Sample(plan, snapshot.id, frame, size, draw(frame.items, size.items, plan.seed))


def _size(plan: Plan, frame: Frame) -> Size:
    if plan.size is not None:
        return Size(min(plan.size, len(frame.items)), 0)
    if plan.method == RANDOM:
        return attribute_size(plan.tolerable, plan.expected, plan.confidence, len(frame.items))
    return monetary_size(frame.book_yuan, plan.tolerable, plan.expected, plan.confidence)


def certain_and_hit(sample: Sample) -> Sequence[tuple[Item, bool]]:
    """Return every item to be looked at, and whether it is looked at in any case."""
    return [*((item, True) for item in sample.draw.certain), *((item, False) for item in sample.draw.items)]
