"""The words of a case sheet in both languages; one key, two texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

CASE_WORDS: dict[str, tuple[str, str]] = {
    "title": ("电费结算单", "Settlement sheet"),
    "case": ("案件编号", "Case"),
    "customer": ("客户", "Customer"),
    "found_on": ("发现日期", "Found on"),
    "law_book": ("地方规定", "Local rules"),
    "scenario": ("方案", "Scenario"),
    "difference_of": ("方案差额（{second} − {first}）", "Difference ({second} − {first})"),
    "period": ("期间", "Period"),
    "component": ("项目", "Component"),
    "quantity": ("数量", "Quantity"),
    "unit_price": ("单价", "Unit price"),
    "billed": ("已计（元）", "Billed, yuan"),
    "due": ("应计（元）", "Should be, yuan"),
    "difference": ("差额（元）", "Difference, yuan"),
    "clause": ("依据", "Clause"),
    "formula": ("计算式", "Formula"),
    "limit": ("限度", "Limit"),
    "total": ("合计", "Total"),
    "notes": ("说明", "Notes"),
    "energy_kwh": ("追补电量（千瓦时）", "Energy, kWh"),
    "back_pay_yuan": ("追补电费（元）", "Back-pay, yuan"),
    "charge_yuan": ("违约使用电费（元）", "Default-usage charge, yuan"),
    "late_fee_yuan": ("电费违约金（元）", "Late-payment charge, yuan"),
    "total_yuan": ("应交合计（元）", "Total, yuan"),
    "criminal": ("刑事数量（单列，不计入结算）", "Criminal quantity (apart, in no sum)"),
    "criminal_price": ("单价（元/千瓦时）", "Price, yuan/kWh"),
    "certified": ("价格认定", "certified price"),
    "not_certified": ("按日电价，尚无价格认定", "price by the day, not certified"),
    "criminal_amounts": (
        "数额幅度（元，各省定点待确认）：较大 {large_from_yuan}–{large_to_yuan}，巨大 {huge_from_yuan}–{huge_to_yuan}，特别巨大 {very_huge_from_yuan}–{very_huge_to_yuan}",
        "Bands in yuan (the point of the province to be confirmed): large {large_from_yuan}–{large_to_yuan}, huge {huge_from_yuan}–{huge_to_yuan}, very huge {very_huge_from_yuan}–{very_huge_to_yuan}",
    ),
    "to_confirm": ("条款待确认", "clause to be confirmed"),
    "price_to_confirm": ("价格待核实", "price to be verified"),
    "stated": ("案件中载明", "stated in the case"),
    "rounding": ("各行按累计数四舍五入到分，合计为精确值一次取整。", "Lines are rounded half up on their running sum: each total is the exact total rounded once."),
    "act.theft": ("窃电", "Theft"),
    "act.low_price_line": ("低价接高价或改变用电类别", "Load of a higher price, or changed category"),
    "act.over_capacity": ("超过合同约定容量用电", "Capacity above the contract"),
    "act.suspended_or_sealed": ("使用已暂停或封存设备", "Suspended or sealed equipment"),
    "act.moved_equipment": ("私自迁移、更动计量等装置", "Moved metering or other equipment"),
    "act.unauthorised_source": ("擅自引入（供出）电源或并网", "Source without leave"),
    "act.exceeded_quota": ("超过用电指标", "Exceeded quota"),
    "act.back_billing": ("退补电量电费", "Back-billing"),
    "act.late_payment": ("逾期交费", "Late payment"),
    "component.energy_total": ("电量电费", "Energy"),
    "component.energy_sharp": ("电量电费（尖）", "Energy, sharp"),
    "component.energy_peak": ("电量电费（峰）", "Energy, peak"),
    "component.energy_flat": ("电量电费（平）", "Energy, flat"),
    "component.energy_valley": ("电量电费（谷）", "Energy, valley"),
    "component.energy_deep_valley": ("电量电费（深谷）", "Energy, deep valley"),
    "component.capacity": ("容量电费", "Capacity charge"),
    "component.demand": ("需量电费", "Demand charge"),
    "component.default_usage_charge": ("违约使用电费", "Default-usage charge"),
    "component.theft_charge": ("违约使用电费", "Charge on the stolen energy"),
    "component.late_fee": ("电费违约金", "Late-payment charge"),
    "component.late_fee_minimum": ("电费违约金（不足最低额）", "Late-payment charge, up to the least"),
    "note.no_contract_clause": (
        "{version}规则下倍数为上限（不高于{highest}倍），未填写供用电合同条款：现按{multiple}倍计算，是最高额，不等于应收额。",
        "Under the rule of {version} the multiple is a ceiling (not more than {highest}) and no clause of the contract is given: {multiple} times is the most, not the charge.",
    ),
    "note.multiple_below_fixed": (
        "{version}规则的倍数固定为{fixed}倍，现按{multiple}倍计算，应有审批依据。",
        "The rule of {version} fixes the multiple at {fixed}; {multiple} needs an approval.",
    ),
    "note.days_assumed": ("时间无法查明，按{days}天计算。", "The time cannot be found: {days} days are taken."),
    "note.fine_not_here": (
        "电力管理部门的罚款（《电力法》第七十一条）由该部门决定，不列入供电企业的结算。",
        "The fine of the power administration (Electric Power Law Art. 71) is that authority's and is not on the company's bill.",
    ),
    "note.criminal_missing": (
        "未填写窃电前正常月份用电量：刑事数量未计算，移送前须补充。",
        "Normal months before the theft are not given: the criminal quantity is not worked out; complete it before a referral.",
    ),
    "note.cut_by_limitation": ("{day}之前的部分超过诉讼时效，未计入。", "What lies before {day} is beyond the limitation and left out."),
    "note.local_rule_unread": ("地方规定“{rule}”的条款待确认。", "The clause of the local rule “{rule}” is to be confirmed."),
    "note.clause_to_confirm": ("“{provision}”{version}版条款待确认。", "The clause of “{provision}”, version {version}, is to be confirmed."),
    "note.price_unverified": ("电价待核实：{source}", "Price to be verified: {source}"),
    "provision.low_price_line": ("低价接高价", "load of a higher price"),
    "provision.over_capacity": ("超容用电", "capacity above the contract"),
    "provision.suspended_or_sealed": ("使用暂停、封存设备", "suspended or sealed equipment"),
    "provision.moved_equipment": ("更动装置", "moved equipment"),
    "provision.unauthorised_source": ("引入（供出）电源", "source without leave"),
    "provision.exceeded_quota": ("超指标", "exceeded quota"),
    "provision.theft_quantity": ("窃电量确定", "quantity of a theft"),
    "provision.theft_charge": ("窃电处理", "charge on a theft"),
    "provision.late_fee": ("电费违约金", "late-payment charge"),
    "provision.meter_or_transformer_error": ("计量误差退补", "error of meter or transformer"),
    "provision.wire_voltage_drop": ("电压降退补", "voltage drop of wires"),
    "provision.other_causes": ("其他原因退补", "other causes"),
    "provision.wrong_wiring": ("接线错误退补", "wrong wiring"),
    "provision.voltage_fuse": ("电压互感器熔断器退补", "fuse of the voltage transformer"),
    "provision.wrong_multiplier": ("倍率差错退补", "wrong multiplier"),
    "act_code.altered_ratio": ("私自改变变比或表计参数", "altered ratio or parameters"),
    "act_code.forged_recharge": ("伪造充值", "forged recharge"),
    "act_code.theft_device": ("使用窃电装置", "device for theft"),
    "act_code.altered_nameplate": ("更改变压器铭牌", "altered nameplate"),
    "act_code.altered_periods": ("篡改分时参数", "altered time-of-use parameters"),
    "act_code.changed_category": ("擅自改变用电类别", "changed category"),
    "act_code.unit_product": ("单位产品耗电量法", "energy of a unit of product"),
    "act_code.master_meter": ("总表分表差量法", "sub meters and master meter"),
    "act_code.normal_use": ("正常月用电量法", "normal months"),
}  # fmt: skip

# Units of formulas as a Chinese reader writes them; in English they stand as they are.
_UNITS = {"¥/kWh": "元/千瓦时", "¥/kVA": "元/千伏安", "¥/kW": "元/千瓦", "¥": "元", "kWh": "千瓦时", "kVA·mo": "千伏安·月", "kW·mo": "千瓦·月",
          "kVA": "千伏安", "kW": "千瓦", "mo": "个月", "d": "天", "h": "小时"}  # fmt: skip
_UNIT = re.compile("|".join(rf"(?<![\w/]){re.escape(unit)}(?!\w)" for unit in _UNITS))


def case_word(key: str, language: str) -> str:
    """Return the text of the key in zh or en."""
    return CASE_WORDS[key][0 if language == "zh" else 1]


def known_word(kind: str, code: str, language: str) -> str:
    """Return the word of a code; a code of the user's own as it is."""
    return case_word(f"{kind}.{code}", language) if f"{kind}.{code}" in CASE_WORDS else code


def unit_text(text: str, language: str) -> str:
    """Return a formula or a unit with its units in the reader's language."""
    return (
        _UNIT.sub(lambda found: _UNITS[found[0]], text) if language == "zh" else text.replace("mo", "months")
    )


def note_text(code: str, values: Mapping[str, str], language: str) -> str:
    """Return a note in words."""
    told = dict(values)
    if "provision" in told:
        told["provision"] = known_word("provision", told["provision"], language)
    if "rule" in told:
        told["rule"] = known_word("act_code", told["rule"], language)
    return case_word(f"note.{code}", language).format(**told)
