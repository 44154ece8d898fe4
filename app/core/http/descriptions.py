"""Descriptions of members: the docstrings under them in the source.

    depth_mm: DepthMm | None = None
    \"\"\"Null if nobody measured it.\"\"\"

They are read when the OpenAPI document or an export is made, so that they cost nothing at
start-up. Pydantic's `use_attribute_docstrings` would read the source of each class whenever the
program starts.

A member of an answer that has none takes the one of the request: `SessionView` that of
`SessionBody`, `NewClientView` that of `ClientBody`.
"""

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Any, Final, get_args

from pydantic import BaseModel
from typing_extensions import TypeAliasType, get_type_hints, is_typeddict

LEFT_OUT: Final = "If you leave it out"
"""How the description of a member begins to say what its absence means."""
COMMON: Final = {
    "id": "A UUID, made by the server unless the client chose it. It never changes.",
    "version": "1 for a new record, and 1 more after each change.",
    "created_at": "When the server stored it first, in UTC.",
    "updated_at": "When the server last changed it, in UTC.",
    "patient_id": "The patient concerned; null if there is none.",
    "episode_id": "The episode of care that it belongs to; null if it belongs to none.",
    "session_id": "The session that it belongs to; null if it belongs to none.",
    "practitioner_id": "The practitioner who treats.",
    "instrument": "The code of an instrument, as in `/v1/instruments`.",
    "muscle": "The slug of a muscle, as in `/v1/muscles`; null if no muscle is meant.",
    "request_id": "The id of the HTTP request, as in the header `X-Request-Id` of its answer.",
}
"""What members with these names mean, unless their own docstrings say more."""
Members = Mapping[str, str]


def in_request(body: type[BaseModel]) -> dict[str, str]:
    """Return the descriptions of a body's members, by their names in JSON."""
    own = COMMON | _docstrings(body)
    fields = body.model_fields
    return {
        field.alias or name: field.description or own[name]
        for name, field in fields.items()
        if field.description or name in own
    }


def in_answer(view: type[Any], bodies: Iterable[type[BaseModel]]) -> dict[str, str]:
    """Return the descriptions of a view's members: its own, common ones, or those of its body."""
    stem = view.__name__.removesuffix("View")
    stems = [(body.__name__.removesuffix("Body"), body) for body in bodies]
    same = [(name, body) for name, body in stems if stem.endswith(name)]
    inherited: dict[str, str] = {}
    if same:
        asked = in_request(max(same, key=lambda one: len(one[0]))[1])
        inherited = {name: text.partition(LEFT_OUT)[0].strip() for name, text in asked.items()}
    own = _docstrings(view)
    fields = view.model_fields if issubclass(view, BaseModel) else {}
    aliased = {(fields[n].alias or n) if n in fields else n: text for n, text in own.items()}
    return COMMON | inherited | {"id": COMMON["id"]} | aliased


def of_members(view: type[Any]) -> dict[str, str]:
    """Return the docstrings under a view's members."""
    return _docstrings(view)


def of_parameters(filters: type[BaseModel]) -> dict[str, str]:
    """Return the descriptions of the query parameters of a model."""
    return _docstrings(filters)


def of_vocabulary(words: TypeAliasType) -> str:
    """Return the docstring under a vocabulary, or an empty text."""
    return _of_module(words.__module__).get(("", words.__name__), "")


def types_in(hint: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Add the models, `TypedDict`s and vocabularies that a type hint names, also indirectly."""
    if isinstance(hint, TypeAliasType):
        known[hint.__name__] = hint
        return types_in(hint.__value__, known)
    is_object = is_typeddict(hint) or (isinstance(hint, type) and issubclass(hint, BaseModel))
    if is_object and hint.__name__ not in known:
        known[hint.__name__] = hint
        for member in get_type_hints(hint).values():
            types_in(member, known)
    for part in get_args(hint):
        types_in(part, known)
    return known


def _docstrings(owner: type[Any]) -> dict[str, str]:
    """Return the docstrings of a class's members. Those of its bases are included."""
    members: dict[str, str] = {}
    for cls in reversed(list(_lineage(owner))):
        module = _of_module(cls.__module__)
        members |= {name: text for (place, name), text in module.items() if place == cls.__name__}
    return members


def _lineage(owner: type[Any]) -> Iterator[type[Any]]:
    """Yield a class and its bases. `TypedDict`s have theirs only in `__orig_bases__`."""
    yield owner
    for base in getattr(owner, "__orig_bases__", owner.__bases__):
        if isinstance(base, type) and base.__module__.startswith("app."):
            yield from _lineage(base)


@cache
def _of_module(name: str) -> dict[tuple[str, str], str]:
    """Return a module's docstrings of members and constants, by class (or "") and name."""
    tree = ast.parse(inspect.getsource(sys.modules[name]))
    classes = [part for part in tree.body if isinstance(part, ast.ClassDef)]
    # A vocabulary that is built from a list stands in the `else` of `if TYPE_CHECKING`.
    branches = [part.orelse for part in tree.body if isinstance(part, ast.If)]
    owners = [("", body) for body in (tree.body, *branches)]
    owners += [(part.name, part.body) for part in classes]
    return {
        (owner, member): inspect.cleandoc(text)
        for owner, body in owners
        for above, below in pairwise(body)
        if (member := _assigned(above)) and (text := _text(below))
    }


def _assigned(part: ast.stmt) -> str:
    """Return the name that a statement assigns or annotates, or an empty text."""
    targets = part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)]
    return targets[0].id if isinstance(targets[0], ast.Name) else ""


def _text(part: ast.stmt) -> str:
    """Return the text of a docstring, or an empty text."""
    if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant)):
        return ""
    return part.value.value if isinstance(part.value.value, str) else ""
