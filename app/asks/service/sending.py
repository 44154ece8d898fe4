"""Send the messages of asks: by e-mail, or by a signed POST to the clinic's own sender.

An e-mail goes at most once: claim, send, write down. What may have gone is never repeated by
itself. A POST goes at least once, with one id. It is repeated until the clinic's sender takes it.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from prometheus_client import Gauge
from pydantic_core import to_json

from app.asks import queries
from app.asks.queries import Waiting
from app.asks.service import actions, claims
from app.asks.service.claims import Claim
from app.core.db.database import Database
from app.core.http.logs import log
from app.core.http.outgoing import Answered, Unreachable, post
from app.core.operation import Operation, perform
from app.core.values.access import server
from app.core.values.clock import now, uuid7
from app.core.values.problems import NotFound
from app.deliveries import mail, signatures
from app.deliveries.asking import Asking, Words, plain, words
from app.deliveries.channels import NOT_SET
from app.deliveries.errors import Undelivered, Unwanted
from app.settings import settings

AT_A_TIME: Final = 20
"""How many messages of one clinic are sent before it is the next one's turn."""
SLOW_S: Final = 5.0
"""After an attempt that failed so slowly, the clinic's other messages wait for its next turn."""
SENDER: Final = "The clinic's own sender"
NO_PLACE: Final = "This server's settings don't say at which address patients reach it."
NO_SENDER: Final = "The clinic's settings name no sender of its own."
OPTED_OUT: Final = "The patient wants no messages."
GONE: Final = 410
WANTS_NONE: Final = "opted_out"
"""The `status` in the sender's answer about a patient who wants no messages."""
_GOOD: Final = range(200, 300)
WAITING: Final = Gauge(
    "needlework_asks_waiting", "Asks of all clinics whose message is past its time."
)
OLDEST: Final = Gauge(
    "needlework_asks_oldest_seconds",
    "How long the oldest ask has waited whose message is past its time; 0 if there is none.",
)
WriteDown = Callable[[Operation], None]


def ask_all(database: Database, end: threading.Event | None = None) -> None:
    """Send what is due in every clinic."""
    with database.reading() as db:
        clinics = queries.waiting(db, now())
    _count(clinics)
    for each in clinics:
        try:
            if each.due:
                ask_in(database, each.clinic_id, end)
        except Exception as error:  # noqa: BLE001 - one clinic must not stop the others
            log.warning("asker", clinic_id=str(each.clinic_id), error=type(error).__name__)


def _count(clinics: Sequence[Waiting]) -> None:
    WAITING.set(sum(each.waiting for each in clinics))
    since = [each.since for each in clinics if each.since is not None]
    OLDEST.set((now() - min(since)).total_seconds() if since else 0)


def ask_in(database: Database, clinic_id: UUID, end: threading.Event | None = None) -> None:
    """Send what is due in one clinic, at most `AT_A_TIME` messages."""
    op = _operation(clinic_id)
    with database.reading(clinic_id) as db:
        op.begin(db)
        due = queries.due_asks(op, AT_A_TIME)
    for ask_id in due:
        began_s = time.monotonic()
        if end is not None and end.is_set():
            break
        _ask(database, clinic_id, ask_id)
        if time.monotonic() - began_s >= SLOW_S:
            break


def _ask(database: Database, clinic_id: UUID, ask_id: UUID) -> None:
    """Do what is due about an ask."""
    op = _operation(clinic_id)
    with suppress(NotFound):  # it was erased meanwhile, together with its patient
        claim = perform(database, op, lambda: claims.claimed(op, ask_id))
        if claim is not None:
            write_down = _sent(database, claim)
            after = _operation(clinic_id)
            perform(database, after, lambda: write_down(after))


def _operation(clinic_id: UUID) -> Operation:
    return Operation("asks.send_message", server(clinic_id, "asker"), str(uuid7()))


def _sent(database: Database, claim: Claim) -> WriteDown:
    """Hand a message over. Return what writes down what became of it."""
    try:
        _hand_over(database, claim)
    except Unwanted:
        return partial(claims.was_overtaken, claim=claim)
    except Undelivered as failure:
        log.warning("undelivered", channel=claim.attempt["channel"], reason=failure.reason)
        written = {
            "later": claims.did_not_go,
            "refused": claims.was_refused,
            "unsure": claims.may_have_gone,
        }[failure.outcome]
        return partial(written, claim=claim, reason=failure.reason)
    except _OptedOut:
        return partial(_opted_out, claim=claim)
    return partial(claims.was_sent, claim=claim)


def _hand_over(database: Database, claim: Claim) -> None:
    if settings().public_url is None:
        raise Undelivered(NO_PLACE)
    is_wanted = partial(_is_wanted, database, claim)
    if claim.attempt["channel"] == "post":
        _post(claim, is_wanted)
    else:
        _mail(claim, is_wanted)


def _is_wanted(database: Database, claim: Claim) -> bool:
    """Return whether an ask still goes on: nobody answered or stopped it since it was claimed."""
    op = _operation(claim.clinic_id)
    with database.reading(claim.clinic_id) as db:
        op.begin(db)
        return queries.status(op, claim.ask_id) in queries.OPEN


def _words(claim: Claim) -> tuple[Words, str]:
    """Return the words of a message, and the address at which the patient stops them."""
    link = f"{(settings().public_url or '').rstrip('/')}/r/{claim.token}"
    stop = f"{link}/stop"
    asking = Asking(
        visit_at=claim.visit_at,
        zone=ZoneInfo(claim.clinic["time_zone"]),
        link=link,
        stop=stop,
        initial=claim.initial,
        phone=claim.clinic["phone"],
        emergency_number=claim.clinic["emergency_number"],
        is_reminder=claim.attempt["kind"] == "reminder",
    )
    return words(asking, claim.language), stop


def _mail(claim: Claim, is_wanted: Callable[[], bool]) -> None:
    said, stop = _words(claim)
    here = claim.clinic["messages"]
    named = None if here is None else here["sender"]
    id_ = claim.attempt["id"].hex
    message = mail.composed(id_, claim.address, said.subject, said.text, named=named)
    # RFC 8058: mail programs offer a button that stops the messages.
    message["List-Unsubscribe"] = f"<{stop}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.send_once(message, is_wanted)


class _OptedOut(Exception):
    """The clinic's own sender says that the patient wants no messages."""


def _post(claim: Claim, is_wanted: Callable[[], bool]) -> None:
    here = claim.clinic["messages"]
    url = None if here is None else here["post_to"]
    if url is None:
        raise Undelivered(NO_SENDER)
    key = signatures.key(claim.clinic_id, url)
    if key is None:
        raise Undelivered(NOT_SET)
    said, _ = _words(claim)
    id_ = claim.attempt["id"]
    body = to_json(
        {
            "ask_id": claim.ask_id,
            "attempt_id": id_,
            "to": claim.address,
            "text": plain(said.text),
            "language": claim.language,
        }
    )
    signed = signatures.headers(key, f"msg_{id_.hex}", int(now().timestamp()), body)
    if not is_wanted():
        raise Unwanted
    try:
        answer = post(url, body, signed)
    except Unreachable as error:
        raise Undelivered(f"{SENDER} can't be reached: {error.reason}.") from None
    if _wants_none(answer):
        raise _OptedOut
    if answer.status not in _GOOD:
        raise Undelivered(f"{SENDER} answered {answer.status}.")


def _wants_none(answer: Answered) -> bool:
    """Return whether the sender's answer says that the patient wants no messages.

    A status alone doesn't: a program that was removed answers 410, too.
    """
    if answer.status not in _GOOD and answer.status != GONE:
        return False
    return isinstance(answer.said, dict) and answer.said.get("status") == WANTS_NONE


def _opted_out(op: Operation, claim: Claim) -> None:
    """Withdraw the consent of a patient who told the clinic's own sender to stop."""
    claims.was_overtaken(op, claim, OPTED_OUT)
    actions.stop_asking(op, claim.ask_id, SENDER)
