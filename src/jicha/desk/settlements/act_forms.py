"""The forms of acts: each field has the name that it has in a case file, `__` between the levels, so that nothing is translated twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jicha.desk.people.models import Organisation

MOST_CHARACTERS = 200
BAND_NAMES = {
    "sharp": _("sharp"), "peak": _("peak"), "flat": _("flat"), "valley": _("valley"), "deep_valley": _("deep valley"),
}  # fmt: skip
FAULTS = (
    ("meter_or_transformer_error", _("meter or transformer error")),
    ("wire_voltage_drop", _("voltage drop of wires")),
    ("other_causes", _("other causes")),
    ("wrong_wiring", _("wrong wiring")),
    ("voltage_fuse", _("blown voltage fuse")),
    ("wrong_multiplier", _("wrong multiplier")),
)
UNITS = (("kVA", "kVA"), ("kW", "kW"))


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a form: a text that the case reader checks, a day, yes or no, or one of some words."""

    name: str
    title: str | Promise
    kind: str = "text"
    choices: tuple[tuple[str, Any], ...] = ()
    needed: bool = False

    def field(self) -> forms.Field:
        """Return the field; numbers stay the text that was typed."""
        if self.kind == "day":
            return forms.DateField(
                label=str(self.title),
                required=self.needed,
                widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            )
        if self.kind == "flag":
            return forms.BooleanField(label=str(self.title), required=False)
        if self.kind == "choice":
            return forms.ChoiceField(label=str(self.title), required=self.needed, choices=self.choices)
        attrs = {"inputmode": "decimal"} if self.kind == "number" else {}
        return forms.CharField(
            label=str(self.title),
            required=self.needed,
            max_length=MOST_CHARACTERS,
            widget=forms.TextInput(attrs=attrs),
        )


@dataclass(frozen=True, slots=True)
class ActForm:
    """The form of one act, or of one method of a theft."""

    code: str
    title: str | Promise
    fixed: Mapping[str, str]
    columns: tuple[Column, ...]

    def form(self, data: Any = None, initial: Mapping[str, Any] | None = None) -> forms.Form:
        """Return the form."""
        kind = type("ActFields", (forms.Form,), {column.name: column.field() for column in self.columns})
        made: forms.Form = kind(data, initial=dict(initial or {}), prefix="act")
        return made

    def content(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Return the act as a case file has it; what is empty is left out."""
        content: dict[str, Any] = {}
        for name, value in {**self.fixed, **cleaned}.items():
            if value not in (None, "", False):
                _place(content, name.split("__"), _written(value, name))
        return content


def _written(value: Any, name: str) -> Any:
    if value is True:
        return "true"
    if name in LISTS:
        return [part for part in str(value).replace("，", ",").replace(",", " ").split() if part]
    return value.isoformat() if hasattr(value, "isoformat") else str(value).strip()


def _place(content: dict[str, Any], path: list[str], value: Any) -> None:
    """Write a value at its place; a level of digits is a list."""
    head, *rest = path
    if not rest:
        content[head] = value
    elif rest[0].isdigit():
        rows = content.setdefault(head, [])
        while len(rows) < int(rest[0]):
            rows.append({})
        _place(rows[int(rest[0]) - 1], rest[1:], value)
    else:
        _place(content.setdefault(head, {}), rest, value)


def flattened(content: Any, path: str = "") -> dict[str, Any]:
    """Return the values of an act by the names that its form has."""
    found: dict[str, Any] = {}
    pairs = (
        content.items()
        if isinstance(content, Mapping)
        else ((str(place), one) for place, one in enumerate(content, 1))
    )
    for key, value in pairs:
        name = f"{path}__{key}" if path else key
        if name in LISTS:
            found[name] = ", ".join(value)
        elif isinstance(value, (Mapping, list)):
            found |= flattened(value, name)
        else:
            found[name] = value == "true" if value in ("true", "false") else value
    return found


LISTS = frozenset({"criminal__normal_kwh", "criminal__metered_kwh"})
PERIOD = (Column("from", _("from"), "day"), Column("until", _("until, the first day after"), "day"))
PRICE = (
    Column("price__tariff", _("tariff, priced by the day")),
    Column("price__voltage", _("voltage column, such as lt1 or kv1_10")),
    Column("price__total", _("or a stated price, yuan"), "number"),
)
TERMS = (
    Column("multiple", _("multiple applied (倍数)"), "number"),
    Column("contract_clause", _("clause of the supply contract")),
)
BANDS = tuple(Column(f"bands__{code}", title, "number") for code, title in BAND_NAMES.items())
CRIMINAL = (
    Column("criminal__normal_kwh", _("criminal file: kWh of the normal months before, at most six")),
    Column("criminal__metered_kwh", _("criminal file: kWh of the months of the theft")),
    Column("criminal__certified_price", _("criminal file: certified price, yuan/kWh"), "number"),
)
LOCAL_ACTS = (
    "",
    "altered_ratio",
    "forged_recharge",
    "theft_device",
    "altered_nameplate",
    "altered_periods",
    "changed_category",
)
LOCAL_TITLES = {
    "": "—", "altered_ratio": _("altered ratio or parameters"), "forged_recharge": _("forged recharge"), "theft_device": _("device for theft"),
    "altered_nameplate": _("altered nameplate"), "altered_periods": _("altered time-of-use parameters"), "changed_category": _("changed category"),
}  # fmt: skip


def _number(name: str, title: str | Promise, needed: bool = False) -> Column:
    return Column(name, title, "number", (), needed)


def _theft(method: str, title: str | Promise, *columns: Column) -> ActForm:
    named = tuple(
        Column(f"quantity__{one.name}", one.title, one.kind, one.choices, one.needed) for one in columns
    )
    local = Column("local_act", _("act of a local rule"), "choice", tuple(LOCAL_TITLES.items()))
    metered = _number("metered_kwh", _("energy metered in that time, kWh"))
    deduct = () if method == "meter_current" else (Column("deduct_metered", _("deduct it"), "flag"),)
    unknown = _number("unknown_days", _("days, where the time cannot be found"))
    columns_all = (*named, *PERIOD, unknown, *PRICE, *TERMS, metered, *deduct, *BANDS, local, *CRIMINAL)
    return ActForm(f"theft_{method}", title, {"act": "theft", "quantity__method": method}, columns_all)


def _loads() -> tuple[Column, ...]:
    found: list[Column] = []
    for number in ("1", "2", "3"):
        found += [
            Column(f"loads__{number}__name", format_lazy("{title} {number}", title=_("load"), number=number)),
            _number(f"loads__{number}__kwh", _("measured kWh")),
            _number(f"loads__{number}__kw", _("or kW")),
            _number(f"loads__{number}__hours_per_day", _("hours a day")),
            Column(f"loads__{number}__lighting", _("lighting"), "flag"),
            Column(f"loads__{number}__price__tariff", _("tariff of the load")),
            Column(f"loads__{number}__price__voltage", _("voltage column")),
            _number(f"loads__{number}__price__total", _("or its stated price, yuan")),
        ]
    return tuple(found)


def _capacity(code: str, title: str | Promise, *more: Column) -> ActForm:
    columns = (
        _number("capacity", _("capacity"), needed=True),
        Column("unit", _("unit"), "choice", UNITS),
        *more,
        *PERIOD,
        _number("months", _("or whole months from that day")),
        *PRICE,
        *TERMS,
        Column("on", _("day, for customers of one part"), "day"),
    )
    return ActForm(code, title, {"act": code}, columns)


FORMS: dict[str, ActForm] = {
    one.code: one
    for one in (
        _theft("capacity", _("Theft: power of the equipment"), _number("kw", _("rated power, kW"), True), _number("hours_per_day", _("hours a day"))),
        _theft(
            "meter_current", _("Theft: current of the meter"), _number("voltage_v", _("voltage, V"), True), _number("current_a", _("basic current, A"), True),
            _number("phases", _("phases")), Column("line_to_line", _("voltage between lines"), "flag"), _number("ct_ratio", _("CT ratio")),
            _number("pt_ratio", _("PT ratio")), _number("hours_per_day", _("hours a day")),
        ),
        _theft("proved", _("Theft: proved energy"), _number("kwh", _("energy, kWh"), True)),
        _theft("factor", _("Theft: correction factor"), _number("recorded_kwh", _("recorded, kWh"), True), _number("factor", _("factor K"), True)),
        _theft(
            "normal_use", _("Theft: normal months"), _number("normal_month_kwh", _("normal month, kWh"), True), _number("months", _("months"), True),
            _number("recorded_kwh", _("recorded, kWh"), True),
        ),
        _theft(
            "master_meter", _("Theft: sub meters and master meter"), _number("sub_meters_kwh", _("sub meters, kWh"), True),
            _number("loss_kwh", _("normal loss, kWh"), True), _number("master_kwh", _("master meter, kWh"), True),
        ),
        _theft(
            "unit_product", _("Theft: energy of a product"), _number("unit_kwh", _("kWh of a unit"), True), _number("output", _("output"), True),
            _number("auxiliary_kwh", _("auxiliary use, kWh"), True), _number("recorded_kwh", _("recorded, kWh"), True),
        ),
        ActForm(
            "low_price_line", _("Load of a higher price, or changed category"), {"act": "low_price_line"},
            (*(Column(f"price_billed__{one.name.split('__')[1]}", one.title, one.kind) for one in PRICE), *_loads(), *PERIOD, *BANDS, *TERMS),
        ),
        _capacity("over_capacity", _("Capacity above the contract")),
        _capacity(
            "suspended_or_sealed", _("Suspended or sealed equipment"), _number("times", _("times")),
            Column("also_over_capacity", _("the sealed equipment was never allowed"), "flag"),
        ),
        ActForm("moved_equipment", _("Moved metering or other equipment"), {"act": "moved_equipment"}, (_number("times", _("times")), Column("on", _("day"), "day"))),
        ActForm(
            "unauthorised_source", _("Source without leave"), {"act": "unauthorised_source"},
            (_number("capacity", _("capacity"), True), Column("unit", _("unit"), "choice", UNITS[::-1]), Column("on", _("day"), "day")),
        ),
        ActForm(
            "exceeded_quota", _("Exceeded quota (1996)"), {"act": "exceeded_quota"},
            (
                Column("on", _("day"), "day", (), True), _number("excess_kw", _("excess, kW"), True), _number("excess_kwh", _("excess, kWh"), True),
                _number("times", _("times")), *PRICE,
            ),
        ),
        ActForm(
            "back_billing", _("Back-billing of a metering fault"), {"act": "back_billing"},
            (
                Column("fault", _("fault"), "choice", FAULTS, True), *PERIOD, Column("claimed_on", _("claimed on"), "day"),
                _number("recorded_kwh", _("recorded, kWh")), _number("billed_kwh", _("billed, kWh")), _number("error_pct", _("error, %")),
                _number("actual_drop_pct", _("actual drop, %")), _number("allowed_drop_pct", _("allowed drop, %")),
                _number("normal_month_kwh", _("normal month, kWh")), _number("months", _("months")), _number("factor", _("factor K")),
                _number("lost_phases", _("lost phases")), _number("reversed_phases", _("reversed phases")),
                _number("actual_multiplier", _("real multiplier")), _number("used_multiplier", _("multiplier used")),
                _number("register_difference", _("difference of the register")), *PRICE, *BANDS,
            ),
        ),
        ActForm(
            "late_payment", _("Late payment"), {"act": "late_payment"},
            (
                _number("bills__1__yuan", _("bill, yuan"), True), Column("bills__1__due_on", _("due on"), "day", (), True),
                Column("bills__1__payments__1__on", _("paid on"), "day"), _number("bills__1__payments__1__yuan", _("paid, yuan")),
                Column("bills__1__payments__2__on", _("paid on, second"), "day"), _number("bills__1__payments__2__yuan", _("paid, yuan, second")),
                Column("until", _("still owed on"), "day"),
            ),
        ),
    )
}  # fmt: skip


def form_code(act: Mapping[str, Any]) -> str:
    """Return which form an act of a draft was written with."""
    return f"theft_{act['quantity']['method']}" if act["act"] == "theft" else str(act["act"])


class FactsForm(forms.Form):
    """What all acts of the case share."""

    found_on = forms.DateField(
        label=_("found on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    residential = forms.BooleanField(label=_("residential customer"), required=False)
    lighting = forms.BooleanField(label=_("lighting use"), required=False)
    two_part = forms.BooleanField(label=_("two-part tariff"), required=False)
    charge_of_rounded = forms.BooleanField(label=_("charge on the rounded back-pay"), required=False)
    province = forms.CharField(label=_("law book of the province"), required=False, max_length=40)
    title_a = forms.CharField(label=_("title of scenario A"), required=False, max_length=100)
    title_b = forms.CharField(label=_("title of scenario B"), required=False, max_length=100)

    @staticmethod
    def initial_of(content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts of a draft as the form shows them."""
        told = {
            name: content["customer"].get(name) == "true" for name in ("residential", "lighting", "two_part")
        }
        titles = {f"title_{code.lower()}": one["title"] for code, one in content["scenarios"].items()}
        rest = {"found_on": content["found_on"], "province": content.get("province", "")}
        return told | titles | rest | {"charge_of_rounded": content.get("charge_of_rounded") == "true"}

    def applied(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """Return the content with the facts written."""
        told = self.cleaned_data
        customer = {name: "true" for name in ("residential", "lighting", "two_part") if told[name]}
        scenarios = {
            code: one | {"title": told[f"title_{code.lower()}"]} for code, one in content["scenarios"].items()
        }
        return {
            **content, "customer": customer, "scenarios": scenarios, "found_on": told["found_on"].isoformat(), "province": told["province"].strip(),
            "charge_of_rounded": "true" if told["charge_of_rounded"] else "false",
        }  # fmt: skip


class PaymentForm(forms.Form):
    """Money that came in or went out."""

    amount_yuan = forms.DecimalField(label=_("amount, yuan"), max_digits=16, decimal_places=2)
    on = forms.DateField(label=_("day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    voucher = forms.CharField(label=_("voucher"), max_length=64)


class PlanForm(forms.Form):
    """Equal instalments, the last of which takes the remainder; each can be changed afterwards in a new plan."""

    first_on = forms.DateField(
        label=_("first instalment on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    count = forms.IntegerField(label=_("number of instalments"), min_value=1, max_value=60)


class BeginForm(forms.Form):
    """A settlement that belongs to no order."""

    organisation = forms.ModelChoiceField(Organisation.objects.none(), label=_("responsible unit"))
    title = forms.CharField(label=_("matter"), max_length=200)
    customer_no = forms.CharField(label=_("customer number"), max_length=32)
    customer_name = forms.CharField(label=_("customer"), max_length=200, required=False)

    def __init__(self, organisations: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations  # type: ignore[attr-defined]
