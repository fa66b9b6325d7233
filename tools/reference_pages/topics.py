"""The topics of the catalogue that are no rule, with the reason and the column that would make them one."""

from __future__ import annotations

from jicha.audit.library import load_library
from jicha.audit.topics import all_topics, not_written, open_topics
from reference_pages.markdown import table

TEXTS = {
    "en": (
        "# Topics without a rule\n",
        "{rules} of the {all} topics of the audit catalogue are [rules](rules/index.md). These cannot be judged from the tables of the contract:\n",
        ("Topic", "Title", "Why it is no rule", "What would make it one"),
        "\nNot written yet: ",
    ),
    "zh": (
        "# 未成规则的主题\n",
        "稽查主题库 {all} 个主题中，{rules} 个已成[规则](rules/index.zh.md)。以下主题以数据规范中的表尚不能判断：\n",
        ("主题", "名称", "原因", "补充什么即可判断"),
        "\n尚未编写：",
    ),
}


def pages() -> dict[str, str]:
    """Return the page in both languages."""
    made, every = {}, all_topics()
    ruled = len(set(every) & set(load_library().rules))
    for language, (head, intro, columns, later) in TEXTS.items():
        rows = (
            (one.topic_id, one.title[language], one.reason[language], one.column) for one in open_topics()
        )
        ending = ".md" if language == "en" else ".zh.md"
        made[f"topics{ending}"] = "\n".join(
            [
                head,
                intro.format(rules=ruled, all=len(every)),
                table(columns, rows),
                later + ", ".join(not_written()) + "\n",
            ]
        )
    return made
