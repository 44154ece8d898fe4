"""The error answer of the token endpoint, as OAuth 2.0 defines it (RFC 6749 §5.2)."""

from pydantic_core import to_json
from starlette.background import BackgroundTask
from starlette.responses import Response

from app.core.values.problems import MalformedRequest, Unauthenticated
from app.tokens.schemas import TokenErrorCode, TokenRefusedView

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenRefused(Exception):
    """No token is issued. `description` never quotes what was sent.

    `afterwards` runs after the answer is sent, so that the response time doesn't reveal it.
    """

    def __init__(
        self, error: TokenErrorCode, description: str, afterwards: BackgroundTask | None = None
    ) -> None:
        super().__init__(error)
        self.error: TokenErrorCode = error
        self.description = description
        self.afterwards = afterwards

    def response(self) -> Response:
        """The HTTP response: 401 for `invalid_client`, 400 for every other error."""
        known = self.error != "invalid_client"
        status = MalformedRequest.status if known else Unauthenticated.status
        view = TokenRefusedView(error=self.error, error_description=self.description)
        content = to_json(view)
        return Response(content, int(status), NO_STORE, "application/json", self.afterwards)
