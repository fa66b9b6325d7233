"""A person lends a post of one's own to somebody else while away; whatever the deputy does counts as done by both."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jicha.desk.flow.refusals import Missing, NotAllowed, NotNow, Refusal
from jicha.desk.journal.append import append
from jicha.desk.journal.words import name_action
from jicha.desk.people.models import Delegation, Post, User, is_in
from jicha.desk.people.standing import Standing
from jicha.desk.ui.dated import limit

TITLE = gettext_lazy("Lend a post")
END = gettext_lazy("Take a post back")
name_action("lend_post", TITLE)
name_action("take_back_post", END)


class WrongDays(Refusal):
    """A time that ends before it begins, begins in the past, or is longer than a deputy may stand in."""

    status = 422

    def __init__(self, most: int) -> None:
        super().__init__(_("A post is lent from today or later, for at most %(days)s days.") % {"days": most})


def own_posts(user: User) -> QuerySet[Post]:
    """Return the posts that a person can lend: the own ones that hold today, never a borrowed one."""
    return Post.objects.filter(Post.on(timezone.localdate()), user=user).select_related("organisation")


def colleagues(user: User) -> QuerySet[User]:
    """Return who can stand in: active people with a post in the same unit, above or below."""
    paths = list(own_posts(user).values_list("organisation__path", flat=True))
    near = [
        post.user_id
        for post in Post.objects.filter(Post.on(timezone.localdate())).select_related("organisation")
        if any(is_in(post.organisation.path, path) or is_in(path, post.organisation.path) for path in paths)
    ]
    return User.objects.filter(pk__in=near, is_active=True).exclude(pk=user.pk).order_by("username")


def lend(standing: Standing, post: Post, deputy: User, begin: date, until: date, reason: str) -> Delegation:
    """Lend a post from a day until before another; it must be one's own, and the deputy a colleague."""
    if post.user_id != standing.user.pk or not own_posts(standing.user).filter(pk=post.pk).exists():
        raise NotAllowed(TITLE)
    if not colleagues(standing.user).filter(pk=deputy.pk).exists():
        raise NotAllowed(TITLE)
    if not reason.strip():
        raise Missing(TITLE, [_("reason")])
    most = limit("most_deputy_days")
    if not timezone.localdate() <= begin < until <= begin + timedelta(days=most):
        raise WrongDays(most)
    with transaction.atomic():
        made = Delegation.objects.create(
            post=post, deputy=deputy, valid_from=begin, valid_to=until, reason=reason.strip()[:200]
        )
        append(
            "lend_post", standing.user, actor=standing.user, organisation=post.organisation,
            details={"post": post.pk, "role": post.role, "deputy": deputy.pk, "from": begin, "until": until, "reason": reason.strip()[:200]},
        )  # fmt: skip
    return made


def take_back(standing: Standing, lent: Delegation) -> None:
    """Let a delegation end today."""
    today = timezone.localdate()
    if lent.post.user_id != standing.user.pk:
        raise NotAllowed(END)
    if lent.valid_to is not None and lent.valid_to <= today:
        raise NotNow(END)
    with transaction.atomic():
        Delegation.objects.filter(pk=lent.pk).update(valid_to=max(today, lent.valid_from))
        append(
            "take_back_post", standing.user, actor=standing.user, organisation=lent.post.organisation,
            details={"post": lent.post_id, "deputy": lent.deputy_id, "until": today},
        )  # fmt: skip
