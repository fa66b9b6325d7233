"""What is known of each file; the bytes lie in the home folder."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from jicha.desk.orders.models import Order
from jicha.desk.people.models import User


class EvidenceFile(models.Model):
    """A file of an order; the same bytes twice are kept once and named twice."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="evidence")
    name = models.CharField(_("file"), max_length=200)
    media_type = models.CharField(max_length=32)
    sha256 = models.CharField(_("hash"), max_length=64, db_index=True)
    size_bytes = models.PositiveIntegerField(_("size, bytes"))
    taken_at = models.CharField(_("taken at"), max_length=32, blank=True)
    latitude = models.CharField(max_length=24, blank=True)
    longitude = models.CharField(max_length=24, blank=True)
    note = models.CharField(_("what it shows"), max_length=200)
    added_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("added by"))
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["order", "sha256"], name="evidence_once_in_an_order"),)

    def __str__(self) -> str:
        return f"{self.name} {self.sha256[:12]}"

    @property
    def is_image(self) -> bool:
        """Whether a picture can be shown."""
        return self.media_type.startswith("image/")
