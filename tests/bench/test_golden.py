"""The worked problems: composed ones agree, a wrong answer and an unknown question do not pass."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).with_name("worked_cases.jsonl")


def run(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "bench" / "golden.py"), str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")


def write(folder: Path, **changes: Any) -> Path:
    """Write one small case with changes."""
    case: dict[str, Any] = {
        "id": "one",
        "topic": "tou_energy",
        "inputs": {"flat_price_yuan": 0.5, "periods": {"flat": {"kwh": 333.1}}},
        "expected": {"total_yuan": 166.55},  # 333.1 x 0.5
    }
    path = folder / "one.jsonl"
    path.write_text(json.dumps({**case, **changes}) + "\n", encoding="utf-8")
    return path


def test_composed_cases_agree() -> None:
    done = run(CASES)
    assert done.returncode == 0, done.stdout + done.stderr
    topics = {json.loads(line)["topic"] for line in CASES.read_text(encoding="utf-8").splitlines()}
    assert len(topics) == 12
    assert all(any(line.startswith(f"{topic} ") for line in done.stdout.splitlines()) for topic in topics)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"expected": {"total_yuan": 166.56}}, "total_yuan: expected 166.56, got 166.55"),
        (
            {"expected": {"total_yuan": 167}},
            "total_yuan: expected 167, got 166.55",
        ),  # money is compared to the cent
        ({"derived": {"flat_kwh": 332}}, "flat_kwh: expected 332, got 333.1"),
        ({"expected": {"nobody_yuan": 1}}, "nobody_yuan: expected 1, got nothing"),
        ({"topic": "weather"}, "no adapter for topic weather"),
        ({"topic": "line_loss", "inputs": {"method": "guess"}}, "no adapter: method guess"),
    ],
)
def test_a_disagreement_is_told_and_fails(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    done = run(write(tmp_path, **changes))
    assert done.returncode == 1
    assert said in done.stdout


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"expected": {"total_yuan": 167}, "rounding": "元"},  # rounded to yuan, it says
        {"expected": {"total_yuan": 166.5}, "quantum": {"total_yuan": 0.1}},
        {"expected": {"flat_kwh": 333}},  # to the last digit given
    ],
)
def test_answers_are_compared_to_what_they_state(tmp_path: Path, changes: dict[str, Any]) -> None:
    done = run(write(tmp_path, **changes))
    assert done.returncode == 0, done.stdout


def test_the_answer_is_not_read_to_compute(tmp_path: Path) -> None:
    """A changed answer changes nothing of what is got."""
    right = run(write(tmp_path, expected={"total_yuan": 1})).stdout
    other = run(write(tmp_path, expected={"total_yuan": 2}, id="two")).stdout
    assert right.splitlines()[-1] == other.splitlines()[-1]


def test_no_case_is_no_proof(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("", encoding="utf-8")
    assert run(empty).returncode == 1
    assert run(tmp_path / "missing.jsonl").returncode == 2
