"""Send e-mails by the mail server of the settings."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from typing import Any, Final, NoReturn
from urllib.parse import unquote, urlsplit

from app.core.http.logs import log
from app.core.values.clock import now
from app.deliveries.errors import Undelivered, Unwanted
from app.settings import settings

TIMEOUT_S: Final = 10.0
"""How long the mail server may keep silent."""
WHOLE_TIMEOUT_S: Final = 30.0
"""How long it may take in all."""
PORTS: Final = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
LOG: Final = "log:"
_AGREED: Final = 2
"""The first digit of an answer that agrees (RFC 5321 §4.2.1)."""
_NEVER: Final = 500
"""From here on, an answer refuses for good."""


class _Encoded(EmailPolicy):
    """A policy that keeps every space of a subject that is not ASCII.

    Python's own folding loses the spaces between two encoded words (RFC 2047 §6.2).
    """

    def fold(self, name: str, value: Any) -> str:
        """Return a header in lines."""
        if name.lower() != "subject" or str(value).isascii():
            return str(super().fold(name, value))
        words = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {words}{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header in lines, as bytes."""
        if name.lower() != "subject" or str(value).isascii():
            return super().fold_binary(name, value)
        return self.fold(name, value).encode("ascii")


_LINES: Final = _Encoded(linesep="\r\n", cte_type="7bit")
"""Lines as mail servers take them, and no byte that an old one would damage."""
_SENDER_REFUSED: Final = "The mail server refused the sender's address."
_RECIPIENT_REFUSED: Final = "The mail server refused the recipient's address."
_MESSAGE_REFUSED: Final = "The mail server refused the message."
_NO_ANSWER: Final = "The mail server broke off after it had the message, or part of it."
NOT_SET: Final = "This server has no mail server: its settings name none."
LOGGED: Final = "This server writes messages to its log: nobody was told."
"""What `log:` as the mail server means. For whoever waits for a message, it is no delivery."""


def is_set_up() -> bool:
    """Return whether the settings name a mail server and a sender."""
    server, sender = settings().smtp_url, settings().mail_from
    return server is not None and (sender is not None or server.get_secret_value() == LOG)


def only_logs() -> bool:
    """Return whether the settings have messages written to the log, and sent to nobody."""
    return _url() == LOG


def composed(
    id: str, to: str, subject: str, text: str, *, named: str | None = None
) -> EmailMessage:
    """Return an e-mail. Its id is the same in each attempt, so a repeat can be recognised.

    It comes from the sender of the settings, who may be `named`.
    """
    sender = settings().mail_from or ""
    message = EmailMessage(_Encoded())
    message["From"] = Address(named, addr_spec=sender) if named and sender else sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(now())
    message["Message-ID"] = f"<{id}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no reply of a vacation program
    message.set_content(text)
    return message


def send(message: EmailMessage) -> None:
    """Hand an e-mail to the mail server. `Undelivered` if that fails or takes too long."""
    if not is_set_up():
        raise Undelivered(NOT_SET)
    if only_logs():
        _log(message)
    with _signed_in() as server:
        server.send_message(message)


def send_once(message: EmailMessage, is_wanted: Callable[[], bool]) -> None:
    """Hand an e-mail to the mail server, at most once.

    `is_wanted` is asked at the last moment: after the server has taken the recipient, before the
    text. Raises `Unwanted`, or `Undelivered` with its outcome: `unsure` if the server broke off
    after it may have had the text.
    """
    if not is_set_up():
        raise Undelivered(NOT_SET)
    if only_logs():
        if not is_wanted():
            raise Unwanted
        _log(message)
    with _signed_in() as server:
        server.ehlo_or_helo_if_needed()
        _require(server.mail(settings().mail_from or ""), _SENDER_REFUSED, final=False)
        _require(server.rcpt(str(message["To"])), _RECIPIENT_REFUSED)
        if not is_wanted():
            raise Unwanted
        _require(_given(server, message.as_bytes(policy=_LINES)), _MESSAGE_REFUSED)


def _log(message: EmailMessage) -> NoReturn:
    log.info("message", channel="email", message_id=message["Message-ID"])
    raise Undelivered(LOGGED)


def _require(answer: tuple[int, bytes], reason: str, *, final: bool = True) -> None:
    """Raise `Undelivered` unless the server agreed. It may agree later, unless it says never."""
    code, _ = answer
    if code // 100 != _AGREED:
        raise Undelivered(_said(reason, code), "refused" if final and code >= _NEVER else "later")


def _said(reason: str, code: int) -> str:
    """Return a reason with what the server's code says: refused for good, or only put off."""
    return reason if code >= _NEVER else reason.replace("refused", "put off")


def _given(server: smtplib.SMTP, content: bytes) -> tuple[int, bytes]:
    """Give the text to the server, and return its answer."""
    try:
        return server.data(content)
    except smtplib.SMTPDataError as refused:  # before it had the text
        return refused.smtp_code, b""
    except (smtplib.SMTPException, OSError, ValueError):
        raise Undelivered(_NO_ANSWER, "unsure") from None


def check() -> None:
    """Connect to the mail server and sign in. `Undelivered` if that fails."""
    if not is_set_up():
        raise Undelivered(NOT_SET)
    if only_logs():
        raise Undelivered(LOGGED)
    with _signed_in() as server:
        server.noop()


def _url() -> str:
    server = settings().smtp_url
    return "" if server is None else server.get_secret_value()


class _Watched:
    """A connection that is cut after `WHOLE_TIMEOUT_S`.

    A socket's own timeout restarts with each byte.
    """

    sock: socket.socket | None

    def __init__(self, host: str, port: int, **more: Any) -> None:
        self._watchdog = threading.Timer(WHOLE_TIMEOUT_S, self._cut)
        self._watchdog.daemon = True
        self._watchdog.start()
        try:
            # The default name of this machine takes a look-up that has no timeout.
            super().__init__(host, port, socket.gethostname(), timeout=TIMEOUT_S, **more)  # type: ignore[call-arg]
        except BaseException:
            self._watchdog.cancel()
            raise

    def close(self) -> None:
        self._watchdog.cancel()
        super().close()  # type: ignore[misc]

    def _cut(self) -> None:
        """Shut the socket down from another thread, which ends any wait on it."""
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


class _Smtp(_Watched, smtplib.SMTP):
    """A connection that begins without TLS."""


class _Smtps(_Watched, smtplib.SMTP_SSL):
    """A connection with TLS from the start."""


@contextmanager
def _signed_in() -> Iterator[smtplib.SMTP]:
    """Yield a connection to the mail server. `Undelivered` says why anything on it failed."""
    parts = urlsplit(_url())
    place = (str(parts.hostname), parts.port or PORTS[parts.scheme])
    server: smtplib.SMTP | None = None
    try:
        tls = ssl.create_default_context()
        server = _Smtps(*place, context=tls) if parts.scheme == "smtps" else _Smtp(*place)
        if parts.scheme == "smtp":
            server.starttls(context=tls)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
        # What was handed over is sent, whatever the server says to a goodbye.
        with suppress(smtplib.SMTPException, OSError):
            server.quit()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise Undelivered(_reason(error)) from None
    finally:
        if server is not None:
            server.close()


_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (smtplib.SMTPRecipientsRefused, _RECIPIENT_REFUSED),
    (smtplib.SMTPSenderRefused, _SENDER_REFUSED),
    (smtplib.SMTPAuthenticationError, "The mail server refused the user or the password."),
    (smtplib.SMTPNotSupportedError, "The mail server offers no TLS, or no way to sign in."),
    (smtplib.SMTPServerDisconnected, "The mail server broke the connection off."),
    (smtplib.SMTPException, _MESSAGE_REFUSED),
    (ssl.SSLError, "The mail server's certificate can't be trusted."),
    (TimeoutError, "The mail server did not answer in time."),
    (OSError, "The mail server can't be reached."),
    (ValueError, "The mail server's answer can't be understood."),
)
"""What each error means in plain words. The first that fits counts. None quotes the server."""


def _reason(error: Exception) -> str:
    cause = error.__context__
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(cause, OSError):
        error = cause  # smtplib hides what happened to the connection
    words = next(words for kind, words in _REASONS if isinstance(error, kind))
    return _said(words, _code(error))


def _code(error: Exception) -> int:
    """Return the code of the server's answer. An error without one stands as it is."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return min(code for code, _ in error.recipients.values())
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else _NEVER
