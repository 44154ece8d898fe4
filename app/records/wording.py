"""Words of vocabularies in bodies. A member that is `Named` is stored as the code of its row.

A change leaves a word alone that the record holds already, whatever the vocabulary says today.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Final, NamedTuple, Protocol, Union, get_args, get_origin

from pydantic import BaseModel

from app.core.values.faults import Fault, pointer
from app.core.values.wire import M
from app.vocabularies.queries import Words, published_code
from app.vocabularies.rules import VocabularyName
from app.vocabularies.schemas import Named, Vocabulary

EACH: Final = "*"
"""A step to each item of a list."""


class Place(NamedTuple):
    """A member of a body that holds a word, by the steps that lead to it."""

    way: tuple[str, ...]
    vocabulary: Vocabulary


@lru_cache(maxsize=256)
def places(body: type[BaseModel]) -> tuple[Place, ...]:
    """Return the members of a body, and of the bodies inside it, that hold words."""
    found: list[Place] = []
    for name, field in body.model_fields.items():
        marks = [mark for mark in field.metadata if isinstance(mark, Named)]
        found += [Place((name,), mark.vocabulary) for mark in marks]
        found += [Place((name, *way), of) for way, of in _inside(field.annotation)]
    return tuple(found)


def _inside(annotation: Any) -> Iterator[Place]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from places(annotation)
    elif origin is Annotated:
        yield from (
            Place((), m.vocabulary) for m in annotation.__metadata__ if isinstance(m, Named)
        )
        yield from _inside(arguments[0])
    elif origin is list:
        yield from (Place((EACH, *way), of) for way, of in _inside(arguments[0]))
    elif origin in {Union, UnionType}:
        for choice in arguments:
            yield from _inside(choice)


class Coder(Protocol):
    """Knows the code of a word: `Words`, or `PUBLISHED` where there is no operation."""

    def code(self, noun: VocabularyName, word: str) -> str | None:
        """Return the code of the row that has a word; None if no row has it."""


class _Published:
    """The published rows only."""

    def code(self, noun: VocabularyName, word: str) -> str | None:
        """Return the code of the published row that has a word."""
        return published_code(noun, word)


PUBLISHED: Final[Coder] = _Published()


def coded(words: Coder, body: M, current: Mapping[str, Any] | None = None) -> M:
    """Return a body with the code of each word that is known.

    `current` is the record before the change, if there is one.
    """
    for way, vocabulary in places(type(body)):
        kept = _texts(current, way)

        def code(word: str, of: Vocabulary = vocabulary, kept: frozenset[str] = kept) -> str:
            return word if word in kept else words.code(of.noun, word) or word

        body = _changed(body, way, code)
    return body


def faults(
    words: Words, body: BaseModel, current: Mapping[str, Any] | None = None
) -> Iterator[Fault]:
    """Yield a fault for each word that neither the vocabulary nor the record has."""
    for way, vocabulary in places(type(body)):
        kept = _texts(current, way)
        for place, word in _found(body, way):
            if word not in kept and words.code(vocabulary.noun, word) is None:
                yield words.unknown(vocabulary, place, word)


def _changed(value: Any, way: tuple[str, ...], code: Callable[[str], str]) -> Any:
    if value is None:
        return None
    if not way:
        return code(value)
    step, rest = way[0], way[1:]
    if step == EACH:
        return [_changed(item, rest, code) for item in value]
    inner = getattr(value, step)
    changed = _changed(inner, rest, code)
    return value if changed == inner else value.model_copy(update={step: changed})


def _found(value: Any, way: tuple[str, ...], place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the words at a place of a body or a view, each with its pointer."""
    if value is None:
        return
    if not way:
        yield place, value
    elif way[0] == EACH:
        for number, item in enumerate(value):
            yield from _found(item, way[1:], place + pointer(number))
    else:
        inner = value.get(way[0]) if isinstance(value, Mapping) else getattr(value, way[0])
        yield from _found(inner, way[1:], place + pointer(way[0]))


def _texts(view: Mapping[str, Any] | None, way: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for _, word in _found(view, way))
