"""Where a person starts the audit of a month, or brings in a run that is there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from jicha.desk.clues.models import BroughtIn
from jicha.desk.deliveries.jobs import RIGHT, ask_for_audit, ask_for_delivery
from jicha.desk.jobs.views import has_worker
from jicha.desk.people.models import Organisation, units_with
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.home import home


class AuditForm(forms.Form):
    """Which month of which unit."""

    month = forms.ChoiceField(label=_("month"))
    unit = forms.ModelChoiceField(
        Organisation.objects.none(), label=_("unit"), to_field_name="number", empty_label=None
    )

    def __init__(self, months: list[str], units: Any, data: Any = None) -> None:
        super().__init__(data)
        self.fields["month"].choices = [(month, month) for month in months]  # type: ignore[attr-defined]
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class DeliveryForm(forms.Form):
    """Which run."""

    run = forms.ChoiceField(label=_("run"))
    unit = forms.ModelChoiceField(Organisation.objects.none(), to_field_name="number")

    def __init__(self, runs: list[str], units: Any, data: Any = None) -> None:
        super().__init__(data)
        self.fields["run"].choices = [(run, run) for run in runs]  # type: ignore[attr-defined]
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


def start(request: DeskRequest) -> HttpResponseBase:
    """Offer the months that can be audited and the runs that are not brought in; start what is asked for."""
    units = units_with(request.standing, RIGHT).order_by("path")
    months = _months()
    runs = _runs(units)
    audit = AuditForm(months, units, request.POST if "month" in request.POST else None)
    delivery = DeliveryForm(
        [run.run_id for run in runs], units, request.POST if "run" in request.POST else None
    )
    if request.method == "POST" and audit.is_valid():
        told = audit.cleaned_data
        return redirect("job", ask_for_audit(request.standing, told["unit"], told["month"]).pk)
    if request.method == "POST" and delivery.is_valid():
        told = delivery.cleaned_data
        return redirect("job", ask_for_delivery(request.standing, told["unit"], home().run(told["run"])).pk)
    shown = {"form": audit, "months": months, "runs": runs, "has_worker": has_worker(), "top": units.first()}
    return render(request, "jobs/start.html", shown, status=422 if request.method == "POST" else 200)


def _months() -> list[str]:
    """Return the months of the newest data, the last first; none where nothing is loaded."""
    if not home().mart.latest():
        return []
    return [f"{month:%Y-%m}" for month in reversed(home().months(home().snapshot()))]


def _runs(units: Any) -> list[Any]:
    """Return the runs of the person's units that the desk does not hold yet, the newest first."""
    held = set(BroughtIn.objects.values_list("run_id", flat=True))
    numbers = {unit.number for unit in units}
    is_all = any(unit.parent_id is None for unit in units)
    return [
        run
        for run in reversed(home().runs())
        if run.run_id not in held
        and not run.manifest.is_selection
        and (is_all or run.manifest.scope in numbers)
    ][:20]
