"""Price one bill in Decimal, every step named on demand (算费过程); the second engine is the SQL in billing/sql."""

from __future__ import annotations

from jicha.billing.model import BillInput, PricedBill
from jicha.billing.policy import BillingRules
from jicha.billing.price_list import PriceList
from jicha.billing.refusal import Refused
from jicha.billing.sheet import Sheet
from jicha.billing.steps import STEPS
from jicha.billing.work import ZERO, Work


def price_bill(
    bill: BillInput, prices: PriceList, rules: BillingRules, sheet: Sheet | None = None
) -> PricedBill:
    """Return the lines that the bill should have had, or the code of the refusal.

    With a sheet every step is written down: formula, clause, rounding, result, source rows. Never raises for bad data.
    """
    work = Work(bill, prices, rules, sheet)
    try:
        for step in STEPS:
            step(work)
    except Refused as refused:
        if sheet is not None:
            sheet.refuse(refused.code, refused.where)
        return PricedBill(bill.bill_id, [], ZERO, None, None, None, refused.code, refused.where)
    kwh = sum((point.billed_kwh for point in work.billed_points), ZERO)
    priced = PricedBill(
        bill.bill_id,
        work.lines,
        kwh,
        work.kvarh,
        work.power_factor,
        work.pf_adjust_pct,
    )
    if sheet is not None:
        sheet.add(
            "total", None, formula=" + ".join(f"{line.amount_yuan:.2f}" for line in work.lines) or "0",
            result=f"{priced.total_yuan:.2f}", unit="yuan",
        )  # fmt: skip
    return priced
