"""The form of a session asks for all that a session has, and loses nothing."""

import re
from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any, get_args

import time_machine
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from app.core.values.clock import now
from app.sessions.schemas import SessionBody
from app.web.console.writing.fields import Field, read_fields, texts
from app.web.console.writing.muscles import NAMES, meant
from app.web.console.writing.session_fields import LEFT_OUT, Offered, sections
from tests.accounts.people import joined
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.test_kept import hidden
from tests.web.writing.logged import VISIT, log, new, only, page, read, row
from tests.web.writing.sent import again, form_on, opened, send


def test_the_form_has_every_member_of_a_session_or_says_why_not() -> None:
    asked = {
        re.sub(r"\.\d+", "", field.name)
        for section in sections(Offered())
        for field in section.every
    }
    leaves = set(members_of(SessionBody))
    assert asked | LEFT_OUT.keys() == leaves
    assert not asked & LEFT_OUT.keys()


def members_of(model: type[BaseModel], place: str = "") -> Iterator[str]:
    """The members of a body that hold no others, with the names of those around them."""
    for name, field in model.model_fields.items():
        inner = [m for m in models_in(field.annotation) if issubclass(m, BaseModel)]
        if inner:
            yield from members_of(inner[0], f"{place}{name}.")
        else:
            yield f"{place}{name}"


def models_in(annotation: Any) -> Iterator[type]:
    """The classes that an annotation names."""
    if isinstance(annotation, type):
        yield annotation
    for part in get_args(getattr(annotation, "__value__", annotation)):
        yield from models_in(part)


def test_findings_answers_and_everything_else_of_a_session_are_logged(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    finding = {"sign": "taut_band", "segment": "C5", "side": "left", "grade": "2"}
    answered = {"phase": "before", "instrument": "ndi_pct", "items": "1 0 3 - 2 2, 1 0 4 5"}
    typed = {f"findings__1__{name}": value for name, value in finding.items()}
    typed |= {f"measurements__0__{name}": value for name, value in answered.items()}
    typed |= {"setting": "At home", "identifiers__0__system": "emr", "identifiers__0__value": "7"}
    typed |= row(0, muscle="infra R", sensations__deep_ache="yes", sensations__cramp="yes")
    done = {"aftercare__soreness_explained": "yes", "co_interventions__stretching": "yes"}
    answer = log(desk, who, **typed, **done)
    assert answer.status_code == 303, answer.text
    session = only(api)
    assert session["findings"] == [{**finding, "grade": 2}]
    [measured] = session["measurements"]
    assert measured["items"] == [1, 0, 3, None, 2, 2, 1, 0, 4, 5]
    assert measured["value"] == 40
    assert (session["setting"], session["identifiers"][0]["value"]) == ("At home", "7")
    assert session["needlings"][0]["sensations"] == ["deep_ache", "cramp"]
    assert (session["aftercare"], session["co_interventions"]) == (
        ["soreness_explained"],
        ["stretching"],
    )
    here = page(session, "edit")
    assert send(desk, here).status_code == 303
    assert read(api, session) == session
    values = opened(desk, here)
    boxes = [values[f"measurements.0.items.{box}"] for box in range(10)]
    assert boxes == ["1", "0", "3", "", "2", "2", "1", "0", "4", "5"]
    assert values["aftercare.soreness_explained"] == "yes"
    assert "aftercare.heat" not in values
    for box in range(3, 10):
        values[f"measurements.0.items.{box}"] = ""
    few = again(desk, here, values, measurements__0__value="")
    assert "measurements.0.items.9" in form_on(few.text, here).wrong
    assert "8 to 10 answers" in words(few.text)


def test_one_needle_counts_for_every_muscle_that_names_no_other(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    needle = {"every_needle__diameter_mm": "0,3", "every_needle__length_mm": "40"}
    typed = row(0, muscle="infra R") | row(2, muscle="supra L", needle__length_mm="25")
    wrong = log(desk, who, **typed, **needle, every_needle__lot="L" * 300)
    assert form_on(wrong.text, new(who)).wrong == {"every_needle.lot"}
    assert log(desk, who, **typed, **needle).status_code == 303
    first, second = only(api)["needlings"]
    assert first["needle"] == {"diameter_mm": 0.3, "length_mm": 40, "lot": None}
    assert second["needle"] == {"diameter_mm": 0.3, "length_mm": 25, "lot": None}


def test_more_rows_keep_what_was_typed_and_store_nothing(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    typed = row(0, muscle="infra R", ache="6")
    shown = log(desk, who, **typed, note="Kept.", more_rows="needlings 14")
    assert shown.status_code == 200
    form = form_on(shown.text, new(who)).values
    assert {"needlings.13.muscle", "note"} <= form.keys()
    assert "needlings.14.muscle" not in form
    assert (form["needlings.0.ache"], form["note"]) == ("6", "Kept.")
    assert api.get("/v1/sessions").json()["items"] == []
    assert again(desk, new(who), form, **row(13, muscle="supra L")).status_code == 303
    assert len(only(api)["needlings"]) == 2
    most = log(desk, who, more_rows="needlings 999").text
    assert "needlings.59.muscle" in most
    assert "needlings.60.muscle" not in most


def test_muscles_of_the_patient_and_of_the_practitioner_are_offered_first(
    app: FastAPI, api: Api, who: dict[str, str], clinic: Clinic
) -> None:
    def needled(*slugs: str, **more: str) -> None:
        rows_of = [{"muscle": slug, "side": "left"} for slug in slugs]
        api.session(**who | more, needlings=rows_of, needle_count=None)

    person = joined(app, clinic, api, role="practitioner", practitioner_id=who["practitioner_id"])
    other = api.patient()["id"]
    needled("soleus", "popliteus", occurred_at="2026-10-01T10:00:00Z")
    needled("popliteus", occurred_at="2026-10-02T10:00:00Z")
    needled("masseter", patient_id=other, occurred_at="2026-10-03T10:00:00Z")
    gone = api.session(
        **who,
        needlings=[{"muscle": "deltoid_middle", "side": "left"}],
        needle_count=None,
        occurred_at="2026-10-04T10:00:00Z",
    )
    api.post(f"/v1/sessions/{gone['id']}/void", {"reason": "x"}, headers={"If-Match": '"1"'})
    page_ = person.desk.get(new(who)).text
    listed = re.findall(r'<option value="([^"]+)"></option>', page_)
    assert listed[:3] == ["Popliteus", "Soleus", "Masseter, superficial part"]
    assert len(listed) == len(set(listed)) == len(NAMES)


def test_a_visit_that_may_be_stored_already_is_shown_and_stored_only_on_purpose(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    assert log(desk, who, note="The first.").status_code == 303
    first = only(api)
    refused = log(desk, who, note="Kept.")
    assert refused.status_code == 422
    assert "the same patient, practitioner and time" in words(refused.text)
    assert f'href="/console/sessions/{first["id"]}"' in refused.text
    held = form_on(refused.text, new(who)).values
    assert held["note"] == "Kept."
    assert again(desk, new(who), held, seen=first["id"]).status_code == 303
    second = api.get("/v1/sessions").json()["items"][0]
    here = page(second, "edit")
    assert send(desk, here, note="Another.").status_code == 303
    assert send(desk, here, occurred_at="2026-11-01T11:00").status_code == 303
    back = send(desk, here, occurred_at="2026-11-01T10:00")
    assert back.status_code == 422
    assert "Perhaps stored already" in words(back.text)
    values = form_on(back.text, here).values
    assert again(desk, here, values, seen=first["id"]).status_code == 303


def test_a_long_form_comes_back_after_a_sign_in_that_had_ended(
    nobody: Desk, clinic: Clinic, api: Api, who: dict[str, str]
) -> None:
    key = clinic.key()
    assert nobody.sign_in(key=key).status_code == 303
    typed = row(0, muscle="infra R", ache="6") | row(11, muscle="supra L", ache="5")
    values = opened(nobody, new(who))
    with time_machine.travel(now() + timedelta(minutes=31), tick=True):
        answer = again(nobody, new(who), values, **typed, note="Two lines.\r\nKept.")
    assert answer.status_code == 401
    back = nobody.sign_in(key=key, kept=hidden(answer.text, "kept"))
    assert back.status_code == 200, back.text
    form = form_on(back.text, new(who)).values
    assert (form["needlings.0.muscle"], form["needlings.11.ache"]) == ("infra R", "5")
    assert form["note"].splitlines() == ["Two lines.", "Kept."]
    sent = {**VISIT, "practitioner_id": who["practitioner_id"]}
    assert again(nobody, new(who), form, **sent).status_code == 303
    assert len(only(api)["needlings"]) == 2


ANSWERS = st.lists(st.none() | st.integers(-(10**7), 10**7).map(lambda n: n / 10**4), min_size=1)


@given(ANSWERS)
def test_answers_of_a_questionnaire_are_read_as_they_are_shown(answers: list[float | None]) -> None:
    fields = [Field("items", "Answers", "answers")]
    typed = texts(fields, {"items": answers}, UTC)
    assert read_fields(fields, typed, UTC).members == {"items": answers}


def test_a_muscle_s_side_that_contradicts_the_side_beside_it_is_refused(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    answer = log(desk, who, **row(1, muscle="infra R", side="left", ache="6"))
    assert answer.status_code == 422
    form = form_on(answer.text, new(who))
    assert form.wrong == {"needlings.1.side"}
    assert form.values["needlings.1.ache"] == "6"
    assert api.get("/v1/sessions").json()["items"] == []
    assert meant("multifidus L") == ("multifidus", "left")


def test_the_one_open_episode_is_chosen_and_nothing_is_offered_where_there_is_none(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    consent = desk.get(f"/console/patients/{who['patient_id']}/consents/new").text
    assert "Only for the episode" not in consent
    assert opened(desk, new(who)).get("episode_id") is None
    episode = api.create("/v1/episodes", patient_id=who["patient_id"], complaint="A")
    assert opened(desk, new(who))["episode_id"] == episode["id"]
    api.create("/v1/episodes", patient_id=who["patient_id"], complaint="A")
    assert opened(desk, new(who))["episode_id"] == ""


def test_a_side_that_two_fields_say_differently_is_shown_with_all_other_faults_at_once(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    typed = {
        **row(0, muscle="infra L", side="right", depth_mm="deep"),
        **row(1, muscle="infra L", side="left"),
        **row(2, muscle="infra L", side="right", drop="yes"),
        "duration_min": "long",
        "measurements__0__instrument": "ppt",
        "measurements__0__muscle": "infra R",
        "measurements__0__side": "left",
    }
    answer = log(desk, who, **typed)
    assert answer.status_code == 422
    wrong = form_on(answer.text, new(who)).wrong
    both = {"needlings.0.side", "measurements.0.side"}
    others = {"needlings.0.depth_mm", "duration_min"}
    assert both | others <= wrong
    assert not {"needlings.1.side", "needlings.2.side"} & wrong
    told = "The muscle's text says left, and the side is another one."
    assert told in words(answer.text)
    assert api.get("/v1/sessions").json()["items"] == []
    mended = {"needlings__0__side": "", "needlings__0__depth_mm": "20", "duration_min": "30"}
    mended |= {"measurements__0__side": "right", "measurements__0__value": "300"}
    mended |= {"measurements__0__phase": "before"}
    values = form_on(answer.text, new(who)).values | {"needlings.2.drop": "yes"}
    stored = again(desk, new(who), values, **mended)
    assert stored.status_code == 303, stored.text
    assert [one["side"] for one in only(api)["needlings"]] == ["left", "left"]


def test_a_draft_s_side_that_two_fields_say_differently_is_not_stored(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    log(desk, who, **row(0, muscle="infra L"))
    session = only(api)
    answer = send(desk, page(session, "edit"), **row(0, muscle="infra R"))
    assert answer.status_code == 422
    assert form_on(answer.text, page(session, "edit")).wrong == {"needlings.0.side"}
    assert read(api, session)["version"] == session["version"]
