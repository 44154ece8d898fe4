"""Tokens on the wire, as OAuth 2.0 has them."""

from typing import Annotated, Literal

from pydantic import Field

from app.core.values.wire import View

Code = Literal[
    "invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "unsupported_grant_type"
]


class TokenView(View):
    """An access token (RFC 6749 §5.1)."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: Annotated[int, Field(description="Seconds.")]
    scope: Annotated[str, Field(description="What it allows, separated by blanks.")]


class RefreshableTokenView(TokenView):
    """An access token, and what its device, or the owner, gets the next one with."""

    refresh_token: str


class TokenRefusedView(View):
    """Why there is no token (RFC 6749 §5.2)."""

    error: Code
    error_description: str
