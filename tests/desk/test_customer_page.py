"""Customer 360° on real data: what is shown of whom, what changed, who hangs together, one bill worked out again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from jicha.desk.clues.models import Clue
from jicha.desk.people.models import Organisation
from jicha.desk.ui.home import home
from tests.desk.conftest import Persona
from tests.desk.test_clue_page import a_wrong_bill, brought, plain

__all__ = ["brought"]
EARLIER, LATER = date(2026, 9, 1), date(2026, 10, 1)


def column(number: str, table: str, name: str) -> list[Any]:
    """Return a column of a customer's rows."""
    one = next(one for one in home().customer_file(number) if one.table.name == table)
    return [row[one.columns.index(name)] for row in one.rows]


def rows(query: str) -> list[tuple[Any, ...]]:
    """Return what a query finds in the newest snapshot."""
    with duckdb.connect() as connection:
        home().snapshot().create_views(connection)
        return [row for row in connection.execute(query).fetchall() if row[0] is not None]


def test_the_page_has_everything_of_a_customer(brought: Callable[..., Persona]) -> None:
    """Contract and prices as dated strips, clues, records; name, telephone and address are not there in full."""
    clue = Clue.objects.get(pk=a_wrong_bill().clue_id)
    page = brought("manager").client.get(f"/customers/{clue.customer_no}/")
    text = page.content.decode()
    strips = dict(page.context["strips"])
    assert [piece.begin for piece in strips["计费方案"]] == sorted(
        column(clue.customer_no, "price_scheme", "valid_from"), reverse=True
    )
    assert clue.number in text
    for name in ("name", "phone", "address"):
        [value] = column(clue.customer_no, "customer", name)
        assert value not in text, name


def test_what_changed_is_what_the_bills_say(brought: Callable[..., Persona]) -> None:
    """The difference of energy and amount is that of the two bills; what is the same in both months is not told."""
    clue = Clue.objects.get(pk=a_wrong_bill().clue_id)
    client = brought("manager").client
    response = client.get(f"/customers/{clue.customer_no}/changes/?earlier=2026-09&later=2026-10")
    rows = dict(response.context["groups"])["电费发行"]
    told = {row["column"]: row["difference"] for row in rows}
    months = column(clue.customer_no, "bill", "bill_month")
    for title, name in (("计费电量", "kwh"), ("电费合计", "total_yuan")):
        values = dict(zip(months, column(clue.customer_no, "bill", name), strict=True))
        assert told[title] == values[LATER] - values[EARLIER]
    assert "计费方案" not in dict(response.context["groups"])
    same = client.get(f"/customers/{clue.customer_no}/changes/?earlier=2026-10&later=2026-10")
    assert (same.context["groups"], "2026-10" in plain(same.content)) == ([], True)


def test_a_changed_price_is_told(brought: Callable[..., Persona]) -> None:
    """A customer whose scheme changed within a year: the new tariff or standard is in the table of what differs."""
    [(number,), *_] = rows("""
        SELECT customer_no FROM price_scheme INNER JOIN metering_point USING (mp_id)
        GROUP BY customer_no, mp_id HAVING count(*) > 1 AND max(valid_from) BETWEEN '2025-11-01' AND '2026-10-01' ORDER BY 1
    """)
    changes, _entries = home().customer_changes(number, date(2025, 10, 1), LATER)
    assert any(one.table == "price_scheme" and one.before != one.after for one in changes)


@pytest.mark.parametrize(
    "query", ["", "?earlier=2026-13&later=2026-10", "?earlier=x&later=y", "?earlier=2026-09"]
)
def test_months_that_are_none_are_not_there(query: str, brought: Callable[..., Persona]) -> None:
    """A wrong month is no error of the desk."""
    clue = Clue.objects.exclude(customer_no="").first()
    assert clue is not None
    client = brought("manager").client
    assert client.get(f"/customers/{clue.customer_no}/changes/{query}").status_code == 404


def test_links_lead_to_seen_customers_only(brought: Callable[..., Persona]) -> None:
    """Points and meters as the archive has them; a linked customer of another county is counted, not named."""
    number = Clue.objects.get(pk=a_wrong_bill().clue_id).customer_no
    text = plain(brought("manager").client.get(f"/customers/{number}/links/").content)
    for point in column(number, "metering_point", "mp_id"):
        assert point in text
    [(mine,), *_] = rows("""
        SELECT min(a.customer_no) FROM metering_point AS a INNER JOIN metering_point AS b ON b.parent_mp_id = a.mp_id
        WHERE a.customer_no <> b.customer_no
        UNION ALL SELECT min(from_customer_no) FROM prepaid_transfer
    """)
    links = home().customer_links(mine).customers
    assert links
    unit = Organisation.objects.get(number=home().customer_name(mine)[1])  # type: ignore[index]
    page = brought("auditor", unit.number).client.get(f"/customers/{mine}/links/").content.decode()
    for one in links:
        other = Organisation.objects.get(number=one.org_no)
        assert (f"/customers/{one.customer_no}/" in page) == other.path.startswith(unit.path)


def test_a_bill_is_worked_out_again(brought: Callable[..., Persona]) -> None:
    """Any bill of the customer has its sheet; a bill of somebody else is not there."""
    finding = a_wrong_bill()
    clue = Clue.objects.get(pk=finding.clue_id)
    client = brought("manager").client
    page = client.get(f"/customers/{clue.customer_no}/bills/{finding.subject_id}/")
    issued = Decimal(page.context["sheet"]["issued"]["total_yuan"].replace(",", ""))
    assert issued in column(clue.customer_no, "bill", "total_yuan")
    [phone] = column(clue.customer_no, "customer", "phone")
    assert phone not in page.content.decode()
    other = Clue.objects.exclude(customer_no__in=("", clue.customer_no)).first()
    assert other is not None
    assert client.get(f"/customers/{other.customer_no}/bills/{finding.subject_id}/").status_code == 404


def test_a_customer_of_another_unit_is_not_there(brought: Callable[..., Persona]) -> None:
    """Every address below a customer answers as if there were none."""
    clue = Clue.objects.get(pk=a_wrong_bill().clue_id)
    elsewhere = Organisation.objects.filter(level="station").exclude(pk=clue.organisation_id).first()
    assert elsewhere is not None
    client = brought("auditor", elsewhere.number).client
    for rest in ("", "chart/", "changes/?earlier=2026-09&later=2026-10", "links/", "bills/x/"):
        assert client.get(f"/customers/{clue.customer_no}/{rest}").status_code == 404
    assert client.post(f"/customers/{clue.customer_no}/personal/", {"reason": "核对"}).status_code == 404
