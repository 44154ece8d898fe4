"""The clinic's own sender: a signed POST, at least once, with one id."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import time_machine

from app.asks.service import claims
from app.core.operation import perform
from app.deliveries import signatures
from tests.asks.asked import ENDED_AT, HOUR, asks, consent, signed
from tests.asks.test_sending import DAY, PUBLIC, only, send
from tests.deliveries.mailbox import mailing
from tests.deliveries.receiver import Receiver, receiving
from tests.ground import Api, Clinic

PHONE = "+1 604 555 0123"
KEY = "made up, with 32 characters or more"
OPTED_OUT = b'{"status": "opted_out"}'
UNCLEAR = (
    *(b"", b"Gone", b"null", b"[]", b'"opted_out"', b'{"status": "gone"}', b"\xff"),
    *(b'{"status": ["opted_out"]}', b'{"status": "sent", "status": "opted_out"}', b"[" * 500),
    b'{"status": "opted_out", "more": "' + b"x" * 512 + b'"}',
)
"""Bodies that don't say that the patient wants no messages."""


@pytest.fixture
def sender(here: Api) -> Iterator[Receiver]:
    """The clinic's own sender."""
    more = {"post_key": KEY, "public_url": PUBLIC, "outgoing_to_loopback": "true"}
    with receiving() as receiver, mailing("log:", **more):
        version = here.get("/v1/clinic").json()["version"]
        body = {"messages": {"sender": "Practice", "post_to": receiver.url}}
        answer = here("PATCH", "/v1/clinic", json=body, headers={"If-Match": f'"{version}"'})
        assert answer.status_code == 200, answer.text
        yield receiver


def texted(api: Api) -> dict[str, Any]:
    """A signed session of a patient who is reached by the clinic's own sender."""
    patient_id = api.patient()["id"]
    consent(api, patient_id, channel="post", address=PHONE)
    return signed(api, patient_id)


def bodies(sender: Receiver) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in sender.requests]


def test_the_clinics_own_sender_gets_a_signed_message(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, sender: Receiver
) -> None:
    texted(here)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    [body], [request] = bodies(sender), sender.requests
    ask = only(here)
    assert set(body) == {"ask_id", "attempt_id", "to", "text", "language"}
    assert (body["ask_id"], body["to"], body["language"]) == (ask["id"], PHONE, "en")
    assert body["attempt_id"] == ask["attempts"][0]["id"]
    assert body["text"].isascii()
    assert (ask["status"], ask["channel"]) == ("sent", "post")
    key = signatures.key(clinic.id, sender.url)
    assert key is not None
    id_, at = request.headers["webhook-id"], int(request.headers["webhook-timestamp"])
    expected = signatures.headers(key, id_, at, request.body)
    assert request.headers["webhook-signature"] == expected["webhook-signature"]


def test_what_the_sender_does_not_take_comes_again_with_the_same_id(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, sender: Receiver
) -> None:
    texted(here)
    sender.status = 503
    for minutes in (0, 2, 10):
        clock.move_to(ENDED_AT + DAY + minutes * HOUR / 60)
        send(clinic)
    assert len(sender.requests) == 3
    sender.status = 204
    clock.move_to(ENDED_AT + DAY + HOUR)
    send(clinic)
    assert len({body["attempt_id"] for body in bodies(sender)}) == 1
    [attempt] = only(here)["attempts"]
    assert (only(here)["status"], attempt["status"]) == ("sent", "sent")


def test_whoever_dies_after_the_claim_leaves_a_message_that_goes_with_the_same_id(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, sender: Receiver
) -> None:
    texted(here)
    clock.move_to(ENDED_AT + DAY)
    op = clinic.operation()
    [ask_id] = [UUID(each["id"]) for each in asks(here)]
    claim = perform(clinic.database, op, lambda: claims.claimed(op, ask_id))
    assert claim is not None
    clock.move_to(ENDED_AT + DAY + claims.CLAIMED_FOR)
    send(clinic)
    assert [body["attempt_id"] for body in bodies(sender)] == [str(claim.attempt["id"])]
    assert only(here)["status"] == "sent"


@pytest.mark.parametrize("status", [200, 202, 410])
def test_a_sender_that_says_opted_out_stops_the_messages_of_this_patient(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, sender: Receiver, status: int
) -> None:
    session = texted(here)
    signed(here, session["patient_id"])
    clock.move_to(ENDED_AT + DAY)
    sender.status, sender.said = status, OPTED_OUT
    send(clinic)
    send(clinic)
    assert len(sender.requests) == 1
    assert {(ask["status"], ask["reason"]) for ask in asks(here)} == {("cancelled", "stopped")}
    consents = here.get(f"/v1/consents?patient_id={session['patient_id']}").json()["items"]
    assert [each["decision"] for each in consents] == ["given", "withdrawn"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        *((410, said) for said in UNCLEAR),
        (500, OPTED_OUT),
        (301, OPTED_OUT),
        (404, OPTED_OUT),
    ],
)
def test_a_sender_that_only_fails_stops_nobodys_messages(
    here: Api,
    clinic: Clinic,
    clock: time_machine.Traveller,
    sender: Receiver,
    status: int,
    said: bytes,
) -> None:
    texted(here)
    clock.move_to(ENDED_AT + DAY)
    sender.status, sender.said = status, said
    send(clinic)
    ask = only(here)
    [attempt] = ask["attempts"]
    assert (ask["status"], ask["next_kind"], attempt["status"]) == ("due", "first", "failed")
    assert attempt["reason"] == f"The clinic's own sender answered {status}."
    sender.status, sender.said = 204, b""
    clock.move_to(ENDED_AT + DAY + HOUR)
    send(clinic)
    assert only(here)["status"] == "sent"
    assert len({body["attempt_id"] for body in bodies(sender)}) == 1


@pytest.mark.parametrize("said", UNCLEAR)
def test_a_sender_that_takes_a_message_may_say_what_it_likes(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, sender: Receiver, said: bytes
) -> None:
    texted(here)
    clock.move_to(ENDED_AT + DAY)
    sender.status, sender.said = 200, said
    send(clinic)
    assert only(here)["status"] == "sent"


def test_a_status_counts_though_the_rest_of_the_answer_does_not_come(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, sender: Receiver
) -> None:
    texted(here)
    clock.move_to(ENDED_AT + DAY)
    sender.status, sender.said, sender.cuts_off = 200, OPTED_OUT[:-1], True
    send(clinic)
    assert only(here)["status"] == "sent"


def test_address_and_text_are_in_no_ledger_entry_about_an_ask_and_in_no_log(
    here: Api,
    clinic: Clinic,
    clock: time_machine.Traveller,
    sender: Receiver,
    capsys: pytest.CaptureFixture[str],
) -> None:
    texted(here)
    clock.move_to(ENDED_AT + DAY)
    capsys.readouterr()
    send(clinic)
    logged = capsys.readouterr()
    [body] = bodies(sender)
    told = json.dumps(
        [
            change
            for change in here.get("/v1/changes?limit=200").json()["items"]
            if change["resource"] != "consents"
        ]
    )
    for secret in (PHONE, body["text"], body["text"].split("/r/")[1][:22]):
        assert secret not in told
        assert secret not in logged.out + logged.err
