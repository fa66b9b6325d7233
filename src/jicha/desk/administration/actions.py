"""What an administrator does: accounts and posts, each with its line in the log."""

from __future__ import annotations

import secrets
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jicha.desk.flow.refusals import NotAllowed
from jicha.desk.journal.append import append
from jicha.desk.people.models import Organisation, Post, User
from jicha.desk.people.rights import rights
from jicha.desk.people.seeing import begin, may_see_as
from jicha.desk.people.standing import DeskRequest, Standing

RIGHT = "people.manage"


def new_password() -> str:
    """Return a password that is shown once and changed by its owner."""
    return secrets.token_urlsafe(12)


def add_person(
    actor: User | None, organisation: Organisation, username: str, name: str, password: str, email: str = ""
) -> User:
    """Make an account; it may do nothing until it has a post."""
    with transaction.atomic():
        made = User.objects.create_user(username, email, password, name=name)
        append(
            "add_person",
            made,
            actor=actor,
            organisation=organisation,
            details={"username": username, "name": name},
        )
    return made


def give_post(
    standing: Standing | None,
    user: User,
    organisation: Organisation,
    role: str,
    begin: date,
    end: date | None,
) -> Post:
    """Give a person a role in an organisation; without a standing it is the command line that acts.

    Nobody gives oneself a post: with an administrator's account alone no case can be touched.
    """
    if standing is not None:
        _may(standing, organisation)
        if user.pk == standing.user.pk:
            raise NotAllowed(rights()[RIGHT]["zh"])
    with transaction.atomic():
        post = Post.objects.create(
            user=user, organisation=organisation, role=role, valid_from=begin, valid_to=end
        )
        append(
            "give_post", user, actor=standing.user if standing else None, organisation=organisation,
            details={"role": role, "from": begin, "until": end},
        )  # fmt: skip
    return post


def end_post(standing: Standing, post: Post, day: date) -> None:
    """Let a post end: it counts no more on the day."""
    _may(standing, post.organisation)
    with transaction.atomic():
        Post.objects.filter(pk=post.pk).update(valid_to=day)
        append(
            "end_post",
            post.user,
            actor=standing.user,
            organisation=post.organisation,
            details={"role": post.role, "until": day},
        )


def see_as(request: DeskRequest, person: User) -> None:
    """Let an administrator see the desk as a person does, and say so in the log."""
    if not may_see_as(request.standing, person):
        raise NotAllowed(_("See the desk as a person"))
    unit = Post.objects.filter(Post.on(timezone.localdate()), user=person).order_by("pk")[0].organisation
    with transaction.atomic():
        append("see_as", person, actor=request.user, organisation=unit)
        begin(request, person)


def _may(standing: Standing, organisation: Organisation) -> None:
    if not standing.may(RIGHT, organisation.path):
        raise NotAllowed(rights()[RIGHT]["zh"])
