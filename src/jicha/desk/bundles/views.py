"""The button that hands out the bundle of an order."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.conf import settings
from django.http import FileResponse, HttpResponseBase

from jicha.desk.bundles.actions import export_bundle
from jicha.desk.orders.models import Order
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.rates import count_one
from jicha.desk.ui.routes import seen_or_404


def bundle(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Export the bundle of an order and hand it out; its hash stands in the answer's head, too.

    With a reason, personal data are in it in full.
    """
    order = seen_or_404(request, Order, "bundle.export", pk, "clue")
    count_one(request.user, "export", settings.EXPORTS_AN_HOUR)
    reason = request.POST.get("reason", "").strip() or None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{order.number}.zip"
        told = export_bundle(order, request.standing, path, unmasked_because=reason)
        response = FileResponse(path.open("rb"), as_attachment=True, filename=path.name)
    response.headers["X-Bundle-Root"] = told.root  # the open file can still be read
    return response
