"""The consent to messages, the day of death, and a clinic's quiet hours."""

from typing import Any
from uuid import UUID

import pytest

from app.asks.queries import shares_address
from tests.asks.asked import OCCURRED_AT, asked, consent, draft
from tests.ground import Api, Clinic
from tests.sweeps.test_statements import listening

GIVEN = {"kind": "messages", "decision": "given", "form": "verbal", "given_by": "P"}
GIVEN |= {"obtained_by": "D", "obtained_at": OCCURRED_AT}


def faults(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [("/channel", "channel_missing"), ("/address", "address_missing")]),
        ({"channel": "email", "address": "ana at home"}, [("/address", "email_address")]),
        ({"channel": "email", "address": " "}, [("/address", "blank")]),
        (
            {"kind": "needling", "channel": "email", "address": "ana@example.org"},
            [("/channel", "not_of_messages"), ("/address", "not_of_messages")],
        ),
        ({"channel": "sms", "address": "1"}, [("/channel", "literal_error")]),
    ],
)
def test_a_consent_to_messages_says_how_they_reach_the_patient(
    api: Api, changes: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    body = GIVEN | {"patient_id": api.patient()["id"]} | changes
    assert faults(api.post("/v1/consents", body)) == expected


def test_a_withdrawal_needs_no_address(api: Api) -> None:
    body = GIVEN | {"patient_id": api.patient()["id"], "decision": "withdrawn"}
    made = api.create("/v1/consents", **body, withdrawn_at=OCCURRED_AT)
    assert (made["channel"], made["address"]) == (None, None)


@pytest.mark.parametrize(
    ("channel", "one", "other", "is_shared"),
    [
        ("email", "ana@example.org", "Ana@Example.org", True),
        ("post", "+1 604 555 0123", "+1 (604) 555-0123", True),
        ("post", "+1 604 555 0123", "+1 604 555 0124", False),
        ("email", "ana@example.org", "a.na@example.org", False),
    ],
)
def test_patients_who_share_an_address_are_known(
    here: Api, clinic: Clinic, channel: Any, one: str, other: str, *, is_shared: bool
) -> None:
    mother, child = here.patient(), here.patient()
    consent(here, mother["id"], channel=channel, address=one)
    consent(here, child["id"], channel=channel, address=other)
    op = clinic.operation()
    with clinic.database.reading(clinic.id) as db:
        op.begin(db)
        assert shares_address(op, UUID(mother["id"]), channel, one) is is_shared


@pytest.mark.parametrize(
    ("deceased_on", "code"),
    [("2999-01-01", "year_out_of_range"), ("2190-01-01", "in_the_future")],
)
def test_nobody_dies_in_the_future(api: Api, deceased_on: str, code: str) -> None:
    answer = api.post("/v1/patients", {"deceased_on": deceased_on})
    assert faults(answer) == [("/deceased_on", code)]


def test_nobody_dies_before_their_birth(api: Api) -> None:
    born = {"birth_date": "1990-05"}
    answer = api.post("/v1/patients", born | {"deceased_on": "1990-04-30"})
    assert faults(answer) == [("/deceased_on", "before_birth")]
    assert api.patient(**born, deceased_on="1990-05-01")["deceased_on"] == "1990-05-01"


def test_quiet_hours_leave_a_time_of_the_day(api: Api) -> None:
    held = {"If-Match": api.get("/v1/clinic").headers["etag"]}
    body = {"quiet_hours": {"from": "21:00", "to": "21:00"}}
    answer = api("PATCH", "/v1/clinic", json=body, headers=held)
    assert faults(answer) == [("/quiet_hours/to", "always_quiet")]


def test_a_draft_costs_no_query_about_asks(here: Api, clinic: Clinic) -> None:
    session, _ = asked(here)
    with listening(clinic.database) as heard:
        made = draft(here, session["patient_id"], practitioner_id=session["practitioner_id"])
        here.change(made, "/v1/sessions", note="More.")
    about = ("asks", "outbox", "FROM consents", "alerts")
    assert [text for text, _ in heard if any(name in text for name in about)] == []


def test_signing_without_a_consent_to_messages_costs_one_query(here: Api, clinic: Clinic) -> None:
    made = draft(here, here.patient()["id"])
    with listening(clinic.database) as heard:
        held = {"If-Match": '"1"'}
        here.post(f"/v1/sessions/{made['id']}/sign", headers=held)
    about = [text for text, _ in heard if "consents.address" in text or "FROM asks" in text]
    assert len(about) == 1
