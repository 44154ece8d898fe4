"""What the requests for clients and devices share: scopes, and the descendants of a client."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Final

from fastapi import Query
from pydantic import AfterValidator, Field

from app.core.values.access import Caller, Scope
from app.core.values.faults import Fault, check_distinct, pointer


def _distinct(scopes: list[Scope]) -> list[Scope]:
    check_distinct(scopes)
    return scopes


DESCENDANTS: Final = (
    "The clients that it made, and those that these made, and so on. They all stop working with it."
)
WithDescendants = Annotated[
    bool,
    Query(
        description="Revoke its descendants as well, each with an entry of its own in the ledger:"
        " only if you may revoke each of them yourself."
        " Otherwise they stop working, too, but aren't marked as revoked."
    ),
]

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
