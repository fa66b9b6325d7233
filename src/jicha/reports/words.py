"""The words of reports and terminal tables in both languages; one key, two texts."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    # key: (zh-CN, English)
    "title": ("营销稽查结果", "Marketing audit result"),
    "month": ("稽查月份", "Audited month"),
    "as_of": ("截止日", "As of"),
    "snapshot": ("数据快照", "Snapshot"),
    "run": ("运行编号", "Run"),
    "findings": ("疑似异常", "Findings"),
    "open_findings": ("未消除异常", "Open findings"),
    "yuan": ("涉及金额（少收）", "Yuan at stake (under-charged)"),
    "refund": ("应退金额（多收）", "To refund (over-charged)"),
    "kwh": ("涉及电量", "Energy at stake"),
    "topic": ("稽查主题", "Topic"),
    "rule": ("规则", "Rule"),
    "severity": ("等级", "Severity"),
    "new": ("新增", "New"),
    "continuing": ("延续", "Continuing"),
    "recurred": ("复发", "Recurred"),
    "cleared": ("已消除", "Cleared"),
    "silenced": ("白名单静默", "Silenced by exceptions"),
    "verdicts": ("规则结论（规则 × 单位）", "Verdicts (rule × organisation)"),
    "ran": ("发现异常", "Found something"),
    "nothing_found": ("未发现", "Nothing found"),
    "insufficient_data": ("数据不足", "Insufficient data"),
    "failed": ("运行失败", "Failed"),
    "organisation": ("供电单位", "Organisation"),
    "subject": ("对象", "Subject"),
    "message": ("说明", "What it says"),
    "status": ("状态", "Status"),
    "by_topic": ("各主题涉及金额", "Yuan at stake by topic"),
    "by_organisation": ("单位 × 主题 分布", "Organisation × topic"),
    "by_rule": ("各规则结果", "Result by rule"),
    "largest": ("金额最大的异常", "Largest findings"),
    "missing": ("缺少的数据", "What is missing"),
    "total": ("合计", "Total"),
    "filter": ("筛选（户号、规则、说明……）", "Filter (customer, rule, text …)"),
    "suspicion": (
        "规则命中为疑似异常，经核查确认后方为问题。",
        "A hit is a suspicion; only verification makes it a problem.",
    ),
    "nothing": ("本月未发现异常。", "Nothing was found this month."),
    "seconds": ("用时", "Time"),
    "shown_of": (
        "显示 {shown} / 共 {total} 条，完整清单请导出",
        "{shown} of {total} shown; export for the whole list",
    ),
    "short.yuan": ("少收 元", "owed yuan"),
    "short.refund": ("多收 元", "refund yuan"),
    "short.kwh": ("电量 kWh", "kWh"),
    "kwh_unit": ("千瓦时", "kWh"),
    "yuan_unit": ("元", "yuan"),
    "topic.reading": ("抄表", "Reading"),
    "topic.billing": ("核算与电价", "Billing and price"),
    "topic.collection": ("收费账务", "Collection"),
    "topic.metering": ("计量", "Metering"),
    "topic.connection": ("业扩与变更", "Connection and change"),
    "topic.inspection": ("用电检查", "Inspection"),
    "topic.line_loss": ("线损", "Line loss"),
    "topic.service": ("客户服务", "Service"),
    "topic.seal": ("封印", "Seals"),
    "topic.new_energy": ("新能源", "New energy"),
    "topic.charging": ("充电设施", "EV charging"),
    "topic.permission": ("权限与数据", "Permissions and data"),
    "severity.1": ("一般", "minor"),
    "severity.2": ("较大", "larger"),
    "severity.3": ("重大", "major"),
}


def word(key: str, language: str) -> str:
    """Return the text of the key in zh or en."""
    chinese, english = WORDS[key]
    return chinese if language == "zh" else english
