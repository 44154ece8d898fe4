"""Bodies that are valid except in some places."""

import copy
from typing import Any

from httpx2 import Response

from tests.ground import Api
from tests.sweeps.world import World

COLLECTIONS = {
    "patient": ("/v1/patients", "PatientBody"),
    "practitioner": ("/v1/practitioners", "PractitionerBody"),
    "episode": ("/v1/episodes", "EpisodeBody"),
    "session": ("/v1/sessions", "SessionBody"),
    "follow-up": ("/v1/sessions/{session_id}/follow-ups", "FollowUpBody"),
    "measurement": ("/v1/measurements", "MeasurementBody"),
    "consent": ("/v1/consents", "ConsentBody"),
    "screening": ("/v1/screenings", "ScreeningBody"),
    "adverse event": ("/v1/adverse-events", "AdverseEventBody"),
}


def create(api: Api, kind: str, *changes: tuple[str, Any]) -> Response:
    """Create OpenAPI's example with other values in some places, and return the answer."""
    world = World(api)
    path, model = COLLECTIONS[kind]
    body = world.example(model)
    for place, value in changes:
        body = put(body, place, value)
    return api.post(path.format(session_id=world.known("sessions")), body)


def put(body: Any, place: str, value: Any) -> Any:
    """Return a copy of a body with this value at a JSON pointer."""
    changed = copy.deepcopy(body)
    *way, last = place.removeprefix("/").split("/")
    inner = changed
    for step in way:
        if isinstance(inner, dict) and inner.get(step) is None:
            inner[step] = {}
        inner = inner[int(step)] if isinstance(inner, list) else inner[step]
    inner[int(last) if isinstance(inner, list) else last] = value
    return changed


def take(body: Any, place: str) -> Any:
    """Return the value at a JSON pointer."""
    for step in place.removeprefix("/").split("/"):
        body = body[int(step)] if isinstance(body, list) else body[step]
    return body


def faults(answer: Response) -> dict[str, str]:
    """Return the codes of an answer's faults, by pointer."""
    assert answer.status_code == 422, answer.text
    return {error["pointer"]: error["code"] for error in answer.json()["errors"]}
