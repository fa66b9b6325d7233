"""The provider: asks with a nonce and PKCE, and takes nothing from the address that an attacker could have added."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.http import HttpRequest, HttpResponseBase

from jicha.desk.people.oidc.views import CompanyAdapter


class CompanyProvider(OpenIDConnectProvider):  # type: ignore[misc]
    """The company's identity provider."""

    oauth2_adapter_class = CompanyAdapter
    pkce_enabled_default = True

    def redirect(
        self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None, **more: Any
    ) -> HttpResponseBase:
        """Send the browser to the provider; the nonce stays in the session, beside the state."""
        nonce = secrets.token_urlsafe(24)
        asked = {**self.get_auth_params(), "nonce": nonce}
        more.update(auth_params=asked, scope=self.get_scope(), nonce=nonce)
        answer: HttpResponseBase = super().redirect(request, process, next_url, data, **more)
        return answer
