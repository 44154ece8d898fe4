"""The parts of bodies that several kinds share."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from app.core.values.faults import RuleBroken
from app.core.values.wire import LINE_MAX, ONE_LINE, Body, Line

IDENTIFIERS_MAX = 20


class RecordBody(Body):
    """What a client sends of a record. It may choose the id itself."""

    id: Annotated[
        UUID | None, Field(description="Chosen by the client; otherwise by the server.")
    ] = None


class IdentifierBody(Body):
    """What another system calls this record."""

    system: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LINE_MAX,
            pattern=r"^[^|]+$",
            description="A URI or an agreed name.",
        ),
        ONE_LINE,
    ]
    value: Line
    """The name or number within that system."""


def _distinct(identifiers: Sequence[IdentifierBody]) -> Sequence[IdentifierBody]:
    if len({(i.system, i.value) for i in identifiers}) < len(identifiers):
        raise RuleBroken("repeated_identifier", "The same identifier is given twice.")
    return identifiers


Identifiers = Annotated[
    list[IdentifierBody], Field(max_length=IDENTIFIERS_MAX), AfterValidator(_distinct)
]


Language = Annotated[
    str,
    Field(
        max_length=35,
        pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$",
        description="A BCP 47 language tag, such as `fr-CA`.",
    ),
]
