"""What re-billing says of a bill or a month that is not there, in both languages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from jicha.contract import contract
from jicha.errors import BilingualError
from jicha.periods import month_text


def no_bills(snapshot_id: int, month: date, months: Sequence[date]) -> BilingualError:
    """Return the error of a month without bills; `months` are those that have some."""
    asked = month_text(month)
    known = f"{month_text(min(months))} … {month_text(max(months))}" if months else ""
    return BilingualError(
        where=f"snapshot {snapshot_id}",
        found=f"no bill of {asked}",
        expected=f"a month with bills: {known}" if known else "a filled table bill",
        remedy="Ask for another month, or load the bills first; `jicha coverage` shows what is filled.",
        zh=f"数据快照 {snapshot_id}：没有 {asked} 的电费单；" + (f"有电费单的月份为 {known}" if known else "电费发行表没有数据")
        + "。请改用其他月份，或先导入电费；`jicha coverage` 列出已有的数据。",
    )  # fmt: skip


def no_bill(bill_id: str, kind: str | None) -> BilingualError:
    """Return the error of a bill that does not exist, or of one of another kind than normal."""
    if kind is None:
        return BilingualError(
            where="bill",
            found=f"no bill {bill_id!r}",
            expected="the bill_id of a normal bill",
            remedy="See the column bill_id of the table bill.",
            zh=f"电费单：没有编号为 {bill_id} 的电费单；应为正常电费单的编号（电费发行表的 bill_id 列）。",
        )
    field = contract().table("bill").field("kind")
    label = dict(zip(field.enum, field.labels_zh, strict=False)).get(kind, kind)
    return BilingualError(
        where=f"bill {bill_id}",
        found=f"a bill of kind {kind}",
        expected="a normal bill",
        remedy="Only normal bills are recomputed; ask for the bill that this one corrects.",
        zh=f"电费单 {bill_id}：类型为“{label}”；只重算正常电费，请查询它所冲正或退补的电费单。",
    )


def neither(told: str, run_id: str | None) -> BilingualError:
    """Return the error of a text that is the number of no bill and begins no finding of the run; no run: none was made."""
    if run_id is None:
        found, chinese = "no run", "也还没有稽查运行"
    else:
        found, chinese = (
            f"0 findings that begin with {told!r}",
            f"运行 {run_id} 中也没有以它开头的疑似异常编号",
        )
    return BilingualError(
        where="home" if run_id is None else f"run {run_id}",
        found=f"{found}, and no bill {told!r}",
        expected="exactly one finding, or the bill_id of a normal bill",
        remedy="See `jicha findings` for ids (run `jicha audit --month …` first), or the column bill_id of the table bill.",
        zh=f"没有编号为 {told} 的电费单，{chinese}。请用 `jicha findings` 查看异常编号（先运行 `jicha audit --month …`），"
        "或使用电费发行表 bill_id 列的编号。",
    )  # fmt: skip
