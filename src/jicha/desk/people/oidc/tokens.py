"""What makes an identity token trustworthy: signature, issuer, audience, time, nonce; each is checked, wherever the token came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

# Signatures by a key pair only: with a shared secret, or with none, anybody could write a token.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
NEEDED = ("iss", "sub", "aud", "exp", "iat", "nonce")
LEEWAY_SECONDS = 30


class UntrustedToken(OAuth2Error):  # type: ignore[misc]
    """A token that is not what it should be; nobody is signed in."""


def trusted_claims(
    token: str, configuration: Mapping[str, Any], client_id: str, nonce: str
) -> dict[str, Any]:
    """Return the claims of a token whose every check passed; raises UntrustedToken with the reason."""
    try:
        header = jwt.get_unverified_header(token)
        key = _key(header.get("kid"), configuration["jwks_uri"])
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=ALGORITHMS, audience=client_id, issuer=configuration["issuer"], leeway=LEEWAY_SECONDS,
            options={"require": list(NEEDED)},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError) as error:
        raise UntrustedToken(f"{type(error).__name__}: {error}") from error
    if not nonce or claims["nonce"] != nonce:
        raise UntrustedToken("the nonce is not the one that was asked with")
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != client_id:
        raise UntrustedToken("issued to another client")
    return claims


def _key(kid: str | None, address: str) -> jwt.PyJWK:
    """Return the published key that the token names; a provider with one key only need not name it."""
    with get_adapter().get_requests_session() as session:
        answer = session.get(address)
        answer.raise_for_status()
    keys = jwt.PyJWKSet.from_dict(answer.json()).keys
    found = [key for key in keys if kid in (None, key.key_id)]
    if len(found) != 1:
        raise UntrustedToken("signed with a key that the provider did not publish")
    return found[0]
