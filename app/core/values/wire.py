"""JSON in and out: strict bodies, plain views, one decoder."""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Annotated, Any, TypeAlias, TypeGuard, TypeVar

import jiter
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import to_json

from app.core.values.clock import AHEAD_MAX, YEAR_MAX, YEAR_MIN, ahead_detail, now
from app.core.values.faults import Fault, RuleBroken, pointer
from app.core.values.problems import Invalid
from app.core.values.text import check_not_blank, nfc, one_line

TEXT_MAX = 4_000
LINE_MAX = 200
Stored: TypeAlias = Collection[str]
"""The texts of a stored record."""

# RFC 3339 §5.6, with a required offset. Digits beyond a microsecond can't be stored, so they are
# refused, not cut. Zeros there lose nothing: .NET writes seven digits, Java up to nine.
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6}0{0,24})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_FULL_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# Only a body with NUL, a large exponent or very many digits is searched for unstorable values.
_SUSPECT = re.compile(rb"\\u0000|\d[eE]\+?\d{3}|\d{300}")
_BLANK_FOR_PLUS = re.compile(r"\S+ \d\d:\d\d", re.ASCII)
_RFC_3339_LOCAL = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?", re.ASCII)


def _rfc_3339(value: object) -> object:
    if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
        if isinstance(value, str) and _RFC_3339_LOCAL.fullmatch(value):
            raise RuleBroken("timezone_aware", "Give the offset from UTC, as in -08:00 or Z.")
        if isinstance(value, str) and _BLANK_FOR_PLUS.fullmatch(value):
            raise RuleBroken(
                "datetime_parsing", "The + of the offset is missing: in a URL, write it as %2B."
            )
        raise RuleBroken(
            "datetime_parsing",
            "Give an RFC 3339 time with an offset, to the microsecond: 2026-11-20T10:00:00-08:00.",
        )
    return value


def _full_date(value: object) -> date:
    """Read YYYY-MM-DD and nothing else. Pydantic would read digits as seconds since 1970."""
    if type(value) is date:
        return value
    if isinstance(value, str) and _FULL_DATE.fullmatch(value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise RuleBroken("date_parsing", "Give a date as YYYY-MM-DD, such as 2026-11-20.")


D = TypeVar("D", date, datetime)
M = TypeVar("M", bound=BaseModel)


def _storable(value: D) -> D:
    if not YEAR_MIN <= value.year <= YEAR_MAX:
        raise RuleBroken("year_out_of_range", f"Years run from {YEAR_MIN} to {YEAR_MAX}.")
    return value


def _happened(value: datetime) -> datetime:
    at = now()
    if value > at + AHEAD_MAX:
        raise RuleBroken("in_the_future", ahead_detail(at))
    return value


Moment = Annotated[
    AwareDatetime, Field(strict=False), BeforeValidator(_rfc_3339), AfterValidator(_storable)
]
Past = Annotated[Moment, AfterValidator(_happened)]
"""A time that is at most 5 minutes ahead of the server's."""
Day = Annotated[date, BeforeValidator(_full_date), AfterValidator(_storable)]


def _text(value: object, info: ValidationInfo) -> object:
    return nfc(value) if _is_new_text(value, info) else value


def _statement(value: object, info: ValidationInfo) -> object:
    if _is_new_text(value, info):
        check_not_blank(value)
        return nfc(value)
    return value


def _line(value: object, info: ValidationInfo) -> object:
    if _is_new_text(value, info):
        check_not_blank(value)
        return one_line(value)
    return value


def _is_new_text(value: object, info: ValidationInfo) -> TypeGuard[str]:
    """Return whether a value is text that isn't stored already: see `validated`."""
    return isinstance(value, str) and (info.context is None or value not in info.context)


# The limits come first, so that they belong to the text and keep their codes.
Text = Annotated[str, Field(max_length=TEXT_MAX), BeforeValidator(_text)]
"""A text of several lines, stored in NFC. It may be empty."""
Remark = Annotated[str, Field(max_length=TEXT_MAX), BeforeValidator(_statement)]
"""A text of several lines that is empty or says something, such as a reason if there is one."""
Statement = Annotated[str, Field(min_length=1, max_length=TEXT_MAX), BeforeValidator(_statement)]
"""A text of several lines that must say something, such as a reason."""
ONE_LINE = BeforeValidator(_line)
Line = Annotated[str, Field(min_length=1, max_length=LINE_MAX), ONE_LINE]
"""A text of one line, stored in NFC, trimmed, with single spaces. It must say something."""
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:/-]+$")]
Score = Annotated[int, Field(ge=0, le=10)]


class Body(BaseModel):
    """What a client sends. Unknown fields, wrong types and non-finite numbers are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


B = TypeVar("B", bound=Body)


class Period(BaseModel):
    """A period of time. Either end may be open."""

    begin: Annotated[
        Moment | None, Field(alias="from", description="Only what happened at or after this time.")
    ] = None
    end: Annotated[
        Moment | None, Field(alias="to", description="Only what happened at or before this time.")
    ] = None

    @field_validator("end")
    @classmethod
    def _follows(cls, end: datetime | None, info: ValidationInfo) -> datetime | None:
        begin = info.data.get("begin")
        if begin is not None and end is not None and end < begin:
            raise RuleBroken("out_of_order", "The end is before the beginning.")
        return end


def example(**members: Any) -> ConfigDict:
    """Return the configuration of a body with this example in its schema."""
    return ConfigDict(json_schema_extra={"examples": [members]})


class View(BaseModel):
    """What a client gets. It has no defaults: a forgotten field is an error, not a null."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def decode(raw: bytes) -> Any:
    """Decode JSON bytes.

    Raises `Invalid` for duplicate keys, NaN, 1e999, NUL, lone surrogates, bytes that aren't UTF-8
    and nesting deeper than 200.
    """
    try:
        value = jiter.from_json(raw, allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        # jiter quotes a duplicate key, which may hold anything that a client sends.
        detail = re.sub(r'key ".*" at', "key at", str(error), flags=re.DOTALL)
        raise Invalid([Fault("", "json_invalid", f"Not JSON: {detail}.")]) from None
    if _SUSPECT.search(raw):
        faults = list(_unstorable(value, ""))
        if faults:
            raise Invalid(faults)
    return value


def _unstorable(value: object, place: str) -> Iterator[Fault]:
    """Yield a fault for each valid JSON value that can't be stored: NUL, an infinite number."""
    if isinstance(value, str) and "\0" in value:
        yield Fault(place, "nul_character", "A NUL character can't be stored.")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Fault(place, "finite_number", "Give a finite number.")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unstorable(item, place + pointer(index))
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = place if "\0" in key else place + pointer(key)
            yield from _unstorable(key if "\0" in key else item, inner)


def read(model: type[M], raw: bytes, stored: Stored | None = None) -> M:
    """Read a body from JSON bytes. `Invalid` names every fault. `stored`: see `validated`."""
    decode(raw)
    return validated(model, raw, stored)


def validated(model: type[M], raw: bytes, stored: Stored | None = None) -> M:
    """Read a body from JSON bytes that passed `decode`.

    A null member counts as absent. A number without a fraction, such as 6.0 or 1e1, is an integer
    where one is wanted, as in JSON Schema. Both are rare, so they are mended only after a refusal.
    `stored` has the texts that the record holds already. They stay as they were written, and rules
    about texts that are younger than the record don't apply to them.
    """
    try:
        return model.model_validate_json(raw, context=stored)
    except ValidationError as error:
        places = [
            item["loc"]
            for item in error.errors(include_url=False, include_context=False)
            if item["loc"] and _is_mendable(item["type"], item["input"])
        ]
        if not places:
            raise Invalid(faults(error)) from None
    try:
        return model.model_validate_json(_mended(raw, places), context=stored)
    except ValidationError as error:
        raise Invalid(faults(error)) from None


def _is_mendable(code: str, given: object) -> bool:
    if given is None:
        return code != "extra_forbidden"
    return code == "int_type" and isinstance(given, float) and given.is_integer()


def _mended(raw: bytes, places: Iterable[tuple[str | int, ...]]) -> bytes:
    """Return the JSON bytes without the nulls at these places, and with integers for numbers."""
    body = jiter.from_json(raw)
    for *way, name in places:
        parent = body
        for step in way:
            # Pydantic's place may also name the tried part of a union, which isn't a member.
            inside = isinstance(parent, list) or step in parent
            parent = parent[step] if inside else {}
        if isinstance(parent, dict) and parent.get(name) is None:
            parent.pop(name, None)
        elif parent[name] is not None:
            parent[name] = int(parent[name])
    return to_json(body)


def faults(error: ValidationError) -> list[Fault]:
    """Return pydantic's errors as faults, without what the client sent."""
    return faults_in(error.errors(include_url=False, include_input=False))


def faults_in(errors: Iterable[Any]) -> list[Fault]:
    """Return errors in pydantic's form, such as FastAPI's, as faults."""
    converted = []
    for item in errors:
        broken = item.get("ctx", {}).get("error")
        if isinstance(broken, RuleBroken):
            found = (broken.code, broken.detail, broken.suggestions)
        else:
            found = (item["type"], item["msg"], ())
        converted.append(Fault(pointer(*item["loc"]), *found))
    return converted


def texts_in(value: object) -> frozenset[str]:
    """Return every text inside a JSON value."""
    return frozenset(_texts_in(value))


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts_in(inner)


def merge_patch(target: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7396 §2): null removes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged
