"""What a worker does for deliveries: audits a month and brings its findings in, or brings in a run that is there."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.deliveries.bring_in import Delivery, bring_in
from jicha.desk.jobs.actions import ask_for
from jicha.desk.jobs.control import Control
from jicha.desk.jobs.kinds import kind
from jicha.desk.jobs.models import Job
from jicha.desk.people.models import ROOT, Organisation
from jicha.desk.people.standing import Standing
from jicha.desk.ui.home import home
from jicha.errors import ExplainedError
from jicha.home import Run

RIGHT = "run.start"
LOOK_SECONDS = 1.0


def ask_for_audit(standing: Standing, unit: Organisation, month: str) -> Job:
    """Ask for the audit of a month (2026-10) of a unit and all below it."""
    title = _("Audit %(month)s · %(unit)s") % {"month": month, "unit": unit.name}
    org_no = None if unit.number == ROOT else unit.number
    return ask_for(
        "audit", title, standing, unit, {"month": month, "org_no": org_no}, f"audit {month} {unit.number}"
    )


def ask_for_delivery(standing: Standing, unit: Organisation, run: Run) -> Job:
    """Ask for a run to be brought in."""
    title = _("Bring in %(month)s · %(run)s") % {"month": f"{run.manifest.month:%Y-%m}", "run": run.run_id}
    return ask_for("bring_in", title, standing, unit, {"run_id": run.run_id}, f"bring_in {run.run_id}")


@kind("audit", gettext_lazy("audit of a month"), RIGHT)
def audit(job: Job, control: Control) -> dict[str, Any]:
    """Audit the month in a process of its own, then bring the findings in.

    Equal inputs give the same run, and a run is brought in once: a second attempt ends where the first would have.
    """
    run_id = _audited(job.arguments["month"], job.arguments["org_no"], control)
    return _brought_in(job, run_id, control)


@kind("bring_in", gettext_lazy("bringing in a run"), RIGHT)
def deliver(job: Job, control: Control) -> dict[str, Any]:
    """Bring a run in."""
    return _brought_in(job, job.arguments["run_id"], control)


def _brought_in(job: Job, run_id: str, control: Control) -> dict[str, Any]:
    control.step(_("reading the findings"), 0, 1)
    run = home().run(run_id)
    live = [
        row
        for row in run.findings.select(["status", "yuan_at_stake"]).to_pylist()
        if row["status"] != "cleared"
    ]
    yuan = sum((row["yuan_at_stake"] for row in live if row["yuan_at_stake"] is not None), start=Decimal(0))
    control.step(_("putting the findings together to clues"), 1, 1, rows=len(live), yuan=yuan)
    told = bring_in(run, job.asked_by, lambda words, done, total: control.step(_words(words), done, total))
    return _result(told)


def _words(part: str) -> str:
    return {"clues": _("writing the clues"), "findings": _("writing the findings")}.get(part, part)


def _result(told: Delivery) -> dict[str, Any]:
    counts = {"new_clues": told.new_clues, "renewed_clues": told.renewed_clues, "gone_clues": told.gone_clues}
    return {"run_id": told.run_id, "findings": told.findings, **counts, **told.rechecked}


def _audited(month: str, org_no: str | None, control: Control) -> str:
    """Audit in a process of its own, which ends with this call; return the run."""
    command = [sys.executable, "-m", "jicha.desk.deliveries.audit_process"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(
                json.dumps({"home": str(settings.HOME), "month": month, "org_no": org_no}) + "\n"
            )
            process.stdin.flush()
            return _heard(process.stdout, control)
        finally:
            process.kill()


def _heard(output: IO[str], control: Control) -> str:
    """Pass on what the process tells until it names the run; see once a second whether the job must end."""
    for line in _lines(output, control):
        told = json.loads(line)
        if "run_id" in told:
            return str(told["run_id"])
        if "error" in told:
            raise ExplainedError(
                where=_("audit"), found=told["error"], expected=_("a run"), remedy=_("Correct what it names, then try again."),
            )  # fmt: skip
        control.step(told["words"], told["done"], told["total"])
    raise ExplainedError(
        where=_("audit"), found=_("its process ended without a word"), expected=_("a run"),
        remedy=_("Often the memory did not suffice: set memory_limit in settings.toml, then try again."),
    )  # fmt: skip


def _lines(output: IO[str], control: Control) -> Iterator[str]:
    heard: queue.SimpleQueue[str] = queue.SimpleQueue()
    reader = threading.Thread(target=_listen, args=(output, heard), daemon=True)
    reader.start()
    while True:
        try:
            line = heard.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            control.check()
            continue
        if not line:
            return
        yield line


def _listen(output: IO[str], heard: queue.SimpleQueue[str]) -> None:
    for line in output:
        heard.put(line)
    heard.put("")
