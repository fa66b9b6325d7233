"""Seeing the desk as another person does: an administrator reads what that person reads, and nothing can be changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils import timezone

from jicha.desk.people.models import Post, User
from jicha.desk.people.standing import Standing, standing_of

RIGHT = "people.manage"
_SEEN = "sees_as"
# What the administrator does as oneself: the own account, and the way back.
_OWN = ("see_as_stop", "account_logout")
_ACCOUNTS = "/accounts/"
_ONLY_READING: ContextVar[bool] = ContextVar("only_reading", default=False)


class OnlyReading(Exception):
    """Something would have been written while an administrator only looks; the transaction is undone."""


def refuse_while_only_reading() -> None:
    """Raise where nothing may be written: called by the log, without which no change is made."""
    if _ONLY_READING.get():
        raise OnlyReading


def begin(request: HttpRequest, person: User) -> None:
    """See the desk as a person from the next request on."""
    request.session[_SEEN] = person.pk


def stop(request: HttpRequest) -> None:
    """See the desk as oneself again."""
    request.session.pop(_SEEN, None)


def may_see_as(standing: Standing, person: User) -> bool:
    """Return whether the administrator manages each organisation in which the person holds a post, and there is one."""
    posts = Post.objects.filter(Post.on(timezone.localdate()), user=person).select_related("organisation")
    paths = [post.organisation.path for post in posts]
    return bool(paths) and person.pk != standing.user.pk and all(standing.may(RIGHT, path) for path in paths)


class SeeingMiddleware:
    """Put the other person's account and standing in the place of the administrator's, for reading."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; whatever would change something is refused."""
        person = self._person(request)
        if person is None:
            return self.get_response(request)
        request.sees_as = person  # type: ignore[attr-defined]
        if _is_own(request):
            return self.get_response(request)
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            return _refused(request)
        request.user = person
        request.standing = standing_of(person, timezone.localdate())  # type: ignore[attr-defined]
        token = _ONLY_READING.set(True)
        try:
            return self.get_response(request)
        finally:
            _ONLY_READING.reset(token)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Say politely that nothing is written while an administrator looks."""
        return _refused(request) if isinstance(exception, OnlyReading) else None

    def _person(self, request: HttpRequest) -> User | None:
        """Return whom the administrator sees the desk as; the right is asked anew each time."""
        standing = getattr(request, "standing", None)
        if standing is None or _SEEN not in request.session:
            return None
        person = User.objects.filter(pk=request.session[_SEEN], is_active=True).first()
        if person is None or not may_see_as(standing, person):
            stop(request)
            return None
        return person


def _is_own(request: HttpRequest) -> bool:
    try:
        name = resolve(request.path_info).url_name
    except Resolver404:
        return False
    return name in _OWN or request.path_info.startswith(_ACCOUNTS)


def _refused(request: HttpRequest) -> HttpResponse:
    return render(request, "people/only_reading.html", status=403)
