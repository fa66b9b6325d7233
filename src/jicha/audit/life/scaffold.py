"""A new rule to begin with: two files that run, pass lint and have cases of every kind, to be changed step by step."""

from __future__ import annotations

import json
import re
from pathlib import Path

from jicha.audit.library import Library
from jicha.audit.rule import TOPICS
from jicha.errors import ManyErrors

TEMPLATES = Path(__file__).with_name("templates")
SUBJECTS = tuple(sorted(path.stem for path in TEMPLATES.glob("*.yaml")))
_ID = re.compile(r"[A-Z]{2}-\d{2}")


class NewRuleProblem(ManyErrors):
    """What stands in the way of a new rule."""


def new_rule(
    library: Library,
    folder: Path,
    rule_id: str,
    *,
    subject: str,
    topic: str,
    title_zh: str,
    title_en: str,
    owner: str,
) -> tuple[Path, Path]:
    """Write <folder>/<topic>/<id>_<name>.sql and .yaml from the template of a subject; return both paths."""
    name = re.sub(r"[^a-z0-9]+", "_", title_en.lower()).strip("_")
    target = folder / topic / f"{rule_id}_{name}.sql"
    problems = [
        text
        for wrong, text in (
            (
                not _ID.fullmatch(rule_id),
                f"id {rule_id!r}: write two capitals, a hyphen and two digits, such as ZZ-01",
            ),
            (rule_id in library.rules, f"id {rule_id!r} is taken; see `jicha rules show {rule_id}`"),
            (topic not in TOPICS, f"topic {topic!r}: one of {', '.join(TOPICS)}"),
            (subject not in SUBJECTS, f"subject {subject!r}: there is a beginning for {', '.join(SUBJECTS)}"),
            (not name, f"English title {title_en!r}: write one, it names the files"),
            (target.exists(), f"{target} is there already"),
        )
        if wrong
    ]
    if problems:
        raise NewRuleProblem("new rule", problems)
    target.parent.mkdir(parents=True, exist_ok=True)
    filled = {"id": rule_id, "title_zh": title_zh, "title_en": title_en, "topic": topic, "owner": owner}
    paths = target, target.with_suffix(".yaml")
    for path in paths:
        text = (TEMPLATES / f"{subject}{path.suffix}").read_text(encoding="utf-8")
        for key, value in filled.items():
            quoted = json.dumps(value, ensure_ascii=False) if key.startswith("title") else value
            text = text.replace("{" + key + "}", quoted)
        path.write_text(text, encoding="utf-8")
    return paths
