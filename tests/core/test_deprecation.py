"""A deprecated operation says so in its document and in its answers."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, Query
from httpx2 import Client

from app.core.db.database import Database
from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.deprecation import NAMES, NOTICE, Deprecated
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.core.values.wire import View
from app.main import create_app
from tests.ground import Api, Clinic
from tests.house.tree import ROOT
from tests.sweeps.document import document
from tests.wire import wired

SINCE, UNTIL = date(2027, 1, 15), date(2028, 3, 1)
OLD = Depends(Deprecated(SINCE, UNTIL, "Use `GET /v1/newer`."))
router = APIRouter(prefix="/v1/older", tags=["older things"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.CLINIC_READ))]


class OlderView(View):
    """The number that was sent."""

    number: int


@router.get("", operation_id="older.read", dependencies=[OLD])
def older(op: Reading, number: Annotated[int, Query()]) -> Answer[OlderView]:
    """Read the number."""
    assert op.db is not None
    if number == 0:
        raise NotFound
    return Answer({"number": number})


@router.get("/newer", operation_id="newer.read")
def newer(op: Reading) -> Answer[OlderView]:
    """Read another number."""
    assert op.db is not None
    return Answer({"number": 1})


@pytest.fixture(name="trying", scope="module")
def try_app(database: Database) -> Iterator[tuple[FastAPI, Client]]:
    app = create_app(database)
    app.router.routes.extend(router.routes)
    with wired(app) as wire:
        yield app, wire


@pytest.mark.parametrize(("query", "status"), [("1", 200), ("0", 404), ("x", 422)])
def test_every_answer_of_a_deprecated_operation_says_so(
    trying: tuple[FastAPI, Client], clinic: Clinic, query: str, status: int
) -> None:
    answer = Api(trying[1], clinic.key()).get(f"/v1/older?number={query}")
    assert answer.status_code == status
    assert answer.headers["deprecation"] == f"@{int(datetime(2027, 1, 15, tzinfo=UTC).timestamp())}"
    assert answer.headers["sunset"] == "Wed, 01 Mar 2028 00:00:00 GMT"
    assert answer.headers["link"] == (
        '<http://testserver/docs#/older%20things/older.read>; rel="deprecation"; type="text/html"'
    )


def test_other_operations_do_not(trying: tuple[FastAPI, Client], clinic: Clinic) -> None:
    answer = Api(trying[1], clinic.key()).get("/v1/older/newer")
    assert answer.status_code == 200
    assert {name.lower() for name in NAMES} & answer.headers.keys() == set()


def test_the_document_marks_it_and_says_what_to_use(trying: tuple[FastAPI, Client]) -> None:
    paths = trying[0].openapi()["paths"]
    old = paths["/v1/older"]["get"]
    assert old["deprecated"] is True
    assert old["summary"] == "Read the number"
    assert old["description"].endswith(
        "Deprecated since 2027-01-15, and gone after 2028-03-01. Use `GET /v1/newer`."
    )
    assert set(NAMES) <= old["responses"]["200"]["headers"].keys()
    assert set(NAMES) <= trying[0].openapi()["components"]["headers"].keys()
    assert "deprecated" not in paths["/v1/older/newer"]["get"]


def test_it_works_for_at_least_as_long_as_the_page_says() -> None:
    page = (ROOT / "docs" / "versioning.md").read_text("utf-8")
    [days] = re.findall(r"at least (\d+) days", page)
    assert timedelta(days=int(days)) == NOTICE
    assert [name for name in NAMES if f"`{name}`" not in page] == []
    Deprecated(SINCE, SINCE + NOTICE, "Use another one.")
    with pytest.raises(ValueError, match="365 days"):
        Deprecated(SINCE, SINCE + NOTICE - timedelta(days=1), "Use another one.")


def test_the_document_has_no_header_that_no_answer_has() -> None:
    used = {
        name
        for item in document()["paths"].values()
        for operation in item.values()
        for answer in operation["responses"].values()
        for name in answer.get("headers", ())
    }
    assert document()["components"]["headers"].keys() == used
