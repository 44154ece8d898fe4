"""What an operation needs of a request: body, query and key; or what is wrong with them."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, unquote_to_bytes

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from app.core.faults import Fault, pointer
from app.core.problems import Invalid, MalformedRequest, UnsupportedMedia
from app.core.retries import KEY_MAX, KEY_PATTERN
from app.core.wire import M, faults, read

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
FORM: Final = "application/x-www-form-urlencoded"
MEMBERS_MAX: Final = 20
"""Of a form."""


class Repeated(ValueError):
    """A member of a form is given twice."""


class _NoFilters(BaseModel):
    model_config = ConfigDict(extra="forbid")


def media(request: Request, allowed: Collection[str]) -> str:
    """The content type of a body, or `UnsupportedMedia`."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in allowed:
        raise UnsupportedMedia(f"Send {' or '.join(sorted(allowed))}.")
    return sent


def form(request: Request, raw: bytes) -> dict[str, str]:
    """The members of a form, each of them once; one without a value counts as absent."""
    media(request, {FORM})
    try:
        return form_members(raw)
    except ValueError:
        raise MalformedRequest("This is no form, or names something twice.") from None


def form_members(raw: bytes) -> dict[str, str]:
    """The same of a form's bytes.

    `Repeated` where one comes twice, another `ValueError` where this is no form, or has too many.
    """
    sent = parse_qsl(raw.decode(), max_num_fields=MEMBERS_MAX, errors="strict")
    if len(dict(sent)) < len(sent):
        raise Repeated
    return dict(sent)


def body(model: type[M], request: Request, raw: bytes) -> M:
    """The body, if it is what the operation takes."""
    media(request, {JSON, MERGE_PATCH} if request.method == "PATCH" else {JSON})
    return read(model, raw)


def placed(model: type[BaseModel] | None, request: Request) -> dict[str, Any]:
    """What the path names."""
    if model is None:
        return {}
    try:
        return dict(model.model_validate(request.path_params))
    except ValidationError as error:
        raise Invalid(faults(error), "path") from None


def asked(filters: type[BaseModel] | None, request: Request) -> dict[str, Any]:
    """The argument that the query stands for; a parameter that nobody asked for is refused."""
    if filters is not None:
        return {"filters": _filters(filters, request)}
    if request.scope["query_string"]:
        _filters(_NoFilters, request)
    return {}


def _filters(model: type[M], request: Request) -> M:
    # Most requests ask nothing by a query.
    sent = _parameters(request) if request.scope["query_string"] else {}
    try:
        return model.model_validate_strings(sent)
    except ValidationError as error:
        raise Invalid(faults(error), "query") from None


def _parameters(request: Request) -> dict[str, str]:
    """The parameters of the query, each of them once, and all of them text."""
    broken = list(_broken(request.scope["query_string"]))
    if broken:
        why = "It isn't UTF-8."
        raise Invalid([Fault(pointer(name), "not_utf8", why) for name in broken], "query")
    sent = request.query_params.multi_items()
    twice = [name for name, times in Counter(name for name, _ in sent).items() if times > 1]
    if twice:
        raise Invalid(
            [Fault(pointer(name), "repeated", "Give this parameter once.") for name in twice],
            "query",
        )
    nul = [name for name, value in sent if "\0" in value or "\0" in name]
    if nul:
        why = "A NUL character can't be stored."
        raise Invalid([Fault(pointer(name), "nul_character", why) for name in nul], "query")
    return dict(sent)


def _broken(query: bytes) -> Iterator[str]:
    """The parameters whose bytes are no text."""
    for pair in query.split(b"&"):
        try:
            unquote_to_bytes(pair).decode()
        except UnicodeDecodeError:
            yield unquote(pair.partition(b"=")[0].decode("latin-1"))


def key(request: Request) -> str | None:
    """The Idempotency-Key, if one was sent."""
    sent = request.headers.get("idempotency-key")
    if sent is not None and not (len(sent) <= KEY_MAX and re.fullmatch(KEY_PATTERN, sent)):
        wanted = f"Give 1 to {KEY_MAX} characters of ASCII."
        raise Invalid([Fault("/Idempotency-Key", "key", wanted)], "header")
    return sent
