"""What the tests of forms share."""

import pytest

from tests.ground import Api


@pytest.fixture(name="who")
def a_patient_and_a_practitioner(api: Api) -> dict[str, str]:
    api.live_in("America/Vancouver")
    patient = api.patient(given_name="Ana")["id"]
    return {"patient_id": patient, "practitioner_id": api.practitioner()["id"]}
