"""`jicha doctor`: is this machine and this home fit for work?"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import psutil
import typer

from jicha.audit.library import lint_library
from jicha.audit.lock import read_lock, violations
from jicha.billing.policies import check_folder, own_files
from jicha.cli.output import Exit, HomeOption, JsonOption, home_at, print_json, table
from jicha.home import Home

_LEAST_FREE_GIB = 2
_LEAST_MEMORY_GIB = 3
_GIB = 1024**3

Check = tuple[str, bool, str, str]


def doctor(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Check the machine, the home and the rule library; say what to do about each fault."""
    checks = list(_checks(home_at(home)))
    checks += _desk_checks(home)
    if as_json:
        print_json([dict(zip(("check", "ok", "found", "remedy"), check, strict=True)) for check in checks])
    else:
        table(
            ("", "check", "found", "remedy"),
            (("✓" if ok else "✗", name, found, "" if ok else remedy) for name, ok, found, remedy in checks),
        )
    if not all(ok for _, ok, _, _ in checks):
        raise typer.Exit(Exit.DATA)


def _checks(home: Home) -> Iterator[Check]:
    yield ("python", True, platform.python_version(), "")
    for package in ("duckdb", "sqlglot", "pyarrow"):
        yield (package, True, version(package), "")
    memory = psutil.virtual_memory().available
    yield (
        "memory",
        memory > _LEAST_MEMORY_GIB * _GIB,
        f"{memory / _GIB:.1f} GiB free",
        "Close programs, or set memory_limit in settings.toml lower.",
    )
    free = shutil.disk_usage(home.path).free
    yield (
        "disk",
        free > _LEAST_FREE_GIB * _GIB,
        f"{free / _GIB:.1f} GiB free",
        "Free disk, or drop old snapshots: jicha snapshots drop.",
    )
    yield (
        "home writable",
        os.access(home.path, os.W_OK),
        str(home.path),
        "Give yourself the right to write there.",
    )
    yield (
        "local disk",
        not _is_network_disk(home.path),
        _file_system(home.path),
        "Keep the home on a local disk: SQLite is not safe on a network share.",
    )
    yield ("settings", True, f"memory_limit {home.settings.memory_limit}", "")
    problems = [*lint_library(home.library), *violations(home.library.shipped, read_lock())]
    yield (
        "rules",
        not problems,
        f"{len(home.library.rules)} rules, {len(problems)} problems",
        "Run jicha rules lint.",
    )
    faults = check_folder(home.path / "policies")
    yield (
        "price books",
        not faults,
        f"{len(own_files(home.path / 'policies'))} own files, {len(faults)} problems",
        "Run jicha policies check.",
    )
    latest = home.mart.latest()
    yield (
        "data",
        latest is not None,
        f"snapshot {latest.id}" if latest else "none",
        "Run jicha load, or jicha demo.",
    )


def _desk_checks(home: Path | None) -> list[Check]:
    """Return what the desk says of itself; nothing where it is not installed or was never begun in this home."""
    folder = home_at(home).path
    if not (folder / "desk.sqlite3").exists() and not os.environ.get("DATABASE_URL"):
        return []
    try:
        from jicha.desk import commands
    except ImportError:
        return [("desk", False, "not installed", "pip install 'jicha[desk]'")]
    commands.open_desk(folder)
    return commands.desk_checks()


def _file_system(path: Path) -> str:
    place = path.resolve()
    mounts = {partition.mountpoint: partition.fstype for partition in psutil.disk_partitions(all=True)}
    return next(
        (mounts[str(folder)] for folder in (place, *place.parents) if str(folder) in mounts), "unknown"
    )


def _is_network_disk(path: Path) -> bool:
    return _file_system(path).startswith(("nfs", "cifs", "smb", "fuse.sshfs"))
