"""Fields of a form: from what a person types to the members of a body, and back.

A field's name is the place of its member: `needle_count.opened`, or `needlings.0.side` in a list.
Empty rows of a list are left out. So the places of a body's faults are led back to the form's rows.
A list of codes has a tick for each code, such as `aftercare.heat`; its text is the codes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, Literal, NamedTuple

from app.core.values.faults import Fault
from app.muscles.queries import find
from app.patients.rules.written_dates import written_date
from app.web.console.hours import as_text, parsed
from app.web.console.writing.answers import answers, each_box, in_boxes, number, without_last
from app.web.console.writing.muscles import meant

Sort = Literal[
    "line",
    "text",
    "number",
    "day",
    "birth",
    "time",
    "hours",
    "moment",
    "choice",
    "pick",
    "yes_no",
    "tick",
    "codes",
    "answers",
    "lines",
    "muscle",
    "hidden",
    "about",
]
"""What a field takes. `pick` is a choice whose few words are all seen.

`birth` is a birth date, in any form that the search reads, too.

`hidden` and `about` are not seen. `about` says what its row is about, and a row that has nothing
else is empty.
"""
DROP: Final = "drop"
"""The tick that leaves a row out."""
CHOSEN: Final = "chosen"
"""The choice of one of the muscles that the words may mean."""
UNCLEAR: Final = "unclear"
"""What a body has for a side of which two fields say different things. No model takes it."""


class Field(NamedTuple):
    """One member of a body, as a form asks for it."""

    name: str
    label: str
    sort: Sort = "line"
    choices: tuple[tuple[str, str], ...] = ()
    """The values that a person chooses from, each with its label."""
    required: bool = False
    hint: str = ""
    default: str = ""
    """What an empty field means, to be shown in it."""
    others: str = ""
    """The label of the words that may stand in a list of codes besides; empty if none may."""
    boxes: int = 0
    """So many boxes a questionnaire has for its answers; 0: they are one line."""

    def in_boxes(self, text: str) -> list[str]:
        """Return what each box of a questionnaire holds."""
        return each_box(text, self.boxes)

    @property
    def top(self) -> str:
        """The member of the body that it belongs to."""
        return self.name.partition(".")[0]

    def ticks(self, text: str) -> list[tuple[str, str, bool]]:
        """Return the ticks of a list of codes: the code, its label, and whether the text has it.

        A code that is no longer offered has a tick as long as the record has it.
        """
        held = _split(text)
        stored = () if self.others else (word for word in held if word not in dict(self.choices))
        further = ((code, code.replace("_", " ")) for code in stored)
        return [(code, label, code in held) for code, label in (*self.choices, *further)]

    def other_words(self, text: str) -> str:
        """Return the words of a list of codes that are not among those offered."""
        return ", ".join(word for word in _split(text) if word not in dict(self.choices))

    def in_words(self, text: str) -> str:
        """Return what the field says, in words for a person."""
        labels = dict(self.choices)
        if self.sort == "codes":
            return ", ".join(labels.get(word, word.replace("_", " ")) for word in _split(text))
        if self.sort in {"tick", "yes_no"}:
            return text.capitalize()
        return labels.get(text, text)

    def within(self, place: str) -> "Field":
        """Return the same field in a part of the body, such as a row of a list."""
        return self._replace(name=f"{place}.{self.name}")


class Read(NamedTuple):
    """What a form says."""

    members: dict[str, Any]
    """The members of the body. Empty fields are absent."""
    rows: Mapping[str, str]
    """The row of the form for each item of a list, by its JSON Pointer in the body."""
    unclear: Mapping[str, Fault] = {}
    """Where two fields contradict each other, by the name of the field. The body has no value there
    that its model takes, so nothing of it is stored."""

    def field_of(self, pointer: str) -> str:
        """Return the name of the field at a JSON Pointer into the body."""
        place, name = "", ""
        for step in pointer.strip("/").split("/"):
            place = f"{place}/{step}"
            name = self.rows.get(place, f"{name}.{step}" if name else step)
        return name


def read_fields(fields: Iterable[Field], form: Mapping[str, str], zone: tzinfo) -> Read:
    """Read a form. What a field can't be stays text, so that the body's model finds the fault."""
    tree: dict[str, Any] = {}
    listed = list(fields)
    filled = {row_of(f.name) for f in listed if f.sort != "about" and typed_in(form, f)}
    for field in listed:
        row = row_of(field.name)
        if row is not None and (row not in filled or f"{row}.{DROP}" in form):
            continue
        for name, value in _read(field, form, zone):
            _put(tree, name.split("."), value)
    unclear = {name: fault for name, fault in _unclear(listed, form) if _is_in(tree, name)}
    for name in unclear:
        _put(tree, name.split("."), UNCLEAR)
    rows: dict[str, str] = {}
    return Read(_packed(tree, "", "", rows), rows, unclear)


def _unclear(fields: Iterable[Field], form: Mapping[str, str]) -> Iterator[tuple[str, Fault]]:
    """Yield a fault where a muscle's text names another side than the field beside it."""
    for field in fields:
        beside = f"{field.name.rpartition('.')[0]}.side".lstrip(".")
        if field.sort == "muscle" and typed_in(form, field) and _typed(form, beside):
            _, side = meant(typed_in(form, field))
            if side not in {None, _typed(form, beside)}:
                detail = f"The muscle's text says {side}, and the side is another one."
                yield beside, Fault("/" + beside.replace(".", "/"), "sides_differ", detail)


def _is_in(tree: Mapping[str, Any], name: str) -> bool:
    """Return whether a member was read: a row that is left out has none."""
    inner: Any = tree
    for step in name.split("."):
        if step not in inner:
            return False
        inner = inner[step]
    return True


def texts(fields: Iterable[Field], view: Mapping[str, Any], zone: tzinfo) -> dict[str, str]:
    """Return a record as the texts of a form's fields. `view` is JSON."""
    return {field.name: _text(field, _at(view, field.name.split(".")), zone) for field in fields}


def changed(
    fields: Sequence[Field], form: Mapping[str, str], before: Mapping[str, str], read: Read
) -> dict[str, Any]:
    """Return a merge patch with the members whose fields a person changed. Null empties one.

    `before` has the texts of the stored record. What nobody touched isn't sent: so a form loses
    nothing that it shows less exactly, such as the seconds of a time.
    """
    touched = [f.top for f in fields if _is_touched(f, typed_in(form, f), before[f.name].strip())]
    dropped = [name.partition(".")[0] for name in form if name.endswith(f".{DROP}")]
    tops = dict.fromkeys((*touched, *dropped))
    return {
        top: _whole(fields, top, read.members.get(top))
        for top in tops
        if any(field.top == top for field in fields)
    }


def _is_touched(field: Field, typed: str, before: str) -> bool:
    """Return whether a person changed a field. Boxes don't show missing answers at the end."""
    if field.sort == "answers":
        return without_last(typed) != without_last(before)
    return typed != before


def _whole(fields: Iterable[Field], top: str, value: Any) -> Any:
    """Return a member with a null for each part of it that is empty: a patch merges them."""
    if not isinstance(value, dict):
        return value
    names = (field.name.split(".") for field in fields if field.top == top)
    return {steps[1]: None for steps in names if len(steps) > 1} | value


class Placed(NamedTuple):
    """Faults at the fields of a form."""

    at: Mapping[str, Sequence[Fault]]
    """The faults of each field."""
    elsewhere: Sequence[Fault]
    """Those of members that the form doesn't have."""


def placed(fields: Iterable[Field], faults: Iterable[Fault], read: Read) -> Placed:
    """Bring each fault to its field, or to the nearest one around or inside its place."""
    sorts = {field.name: field.sort for field in fields}
    names = list(sorts)
    at: dict[str, list[Fault]] = {}
    elsewhere: list[Fault] = []
    for fault in faults:
        wanted = read.field_of(fault.pointer)
        found = next(
            (n for n in names if n == wanted or wanted.startswith(f"{n}.")),
            next((n for n in names if wanted and n.startswith(f"{wanted}.")), None),
        )
        box = wanted.removeprefix(f"{found}.")
        is_answer = box.isdecimal() and sorts.get(found or "") == "answers"
        told = f"Answer {int(box) + 1}: {fault.detail}" if is_answer else fault.detail
        shown = fault._replace(detail=told)
        (elsewhere if found is None else at.setdefault(found, [])).append(shown)
    return Placed(at, elsewhere)


def _read(field: Field, form: Mapping[str, str], zone: tzinfo) -> Iterator[tuple[str, Any]]:
    typed = typed_in(form, field)
    if field.sort == "tick":
        if typed:
            yield field.name, True
    elif not typed:
        return
    elif field.sort == "muscle":
        muscle, side = meant(typed)
        yield field.name, muscle
        beside = f"{field.name.rpartition('.')[0]}.side".lstrip(".")
        if side is not None and not _typed(form, beside):
            yield beside, side
    else:
        yield field.name, _value(field, typed, zone)


def _value(field: Field, typed: str, zone: tzinfo) -> Any:
    match field.sort:
        case "number":
            return number(typed)
        case "moment":
            return _moment(typed, zone)
        case "yes_no":
            return {"yes": True, "no": False}.get(typed, typed)
        case "birth" | "hours":
            read = written_date if field.sort == "birth" else parsed
            return read(typed) or typed  # what is typed isn't empty
        case "codes" | "answers" | "lines":
            return _listed(field, typed)
    return typed


def _listed(field: Field, typed: str) -> Any:
    if field.sort == "answers":
        return answers(typed)
    if field.sort == "lines":
        return [line for line in map(str.strip, typed.splitlines()) if line]
    return ["_".join(word.split()) for word in _split(typed)]


def _moment(typed: str, zone: tzinfo) -> str:
    """Return a time of the clinic's clock with its offset; as typed if there is no such time."""
    try:
        local = datetime.fromisoformat(typed)
    except ValueError:
        return typed
    if local.tzinfo is not None:
        return typed
    at = local.replace(tzinfo=zone)
    exists = at.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local
    return at.isoformat() if exists else typed


def _text(field: Field, value: Any, zone: tzinfo) -> str:
    match field.sort:
        case "tick" | "yes_no":
            no = "" if field.sort == "tick" else "no"
            return {None: "", True: "yes", False: no}[value]
        case "codes":
            return _codes(field, value or ())
        case "lines":
            return "\n".join(value or ())
        case "hours":
            return as_text(value or ())
        case "answers":
            return " ".join("-" if one is None else _plain(one) for one in value or ())
    return "" if value is None else _single(field.sort, value, zone)


def _single(sort: Sort, value: Any, zone: tzinfo) -> str:
    if sort == "moment":
        local = datetime.fromisoformat(value).astimezone(zone)
        return local.replace(tzinfo=None).isoformat(timespec="minutes")
    muscle = find(value) if sort == "muscle" else None
    return _plain(value) if muscle is None else muscle.name


def _plain(value: Any) -> str:
    return str(int(value) if isinstance(value, float) and value.is_integer() else value)


def typed_in(form: Mapping[str, str], field: Field) -> str:
    """Return the text of a field in a form. That of a list of codes has the codes ticked, too.

    A muscle that was chosen of those suggested takes the place of the words, but keeps their side.
    """
    chosen = find(form.get(f"{field.name}.{CHOSEN}", "")) if field.sort == "muscle" else None
    if chosen is not None:
        _, side = meant(_typed(form, field.name))
        return f"{chosen.name} {side or ''}".strip()
    if field.sort == "answers":
        boxes = in_boxes(form, field.name)
        return _typed(form, field.name) if boxes is None else boxes
    if field.sort != "codes":
        return _typed(form, field.name)
    place = f"{field.name}."
    ticked = [name.removeprefix(place) for name in form if name.startswith(place)]
    return _codes(field, [*ticked, *_split(_typed(form, field.name))])


def _codes(field: Field, words: Iterable[str]) -> str:
    """Return a list of codes as text, in the order in which the form offers them."""
    labels = {label.casefold(): code for code, label in field.choices}
    found = dict.fromkeys(labels.get(word.casefold(), word) for word in words)
    offered = [code for code, _ in field.choices if code in found]
    others = [word for word in found if word not in dict(field.choices)]
    spelt = (word.replace("_", " ") for word in others) if field.others else others
    return ", ".join([*offered, *spelt])


def _split(text: str) -> list[str]:
    return [word for word in map(str.strip, text.split(",")) if word]


def _typed(form: Mapping[str, str], name: str) -> str:
    return form.get(name, "").strip()


def row_of(name: str) -> str | None:
    """Return the row that a field belongs to: `needlings.0` of `needlings.0.needle.lot`."""
    found = re.match(r"[^.]+\.\d+(?=\.)", name)
    return None if found is None else found[0]


def _put(tree: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    for step in steps[:-1]:
        tree = tree.setdefault(step, {})
    tree[steps[-1]] = value


def _packed(tree: Mapping[str, Any], place: str, name: str, rows: dict[str, str]) -> Any:
    """Return a tree with lists in place of numbered rows, in the order of the form."""
    packed: dict[str, Any] = {}
    for step, value in tree.items():
        here, inner = f"{place}/{step}", f"{name}.{step}" if name else step
        if isinstance(value, dict) and all(map(str.isdecimal, value)):
            packed[step] = []
            for row in sorted(value, key=int):
                at = f"{here}/{len(packed[step])}"
                rows[at] = f"{inner}.{row}"
                packed[step].append(_packed(value[row], at, rows[at], rows))
        else:
            packed[step] = _packed(value, here, inner, rows) if isinstance(value, dict) else value
    return packed


def _at(view: Any, steps: Sequence[str]) -> Any:
    """Return a member of a record; None if there is none."""
    for step in steps:
        if isinstance(view, list):
            view = view[int(step)] if int(step) < len(view) else None
        else:
            view = None if view is None else view.get(step)
    return view
