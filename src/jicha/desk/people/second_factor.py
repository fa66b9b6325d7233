"""A second factor (TOTP) that the operator demands of some roles: without one only the page that sets it up is open."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

SET_UP = "mfa_activate_totp"
_OPEN = ("/accounts/", "/language/")


class SecondFactorMiddleware:
    """Lead who holds a post that needs a second factor, and has none, to where it is set up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, or lead to the set-up."""
        if not self._is_missing(request):
            return self.get_response(request)
        messages.warning(
            request, _("Your post needs a second factor at sign-in: set it up now, it takes a minute.")
        )
        return redirect(SET_UP)

    def _is_missing(self, request: HttpRequest) -> bool:
        standing = getattr(request, "standing", None)
        if standing is None or not settings.SECOND_FACTOR_ROLES or request.path_info.startswith(_OPEN):
            return False
        held = {post.role for post in standing.posts}
        totp = Authenticator.objects.filter(user=standing.user, type=Authenticator.Type.TOTP)
        return bool(held & settings.SECOND_FACTOR_ROLES) and not totp.exists()
