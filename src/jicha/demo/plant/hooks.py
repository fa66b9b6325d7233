"""Where planted faults take hold: energy, readings, money, curves, and rows of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from jicha.contract import contract
from jicha.demo.bills import Bills
from jicha.demo.curve import Curves
from jicha.demo.frame import Pick
from jicha.demo.grid import Ints
from jicha.demo.money import Payments
from jicha.demo.plant.bill_scene import BillScene
from jicha.demo.plant.fees import Fees
from jicha.demo.plant.registry import STAGES, Job, MoneyScene, ReadingScene, Rows
from jicha.demo.readings import Ledger
from jicha.demo.registers import Registers
from jicha.demo.world import Part, World
from jicha.demo.write import Writer


class Hooks:
    """Calls every plant at the stage it changes."""

    def __init__(self, world: World, names: Pick) -> None:
        self._world = world
        self._names = {
            job.customer: names.pool[int(names.codes[job.customer])]
            for job in world.plan.jobs
            if job.customer >= 0
        }
        self._rows: Rows = defaultdict(list)
        self._fees = Fees()

    def change_energy(self, part: Part) -> None:
        """Let plants change what was used or metered."""
        for job, row, change in self._inside(part, "energy"):
            change(part, job, row)

    def change_readings(self, part: Part, registers: list[Registers], method: Ints) -> None:
        """Let plants change readings."""
        scene = ReadingScene(registers, method)
        for job, row, change in self._inside(part, "readings"):
            change(part, job, row, scene)

    def change_bills(self, part: Part, ledger: Ledger, bills: Bills) -> None:
        """Let plants issue bills wrongly."""
        scene = BillScene(part, ledger, bills)
        for job, row, change in self._inside(part, "bills"):
            change(part, job, row, scene)
        scene.finish()
        if self._world.plan.jobs:
            self._fees.add(part, bills)

    def change_money(self, part: Part, ledger: Ledger, bills: Bills, payments: Payments) -> None:
        """Let plants change bills and payments."""
        scene = MoneyScene(ledger, bills, payments, self._rows, self._names)
        for job, row, change in self._inside(part, "money"):
            change(part, job, row, scene)

    def change_curves(self, part: Part, curves: Curves) -> None:
        """Let plants change curves."""
        for job, row, change in self._inside(part, "curves"):
            change(part, job, row, curves)

    def write_rows(self, writer: Writer) -> None:
        """Write the rows that plants bring."""
        self._fees.finish(self._world)
        for job in self._world.plan.jobs:
            change = STAGES["rows"].get(job.rule)
            if change:
                change(self._world, job, self._rows)
        for table in contract().tables:
            writer.add_rows(table, self._rows.get(table, []))

    def _inside(self, part: Part, stage: str) -> Iterator[tuple[Job, int, Any]]:
        for job in self._world.plan.jobs:
            change = STAGES[stage].get(job.rule)
            if change and part.customers.start <= job.customer < part.customers.stop:
                yield job, part.main_row(job.customer), change
