"""Messages go once, when they may; what came between keeps them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
import time_machine

from app.asks.service import claims, sending
from app.asks.service.sending import ask_in
from app.core.operation import perform
from tests.asks.asked import (
    EMAIL,
    ENDED_AT,
    HOUR,
    asked,
    asks,
    consent,
    signed,
    stop,
)
from tests.deliveries.mailbox import Mailbox, mail_server, mailing
from tests.ground import Api, Clinic

DAY = 24 * HOUR
TOKEN = r"https://clinic\.example/r/[A-Za-z0-9_-]{22}"
PUBLIC = "https://clinic.example"


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as box, mailing(f"smtp+plain://127.0.0.1:{box.port}", public_url=PUBLIC):
        yield box


def only(api: Api) -> dict[str, Any]:
    [ask] = asks(api)
    return ask


def send(clinic: Clinic) -> None:
    ask_in(clinic.database, clinic.id)


def report(api: Api, session: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"reported_at": "2026-11-21T10:46:00-08:00", "soreness": 3, **more}
    return api.create(f"/v1/sessions/{session['id']}/follow-ups", **body)


def test_a_message_goes_when_it_is_due_and_not_before(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    asked(here)
    clock.move_to(ENDED_AT + DAY - HOUR)
    send(clinic)
    assert box.mails == []
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    send(clinic)
    assert box.recipients == [EMAIL]
    ask = only(here)
    assert (ask["status"], ask["sent_at"], ask["next_kind"]) == ("sent", ask["due_at"], "reminder")
    [attempt] = ask["attempts"]
    assert (attempt["kind"], attempt["status"], attempt["reason"]) == ("first", "sent", None)
    assert ask["id"] not in str(box.mails[0])


def test_a_mail_says_how_to_stop_and_who_sends_it_and_repeats_no_name(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    version = here.get("/v1/clinic").json()["version"]
    body = {"messages": {"sender": "Praxis Müller"}}
    here("PATCH", "/v1/clinic", json=body, headers={"If-Match": f'"{version}"'})
    asked(here)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    [mail] = box.mails
    assert str(mail["From"]).startswith("Praxis Müller <")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(mail["List-Unsubscribe"]).strip("<>").removesuffix("/stop")
    assert link in box.texts[0]
    [attempt] = only(here)["attempts"]
    assert str(mail["Message-ID"]).startswith(f"<{attempt['id'].replace('-', '')}@")


def test_the_reminder_goes_once_and_then_nothing(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    asked(here)
    for hours in range(16, 24 * 20, 2):
        clock.move_to(ENDED_AT + hours * HOUR)
        send(clinic)
    kinds = [(each["kind"], each["status"]) for each in only(here)["attempts"]]
    assert kinds == [("first", "sent"), ("reminder", "sent")]
    assert len(box.mails) == 2
    assert (only(here)["status"], only(here)["reason"]) == ("expired", "no_answer")


def test_nothing_goes_after_an_answer(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    session, _ = asked(here)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    clock.move_to(ENDED_AT + 47 * HOUR)
    report(here, session)
    clock.move_to(ENDED_AT + 2 * DAY)
    send(clinic)
    assert len(box.mails) == 1
    assert only(here)["status"] == "answered"


@pytest.mark.parametrize("source", ["patient_link", "practitioner", "integration"])
def test_an_answer_between_claim_and_sending_keeps_the_message(
    here: Api,
    clinic: Clinic,
    clock: time_machine.Traveller,
    box: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
) -> None:
    session, _ = asked(here)
    clock.move_to(ENDED_AT + DAY)
    hand_over = sending._hand_over  # noqa: SLF001 - the pause of a slow machine stands here

    def paused(*given: Any) -> None:
        report(here, session, source=source)
        hand_over(*given)

    monkeypatch.setattr(sending, "_hand_over", paused)
    send(clinic)
    assert box.mails == []
    ask = only(here)
    assert ask["status"] == "answered"
    assert ask["answered_by"] is not None
    assert [(each["status"], each["reason"]) for each in ask["attempts"]] == [
        ("failed", claims.OVERTAKEN)
    ]


def test_what_was_written_after_the_plan_counts_when_a_message_is_claimed(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    session, _ = asked(here)
    clock.move_to(ENDED_AT + HOUR)
    patient = here.get(f"/v1/patients/{session['patient_id']}").json()
    here.change(patient, "/v1/patients", language="fr-CA")
    consent(
        here,
        session["patient_id"],
        address="new@example.org",
        obtained_at="2026-11-20T11:00:00-08:00",
    )
    version = here.get("/v1/clinic").json()["version"]
    changes = {"languages": ["fr"], "quiet_hours": {"from": "08:00", "to": "12:00"}}
    here("PATCH", "/v1/clinic", json=changes, headers={"If-Match": f'"{version}"'})
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    assert box.mails == []
    assert only(here)["next_at"] == "2026-11-21T20:00:00Z"
    clock.move_to(ENDED_AT + DAY + 2 * HOUR)
    send(clinic)
    assert box.recipients == ["new@example.org"]
    assert only(here)["language"] == "fr"
    assert "visite" in str(box.mails[0]["Subject"])


def test_two_processes_send_fifty_messages_once(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    patient_id, practitioner_id = here.patient()["id"], here.practitioner()["id"]
    consent(here, patient_id)
    for _ in range(50):
        signed(here, patient_id, practitioner_id=practitioner_id)
    clock.move_to(ENDED_AT + DAY)

    def turns(_: int) -> None:
        for _ in range(4):
            send(clinic)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(turns, range(2)))
    assert len(box.mails) == 50
    assert len({str(mail["Message-ID"]) for mail in box.mails}) == 50
    assert {ask["status"] for ask in asks(here)} == {"sent"}


def test_a_refused_address_fails_in_plain_words_and_the_others_go(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    asked(here)
    asked(here)
    clock.move_to(ENDED_AT + DAY)
    box.refuse_first = "550 No such user"
    send(clinic)
    [failed, sent] = sorted(asks(here), key=lambda ask: str(ask["status"]))
    assert (failed["status"], failed["reason"], sent["status"]) == ("failed", "refused", "sent")
    assert failed["attempts"][0]["reason"] == "The mail server refused the recipient's address."
    assert len(box.mails) == 1


def test_what_a_mail_server_can_not_take_now_goes_later_as_the_same_attempt(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    asked(here)
    clock.move_to(ENDED_AT + DAY)
    box.answers["RCPT"] = "451 Try again later"
    send(clinic)
    [before] = only(here)["attempts"]
    assert (only(here)["status"], before["status"]) == ("due", "failed")
    del box.answers["RCPT"]
    send(clinic)
    assert box.mails == []
    clock.move_to(ENDED_AT + DAY + HOUR)
    send(clinic)
    [after] = only(here)["attempts"]
    assert (after["id"], after["status"]) == (before["id"], "sent")
    assert len(box.mails) == 1


def test_what_can_not_go_in_its_time_has_failed(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    asked(here)
    box.answers["RCPT"] = "451 Try again later"
    for hours in range(24, 40):
        clock.move_to(ENDED_AT + hours * HOUR)
        send(clinic)
    assert (only(here)["status"], only(here)["reason"]) == ("failed", "window_passed")
    assert len(only(here)["attempts"]) == 1


def test_an_ask_expires_if_no_server_ran_in_its_time(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    asked(here)
    clock.move_to(ENDED_AT + 36 * HOUR)
    send(clinic)
    assert (only(here)["status"], only(here)["reason"]) == ("expired", "window_passed")
    assert box.mails == []


def test_a_server_that_breaks_off_after_the_text_leaves_an_unsure_message_that_only_people_repeat(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    asked(here)
    clock.move_to(ENDED_AT + DAY)
    box.answers["DATA"] = "cut"
    send(clinic)
    del box.answers["DATA"]
    ask = only(here)
    assert (ask["status"], ask["next_at"], ask["attempts"][0]["status"]) == (
        "unsure",
        None,
        "unsure",
    )
    clock.move_to(ENDED_AT + 2 * DAY)
    send(clinic)
    assert box.mails == []
    assert here.post(f"/v1/asks/{ask['id']}/send").status_code == 200
    send(clinic)
    assert len(box.mails) == 1
    assert (only(here)["status"], len(only(here)["attempts"])) == ("sent", 2)


def test_whoever_dies_after_the_claim_leaves_an_unsure_message(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    _, ask = asked(here)
    clock.move_to(ENDED_AT + DAY)
    op = clinic.operation()
    perform(clinic.database, op, lambda: claims.claimed(op, UUID(ask["id"])))
    clock.move_to(ENDED_AT + DAY + claims.CLAIMED_FOR / 2)
    send(clinic)
    assert only(here)["attempts"][0]["status"] == "claimed"
    clock.move_to(ENDED_AT + DAY + claims.CLAIMED_FOR)
    send(clinic)
    assert only(here)["status"] == "unsure"
    assert only(here)["attempts"][0]["reason"] == claims.DIED
    assert box.mails == []


def test_a_message_to_an_address_of_two_patients_has_an_initial(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    for name, address in (("Mia", "A@example.org"), ("Zoe", "a@example.org")):
        patient_id = here.patient(given_name=name)["id"]
        consent(here, patient_id, address=address)
        signed(here, patient_id)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    assert sorted("with M." in text for text in box.texts) == [False, True]
    assert sorted("with Z." in text for text in box.texts) == [False, True]
    assert not any("Mia" in text or "Zoe" in text for text in box.texts)


def test_stopping_ends_every_ask_and_sending_again_says_why_not(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    session, ask = asked(here)
    signed(here, session["patient_id"])
    clock.move_to(ENDED_AT + HOUR)
    stop(here, session["patient_id"])
    assert {each["reason"] for each in asks(here)} == {"stopped"}
    clock.move_to(ENDED_AT + DAY)
    refused = here.post(f"/v1/asks/{ask['id']}/send")
    assert (refused.status_code, refused.json()["reason"]) == (409, "stopped")
    send(clinic)
    assert box.mails == []
