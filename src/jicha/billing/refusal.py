"""Why a bill can't be recomputed: a code instead of a guess (拒算)."""

from __future__ import annotations

# In the order of precedence: where several apply, the first is told.
REFUSALS: dict[str, tuple[str, str]] = {
    "missing_reading": ("示数缺失或未抄", "a reading is missing or was not taken"),
    "backward_register": ("示数倒走且不能解释为翻转", "the register runs backwards and it is no rollover"),
    "no_multiplier": ("没有装拆记录或变比为零", "no installation, or a ratio of zero"),
    "missing_band": ("执行分时而没有时段示数", "time of use without a band register"),
    "sub_above_main": ("分表电量大于总表", "the sub meters took more than the main meter"),
    "no_transformer_parameters": ("变压器参数缺失", "a transformer without parameters"),
    "two_price_versions": ("同一日有两个有效的计费方案或电价", "two schemes or two prices valid on one day"),
    "no_scheme": ("周期内某日没有计费方案", "no price scheme on some day of the period"),
    "no_price": ("该电价、电压、时段在周期内某日没有价格", "no price for the voltage or band on some day"),
    "unknown_tariff": ("电价表中没有该电价码", "the tariff is in no price book"),
    "impossible_period": (
        "计费周期为零、倒置、超过一年，或有基本电费而超过一个月",
        "the period is empty, reversed, longer than a year, or longer than a month with a basic charge",
    ),
    "market_price_unknown": ("市场化零售价格不在电价表中", "the retail contract's price is not in the book"),
    "year_history_missing": (
        "阶梯年度的起始月份不在数据内",
        "the data do not reach back to the start of the step year",
    ),
    "no_reactive_reading": ("考核功率因数而没有无功示数", "power factor assessed without a reactive reading"),
    "no_demand_reading": ("按需量计费而没有需量示数", "charged by demand without a demand reading"),
    "no_capacity": ("无变压器且无合同容量", "neither transformer nor contract capacity"),
    "negative_energy": ("计费电量为负", "the energy to bill is below zero"),
    "no_billing_point": ("无计费计量点", "the customer has no billing point"),
    "several_bills_in_month": (
        "同月有多张正常电费，示数无法分割",
        "several normal bills in one month share one reading",
    ),
}
ORDER = {code: rank for rank, code in enumerate(REFUSALS)}


class Refused(Exception):
    """A bill that must not be recomputed; carries the code and where it was seen."""

    def __init__(self, code: str, where: str) -> None:
        super().__init__(code, where)
        self.code = code
        self.where = where


def refusal_text(code: str, language: str = "zh") -> str:
    """Return what a refusal code means in one sentence."""
    return REFUSALS[code][0 if language == "zh" else 1]
