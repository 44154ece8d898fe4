"""A chart is released only with consent or a reason, and the ledger records it before."""

import sys
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from app.core.values.access import Scope
from app.core.values.clock import uuid7
from app.summaries import printing, queries
from tests.ground import Api, Clinic
from tests.ledger.attacker import history
from tests.ledger.test_reads import access_entries, locked_ledger
from tests.summaries.charts import AT, PHYSICIAN, consent, pdf, released
from tests.summaries.reading import Paper

# Printing and consent don't depend on the database.
pytestmark = pytest.mark.alike

NOBODY_NAMED = ("Quetzal", "1988-04-12", "P-1001")


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def patient(api: Api) -> str:
    identifiers = [{"system": "urn:example:emr", "value": f"P-1001-{uuid7()}"}]
    made = api.patient(given_name="Quetzal", birth_date="1988-04-12", identifiers=identifiers)
    return str(made["id"])


def test_a_patient_gets_their_own_chart_without_a_consent(api: Api) -> None:
    answer = released(api, patient(api))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["cache-control"] == "no-store"
    assert Paper(answer.content).says("the patient's own right of access")


def test_nobody_else_gets_a_chart_without_the_patients_consent(api: Api, clinic: Clinic) -> None:
    whose = patient(api)
    before = history(clinic)
    for kind in ("physician", "insurer", "other"):
        answer = released(api, whose, recipient={"kind": kind, "name": "Somebody"})
        assert problem(answer) == (409, "consent-missing")
    assert history(clinic) == before


def test_a_consent_to_treatment_is_not_a_consent_to_use_data(api: Api) -> None:
    whose = patient(api)
    consent(api, whose, kind="needling")
    assert problem(released(api, whose, recipient=PHYSICIAN)) == (409, "consent-missing")


def test_with_consent_a_chart_is_released_and_names_its_recipient(api: Api) -> None:
    api.live_in("America/Vancouver")
    whose = patient(api)
    consent(api, whose)
    paper = Paper(pdf(api, whose, recipient=PHYSICIAN, purpose="Continuity of care"))
    assert paper.says("Physician: Dr. A. Example")
    assert paper.says("Continuity of care")
    assert paper.says("consent to the use of data, given 2026-11-01 10:00")


def test_a_withdrawn_consent_does_not_count(api: Api) -> None:
    whose = patient(api)
    given = consent(api, whose)
    withdrawn = {"decision": "withdrawn", "withdrawn_at": "2026-11-02T10:00:00-08:00"}
    tag = {"If-Match": '"1"'}
    changed = api("PATCH", f"/v1/consents/{given['id']}", json=withdrawn, headers=tag)
    assert changed.status_code == 200
    assert problem(released(api, whose, recipient=PHYSICIAN)) == (409, "consent-missing")


def test_a_reason_overrides_missing_consent_and_is_printed(api: Api) -> None:
    whose = patient(api)
    reason = "Ordered by the court, file 26-114."
    content = pdf(api, whose, recipient=PHYSICIAN, override_reason=reason)
    assert Paper(content).says(f"a reason that overrides missing consent: {reason}")


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        ({"kind": "physician"}, "recipient_unnamed"),
        ({"kind": "patient", "name": "Quetzal"}, "patient_named"),
    ],
)
def test_every_recipient_except_the_patient_is_named(
    api: Api, recipient: dict[str, str], code: str
) -> None:
    answer = released(api, patient(api), recipient=recipient)
    [fault] = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"], fault["code"]) == (422, "/recipient/name", code)


def test_a_period_does_not_end_before_it_begins(api: Api) -> None:
    ends = {"from": AT, "to": "2026-10-01T00:00:00Z"}
    answer = released(api, patient(api), **ends)
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/to"]


def test_another_patients_episode_is_unknown(api: Api) -> None:
    other = api.create("/v1/episodes", patient_id=patient(api), complaint="Neck pain")
    for id_ in (other["id"], str(uuid7())):
        [fault] = released(api, patient(api), episode_id=id_).json()["errors"]
        assert (fault["pointer"], fault["code"]) == ("/episode_id", "unknown_reference")


def test_another_clinics_patient_is_not_found(api: Api, other_api: Api) -> None:
    answer = released(api, patient(other_api))
    assert problem(answer) == (404, "not-found")
    assert problem(released(api, str(uuid7()))) == (404, "not-found")


def test_one_ledger_entry_names_the_recipient_the_reason_and_the_digests(
    api: Api, clinic: Clinic
) -> None:
    whose = patient(api)
    given = consent(api, whose)
    api.session(patient_id=whose)
    before = len(history(clinic))
    answer = released(api, whose, recipient=PHYSICIAN, purpose="Continuity of care")
    [entry] = history(clinic)[before:]
    assert (entry["kind"], entry["operation"]) == ("access", "chart_summaries.create")
    assert (entry["resource"], entry["resource_id"], entry["patient_id"]) == (
        "patients",
        UUID(whose),
        UUID(whose),
    )
    content, file = answer.headers["chart-digest"], sha256(answer.content).hexdigest()
    assert entry["reason"] == (
        f"To physician Dr. A. Example; for: Continuity of care; consent {given['id']}; "
        f"content sha256 {content}; file sha256 {file}"
    )


def test_the_patients_disclosures_list_it_without_the_patients_name(api: Api) -> None:
    whose = patient(api)
    answer = released(api, whose, override_reason="Asked for by phone.")
    listed = api.get(f"/v1/patients/{whose}/disclosures").json()["items"][0]
    assert listed["operation"] == "chart_summaries.create"
    assert listed["reason"].startswith("To patient; for: To read it at home; override: Asked for")
    assert answer.headers["chart-digest"] in listed["reason"]
    assert not [word for word in NOBODY_NAMED if word in listed["reason"]]


def test_each_page_has_the_digest_of_the_ledger_entry(api: Api) -> None:
    whose = patient(api)
    for n in range(3):
        api.session(patient_id=whose, note=f"{n} " * 2_000)
    answer = released(api, whose)
    paper = Paper(answer.content)
    pages = len(paper.pdf.pages)
    assert pages > 2
    for page in range(pages):
        words = paper.page(page)
        assert f"SHA-256{answer.headers['chart-digest']}" in words
        assert f"Page{page + 1}of{pages}" in words
        assert "Quetzal" in words


def test_the_headers_name_the_digests_and_a_file_without_the_patient(api: Api) -> None:
    answer = released(api, patient(api))
    algorithm, _, digest = answer.headers["content-digest"].partition("=:")
    assert algorithm == "sha-256"
    assert b64decode(digest.removesuffix(":")) == sha256(answer.content).digest()
    name = answer.headers["content-disposition"]
    assert name.startswith('attachment; filename="chart-summary-')
    assert not [word for word in NOBODY_NAMED if word in str(answer.headers)]


def test_nothing_is_released_when_the_ledger_cannot_be_written(api: Api, clinic: Clinic) -> None:
    whose = patient(api)
    before = history(clinic)
    with ThreadPoolExecutor(1) as pool:
        with locked_ledger(clinic):
            answer = pool.submit(released, api, whose).result()
        assert problem(answer) == (503, "unavailable")
        assert answer.headers["content-type"] == "application/problem+json"
        assert history(clinic) == before


def test_showing_another_patients_versions_is_recorded_too(api: Api, clinic: Clinic) -> None:
    """A session that was signed under the wrong patient has versions about that patient."""
    wrong, right = patient(api), patient(api)
    session = api.session(patient_id=wrong)
    tag = {"If-Match": '"1"'}
    path = f"/v1/sessions/{session['id']}"
    api.post(f"{path}/sign", headers=tag)
    moved = {"reason": "Wrong chart.", "kind": "correction", "changes": {"patient_id": right}}
    amended = api.post(f"{path}/amend", moved, headers={"If-Match": '"2"'})
    assert amended.status_code == 200, amended.text
    headers = {"X-Request-Id": "moved"}
    body = {"recipient": {"kind": "patient"}, "purpose": "p"}
    answer = api.post(f"/v1/patients/{right}/chart-summaries", body, headers=headers)
    assert {str(e["patient_id"]) for e in access_entries(clinic, "moved")} == {wrong, right}
    paper = Paper(answer.content)
    assert paper.says("another chart")
    assert wrong not in paper.words()


def test_the_ledger_entry_names_the_emergency_access(api: Api, clinic: Clinic) -> None:
    whose = patient(api)
    tablet = api.practitioners({Scope.CHART_SUMMARIES_WRITE, Scope.EMERGENCY_WRITE})
    begun = tablet.create("/v1/emergency-access", reason="Collapsed.", minutes=5)
    assert released(tablet, whose).status_code == 200
    reason = history(clinic)[-1]["reason"]
    assert reason.startswith(f"emergency {begun['id']}; To patient; for: ")


def test_without_the_extra_the_server_says_what_to_install(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    answer = released(api, patient(api))
    assert problem(answer) == (501, "press-missing")
    assert "extra `pdf`" in answer.json()["detail"]


def test_a_chart_that_is_too_long_is_refused_and_never_shortened(
    api: Api, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    whose = patient(api)
    for day in (1, 2, 3):
        api.session(patient_id=whose, occurred_at=f"2026-11-0{day}T10:00:00Z")
    # The limit in the statement stays: the statement is cached.
    monkeypatch.setattr(queries, "SESSIONS_MAX", 2)
    before = history(clinic)
    assert problem(released(api, whose)) == (422, "chart-too-long")
    shorter = {"from": "2026-11-02T00:00:00Z"}
    assert released(api, whose, **shorter).status_code == 200
    monkeypatch.setattr(printing, "CONTENT_MAX_BYTES", 1_000)
    assert problem(released(api, whose, **shorter)) == (422, "chart-too-long")
    assert len(history(clinic)) == len(before) + 1


def test_releasing_a_chart_needs_its_scope(api: Api, clinic: Clinic) -> None:
    whose = patient(api)
    reader = Api(api.wire, clinic.key(set(Scope) - {Scope.CHART_SUMMARIES_WRITE}))
    assert problem(released(reader, whose)) == (403, "forbidden")
