"""A person's name is written in one way on every page."""

import pytest

from tests.ground import Api
from tests.web.console import Desk

pytestmark = pytest.mark.alike


def test_every_page_writes_such_a_name_in_one_way(api: Api, desk: Desk) -> None:
    patient = api.patient(given_name="小明", family_name="欧阳")["id"]
    person = api.practitioner(given_name="민준", family_name="김")["id"]
    session = api.session(patient_id=patient, practitioner_id=person)["id"]
    chart = f"/console/patients/{patient}"
    for page in ("/console", chart, f"{chart}/timeline", f"{chart}/details", f"{chart}/letter"):
        assert "欧阳小明" in desk.get(page).text, page
    for page in (chart, f"/console/sessions/{session}", "/console/practitioners"):
        assert "김민준" in desk.get(page).text, page
