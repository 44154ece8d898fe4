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


class TokenView(View):
    """An access token (RFC 6749 §5.1)."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: Annotated[int, Field(description="Seconds until it expires.")]
    scope: Annotated[str, Field(description="Its scopes, separated by spaces.")]


class RefreshableTokenView(TokenView):
    """An access token, and the refresh token with which a device or the owner gets the next."""

    refresh_token: str


class TokenRefusedView(View):
    """Why no token was issued (RFC 6749 §5.2)."""

    error: TokenErrorCode
    error_description: str
