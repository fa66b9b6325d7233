"""Whom and what an administrator manages: the same for the pages and the API."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from jicha.desk.administration.actions import RIGHT
from jicha.desk.people.models import Organisation, Post, User, units_with
from jicha.desk.people.standing import DeskRequest, Standing


def managed_units(standing: Standing) -> QuerySet[Organisation]:
    """Return the organisations in which the person manages people."""
    return units_with(standing, RIGHT)


def managed_people(standing: Standing) -> QuerySet[User]:
    """Return the accounts with a post in those organisations, and those with none at all."""
    return User.objects.filter(Q(posts__organisation__in=managed_units(standing)) | Q(posts=None)).distinct()


def managed_posts(standing: Standing) -> QuerySet[Post]:
    """Return the posts in those organisations."""
    return Post.objects.filter(organisation__in=managed_units(standing)).select_related(
        "organisation", "user"
    )


def filtered(request: DeskRequest) -> Any:
    """Return the accounts that the person manages, narrowed by `q`."""
    rows = managed_people(request.standing).prefetch_related("posts__organisation")
    if wanted := request.GET.get("q", "").strip():
        rows = rows.filter(Q(name__icontains=wanted) | Q(username__icontains=wanted))
    return rows
