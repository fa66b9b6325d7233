"""`jicha snapshots`: list, diff, drop, retain."""

from __future__ import annotations

from typing import Annotated

import typer

from jicha.cli.output import CONSOLE, HomeOption, JsonOption, home_at, print_json, table
from jicha.mart.diff import diff as compare
from jicha.mart.retention import RetentionPolicy, apply_policy
from jicha.mart.retention import drop as drop_snapshots

app = typer.Typer(no_args_is_help=True, help="Snapshots of the data.", rich_markup_mode=None)


@app.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the snapshots that are kept."""
    place = home_at(home)
    pinned = place.pinned_snapshots()
    lines = [
        {
            "snapshot": info.id,
            "created": info.created_at.astimezone().isoformat(sep=" ", timespec="seconds"),
            "files": info.files,
            "rows": info.rows,
            "megabytes": info.bytes // 1_000_000,
            "used by a run": "yes" if info.id in pinned else "",
            "deliveries": info.labels,
        }
        for info in place.mart.snapshots()
    ]
    if as_json:
        print_json(lines)
    elif lines:
        table(list(lines[0]), (list(line.values()) for line in lines), right=(0, 2, 3, 4))
    else:
        CONSOLE.print("no snapshot yet; run `jicha load FOLDER` or `jicha demo`")


@app.command("diff")
def diff(
    old: Annotated[int, typer.Argument(help="The older snapshot.")],
    new: Annotated[int, typer.Argument(help="The newer snapshot.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what differs between two snapshots, by table and month, with Σ kWh and Σ yuan."""
    mart = home_at(home).mart
    changes = compare(mart, mart.snapshot(old), mart.snapshot(new))
    if as_json:
        print_json(changes)
        return
    rows = (
        (
            c.table,
            c.ym,
            f"{c.added:,}",
            f"{c.removed:,}",
            f"{c.corrected:,}",
            " ".join(f"{n} {v:+}" for n, v in c.deltas.items() if v),
        )
        for c in changes
    )
    table(("table", "month", "added", "removed", "corrected", "Σ change"), rows, right=(2, 3, 4))


@app.command("drop")
def drop(
    snapshots: Annotated[list[int], typer.Argument(help="Snapshot numbers.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also the newest one, and those that audit runs refer to.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Drop snapshots and give their space back."""
    place = home_at(home)
    result = drop_snapshots(place.mart, snapshots, place.pinned_snapshots(), force)
    CONSOLE.print(f"dropped {len(result.snapshots)}, {result.bytes_freed / 1e6:,.1f} MB free")


@app.command("retain")
def retain(
    keep_last: Annotated[
        int | None, typer.Option("--keep-last", help="How many of the newest stay (default: keep_snapshots).")
    ] = None,
    keep_month_ends: Annotated[
        int, typer.Option("--keep-month-ends", help="Of how many months the last one stays.")
    ] = 24,
    home: HomeOption = None,
) -> None:
    """Drop what retention does not keep; never a snapshot that a run refers to or that somebody reads."""
    place = home_at(home)
    result = apply_policy(
        place.mart,
        RetentionPolicy(keep_last or place.settings.keep_snapshots, keep_month_ends),
        place.pinned_snapshots(),
    )
    CONSOLE.print(f"dropped {len(result.snapshots)}, {result.bytes_freed / 1e6:,.1f} MB free")
