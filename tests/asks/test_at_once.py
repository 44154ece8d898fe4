"""A consent and a signature that are stored at the same moment plan an ask all the same."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from app.core.operation import perform
from app.records.service import create_one
from app.safety.schemas import ConsentBody
from app.safety.service import CONSENTS
from app.sessions.schemas import SignBody
from app.signing.service import sign
from tests.asks.asked import EMAIL, asks, draft
from tests.ground import Api, Clinic

HELD_S = 1.0
"""How long the first one waits before its commit. The second one must not finish meanwhile."""


def signing(clinic: Clinic, session: dict[str, Any], stored: Callable[[], object]) -> None:
    op = clinic.operation("sessions.sign")
    op.if_match = f'"{session["version"]}"'

    def work() -> None:
        sign(op, UUID(session["id"]), SignBody())
        stored()

    perform(clinic.database, op, work)


def consenting(clinic: Clinic, session: dict[str, Any], stored: Callable[[], object]) -> None:
    op = clinic.operation("consents.create")
    body = ConsentBody(
        patient_id=UUID(session["patient_id"]),
        kind="messages",
        channel="email",
        address=EMAIL,
        decision="given",
        form="verbal",
        given_by="The patient",
        obtained_by="Dana Demo",
        obtained_at="2026-11-20T09:40:00-08:00",  # type: ignore[arg-type]
    )

    def work() -> None:
        create_one(op, CONSENTS, body)
        stored()

    perform(clinic.database, op, work)


@pytest.mark.parametrize(("first", "second"), [(signing, consenting), (consenting, signing)])
def test_of_a_signature_and_a_consent_at_one_moment_the_second_plans_the_ask(
    here: Api, clinic: Clinic, first: Callable[..., None], second: Callable[..., None]
) -> None:
    session = draft(here, here.patient()["id"])
    uncommitted, over = Event(), Event()

    def hold() -> None:
        uncommitted.set()
        over.wait(HELD_S)

    with ThreadPoolExecutor(2) as pool:
        began = pool.submit(first, clinic, session, hold)
        assert uncommitted.wait(30)
        followed = pool.submit(second, clinic, session, lambda: None)
        followed.add_done_callback(lambda _: over.set())
        began.result()
        followed.result()
    [ask] = asks(here)
    assert (ask["session_id"], ask["status"]) == (session["id"], "due")
