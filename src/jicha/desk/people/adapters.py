"""Nobody makes an account for oneself: an administrator does."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest
from django.shortcuts import render

from jicha.desk.people.models import User
from jicha.desk.people.oidc.tokens import UntrustedToken

LOG = logging.getLogger(__name__)


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

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Join an identity, once, to the account that the provider's claim names; refuse whom the desk does not know.

        An account that is joined already belongs to that identity for good: a name that the provider gives to somebody new
        opens nothing.
        """
        if sociallogin.is_existing:
            return
        user = self._account(sociallogin)
        if user is None or not self._is_free(sociallogin, user):
            LOG.warning("sign-in through the company refused: no account, or one of another identity")
            raise ImmediateHttpResponse(render(request, "people/unknown_here.html", status=403))
        sociallogin.connect(request, user)

    def _account(self, sociallogin: Any) -> User | None:
        settings = sociallogin.account.get_provider().app.settings
        told = sociallogin.account.extra_data
        claims = {**told.get("userinfo", {}), **told.get("id_token", {})}
        named = claims.get(settings["account_claim"])
        return User.objects.filter(username=named, is_active=True).first() if isinstance(named, str) else None

    def _is_free(self, sociallogin: Any, user: User) -> bool:
        return not SocialAccount.objects.filter(user=user, provider=sociallogin.account.provider).exists()

    def on_authentication_error(
        self, _request: HttpRequest, _provider: Any, error: Any = None, exception: Any = None, **_more: Any
    ) -> None:
        """Tell the operator why a sign-in was refused; the page does not, and what the provider wrote stays out of the log."""
        reason = exception if isinstance(exception, UntrustedToken) else type(exception).__name__
        LOG.warning("sign-in through the company refused: %s, %s", error, reason)
