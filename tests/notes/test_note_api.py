"""`GET /v1/sessions/{id}/note`: forms, languages, states, rights and access."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.core.values.access import CLINICAL_READS, Scope
from app.core.values.clock import now
from app.notes.rules.compared import completed
from app.records import marks
from app.sessions.service import SESSIONS
from app.sessions.views import NeedlingView, SessionView
from tests.ground import Api, Clinic
from tests.notes.visits import beside, changed, note, overridden, people, section, session
from tests.transfer.exported import NDJSON

NOT_SHOWN = "not shown to this client"


def ask(api: Api, of: dict[str, Any], query: str = "", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.get(f"/v1/sessions/{of['id']}/note{query}", headers=named)


def head(api: Api, of: dict[str, Any]) -> list[str]:
    return note(api, of).split("\n\n")[1].split("\n")


@pytest.mark.parametrize(
    ("accept", "media", "begins"),
    [
        ("*/*", "text/plain", "Session of 2026-11-01 18:00\n"),
        ("text/markdown", "text/markdown", "# Session of 2026-11-01 18:00\n"),
        ("text/html;q=0.5, text/plain;q=0.4", "text/html", "<!doctype html>\n"),
    ],
)
def test_accept_chooses_the_form(api: Api, accept: str, media: str, begins: str) -> None:
    answer = ask(api, api.session(), Accept=accept)
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert {"Accept", "Accept-Language"} <= set(answer.headers["vary"].split(", "))
    assert answer.text.startswith(begins)


def test_another_form_is_refused_with_the_ones_that_there_are(api: Api) -> None:
    answer = ask(api, api.session(), Accept="application/json, text/plain;q=0")
    assert (answer.status_code, answer.json()["type"]) == (406, "/problems/not-acceptable")
    assert answer.json()["media"] == ["text/plain", "text/markdown", "text/html"]


@pytest.mark.parametrize(
    ("query", "wanted", "tag"),
    [
        ("", "", "en"),
        ("", "fr-CA, en;q=0.5", "fr"),
        ("", "en;q=0.5, fr;q=0.4", "en"),
        ("", "de, *", "en"),
        ("?language=fr", "en", "fr"),
        ("?language=FR-ch", "", "fr"),
        ("?language=en-CA", "fr", "en"),
    ],
)
def test_the_language_is_the_one_asked_for_or_the_first_that_is_wanted(
    api: Api, query: str, wanted: str, tag: str
) -> None:
    answer = ask(api, api.session(), query, Accept_Language=wanted, Accept="text/html")
    assert answer.headers["content-language"] == tag
    assert f'<html lang="{tag}" dir="ltr">' in answer.text


def test_a_language_that_no_note_has_is_refused_with_those_that_there_are(api: Api) -> None:
    answer = ask(api, api.session(), "?language=de")
    [fault] = answer.json()["errors"]
    assert (answer.status_code, fault["code"], fault["in"]) == (422, "unknown_language", "query")
    assert "en, fr" in fault["detail"]


def test_a_client_that_has_the_note_already_gets_304(api: Api) -> None:
    made = api.session()
    first = ask(api, made)
    held = ask(api, made, If_None_Match=first.headers["etag"])
    assert (held.status_code, held.content) == (304, b"")
    french = ask(api, made, "?language=fr", If_None_Match=first.headers["etag"])
    assert french.status_code == 200


def test_times_are_those_of_the_clinics_zone_with_the_offset_where_it_differs(api: Api) -> None:
    made = api.session(occurred_at="2026-03-07T12:00:00-08:00", **people(api))
    api.create(
        f"/v1/sessions/{made['id']}/follow-ups", reported_at="2026-03-08T20:00:00Z", soreness=1
    )
    said = note(api, made)
    assert "Visit: 2026-03-07 12:00 (America/Vancouver, UTC-08:00)" in said
    [line] = section(said, "Follow-ups")
    assert line.startswith("2026-03-08 13:00 (UTC-07:00), 24 h after the visit")


def test_a_signed_note_names_the_signer_and_what_was_overridden(api: Api) -> None:
    made = session(api)
    signed = overridden(api, made)
    at, *_ = [line for line in head(api, signed) if line.startswith("Signed 20")]
    assert at.endswith(" by test for Dana Demo")
    assert [line for line in head(api, signed) if line.startswith("Signed in spite")] == [
        (
            "Signed in spite of: the depth exceeds the needle's length"
            " (R multifidus, cervical part, C5): The skin was compressed."
        ),
        "Signed in spite of: a muscle of a limb has no midline (midline soleus): Both calves.",
    ]


def test_an_amended_note_names_each_amendment_with_its_reason(api: Api) -> None:
    signed = changed(api, api.session(), "sign", {})
    for kind in ("correction", "addendum"):
        body = {"reason": f"R: {kind}.", "kind": kind, "changes": {"plan": kind}}
        signed = changed(api, signed, "amend", body)
    said = [line for line in head(api, signed) if line.startswith("Amended")]
    assert [re.sub("20[0-9: -]{14}", "AT", line) for line in said] == [
        "Amended (version 3, AT, by test), correction: R: correction.",
        "Amended (version 4, AT, by test), addendum: R: addendum.",
    ]
    assert section(note(api, signed), "Plan") == ["addendum"]


def test_an_amended_note_says_which_parts_each_amendment_changed_without_codes(api: Api) -> None:
    made = api.session()
    signed = changed(api, made, "sign", {})
    needling = {"muscle": "soleus", "side": "right"}
    for changes in ({"plan": "B", "duration_min": 30, "needlings": [needling]}, {"note": "C"}):
        body = {"reason": "R.", "kind": "correction", "changes": changes}
        signed = changed(api, signed, "amend", body)
    parts = [line for line in head(api, signed) if line.startswith("Changed")]
    assert parts == [
        "Changed by version 3: Visit; Needling; Plan",
        "Changed by version 4: Note",
    ]
    french = ask(api, signed, "?language=fr").text
    assert re.search(r"Modifié par la version 3\W+Visite; Puncture; Plan\n", french)


def test_the_note_of_an_earlier_version_says_what_it_said_then_and_that_it_is_earlier(
    api: Api,
) -> None:
    signed = changed(api, api.session(plan="A"), "sign", {})
    body = {"reason": "R.", "kind": "correction", "changes": {"plan": "B"}}
    amended = changed(api, signed, "amend", body)
    first, second, third = (ask(api, amended, f"?version={n}").text for n in (1, 2, 3))
    assert [section(text, "Plan") for text in (first, second, third)] == [["A"], ["A"], ["B"]]
    assert "Draft, not signed" in first
    assert "Signed 20" in second
    assert "Amended" not in second
    assert third == ask(api, amended).text
    for number, text in ((1, first), (2, second)):
        said = f"Version {number} of 3: later changes are not in this note"
        assert text.split("\n\n")[1].split("\n")[0] == said
        assert f"version {number}" in text.rstrip("\n").split("\n")[-1]


def test_the_note_of_an_earlier_version_is_a_disclosure_and_a_version_that_is_not_there_is_404(
    api: Api,
) -> None:
    made = api.session()
    for query, status in (("?version=2", 404), ("?version=0", 422), ("?version=1", 200)):
        assert ask(api, made, query).status_code == status
    seen = api.get(f"/v1/patients/{made['patient_id']}/disclosures").json()["items"]
    assert [each["version"] for each in seen if each["operation"] == "sessions.note"] == [1]


def test_an_older_version_has_the_members_that_were_added_since(api: Api) -> None:
    now_ = SESSIONS.from_json(api.session())
    older = {name: value for name, value in now_.items() if name not in {"findings", "plan"}}
    older["needlings"] = [{"muscle": "soleus", "side": "left"}]
    whole = completed(older, SessionView)
    assert (whole["findings"], whole["plan"]) == ([], None)
    assert whole["needlings"][0].keys() == NeedlingView.__annotations__.keys()


def test_a_void_note_says_so_first_with_the_reason_and_keeps_its_content(api: Api) -> None:
    void = changed(api, api.session(), "void", {"reason": "Wrong patient."})
    first, *_ = head(api, void)
    assert first.startswith("Void, this session does not count (since 20")
    assert first.endswith("), voided by test: Wrong patient.")
    assert section(note(api, void), "Needling")[0].startswith("L infraspinatus")
    assert "Draft" not in note(api, void)


def test_a_late_entry_says_when_it_was_recorded_and_another_visit_does_not(api: Api) -> None:
    assert any(line.startswith("Late entry: recorded 20") for line in head(api, api.session()))
    soon = api.session(occurred_at=(now() - timedelta(hours=1)).isoformat())
    assert not any("Late entry" in line for line in head(api, soon))


def test_an_imported_note_says_so_with_its_signature_as_written_and_its_warnings(api: Api) -> None:
    made = session(api)
    row = {
        "type": "session",
        **{name: made[name] for name in ("patient_id", "practitioner_id", "episode_id")},
        "occurred_at": "2026-11-05T10:00:00-08:00",
        "technique": "gunn_ims",
        "needlings": [
            {"muscle": "soleus", "side": "left", "needle": {"length_mm": 30}, "depth_mm": 35}
        ],
        "status": "signed",
        "signed_at": "2026-11-05T12:00:00-08:00",
        "signed_by": "client: Dr. Old",
    }
    report = api("POST", "/v1/imports", content=json.dumps(row).encode(), headers=NDJSON).json()
    assert report["created"] == 1, report
    found = api.get("/v1/sessions?occurred_to=2026-11-06T00:00:00Z").json()["items"]
    said = head(api, found[0])
    assert said[0] == "Signed 2026-11-05 12:00 by client: Dr. Old"
    assert re.fullmatch(r"Imported from another system 20[0-9: -]+ by test", said[1])
    assert sorted(line for line in said if line.startswith("Not explained")) == [
        "Not explained: the depth exceeds the needle's length (L soleus)",
        "Not explained: the needles weren't counted",
    ]


def test_the_scope_of_sessions_alone_gets_the_session_and_no_other_record(
    api: Api, clinic: Clinic
) -> None:
    made = session(api)
    beside(api, made)
    signed = overridden(api, made)
    said = note(Api(api.wire, clinic.key([Scope.SESSIONS_READ])), signed)
    lines = said.split("\n")
    assert f"Patient: {NOT_SHOWN}" in lines
    assert f"Episode: {NOT_SHOWN}" in lines
    assert any(line.startswith(f"Practitioner: {NOT_SHOWN}; Gunn IMS") for line in lines)
    assert any(
        line.endswith(
            "by somebody whose name is not shown to this client for somebody"
            " whose name is not shown to this client"
        )
        for line in lines
    )
    for title in ("Consent", "Screening", "Follow-ups", "Adverse events"):
        assert section(said, title) == [NOT_SHOWN]
    assert section(said, "Measurements beside the session") == [NOT_SHOWN]
    for hidden in ("Núñez", "Dana", "Shoulder stiff", "Thin skin", "Short needles", "Slept well"):
        assert hidden not in said


@pytest.mark.alike
@pytest.mark.parametrize(
    ("scope", "hidden"),
    [
        (Scope.PATIENTS_READ, "Núñez"),
        (Scope.PRACTITIONERS_READ, "Dana"),
        (Scope.EPISODES_READ, "Shoulder stiff"),
        (Scope.CONSENTS_READ, "Thin skin"),
        (Scope.SCREENINGS_READ, "Short needles"),
        (Scope.FOLLOW_UPS_READ, "Slept well"),
        (Scope.MEASUREMENTS_READ, "5.25/10"),
        (Scope.ADVERSE_EVENTS_READ, "Large, blue"),
    ],
)
def test_each_record_needs_the_scope_of_its_kind(
    api: Api, clinic: Clinic, scope: Scope, hidden: str
) -> None:
    made = session(api)
    beside(api, made)
    without = note(Api(api.wire, clinic.key(CLINICAL_READS - {scope})), made)
    assert hidden in note(api, made)
    assert hidden not in without
    assert without.count(NOT_SHOWN) >= 1


def test_a_note_is_one_access_to_the_session(api: Api, clinic: Clinic) -> None:
    made = session(api)
    beside(api, made)
    reader = Api(api.wire, clinic.key(CLINICAL_READS))
    assert ask(reader, made).status_code == 200
    page = f"/v1/patients/{made['patient_id']}/disclosures?limit=1"
    [entry] = api.get(page).json()["items"]
    assert (entry["operation"], entry["resource"]) == ("sessions.note", "sessions")
    assert (entry["resource_id"], entry["version"]) == (made["id"], 1)
    more = api.get("/v1/audit/entries?operation=sessions.note").json()["items"]
    assert len(more) == 1


def test_a_refused_note_is_no_access(api: Api) -> None:
    made = api.session()
    assert ask(api, made, Accept="image/png").status_code == 406
    assert api.get("/v1/audit/entries?operation=sessions.note").json()["items"] == []


def test_a_consent_is_the_last_word_on_its_kind_by_the_end_of_the_visit(api: Api) -> None:
    own = people(api)
    made = session(api, **own, identifiers=[])
    said = {
        "given": "2026-11-20T09:00:00-08:00",
        "refused": "2026-11-20T10:30:00-08:00",
        "withdrawn": "2026-11-20T11:30:00-08:00",
    }
    for decision, at in said.items():
        api.create(
            "/v1/consents",
            patient_id=own["patient_id"],
            kind="needling",
            decision=decision,
            form="verbal",
            given_by="Ana",
            obtained_by="Dana",
            obtained_at=at,
            **({"withdrawn_at": at} if decision == "withdrawn" else {}),
        )
    [line] = section(note(api, made), "Consent")
    assert line.startswith("Consent to needling: refused, verbal; 2026-11-20 10:30")


def test_a_consent_to_another_episode_or_to_data_is_not_shown(api: Api) -> None:
    own = people(api)
    made = session(api, **own, identifiers=[])
    elsewhere = api.create(
        "/v1/episodes",
        patient_id=own["patient_id"],
        complaint="Knee",
        opened_at="2026-11-01T09:00:00-07:00",
    )["id"]
    for kind, episode in (("needling", elsewhere), ("data_use", None)):
        api.create(
            "/v1/consents",
            patient_id=own["patient_id"],
            episode_id=episode,
            kind=kind,
            decision="given",
            form="verbal",
            given_by="Ana",
            obtained_by="Dana",
            obtained_at="2026-11-20T09:00:00-08:00",
        )
    assert "Consent to" not in note(api, made)


def test_a_note_of_a_record_that_differs_from_the_ledger_warns(api: Api, clinic: Clinic) -> None:
    made = api.session()
    marks.remember(clinic.id, [("sessions", UUID(made["id"]))])
    try:
        answer = ask(api, made)
    finally:
        marks.remember(clinic.id, [])
    assert answer.headers["needlework-differs"] == made["id"]
    assert answer.text.split("\n")[2].startswith("Warning: a record of this note is not as")
