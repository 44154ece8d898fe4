"""A record appears in every place that its kind declares, and in no other."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from app.kinds import AS_ROWS, AS_TABLES, KINDS, ON_TIMELINE
from app.records.appearances import Appearances, LeftOut
from app.records.kinds import Kind
from app.records.registry import Registry, by_kind
from app.sessions.service import SESSIONS
from tests.ground import Api, Clinic
from tests.sweeps.document import operations
from tests.sweeps.world import World
from tests.transfer.exported import NDJSON, export, records
from tests.web.console import Desk

# Where a kind appears is declared, whatever the database.
pytestmark = pytest.mark.alike

EVERY = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.noun)
REASONS = [
    left_out.reason
    for kind in KINDS
    for place in dataclasses.fields(Appearances)
    if isinstance(left_out := getattr(kind.appears, place.name), LeftOut)
]


def new(world: World, kind: Kind[Any, Any]) -> str:
    """Create a record of a kind from the document's example body, and return its id.

    What the server makes by itself is made by its cause.
    """
    if kind not in AS_ROWS:
        return str(world.make(f"/v1/{kind.noun}")["id"])
    [create] = [each for each in operations() if each.name == f"{kind.noun}.create"]
    answer = world.request(create).by(world.api)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def timeline(world: World) -> list[Any]:
    patient = world.known("patients")
    return list(world.api.get(f"/v1/patients/{patient}/timeline?limit=200").json()["items"])


def rows(api: Api) -> list[dict[str, Any]]:
    lines = export(api, "records.ndjson").text.split("\n")
    return [json.loads(line) for line in lines if line]


@EVERY
def test_an_import_accepts_the_export_of_records(
    api: Api, other_api: Api, kind: Kind[Any, Any]
) -> None:
    id_ = new(World(api), kind)
    assert (id_ in {row["id"] for row in rows(api)}) == (kind in AS_ROWS)
    content = export(api, "records.ndjson").content
    report = other_api("POST", "/v1/imports", content=content, headers=NDJSON).json()
    assert (report["created"], report["errors"]) == (content.count(b"\n"), [])
    assert (id_ in {row["id"] for row in rows(other_api)}) == (kind in AS_ROWS)


@EVERY
def test_a_record_is_a_row_of_its_table(api: Api, kind: Kind[Any, Any]) -> None:
    id_, table = new(World(api), kind), kind.noun.replace("_", "-")
    if kind in AS_TABLES:
        assert id_ in {row["id"] for row in records(api, table)}
    else:
        assert api.get(f"/v1/exports/{table}.ndjson").status_code == 404


@EVERY
def test_a_record_is_on_the_timeline_of_its_patient(
    app: FastAPI, api: Api, clinic: Clinic, kind: Kind[Any, Any]
) -> None:
    world = World(api)
    id_ = new(world, kind)
    found = timeline(world)
    assert (id_ in {item["id"] for item in found}) == (kind in ON_TIMELINE)
    page = Desk(app).let_in(clinic).get(f"/console/patients/{world.known('patients')}/timeline")
    assert page.text.count("<li><time") == len(found)


def test_every_omission_has_a_reason() -> None:
    assert REASONS
    assert [why for why in REASONS if not (" " in why and why.endswith("."))] == []


def test_a_kind_is_listed_after_those_that_it_refers_to() -> None:
    with pytest.raises(ValueError, match="List patients before sessions"):
        Registry().fill([SESSIONS])


def test_an_unfilled_registry_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="fill_registry"):
        list(Registry())


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda shows: shows.pop("sessions"), "Declare how this place shows sessions"),
        (lambda shows: shows.update(parrots=1), "this place shows parrots"),
    ],
)
def test_a_place_that_forgets_a_kind_gets_an_error_that_names_it(
    spoil: Callable[[dict[str, int]], Any], complaint: str
) -> None:
    shows = {kind.noun: 1 for kind in KINDS}
    assert list(by_kind("this place", KINDS, shows)) == [kind.noun for kind in KINDS]
    spoil(shows)
    with pytest.raises(ValueError, match=complaint):
        by_kind("this place", KINDS, shows)


def test_every_kind_of_a_feature_is_listed(app: FastAPI) -> None:
    served = {name for name in (each.name for each in operations()) if name.endswith(".create")}
    assert app.routes
    made = set(made_below(Kind))
    assert {type(kind) for kind in KINDS} == made
    assert {f"{kind.noun}.create" for kind in AS_ROWS} <= served


def made_below(kind: type[Kind[Any, Any]]) -> Iterator[type[Kind[Any, Any]]]:
    for below in kind.__subclasses__():
        yield below
        yield from made_below(below)
