"""rules.lock: a published rule never changes its meaning silently."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jicha.audit.library import Library, load_library
from jicha.audit.lock import entry, read_lock, violations, write_lock
from jicha.audit.rule import load_rule

LIBRARY = load_library()
RULE = LIBRARY.rules["MR-02"]
ONE = Library({"MR-02": RULE}, LIBRARY.facts)


def changed(tmp_path: Path, version: int, sql: str = "") -> Library:
    yaml = RULE.path.read_text(encoding="utf-8").replace("version: 1\n", f"version: {version}\n", 1)
    place = tmp_path / RULE.path.name
    place.write_text(yaml, encoding="utf-8")
    place.with_suffix(".sql").write_text(RULE.sql_text + sql, encoding="utf-8")
    return Library({"MR-02": load_rule(place)}, LIBRARY.facts)


def test_an_unchanged_library_holds(tmp_path: Path) -> None:
    path = tmp_path / "rules.lock"
    assert violations(ONE, read_lock(path)) == ["MR-02 is not in rules.lock; run `jicha rules lock`"]
    assert write_lock(ONE, path) == []
    assert violations(ONE, read_lock(path)) == []
    assert read_lock(path) == {"MR-02": entry(RULE)}


def test_changed_sql_without_a_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.lock"
    write_lock(ONE, path)
    before = path.read_bytes()
    (problem,) = write_lock(changed(tmp_path, 1, "\n    AND d.multiplier > 0\n"), path)
    assert "MR-02 changed but is still version 1; raise `version` in MR-02_" in problem
    assert path.read_bytes() == before


def test_changed_sql_with_a_higher_version_is_locked(tmp_path: Path) -> None:
    path = tmp_path / "rules.lock"
    write_lock(ONE, path)
    newer = changed(tmp_path, 2, "\n    AND d.multiplier > 0\n")
    assert violations(newer, read_lock(path)) == ["MR-02 version 2 is not locked yet; run `jicha rules lock`"]
    assert write_lock(newer, path) == []
    assert read_lock(path)["MR-02"]["version"] == 2


def test_a_lost_rule_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rules.lock"
    write_lock(ONE, path)
    assert "MR-02 is locked but gone" in violations(replace(ONE, rules={}), read_lock(path))[0]


def test_more_cases_do_not_change_the_meaning(tmp_path: Path) -> None:
    place = tmp_path / RULE.path.name
    text = RULE.path.read_text(encoding="utf-8").replace("title: {zh: 错抄", "title: {zh: 抄错", 1)
    place.write_text(text, encoding="utf-8")
    place.with_suffix(".sql").write_text(RULE.sql_text, encoding="utf-8")
    assert load_rule(place).sha256 == RULE.sha256
