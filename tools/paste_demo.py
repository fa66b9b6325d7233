"""Puts the demo's real result into both READMEs: `python tools/paste_demo.py [HOME]` after `make demo`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh.md"}
BLOCK = re.compile(r"(<!-- demo -->\n\n```text\n).*?(\n```\n\n<!-- /demo -->)", re.DOTALL)
WIDTH = 118
RULES_SHOWN = 6
REST = {"en": "… and {count} more rules", "zh": "… 其余 {count} 条规则"}


def result(home: str, language: str) -> list[str]:
    """Return what `jicha audit` prints of the month; an equal run is the same run, so nothing changes."""
    command = [sys.executable, "-c", "from jicha.cli import main; main()", "audit", "--month", "2026-10"]
    environment = {**os.environ, "COLUMNS": str(WIDTH)}
    options = ["--home", home, "--language", language]
    done = subprocess.run([*command, *options], capture_output=True, text=True, env=environment, check=True)
    # The seconds of this run are not what a reader compares with.
    printed = re.sub(r" · [\d.]+ s (?=─)", lambda match: " " + "─" * (len(match[0]) - 1), done.stdout)
    return [line.rstrip() for line in printed.splitlines()]


def shortened(lines: list[str], language: str) -> str:
    """Return the head, the topics, the first rules and the verdicts."""
    lines = lines[next(number for number, line in enumerate(lines) if line.startswith("╭")) :]
    total = next(number for number, line in enumerate(lines) if re.match(r"(Total|合计)\b", line))
    verdicts = next(number for number, line in enumerate(lines) if line.startswith(("Verdicts", "规则结论")))
    rest = re.search(r"\d+", lines[verdicts - 1]) if lines[verdicts - 1].startswith("…") else None
    left_out = verdicts - total - 2 - RULES_SHOWN + (int(rest[0]) - 1 if rest else 0)
    shown = lines[: total + 2 + RULES_SHOWN]
    return "\n".join([*shown, REST[language].format(count=left_out), *lines[verdicts:]])


def main(arguments: list[str]) -> int:
    """Rewrite the block between the marks of each README."""
    home = arguments[0] if arguments else "jicha-home"
    for language, path in READMES.items():
        block = shortened(result(home, language), language)
        text, count = BLOCK.subn(
            lambda match, new=block: match[1] + new + match[2], path.read_text(encoding="utf-8")
        )  # type: ignore[misc]
        if count != 1:
            print(
                f"{path.name}: expected one block between <!-- demo --> and <!-- /demo -->", file=sys.stderr
            )
            return 1
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
