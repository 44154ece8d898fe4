"""What a signer sees first, and what a repeated session takes over."""

from typing import Any

import pytest
from fastapi import FastAPI

from app.core.values.access import Scope
from app.muscles.queries import find
from app.web.console.writing.muscles import GROUPS, group, meant
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.writing.logged import VISIT, log, new, only, page, row
from tests.web.writing.sent import again, form_on, opened

pytestmark = pytest.mark.alike
AT = "2026-11-01T10:00:00-07:00"
LACKS = (
    "No consent to needling is recorded",
    "No screening of this visit is recorded.",
    "This visit belongs to no episode.",
)


def test_the_page_of_a_signature_says_first_what_the_visit_lacks_and_links_to_it(
    app: FastAPI, clinic: Clinic, desk: Desk, api: Api, who: dict[str, str]
) -> None:
    patient = {"patient_id": who["patient_id"]}
    session = api.session(**who, occurred_at=AT)
    shown = desk.get(page(session, "sign")).text
    for one in LACKS:
        assert one in words(shown)
    here = f"/console/patients/{who['patient_id']}"
    screen = f"/console/sessions/{session['id']}/screenings/new"
    for link in (f"{here}/consents/new", screen, f"{here}/episodes/new"):
        assert f'href="{link}"' in shown
    blind = Desk(app).let_in(
        clinic, {Scope.SESSIONS_SIGN, Scope.SESSIONS_READ, Scope.PATIENTS_READ}
    )
    assert "Look at this before you sign" not in words(blind.get(page(session, "sign")).text)
    episode = api.create(
        "/v1/episodes", **patient, complaint="Back", red_flags=["night_pain"], opened_at=AT
    )
    api.change(session, "/v1/sessions", episode_id=episode["id"])
    consent = {"kind": "needling", "decision": "given", "form": "verbal", "given_by": "The patient"}
    api.create("/v1/consents", **patient, **consent, obtained_by="Dana", obtained_at=AT)
    answers = [{"code": "pregnancy", "answer": "yes", "detail": "Week 20."}]
    decided = {"decision": "modified", "decided_by": "Dana", "decided_at": AT}
    api.create("/v1/screenings", session_id=session["id"], rule_set="A", answers=answers, **decided)
    told = words(desk.get(page(session, "sign")).text)
    assert not [one for one in LACKS if one in told]
    assert "Red flags of “Back”: night pain." in told
    assert "Screening of 2026-11-01: Pregnancy: yes (Week 20.)." in told
    refused = {**consent, "kind": "thoracic_needling", "decision": "refused"}
    api.create("/v1/consents", **patient, **refused, obtained_by="Dana", obtained_at=AT)
    first = words(desk.get(new(who)).text)
    for one in ("Consent to thoracic needling: refused", "night pain.", "Pregnancy: yes"):
        assert one in first
    # A later screening that asks something else takes no answer back.
    later = {"answers": [{"code": "pacemaker", "answer": "unknown"}], "rule_set": "A"}
    later |= decided | {"decided_at": "2026-11-01T11:00:00-07:00"}
    api.create("/v1/screenings", session_id=session["id"], **later)
    for shown in (page(session, "sign"), new(who)):
        told = words(desk.get(shown).text)
        assert "Pregnancy: yes (Week 20.)" in told
        assert "electronic implant: unknown" in told


def test_a_new_needle_in_a_repeated_session_counts_for_every_muscle_of_the_usual_size(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    def needled(muscle: str, length: int) -> dict[str, Any]:
        needle = {"diameter_mm": 0.3, "length_mm": length, "lot": "OLD"}
        return {"muscle": muscle, "side": "left", "needle": needle}

    rows = [needled("soleus", 40), needled("popliteus", 25), needled("infraspinatus", 40)]
    api.session(**who, needlings=rows, needle_count=None, plan="The calf again.", occurred_at=AT)
    shown = desk.get(new(who, "repeat")).text
    assert "The calf again." in words(shown)
    assert "Needle, mm long: 25" in words(shown)
    form = form_on(shown, new(who, "repeat")).values
    size = {"every_needle__diameter_mm": "0.25", "every_needle__length_mm": "30"}
    typed = {**VISIT, **size, "every_needle__lot": "NEW", "occurred_at": "2026-11-03T09:00"}
    typed["practitioner_id"] = who["practitioner_id"]
    assert again(desk, new(who, "repeat"), form, **typed).status_code == 303
    made = api.get("/v1/sessions").json()["items"][0]
    assert [one["needle"] for one in made["needlings"]] == [
        {"diameter_mm": 0.25, "length_mm": 30, "lot": "NEW"},
        {"diameter_mm": 0.3, "length_mm": 25, "lot": None},
        {"diameter_mm": 0.25, "length_mm": 30, "lot": "NEW"},
    ]


@pytest.mark.parametrize("typed", ["hamstrings R", "Rhomboids", "erector spinae L", "calf"])
def test_a_group_of_muscles_is_never_one_of_them_until_somebody_chooses(typed: str) -> None:
    assert find(meant(typed)[0]) is None
    assert group(typed)


def test_every_group_has_muscles_of_the_catalogue() -> None:
    assert all(find(slug) is not None for slugs in GROUPS.values() for slug in slugs)


def test_a_muscle_that_is_not_clear_is_chosen_of_those_suggested(
    desk: Desk, api: Api, who: dict[str, str]
) -> None:
    hams = log(desk, who, **row(0, muscle="hamstrings R"))
    assert "Which one is it? Biceps femoris" in words(hams.text)
    answer = log(desk, who, **row(0, muscle="rotatores R", ache="6"))
    assert answer.status_code == 422
    assert 'name="needlings.0.muscle.chosen" value="rotatores_lumborum"' in answer.text
    held = form_on(answer.text, new(who)).values
    held["needlings.0.muscle.chosen"] = "rotatores_lumborum"
    held["needlings.0.spinal_level"] = "L4"
    assert again(desk, new(who), held).status_code == 303
    [one] = only(api)["needlings"]
    assert (one["muscle"], one["side"], one["ache"]) == ("rotatores_lumborum", "right", 6)
    assert opened(desk, page(only(api), "edit"))["needlings.0.muscle"] == "Rotatores, lumbar"
