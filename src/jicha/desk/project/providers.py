"""The company's identity provider, as the environment names it; without one people sign in with a password only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jicha.errors import ExplainedError

PROVIDER_ID = "company"
PROVIDER_CLASS = "jicha.desk.people.oidc.provider.CompanyProvider"


def providers_from(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the providers as allauth reads them: JICHA_OIDC_ISSUER, _CLIENT, _SECRET (or _SECRET_FILE), _NAME, _ACCOUNT_CLAIM.

    An error names what is missing: half a provider would be a button that leads nowhere.
    """
    told: dict[str, Any] = {"provider_class": PROVIDER_CLASS, "OAUTH_PKCE_ENABLED": True, "APPS": []}
    issuer = environment.get("JICHA_OIDC_ISSUER", "").rstrip("/")
    if not issuer:
        return {"openid_connect": told}
    _check(issuer, environment)
    app = {
        "provider_id": PROVIDER_ID,
        "name": environment.get("JICHA_OIDC_NAME") or urlsplit(issuer).hostname,
        "client_id": environment["JICHA_OIDC_CLIENT"],
        "secret": _secret(environment),
        "settings": {
            "server_url": issuer,
            "account_claim": environment.get("JICHA_OIDC_ACCOUNT_CLAIM") or "preferred_username",
            "scope": ["openid", "profile"],
        },
    }
    return {"openid_connect": told | {"APPS": [app]}}


def pages_of(environment: Mapping[str, str]) -> list[str]:
    """Return where the sign-in form may lead the browser: the issuer's host, and others that JICHA_OIDC_PAGES names."""
    issuer = urlsplit(environment.get("JICHA_OIDC_ISSUER", ""))
    own = [f"{issuer.scheme}://{issuer.netloc}"] if issuer.netloc else []
    return [*own, *environment.get("JICHA_OIDC_PAGES", "").split()]


def _check(issuer: str, environment: Mapping[str, str]) -> None:
    parts = urlsplit(issuer)
    is_local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        raise ExplainedError(
            where="JICHA_OIDC_ISSUER", found=issuer, expected="an https address",
            remedy="Name the issuer as its /.well-known/openid-configuration does.",
        )  # fmt: skip
    if not environment.get("JICHA_OIDC_CLIENT"):
        raise ExplainedError(
            where="JICHA_OIDC_CLIENT", found="nothing", expected="the client that the provider registered for the desk",
            remedy="Set it, or leave JICHA_OIDC_ISSUER out: then people sign in with a password.",
        )  # fmt: skip


def _secret(environment: Mapping[str, str]) -> str:
    """Return the client's secret: from a file where one is named, so that no list of processes shows it."""
    if path := environment.get("JICHA_OIDC_SECRET_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return environment.get("JICHA_OIDC_SECRET", "")
