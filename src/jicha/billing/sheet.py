"""The calculation sheet (算费过程): each step of one bill with formula, clause, rounding, result and source rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from jicha.billing.policy import RuleBook, RuleValue, rule_book

Told = str | tuple[str, str]  # a text without words, or the same in Chinese and in English

STEP_TITLES: dict[str, tuple[str, str]] = {
    "segments": ("分段", "Segment of the period"),
    "register_energy": ("示数电量", "Energy of a register"),
    "metered_energy": ("抄见电量", "Metered energy"),
    "main_remainder": ("总表扣减分表、定量、定比", "Main meter less sub meters and fixed shares"),
    "transformer_loss": ("变压器损耗", "Transformer loss"),
    "line_loss": ("线路损耗", "Line loss"),
    "energy_charge": ("电度电费", "Energy charge"),
    "fund": ("政府性基金及附加", "Government funds and surcharges"),
    "step_increment": ("阶梯加价", "Step increment"),
    "basic_charge": ("基本电费（容/需量）", "Basic charge"),
    "power_factor": ("功率因数", "Power factor"),
    "pf_adjustment": ("功率因数调整电费", "Power-factor adjustment"),
    "total": ("合计", "Total"),
}


@dataclass(frozen=True, slots=True)
class SheetStep:
    """One named step with what it stands on; `places` are the decimals that its result is rounded to, half up."""

    step: str
    mp_id: str | None
    formula: Told
    result: str
    unit: str
    register: str | None = None
    component: str | None = None
    places: int | None = None
    source: str = ""
    rule: RuleValue | None = None
    rows: tuple[str, ...] = ()

    def title(self, language: str = "zh") -> str:
        """Return the step's name as people read it."""
        return told(STEP_TITLES[self.step], language)


def told(text: Told, language: str) -> str:
    """Return the text in zh or en."""
    return text if isinstance(text, str) else text[0 if language == "zh" else 1]


@dataclass(slots=True)
class Sheet:
    """Gathers the steps of one bill; `day` chooses the version of every rule that is quoted."""

    day: date
    rules: RuleBook = field(default_factory=rule_book)
    steps: list[SheetStep] = field(default_factory=list)
    refusal: tuple[str, str] | None = None

    def add(
        self,
        step: str,
        mp_id: str | None,
        *,
        formula: Told,
        result: str,
        unit: str,
        register: str | None = None,
        component: str | None = None,
        places: int | None = None,
        source: str = "",
        rule: str | None = None,
        rows: tuple[str, ...] = (),
    ) -> None:
        """Write down one step; `rule` names the billing rule whose clause is quoted."""
        quoted = None if rule is None else self.rules.source(rule, self.day)
        self.steps.append(
            SheetStep(step, mp_id, formula, result, unit, register, component, places, source, quoted, rows)
        )

    def refuse(self, code: str, where: str) -> None:
        """Write down why the bill can't be recomputed."""
        self.refusal = (code, where)
