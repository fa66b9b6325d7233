"""The form of a move: the fields of the record that the move writes, and nothing else."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models

from jicha.desk.flow.moves import Flow, Move
from jicha.desk.flow.refusals import Missing
from jicha.desk.people.standing import Standing

_LINES = 3


def form_of(record: models.Model, move: Move, data: Any = None) -> forms.ModelForm[Any]:
    """Return the form, its needed fields required; fields that the move does not name cannot be written through it."""
    kind = forms.modelform_factory(type(record), fields=move.fields, formfield_callback=_field)
    form: forms.ModelForm[Any] = kind(data, instance=record if data is None else None, prefix=move.name)
    for name in move.needs:
        form.fields[name].required = True
    return form


def values_of(record: models.Model, move: Move, data: Any) -> dict[str, Any]:
    """Return what a person filled in, as values of the record's fields; `Missing` names the fields that are empty or wrong."""
    form = form_of(record, move, data)
    if not form.is_valid():
        raise Missing(
            move.title, [str(form.fields[name].label) for name in form.errors if name in form.fields]
        )
    return form.cleaned_data


def _field(column: Any, **kwargs: Any) -> Any:
    if isinstance(column, models.TextField):
        kwargs["widget"] = forms.Textarea(attrs={"rows": _LINES})
    if isinstance(column, models.DateField):
        kwargs["widget"] = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    field = column.formfield(**kwargs)
    if isinstance(field, forms.TypedChoiceField):
        field.choices = [("", "—"), *column.choices]
    return field


def open_forms(record: Any, flow: Flow, standing: Standing) -> list[tuple[Move, forms.ModelForm[Any]]]:
    """Return the moves that are open to the person, each with its form: the buttons of a page."""
    return [(move, form_of(record, move)) for move in flow.open_to(record, standing)]
