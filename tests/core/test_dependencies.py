"""FastAPI's own dependencies work on our routes, and run only after the caller is known."""

from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Query
from httpx2 import Client

from app.core.db.database import Database
from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.wire import View
from app.main import create_app
from tests.ground import Api, Clinic
from tests.wire import wired

router = APIRouter(prefix="/v1/trials", tags=["trials"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.CLINIC_READ))]
asked: list[str] = []


class TrialView(View):
    """The arguments of the trial route."""

    language: str
    unit: str


async def language(accept_language: Annotated[str, Header(max_length=5)]) -> str:
    asked.append("language")
    return accept_language


def unit(unit: Annotated[str, Query(max_length=2)] = "mm") -> Iterator[str]:
    asked.append("unit")
    yield unit
    asked.append("closed")


@router.get("", operation_id="trials.read")
def trial(
    op: Reading, language: Annotated[str, Depends(language)], unit: Annotated[str, Depends(unit)]
) -> Answer[TrialView]:
    """Read the values of the dependencies."""
    assert op.db is not None
    asked.append("endpoint")
    return Answer({"language": language, "unit": unit})


@pytest.fixture(name="trying", scope="module")
def try_app(database: Database) -> Iterator[tuple[FastAPI, Client]]:
    app = create_app(database)
    app.include_router(router)
    with wired(app) as wire:
        yield app, wire


@pytest.fixture(name="api")
def known(trying: tuple[FastAPI, Client], clinic: Clinic) -> Api:
    asked.clear()
    return Api(trying[1], clinic.key())


def test_what_dependencies_give_reaches_the_function(api: Api) -> None:
    answer = api.get("/v1/trials?unit=cm", headers={"Accept-Language": "fr"})
    assert answer.json() == {"language": "fr", "unit": "cm"}
    assert asked == ["language", "unit", "endpoint", "closed"]


def test_no_dependency_begins_before_the_caller_is_known(api: Api) -> None:
    answer = api.wire.get("/v1/trials", headers={"Accept-Language": "fr"})
    assert (answer.status_code, asked) == (401, [])


def test_faults_of_every_place_are_named_at_once(api: Api) -> None:
    answer = api.get("/v1/trials?unit=inch", headers={"Accept-Language": "fr-CA-x"})
    places = {(error["in"], error["pointer"]) for error in answer.json()["errors"]}
    assert (answer.status_code, asked) == (422, [])
    assert places == {("header", "/accept-language"), ("query", "/unit")}


def test_an_unknown_parameter_is_refused(api: Api) -> None:
    answer = api.get("/v1/trials?units=cm", headers={"Accept-Language": "fr"})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/units"]


def test_an_override_replaces_a_dependency(trying: tuple[FastAPI, Client], api: Api) -> None:
    app, _ = trying
    app.dependency_overrides[language] = lambda: "de"
    try:
        assert api.get("/v1/trials").json() == {"language": "de", "unit": "mm"}
    finally:
        app.dependency_overrides.clear()


def test_the_document_has_their_parameters_and_the_scope(
    trying: tuple[FastAPI, Client], api: Api
) -> None:
    del api
    said = trying[0].openapi()["paths"]["/v1/trials"]["get"]
    assert {one["name"] for one in said["parameters"]} == {"accept-language", "unit"}
    assert said["security"] == [{"bearer": ["clinic:read"]}]
    [kind] = said["responses"]["200"]["content"].values()
    assert kind["schema"] == {"$ref": "#/components/schemas/TrialView"}


def test_an_operation_that_writes_names_the_scope_that_writes_first() -> None:
    trials = APIRouter(prefix="/v1/trials", route_class=Route)
    swapped = Depends(Authorize(Scope.PATIENTS_READ, Scope.PATIENTS_WRITE))

    with pytest.raises(TypeError, match="the scope that writes first"):

        @trials.post("", status_code=201, operation_id="trials.create")
        def create(op: Annotated[Operation, swapped]) -> Answer[TrialView]:
            raise AssertionError(op)
