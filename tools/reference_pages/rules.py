"""The rule catalogue in both languages: one page a topic, and an index."""

from __future__ import annotations

from collections.abc import Iterator

from jicha.audit.library import Library, load_library
from jicha.audit.rule import CASE_KINDS, TOPICS, Parameter, Rule
from jicha.reports.words import word
from reference_pages.markdown import bullets, code, fenced, folded, table

WORDS = {
    "zh": {
        "heading": "规则目录",
        "intro": "{count} 条规则，{topics} 个主题。命中只是疑似异常，核查确认后才是问题。",
        "columns": ("编号", "名称", "等级", "检查方", "生命周期", "数据表"),
        "says": "结果说明",
        "condition": "条件（SQL）",
        "stake": "金额口径",
        "basis": "依据",
        "basis_columns": ("文件", "条款", "有效期", "标记"),
        "needs": "所需数据",
        "uses": "可选数据",
        "facts": "共享事实",
        "history": "历史月数",
        "parameters": "参数",
        "parameter_columns": ("名称", "默认值", "范围", "单位", "理由"),
        "steps": "核查步骤",
        "benign": "正常原因",
        "blind_spots": "盲区",
        "evidence": "证据编号",
        "cases": "算例",
        "case_columns": ("类型", "算例"),
        "internal": "内部监察",
        "external": "外部检查",
        "standing": "持续性",
        "occurrence": "一次性",
        "hit": "命中",
        "near_miss": "临界不命中",
        "look_alike": "形似而正常",
        "insufficient": "数据不足",
        "owner": "责任班组",
        "version": "版本",
        "none": "内部控制惯例",
        "open": "至今",
        "marks": "依据标记：V 已在所列来源读到；K 来自行业知识，未见原文；D 为本软件给出的默认值，须按本单位情况校准。",
    },
    "en": {
        "heading": "Rule catalogue",
        "intro": "{count} rules in {topics} topics. A hit is a suspicion; only verification makes it a problem.",
        "columns": ("Id", "Title", "Severity", "Looks at", "Life", "Tables"),
        "says": "What a finding says",
        "condition": "Condition (SQL)",
        "stake": "What is at stake",
        "basis": "Basis",
        "basis_columns": ("Document", "Clause", "In force", "Mark"),
        "needs": "Needs",
        "uses": "Uses if there",
        "facts": "Facts",
        "history": "Months of history",
        "parameters": "Parameters",
        "parameter_columns": ("Name", "Default", "Bounds", "Unit", "Why"),
        "steps": "How to verify",
        "benign": "Benign causes",
        "blind_spots": "Blind spots",
        "evidence": "Evidence codes",
        "cases": "Worked cases",
        "case_columns": ("Kind", "Case"),
        "internal": "the company's own work",
        "external": "the customer's use",
        "standing": "standing",
        "occurrence": "occurrence",
        "hit": "hit",
        "near_miss": "near miss",
        "look_alike": "look-alike",
        "insufficient": "insufficient data",
        "owner": "Owner",
        "version": "version",
        "none": "practice of internal control",
        "open": "today",
        "marks": "Marks of a basis: V was read in the source named; K is known in the trade and was not seen in a source; "
        "D is a default of this software, to be calibrated.",
    },
}


def pages() -> dict[str, str]:
    """Return the index and the topics in both languages."""
    library = load_library()
    made = {}
    for language in ("en", "zh"):
        ending = ".md" if language == "en" else ".zh.md"
        made[f"rules/index{ending}"] = _index(library, language, ending)
        for topic in TOPICS:
            rules = _of_topic(library, topic)
            if rules:
                made[f"rules/{topic}{ending}"] = _topic(library, topic, rules, language)
    return made


def _of_topic(library: Library, topic: str) -> list[Rule]:
    return [rule for _, rule in sorted(library.rules.items()) if rule.topic == topic]


def _index(library: Library, language: str, ending: str) -> str:
    words = WORDS[language]
    topics = [topic for topic in TOPICS if _of_topic(library, topic)]
    parts = [
        f"# {words['heading']}\n",
        str(words["intro"]).format(count=len(library.rules), topics=len(topics)) + "\n",
        f"{words['marks']}\n",
    ]
    for topic in topics:
        parts.append(f"## [{word(f'topic.{topic}', language)}]({topic}{ending})\n")
        rows = (_index_row(library, rule, language, ending) for rule in _of_topic(library, topic))
        parts.append(table(words["columns"], rows))
    return "\n".join(parts)


def _index_row(library: Library, rule: Rule, language: str, ending: str) -> tuple[str, ...]:
    words = WORDS[language]
    return (
        f"[{rule.rule_id}]({rule.topic}{ending}#{rule.rule_id.lower()})",
        rule.title[language],
        word(f"severity.{rule.severity}", language),
        str(words[rule.side]),
        str(words[rule.lifecycle]),
        code(library.needs_of(rule)),
    )


def _topic(library: Library, topic: str, rules: list[Rule], language: str) -> str:
    title = f"# {word(f'topic.{topic}', language)}\n"
    return "\n".join([title, *(part for rule in rules for part in _rule(library, rule, language))])


def _rule(library: Library, rule: Rule, language: str) -> Iterator[str]:
    words = WORDS[language]
    yield f"## {rule.rule_id} {rule.title[language]} {{ #{rule.rule_id.lower()} }}\n"
    yield (
        f"{word(f'severity.{rule.severity}', language)} · {words[rule.side]} · {words[rule.lifecycle]} · "
        f"{words['owner']} {rule.owner} · {words['version']} {rule.version}\n"
    )
    yield f"**{words['says']}**: {rule.message[language]}\n"
    yield f"**{words['stake']}**: {rule.value.why}\n"
    yield from _basis(rule, language)
    yield from _data(library, rule, language)
    yield from _parameters(rule, language)
    yield from _triage(rule, language)
    yield folded(str(words["condition"]), fenced(rule.sql_text, "sql"))
    yield folded(str(words["cases"]), table(words["case_columns"], _cases(rule, language)))


def _basis(rule: Rule, language: str) -> Iterator[str]:
    words = WORDS[language]
    rows = [
        (
            entry.get("document") or words["none"],
            " ".join(str(entry[key]) for key in ("clause", "quote") if entry.get(key)),
            _validity(entry.get("valid_from"), entry.get("valid_to"), str(words["open"])),
            entry.get("mark") or "",
        )
        for entry in rule.basis
    ]
    yield f"**{words['basis']}**\n"
    yield table(words["basis_columns"], rows) if rows else f"{words['none']}\n"


def _validity(start: object, end: object, still: str) -> str:
    return f"{start or ''} – {end or still}" if start or end else ""


def _data(library: Library, rule: Rule, language: str) -> Iterator[str]:
    words = WORDS[language]
    needs = (
        f"`{table_name}` ({', '.join(columns)})" for table_name, columns in library.needs_of(rule).items()
    )
    lines = [f"**{words['needs']}**: {'; '.join(needs)}", f"**{words['history']}**: {rule.history_months}"]
    if rule.uses:
        lines.append(f"**{words['uses']}**: {code(rule.uses)}")
    if rule.facts:
        links = (f"[{name}](../facts.md#{name})" for name in rule.facts if name in library.facts)
        lines.append(f"**{words['facts']}**: {', '.join(links)}")
    yield "  \n".join(lines) + "\n"


def _parameters(rule: Rule, language: str) -> Iterator[str]:
    words = WORDS[language]
    if rule.parameters:
        yield f"**{words['parameters']}**\n"
        rows = (_parameter(parameter) for parameter in rule.parameters.values())
        yield table(words["parameter_columns"], rows)


def _parameter(parameter: Parameter) -> tuple[object, ...]:
    bounded = parameter.low is not None or parameter.high is not None
    bounds = f"{_value(parameter.low)} … {_value(parameter.high)}" if bounded else ""
    return (f"`{parameter.name}`", _value(parameter.default), bounds, parameter.unit, parameter.why)


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return code(str(item) for item in value)
    return "" if value is None else str(value)


def _triage(rule: Rule, language: str) -> Iterator[str]:
    words = WORDS[language]
    for key in ("steps", "benign", "blind_spots"):
        items = (rule.triage.get(key) or {}).get(language) or []
        if items:
            yield f"**{words[key]}**\n"
            yield bullets(items)
    if rule.triage.get("evidence"):
        yield f"**{words['evidence']}**: {', '.join(rule.triage['evidence'])}\n"


def _cases(rule: Rule, language: str) -> Iterator[tuple[object, object]]:
    ordered = sorted(rule.cases, key=lambda case: CASE_KINDS.index(case.kind))
    yield from ((WORDS[language][case.kind], case.name) for case in ordered)
