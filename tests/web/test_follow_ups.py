"""The console's follow-ups: who is due a call, what was sent, and what a patient says by phone."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from fastapi import FastAPI
from httpx2 import Response

from app.asks.views import AskReason
from app.core.values.access import ROLES, Scope
from app.core.values.vocabularies import words_of
from app.web.console.follow_ups import REASONS, TABS
from tests.asks.asked import ENDED_AT, HOUR, asked, asks, consent, signed, stop
from tests.asks.conftest import clock, here
from tests.asks.test_not_me import say_not_me
from tests.asks.test_sending import DAY, box, only, report, send
from tests.deliveries.mailbox import Mailbox
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.test_access import fill

__all__ = ["box", "clock", "here"]
PAGE = "/console/follow-ups"
SignIn = Callable[..., Desk]
NORMAL = {"none_of_these": "yes", "soreness": "4", "change": "better", "bruising": "no"}


def ask_page(ask: dict[str, Any]) -> str:
    return f"{PAGE}/{ask['id']}"


def phone(desk: Desk, ask: dict[str, Any], **form: str) -> Response:
    here = f"{ask_page(ask)}/phoned"
    return fill(desk, here, here, **{"patient_id": ask["patient_id"]} | form)


@pytest.fixture(name="at")
def signing_in_later(
    app: FastAPI, here: Api, clinic: Clinic, clock: time_machine.Traveller
) -> SignIn:
    """Somebody who signs in so many hours after the visit."""
    del here

    def sign_in(hours: float, scopes: Iterable[Scope] = Scope) -> Desk:
        clock.move_to(ENDED_AT + hours * HOUR)
        return Desk(app, base_url="https://clinic.example").let_in(clinic, scopes)

    return sign_in


@pytest.fixture(name="ask")
def an_ask_that_was_sent_and_reminded(
    here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> dict[str, Any]:
    asked(here)
    for hours in (24, 48):
        clock.move_to(ENDED_AT + hours * HOUR)
        send(clinic)
    assert len(box.mails) == 2
    return only(here)


@pytest.mark.alike
def test_every_reason_has_words() -> None:
    assert set(words_of(AskReason)) < set(REASONS)


def test_nobody_is_due_a_call_before_the_reminder_has_gone_unanswered(
    at: SignIn, here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    _, ask = asked(here)
    desk = at(1)
    assert "Nobody is due a call" in desk.get(PAGE).text
    assert "to call" not in words(desk.get("/console").text)
    assert ask["id"] in desk.get(f"{PAGE}?show=due").text
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    desk = at(25)
    assert "Nobody is due a call" in desk.get(PAGE).text
    clock.move_to(ENDED_AT + 2 * DAY)
    send(clinic)
    assert len(box.mails) == 2
    desk = at(49)
    page = desk.get(PAGE)
    assert ask["id"] in page.text
    told = words(page.text)
    assert "Follow-ups 1 to call" in told
    assert "Sent, no answer yet. The reminder has gone, too." in told
    assert "2 messages so far" in told


def test_the_chart_and_the_list_say_quietly_who_has_not_answered(
    at: SignIn, ask: dict[str, Any]
) -> None:
    desk = at(50)
    assert "No answer" in words(desk.get("/console").text)
    chart = words(desk.get(f"/console/patients/{ask['patient_id']}").text)
    assert "No answer after the visit of 2026-11-20: call" in chart
    assert "Asked by e-mail at ana@example.org , since 2026-11-20" in chart
    assert phone(desk, ask, **NORMAL).status_code == 303
    for path in ("", f"/patients/{ask['patient_id']}"):
        assert "No answer" not in words(desk.get(f"/console{path}").text)


def test_the_chart_says_that_messages_were_stopped_or_never_wanted(at: SignIn, here: Api) -> None:
    patient = here.patient()["id"]
    desk = at(1)
    place = f"/console/patients/{patient}"
    assert "Messages No consent" in words(desk.get(place).text)
    consent(here, patient)
    stop(here, patient)
    assert "Messages Stopped 2026-11-20" in words(desk.get(place).text)


def test_a_consent_to_messages_is_given_and_withdrawn_on_the_chart(at: SignIn, here: Api) -> None:
    patient = here.patient()["id"]
    signed(here, patient)
    desk = at(1)
    place = f"/console/patients/{patient}"
    form = {"patient_id": patient, "address": "ana@example.org", "given_by": "The patient"}
    wrong = fill(desk, f"{place}/messages", place, **form | {"address": "nobody"})
    assert wrong.status_code == 422
    for _ in range(2):
        given = fill(desk, f"{place}/messages", place, **form, form_id="one")
        assert given.status_code == 303
    assert "Asked by e-mail at ana@example.org" in words(desk.get(place).text)
    [consent] = here.get(f"/v1/consents?patient_id={patient}").json()["items"]
    assert (consent["kind"], consent["given_by"]) == ("messages", "The patient")
    assert consent["obtained_by"] == "test"
    assert only(here)["status"] == "due"
    other = fill(desk, f"{place}/messages/stop", place, patient_id=str(uuid4()))
    assert other.status_code == 409
    stopped = fill(desk, f"{place}/messages/stop", place, patient_id=patient)
    assert stopped.status_code == 303
    assert "Messages Stopped 2026-11-20" in words(desk.get(place).text)
    assert (only(here)["status"], only(here)["reason"]) == ("cancelled", "stopped")


def test_what_a_patient_says_on_the_telephone_answers_the_ask(
    at: SignIn, here: Api, ask: dict[str, Any]
) -> None:
    desk = at(50)
    assert phone(desk, ask, **NORMAL, comment="A little stiff.").status_code == 303
    [told] = here.get(f"/v1/sessions/{ask['session_id']}/follow-ups").json()["items"]
    said = {name: told[name] for name in ("soreness", "change", "bruising", "comment", "source")}
    assert said == {
        "soreness": 4,
        "change": "better",
        "bruising": False,
        "comment": "A little stiff.",
        "source": "practitioner",
    }
    assert (told["red_flags"], told["window"]) == ([], "h48")
    assert only(here)["status"] == "answered"
    page = words(desk.get(ask_page(ask)).text)
    assert "Answered." in page
    assert "4 of 10" in page
    assert "Nobody is due a call" in desk.get(PAGE).text


def test_a_red_flag_on_the_telephone_raises_the_alert_and_says_what_to_do(
    at: SignIn, here: Api, ask: dict[str, Any]
) -> None:
    desk = at(50)
    version = here.get("/v1/clinic").json()["version"]
    held = {"If-Match": f'"{version}"'}
    here("PATCH", "/v1/clinic", json={"emergency_number": "911"}, headers=held)
    form = {"soreness": "2", "flag_breathlessness": "yes", "form_id": "one"}
    for _ in range(2):  # a double click
        answer = phone(desk, ask, **form)
        assert answer.status_code == 303
    page = words(desk.get(answer.headers["location"]).text)
    assert "Alert: breathlessness" in page
    assert "calls 911" in page
    [alert] = here.get("/v1/alerts?status=open").json()["items"]
    assert alert["reasons"] == ["breathlessness"]
    asked = desk.get(ask_page(ask)).text
    assert f'href="/console/alerts/{alert["id"]}"' in asked
    assert "Act now: breathlessness" in words(asked)


def test_the_front_desk_phones_about_a_day_and_stores_the_red_flag_that_it_hears(
    at: SignIn, here: Api, ask: dict[str, Any]
) -> None:
    person = here.get(f"/v1/patients/{ask['patient_id']}").json()
    here.change(person, "/v1/patients", language="fa")
    fran = at(50, ROLES["front-desk"])
    for place in (PAGE, ask_page(ask), f"{ask_page(ask)}/phoned"):
        page = words(fran.get(place).text)
        assert "Visit of 2026-11-20, treated by Dana Demo" in page
        assert "Speaks: Persian" in page
    shown = fran.get(ask_page(ask)).text
    first = shown.index("Phoned: enter what they say")
    assert first < shown.find("Send the message again") or "Send the message" not in shown
    assert phone(fran, ask, soreness="2", flag_breathlessness="yes").status_code == 303
    assert "Act now: breathlessness" in words(fran.get(ask_page(ask)).text)
    [alert] = here.get("/v1/alerts?status=open").json()["items"]
    assert alert["reasons"] == ["breathlessness"]
    auditor = at(51, ROLES["auditor"])
    assert "phoned" not in auditor.get(ask_page(ask)).text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"soreness": "4"}, "Tick “none of these” if there are none"),
        ({**NORMAL, "flag_fainting": "yes"}, "You ticked a sign of danger and “none of these”"),
        ({"none_of_these": "yes"}, "Ask how sore they are now"),
        ({**NORMAL, "soreness": "11"}, "Give at most 10."),
        ({**NORMAL, "soreness": "²"}, "Give a whole number."),
        ({**NORMAL, "bruising": "perhaps"}, "Choose yes or no."),
        ({**NORMAL, "change": "great"}, "much worse"),
        ({**NORMAL, "reported_at": "yesterday"}, "Give a day and a time"),
        ({**NORMAL, "reported_at": "2031-01-01T10:00"}, "ahead"),
        ({**NORMAL, "comment": "x" * 5_000}, "characters"),
    ],
)
def test_a_report_that_can_t_be_stored_comes_back_with_what_was_typed(
    at: SignIn, here: Api, ask: dict[str, Any], form: dict[str, str], said: str
) -> None:
    desk = at(50)
    answer = phone(desk, ask, **{"comment": "Typed & kept."} | form)
    assert answer.status_code == 422
    assert said in words(answer.text)
    assert form.get("comment", "Typed &amp; kept.") in answer.text
    if form.get("soreness") == "4":
        assert 'value="4" checked' in answer.text
    assert here.get(f"/v1/sessions/{ask['session_id']}/follow-ups").json()["items"] == []


def test_the_time_of_a_call_is_by_the_clinic_s_clock(
    at: SignIn, here: Api, ask: dict[str, Any]
) -> None:
    desk = at(50)
    assert phone(desk, ask, **NORMAL, reported_at="2026-11-22T09:30").status_code == 303
    [told] = here.get(f"/v1/sessions/{ask['session_id']}/follow-ups").json()["items"]
    assert told["reported_at"] in {"2026-11-22T09:30:00-08:00", "2026-11-22T17:30:00Z"}


def test_a_person_sends_again_cancels_and_reads_why_not(
    at: SignIn, here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    _, ask = asked(here)
    place, whose = ask_page(ask), {"patient_id": ask["patient_id"]}
    desk = at(1)
    assert "less than 18 hours since the visit" in words(desk.get(place).text)
    early = fill(desk, f"{place}/send", place, **whose)
    assert early.status_code == 409
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    desk = at(25)
    assert "Send the message again" in desk.get(place).text
    assert fill(desk, f"{place}/send", place, **whose).status_code == 303
    send(clinic)
    assert len(box.mails) == 2
    assert "Sent again" in words(desk.get(place).text)
    assert fill(desk, f"{place}/cancel", place, **whose).status_code == 422
    done = fill(desk, f"{place}/cancel", place, **whose, note="She called & is well.")
    assert done.status_code == 303
    page = words(desk.get(place).text)
    assert "Somebody here cancelled it. She called & is well." in page
    again = fill(desk, f"{place}/cancel", place, **whose, note="Twice.")
    assert again.status_code == 409


def test_a_form_for_another_patient_changes_nothing(
    at: SignIn, here: Api, ask: dict[str, Any]
) -> None:
    desk = at(50)
    place = ask_page(ask)
    for path, form in (("send", {}), ("cancel", {"note": "x"}), ("phoned", NORMAL)):
        wrong = {"patient_id": str(uuid4()), **form}
        assert fill(desk, f"{place}/{path}", place, **wrong).status_code == 409
    assert only(here)["version"] == ask["version"]


def test_each_list_opens_and_counts_what_it_has(at: SignIn, here: Api, ask: dict[str, Any]) -> None:
    desk = at(50)
    report(here, {"id": ask["session_id"]}, reported_at="2026-11-22T09:30:00-08:00")
    for show, (label, _) in TABS.items():
        page = desk.get(f"{PAGE}?show={show}")
        assert page.status_code == 200
        assert (ask["id"] in page.text) == (show == "answered"), show
        assert f"{label} {int(show == 'answered')}" in words(page.text)
    assert desk.get(f"{PAGE}?show=lost").status_code == 422


def test_a_list_goes_on_with_earlier_ones(
    at: SignIn, here: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.console.follow_up_pages.AT_ONCE", 1)
    for day in range(2):
        patient = here.patient()["id"]
        consent(here, patient)
        signed(here, patient, occurred_at=f"2026-11-20T10:0{day}:00-08:00")
    newest = [ask["id"] for ask in asks(here)]
    desk = at(1)
    first = desk.get(f"{PAGE}?show=due").text
    assert newest[0] in first
    assert newest[1] not in first
    cursor = first.split("cursor=")[1].split('"')[0]
    assert newest[1] in desk.get(f"{PAGE}?show=due&cursor={cursor}").text


def test_people_see_and_do_what_their_scopes_allow(at: SignIn, ask: dict[str, Any]) -> None:
    reader = at(50, [Scope.ASKS_READ, Scope.PROGRESS_READ])
    page = reader.get(ask_page(ask))
    assert page.status_code == 200
    for hidden in ("2026-11-20 10:00", "Send the message again", "Phoned: enter", "ana@"):
        assert hidden not in page.text
    assert reader.get(f"{ask_page(ask)}/phoned").status_code == 403
    other = at(50, [Scope.PATIENTS_READ])
    assert other.get(PAGE).status_code == 403
    assert "Follow-ups" not in other.get("/console").text


def test_what_another_clinic_asks_is_not_found(at: SignIn, other_api: Api) -> None:
    _, ask = asked(other_api)
    desk = at(1)
    assert desk.get(ask_page(ask)).status_code == 404
    assert phone(desk, ask, **NORMAL).status_code == 404


def test_not_me_is_to_call_until_somebody_confirms_the_address(
    at: SignIn, here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    _, ask = asked(here)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    clock.move_to(ENDED_AT + DAY + HOUR)
    say_not_me(clinic, box)
    desk = at(26)
    told = words(desk.get(PAGE).text)
    assert "Follow-ups 1 to call" in told
    assert "Somebody else got the message. Ask the patient for the right address" in told
    place = f"/console/patients/{ask['patient_id']}"
    chart = words(desk.get(place).text)
    assert "Somebody else got the message after the visit of 2026-11-20: call" in chart
    assert "Somebody else got a message at ana@example.org" in chart
    assert "To call" in words(desk.get("/console").text)
    shown = desk.get(f"{PAGE}/{ask['id']}").text
    assert "Send the message again" not in shown
    form = {"patient_id": ask["patient_id"], "address": "b@example.org", "given_by": "The patient"}
    assert fill(desk, f"{place}/messages", place, **form).status_code == 303
    assert "Nobody is due a call" in desk.get(PAGE).text
    assert "Somebody else" not in words(desk.get(place).text)


def test_a_person_who_sends_early_neither_takes_the_reminder_away_nor_has_to_call(
    at: SignIn, here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    _, ask = asked(here)
    clock.move_to(ENDED_AT + 19 * HOUR)
    assert here.post(f"/v1/asks/{ask['id']}/send").status_code == 200
    send(clinic)
    desk = at(19)
    assert "Nobody is due a call" in desk.get(PAGE).text
    assert "The reminder has gone" not in words(desk.get(f"{PAGE}/{ask['id']}").text)
    clock.move_to(ENDED_AT + 2 * DAY)
    send(clinic)
    assert len(box.mails) == 2
    desk = at(49)
    assert "The reminder has gone, too." in words(desk.get(PAGE).text)


def test_a_message_sent_again_late_stands_for_the_reminder_and_the_page_claims_none(
    at: SignIn, here: Api, clinic: Clinic, clock: time_machine.Traveller, box: Mailbox
) -> None:
    _, ask = asked(here)
    clock.move_to(ENDED_AT + DAY)
    send(clinic)
    clock.move_to(ENDED_AT + 40 * HOUR)
    assert here.post(f"/v1/asks/{ask['id']}/send").status_code == 200
    send(clinic)
    desk = at(41)
    assert "Sent, no answer yet. No reminder follows." in words(desk.get(PAGE).text)
    clock.move_to(ENDED_AT + 2 * DAY)
    send(clinic)
    assert len(box.mails) == 2
