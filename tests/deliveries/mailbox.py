"""A real mail server on this machine, which can also refuse, break off, drip or say nothing."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from app.settings import settings

HOST = "127.0.0.1"
SENDER = "alerts@needlework.example"
USER, PASSWORD = "needlework", "made up: 42%"


class Mailbox:
    """The mails that a server has taken, and how it answers."""

    def __init__(self, takes_s: float = 0) -> None:
        self.takes_s = takes_s
        """How long it takes before it answers that it has a mail."""
        self.mails: list[Message] = []
        self.port = 0
        self.answers: dict[str, str] = {}
        """What it answers to a command instead, such as `RCPT`: a reply, or `cut`."""
        self.refuse_first: str | None = None
        """What it answers to the next recipient alone."""

    @property
    def texts(self) -> list[str]:
        """The text of each mail."""
        return [_text(mail) for mail in self.mails]

    @property
    def recipients(self) -> list[str]:
        """The recipient of each mail."""
        return [str(mail["To"]) for mail in self.mails]

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """Answer to the sender."""
        del session
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return self._said(server, "MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """Answer to a recipient."""
        del session, options
        if self.refuse_first is not None:
            said, self.refuse_first = self.refuse_first, None
            return said
        envelope.rcpt_tos.append(address)
        return self._said(server, "RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail, unless the answer is a refusal."""
        del session
        said = self._said(server, "DATA", "250 OK")
        if said.startswith("250") and isinstance(envelope.content, bytes):
            self.mails.append(message_from_bytes(envelope.content, policy=default))
            await asyncio.sleep(self.takes_s)
        return said

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Answer to the goodbye."""
        del session, envelope
        return self._said(server, "QUIT", "221 Bye")

    def _said(self, server: SMTP, command: str, otherwise: str) -> str:
        answer = self.answers.get(command, otherwise)
        if answer == "cut":
            transport: Any = server.transport
            transport.abort()
        return answer


def _text(mail: Message) -> str:
    assert isinstance(mail, EmailMessage)
    body = mail.get_body()
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


class _Server(Controller):
    """A server that begins with TLS if `at_once`, or offers STARTTLS."""

    def __init__(self, box: Mailbox, *, at_once: bool, **more: Any) -> None:
        if at_once:
            more["ssl_context"] = more.pop("tls_context")
        super().__init__(box, hostname=HOST, port=0, **more)

    def _trigger_server(self) -> None:
        # Port 0: the operating system chooses one, which the first connection must know.
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def _authenticated(*given: Any) -> AuthResult:
    login = given[-1]
    good = isinstance(login, LoginPassword) and login.password == PASSWORD.encode()
    return AuthResult(success=good and login.login == USER.encode(), handled=False)


@contextmanager
def mail_server(
    box: Mailbox | None = None, tls: ssl.SSLContext | None = None, *, at_once: bool = False
) -> Iterator[Mailbox]:
    """Take mails while the block runs. With TLS, a client must sign in."""
    box = box or Mailbox()
    more: dict[str, Any] = {}
    if tls is not None:
        more = {"tls_context": tls, "authenticator": _authenticated, "auth_required": True}
        more["require_starttls"] = not at_once
        more["auth_require_tls"] = not at_once  # aiosmtpd doesn't count TLS from the start
    server = _Server(box, at_once=at_once, **more)
    server.start()
    box.port = server.port
    try:
        yield box
    finally:
        server.stop()


@contextmanager
def mailing(url: str, sender: str = SENDER, **more: str) -> Iterator[None]:
    """Send mails by the server with this URL while the block runs."""
    given = {"smtp_url": url, "mail_from": sender, **more}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(f"NEEDLEWORK_{name.upper()}", value)
        settings.cache_clear()
        try:
            yield
        finally:
            patch.undo()
            settings.cache_clear()


@contextmanager
def dripping(reply: bytes, every_s: float) -> Iterator[int]:
    """Accept connections, and send one byte of the reply at a time, again and again."""
    ended = threading.Event()
    with socket.create_server((HOST, 0)) as listening:
        listening.settimeout(0.05)

        def drip() -> None:
            while not ended.is_set():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                with connection:
                    try:
                        while not ended.is_set():
                            for byte in reply:
                                connection.sendall(bytes([byte]))
                                time.sleep(every_s)
                    except OSError:
                        continue

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            ended.set()
            thread.join()
