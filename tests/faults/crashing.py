"""The application with one fault: a request header can make it die before it answers."""

import os
import signal

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.main import create_app as create_sound_app

HEADER = "X-Die-Before-The-Answer"


class Crashing:
    """ASGI middleware that kills this process when the answer is ready to be sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; with the header, die instead of sending the answer."""
        doomed = HEADER.lower().encode() in dict(scope.get("headers", ()))

        async def die(message: Message) -> None:
            del message
            os.kill(os.getpid(), signal.SIGKILL)

        await self.app(scope, receive, die if doomed else send)


def create_app() -> FastAPI:
    """The application with this fault."""
    app = create_sound_app()
    app.add_middleware(Crashing)
    return app
