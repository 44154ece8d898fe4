"""Convert stored JSON to the types of a view: dates, datetimes and ids."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from typing_extensions import is_typeddict

Reader = Callable[[Any], Any]

_TEXTS: Final[dict[Any, Reader]] = {
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    UUID: UUID,
}


def reader(wanted: Any) -> Reader | None:
    """Return a function that converts a JSON value to this type; None if none is needed."""
    if is_typeddict(wanted):
        return _object_reader(wanted)
    if get_origin(wanted) in {list, Union, UnionType}:
        inner = [reader(part) for part in get_args(wanted) if part is not NoneType]
        read = next(filter(None, inner), None)
        return _list_reader(read) if read and get_origin(wanted) is list else _optional(read)
    return _TEXTS.get(wanted)


def views_in(wanted: Any) -> Iterator[Any]:
    """Yield a view and the views inside it."""
    if is_typeddict(wanted):
        yield wanted
    parts = get_type_hints(wanted).values() if is_typeddict(wanted) else get_args(wanted)
    for part in parts:
        yield from views_in(part)


def members(view: Any) -> dict[str, Reader]:
    """Return the members of a view that need conversion from JSON, with their readers."""
    readers = {name: reader(wanted) for name, wanted in get_type_hints(view).items()}
    return {name: read for name, read in readers.items() if read is not None}


def _object_reader(view: Any) -> Reader | None:
    readers = members(view)

    def read(value: dict[str, Any]) -> dict[str, Any]:
        # An older version lacks the members that were added later.
        return value | {name: readers[name](value[name]) for name in readers.keys() & value.keys()}

    return read if readers else None


def _list_reader(read: Reader) -> Reader:
    return lambda values: [read(value) for value in values]


def _optional(read: Reader | None) -> Reader | None:
    return read and (lambda value: None if value is None else read(value))
