"""How a token can be refused: in the form that OAuth 2.0 gives to it (RFC 6749 §5.2)."""

from pydantic_core import to_json
from starlette.background import BackgroundTask
from starlette.responses import Response

from app.core.values.problems import MalformedRequest, Unauthenticated
from app.tokens.schemas import Code, TokenRefusedView

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenRefused(Exception):
    """There is no token; `description` never quotes what was sent.

    `afterwards` runs once the answer is sent, which then doesn't tell how long that took.
    """

    def __init__(
        self, error: Code, description: str, afterwards: BackgroundTask | None = None
    ) -> None:
        super().__init__(error)
        self.error: Code = error
        self.description = description
        self.afterwards = afterwards

    def response(self) -> Response:
        """The answer that says so."""
        known = self.error != "invalid_client"
        status = MalformedRequest.status if known else Unauthenticated.status
        view = TokenRefusedView(error=self.error, error_description=self.description)
        content = to_json(view)
        return Response(content, int(status), NO_STORE, "application/json", self.afterwards)
