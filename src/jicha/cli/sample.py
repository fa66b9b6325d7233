"""`jicha sample`: draw bills to look at, draw them again, judge what was found."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer

from jicha.audit.sample.judge import MonetaryJudgement, RateJudgement
from jicha.audit.sample.plan import METHODS, MONETARY, RANDOM, STRATA, Plan
from jicha.cli.output import CONSOLE, Exit, HomeOption, JsonOption, LanguageOption, home_at, print_json, table
from jicha.periods import parse_month
from jicha.reports.sample_sheet import told_of, write_sample_sheet
from jicha.reports.words import word

app = typer.Typer(
    no_args_is_help=True,
    help="Samples (抽样) of bills: drawn by a seed, exact bounds, a sheet that another auditor can reproduce.",
)
SheetArgument = Annotated[Path, typer.Argument(help="A sheet that `jicha sample draw` wrote.")]


def _decimal(value: str) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise typer.BadParameter(f"{value!r} is no number") from error


def _one_of(*allowed: str) -> Any:
    def check(value: str) -> str:
        if value not in allowed:
            raise typer.BadParameter(f"{value!r}; write one of {', '.join(allowed)}")
        return value

    return check


@app.command("draw")
def draw(
    month: Annotated[str, typer.Option("--month", help="Billing month such as 2026-10.")],
    seed: Annotated[str, typer.Option("--seed", help="Any text; the same seed draws the same bills.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Write the sheet to this .xlsx.")],
    tolerable: Annotated[str, typer.Option("--tolerable", help="Error rate (random) or yuan (monetary) that would still do.")] = "0.05",
    expected: Annotated[str, typer.Option("--expected", help="Error rate or yuan that is expected.")] = "0",
    confidence: Annotated[str, typer.Option("--confidence", help="0.95 for 95 %.")] = "0.95",
    method: Annotated[str, typer.Option("--method", help="random: every bill alike; monetary: every yuan alike.", callback=_one_of(*METHODS))] = RANDOM,
    stratum: Annotated[str, typer.Option("--by", help=f"Strata of a random sample: {', '.join(STRATA)}.", callback=_one_of(*STRATA))] = "none",
    org: Annotated[list[str] | None, typer.Option("--org", help="Only this organisation and below (repeatable).")] = None,
    size: Annotated[int | None, typer.Option("--size", help="So many, instead of the size that the bounds ask for.", min=1)] = None,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Draw a sample of the month's bills and write the sheet to be filled in."""
    plan = Plan(
        parse_month(month), method, seed, _decimal(confidence), _decimal(tolerable), _decimal(expected), stratum, tuple(org or ()), size
    )  # fmt: skip
    sample = home_at(home).sample(plan)
    rows = write_sample_sheet(sample, out, language)
    if as_json:
        print_json({**told_of(sample), "out": str(out)})
        return
    CONSOLE.print(f"[bold]{word('sample.title', language)} {month}[/]")
    table(
        ("", ""),
        [(word(f"sample.{name}", language), value) for name, value in told_of(sample).items() if value],
        right=(1,),
    )
    CONSOLE.print(f"{out}: {rows:,}", style="dim")


@app.command("check")
def check(sheet: SheetArgument, home: HomeOption = None, language: LanguageOption = "zh") -> None:
    """Draw the sample of a sheet again and say whether it is the same; exit code 3 when it is not."""
    _, sample, differences = home_at(home).sample_again(sheet)
    if differences:
        CONSOLE.print(f"[bold red]{word('sample.differs', language)}[/]: {', '.join(differences)}")
        raise typer.Exit(Exit.DATA)
    CONSOLE.print(
        f"{word('sample.same', language)}: {len(sample.draw.items) + len(sample.draw.certain):,} · {sample.frame_sha256}"
    )


@app.command("judge")
def judge(
    sheet: SheetArgument,
    home: HomeOption = None,
    language: LanguageOption = "zh",
    as_json: JsonOption = False,
) -> None:
    """Judge a filled sheet: error rate with exact bounds, or misstatement in yuan with its upper bound, for each direction."""
    judged = home_at(home).judge_sample(sheet)
    if as_json:
        print_json(judged)
        return
    plan = judged["plan"]
    CONSOLE.print(
        f"[bold]{word('sample.judged', language)} {plan.month:%Y-%m}[/] · {word('sample.confidence', language)} {plan.confidence}"
    )
    if plan.method == MONETARY:
        _print_monetary(judged["over"], judged["under"], plan, language)
    else:
        _print_rate(judged["rate"], plan, language)


def _print_rate(found: RateJudgement, plan: Plan, language: str) -> None:
    rows = [
        (word("sample.errors", language), f"{found.errors:,} / {found.size:,}"),
        (word("sample.rate", language), f"{found.rate:.4%}"),
        (word("sample.bounds", language), f"{found.lower:.4%} … {found.upper:.4%}"),
        (word("sample.projected_over", language), f"{found.projected_over_yuan:,.2f}"),
        (word("sample.projected_under", language), f"{found.projected_under_yuan:,.2f}"),
        (
            word("sample.tolerable", language),
            f"{plan.tolerable:.4%} {_verdict(found.upper <= plan.tolerable, language)}",
        ),
    ]
    table(("", ""), rows, right=(1,))


def _print_monetary(over: MonetaryJudgement, under: MonetaryJudgement, plan: Plan, language: str) -> None:
    names = ("errors", "known", "projected", "upper")
    head = ("", *(word(f"sample.{name}", language) for name in names), word("sample.tolerable", language))
    rows = [
        (
            word(f"sample.{name}", language), f"{one.errors:,}", f"{one.known_yuan:,.2f}", f"{one.projected_yuan:,.2f}",
            f"{one.upper_yuan:,.2f}" if one.is_bounded else word("sample.no_bound", language),
            _verdict(one.is_bounded and one.upper_yuan <= plan.tolerable, language),
        )
        for name, one in (("over", over), ("under", under))
    ]  # fmt: skip
    table(head, rows, right=(1, 2, 3, 4))


def _verdict(is_good: bool, language: str) -> str:
    return word("sample.kept" if is_good else "sample.exceeded", language)
