"""Forms: bodies of the type `application/x-www-form-urlencoded`."""

from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from app.core.http.requests import check_media
from app.core.values.problems import MalformedRequest

FORM: Final = "application/x-www-form-urlencoded"
MEMBERS_MAX: Final = 20


class Repeated(ValueError):
    """A member of a form is given twice."""


def form_members(raw: bytes) -> dict[str, str]:
    """The members of a form by name; a member without a value counts as absent.

    Raises `Repeated` where a name comes twice, and another `ValueError` where this is no form or
    has more than `MEMBERS_MAX` members.
    """
    members = parse_qsl(raw.decode(), max_num_fields=MEMBERS_MAX, errors="strict")
    if len(dict(members)) < len(members):
        raise Repeated
    return dict(members)


def read_form(request: Request, raw: bytes) -> dict[str, str]:
    """The members of a request's form; `UnsupportedMedia` or `MalformedRequest` if it is none."""
    check_media(request, {FORM})
    try:
        return form_members(raw)
    except ValueError:
        raise MalformedRequest("This is no form, or names something twice.") from None


async def _form(request: Request) -> dict[str, str]:
    return read_form(request, await request.body())


Form = Annotated[dict[str, str], Depends(_form)]
"""A parameter of a `Route`: the members of the form that was sent."""
