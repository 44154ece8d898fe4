"""The five routes that every kind of record has.

    router = APIRouter(prefix="/v1/episodes", tags=["episodes"], route_class=Route)
    add_reads(router, EPISODES, Scope.EPISODES_READ)
    add_writes(router, EPISODES, Scope.EPISODES_WRITE)

Their bodies, filters and views are the kind's own. Python evaluates the annotations when it
defines a function, so FastAPI sees the real models. mypy can't know them, hence the ignores.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic_core import to_jsonable_python

from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.patches import patch_of
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.faults import Fault
from app.core.values.problems import (
    IdTaken,
    Invalid,
    NotFound,
    Problem,
    VersionMissing,
    VersionStale,
)
from app.records import queries, service
from app.records.errors import (
    DiffersFromLedger,
    IdentifierTaken,
    PossibleDuplicate,
    StillReliedOn,
)
from app.records.kinds import Kind
from app.records.views import OnDuplicate, RecordView

Careful = Annotated[OnDuplicate, Query(description="`reject` refuses a possible duplicate.")]
LIST = """List {nouns}.

Without filters it lists all of the clinic. Follow `next` until it is null."""
READ = """Read one of the {nouns}.

Keep its ETag: a change needs it as `If-Match`."""
CREATE = """Create {one}.

Choose the id yourself, or leave it to the server. Sent again with the same id and content, it
answers 200 with the stored record; with other content, 409."""
ALIKE = """

`possible_duplicates` names stored records that it resembles. With `on_duplicate=reject` such a
record is not stored (409)."""
REPLACE = """Create {one} with the client's own id, or replace its content.

Without `If-Match` it creates. With the current version as `If-Match` it replaces everything:
what is left out is gone."""
UPDATE = """Change some fields of {one} with a JSON Merge Patch.

Absent fields stay, null removes one, lists are replaced as a whole. `If-Match` is required."""


def answer(view: RecordView) -> Answer[Any]:
    """Return a record as an answer, with its version as ETag."""
    return Answer(view, version=view["version"])


def answer_stored(view: RecordView, *, is_new: bool, folder: str) -> Answer[Any]:
    """Return the answer to a create: 201 and the address in `folder` if the record is new."""
    if not is_new:
        return answer(view)
    return Answer(view, 201, version=view["version"], location=f"{folder}/{view['id']}")


def add_reads(router: APIRouter, kind: Kind[Any, Any], scope: Scope) -> None:
    """Add `GET /{id}` and the list."""
    reading = Depends(Authorize(scope))
    nouns = kind.noun.replace("_", " ")

    @router.get("", operation_id=f"{kind.noun}.list", description=LIST.format(nouns=nouns))
    def many(
        op: Annotated[Operation, reading],
        filters: Annotated[kind.filters, Query()],  # type: ignore[name-defined]
    ) -> Page[kind.view]:  # type: ignore[name-defined]
        return Page(*queries.records(op, kind, filters))

    @router.get(
        "/{id:uuid}",
        operation_id=f"{kind.noun}.read",
        description=READ.format(nouns=nouns),
        responses=documented(NotFound),
    )
    def one(op: Annotated[Operation, reading], id: UUID) -> Answer[kind.view]:  # type: ignore[name-defined]
        return answer(queries.record_for_answer(op, kind, id))


def add_writes(
    router: APIRouter, kind: Kind[Any, Any], scope: Scope, *problems: type[Problem]
) -> None:
    """Add `POST`, `PUT /{id}` and `PATCH /{id}`. A change may raise `problems`."""
    writing = Depends(Authorize(scope))
    noun = kind.singular.replace("_", " ")
    article = "an" if noun[0] in "aeiou" else "a"
    one = noun if kind.singular == kind.noun else f"{article} {noun}"
    taken = (IdentifierTaken,) if kind.identified_by else ()
    relied = (StillReliedOn,) if kind.validated_against else ()
    written = kind.written or kind.view
    changing = (NotFound, VersionStale, VersionMissing, DiffersFromLedger)
    refusals = (*changing, *problems, *taken, *relied)
    changes = patch_of(kind.body)

    add_create(router, kind, writing, CREATE.format(one=one), taken)
    add_replace(router, kind, writing, REPLACE.format(one=one), refusals)

    @router.patch(
        "/{id:uuid}",
        operation_id=f"{kind.noun}.update",
        description=UPDATE.format(one=one),
        responses=documented(*refusals),
    )
    def change(op: Annotated[Operation, writing], id: UUID, body: changes) -> Answer[written]:  # type: ignore[valid-type]
        return answer(kind.answer_to_write(op, service.patch(op, kind, id, body.root)))  # type: ignore[attr-defined]


def add_create(
    router: APIRouter,
    kind: Kind[Any, Any],
    writing: Any,
    description: str,
    problems: tuple[type[Problem], ...],
) -> None:
    """Add `POST`. Where records may be stored twice, its answer names possible duplicates."""
    careful = () if kind.made is None else (PossibleDuplicate,)
    declared: dict[str, Any] = {
        "status_code": 201,
        "operation_id": f"{kind.noun}.create",
        "description": description if kind.made is None else description + ALIKE,
        "responses": documented(IdTaken, *problems, *careful),
    }
    made = kind.made or kind.written or kind.view

    if kind.made is None:

        @router.post("", **declared)
        def create(
            op: Annotated[Operation, writing],
            body: kind.body,  # type: ignore[name-defined]
        ) -> Answer[made]:  # type: ignore[valid-type]
            return _created(op, kind, body, "accept", router.prefix)

    else:

        @router.post("", **declared)
        def create_carefully(
            op: Annotated[Operation, writing],
            body: kind.body,  # type: ignore[name-defined]
            on_duplicate: Careful = "accept",
        ) -> Answer[made]:  # type: ignore[valid-type]
            return _created(op, kind, body, on_duplicate, router.prefix)


def add_replace(
    router: APIRouter,
    kind: Kind[Any, Any],
    writing: Any,
    description: str,
    problems: tuple[type[Problem], ...],
) -> None:
    """Add `PUT`. Where it creates a record, it names possible duplicates as `POST` does."""
    careful = () if kind.made is None else (PossibleDuplicate,)
    declared: dict[str, Any] = {
        "status_code": 201,
        "operation_id": f"{kind.noun}.replace",
        "description": description if kind.made is None else description + ALIKE,
        "responses": documented(*problems, *careful),
    }
    made = kind.made or kind.written or kind.view

    if kind.made is None:

        @router.put("/{id:uuid}", **declared)
        def replace(
            op: Annotated[Operation, writing],
            id: UUID,
            body: kind.body,  # type: ignore[name-defined]
        ) -> Answer[made]:  # type: ignore[valid-type]
            return _put(op, kind, _with_id(body, id), "accept", router.prefix)

    else:

        @router.put("/{id:uuid}", **declared)
        def replace_carefully(
            op: Annotated[Operation, writing],
            id: UUID,
            body: kind.body,  # type: ignore[name-defined]
            on_duplicate: Careful = "accept",
        ) -> Answer[made]:  # type: ignore[valid-type]
            return _put(op, kind, _with_id(body, id), on_duplicate, router.prefix)


def _with_id(body: Any, id: UUID) -> Any:
    if body.id not in {None, id}:
        raise Invalid([Fault("/id", "id_fixed", "The id differs from the id in the address.")])
    return body.model_copy(update={"id": id})


def _put(
    op: Operation, kind: Kind[Any, Any], whole: Any, on_duplicate: OnDuplicate, folder: str
) -> Answer[Any]:
    if op.if_match is not None:
        return answer(kind.answer_to_write(op, service.replace(op, kind, whole)))
    try:
        return _created(op, kind, whole, on_duplicate, folder)
    except IdTaken:
        raise VersionMissing from None


def _created(
    op: Operation, kind: Kind[Any, Any], body: Any, on_duplicate: OnDuplicate, folder: str
) -> Answer[Any]:
    view, is_new = service.create_one(op, kind, body)
    shown: Any = kind.answer_to_write(op, view)
    if kind.made is not None:
        found = kind.duplicates(op, view)
        if found and is_new and on_duplicate == "reject":
            raise PossibleDuplicate(possible_duplicates=to_jsonable_python(found))
        shown = {**shown, "possible_duplicates": found} if found else shown
    return answer_stored(shown, is_new=is_new, folder=folder)
