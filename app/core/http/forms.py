"""Forms: bodies of the type `application/x-www-form-urlencoded`."""

from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from app.core.http.requests import check_media
from app.core.values.problems import MalformedRequest

FORM: Final = "application/x-www-form-urlencoded"
MEMBERS_MAX: Final = 20
LONG_MAX: Final = 4_000
"""The members of a form with many rows, such as the needlings of a session."""


class Repeated(ValueError):
    """A form has a member twice."""


def form_members(raw: bytes, at_most: int = MEMBERS_MAX) -> dict[str, str]:
    """Return the members of a form by name. A member without a value counts as absent.

    Raises `Repeated` if a name comes twice. Raises another `ValueError` if this is not a form or
    has more than `at_most` members.
    """
    members = parse_qsl(raw.decode(), max_num_fields=at_most, errors="strict")
    if len(dict(members)) < len(members):
        raise Repeated
    return dict(members)


def read_form(request: Request, raw: bytes, at_most: int = MEMBERS_MAX) -> dict[str, str]:
    """Return the form's members by name. Raises `UnsupportedMedia` or `MalformedRequest`.

    A line break is one character. Browsers send two, which would count twice for a limit.
    """
    check_media(request, {FORM})
    try:
        members = form_members(raw, at_most)
        return {name: value.replace("\r\n", "\n") for name, value in members.items()}
    except ValueError:
        raise MalformedRequest("This is not a form, or it has a member twice.") from None


async def _form(request: Request) -> dict[str, str]:
    return read_form(request, await request.body())


async def _long_form(request: Request) -> dict[str, str]:
    return read_form(request, await request.body(), LONG_MAX)


Form = Annotated[dict[str, str], Depends(_form)]
"""A parameter of a `Route`: the members of the request's form."""
LongForm = Annotated[dict[str, str], Depends(_long_form)]
"""The same, for a form with many rows."""
