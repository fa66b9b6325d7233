"""House rules that no other tool holds: no address or path of a maker's machine, exact money in SQL, known dependencies."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import sqlglot

ROOT = Path(__file__).resolve().parent.parent

# An address in the project is where a reader may go, or a made-up one; each new host is a decision.
KNOWN_HOSTS = frozenset(
    {
        "127.0.0.1",
        "localhost",
        "testserver",  # how Django's own test client calls the desk
        "example.org",
        "www.w3.org",
        "www.apache.org",
        "json-schema.org",
        "schemas.openxmlformats.org",
        "specs.frictionlessdata.io",
        "semver.org",
        "github.com",
        "duckdb.org",
        # in the licence lines of the vendored style sheet and script, and in the lock that names them
        "tabler.io",
        "popper.js.org",
        "opencollective.com",
    }
)
# Hosts under .test and .example exist nowhere (RFC 2606).
INVENTED = (".test", ".example")
ADDRESS = re.compile(r"\b(?:https?|ftp)://(?:[^\s/@\"']*@)?([A-Za-z0-9.-]+)")
# Written in two parts, so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.:/{}$<>-])/(?:" + r"work|root|home|Users|opt|mnt" + r")/[\w.]")
UNFINISHED = re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]) + r")\b")
BINARY = {".png", ".xlsx", ".parquet", ".gz", ".zip", ".ico", ".woff2"}
UNWANTED_LICENCES = ("AGPL", "AFFERO", "ELASTIC LICENSE", "SERVER SIDE PUBLIC")


def _tracked() -> list[Path]:
    """Return the text files that git keeps or will keep."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git work tree")
    paths = (ROOT / line for line in listed.stdout.splitlines())
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def _lines(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield where a pattern occurs in tracked text: file:line and the match."""
    for path in _tracked():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            for match in pattern.finditer(line):
                yield f"{path.relative_to(ROOT)}:{number}", match


def _is_known(host: str) -> bool:
    return host in KNOWN_HOSTS or host.endswith(INVENTED)


def test_addresses_lead_to_known_hosts() -> None:
    """No file names a host that a reader of the project has no business with."""
    unknown = [f"{place}: {match[0]}" for place, match in _lines(ADDRESS) if not _is_known(match[1])]
    assert unknown == [], "\n".join(["hosts not in KNOWN_HOSTS:", *unknown])


def test_no_path_of_a_makers_machine() -> None:
    """The project works in any folder, so no file names one of the machine it was written on."""
    found = [f"{place}: {match[0]}" for place, match in _lines(MACHINE_PATH)]
    assert found == [], "\n".join(["absolute paths:", *found])


def test_nothing_is_left_for_later() -> None:
    """What is not done is an issue, not a word in a file."""
    found = [f"{place}: {match[0]}" for place, match in _lines(UNFINISHED)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize(
    ("text", "pattern", "found"),
    [
        ("see http" + "://registry.test/simple", ADDRESS, True),
        ("cd /ro" + "ot/project", MACHINE_PATH, True),
        ("demo/work/x and <home>/mart", MACHINE_PATH, False),
        ("# TO" + "DO later", UNFINISHED, True),
    ],
)
def test_the_patterns_see_what_they_are_for(text: str, pattern: re.Pattern[str], found: bool) -> None:
    """The patterns themselves work."""
    assert bool(pattern.search(text)) is found


def _sql_files() -> list[Path]:
    return sorted((ROOT / "src" / "jicha").rglob("*.sql"))


def test_sql_keeps_money_exact() -> None:
    """No SQL of the product divides with `/`, averages, or casts to a float type."""
    offenders = [problem for path in _sql_files() for problem in _inexact(path)]
    assert offenders == [], "\n".join(offenders)


def _inexact(path: Path) -> Iterator[str]:
    """Yield every float in one file; comments and strings do not count, for they are tokens of their own."""
    tokens = sqlglot.tokenize(path.read_text(encoding="utf-8"), dialect="duckdb")
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        kind, text = token.token_type, token.text.lower()
        called = after is not None and after.token_type is sqlglot.TokenType.L_PAREN
        float_type = kind in (sqlglot.TokenType.DOUBLE, sqlglot.TokenType.FLOAT)
        if kind is sqlglot.TokenType.SLASH or float_type or (text == "avg" and called):
            yield f"{path.relative_to(ROOT)}:{token.line}: {token.text}"


def test_every_dependency_says_why() -> None:
    """Each line that names a package in pyproject.toml ends with a comment: what it is for."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.compile(r'^\s*(?:\w+ = \[)?"[\w.-]+(?:\[[\w,]+\])?[^"]*"[\],]')
    part = text[text.index("dependencies = [") : text.index("[project.scripts]")]
    silent = [line.strip() for line in part.splitlines() if named.match(line) and "#" not in line]
    assert [line for line in silent if not line.startswith('"jicha[')] == []


def test_dependencies_are_pinned_in_both_locks() -> None:
    """The locks name an exact version of every package, and the runtime lock says the same as the other."""
    runtime, development = _pins("requirements.lock"), _pins("requirements-dev.lock")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {_normal(re.split(r"[\[=<>~! ]", requirement)[0]) for requirement in declared}
    assert names <= runtime.keys()
    assert runtime.items() <= development.items()


def test_no_dependency_forbids_our_licence() -> None:
    """No installed package of the locks has a licence that would bind a user of a server."""
    unwanted = [f"{name}: {licence}" for name, licence in _licences() if _is_unwanted(licence)]
    assert unwanted == []


def _licences() -> Iterator[tuple[str, str]]:
    for name in _pins("requirements-dev.lock"):
        try:
            described = metadata.metadata(name)
        except metadata.PackageNotFoundError:
            continue  # a package of another platform
        classifiers = described.get_all("Classifier") or []
        words = [line for line in classifiers if line.startswith("License")]
        # A licence field may hold the whole text, which names others in passing: its first line names itself.
        first = (described.get("License") or "").strip().splitlines()[:1]
        yield name, " ".join([described.get("License-Expression") or "", *first, *words])


def _is_unwanted(licence: str) -> bool:
    return any(word in licence.upper() for word in UNWANTED_LICENCES)


def _pins(file_name: str) -> dict[str, str]:
    """Return {package: pinned version or versions} of a lock file; markers of platforms aside."""
    lines = (ROOT / file_name).read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert all("==" in line for line in pinned)
    pairs: dict[str, str] = {}
    for line in pinned:
        name = _normal(line.split("==")[0])
        pinned_as = line.split(";")[0].strip()
        pairs[name] = " | ".join(filter(None, [pairs.get(name), pinned_as]))
    return pairs


def _normal(name: str) -> str:
    return name.strip().lower().replace("_", "-")


# What an extra brings and the locked installation does not: read with care where it is imported.
BY_EXTRA = {"psycopg", "pymysql", "oracledb", "pandas"}


def test_the_product_imports_nothing_that_its_lock_does_not_install() -> None:
    """A module that only the developers' installation holds would be missing in `make demo` and `make desk`."""
    locked = {
        line.split("==")[0].lower()
        for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    brought = packages_distributions()
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += (
                [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            )
            tops = (
                {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) - {"jicha"} - BY_EXTRA
            )
            found |= {
                f"{path.relative_to(ROOT)}: {top}"
                for top in tops
                if not {dist.lower().replace("_", "-") for dist in brought.get(top, [])} & locked
            }
    assert sorted(found) == []
