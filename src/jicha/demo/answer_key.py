"""The answer key: what was planted, where, and in which months an audit must report it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from jicha.demo.grid import MONTHS
from jicha.demo.write import write_csv_rows
from jicha.periods import month_text

COLUMNS = (
    "rule_id",
    "kind",
    "subject_kind",
    "subject_id",
    "customer_no",
    "mp_id",
    "first_month",
    "last_month",
    "kwh",
    "yuan",
    "note",
    "direction",
    "cause",
)
FAULT, LOOK_ALIKE = "fault", "look_alike"


@dataclass(frozen=True)
class Answer:
    """One planted fault or look-alike of one subject."""

    rule_id: str
    kind: str
    subject_kind: str
    subject_id: str
    customer_no: str
    mp_id: str
    first_month: date
    last_month: date
    kwh: Decimal | None
    yuan: Decimal | None
    note: str
    direction: str = ""
    cause: str = ""


class AnswerKey:
    """Gathers answers while faults are planted."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []

    def add(
        self,
        rule: str,
        kind: str,
        subject: tuple[str, str],
        customer: int | None,
        first: int,
        last: int,
        *,
        mp: bool = False,
        kwh: Decimal | None = None,
        yuan: Decimal | None = None,
        note: str = "",
        direction: str = "",
        cause: str = "",
    ) -> None:
        """Note one answer; months are indexes of the 14 months."""
        number = "" if customer is None else str(customer + 3_401_000_001)
        point = f"P{number}0" if mp and number else ""
        self.answers.append(
            Answer(
                rule,
                kind,
                subject[0],
                subject[1],
                number,
                point,
                MONTHS[first],
                MONTHS[last],
                kwh,
                yuan,
                note,
                direction,
                cause,
            )
        )

    def write(self, folder: Path) -> Path:
        """Write the key, sorted, as answer_key.csv and return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        rows = sorted([_text(answer) for answer in self.answers])
        path = folder / "answer_key.csv"
        write_csv_rows(path, COLUMNS, rows)
        return path


def _text(answer: Answer) -> list[str]:
    return [
        answer.rule_id,
        answer.kind,
        answer.subject_kind,
        answer.subject_id,
        answer.customer_no,
        answer.mp_id,
        month_text(answer.first_month),
        month_text(answer.last_month),
        "" if answer.kwh is None else str(answer.kwh),
        "" if answer.yuan is None else str(answer.yuan),
        answer.note,
        answer.direction,
        answer.cause,
    ]
