"""A letter about a patient: one page, the clinic's letterhead, no figure without its n."""

from typing import Any

import pytest

from tests.ground import Api
from tests.progress.charts import take_in
from tests.summaries.charts import PHYSICIAN, asked, consent, signed
from tests.summaries.reading import Paper, squeezed
from tests.web.histories import history

pytestmark = pytest.mark.alike
LONG = ("Wolfeschlegelstein " * 8)[:150].strip(), "W" * 150
GOAL = "To lift a cup above the shoulder"
SHORTENED = "Shortened to one page"


def written(api: Api, patient_id: str, **more: Any) -> Paper:
    """The letter, whose release must succeed and which has one page."""
    answer = api.post(f"/v1/patients/{patient_id}/letters", asked(**more))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    paper = Paper(answer.content)
    assert len(paper.pdf.pages) == 1
    return paper


def told(api: Api) -> str:
    """A patient with an episode, two visits, an adverse event and an open alert; gives their id."""
    name = {"given_name": "Ana", "family_name": "Núñez", "birth_date": "1988-04-12"}
    id_ = str(api.patient(**name)["id"])
    episode = api.create(
        "/v1/episodes", patient_id=id_, complaint="Left shoulder pain", side="left", goals=[GOAL]
    )
    person = api.practitioner(given_name="Robin", family_name="Example")["id"]
    change = {"phase": "before", "instrument": "groc", "value": 3}
    for day, pain in (("01", 7), ("08", 3)):
        last = signed(
            api,
            patient_id=id_,
            practitioner_id=person,
            episode_id=episode["id"],
            occurred_at=f"2026-11-{day}T10:00:00Z",
            plan=f"Plan of {day}",
            measurements=[{"phase": "before", "instrument": "nprs", "value": pain}, change],
        )
    report = {"reported_at": "2026-11-09T10:00:00Z", "soreness": 4, "red_flags": ["chest_pain"]}
    api.create(f"/v1/sessions/{last['id']}/follow-ups", **report)
    api.create(
        "/v1/adverse-events",
        patient_id=id_,
        session_id=last["id"],
        kind="bruise",
        severity="mild",
        expected=True,
        causality="certain",
        occurred_at="2026-11-08T12:00:00Z",
        description="A bruise of two centimetres.",
    )
    return id_


def test_a_letter_says_who_what_was_done_what_changed_and_who_signs(api: Api) -> None:
    here = api.get("/v1/clinic").json()
    head = {"address": "1 Clinic Road\nExampleville", "phone": "+1 604 555 0100"}
    tag = {"If-Match": f'"{here["version"]}"'}
    assert api("PATCH", "/v1/clinic", json=head, headers=tag).status_code == 200
    id_ = told(api)
    consent(api, id_)
    paper = written(api, id_, recipient=PHYSICIAN, address=["12 Main Street", "Somewhere"])
    for said in (
        *("Test clinic", "1 Clinic Road", "+1 604 555 0100"),
        *("Dr. A. Example", "12 Main Street", "Somewhere"),
        "About: Ana Núñez · born 1988-04-12",
        "Purpose: To read it at home",
        "Left shoulder pain, left",
        "To lift a cup above the shoulder",
        "2 visits: first: 2026-11-01; last: 2026-11-08",
        "left infraspinatus (visits: 2 of 2)",
        "at the start 7 on 2026-11-01; latest 3 on 2026-11-08;",
        "changed by \N{MINUS SIGN}4 (from 2 values)",
        "a change from a single first value may be chance",
        "GROC: latest 3 on 2026-11-08",
        "A bruise of two centimetres.",
        "chest pain",
        "Visit of 2026-11-08: Plan of 08",
        "Signature Robin Example",
    ):
        assert paper.says(said), said
    for never in ("reduced", "because of", "thanks to", SHORTENED, "Plan of 01", "not signed"):
        assert not paper.says(never), never
    [entry] = [
        each
        for each in api.get(f"/v1/patients/{id_}/disclosures?limit=50").json()["items"]
        if each["operation"] == "letters.create"
    ]
    assert entry["reason"].startswith("To physician Dr. A. Example; for: ")
    assert "Main Street" not in entry["reason"]


def test_a_letter_says_the_red_flags_of_the_episode_and_those_that_the_patient_reported(
    api: Api,
) -> None:
    id_ = api.patient(given_name="Jo", family_name="Núñez")["id"]
    flags = {"red_flags": ["night_pain", "own_words"]}
    api.create("/v1/episodes", patient_id=id_, complaint="Neck pain", **flags)
    session = signed(api, patient_id=id_, occurred_at="2026-11-08T10:00:00Z")
    event = {"kind": "vasovagal", "severity": "significant", "expected": True, "muscle": "soleus"}
    when = {"occurred_at": "2026-11-08T12:00:00Z", "causality": "certain", "description": "Pale."}
    api.create("/v1/adverse-events", patient_id=id_, **event, **when)
    paper = written(api, id_)
    for said in ("Red flags Found (Neck pain): night pain, own words", "No alert waits"):
        assert paper.says(said), said
    assert paper.words().count("Redflags") == 1
    fainted = "Fainting or near-fainting: significant; expected; soleus (side not recorded)"
    assert paper.says(fainted)
    report = {"reported_at": "2026-11-09T10:00:00Z", "soreness": 4, "red_flags": ["chest_pain"]}
    api.create(f"/v1/sessions/{session['id']}/follow-ups", **report)
    french = written(api, id_, language="fr")
    assert french.says("Signes d\u2019alerte")
    assert french.says("douleur nocturne")
    assert french.says("douleur thoracique")


def test_the_file_of_a_letter_is_told_by_the_end_of_the_id_and_by_no_name_or_number(
    api: Api,
) -> None:
    number = [{"system": "urn:demo:chart", "value": "J1001"}]
    whose = api.patient(given_name="Ana", family_name="Núñez", identifiers=number)["id"]
    for path, kind in (("letters", "letter"), ("chart-summaries", "chart-summary")):
        answer = api.post(f"/v1/patients/{whose}/{path}", asked())
        name = answer.headers["content-disposition"]
        assert f'filename="{kind}-{whose[-8:]}-20' in name
        assert not any(told in name for told in ("Ana", "J1001"))


def test_a_letter_is_in_french_where_that_is_asked_for(api: Api) -> None:
    paper = written(api, told(api), language="fr-CA")
    assert str(paper.root.Lang) == "fr"
    for said in (
        "Concerne : Ana Núñez · né(e) le 1988-04-12",
        "2 visites : première : 2026-11-01; dernière : 2026-11-08",
        "infra-épineux, gauche (visites : 2 sur 2)",
        "variation de \N{MINUS SIGN}4 (sur 2 valeurs)",
        "encore relu cette traduction.",
    ):
        assert paper.says(said), said
    path = f"/v1/patients/{api.patient()['id']}/letters"
    refused = api.post(path, asked(language="de"))
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/language"


def test_another_recipient_needs_a_consent_or_a_reason(api: Api) -> None:
    id_ = told(api)
    refused = api.post(f"/v1/patients/{id_}/letters", asked(recipient=PHYSICIAN))
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/consent-missing")
    written(api, id_, recipient=PHYSICIAN, override_reason="The patient is unconscious.")


def test_a_letter_of_a_long_history_has_one_page_and_says_that_it_is_shortened(api: Api) -> None:
    records = list(history(60))
    records[1] |= {"given_name": LONG[0], "family_name": LONG[1]}
    take_in(api, records)
    id_ = records[1]["id"]
    for n in range(20):
        complaint = f"Complaint {n}: " + "it hurts at night and when I lift the arm. " * 80
        api.create("/v1/episodes", patient_id=id_, complaint=complaint[:4000].strip())
    paper = written(api, id_, address=["Line"] * 8)
    words = paper.words().replace("\u200b", "")
    assert squeezed(f"About: {' '.join(LONG)} · born 1975-03-15") in words
    for said in (SHORTENED, "60 visits (60 not signed yet): first: 2025-06-02", "from 60 values"):
        assert squeezed(said) in words, said
    assert "[…]" in words
    assert paper.says("more")


def test_a_letter_about_a_patient_without_a_visit_says_that_nothing_is_recorded(api: Api) -> None:
    paper = written(api, api.patient()["id"])
    assert paper.says("Visits None recorded.")
    assert not paper.says(SHORTENED)


def test_what_comes_from_a_visit_that_nobody_signed_says_so_beside_it(api: Api) -> None:
    id_ = api.patient()["id"]
    value = {"phase": "before", "instrument": "nprs", "value": 2}
    plan = {"plan": "Needle the neck again", "occurred_at": "2026-11-08T10:00:00Z"}
    api.session(patient_id=id_, measurements=[value], **plan)
    paper = written(api, id_)
    for said in (
        "1 visit (1 not signed yet): 2026-11-08 (not signed yet)",
        "2 on 2026-11-08 (not signed yet)",
        "Visit of 2026-11-08 (not signed yet): Needle the neck again",
    ):
        assert paper.says(said), said
