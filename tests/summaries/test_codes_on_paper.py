"""No code of a record stands on paper: summaries, letters and notes say words, in each language."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from pydantic_core import to_jsonable_python

from app.languages.queries import NOTES, languages
from app.notes.queries import note
from app.notes.rules.codes import CODES
from app.notes.rules.forms import plain
from app.summaries import service
from app.summaries.schemas import ChartSummaryBody, LetterBody, ReleaseBody
from app.vocabularies.queries import ROWS
from tests.ground import Api, Clinic
from tests.notes import visits
from tests.summaries.charts import asked

pytestmark = pytest.mark.alike
UNDERSCORED = re.compile(r"\b[a-z][a-z0-9]*(?:[._]?[a-z0-9]+)*_[a-z0-9_]+\b")
OURS = " ".join(
    ["none recorded", *(row.name for rows in ROWS.values() for row in rows)]
    + [text for about in CODES.values() for text in about.values()]
).lower()
DIFFERING = {
    code
    for rows in ROWS.values()
    for row in rows
    if (code := row.code.replace("_", " ")) not in OURS
}
"""Codes of vocabularies that are in none of our words, such as `vasovagal`."""
KNOWN = re.compile(rf"\b({'|'.join(sorted(DIFFERING))})\b")


def texts(value: Any, name: str = "") -> Iterator[str]:
    """Every text in a content, without the pictures, of which only the letters are read."""
    if isinstance(value, dict):
        for inner, member in value.items():
            yield from texts(member, inner)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, name)
    elif name == "picture":
        yield from re.findall(r">([^<]+)<", value)
    elif isinstance(value, str):
        yield value


def codes_in(said: str) -> list[str]:
    return [*UNDERSCORED.findall(said), *KNOWN.findall(said)]


def charted(api: Api) -> tuple[str, str]:
    """A patient with every code in use; gives the ids of the patient and of a signed session."""
    made = visits.session(api)
    visits.beside(api, made)
    visits.overridden(api, made)
    patient, about = made["patient_id"], {"patient_id": made["patient_id"]}
    flags = sorted(CODES["episode_flag"])
    api.create("/v1/episodes", **about, complaint="Pain", region="low_back", red_flags=flags)
    event = {"severity": "serious", "expected": False, "causality": "certain", "description": "D."}
    at = "2026-11-20T20:00:00Z"
    for row in ROWS["event_kinds"]:
        api.create("/v1/adverse-events", **about, **event, kind=row.code, occurred_at=at)
    risks = [row.code for row in ROWS["event_kinds"]]
    given = {"form": "verbal", "given_by": "The patient", "obtained_by": "Dana Demo"}
    for kind in CODES["consent"]:
        refused = {"kind": kind, "decision": "refused", "risks_disclosed": risks}
        api.create("/v1/consents", **about, **given, **refused, obtained_at="2026-11-01T10:00:00Z")
    answers = [{"code": row.code, "answer": "yes"} for row in ROWS["contraindications"]]
    screened = {"rule_set": "console-1", "decided_by": "Dana Demo", "decided_at": at}
    api.create(
        "/v1/screenings",
        session_id=made["id"],
        answers=answers,
        decision="modified",
        **screened,
    )
    report = {"reported_at": "2026-11-21T10:00:00Z", "soreness": 4, "change": "much_worse"}
    flags = sorted(CODES["red_flag"])
    api.create(f"/v1/sessions/{made['id']}/follow-ups", **report, red_flags=flags)
    return patient, made["id"]


def test_no_code_stands_in_a_summary_a_letter_or_a_note(api: Api, clinic: Clinic) -> None:
    patient, session = charted(api)
    bodies: dict[str, ReleaseBody] = {
        "summary": ChartSummaryBody.model_validate(asked(detail="whole"))
    }
    for tag in languages(NOTES):
        bodies[f"letter {tag.tag}"] = LetterBody.model_validate(asked(language=tag.tag))
    found: dict[str, list[str]] = {}
    with clinic.database.reading(clinic.id) as db:
        op = clinic.operation()
        op.begin(db)
        for name, body in bodies.items():
            _, shown, _ = service.collected(op, UUID(patient), body)
            found[name] = codes_in("\n".join(texts(to_jsonable_python(shown))))
        for tag in languages(NOTES):
            said = plain(note(op, UUID(session), tag))
            found[f"note {tag.tag}"] = codes_in(said)
    assert {name: codes for name, codes in found.items() if codes} == {}
