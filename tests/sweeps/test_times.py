"""The times in the query of every operation are read by one rule."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from app.core.values.clock import AHEAD_MAX, now
from tests.ground import Api
from tests.sweeps.document import Documented, operations
from tests.sweeps.world import World

AS_OF = {("outcomes.read", "to")}
"""Parameters with another name that say as of when figures are, besides `as_of`."""


def times() -> Iterator[tuple[Documented, str]]:
    """Every operation with every time in its query."""
    for operation in operations():
        for name, parameter in operation.parameters("query").items():
            if "date-time" in str(parameter["schema"]):
                yield operation, name


def answered(world: World, operation: Documented, name: str, value: str) -> dict[str, Any]:
    """The status, and the fault of this parameter if there is one."""
    sent = world.request(operation)
    path = sent.path.split("?")[0]
    answer = world.api(sent.method, f"{path}?{name}={value}", headers=sent.headers)
    errors = answer.json()["errors"] if answer.status_code == 422 else [{}]
    return {"status": answer.status_code, **errors[0]}


def test_a_plus_that_arrives_as_a_blank_is_explained(api: Api) -> None:
    world, wrong = World(api), {}
    for operation, name in times():
        found = answered(world, operation, name, "2026-11-20T10:00:00+00:00")
        if (found["status"], found.get("code")) != (422, "datetime_parsing"):
            wrong[operation.name, name] = found
        else:
            assert "%2B" in found["detail"]
        fine = answered(world, operation, name, "2026-11-20T10:00:00%2B00:00")
        if fine["status"] == 422:
            wrong[operation.name, name] = fine
    assert wrong == {}


def test_figures_are_of_a_time_that_is_at_most_five_minutes_ahead(api: Api) -> None:
    world, asked = World(api), set()
    for operation, name in times():
        if name != "as_of" and (operation.name, name) not in AS_OF:
            continue
        asked.add((operation.name, name))
        for ahead, code in ((1, "in_the_future"), (-1, None)):
            at = now() + AHEAD_MAX + timedelta(minutes=ahead)
            found = answered(world, operation, name, quote(at.isoformat()))
            assert (found["status"] == 422, found.get("code")) == (code is not None, code), found
    assert {name for _, name in asked} == {"as_of", "to"}
    assert asked >= AS_OF
