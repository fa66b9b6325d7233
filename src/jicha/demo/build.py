"""Building the demo utility, part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from jicha.demo import archive, bill_tables, bills, meters, money, service
from jicha.demo.balance import balance_frames
from jicha.demo.change_log import change_rows
from jicha.demo.consumption import make_consumption
from jicha.demo.county import write_county, write_incidents
from jicha.demo.curve import curve_frame, make_curves
from jicha.demo.frame import Pick
from jicha.demo.grid import LAST, Ints
from jicha.demo.orders import order_frames
from jicha.demo.plant.hooks import Hooks
from jicha.demo.points import AGRI_TOU, CI_TOU, PLAIN, RES_TOU
from jicha.demo.readings import Ledger, freeze_frames, new_ledger, reactive_and_demand, read_registers
from jicha.demo.registers import make_registers
from jicha.demo.seals import seal_frames
from jicha.demo.transformers import state_frame, transformer_frame
from jicha.demo.world import Part, World, make_world, parts
from jicha.demo.write import Writer
from jicha.errors import ExplainedError

FREEZE_DAYS = 61
SMALLEST = 200
Progress = Callable[[str], None]


@dataclass(frozen=True)
class DemoSummary:
    """What was built: where, how many rows a table, how many planted faults and look-alikes."""

    folder: Path
    answer_key: Path
    customers: int
    rows: Mapping[str, int]
    faults: int
    look_alikes: int


def build(
    folder: Path | str,
    *,
    customers: int = 20_000,
    seed: int = 20_261_031,
    clean: bool = False,
    file_format: Literal["csv", "parquet"] = "csv",
    freeze_days: int = FREEZE_DAYS,
    progress: Progress | None = None,
) -> DemoSummary:
    """Write a county supply company into the folder: the contract's 49 tables and answer_key/answer_key.csv.

    `freeze_days` is the number of last days with a freeze for every meter. The same seed and size give the same bytes.
    """
    _check(customers, file_format, freeze_days)
    tell = progress or (lambda _: None)
    target = Path(folder)
    world = make_world(seed, customers, clean)
    pieces = parts(world)
    writer = Writer(target, file_format, len(pieces))
    names = archive.world_names(world)
    hooks = Hooks(world, names)
    write_county(world, writer)
    write_incidents(world, writer, names)
    writer.add("transformer", transformer_frame(world.transformers))
    writer.add("transformer_state", state_frame(world.customers, world.transformers))
    for piece in pieces:
        tell(f"part {piece.number + 1} of {len(pieces)}")
        _write_part(piece, writer, hooks, names, len(pieces), freeze_days)
        if piece.number + 1 < len(pieces):
            writer.flush()
    hooks.write_rows(writer)
    writer.finish()
    key = world.plan.key.write(target / "answer_key")
    kinds = [answer.kind for answer in world.plan.key.answers]
    return DemoSummary(
        target, key, customers, dict(writer.rows), kinds.count("fault"), kinds.count("look_alike")
    )


def _check(customers: int, file_format: str, freeze_days: int) -> None:
    if customers < SMALLEST:
        raise ExplainedError(
            where="demo --customers",
            found=str(customers),
            expected=f"at least {SMALLEST}",
            remedy="A smaller county has no room for every kind of customer.",
        )
    if file_format not in ("csv", "parquet"):
        raise ExplainedError(
            where="demo --format",
            found=repr(file_format),
            expected="csv or parquet",
            remedy="Choose one of the two.",
        )
    if not 1 <= freeze_days <= 456:
        raise ExplainedError(
            where="demo freeze_days",
            found=str(freeze_days),
            expected="1 to 456",
            remedy="The demo covers 457 days.",
        )


def _write_part(part: Part, writer: Writer, hooks: Hooks, names: Pick, count: int, freeze_days: int) -> None:
    make_consumption(part)
    hooks.change_energy(part)
    ledger = _write_readings(part, writer, hooks, freeze_days)
    _write_archive(part, writer, names)
    _write_money(part, writer, hooks, ledger, names)
    _write_service(part, writer)
    district, feeder, _ = balance_frames(part)
    writer.add("district_daily", district)
    writer.add("feeder_daily", feeder)
    curves = make_curves(part, count)
    if curves is not None:
        hooks.change_curves(part, curves)
        writer.add("curve", curve_frame(part, curves))


def _write_readings(part: Part, writer: Writer, hooks: Hooks, freeze_days: int) -> Ledger:
    ledger = new_ledger(part)
    method = _methods(part)
    registers = [
        found
        for kind in (PLAIN, RES_TOU, CI_TOU, AGRI_TOU)
        if (found := make_registers(part, kind)) is not None
    ]
    hooks.change_readings(part, registers, method)
    for group in registers:
        for frame in read_registers(part, group, ledger, method):
            writer.add("reading", frame)
        for frame in freeze_frames(part, group, freeze_days):
            writer.add("daily_freeze", frame)
    for frame in reactive_and_demand(part, ledger):
        writer.add("reading", frame)
    writer.add("reading_plan", service.reading_plan_frame(part))
    return ledger


def _methods(part: Part) -> Ints:
    """Return how each reading was taken: by the acquisition system, a few per thousand by a handheld device."""
    method = np.zeros((len(part.owner), LAST + 1), dtype=np.int64)
    method[part.owner % 250 == 17] = 1
    # Some typing errors are put right on the device, before the upload.
    part.edited[part.owner % 750 == 17] = 5
    return method


def _write_archive(part: Part, writer: Writer, names: Pick) -> None:
    writer.add("customer", archive.customer_frame(part, names))
    writer.add("supply_contract", archive.contract_frame(part))
    for table, frame in (
        ("proof", archive.proof_frame(part)),
        ("generation_asset", archive.generation_frame(part, names)),
        ("charging_site", archive.charging_frame(part)),
        ("metering_point", meters.point_frame(part)),
        ("meter", meters.meter_frame(part)),
        ("meter_installation", meters.installation_frame(part)),
        ("price_scheme", meters.scheme_frame(part)),
    ):
        if frame is not None:
            writer.add(table, frame)
    for frame in meters.transformer_frames(part):
        writer.add("instrument_transformer", frame)
    for frame in meters.test_frames(part):
        writer.add("meter_test", frame)
    for frame in meters.topology_frames(part):
        writer.add("topology_link", frame)


def _write_money(part: Part, writer: Writer, hooks: Hooks, ledger: Ledger, names: Pick) -> None:
    issued = bills.make_bills(part, ledger)
    hooks.change_bills(part, ledger, issued)
    payments = money.make_payments(part, issued)
    hooks.change_money(part, ledger, issued, payments)
    writer.add("bill", bill_tables.bill_frame(part, issued))
    writer.add("bill_line", bill_tables.line_frame(part, issued))
    writer.add("receipt", money.receipt_frame(part, issued, payments))
    for frame in money.dunning_frames(part, issued, payments):
        writer.add("dunning", frame)
    writer.add("invoice", money.invoice_frame(part, issued, payments, names))


def _write_service(part: Part, writer: Writer) -> None:
    writer.add_rows("operation_log", change_rows(part))
    orders, nodes = order_frames(part)
    seals, operations = seal_frames(part)
    for table, frames in (
        ("work_order", orders),
        ("work_order_node", nodes),
        ("seal", seals),
        ("seal_operation", operations),
        ("inspection", service.inspection_frames(part)),
    ):
        for frame in frames:
            writer.add(table, frame)
    for table, single in (
        ("complaint", service.complaint_frame(part)),
        ("meter_event", service.event_frame(part)),
        ("back_bill", service.back_bill_frame(part)),
        ("outage_notice", service.outage_rows(part)),
    ):
        if single is not None:
            writer.add(table, single)


__all__ = ["DemoSummary", "World", "build"]
