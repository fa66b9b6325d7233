"""Files of an order: added, shown small, handed out as they came."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from jicha.desk.evidence.actions import add_file, vault
from jicha.desk.evidence.content import MEGABYTE, NotEvidence, most_bytes, thumbnail
from jicha.desk.evidence.models import EvidenceFile
from jicha.desk.orders.models import Order
from jicha.desk.people.standing import DeskRequest
from jicha.desk.ui.routes import seen_or_404


def add(request: DeskRequest, pk: int) -> HttpResponseBase:
    """Add a file to an order."""
    order = seen_or_404(request, Order, "order.see", pk)
    sent = request.FILES.get("file")
    if sent is None or sent.size is None or sent.size > most_bytes():
        raise NotEvidence(_("Choose a file of at most %(most)s MB.") % {"most": most_bytes() // MEGABYTE})
    made = add_file(
        order,
        request.standing,
        sent.name or "",
        sent.read(),
        request.POST.get("note", ""),
        request.POST.get("sha256", ""),
    )
    messages.success(
        request, _("Kept: %(name)s, hash %(hash)s") % {"name": made.name, "hash": made.sha256[:16]}
    )
    return redirect("order", pk)


def file_or_404(request: DeskRequest, pk: int, number: int) -> EvidenceFile:
    """Return a file of an order that the person sees."""
    order = seen_or_404(request, Order, "order.see", pk)
    found = EvidenceFile.objects.filter(order=order, pk=number).first()
    if found is None:
        raise Http404
    return found


def original(request: DeskRequest, pk: int, number: int) -> HttpResponseBase:
    """Hand out the bytes as they came: always to be saved, never shown by the browser."""
    return handed_out(file_or_404(request, pk, number))


def handed_out(found: EvidenceFile) -> HttpResponse:
    """Return the bytes of a file, to be saved under a name that is made of its hash."""
    response = HttpResponse(vault().read(found.sha256), content_type=found.media_type)
    response.headers["Content-Disposition"] = (
        f'attachment; filename="{found.sha256[:16]}.{found.name.rsplit(".", 1)[-1]}"'
    )
    return response


def small(request: DeskRequest, pk: int, number: int) -> HttpResponseBase:
    """Show a picture small, without what the camera wrote into it."""
    found = file_or_404(request, pk, number)
    if not found.is_image:
        raise Http404
    return HttpResponse(thumbnail(vault().read(found.sha256)), content_type="image/jpeg")
