"""The topics of the audit catalogue (稽查主题库): all of them, and which are no rule and why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jicha.audit.yaml_file import Keys, YamlProblem, read_mapping

PATH = Path(__file__).resolve().parents[1] / "policies" / "rules" / "topics.yaml"


@dataclass(frozen=True, slots=True)
class OpenTopic:
    """A topic that is no rule: why, and which column or table would make it one."""

    topic_id: str
    title: dict[str, str]
    reason: dict[str, str]
    column: str


def all_topics() -> tuple[str, ...]:
    """Return the ids of every topic of the catalogue."""
    groups: dict[str, int] = read_mapping(PATH)["groups"]
    return tuple(f"{group}-{number:02d}" for group, count in groups.items() for number in range(1, count + 1))


def not_written() -> tuple[str, ...]:
    """Return the ids of the topics that could be rules and are none yet."""
    return tuple(read_mapping(PATH)["not_written"])


def open_topics() -> tuple[OpenTopic, ...]:
    """Return the topics that are no rule, by id; YamlProblem names every fault of the list."""
    problems: list[str] = []
    found = []
    for topic_id, content in sorted(read_mapping(PATH)["topics"].items()):
        keys = Keys(content, f"topics.{topic_id}", problems)
        title, reason = keys.both_languages("title"), keys.both_languages("reason")
        found.append(OpenTopic(topic_id, title, reason, keys.take("column", str)))
        keys.finish()
    if problems:
        raise YamlProblem(PATH.name, problems)
    return tuple(found)
