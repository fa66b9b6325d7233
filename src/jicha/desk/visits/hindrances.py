"""What a site visit still blocks: a report without a visit, a file that did not arrive, two records of which none was chosen."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from jicha.desk.orders.hindrances import hinders
from jicha.desk.orders.models import Order
from jicha.desk.visits.models import ExpectedFile, Visit


@hinders("report")
def no_visit(order: Order) -> Iterator[str]:
    """A site order is reported on what was seen on site."""
    if order.kind == Order.Kind.SITE and not order.visits.filter(state=Visit.State.COUNTS).exists():
        yield _("no site visit has been received")


@hinders("report", "archive", "archive_excluded")
def files_on_a_phone(order: Order) -> Iterator[str]:
    """Each file that was announced and has not arrived, by the number of its visit, what it shows and its hash."""
    missing = ExpectedFile.objects.filter(visit__order=order).missing().select_related("visit")
    for file in missing.order_by("visit__number", "id"):
        told = {"visit": file.visit.number, "kind": file.get_kind_display(), "hash": file.sha256[:12]}
        yield _("visit %(visit)s: %(kind)s %(hash)s is still on the phone") % told


@hinders("report", "archive", "archive_excluded")
def open_conflict(order: Order) -> Iterator[str]:
    """Two phones recorded the order without knowing of each other: somebody says which record counts."""
    for number in order.visits.filter(state=Visit.State.RIVAL).values_list("number", flat=True):
        yield _("visit %(visit)s is in conflict with another: choose which counts") % {"visit": number}
