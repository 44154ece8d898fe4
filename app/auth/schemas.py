"""What is handed on to a new client."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from app.core.values.access import Caller, Scope
from app.core.values.faults import Fault, check_distinct, pointer


def _distinct(scopes: list[Scope]) -> list[Scope]:
    check_distinct(scopes)
    return scopes


Scopes = Annotated[
    list[Scope],
    Field(min_length=1, max_length=100, description="What it may do: nothing that you may not."),
    AfterValidator(_distinct),
]


def ungranted(caller: Caller, scopes: Iterable[Scope]) -> Iterator[Fault]:
    """A fault for each scope that the caller doesn't hold, and so can't hand on."""
    for n, scope in enumerate(scopes):
        if scope not in caller.scopes:
            yield Fault(pointer("scopes", n), "not_held", "You don't hold this scope yourself.")
