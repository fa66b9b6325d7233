"""Organisations, users, posts and delegations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from jicha.desk.people.rights import roles


def role_choices() -> list[tuple[str, str]]:
    """Return the roles as a form offers them, in the language of the reader."""
    language = "en" if (get_language() or "").startswith("en") else "zh"
    return [(code, role.title[language]) for code, role in roles().items()]


# The number of the organisation above all others; the records of a company know none of this name.
ROOT = "-"


class Organisation(models.Model):
    """A supply unit (供电单位); `path` holds the ids from the root down, so that a subtree is one prefix."""

    number = models.CharField(_("number"), max_length=32, unique=True)
    name = models.CharField(_("name"), max_length=200)
    level = models.CharField(_("level"), max_length=16)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=255, db_index=True)

    class Meta:
        ordering = ("path",)

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person who works at the desk."""

    name = models.CharField(_("name"), max_length=100)
    language = models.CharField(_("language"), max_length=8, default="zh-hans")
    employee_id = models.CharField(_("employee number"), max_length=32, blank=True)

    def __str__(self) -> str:
        return self.name or self.username


class Dated(models.Model):
    """Something that holds from one day until before another."""

    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        abstract = True

    @classmethod
    def on(cls, day: date) -> models.Q:
        """Return the condition that the row holds on the day."""
        ends = models.Q(valid_to=None) | models.Q(valid_to__gt=day)
        return models.Q(valid_from__lte=day) & ends


class Post(Dated):
    """A post (岗位): one role of one person in one organisation and all below it."""

    user = models.ForeignKey(User, models.PROTECT, related_name="posts")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="posts")
    role = models.CharField(_("role"), max_length=16)

    class Meta:
        ordering = ("user_id", "organisation_id", "role")
        constraints = (
            models.UniqueConstraint(
                fields=["user", "organisation", "role", "valid_from"], name="one_post_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} · {self.role}"

    @property
    def title(self) -> str:
        """The role in the reader's language."""
        return dict(role_choices())[self.role]


class Delegation(Dated):
    """A deputy (代理) who holds another's post while that person is away."""

    post = models.ForeignKey(Post, models.CASCADE, related_name="delegations")
    deputy = models.ForeignKey(User, models.PROTECT, related_name="deputises")
    reason = models.CharField(_("reason"), max_length=200)

    def __str__(self) -> str:
        return f"{self.deputy} ← {self.post}"


def is_in(path: str, subtree: str) -> bool:
    """Return whether an organisation's path lies in the subtree of another."""
    return path.startswith(subtree)


def units_in(paths: Iterable[str]) -> list[int] | None:
    """Return the ids of the organisations in some subtrees; None where that is all of them, so that nothing need be compared.

    Units are few and rows are many: with ids the rows' own index is used, with a path it is not.
    """
    told = list(paths)
    if Organisation.objects.filter(path__in=told, parent=None).exists():
        return None
    wanted = models.Q(pk__in=())
    for path in told:
        wanted |= models.Q(path__startswith=path)
    return list(Organisation.objects.filter(wanted).values_list("pk", flat=True))


def units_with(standing: Any, right: str) -> models.QuerySet[Organisation]:
    """Return the organisations in which the person holds the right."""
    told = units_in(standing.paths(right))
    return Organisation.objects.all() if told is None else Organisation.objects.filter(pk__in=told)


class ScopedQuerySet(models.QuerySet[Any]):
    """Rows with an `organisation`; every read begins with `seen_by`."""

    def seen_by(self, standing: Any, right: str) -> Any:
        """Return the rows in the subtrees in which the person holds the right."""
        units = units_in(standing.paths(right))
        return self if units is None else self.filter(organisation_id__in=units)
