"""Requests for chart summaries, and the records that they need."""

from typing import Any

from httpx2 import Response

from tests.ground import Api

AT = "2026-11-01T10:00:00-08:00"
COUNT = {"opened": 1, "inserted": 1, "removed": 1, "disposed": 1}
PHYSICIAN = {"kind": "physician", "name": "Dr. A. Example"}


def asked(**more: Any) -> dict[str, Any]:
    """The body of a request, for the patient unless `more` names another `recipient`."""
    return {"recipient": {"kind": "patient"}, "purpose": "To read it at home", **more}


def released(api: Api, patient_id: str, **more: Any) -> Response:
    """The answer to a request for a summary."""
    return api.post(f"/v1/patients/{patient_id}/chart-summaries", asked(**more))


def pdf(api: Api, patient_id: str, **more: Any) -> bytes:
    """The PDF of a summary, whose release must succeed."""
    answer = released(api, patient_id, **more)
    assert answer.status_code == 200, answer.text
    return answer.content


def consent(api: Api, patient_id: str, **more: Any) -> dict[str, Any]:
    """Record a consent to the use of data, given unless `more` says otherwise."""
    given = {
        "patient_id": patient_id,
        "kind": "data_use",
        "decision": "given",
        "form": "written",
        "given_by": "The patient",
        "obtained_by": "Dana Demo",
        "obtained_at": AT,
    }
    return api.create("/v1/consents", **(given | more))


def signed(api: Api, **body: Any) -> dict[str, Any]:
    """Create a session and sign it."""
    return changed(api, api.session(**body), "sign")


def changed(api: Api, session: dict[str, Any], how: str, **body: Any) -> dict[str, Any]:
    """Act on a session; gives the session afterwards."""
    tag = {"If-Match": f'"{session["version"]}"'}
    answer = api.post(f"/v1/sessions/{session['id']}/{how}", body or None, headers=tag)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
