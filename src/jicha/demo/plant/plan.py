"""The plan of what is planted: which customers carry which fault or look-alike, and the switches that archives read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jicha.demo.answer_key import AnswerKey
from jicha.demo.grid import LAST, NULL, Bools, Ints

if TYPE_CHECKING:
    from jicha.demo.plant.registry import Job
    from jicha.demo.segments import Segment
    from jicha.demo.world import Part, World


class Plan:
    """Switches that the archives, registers and balances read; all off in a clean county."""

    def __init__(self, customers: int) -> None:
        self.count = fault_count(customers)
        self.mistakes = mistake_count(customers)
        self.segment_minimum = 4 * self.count + 4
        self.key = AnswerKey()
        self.without_proof: Bools = np.zeros(customers, dtype=np.bool_)
        self.expired_proof: Ints = np.full(customers, NULL, dtype=np.int64)
        self.uninspected: list[int] = []
        self.no_seal: dict[int, int] = {}
        self.overdue_meters: dict[int, int] = {}
        self.small_archive: dict[int, int] = {}
        self.places: dict[int, int] = {}
        self.contract_loss: dict[int, int] = {}
        self.held_running: dict[int, int] = {}
        self.two_households: set[int] = set()
        self.asset_mode: dict[int, int] = {}
        self.subsidy_before: dict[int, int] = {}
        self.accepted_days_after: dict[int, int] = {}
        self.approved_less: dict[int, int] = {}
        self.paid_to: dict[int, int] = {}
        self.moved: dict[tuple[int, int], int] = {}
        self.fed_by: dict[int, int] = {}
        self.seen_elsewhere: dict[tuple[int, str], int] = {}
        self.master_faults: dict[int, list[tuple[int, int, int]]] = {}
        self.lost: dict[int, tuple[int, int]] = {}
        self.untested: dict[int, int] = {}
        self.curve_customers: list[int] = []
        self.jobs: list[Job] = []
        self.using_while_suspended: set[int] = set()
        self.own_orders: set[int] = set()
        self.unchecked: set[int] = set()
        self.employee_of: dict[int, int] = {}
        self.issued_after: dict[int, int] = {}
        self.unreviewed: set[int] = set()
        self.lost_loads: set[tuple[int, int]] = set()
        self.twin_of: dict[int, int] = {}
        self.neighbour_of: dict[int, int] = {}
        self.contract_end: dict[int, int] = {}
        self.without_contract: set[int] = set()
        self.phone: dict[int, int] = {}
        self.without_address: set[int] = set()
        self.settlements: dict[int, int] = {}
        self.made_important: set[int] = set()
        self.says_generation: set[int] = set()
        self.high_energy: set[int] = set()
        self.pays_multiple: set[int] = set()
        self.untried: set[int] = set()
        self.in_doubt: set[str] = set()

    def allocate(self, world: World) -> None:
        """Choose the customers and turn the switches."""
        from jicha.demo.plant.allocate import allocate

        allocate(world)

    def category(self, segment: Segment) -> str:
        """Return the category code of a segment."""
        return segment.category

    def held_kva(self, customers: Ints, kva: Ints) -> Ints:
        """Return the capacities that the archive holds of some customers, which may occur several times."""
        for customer, value in self.small_archive.items():
            kva[customers == customer] = value
        return kva

    def archive_kva(self, kva: Ints) -> Ints:
        """Return the capacities that the archive holds."""
        if not self.small_archive:
            return kva
        result = kva.copy()
        for customer, value in self.small_archive.items():
            result[customer] = value
        return result

    def generation_mode(self, rows: Ints, mode: Ints) -> Ints:
        """Return the modes of settlement (自发自用, 全额上网) that the archive holds."""
        for customer, value in self.asset_mode.items():
            mode[rows == customer] = value
        return mode

    def subsidy_from(self, rows: Ints, connected: Ints) -> Ints:
        """Return since when each asset is subsidised: its connection, or so many days before it."""
        result = connected.copy()
        for customer, days in self.subsidy_before.items():
            result[rows == customer] -= days
        return result

    def accepted_on(self, rows: Ints, connected: Ints) -> Ints:
        """Return when each asset was accepted: three days before its connection, or so many days after it."""
        result = connected - 3
        for customer, days in self.accepted_days_after.items():
            result[rows == customer] += 3 + days
        return result

    def approved_kw(self, rows: Ints, installed: Ints) -> Ints:
        """Return the approved power in 0.0001 kW: what is installed, or so many kW less."""
        result = installed.copy()
        for customer, less in self.approved_less.items():
            result[rows == customer] -= less * 10_000
        return result

    def payees(self, rows: Ints) -> Ints:
        """Return whose name the money for each asset is paid to."""
        result = rows.copy()
        for customer, other in self.paid_to.items():
            result[rows == customer] = other
        return result

    def agreed_settlements(self, rows: Ints) -> Ints:
        """Return how often a month the contracts of some customers agree to settle."""
        times = np.ones(len(rows), dtype=np.int64)
        for customer, agreed in self.settlements.items():
            times[rows == customer] = agreed
        return times

    def named_as(self, codes: Ints) -> Ints:
        """Return the names of all customers: some bear that of another."""
        for customer, other in self.twin_of.items():
            codes[customer] = codes[other]
        return codes

    def lives_at(self, rows: Ints) -> Ints:
        """Return whose address the archive holds for each customer; −1 where it holds none."""
        places = rows.copy()
        for customer, other in [
            *self.twin_of.items(),
            *((customer, -1) for customer in self.without_address),
        ]:
            places[rows == customer] = other
        return places

    def phones(self, rows: Ints, numbers: Ints) -> Ints:
        """Return the telephone numbers, without their first 1, that the archive holds."""
        for customer, number in self.phone.items():
            numbers[rows == customer] = number
        return numbers

    def contract_ends(self, rows: Ints, ends: Ints) -> Ints:
        """Return when the supply contracts end."""
        for customer, day in self.contract_end.items():
            ends[rows == customer] = day
        return ends

    def running_kva(self, rows: Ints, kva: Ints) -> Ints:
        """Return the capacities in service that the archive holds."""
        for customer, value in self.held_running.items():
            kva[rows == customer] = value
        return kva

    def contract_line_loss(self, percent: Ints) -> Ints:
        """Return the agreed line loss that the contracts hold, percent × 10⁶."""
        for customer, value in self.contract_loss.items():
            percent[customer] = value
        return percent

    def charging_place(self, codes: Ints) -> Ints:
        """Return the place codes of charging sites."""
        for customer, place in self.places.items():
            codes[customer] = place
        return codes

    def verify_due(self, part: Part, rows: Ints, due: Ints) -> Ints:
        """Return when the meters of some points must be verified again."""
        for customer, day in self.overdue_meters.items():
            due = np.where(part.owner[rows] == customer, day, due)
        return due

    def untested_from(self, part: Part, rows: Ints) -> Ints:
        """Return from which day on nobody tested the main metering of some points on site."""
        until = np.full(len(rows), np.iinfo(np.int64).max, dtype=np.int64)
        is_main = part.get("role")[rows] == 0
        for customer, day in self.untested.items():
            until = np.where(is_main & (part.owner[rows] == customer), day, until)
        return until

    def missing_seal(self, part: Part, rows: Ints, place: int) -> Bools:
        """Return whether a point lacks the seal of a place."""
        owners = [customer for customer, missing in self.no_seal.items() if missing == place]
        return np.asarray(np.isin(part.owner[rows], owners))

    def moved_sections(self, section: Ints, month: Ints) -> Ints:
        """Return by how many days an order moved the planned day of sections and months."""
        shift = np.zeros(len(section), dtype=np.int64)
        for (own, when), days in self.moved.items():
            shift[(section == own) & (month == when)] = days
        return shift

    def true_district(self, part: Part) -> Ints:
        """Return the district that really feeds each point."""
        district = part.of_customer("district").copy()
        for customer, fed in self.fed_by.items():
            district[part.owner == customer] = fed
        return district

    def seen_district(self, part: Part, rows: Ints, source: str) -> Ints:
        """Return the district that a system holds for each point."""
        district = part.of_customer("district")[rows].copy()
        for (customer, system), seen in self.seen_elsewhere.items():
            if system == source:
                district[part.owner[rows] == customer] = seen
        return district

    def master_meter(self, districts: Ints, supply: Ints) -> Ints:
        """Return the daily supply as the master meters show it: share in percent from a day to a day."""
        for district, spans in self.master_faults.items():
            row = np.flatnonzero(districts == district)
            for first, last, share in spans:
                supply[row, first : last + 1] = supply[row, first : last + 1] * share // 100
        return supply

    def employees(self, rows: Ints, employee: Ints) -> Ints:
        """Return the number of the employee to whom each of some customers belongs."""
        for customer, number in self.employee_of.items():
            employee[rows == customer] = number
        return employee

    def loaded(self, station: Ints, day: Ints) -> Bools:
        """Return of which stations and day indexes the feeder supply arrived."""
        result = np.ones(len(station), dtype=np.bool_)
        for lost, when in self.lost_loads:
            result[(station == lost) & (day == when)] = False
        return result

    def issue_shift(self, owner: Ints, month: Ints) -> Ints:
        """Return how many working days after the end of its period each bill is issued."""
        days = np.full(len(owner), 2, dtype=np.int64)
        for customer, late in self.issued_after.items():
            days[(owner == customer) & (month == LAST)] = late
        return days

    def tried(self, station: Ints, month: Ints) -> Ints:
        """Return which bills belong to a trial run: those of the first months at the prices of August, not of every station."""
        untried = np.isin(station, list(self.untried))
        return (np.isin(month, (LAST - 2, LAST - 1)) & ~untried).astype(np.int64)

    def reviewers(self, owner: Ints, month: Ints, numbers: Ints) -> Ints:
        """Return who reviewed each bill; nobody some of the last month."""
        return np.where(np.isin(owner, list(self.unreviewed)) & (month == LAST), NULL, numbers)

    def lost_freezes(self, part: Part) -> dict[int, tuple[int, int]]:
        """Return the rows of the part whose freezes are missing, with the first and last day."""
        inside = {c: span for c, span in self.lost.items() if part.customers.start <= c < part.customers.stop}
        return {part.main_row(customer): span for customer, span in inside.items()}


def mistake_count(customers: int) -> int:
    """Return on how many customers each mistake of billing is planted: 0.02 %, at least 4, at most 40."""
    return min(40, max(4, round(customers * 0.0002))) if customers >= 2_000 else 1


def fault_count(customers: int) -> int:
    """Return how many of each fault are planted: 0.05 % of the customers, at least 5 (fewer in a toy county), at most 40."""
    if customers < 2_000:
        return max(1, customers * 5 // 2_000)
    return min(40, max(5, round(customers * 0.0005)))
