"""Small bodies: a request begins to be handled once the whole of its small body has arrived.

Until then it is only a connection. So a thousand half bodies cost nearly nothing, and there is
nothing to undo when they end.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

SMALL_BYTES: Final = 16 * 1024


async def with_small_body(scope: Scope, receive: Receive) -> Receive | None:
    """Wait for a body that is declared as small. Return what gives it to the application.

    A larger body, or one of unknown size, is left to the application. None if the client hung up.
    """
    declared = Headers(scope=scope).get("content-length", "0")
    if not declared.isdecimal() or not 0 < int(declared[:20]) <= SMALL_BYTES:
        return receive
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return whole.pop() if whole else await receive()

    return receive_again
