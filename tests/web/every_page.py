"""Every page of the console for somebody who is signed in, by the application's routes."""

import re
from pathlib import Path
from typing import Any

from httpx2 import Client

from app.core.db.database import Database
from app.main import create_app
from tests.ground import Api

ELSEWHERE = {
    "console.file": "a style sheet, no page",
    "console.export": "a file, no page",
    "console.everything": "a file, no page",
    "console.edit-recipient": "tests/web/test_settings_page.py",
    "console.follow-up": "tests/web/test_follow_ups_in_browser.py",
    "console.phoned-form": "tests/web/test_follow_ups_in_browser.py",
    "console.person": "tests/web/test_access_browser.py",
    "console.end-person-form": "tests/web/test_access_browser.py",
    "console.join-page": "tests/web/test_people_in_browser.py",
    "console.sign-in-page": "tests/web/test_people_in_browser.py",
    "console.sign-in-another": "leads to the page to sign in",
    "console.sign-in-clinic": "tests/web/test_people_in_browser.py",
    "console.oidc": "leads to the identity provider",
    "console.oidc-callback": "leads to the console",
}
"""Pages that need a state of their own, and where they are looked at; and what is no page."""
SAID = {"reported_at": "2026-11-02T10:00:00-08:00", "soreness": 4, "red_flags": ["fainting"]}
CONSENT = {
    "kind": "needling",
    "decision": "given",
    "form": "verbal",
    "given_by": "The patient",
    "obtained_by": "Dana Demo",
}
SCREENING = {
    "rule_set": "ours-1",
    "answers": [],
    "decision": "proceed",
    "decided_by": "Dana Demo",
    "decided_at": "2026-11-01T09:55:00-08:00",
}
EVENT = {
    "kind": "bruise",
    "severity": "mild",
    "expected": True,
    "causality": "probable",
    "occurred_at": "2026-11-01T11:00:00-08:00",
    "description": "A bruise.",
}


def addresses(folder: Path, address: str, key: str) -> list[str]:
    """Return the address of each page, with records that are made for it on a running server."""
    database = Database(f"sqlite:///{folder / 'routes.db'}")
    routes = create_app(database).routes
    database.close()
    with Client(base_url=address) as wire:
        made = _records(Api(wire, key))
    return [
        _address(str(route.path), made)  # type: ignore[attr-defined]
        for route in routes
        if "GET" in (getattr(route, "methods", None) or ())
        and str(getattr(route, "name", "")).startswith("console.")
        and route.name not in ELSEWHERE  # type: ignore[attr-defined]
    ]


def _address(path: str, made: dict[str, str]) -> str:
    """Return the address of a record's page. A finished session alone can be amended."""
    act = path.rpartition("/")[2]
    noun = "signed" if act in {"amend", "void"} else "".join(path.split("/")[2:3])
    return re.sub(r"\{\w+:uuid\}", lambda _: made[noun], path)


def _records(api: Api) -> dict[str, str]:
    """Make a record of each kind that has a page, and return their ids by the noun in the path."""
    patient = api.patient(given_name="Ana", family_name="Berg", birth_date="1988-04-12")["id"]
    person = {"patient_id": patient}
    at = "2026-11-01T09:30:00-08:00"
    episode = api.create("/v1/episodes", **person, complaint="Shoulder pain", goals=["Reach up"])
    treated = person | {"practitioner_id": api.practitioner()["id"], "episode_id": episode["id"]}
    draft = api.session(**treated, plan="Review.")
    signed = api.session(**treated, occurred_at="2026-10-25T10:00:00-08:00")
    held = {"If-Match": f'"{signed["version"]}"'}
    assert api.post(f"/v1/sessions/{signed['id']}/sign", headers=held).status_code == 200
    api.create(f"/v1/sessions/{signed['id']}/follow-ups", **SAID)
    value = {"phase": "before", "instrument": "nprs", "value": 4, "taken_at": at}
    made: dict[str, dict[str, Any]] = {
        "episodes": episode,
        "practitioners": {"id": treated["practitioner_id"]},
        "sessions": draft,
        "signed": signed,
        "consents": api.create("/v1/consents", **person, **CONSENT, obtained_at=at),
        "screenings": api.create("/v1/screenings", session_id=draft["id"], **SCREENING),
        "adverse-events": api.create("/v1/adverse-events", **person, **EVENT),
        "measurements": api.create("/v1/measurements", **person, **value),
        "alerts": api.get("/v1/alerts").json()["items"][0],
    }
    return {"patients": patient, **{noun: record["id"] for noun, record in made.items()}}
