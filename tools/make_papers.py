"""Writes the Word templates that are shipped: src/jicha/reports/templates/*.docx. Run it after a change of their wording below."""

from __future__ import annotations

from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Pt

FOLDER = Path(__file__).resolve().parent.parent / "src" / "jicha" / "reports" / "templates"
HEADS = ("期间", "项目", "计算式", "依据", "差额（元）")
CELLS = ("line.period", "line.act ~ ' · ' ~ line.component", "line.formula", "line.clause", "line.difference")
NOTICE = (
    "违约用电、窃电通知书",
    "编号：{{ number }}　　一式两份：一份送达客户并签收，一份存档",
    "{{ customer_name }}（户号 {{ customer_no }}）：",
    "{{ found_on }}，我单位在对贵户的用电检查中发现：{{ title }}。依据下列条款，应交追补电费 {{ back_pay }} 元、违约使用电费 {{ charge }} 元，合计 {{ total }} 元。",
    "TABLE",
    "注“条款待确认”的，由供电企业在送达前核对原文。如有异议，可向电力管理部门申请处理。",
    "供电单位：{{ unit }}　　用电检查人员（两人）：________________　________________",
    "客户签收：________________　　拒签的见证人或录像编号：________________　　日期：____年__月__日",
)
AGREEMENT = (
    "追补电费及违约使用电费结算协议书",
    "编号：{{ number }}",
    "供电方：{{ unit }}　　用电方：{{ customer_name }}（户号 {{ customer_no }}）",
    "双方就“{{ title }}”确认：追补电量 {{ energy }} 千瓦时，追补电费 {{ back_pay }} 元，违约使用电费 {{ charge }} 元，电费违约金 {{ late_fee }} 元，合计 {{ total }} 元。",
    "TABLE",
    "{% if instalments %}用电方按下列期限交付：{% for one in instalments %}第{{ one.number }}期 {{ one.due_on }} {{ one.amount }} 元；{% endfor %}{% else %}用电方于签订之日一次付清。{% endif %}",
    "逾期未交的，按供用电合同和有关规定处理。电力管理部门的行政处罚不包括在本协议内。",
    "供电方（盖章）：________________　　用电方（签字）：________________　　日期：____年__月__日",
)


def write(name: str, paragraphs: tuple[str, ...]) -> None:
    """Write one template."""
    document = Document()
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Noto Sans CJK SC", Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "Noto Sans CJK SC")
    title = document.add_paragraph()
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = title.add_run(paragraphs[0])
    run.bold, run.font.size = True, Pt(16)
    for text in paragraphs[1:]:
        _table(document) if text == "TABLE" else document.add_paragraph(text)
    document.save(str(FOLDER / f"{name}.docx"))


def _table(document: Document) -> None:
    """Add the lines: a row that docxtpl repeats, between the rows that tell it so."""
    table = document.add_table(rows=4, cols=len(HEADS))
    table.style = "Table Grid"
    for cell, head in zip(table.rows[0].cells, HEADS, strict=True):
        cell.text = head
    table.rows[1].cells[0].text = "{%tr for line in lines %}"
    for cell, name in zip(table.rows[2].cells, CELLS, strict=True):
        cell.text = "{{ " + name + " }}"
    table.rows[3].cells[0].text = "{%tr endfor %}"


if __name__ == "__main__":
    write("notice", NOTICE)
    write("agreement", AGREEMENT)
