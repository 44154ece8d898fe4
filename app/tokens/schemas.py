"""The answers of the token endpoint, as OAuth 2.0 defines them."""

from typing import Annotated, Literal

from pydantic import Field
from typing_extensions import TypeAliasType

from app.core.values.wire import View

TokenErrorCode = TypeAliasType(
    "TokenErrorCode",
    Literal[
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "invalid_scope",
        "unsupported_grant_type",
    ],
)
"""The codes of RFC 6749 §5.2 that this server uses."""


class TokenView(View):
    """An access token (RFC 6749 §5.1)."""

    access_token: str
    """The token for the header `Authorization: Bearer`. Keep it secret."""
    token_type: Literal["bearer"]
    """How to send it: as a bearer token (RFC 6750)."""
    expires_in: Annotated[int, Field(description="Seconds until it expires.")]
    scope: Annotated[str, Field(description="Its scopes, separated by spaces.")]


class RefreshableTokenView(TokenView):
    """An access token, and the refresh token with which a device or the owner gets the next."""

    refresh_token: str
    """Send it for the next access token. It works once."""


class TokenRefusedView(View):
    """Why no token was issued (RFC 6749 §5.2)."""

    error: TokenErrorCode
    """The reason as a word for programs."""
    error_description: str
    """The reason as a sentence."""
