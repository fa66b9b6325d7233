"""The two addresses of the sign-in: out to the provider, and back from it."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponseBase
from requests import RequestException

from jicha.desk.people.oidc.tokens import UntrustedToken, trusted_claims


class CompanyAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]
    """Reads who it is from the identity token, and from the provider's own page where the token says too little."""

    nonce = ""

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **more: Any) -> Any:
        """Return the login that the token proves."""
        claims = trusted_claims(
            more["response"].get("id_token", ""), self.openid_config, app.client_id, self.nonce
        )
        data = {"id_token": claims}
        if app.settings["account_claim"] not in claims:
            data["userinfo"] = self._fetch_user_info(token.token)
            if data["userinfo"].get("sub") != claims["sub"]:
                raise UntrustedToken("the page about the person tells of somebody else")
        return self.get_provider().sociallogin_from_response(request, data)


class Callback(OAuth2CallbackView):  # type: ignore[misc]
    """Takes the code, once, with the state that this browser was sent out with."""

    def _get_state(self, request: HttpRequest, provider: Any) -> tuple[Any, Any]:
        state, refused = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce", "")
        return state, refused


def _answer(view: Any, request: HttpRequest, provider_id: str) -> HttpResponseBase:
    try:
        answer: HttpResponseBase = view.adapter_view(CompanyAdapter(request, provider_id))(request)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    except RequestException as error:
        # The provider is away before the browser could be sent there; allauth catches this only on the way back.
        answer = render_authentication_error(
            request, get_adapter(request).get_provider(request, provider_id), exception=error
        )
    return answer


@login_not_required
def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Send the browser to the provider."""
    return _answer(OAuth2LoginView, request, provider_id)


@login_not_required
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Sign in whom the provider sent back."""
    return _answer(Callback, request, provider_id)
