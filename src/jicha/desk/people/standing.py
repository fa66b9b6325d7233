"""What a person may do today: own posts, and those held for somebody who is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from django.http import HttpRequest

from jicha.desk.people.models import Delegation, Post, User, is_in
from jicha.desk.people.rights import roles


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A role in a subtree; `holder_id` is the person whose post it is."""

    role: str
    path: str
    holder_id: int


@dataclass(frozen=True, slots=True)
class Key:
    """By what a program acts for a person: some of the person's rights, in one subtree.

    `may_be_grave` opens the moves that are hard to take back; those that need a second person stay closed to every key.
    """

    name: str
    rights: frozenset[str]
    path: str
    may_be_grave: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """A person with all posts that count today; with a key, no more than it opens."""

    user: User
    posts: tuple[HeldPost, ...]
    key: Key | None = None

    def having(self, right: str) -> Iterator[HeldPost]:
        """Yield the posts that hold the right, own ones first."""
        if self.key is not None and right not in self.key.rights:
            return iter(())
        return (post for post in self.posts if right in roles()[post.role].rights)

    def through(self, key: Key) -> Standing:
        """Return what the person may do by a key: the posts cut to its subtree, the rights to its own."""
        cut = (
            replace(post, path=max(post.path, key.path, key=len))
            for post in self.posts
            if is_in(post.path, key.path) or is_in(key.path, post.path)
        )
        return Standing(self.user, tuple(cut), key)

    def paths(self, right: str) -> tuple[str, ...]:
        """Return the subtrees in which the person holds the right."""
        return tuple(sorted({post.path for post in self.having(right)}))

    def may(self, right: str, path: str) -> bool:
        """Return whether the person holds the right in the organisation with this path."""
        return any(is_in(path, post.path) for post in self.having(right))

    def may_somewhere(self, right: str) -> bool:
        """Return whether the person holds the right in any organisation."""
        return any(True for _ in self.having(right))

    def acts_for(self, right: str, path: str) -> int | None:
        """Return whom the person stands in for when using the right there; None with a post of one's own."""
        holders = [post.holder_id for post in self.having(right) if is_in(path, post.path)]
        return None if not holders or self.user.pk in holders else holders[0]


class DeskRequest(HttpRequest):
    """A request of a person who is signed in."""

    user: User
    standing: Standing


def standing_of(user: User, day: date) -> Standing:
    """Return what the person may do on the day; an account that is switched off may do nothing."""
    if not user.is_active:
        return Standing(user, ())
    own = Post.objects.filter(Post.on(day), user=user).select_related("organisation")
    lent = Delegation.objects.filter(
        Delegation.on(day), deputy=user, post__valid_from__lte=day, post__user__is_active=True
    )
    held = [HeldPost(post.role, post.organisation.path, user.pk) for post in own]
    for one in lent.select_related("post__organisation"):
        if one.post.valid_to is None or one.post.valid_to > day:
            held.append(HeldPost(one.post.role, one.post.organisation.path, one.post.user_id))
    return Standing(user, tuple(held))
