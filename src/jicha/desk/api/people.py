"""People: who works at the desk, in which posts."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import Http404
from django.utils import timezone
from ninja import Query as FromQuery
from ninja import Schema
from pydantic import Field

from jicha.desk.administration.actions import RIGHT, add_person, end_post, give_post
from jicha.desk.administration.filters import filtered, managed_people, managed_posts, managed_units
from jicha.desk.administration.forms import PersonForm, PostForm
from jicha.desk.administration.views import SORTS
from jicha.desk.api.errors import Invalid
from jicha.desk.api.lists import Listed, listed, one_of, query
from jicha.desk.api.moves import Body
from jicha.desk.api.operation import made, operation
from jicha.desk.api.values import PLAIN, Day, Id, Time, Words
from jicha.desk.people.models import Organisation, Post, User
from jicha.desk.people.rights import roles

TAG = "people"


class UnitRow(Schema):
    """A supply unit."""

    number: str
    name: str


class PersonName(Schema):
    """A person as others see one."""

    id: int
    name: str


class PostRow(Schema):
    """A role of a person in a unit and all below it."""

    id: int
    unit: UnitRow
    role: str
    valid_from: Day
    valid_to: Day | None


class PersonRow(PersonName):
    """An account with its posts."""

    username: str
    is_active: bool
    last_login: Time | None
    posts: list[PostRow]


class PersonRows(Listed):
    """A page of accounts."""

    rows: list[PersonRow]


class NewPerson(Body):
    """An account; its first password is changed by its owner."""

    username: Annotated[str, Field(pattern=r"^[\w.@+-]+$", max_length=150)]
    name: Annotated[str, Field(pattern=PLAIN, max_length=100)]
    email: Annotated[str, Field(pattern=PLAIN, max_length=254)] = ""
    password: Annotated[str, Field(pattern=PLAIN, max_length=128)]


class NewPost(Body):
    """A role in one of the units that the token's owner manages."""

    unit: Words
    role: one_of(roles())  # type: ignore[valid-type]
    valid_from: Day
    valid_to: Day | None = None


PeopleQuery = query("PeopleQuery", SORTS, q=Words)


def unit_row(unit: Organisation) -> dict[str, Any]:
    """Return number and name of a unit."""
    return {"number": unit.number, "name": unit.name}


def person_name(user: User) -> dict[str, Any]:
    """Return who it is."""
    return {"id": user.pk, "name": str(user)}


def _post_row(post: Post) -> dict[str, Any]:
    same = ("id", "role", "valid_from", "valid_to")
    return {name: getattr(post, name) for name in same} | {"unit": unit_row(post.organisation)}


def _person_row(user: User) -> dict[str, Any]:
    told = {name: getattr(user, name) for name in ("username", "is_active", "last_login")}
    posts = [_post_row(post) for post in user.posts.select_related("organisation")]
    return person_name(user) | told | {"posts": posts}


def _find(request: Any, pk: int) -> User:
    found = managed_people(request.standing).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _cleaned(form: Any) -> dict[str, Any]:
    if not form.is_valid():
        raise Invalid({name: [str(text) for text in texts] for name, texts in form.errors.items()})
    told: dict[str, Any] = form.cleaned_data
    return told


@operation("GET", "people", "people", RIGHT, PersonRows, tag=TAG)
def people(request: Any, asked: Annotated[PeopleQuery, FromQuery()]) -> Any:  # type: ignore[valid-type]
    """List the accounts of the units that the token's owner manages, and those without a post."""
    return listed(request, asked, filtered(request), SORTS, _person_row)


@operation("POST", "people", "person_add", RIGHT, PersonRow, tag=TAG, status=201)
def add(request: Any, body: NewPerson) -> Any:
    """Make an account; it may do nothing until it has a post."""
    told = _cleaned(PersonForm(body.model_dump()))
    unit = managed_units(request.standing).order_by("path")[0]
    new = add_person(request.user, unit, told["username"], told["name"], told["password"], told["email"])
    return made(_person_row(new))


@operation("GET", "people/<int:pk>", "person", RIGHT, PersonRow, tag=TAG)
def person(request: Any, pk: Id) -> Any:
    """Tell an account and its posts."""
    return _person_row(_find(request, pk))


@operation("POST", "people/<int:pk>/posts", "person_post", RIGHT, PostRow, tag=TAG, status=201)
def give(request: Any, pk: Id, body: NewPost) -> Any:
    """Give a person a post; nobody gives oneself one."""
    user, units = _find(request, pk), managed_units(request.standing)
    unit = units.filter(number=body.unit).first()
    told = _cleaned(PostForm(units, body.model_dump() | {"organisation": unit and unit.pk}))
    post = give_post(
        request.standing, user, told["organisation"], told["role"], told["valid_from"], told["valid_to"]
    )
    return made(_post_row(post))


@operation("POST", "people/posts/<int:pk>/end", "post_end", RIGHT, PostRow, tag=TAG)
def end(request: Any, pk: Id) -> Any:
    """End a post today."""
    post = managed_posts(request.standing).filter(pk=pk).first()
    if post is None:
        raise Http404
    end_post(request.standing, post, timezone.localdate())
    post.refresh_from_db()
    return _post_row(post)
