"""Nobody makes an account for oneself: an administrator does."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest


class NoSignUp(DefaultAccountAdapter):  # type: ignore[misc]
    """Close the sign-up page."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Return False: accounts come from an administrator."""
        return False


class KnownPeopleOnly(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Let the company's own identity provider sign in people who have an account, and nobody else."""

    def is_open_for_signup(self, _request: HttpRequest, _sociallogin: Any) -> bool:
        """Return False: an identity without an account is no account."""
        return False
