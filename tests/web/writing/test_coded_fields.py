"""What a record holds as a code is ticked or chosen in a form, and never typed."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from app.core.values.wire import Code
from app.episodes.schemas import EpisodeBody
from app.measurements.schemas import MeasurementBody
from app.patients.schemas import PatientBody
from app.safety.schemas import AdverseEventBody, ConsentBody, ScreeningBody
from app.sessions.schemas import SessionBody
from app.vocabularies.schemas import Named
from tests.ground import Api
from tests.web.console import Desk
from tests.web.writing.logged import new
from tests.web.writing.sent import send

[CODE] = [
    one.pattern for one in get_args(Code)[1].metadata if getattr(one, "pattern", None) is not None
]


class Typed(HTMLParser):
    """The names of the inputs of a page into which a person types words of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        is_line = tag == "input" and given.get("type", "text") == "text"
        # Other words may stand beside the ticks where the record takes them.
        if is_line and not given.get("id", "").endswith("-others"):
            self.names.add(re.sub(r"\.\d+", "", given["name"]))


def coded(body: type[BaseModel], place: str = "") -> Iterator[str]:
    """The members of a body that hold a code, or several."""
    for name, field in body.model_fields.items():
        parts = list(parts_of(field.annotation, *field.metadata))
        inner = [one for one in parts if isinstance(one, type) and issubclass(one, BaseModel)]
        if inner:
            yield from coded(inner[0], f"{place}{name}.")
        elif any(map(is_coded, parts)):
            yield f"{place}{name}"


def parts_of(*annotations: Any) -> Iterator[Any]:
    """What an annotation consists of, with its marks."""
    for one in annotations:
        whole = getattr(one, "__value__", one)
        yield whole
        marks = getattr(whole, "__metadata__", ())
        yield from marks
        yield from (mark for each in marks for mark in getattr(each, "metadata", ()))
        if get_origin(whole) is not Literal:
            yield from parts_of(*(part for part in get_args(whole) if not isinstance(part, str)))


def is_coded(part: Any) -> bool:
    is_word = isinstance(part, Named) or get_origin(part) is Literal
    return is_word or getattr(part, "pattern", None) == CODE


def test_no_form_asks_for_a_code_in_a_line_of_text(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    here = f"/console/patients/{who['patient_id']}"
    session = api.session(**who)["id"]
    forms: dict[str, type[BaseModel]] = {
        "/console/patients/new": PatientBody,
        f"{here}/episodes/new": EpisodeBody,
        f"{here}/consents/new": ConsentBody,
        f"{here}/adverse-events/new": AdverseEventBody,
        f"{here}/measurements/new": MeasurementBody,
        new(who): SessionBody,
        f"/console/sessions/{session}/screenings/new": ScreeningBody,
    }
    found: set[str] = set()
    for path, body in forms.items():
        typed = Typed()
        typed.feed(desk.get(path).text)
        found |= typed.names & set(coded(body))
    assert found == set()
    every = {name for body in forms.values() for name in coded(body)}
    assert {"red_flags", "aftercare", "needlings.sensations", "risks_disclosed"} <= every
    assert {"measurements.movement", "movement", "region", "kind", "causality"} <= every


def test_red_flags_are_ticked_and_other_words_stand_beside_them(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    here = f"/console/patients/{who['patient_id']}/episodes/new"
    typed = {"complaint": "Back", "red_flags__night_pain": "yes", "red_flags": "a fall, Chest pain"}
    assert send(desk, here, **typed).status_code == 303
    [episode] = api.get("/v1/episodes").json()["items"]
    assert episode["red_flags"] == ["night_pain", "chest_pain", "a_fall"]
    edit = f"/console/episodes/{episode['id']}/edit"
    assert send(desk, edit).status_code == 303
    assert api.get(f"/v1/episodes/{episode['id']}").json() == episode
    assert send(desk, edit, goals="Lift", red_flags="").status_code == 303
    after = api.get(f"/v1/episodes/{episode['id']}").json()
    assert after["red_flags"] == ["night_pain", "chest_pain"]
