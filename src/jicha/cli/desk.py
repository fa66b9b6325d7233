"""`jicha desk …`, `jicha serve`, `jicha verify`: the web application in which an audit unit works."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from jicha.cli.output import (
    CONSOLE,
    Exit,
    HomeOption,
    JsonOption,
    LanguageOption,
    home_at,
    print_json,
    progress,
    table,
)
from jicha.errors import ExplainedError
from jicha.reports.words import word

app = typer.Typer(name="desk", help="The desk (稽查工作台): people, clues, orders.", no_args_is_help=True)


def _commands(home: Any) -> Any:
    """Return the desk's commands, ready for the home; without the extra, say how to install it."""
    try:
        from jicha.desk import commands
    except ImportError as error:
        raise ExplainedError(
            where="jicha desk",
            found=f"no {error.name}",
            expected="the extra `desk`",
            remedy="pip install 'jicha[desk]'",
        ) from error
    commands.open_desk(home_at(home).path)
    return commands


@app.command("bring-in")
def bring_in(
    run: Annotated[
        str | None, typer.Option("--run", help="Run id or month (default: the newest run).")
    ] = None,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Bring a run's findings to the desk as clues; rectified orders are re-checked by it."""
    commands = _commands(home)
    with progress(as_json) as show:
        told = commands.bring_in_run(run, show)
    if as_json:
        print_json(
            {
                name: getattr(told, name)
                for name in (
                    "run_id",
                    "findings",
                    "new_clues",
                    "renewed_clues",
                    "gone_clues",
                    "rechecked",
                    "is_repeated",
                )
            }
        )
        return
    if told.is_repeated:
        CONSOLE.print(word("desk.repeated", language).format(run=told.run_id), markup=False)
        return
    CONSOLE.print(
        word("desk.brought", language).format(
            findings=f"{told.findings:,}", new=f"{told.new_clues:,}", renewed=f"{told.renewed_clues:,}", gone=f"{told.gone_clues:,}",
            proven=told.rechecked.get("proven", 0), still=told.rechecked.get("still_there", 0), undecided=told.rechecked.get("undecided", 0),
        ),
        markup=False, highlight=False,
    )  # fmt: skip


@app.command("admin")
def admin(
    username: Annotated[str, typer.Argument(help="Name of the account.")] = "admin",
    home: HomeOption = None,
    language: LanguageOption = "zh",
) -> None:
    """Make the first administrator and show the password once."""
    _print_accounts([_commands(home).first_administrator(username)], language)


@app.command("password")
def password(
    username: Annotated[str, typer.Argument(help="Name of the account.")], home: HomeOption = None
) -> None:
    """Give an account a new password and show it once."""
    CONSOLE.print(_commands(home).new_password_of(username), markup=False, highlight=False)


@app.command("token")
def token(
    username: Annotated[str, typer.Argument(help="Whose token it is: it may do no more than this person.")],
    name: Annotated[str, typer.Option("--for", help="What it is for.")],
    right: Annotated[
        list[str] | None,
        typer.Option("--right", help="A right of the person; repeat for more (default: all)."),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option("--unit", help="Number of the organisation (default: the topmost of the person's)."),
    ] = None,
    days: Annotated[int, typer.Option("--days", help="For how many days it is valid.", min=1)] = 90,
    home: HomeOption = None,
) -> None:
    """Make a token of the API for a person and show it once."""
    secret = _commands(home).make_token(username, name, right or [], unit, days)
    CONSOLE.print(secret, markup=False, highlight=False, soft_wrap=True)


@app.command("deliver")
def deliver(home: HomeOption = None) -> None:
    """Send the messages of the webhooks that are due; `jicha worker` does so by itself."""
    print_json(_commands(home).deliver_webhooks())


@app.command("new-secret")
def new_secret(
    end_sessions: Annotated[
        bool, typer.Option("--end-sessions", help="Sign everybody out: others may have read the secret.")
    ] = False,
    home: HomeOption = None,
    language: LanguageOption = "zh",
) -> None:
    """Change the secret that signs sessions; it counts once the server is started again."""
    _commands(home).renew_secret(keep_former=not end_sessions)
    CONSOLE.print(word("desk.new_secret", language), markup=False)


@app.command("demo-people")
def demo_people(home: HomeOption = None, language: LanguageOption = "zh") -> None:
    """Make one account of every role, all with one known password: for the invented utility only."""
    _print_accounts(_commands(home).demo_people(), language)


@app.command("bundle")
def bundle(
    order: Annotated[str, typer.Argument(help="Number of the order, such as JC0000012.")],
    out: Annotated[Path, typer.Option("--out", help="The .zip to write.")],
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Write everything of a case into one file that anybody can check with the script inside, without jicha."""
    commands = _commands(home)
    commands.must_be_current()
    told = commands.export_bundle(order, out)
    if as_json:
        print_json(
            {"root": told.root, "event": told.event.number, "hash": told.event.hash, "files": told.files}
        )
        return
    CONSOLE.print(
        word("desk.bundled", language).format(
            files=f"{told.files:,}", size=f"{told.size_bytes:,}", target=out, number=told.event.number, hash=told.event.hash,
        ),
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip


def _print_accounts(accounts: list[Any], language: str) -> None:
    titles = [word(f"desk.{key}", language) for key in ("account", "person", "role", "unit", "password")]
    table(titles, ([one.username, one.name, one.role, one.organisation, one.password] for one in accounts))


def serve(
    address: Annotated[str, typer.Option("--address", help="Host and port to listen on.")] = "127.0.0.1:8000",
    workers: Annotated[int, typer.Option("--workers", help="Processes that answer.", min=1)] = 2,
    plain_http: Annotated[
        bool, typer.Option("--plain-http", help="Without TLS: for one's own machine only.")
    ] = False,
    with_worker: Annotated[
        bool,
        typer.Option("--worker/--no-worker", help="With a worker beside it, or with workers started apart."),
    ] = True,
    home: HomeOption = None,
) -> None:
    """Serve the desk; behind a proxy that speaks TLS set JICHA_BEHIND_PROXY=1 and JICHA_HOSTS."""
    if plain_http:
        os.environ["JICHA_PLAIN_HTTP"] = "1"
    commands = _commands(home)
    CONSOLE.print(f"http{'' if plain_http else 's'}://{address}/", markup=False, highlight=False)
    commands.serve(address, workers, with_worker=with_worker)


def worker(home: HomeOption = None) -> None:
    """Do the desk's jobs in the background: audits, large changes and exports, regular steps. SIGTERM ends it after its current step."""
    _commands(home).work()


def backup(
    target: Annotated[Path, typer.Argument(help="The .tar.gz to write.")],
    with_mart: Annotated[bool, typer.Option("--with-mart", help="With the loaded data, too.")] = False,
    home: HomeOption = None,
    language: LanguageOption = "zh",
) -> None:
    """Write everything that people made into one file, while the desk is in use; rows of the PostgreSQL in DATABASE_URL by pg_dump."""
    from jicha.desk.operation import backup as operation

    with progress() as show:
        told = operation.backup(
            home_at(home).path,
            target,
            with_mart=with_mart,
            database_url=os.environ.get("DATABASE_URL"),
            progress=show,
        )
    CONSOLE.print(
        word("desk.backed_up", language).format(
            files=f"{told.files:,}", size=f"{told.size_bytes:,}", target=target
        ),
        markup=False,
        highlight=False,
    )


def restore(
    source: Annotated[Path, typer.Argument(help="A .tar.gz of `jicha backup`.")],
    home: HomeOption = None,
    language: LanguageOption = "zh",
) -> None:
    """Restore a backup into a home that is empty or not there, and an empty PostgreSQL in DATABASE_URL; a changed backup restores nothing."""
    from jicha.desk.operation import backup as operation

    folder = home or Path(os.environ.get("JICHA_HOME") or "jicha-home")
    with progress() as show:
        told = operation.restore(source, folder, database_url=os.environ.get("DATABASE_URL"), progress=show)
    CONSOLE.print(
        word("desk.restored", language).format(files=f"{told.files:,}", home=folder),
        markup=False,
        highlight=False,
    )


def verify(home: HomeOption = None, language: LanguageOption = "zh", as_json: JsonOption = False) -> None:
    """Check the whole log of the desk against itself and the checkpoints outside, and every file of evidence against its hash."""
    commands = _commands(home)
    commands.must_be_current()
    told, damaged = commands.verify_log(), commands.damaged_files()
    if as_json:
        print_json(
            {
                "events": told.events,
                "anchored": told.anchored,
                "unanchored": told.unanchored,
                "outside": told.outside,
                "faults": [{"number": f.number, "kind": f.kind, "text": f.text} for f in told.faults],
                "damaged_files": [{"sha256": one.sha256, "kind": one.kind} for one in damaged],
            }
        )
    else:
        key = "desk.whole" if told.is_whole else "desk.changed"
        CONSOLE.print(
            word(key, language).format(events=f"{told.events:,}", anchored=f"{told.anchored:,}"),
            markup=False,
            highlight=False,
        )
        if told.unanchored or not told.outside:
            place = word("desk.outside" if told.outside else "desk.not_outside", language)
            CONSOLE.print(
                word("desk.unanchored", language).format(events=f"{told.unanchored:,}", place=place),
                markup=False,
                highlight=False,
            )
        for fault in told.faults[:50]:
            CONSOLE.print(f"  {fault.number}  {fault.kind}  {fault.text}", markup=False, highlight=False)
        for one in damaged:
            CONSOLE.print(f"  {one.sha256}  {one.kind}", markup=False, highlight=False)
    if not told.is_whole or damaged:
        raise typer.Exit(Exit.DATA)
