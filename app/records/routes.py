"""The five routes that every kind of record has."""

from typing import Any
from uuid import UUID

from app.core.access import Scope
from app.core.faults import Fault
from app.core.operation import Operation
from app.core.pages import Filters, view_of_page
from app.core.problems import IdTaken, Invalid, NotFound, Problem, VersionMissing, VersionStale
from app.core.routing import Answer, Routes
from app.records import queries, service
from app.records.errors import IdentifierTaken, StillRelied
from app.records.kinds import Kind
from app.records.schemas import MergePatch, RecordBody
from app.records.views import RecordView


def answer(view: RecordView, *, new_at: str | None = None) -> Answer:
    """A record as an answer: 201 with its address where it is new."""
    if new_at is None:
        return Answer(view, version=view["version"])
    return Answer(view, 201, view["version"], f"{new_at}/{view['id']}")


def conflicts(kind: Kind[Any, Any]) -> tuple[type[Problem], ...]:
    """What may stand against content of this kind."""
    return (IdentifierTaken,) if kind.identified_by else ()


def serve_reads(routes: Routes, kind: Kind[Any, Any], scope: Scope) -> None:
    """Serve `GET /{id}` and the list."""

    def one(op: Operation, id: UUID) -> Answer:
        return answer(queries.shown(op, kind, id))

    def many(op: Operation, filters: Filters) -> Answer:
        return Answer.page(*queries.records(op, kind, filters))

    many.__annotations__["filters"] = kind.filters
    one.__doc__ = f"Read one of the {kind.noun.replace('_', ' ')}."
    many.__doc__ = f"List {kind.noun.replace('_', ' ')}."
    routes.add("GET", "", many, name=f"{kind.noun}.list", scope=scope, view=view_of_page(kind.view))
    routes.add(
        "GET",
        "/{id}",
        one,
        name=f"{kind.noun}.read",
        scope=scope,
        view=kind.view,
        problems=(NotFound,),
    )


def serve_writes(
    routes: Routes, kind: Kind[Any, Any], scope: Scope, *problems: type[Problem]
) -> None:
    """Serve `POST`, `PUT /{id}` and `PATCH /{id}`; `problems` stand against a change."""

    def create(op: Operation, body: RecordBody) -> Answer:
        view, new = service.create_one(op, kind, body)
        return answer(view, new_at=routes.prefix if new else None)

    def replace(op: Operation, id: UUID, body: RecordBody) -> Answer:
        if body.id not in {None, id}:
            raise Invalid([Fault("/id", "id_fixed", "It is not the id in the address.")])
        whole = body.model_copy(update={"id": id})
        if op.if_match is not None:
            return answer(service.replace(op, kind, whole))
        try:
            view, new = service.create_one(op, kind, whole)
        except IdTaken:
            raise VersionMissing from None
        return answer(view, new_at=routes.prefix if new else None)

    def change(op: Operation, id: UUID, body: MergePatch) -> Answer:
        return answer(service.patch(op, kind, id, body.root))

    create.__annotations__["body"] = replace.__annotations__["body"] = kind.body
    noun = kind.singular.replace("_", " ")
    create.__doc__ = f"Create a {noun}."
    replace.__doc__ = f"Create a {noun} under its client's own id, or replace its content."
    change.__doc__ = f"Change a part of a {noun} by a JSON Merge Patch."
    declared: dict[str, Any] = {"scope": scope, "view": kind.view}
    taken = conflicts(kind)
    relied = (StillRelied,) if kind.validated_against else ()
    stale = (NotFound, VersionStale, VersionMissing, *problems, *taken, *relied)
    routes.add(
        "POST",
        "",
        create,
        name=f"{kind.noun}.create",
        status=201,
        problems=(IdTaken, *taken),
        **declared,
    )
    routes.add(
        "PUT", "/{id}", replace, name=f"{kind.noun}.replace", status=201, problems=stale, **declared
    )
    routes.add("PATCH", "/{id}", change, name=f"{kind.noun}.update", problems=stale, **declared)
