"""Money: receipts, dunning, invoices, waivers, refunds, transfers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jicha.demo.bills import Bills, bill_numbers, due_days
from jicha.demo.frame import Frame, Ids, Pick, take
from jicha.demo.grid import END, LAST, MONTH_START, NULL, Bools, Ints, moment
from jicha.demo.segments import FIRST_HV, SEGMENTS
from jicha.demo.world import Part

CHANNELS = ["counter_cash", "counter_pos", "bank", "online", "transfer", "prepaid_offset"]
CASH, POS, BANK, ONLINE, TRANSFER = range(5)


@dataclass
class Payments:
    """When and how each bill of a part was paid; `paid_on` is NULL while it is not."""

    paid_on: Ints
    late_fee: Ints
    channel: Ints
    late: Bools
    no_dunning: Bools = field(init=False)
    banked_on: Ints = field(init=False)

    def __post_init__(self) -> None:
        self.no_dunning = np.zeros(len(self.paid_on), dtype=np.bool_)
        # NULL: banked on the day; −1: not banked yet; else the day.
        self.banked_on = np.full(len(self.paid_on), NULL, dtype=np.int64)


def make_payments(part: Part, bills: Bills) -> Payments:
    """Let most customers pay before the due date and a few some weeks late, with the late-payment charge (违约金)."""
    rng = part.rng("payments")
    calendar = part.world.calendar
    owner = part.owner[bills.main]
    issued = calendar.shift(bills.period_to, 2)
    due = due_days(bills)
    paid = np.minimum(issued + 1 + rng.integers(0, 16, len(owner)), due)
    careless = generator_mask(part, owner)
    late = careless & (rng.random(len(owner)) < 0.35) & (bills.month < LAST)
    paid = np.where(late, due + rng.integers(3, 26, len(owner)), paid)
    late |= careless & (bills.month == LAST) & (rng.random(len(owner)) < 0.15)
    paid = np.where(late & (bills.month == LAST), NULL, paid)
    paid = np.where(paid >= END, NULL, paid)
    kind = np.array([s.kind == "lv_res" for s in SEGMENTS])[part.of_customer("segment")[bills.main]]
    channel = rng.choice([CASH, POS, BANK, ONLINE], len(owner), p=[0.05, 0.03, 0.27, 0.65])
    channel = np.where(bills.total > 3_000_000, TRANSFER, channel)
    return Payments(paid, late_fee(bills, paid, kind), channel, late)


def generator_mask(part: Part, owner: Ints) -> Bools:
    """Return which customers are the careless payers: about 2 % of the ordinary ones."""
    special = part.world.customers.special[owner]
    return np.asarray((owner * 7_919 % 1_000 < 20) & ~special)


def late_fee(bills: Bills, paid: Ints, home: Bools) -> Ints:
    """Return 1 ‰ a day for homes, else 2 ‰ a day and 3 ‰ for the days of a later year, half up to the cent."""
    due = due_days(bills)
    days = np.where(paid == NULL, 0, np.maximum(paid - due, 0))
    year_end = np.where(bills.month < 4, int(MONTH_START[4]), 10**6)
    later = np.where(paid == NULL, 0, np.clip(paid - year_end + 1, 0, days))
    rate = np.where(home, days, 2 * (days - later) + 3 * later)
    return np.asarray((np.maximum(bills.total, 0) * rate + 500) // 1_000)


def receipt_frame(part: Part, bills: Bills, payments: Payments) -> Frame:
    """Return the receipts: one a paid bill, banked the same day."""
    rows = np.flatnonzero((payments.paid_on != NULL) & (bills.total > 0))
    owner = part.owner[bills.main[rows]]
    numbers = bill_numbers(owner, bills.month[rows])
    paid = payments.paid_on[rows]
    channel = payments.channel[rows]
    at = moment(paid, 9 + numbers % 7, numbers % 60)
    station = part.of_customer("station")[bills.main[rows]]
    counter = channel <= POS
    held = payments.banked_on[rows]
    operator = part.world.staff.ids("cashier", station, numbers)
    return {
        "receipt_id": Ids("R", numbers),
        "customer_no": Ids("", owner + 3_401_000_001),
        "bill_id": Ids("B", numbers),
        "amount_yuan": bills.total[rows],
        "late_fee_yuan": payments.late_fee[rows],
        "channel": Pick(channel, CHANNELS),
        "received_at": at,
        "banked_at": np.where(
            held == NULL,
            np.where(counter, moment(paid, 17, 0), at),
            np.where(held < 0, NULL, moment(held, 10)),
        ),
        "operator_id": Ids("E", np.where(counter, operator.numbers, NULL)),
    }


def dunning_frames(part: Part, bills: Bills, payments: Payments) -> list[Frame]:
    """Return reminders 5 days and a stop notice 12 days after the due date, and the payment that ended them."""
    due = due_days(bills)
    open_until = np.where(payments.paid_on == NULL, END, payments.paid_on)
    frames: list[Frame] = []
    for rank, (step, after) in enumerate((("reminder", 3), ("stop_notice", 14))):
        rows = np.flatnonzero((due + after < open_until) & (bills.total > 0) & ~payments.no_dunning)
        frames.append(_dunning(part, bills, rows, step, rank, due[rows] + after))
    paid = np.flatnonzero(
        (payments.paid_on != NULL) & (due + 3 < payments.paid_on) & (bills.total > 0) & ~payments.no_dunning
    )
    frames.append(_dunning(part, bills, paid, "paid", 2, payments.paid_on[paid]))
    return [frame for frame in frames if len(frame["at"])]


def _dunning(part: Part, bills: Bills, rows: Ints, step: str, rank: int, day: Ints) -> Frame:
    owner = part.owner[bills.main[rows]]
    numbers = bill_numbers(owner, bills.month[rows])
    station = part.of_customer("station")[bills.main[rows]]
    return {
        "dunning_id": Ids("DU", numbers * 10 + rank),
        "customer_no": Ids("", owner + 3_401_000_001),
        "bill_id": Ids("B", numbers),
        "step": step,
        "at": moment(day, 18 if step == "paid" else 10, numbers % 60),
        "operator_id": part.world.staff.ids("cashier", station, numbers),
    }


def invoice_frame(part: Part, bills: Bills, payments: Payments, names: Pick) -> Frame:
    """Return invoices of the paid bills of firms and shops."""
    segment = part.of_customer("segment")[bills.main]
    asks = (segment >= FIRST_HV) | (segment >= 3) & (part.owner[bills.main] % 2 == 0)
    rows = np.flatnonzero(asks & (payments.paid_on != NULL) & (bills.total > 0))
    owner = part.owner[bills.main[rows]]
    numbers = bill_numbers(owner, bills.month[rows])
    frame: Frame = {
        "invoice_no": Ids("I", numbers),
        "bill_id": Ids("B", numbers),
        "amount_yuan": bills.total[rows],
        "issued_at": moment(payments.paid_on[rows], 16, numbers % 60),
        "buyer_name": names.take(owner),
    }
    return take(frame, np.ones(len(rows), dtype=np.bool_))
