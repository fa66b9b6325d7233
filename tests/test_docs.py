"""Keeps the documentation true: everything that exists is in it, and everything in it exists."""

from __future__ import annotations

import dataclasses
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

import jicha
from jicha.audit.finding import FINDING_SCHEMA
from jicha.audit.library import Library, lint_rule, load_library
from jicha.audit.rule import load_rule
from jicha.cli import app
from jicha.contract import contract
from jicha.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PACKAGE = Path(jicha.__file__).parent
READMES = ("README.md", "README.zh.md")
LINK = re.compile(r"\]\(([^)\s]+)\)")
COMMAND_LINE = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?jicha (.+?)(?:\s+#.*)?$|`jicha ([^`]+)`", re.MULTILINE)


@pytest.fixture(scope="module")
def library() -> Library:
    """The shipped rules and facts."""
    return load_library()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _pages() -> list[Path]:
    """Return everything that a user or a contributor reads."""
    return [
        *(ROOT / name for name in (*READMES, "CONTRIBUTING.md", "CHANGELOG.md")),
        *sorted(DOCS.rglob("*.md")),
    ]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# ── everything that exists is documented ────────────────────────────────────────────────────────────────────────


def _commands(path: str = "jicha", command: Any = None) -> Iterator[tuple[str, Any]]:
    """Yield every command with its full name."""
    command = command or typer.main.get_command(app)
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(f"{path} {name}", child)
    if not hasattr(command, "commands"):
        yield path, command


def test_every_command_and_option_is_documented() -> None:
    """The command line page has a section a command with all its options, and each command says what it does."""
    page = _text(REFERENCE / "cli.md")
    missing = []
    for path, command in _commands():
        found = re.search(rf"^## {re.escape(path)}$(.+?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
        options = [name for option in command.params for name in option.opts if name.startswith("-")]
        missing += [f"{path} {option}" for option in options if found is None or option not in found[1]]
        missing += [] if command.help else [f"{path}: no help"]
    assert missing == []


def test_every_setting_is_documented_and_explained() -> None:
    """Each setting stands in the reference and in the guide of both languages."""
    pages = [
        REFERENCE / "settings.md",
        DOCS / "how-to" / "parameters.md",
        DOCS / "how-to" / "parameters.zh.md",
    ]
    names = [field.name for field in dataclasses.fields(Settings)]
    assert [(_name(page), name) for page in pages for name in names if name not in _text(page)] == []


@pytest.mark.parametrize("ending", [".md", ".zh.md"])
def test_every_rule_is_documented(library: Library, ending: str) -> None:
    """Each rule has a section in its topic's page and a line in the index, and each page is in the navigation."""
    index, nav = _text(REFERENCE / "rules" / f"index{ending}"), _text(ROOT / "mkdocs.yml")
    missing = []
    for rule in library.rules.values():
        page = REFERENCE / "rules" / f"{rule.topic}{ending}"
        anchor = f"{{ #{rule.rule_id.lower()} }}"
        held = page.exists() and anchor in _text(page) and f"[{rule.rule_id}]" in index
        if not (held and f"reference/rules/{page.name}" in nav):
            missing.append(rule.rule_id)
    assert missing == []


def test_triage_says_the_same_in_both_languages(library: Library) -> None:
    """Steps, benign causes and blind spots have equally many items in both languages."""
    uneven = []
    for rule in library.rules.values():
        for key, texts in rule.triage.items():
            if isinstance(texts, dict) and len(texts["zh"]) != len(texts["en"]):
                uneven.append(f"{rule.rule_id} {key}: {len(texts['zh'])} zh, {len(texts['en'])} en")
    assert uneven == []


def test_every_fact_is_documented(library: Library) -> None:
    """Each fact has a section with its columns."""
    page = _text(REFERENCE / "facts.md")
    assert [name for name in library.facts if f"{{ #{name} }}" not in page] == []


@pytest.mark.parametrize("ending", [".md", ".zh.md"])
def test_every_table_is_documented(ending: str) -> None:
    """Each table and column of the contract stands in the data dictionary."""
    page = _text(REFERENCE / f"data-dictionary{ending}")
    missing = [name for name in contract().tables if f'id="table-{name}"' not in page]
    columns = {field.name for table in contract().tables.values() for field in table.fields}
    assert missing + [name for name in sorted(columns) if f"| `{name}` |" not in page] == []


def test_every_price_book_is_documented() -> None:
    """Each price book stands in the page of policies."""
    books = [yaml.safe_load(_text(path)) for path in (PACKAGE / "policies" / "price_books").glob("*.yaml")]
    page = _text(REFERENCE / "policies.md")
    assert books
    assert [book["price_book"] for book in books if f"### {book['price_book']}\n" not in page] == []


def test_every_profile_is_documented() -> None:
    """Each mapping profile that is shipped is named in the guide of both languages."""
    pages = [DOCS / "how-to" / "profiles.md", DOCS / "how-to" / "profiles.zh.md"]
    names = [path.stem for path in (PACKAGE / "intake" / "profiles").glob("*.yaml")]
    assert [(_name(page), name) for page in pages for name in names if name not in _text(page)] == []


def test_every_column_of_findings_is_documented() -> None:
    """Each column of a finding has a line in its page, in order."""
    rows = re.findall(r"^\| `(\w+)` \|", _text(REFERENCE / "findings.md"), re.MULTILINE)
    assert rows == FINDING_SCHEMA.names


def test_generated_pages_are_fresh() -> None:
    """The generated pages say what the code says now; `make reference` writes them."""
    command = [sys.executable, "tools/generate_reference.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_user_pages_exist_in_both_languages() -> None:
    """Each page for users has its counterpart, and the two have equally many headings."""
    folders = [DOCS / "start", DOCS / "how-to"]
    english = [path for folder in folders for path in folder.glob("*.md") if not path.name.endswith(".zh.md")]
    english += [
        ROOT / "README.md",
        DOCS / "glossary.md",
        REFERENCE / "rules" / "index.md",
        REFERENCE / "data-dictionary.md",
    ]
    assert english
    uneven = [_name(path) for path in english if _headings(path) != _headings(path.with_suffix(".zh.md"))]
    assert uneven == []
    orphans = [_name(p) for folder in folders for p in folder.glob("*.zh.md") if not _english(p).exists()]
    assert orphans == []


def _headings(path: Path) -> list[int] | None:
    """Return the levels of the page's headings; None where there is no page."""
    if not path.exists():
        return None
    outside = re.sub(r"^```.*?^```", "", _text(path), flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", outside, re.MULTILINE)]


def _english(path: Path) -> Path:
    return path.with_name(path.name.replace(".zh.md", ".md"))


# ── everything that is documented exists ────────────────────────────────────────────────────────────────────────


def test_documented_commands_exist() -> None:
    """Each `jicha …` line names a command that exists and only options that it has."""
    commands = dict(_commands())
    wrong = []
    for page in _pages():
        for line in _command_lines(_text(page)):
            problem = _problem(line, commands)
            if problem:
                wrong.append(f"{_name(page)}: jicha {line}: {problem}")
    assert wrong == []


def _command_lines(text: str) -> Iterator[str]:
    """Yield what follows `jicha` in code blocks and in code between backquotes; a backslash continues a line."""
    joined = re.sub(r"\\\n\s*", "", text)
    blocks = "\n".join(re.findall(r"^```(?:bash|console|sh)\n(.*?)^```", joined, re.MULTILINE | re.DOTALL))
    for source, inline in ((blocks, False), (joined, True)):
        for match in COMMAND_LINE.finditer(source):
            if bool(match[2]) is inline:
                yield (match[2] or match[1]).split("|")[0].split(" > ")[0].strip()


def _problem(line: str, commands: dict[str, Any]) -> str | None:
    words = shlex.split(line)
    path = next(
        (name for n in (2, 1) if (name := " ".join(["jicha", *words[:n]])) in commands),
        None,
    )
    if path is None:
        groups = {name.rpartition(" ")[0] for name in commands}
        return (
            None
            if words == ["--help"] or (f"jicha {words[0]}" in groups and len(words) == 1)
            else "no such command"
        )
    known = {name for option in commands[path].params for name in option.opts + option.secondary_opts} | {
        "--help"
    }
    used = [word.split("=")[0] for word in words if word.startswith("--") or re.fullmatch(r"-[a-z]", word)]
    unknown = [name for name in used if name not in known]
    return f"no option {' '.join(unknown)}" if unknown else None


@pytest.mark.parametrize("page", ["own-rule.md", "own-rule.zh.md"])
def test_the_example_rule_keeps_the_standard(library: Library, tmp_path: Path, page: str) -> None:
    """The rule that the guide shows is jicha SQL and a whole declaration."""
    text = _text(DOCS / "how-to" / page)
    for ending, language in ((".sql", "sql"), (".yaml", "yaml")):
        found = re.search(rf"^```{language}\n(.+?)^```", text, re.MULTILINE | re.DOTALL)
        assert found is not None
        (tmp_path / f"XX-01_summer_house{ending}").write_text(found[1], encoding="utf-8")
    rule = load_rule(tmp_path / "XX-01_summer_house.yaml")
    assert lint_rule(library, rule) == []


def test_documented_targets_and_scripts_exist() -> None:
    """Each `make …` names a target, and each script that is run is there."""
    targets = set(re.findall(r"^([a-z]+):", _text(ROOT / "Makefile"), re.MULTILINE))
    wrong = []
    for page in _pages():
        text = _text(page)
        code = "\n".join(
            [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^(?:    )?(make .+)$", text, re.MULTILINE)]
        )
        wrong += [
            f"{_name(page)}: make {t}" for t in re.findall(r"\bmake ([a-z]+)\b", code) if t not in targets
        ]
        scripts = re.findall(r"\bpython3? ((?:bench|tools)/\w+\.py)", text)
        wrong += [f"{_name(page)}: {script}" for script in scripts if not (ROOT / script).exists()]
    assert wrong == []


def test_links_lead_somewhere() -> None:
    """Each relative link leads to a file (the site's build checks anchors)."""
    broken = []
    for page in _pages():
        for target in LINK.findall(re.sub(r"```.*?```|`[^`\n]*`", "", _text(page), flags=re.DOTALL)):
            path = target.split("#")[0]
            if path and not target.startswith(("http", "mailto:")) and not (page.parent / path).exists():
                broken.append(f"{_name(page)}: {target}")
    assert broken == []


def test_readmes_show_the_two_commands_first() -> None:
    """A newcomer sees what to type before anything else."""
    for name in READMES:
        opening = "\n".join(_text(ROOT / name).splitlines()[:12])
        assert "make demo" in opening, name
        assert "make test" in opening, name


# ── the tools themselves ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<script src="https://cdn.test/a.js"></script>', 1),
        ('<link rel="stylesheet" href="//fonts.test/a.css">', 1),
        ("<style>@font-face { src: url(https://fonts.test/a.woff2) }</style>", 1),
        ('<a href="https://example.org/">read more</a>', 0),
        ('<link rel="canonical" href="https://example.org/">', 0),
        ('<script src="assets/a.js"></script>', 0),
    ],
)
def test_the_site_check_sees_what_is_loaded_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, html: str, found: int
) -> None:
    """A link to click is no load; a script, style or font is."""
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from check_site import foreign

    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    assert len(foreign(tmp_path)) == found
