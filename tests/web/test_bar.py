"""The bar of every page says who is signed in, with which role, and in which clinic."""

from uuid import UUID

import pytest

from app.core.values.access import ROLES
from app.core.values.clock import uuid7
from tests.auth.local_provider import LocalProvider, link_person
from tests.ground import Api, Clinic
from tests.web.console import Desk, words
from tests.web.test_identity_provider import begin, come_back, serve_provider  # noqa: F401 - a fixture of ours, too


def test_a_practitioner_is_named_on_every_page(
    nobody: Desk, provider: LocalProvider, clinic: Clinic, api: Api
) -> None:
    patient = api.patient(given_name="Ann")["id"]
    dana = api.practitioner(given_name="Dana", family_name="Okafor")
    link_person(clinic, provider, UUID(dana["id"]))
    come_back(nobody, provider.back(begin(nobody)))
    here = f"/console/patients/{patient}"
    for path in ("/console", here, f"{here}/timeline", f"/console/patients/{uuid7()}"):
        assert "Dana Okafor practitioner Test clinic" in words(nobody.get(path).text), path
    found = nobody.send("/console/search", q="Ann")
    assert "Dana Okafor practitioner Test clinic" in words(found.text)
    nobody.send("/console/sign-out")
    assert "Okafor" not in nobody.get("/console").text


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_program_that_holds_a_key_is_named_as_such(
    nobody: Desk, clinic: Clinic, role: str
) -> None:
    nobody.sign_in(key=clinic.key(ROLES[role]))
    page = words(nobody.get("/console").text)
    assert "test API key Test clinic" in page
