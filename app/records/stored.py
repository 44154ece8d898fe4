"""Convert stored JSON to the types of a view, and write every view in one way."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from functools import partial
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from typing_extensions import is_typeddict

Reader = Callable[[Any], Any]

WHOLE_MAX: Final = 2.0**53
"""Below it, every whole number is exact as a float."""
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


def members(view: Any) -> dict[str, Reader]:
    """Return the members of a view that need conversion from JSON, with their readers."""
    readers = {name: reader(wanted) for name, wanted in get_type_hints(view).items()}
    return {name: read for name, read in readers.items() if read is not None}


def writer(wanted: Any) -> Reader | None:
    """Return a function that gives a value of this type the one form in which it is answered.

    Objects have their members in the order of the view, and whole numbers have no fraction
    (RFC 8785). None if nothing can differ.
    """
    if is_typeddict(wanted):
        return _object_writer(wanted)
    if get_origin(wanted) in {list, Union, UnionType}:
        inner = [writer(part) for part in get_args(wanted) if part is not NoneType]
        write = next(filter(None, inner), None)
        return _list_reader(write) if write and get_origin(wanted) is list else _optional(write)
    return number if wanted is float else None


def writers(view: Any) -> dict[str, Reader]:
    """Return the members of a view that `writer` may change, with their functions."""
    found = {name: writer(wanted) for name, wanted in get_type_hints(view).items()}
    return {name: write for name, write in found.items() if write is not None}


def row_writers(view: Any, built: Mapping[str, Collection[str]]) -> dict[str, Reader]:
    """As `writers`, for a row in which a query has built some members: lists of objects.

    A built object has its one form already, but for its columns of JSON. `built` names them.
    """
    found = {name: write for name, write in writers(view).items() if name not in built}
    hints = get_type_hints(view)
    for name, stored in built.items():
        [item] = get_args(hints[name])
        inner = {part: write for part, write in writers(item).items() if part in stored}
        if inner:
            found[name] = _list_reader(partial(written, writers=inner))
    return found


def written(members: dict[str, Any], writers: Mapping[str, Reader]) -> dict[str, Any]:
    """Return the members of a view as these writers give them. An older version lacks some."""
    for name, write in writers.items():
        if name in members:
            members[name] = write(members[name])
    return members


def number(value: float) -> float:
    """Return a number as it is answered: 7, not 7.0."""
    return int(value) if -WHOLE_MAX < value < WHOLE_MAX and value == int(value) else value


def _object_writer(view: Any) -> Reader:
    members = {name: writer(wanted) for name, wanted in get_type_hints(view).items()}

    def write(value: dict[str, Any]) -> dict[str, Any]:
        # An older version lacks the members that were added later.
        return {
            name: value[name] if inner is None else inner(value[name])
            for name, inner in members.items()
            if name in value
        }

    return write


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
