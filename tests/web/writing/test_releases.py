"""Charts and letters leave the console as PDFs, and the clinic's data as files."""

import json

import pytest
from fastapi import FastAPI

from app.core.values.access import ROLES, Scope
from tests.ground import Api, Clinic
from tests.progress.charts import Chart
from tests.summaries.charts import consent
from tests.summaries.reading import Paper
from tests.web.console import Desk, words
from tests.web.writing.sent import form_on, send

pytestmark = pytest.mark.alike
TO_PHYSICIAN = {"recipient__kind": "physician", "purpose": "Continuity of care"}


def disclosed(api: Api, patient_id: str) -> list[tuple[str, str]]:
    found = api.get(f"/v1/patients/{patient_id}/disclosures?limit=50").json()["items"]
    return [
        (each["operation"], each["reason"])
        for each in found
        if each["operation"] in {"console.letter", "console.chart-summary"} and each["reason"]
    ]


@pytest.mark.parametrize("what", ["chart-summary", "letter"])
def test_a_pdf_is_made_from_the_chart_once_nothing_stands_against_it(
    desk: Desk, api: Api, chart: Chart, what: str
) -> None:
    patient_id = chart.patient_id
    here = f"/console/patients/{patient_id}/{what}"
    assert here in desk.get(f"/console/patients/{patient_id}").text
    unnamed = send(desk, here, **TO_PHYSICIAN)
    assert unnamed.status_code == 422
    assert form_on(unnamed.text, here).wrong == {"recipient.name"}
    named = {**TO_PHYSICIAN, "recipient__name": "Dr. A. Example"}
    without = send(desk, here, **named)
    fields = form_on(without.text, here)
    assert (without.status_code, fields.wrong) == (409, {"override_reason"})
    assert fields.values["recipient.name"] == "Dr. A. Example"
    assert disclosed(api, patient_id) == []
    consent(api, patient_id)
    done = send(desk, here, **named)
    assert (done.status_code, done.headers["content-type"]) == (200, "application/pdf")
    assert f'filename="{what}-{patient_id[-8:]}-20' in done.headers["content-disposition"]
    assert Paper(done.content).says("Dr. A. Example")
    [(operation, reason)] = disclosed(api, patient_id)
    assert operation == f"console.{what}"
    assert reason.startswith("To physician Dr. A. Example; for: Continuity of care; consent ")


def test_a_letter_takes_the_lines_of_an_address_and_a_language(desk: Desk, chart: Chart) -> None:
    here = f"/console/patients/{chart.patient_id}/letter"
    typed = {"recipient__kind": "patient", "purpose": "x", "language": "fr"}
    done = send(desk, here, **typed, address="12 Main Street\nSomewhere")
    paper = Paper(done.content)
    assert len(paper.pdf.pages) == 1
    for said in ("12 Main Street Somewhere", "Motif de consultation"):
        assert paper.says(said), said


def test_the_links_stand_only_for_those_who_may_release(
    app: FastAPI, clinic: Clinic, chart: Chart
) -> None:
    desk = Desk(app).let_in(clinic, set(Scope) - {Scope.CHART_SUMMARIES_WRITE})
    here = f"/console/patients/{chart.patient_id}"
    assert f"{here}/letter" not in desk.get(here).text
    assert desk.get(f"{here}/letter").status_code == 403


def test_the_exports_are_listed_with_a_sentence_each_and_download_with_their_entries(
    desk: Desk, api: Api, chart: Chart, app: FastAPI, clinic: Clinic
) -> None:
    page = desk.get("/console/exports").text
    assert "All records as they are stored" in words(page)
    for file in ("patients.csv", "sessions.ndjson", "needlings.parquet", "records.ndjson"):
        assert f'href="/console/exports/{file}"' in page, file
    listed = desk.get("/console/exports/sessions.csv")
    assert listed.headers["content-type"].startswith("text/csv")
    assert 'filename="sessions.csv"' in listed.headers["content-disposition"]
    assert listed.text == api("GET", "/v1/exports/sessions.csv").text
    lines = desk.get("/console/exports/records.ndjson").text.splitlines()
    assert chart.patient_id in {json.loads(line).get("id") for line in lines}
    entries = api.get(f"/v1/patients/{chart.patient_id}/disclosures?limit=50").json()["items"]
    assert [each["operation"] for each in entries].count("console.export") == 2
    assert desk.get("/console/exports/nothing.csv").status_code == 404
    desk = Desk(app).let_in(clinic, ROLES["practitioner"] - {Scope.EXPORTS_READ})
    assert desk.get("/console/exports").status_code == 403
    assert "/console/exports" not in desk.get("/console").text


@pytest.mark.parametrize(("spoken", "chosen"), [("fr-CA", "fr"), ("fa", "en"), (None, "en")])
def test_a_letter_begins_with_the_language_of_the_patient_where_letters_have_it(
    desk: Desk, api: Api, spoken: str | None, chosen: str
) -> None:
    patient = api.patient(language=spoken)["id"]
    here = f"/console/patients/{patient}/letter"
    page = desk.get(here).text
    assert form_on(page, here).values["language"] == chosen
    assert "ledger" not in page
