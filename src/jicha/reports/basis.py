"""What a step of a calculation sheet stands on, in the reader's language: documents, practice, and how sure a value is."""

from __future__ import annotations

import re

from jicha.billing.policy import RuleValue
from jicha.reports.words import word

# Sources as the policies write them, in both languages; what a user wrote into an own file stays as it is.
TEXTS: dict[str, tuple[str, str]] = {
    "trade practice, no source read": ("业内惯例，未查到原文", "trade practice, no source read"),
    "design default": ("设计默认值", "design default"),
    "illustrative": ("示例价格，不是真实电价", "illustrative, no real price"),
    "exam question": ("考试题", "exam question"),
    "exam questions on bill calculation": ("电费计算考试题", "exam questions on bill calculation"),
    "exam question on the review of readings": ("示数复核考试题", "exam question on the review of readings"),
    "published calculation of transformer loss": ("公开的变压器损耗算例", "published calculation of transformer loss"),
    "government funds of 2026": ("2026年政府性基金及附加", "government funds of 2026"),
    "government funds of Zhejiang 2026": ("浙江省2026年政府性基金及附加", "government funds of Zhejiang 2026"),
    "price notices of several provinces": ("多省电价通知", "price notices of several provinces"),
    "provincial notices": ("各省通知", "provincial notices"),
    "for the first term": ("第一期限", "for the first term"),
    "for the sentence; its algebra is read differently in practice": (
        "仅核对条文文字，计算方法各地理解不同", "for the sentence; its algebra is read differently in practice",
    ),
    "a true or false item; true by K:high": ("判断题，凭业内知识为正确", "a true or false item, true by trade knowledge"),
    "label and voltages are read from the layout": ("名称和电压等级按版面辨认", "label and voltages are read from the layout"),
    "the label is read from the layout": ("名称按版面辨认", "the label is read from the layout"),
    "《供电营业规则》1996": ("《供电营业规则》1996年", "Rules of power supply business, 1996"),
    "《供电营业规则》2024, 国家发展改革委令第14号": (
        "《供电营业规则》2024年，国家发展改革委令第14号", "Rules of power supply business, 2024 (order 14 of the NDRC)",
    ),
    "(83)水电财字第215号": ("（83）水电财字第215号", "Ministry of Water Resources and Electric Power, finance (83) no. 215"),
    "发改价格〔2023〕526号": ("发改价格〔2023〕526号", "NDRC, prices (2023) no. 526"),
    "发改办价格〔2016〕1583号, 国家电网财〔2016〕633号": (
        "发改办价格〔2016〕1583号、国家电网财〔2016〕633号", "NDRC, prices (2016) no. 1583; State Grid, finance (2016) no. 633",
    ),
    "发改价格〔2026〕1077号 附件1 浙江": ("发改价格〔2026〕1077号 附件1 浙江", "NDRC, prices (2026) no. 1077, annex 1, Zhejiang"),
    "浙江省电网销售电价表 2018-04-01": ("浙江省电网销售电价表 2018-04-01", "Price table of the Zhejiang grid, 2018-04-01"),
}  # fmt: skip
_READ_IN = re.compile(
    r"^(?P<text>.*?)\s*\(?domain (?P<numbers>S\d+(?:, S\d+)*)(?:[;,]?\s*(?P<note>[^)]*))\)?$"
)
_MARK = re.compile(
    r"^(?:V:(?P<numbers>S\d+\w*(?:, S\d+\w*)*)|K:(?P<sure>high|med|low)|D)[,;]?\s*(?P<note>.*)$"
)


def source_text(source: str, language: str) -> str:
    """Return what a price or a rule rests on; the number of a source that was read is told by the mark."""
    told = _READ_IN.match(source)
    if told is None:
        return _text(source, language)
    numbers = word("basis.source", language).format(numbers=told["numbers"])
    parts = [_text(told["text"], language) or numbers, _text(told["note"], language)]
    return _joined([part for part in parts if part], language)


def rule_text(rule: RuleValue, language: str) -> str:
    """Return what a rule of billing rests on, and how sure its value is."""
    return f"{source_text(rule.source, language)} [{mark_text(rule.mark, language)}]"


def mark_text(mark: str, language: str) -> str:
    """Return how sure a value is, in words."""
    told = _MARK.match(mark)
    if told is None:
        return mark
    if told["numbers"]:
        sure = word("basis.read", language).format(numbers=told["numbers"])
    else:
        sure = word(f"basis.{told['sure'] or 'default'}", language)
    return _joined([sure, _text(told["note"], language)] if told["note"] else [sure], language)


def _text(text: str, language: str) -> str:
    both = TEXTS.get(text)
    return text if both is None else both[0 if language == "zh" else 1]


def _joined(parts: list[str], language: str) -> str:
    return ("；" if language == "zh" else "; ").join(parts)
