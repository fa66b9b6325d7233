"""The list of settlements, and one settlement: its draft, its money, its way."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from django.contrib import messages
from django.db import transaction
from django.db.models import DecimalField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from jicha.casework import Casework
from jicha.desk.flow.forms import open_forms, values_of
from jicha.desk.flow.refusals import Missing, NotNow
from jicha.desk.journal.append import append
from jicha.desk.journal.history import history
from jicha.desk.journal.words import name_action
from jicha.desk.orders.models import Order
from jicha.desk.people.models import units_with
from jicha.desk.people.standing import DeskRequest
from jicha.desk.settlements import drafting, ledger, plan
from jicha.desk.settlements.act_forms import (
    FORMS,
    BeginForm,
    FactsForm,
    PaymentForm,
    PlanForm,
    flattened,
    form_code,
)
from jicha.desk.settlements.models import Entry, Settlement
from jicha.desk.settlements.moves import FLOW, move_settlement
from jicha.desk.ui.home import home
from jicha.desk.ui.lists import export, paged
from jicha.desk.ui.routes import seen_or_404
from jicha.reports.case_sheet import case_document
from jicha.reports.export import write_table
from jicha.reports.papers import FORMS as FORMS_OF_PAPERS
from jicha.reports.papers import KINDS, paper_data, write_paper

SORTS = {"newest": ("-id",), "amount": ("-total_yuan", "-id"), "open": ("-open_yuan", "-id")}
SORT_TITLES = {
    "newest": gettext_lazy("newest"),
    "amount": gettext_lazy("total, yuan"),
    "open": gettext_lazy("still open"),
}
STEPS = ("draft", "submitted", "approved", "served", "agreed", "closed")
SEE = "settlement.see"
MOST_DIGITS = 18
CENT = Decimal("0.01")
PAPER = gettext_lazy("Write a paper of a settlement")
PAPER_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
name_action("settlement_paper", PAPER)
name_action("settlement_export", gettext_lazy("Export the sheet of a settlement"))


def settlements(request: DeskRequest) -> HttpResponseBase:
    """List the settlements that the person sees; without a state, those that have not ended."""
    rows = _filtered(request)
    if "export" in request.GET:
        return export(request, "settlements", rows, (_row(one) for one in rows))
    told = {
        "page": paged(request, rows, SORTS), "states": Settlement.State.choices, "state": request.GET.get("state", "open"),
        "q": request.GET.get("q", ""), "sorts": SORT_TITLES, "sort": request.GET.get("sort", "newest"), "sums": _sums(rows),
        "may_begin": request.standing.may_somewhere(drafting.RIGHT),
    }  # fmt: skip
    return render(request, "settlements/settlements.html", told)


def _filtered(request: DeskRequest) -> Any:
    open_sum = (
        Entry.objects.filter(settlement=OuterRef("pk"))
        .order_by()
        .values("settlement")
        .annotate(sum=Sum("amount_yuan"))
        .values("sum")
    )
    kind = DecimalField(max_digits=16, decimal_places=2)
    rows = Settlement.objects.seen_by(request.standing, SEE).select_related(
        "organisation", "order", "drafter"
    )
    rows = rows.annotate(open_yuan=Coalesce(Subquery(open_sum, output_field=kind), 0, output_field=kind))
    state, text = request.GET.get("state", "open"), request.GET.get("q", "").strip()
    if state == "open":
        rows = rows.exclude(state__in=Settlement.ENDED)
    elif state in Settlement.State.values:
        rows = rows.filter(state=state)
    return rows.filter(_named(text)) if text else rows


def _named(text: str) -> Q:
    number = text.upper().removeprefix("JS").lstrip("0")
    is_number = number.isascii() and number.isdigit() and len(number) < MOST_DIGITS
    return Q(customer_no=text) | Q(title__contains=text) | Q(pk=int(number) if is_number else 0)


def _sums(rows: Any) -> dict[str, Any]:
    return dict(rows.aggregate(total=Sum("total_yuan"), open=Sum("open_yuan"), energy=Sum("energy_kwh")))


def _row(one: Any) -> dict[str, Any]:
    return {
        "number": one.number, "unit": one.organisation.name, "matter": one.title, "customer": one.customer_no, "state": one.get_state_display(),
        "energy_kwh": one.energy_kwh, "back_pay_yuan": one.back_pay_yuan, "charge_yuan": one.charge_yuan, "late_fee_yuan": one.late_fee_yuan,
        "total_yuan": one.total_yuan, "open_yuan": one.open_yuan.quantize(CENT),
    }  # fmt: skip


def begin(request: DeskRequest) -> HttpResponseBase:
    """Begin a settlement that belongs to no order."""
    form = BeginForm(units_with(request.standing, drafting.RIGHT), request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = form.cleaned_data
        made = drafting.begin(
            request.standing,
            told["organisation"],
            told["title"],
            (told["customer_no"], told["customer_name"]),
        )
        return redirect("settlement", made.pk)
    return render(request, "settlements/begin.html", {"form": form}, status=422 if form.errors else 200)


def begin_of_order(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Begin the settlement of an order."""
    order = seen_or_404(request, Order, "order.see", pk, "clue")
    title = f"{order.number} {order.clue.sentence_zh}"[:200]
    made = drafting.begin(
        request.standing,
        order.organisation,
        title,
        (order.clue.customer_no or order.clue.place_id, ""),
        order,
    )
    return redirect("settlement", made.pk)


def show(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Show a settlement: the sheet, what was chosen and approved, the ledger, the plan, what can be done."""
    one = _found(request, pk)
    return render(request, "settlements/settlement.html", _page(request, one))


def _page(request: DeskRequest, one: Settlement) -> dict[str, Any]:
    is_draft = one.state == Settlement.State.DRAFT
    may_draft = is_draft and request.standing.may(drafting.RIGHT, one.organisation.path)
    is_payable = one.state in Settlement.PAYABLE
    today, owed = timezone.localdate(), ledger.balance(one)
    document, problem = _document(one)
    return {
        "one": one, "document": document, "compared": _compared(document), "problem": problem, "steps": _steps(one), "moves": open_forms(one, FLOW, request.standing),
        "history": history(one), "is_draft": is_draft, "may_draft": may_draft, "acts": list(_acts(one)) if is_draft else [],
        "facts_form": FactsForm(initial=FactsForm.initial_of(one.content)) if may_draft else None,
        "act_forms": [(form.code, form.title) for form in FORMS.values()], "entries": one.entries.select_related("booked_by", "reverses", "reversed_by"),
        "balances": [(label, ledger.balances(one)[code]) for code, label in Entry.Component.choices], "balance": owed, "paid": ledger.paid(one),
        "dues": plan.dues(one, today), "payment_form": PaymentForm(initial={"on": today}) if is_payable and owed and _may(request, one, "settlement.collect") else None,
        "plan_form": PlanForm() if is_payable and owed > 0 and _may(request, one, drafting.RIGHT) else None,
        "may_reverse": is_payable and _may(request, one, "settlement.reverse"), "languages": ("zh", "en"),
    }  # fmt: skip


def _may(request: DeskRequest, one: Settlement, right: str) -> bool:
    return request.standing.may(right, one.organisation.path)


def _document(one: Settlement) -> tuple[dict[str, Any] | None, str]:
    """Return the sheet in words, frozen or of the draft, or why there is none."""
    try:
        sheet = one.sheet if one.sheet is not None else drafting.sheet_of(one)
    except drafting.Unsettled as refusal:
        return None, str(refusal)
    return case_document(sheet, _language()), ""


def _compared(document: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the sums of both scenarios and their difference, a row for each."""
    if document is None or document["difference"] is None:
        return []
    columns = [*(one["sums"] for one in document["scenarios"]), document["difference"]["sums"]]
    names = dict.fromkeys(one["name"] for column in columns for one in column)
    told = [{one["name"]: one for one in column} for column in columns]
    return [
        {"name": name, "title": next(one[name]["title"] for one in told if name in one), "values": [one.get(name, {}).get("value", "0.00") for one in told]}
        for name in names
    ]  # fmt: skip


def _language() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"


def _steps(one: Settlement) -> list[tuple[str, str]]:
    words = dict(Settlement.State.choices)
    place = STEPS.index(one.state) if one.state in STEPS else -1
    kinds = ["done" if n < place else "current" if n == place else "ahead" for n in range(len(STEPS))]
    return [(str(words[Settlement.State(step)]), kind) for step, kind in zip(STEPS, kinds, strict=True)]


def _acts(one: Settlement) -> Iterator[tuple[str, str, list[tuple[int, Any, str]]]]:
    """Yield the acts of each scenario: code, title, and place, title and numbers of each act."""
    for code, scenario in one.content["scenarios"].items():
        rows = [
            (place, FORMS[form_code(act)].title, _short(act)) for place, act in enumerate(scenario["acts"], 1)
        ]
        yield code, scenario["title"], rows


def _short(act: dict[str, Any]) -> str:
    values = flattened({name: value for name, value in act.items() if name != "act"})
    values.pop("quantity__method", None)  # the title says it
    return " · ".join(str(value) for value in values.values() if value is not True)[:120]


def _found(request: DeskRequest, pk: int, right: str = SEE) -> Settlement:
    found: Settlement = seen_or_404(request, Settlement, right, pk, "order", "drafter", "approver")
    return found


def facts(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Write what all acts of a draft share."""
    one = _found(request, pk)
    form = FactsForm(request.POST)
    if not form.is_valid():
        raise Missing(drafting.CHANGE, [str(form.fields[name].label) for name in form.errors])
    drafting.change(one, request.standing, form.applied(one.content), {"facts": sorted(form.cleaned_data)})
    return redirect("settlement", pk)


def act(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Add an act to a scenario of a draft, or change one: `?form=…&scenario=A&place=1`."""
    one = _found(request, pk, drafting.RIGHT)
    code, scenario, place = _asked(request, one)
    kind = FORMS[code]
    first = flattened(one.content["scenarios"][scenario]["acts"][place - 1]) if place else {}
    form = kind.form(request.POST or None, first)
    if request.method == "POST" and form.is_valid():
        content = drafting.put_act(one.content, scenario, place, kind.content(form.cleaned_data))
        drafting.change(one, request.standing, content, {"scenario": scenario, "place": place, "act": code})
        return redirect("settlement", pk)
    told = {"one": one, "form": form, "kind": kind, "scenario": scenario, "place": place}
    return render(request, "settlements/act.html", told, status=422 if form.errors else 200)


def _asked(request: DeskRequest, one: Settlement) -> tuple[str, str, int | None]:
    """Return form, scenario and place that the address asks for; an act that is there is shown in the form it was written with."""
    scenario, text = request.GET.get("scenario", "A"), request.GET.get("place", "")
    if scenario not in drafting.SCENARIOS or (text and not text.isdigit()):
        raise Http404
    acts = one.content["scenarios"].get(scenario, {"acts": []})["acts"]
    if not text:
        code = request.GET.get("form", next(iter(FORMS)))
        if code not in FORMS:
            raise Http404
        return code, scenario, None
    if not 0 < int(text) <= len(acts):
        raise Http404
    return form_code(acts[int(text) - 1]), scenario, int(text)


def arrange(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Take an act out of a scenario, make scenario B of A, or drop B."""
    one = _found(request, pk)
    doing, scenario, text = (request.POST.get(name, "") for name in ("do", "scenario", "place"))
    if doing == "remove" and scenario in one.content["scenarios"] and text.isdigit():
        content = drafting.put_act(one.content, scenario, int(text), None)
    elif doing in ("copy", "drop"):
        content = (
            drafting.copy_scenario(one.content) if doing == "copy" else drafting.drop_scenario(one.content)
        )
    else:
        raise Missing(drafting.CHANGE, [_("what to do")])
    drafting.change(one, request.standing, content, {"do": doing, "scenario": scenario, "place": text})
    return redirect("settlement", pk)


def pay(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Record a payment."""
    one = _found(request, pk)
    form = PaymentForm(request.POST)
    if not form.is_valid():
        raise Missing(ledger.PAY, [str(form.fields[name].label) for name in form.errors])
    told = form.cleaned_data
    ledger.record_payment(one, request.standing, told["amount_yuan"], told["on"], told["voucher"])
    messages.success(request, _("Done: %(move)s") % {"move": ledger.PAY})
    return redirect("settlement", pk)


def reverse_line(request: DeskRequest, pk: int, number: int) -> HttpResponseBase:
    """Reverse a line of the ledger."""
    one = _found(request, pk)
    ledger.reverse(one, request.standing, number, request.POST.get("reason", ""))
    messages.success(request, _("Done: %(move)s") % {"move": ledger.REVERSE})
    return redirect("settlement", pk)


def agree_plan(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Write a plan of equal instalments over the balance."""
    one = _found(request, pk)
    form = PlanForm(request.POST)
    if not form.is_valid():
        raise Missing(plan.TITLE, [str(form.fields[name].label) for name in form.errors])
    rows = plan.equal_rows(ledger.balance(one), form.cleaned_data["first_on"], form.cleaned_data["count"])
    plan.agree(one, request.standing, rows)
    return redirect("settlement", pk)


def move(request: DeskRequest, pk: int, name: str) -> HttpResponseBase:
    """Make a move of the settlement."""
    one = _found(request, pk)
    if name not in FLOW.moves:
        raise Http404
    move_settlement(one, name, request.standing, values_of(one, FLOW.moves[name], request.POST))
    messages.success(request, _("Done: %(move)s") % {"move": FLOW.moves[name].title})
    return redirect("settlement", pk)


def sheet(request: DeskRequest, pk: int, form: str) -> HttpResponseBase:
    """Hand out the sheet as .pdf, .xlsx or .json, and say so in the log."""
    one = _found(request, pk)
    if form not in WRITERS:
        raise Http404
    plain = one.sheet if one.sheet is not None else drafting.sheet_of(one)
    media_type, write = WRITERS[form]
    data = write(plain, _language())
    with transaction.atomic():
        append(
            "settlement_export",
            one,
            actor=request.user,
            organisation=one.organisation,
            details={"form": form},
        )
    response = HttpResponse(data, content_type=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{one.number}.{form}"'
    return response


def paper(request: DeskRequest, pk: int, kind: str, form: str) -> HttpResponseBase:
    """Hand out the notice or the agreement of what was put forward as .pdf or .docx, and say so in the log."""
    one = _found(request, pk)
    if kind not in KINDS or form not in FORMS_OF_PAPERS:
        raise Http404
    if one.sheet is None:
        raise NotNow(
            PAPER, _("The papers are made of the sheet that was handed in: hand in the draft first.")
        )
    rows = [
        {"number": str(row.number), "due_on": row.due_on.isoformat(), "amount": f"{row.amount_yuan:,.2f}"}
        for row in plan.current_plan(one)
    ]
    data = write_paper(
        kind, form, paper_data(one.sheet, one.number, one.organisation.name, rows), home().path / "templates"
    )
    with transaction.atomic():
        append(
            "settlement_paper",
            one,
            actor=request.user,
            organisation=one.organisation,
            details={"paper": kind, "form": form},
        )
    response = HttpResponse(data, content_type=PAPER_TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{one.number}-{kind}.{form}"'
    return response


def _pdf(plain: dict[str, Any], language: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return Casework(home()).write_plain_pdf(plain, Path(folder) / "sheet.pdf", language).read_bytes()


def _xlsx(plain: dict[str, Any], language: str) -> bytes:
    rows = [
        {"scenario": scenario["code"]} | {name: line[name] for name in ("act", "component", "period", "quantity", "unit_price", "billed", "due", "difference", "formula", "clause", "limit")}
        for scenario in case_document(plain, language)["scenarios"]
        for line in scenario["lines"]
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sheet.xlsx"
        write_table(pa.Table.from_pylist(rows), path)
        return path.read_bytes()


def _json(plain: dict[str, Any], _language: str) -> bytes:
    return json.dumps(plain, ensure_ascii=False, indent=1).encode()


WRITERS = {
    "pdf": ("application/pdf", _pdf),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _xlsx),
    "json": ("application/json", _json),
}
