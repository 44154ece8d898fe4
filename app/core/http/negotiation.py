"""Negotiation of content: which form and language of an answer a client prefers (RFC 9110, 12.5).

A part of a header that can't be read is ignored. So is a header of which nothing can be read.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_MEDIA: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_WEIGHT: Final = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*|\*")


class _Range(NamedTuple):
    """A part of a header: what is asked for, its parameters, and how much it is preferred."""

    what: str
    parameters: frozenset[str]
    weight: float


def best_media(accept: str, offered: Sequence[str]) -> str | None:
    """Return the media type that suits an `Accept` header best; None if none is acceptable.

    `offered` begins with the one that is sent to a client that has no preference.
    """
    ranges = [each for each in _ranges(accept) if _MEDIA.fullmatch(each.what)]
    if not ranges:
        return offered[0]
    weights = {media: _weight_of(media, ranges) for media in offered}
    best = max(offered, key=weights.__getitem__)
    return best if weights[best] > 0 else None


def wanted_languages(accept_language: str) -> list[str]:
    """Return the language tags of an `Accept-Language` header, the most wanted first.

    Tags that are refused, by the weight 0, and the wildcard are left out.
    """
    ranges = [each for each in _ranges(accept_language) if _LANGUAGE.fullmatch(each.what)]
    ranges.sort(key=lambda each: -each.weight)
    return [each.what for each in ranges if each.weight > 0 and each.what != "*"]


def _ranges(header: str) -> Iterator[_Range]:
    for part in header.split(","):
        what, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight, kept = 1.0, set()
        for parameter in filter(None, parameters):
            name, _, value = parameter.partition("=")
            if name != "q":
                kept.add(f"{name}={value.strip(chr(34))}")
            elif _WEIGHT.fullmatch(value):
                weight = float(value)
            else:
                break
        else:
            yield _Range(what, frozenset(kept), weight)


def _weight_of(media: str, ranges: Sequence[_Range]) -> float:
    """Return how much a media type is preferred: what the most specific range says of it."""
    [own] = _ranges(media)
    kind = own.what.partition("/")[0]
    found = (0, 0.0)
    for each in ranges:
        if not each.parameters <= own.parameters:
            continue
        names = ("*/*", f"{kind}/*", own.what)
        if each.what in names:
            found = max(found, (1 + names.index(each.what) + len(each.parameters), each.weight))
    return found[1]
