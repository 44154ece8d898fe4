"""E-mails go through a real mail server, or the reason says in plain words why not."""

import re
import socket
import ssl
from base64 import b64decode
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from quopri import decodestring
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from app.deliveries import mail
from app.deliveries.asking import Asking, words
from app.deliveries.errors import Undelivered
from app.languages.queries import DOMAIN, languages
from app.settings import Settings
from tests.core.test_outgoing import self_signed
from tests.deliveries.mailbox import (
    HOST,
    PASSWORD,
    SENDER,
    USER,
    Mailbox,
    dripping,
    mail_server,
    mailing,
)
from tests.serving import free_port

TO = "dana@clinic.example"


def send() -> None:
    mail.send(mail.composed("5" * 32, TO, "An alert waits for you", "Read it.\n"))


def refused(url: str) -> str:
    """Return why a mail can't be sent by the server with this URL."""
    with mailing(url), pytest.raises(Undelivered) as refusal:
        send()
    return refusal.value.reason


def plain(box: Mailbox) -> str:
    return f"smtp+plain://{HOST}:{box.port}"


def read_by_rfc_2047(raw: str) -> str:
    """What a mail program shows of a header: spaces between encoded words don't count (§6.2)."""
    word = re.compile(r"=\?utf-8\?([bq])\?([^?]*)\?=", re.IGNORECASE)
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", raw)
    joined = re.sub(r"(?<=\?=)[ \t]+(?==\?)", "", unfolded)

    def decoded(found: re.Match[str]) -> str:
        text = found[2].encode()
        is_b = found[1].lower() == "b"
        return (b64decode(text) if is_b else decodestring(text, header=True)).decode()

    return word.sub(decoded, joined)


@pytest.mark.parametrize("tag", [each.tag for each in languages(DOMAIN)])
def test_a_subject_keeps_every_space_in_every_mail_program(tag: str) -> None:
    at, zone = datetime(2026, 11, 20, 18, tzinfo=UTC), ZoneInfo("America/Vancouver")
    asking = Asking(at, zone, "https://a.example", "https://a.example/stop", is_reminder=True)
    subject = words(asking, tag).subject
    with mail_server() as box, mailing(plain(box)):
        message = mail.composed("5" * 32, TO, subject, "Read it.\n")
        mail.send(message)
        mail.send_once(message, lambda: True)
        [raw, again] = [each.as_bytes() for each in box.mails]
    for sent in (raw, again, message.as_bytes()):
        head = sent.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("ascii")
        found = re.search(r"^Subject: (.*(?:\n[ \t].*)*)", head, re.MULTILINE)
        assert found is not None
        assert read_by_rfc_2047(found[1]) == subject
        assert all(len(line) <= 78 for line in found[0].splitlines())
        assert message_from_bytes(sent, policy=default)["Subject"] == subject


def test_a_mail_has_a_sender_a_recipient_a_subject_and_an_id_that_stays() -> None:
    with mail_server() as box, mailing(plain(box)):
        send()
        send()
    first, second = box.mails
    assert (first["From"], first["To"], first["Subject"]) == (SENDER, TO, "An alert waits for you")
    assert first["Message-ID"] == second["Message-ID"] == f"<{'5' * 32}@needlework.example>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert box.texts == ["Read it.\n"] * 2


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # aiosmtpd doesn't see the TLS of smtps
@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_mail_goes_over_tls_after_a_sign_in(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = self_signed(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    with mail_server(tls=tls, at_once=scheme == "smtps") as box:
        place = f"{HOST}:{box.port}"
        url = f"{scheme}://{USER}:{quote(PASSWORD)}@{place}"
        assert refused(url) == "The mail server's certificate can't be trusted."
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert refused(f"{scheme}://{USER}:wrong@{place}") == (
            "The mail server refused the user or the password."
        )
        with mailing(url):
            mail.check()
            send()
    assert box.recipients == [TO]


def test_without_tls_nothing_is_sent_unless_the_url_says_so() -> None:
    with mail_server() as box:
        said = refused(f"smtp://{HOST}:{box.port}")
    assert said == "The mail server offers no TLS, or no way to sign in."
    assert box.mails == []


@pytest.mark.parametrize(
    ("command", "answer", "reason"),
    [
        ("MAIL", "550 No", "The mail server refused the sender's address."),
        (
            "RCPT",
            "550 Unknown <dana@clinic.example>",
            "The mail server refused the recipient's address.",
        ),
        ("RCPT", "450 Later", "The mail server put off the recipient's address."),
        ("DATA", "451 Later", "The mail server put off the message."),
        ("DATA", "554 Spam", "The mail server refused the message."),
        ("RCPT", "cut", "The mail server broke the connection off."),
        ("DATA", "cut", "The mail server broke the connection off."),
    ],
)
def test_a_refusal_is_a_reason_that_quotes_no_address(
    command: str, answer: str, reason: str
) -> None:
    with mail_server() as box:
        box.answers[command] = answer
        assert refused(plain(box)) == reason


@pytest.mark.parametrize("answer", ["cut", "421 Busy"])
def test_a_mail_that_was_taken_is_sent_whatever_the_server_says_to_the_goodbye(
    answer: str,
) -> None:
    with mail_server() as box, mailing(plain(box)):
        box.answers["QUIT"] = answer
        send()
    assert box.recipients == [TO]


def test_a_server_that_is_down_is_a_reason() -> None:
    assert refused(f"smtp+plain://{HOST}:{free_port()}") == "The mail server can't be reached."


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "TIMEOUT_S", 0.1)  # nothing else ends this wait
    with socket.create_server((HOST, 0)) as silent:
        said = refused(f"smtp+plain://{HOST}:{silent.getsockname()[1]}")
    assert said == "The mail server did not answer in time."


def test_a_server_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail, "WHOLE_TIMEOUT_S", 0.3)  # only this ends the drip
    with dripping(b"220-busy\r\n", 0.01) as port:
        assert refused(f"smtp+plain://{HOST}:{port}").startswith("The mail server ")


def test_without_settings_there_is_no_mail_server() -> None:
    assert not mail.is_set_up()
    with pytest.raises(Undelivered, match="no mail server"):
        send()
    with pytest.raises(Undelivered, match="no mail server"):
        mail.check()


def test_the_log_takes_messages_for_trying_without_an_address_and_says_that_nobody_was_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with mailing("log:"):
        for attempt in (mail.check, send):
            with pytest.raises(Undelivered, match="nobody was told"):
                attempt()
    assert "message" in (said := capsys.readouterr().out)
    assert TO not in said


@pytest.mark.parametrize(
    "url",
    [
        *("mail.example", "http://mail.example", "smtp://", "smtp://mail.example:0"),
        *("smtp://mail.example:mail", "smtp+plain://user:secret@mail.example"),
    ],
)
def test_what_is_no_mail_server_is_no_setting_and_is_not_quoted(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEEDLEWORK_SMTP_URL", url)
    with pytest.raises(ValidationError) as refusal:
        Settings()
    assert "secret" not in str(refusal.value)
