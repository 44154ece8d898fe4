"""The scopes that a caller may give to a new client."""

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
    Field(min_length=1, max_length=100, description="Its rights: only scopes that you hold."),
    AfterValidator(_distinct),
]


def scopes_not_held(caller: Caller, scopes: Iterable[Scope]) -> Iterator[Fault]:
    """A fault for each scope that the caller doesn't hold: nobody can give it to another."""
    for n, scope in enumerate(scopes):
        if scope not in caller.scopes:
            yield Fault(pointer("scopes", n), "not_held", "You don't hold this scope yourself.")
