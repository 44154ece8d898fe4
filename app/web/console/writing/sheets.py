"""Shows a form, takes it, and shows it again with its faults or beside what is stored now."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final, NamedTuple
from uuid import UUID

from starlette.responses import HTMLResponse, Response

from app.core.operation import Operation
from app.core.values.faults import Fault
from app.core.values.problems import Invalid, Problem, VersionStale
from app.instruments.queries import scoring
from app.instruments.rules import Scoring
from app.ledger import queries as ledger
from app.records.errors import IdentifierTaken
from app.web.console import access, pages
from app.web.console.chart import plain
from app.web.console.fault_words import in_words
from app.web.console.framing import framed
from app.web.console.kept import VERSION, check_patient, returning
from app.web.console.writing.fields import (
    Field,
    Placed,
    Read,
    placed,
    read_fields,
    texts,
    typed_in,
)
from app.web.console.writing.merging import Merged, merged
from app.web.console.writing.muscles import group

MORE_ROWS: Final = "more_rows"
"""The button that shows a form again with more rows: the list, and how many it is to have."""
_VERSION: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
EMPTY: Final = Placed({}, ())
UNSEEN: Final = frozenset(("hidden", "about"))
"""The sorts of fields that nobody sees."""
CHOSEN: Final = frozenset(("codes", "muscle", "answers"))
"""The sorts of fields that have ticks, choices or boxes besides a line."""
BOXES: Final = ("boxes", "A box for each answer of a questionnaire")
"""The button that shows a form again with boxes: the value of `MORE_ROWS`, its label."""


class Section(NamedTuple):
    """A group of fields."""

    legend: str
    fields: tuple[Field, ...]
    more: tuple[Field, ...] = ()
    """Fields that are folded away until somebody needs them."""
    fold: str = "More"
    """What opens them."""
    button: tuple[str, str] | None = None
    """A button above the fields that shows the form again: the value of `MORE_ROWS`, its label."""
    row: str = ""
    """The row of a list that the section is, such as `needlings.0`; it may be left out."""
    is_fixed: bool = False
    """Whether the row can't be left out."""
    folds: bool = False
    """Whether the section is folded as long as it is empty."""
    is_open: bool = False
    """Whether it is open all the same."""
    style: str = ""
    """`half` and `dense` have narrow columns, for short fields; `line` is one question a line."""

    mend: tuple[str, str] | None = None
    """The page that mends what the section is about, and the words of its link."""

    @property
    def every(self) -> tuple[Field, ...]:
        """All fields of the section."""
        return self.fields + self.more

    def told(self, values: Mapping[str, str]) -> str:
        """Return what its first fields hold, in words, for when it is folded."""
        words = (field.in_words(values.get(field.name, "")) for field in self.fields[:3])
        return ", ".join(filter(None, words))

    def held(self, values: Mapping[str, str]) -> str:
        """Return what its folded fields hold, with their labels."""
        words = ((field, field.in_words(values.get(field.name, ""))) for field in self.more)
        return "; ".join(f"{field.label}: {text}" for field, text in words if text)

    def unfolds(self, values: Mapping[str, str], found: Placed) -> bool:
        """Whether it is open: it holds something, or has a fault."""
        names = [field.name for field in self.every]
        return self.is_open or any(values.get(name) or name in found.at for name in names)


class Sheet(NamedTuple):
    """The page of a form. It is sent to the page's own address."""

    title: str
    page: str
    """The path of the page."""
    sections: Sequence[Section]
    button: str
    back: str
    """The path of the page to go back to."""
    patient: Mapping[str, Any] | None = None
    """The patient whom it is about, as JSON."""
    lead: str = ""
    noun: str = ""
    """The kind of the record that the form changes; empty for a new one."""
    record_id: UUID | None = None
    version: int | None = None
    stored: Mapping[str, str] = {}
    """The stored record, as the texts of the fields."""
    more: Mapping[str, Any] = {}
    """What the template shows besides."""
    template: str = "writing/form.html"
    in_texts: Callable[[Mapping[str, Any]], Mapping[str, str]] | None = None
    """Returns a version of the record as the texts of the fields, if it isn't just `texts`."""
    longer: Sequence[tuple[str, str, str]] = ()
    """Buttons for more rows: the value of each, its label, and the first row that it adds."""

    @property
    def fields(self) -> list[Field]:
        """All fields of the form."""
        return [field for section in self.sections for field in section.every]


class Again(NamedTuple):
    """A form that is shown again with other fields."""

    sheet: Sheet
    faults: Sequence[Fault]
    """The faults, at the places of this form."""
    values: Mapping[str, str]
    """What the new fields hold."""


class Stale(NamedTuple):
    """What somebody else stored meanwhile."""

    by: str
    at: str
    differing: Sequence[tuple[str, str, str]]
    """A field's label, what was typed, and what is stored now."""
    taken: Sequence[tuple[str, str]]
    """The label of a field that only they changed, and what is stored now."""


def show(op: Operation, sheet: Sheet, values: Mapping[str, str]) -> HTMLResponse:
    """Show a form, filled in with these texts, or with what was typed before a sign-in ended."""
    back = returning_to(op, sheet.page)
    return _page(op, _as_opened(sheet, back or {}), values if back is None else back)


def _as_opened(sheet: Sheet, form: Mapping[str, str]) -> Sheet:
    """Return the sheet with the version that a form was opened with.

    So a form that is shown again doesn't claim to know what somebody else stored meanwhile.
    """
    version = form.get(VERSION, "")
    return sheet._replace(version=int(version)) if _VERSION.fullmatch(version) else sheet


def returning_to(op: Operation, page: str) -> dict[str, str] | None:
    """Return what a person had typed into the form of a page that comes back; else None."""
    back = returning(op.request)  # type: ignore[attr-defined]
    is_mine = back is not None and back.written_by == str(op.caller.client_id)
    return dict(back.fields) if back is not None and is_mine and back.action == page else None


def take(
    op: Operation,
    sheet: Sheet,
    form: Mapping[str, str],
    work: Callable[[Read], str | Response],
    said: pages.Said = "stored",
    again: Callable[[Sheet, list[Fault]], Again] | None = None,
) -> Response:
    """Take a form. `work` stores it and returns where to go next, or the next page itself.

    A refusal that comes before anything is written shows the form again. Every other problem rolls
    back what was written, and its page keeps what was typed. `again` changes the form that is
    shown again, and the places of its faults.
    """
    patient_id = None if sheet.patient is None else UUID(sheet.patient["id"])
    check_patient(form, patient_id)
    op.if_match = f'"{form[VERSION]}"' if VERSION in form else None
    same = _as_opened(sheet, form)
    if MORE_ROWS in form:
        return _page(op, same, form)
    read = read_fields(sheet.fields, form, op.zone)
    try:
        done = work(read)
        return done if isinstance(done, Response) else pages.redirect(done, said)
    except (Invalid, IdentifierTaken) as refused:
        shown = Again(same, faults_of(refused, op.zone), {})
        if again is not None:
            shown = again(same, list(shown.faults))
        faults = [read.unclear.get(read.field_of(one.pointer), one) for one in shown.faults]
        found = _with_groups(shown.sheet, form, placed(shown.sheet.fields, faults, read))
        return _page(op, shown.sheet, {**form, **shown.values}, found, status=int(refused.status))
    except VersionStale as stale:
        both = _both(op, sheet, form)
        shown_ = _stale(op, sheet, both)
        return _page(op, sheet, both.values, stale=shown_, status=int(stale.status))


def _with_groups(sheet: Sheet, form: Mapping[str, str], found: Placed) -> Placed:
    """Suggest the muscles of a group where a person named the group."""
    at = dict(found.at)
    for field in sheet.fields:
        muscles = group(form.get(field.name, "")) if field.sort == "muscle" else ()
        if muscles and field.name in at:
            at[field.name] = [one._replace(suggestions=muscles) for one in at[field.name]]
    return found._replace(at=at)


def shown_again(
    op: Operation, sheet: Sheet, form: Mapping[str, str], faults: Sequence[Fault], status: int
) -> HTMLResponse:
    """Show a form that was refused, with what was typed and each fault at its field."""
    read = read_fields(sheet.fields, form, op.zone)
    found = placed(sheet.fields, faults, read)
    return _page(op, _as_opened(sheet, form), form, found, status=status)


def faults_of(refused: Problem, zone: tzinfo) -> list[Fault]:
    """Return the faults of a problem, in words for people. `zone` is the clinic's."""
    if isinstance(refused, IdentifierTaken):
        place = f"{refused.members['pointer']}/value"
        return [Fault(place, refused.code, "Another record of this clinic has this identifier.")]
    about = refused.about if isinstance(refused, Invalid) else {}
    return [
        Fault(
            each["pointer"],
            each["code"],
            in_words(each["code"], each["detail"], zone),
            tuple(each.get("suggestions", ())),
            about.get((each["code"], each["detail"]), ()),
        )
        for each in refused.members["errors"]
    ]


def _page(
    op: Operation,
    sheet: Sheet,
    values: Mapping[str, str],
    found: Placed = EMPTY,
    *,
    stale: Stale | None = None,
    status: int = 200,
) -> HTMLResponse:
    sheet = sheet._replace(sections=[_with_boxes(one, values) for one in sheet.sections])
    read = {each.name: typed_in(values, each) for each in sheet.fields if each.sort in CHOSEN}
    page = framed(
        sheet.template,
        op,
        sheet=sheet,
        values={**values, **read},
        placed=found,
        stale=stale,
        labels={field.name: _label(sheet, field) for field in sheet.fields},
        **sheet.more,
    )
    page.status_code = status
    return page


def _with_boxes(section: Section, values: Mapping[str, str]) -> Section:
    """Return the section with a box for each answer of the questionnaire that is chosen."""
    more = []
    for field in section.more:
        instrument = values.get(f"{field.name.removesuffix('items')}instrument", "")
        found = scoring(instrument) if field.sort == "answers" else None
        is_asked = found is not None and found.method != "mean"  # a mean is of repeated readings
        more.append(_boxed(field, found) if found and is_asked else field)
    return section._replace(more=tuple(more))


def _boxed(field: Field, found: Scoring) -> Field:
    hint = (
        f"From {found.low:g} to {found.high:g}, in its order. An empty box is a missing answer."
        " Leave the value empty: it is scored from them."
    )
    return field._replace(boxes=found.items_max, hint=hint)


def _label(sheet: Sheet, field: Field) -> str:
    """Return a field's label. In a row it begins with the row's own, and is that if it is alone."""
    section = next(each for each in sheet.sections if field in each.every)
    if section.row and [one for one in section.every if one.sort not in UNSEEN] == [field]:
        return section.legend
    return f"{section.legend}: {field.label}" if section.row else field.label


def _both(op: Operation, sheet: Sheet, form: Mapping[str, str]) -> Merged:
    """Return the form with what somebody else stored since it was opened."""
    opened = sheet.stored
    version = form.get(VERSION, "")
    if sheet.record_id is not None and _VERSION.fullmatch(version) and int(version) > 0:
        found, _ = ledger.versions(op, sheet.noun, sheet.record_id, int(version) - 1, 1)
        if found and found[0]["version"] == int(version) and found[0]["body"] is not None:
            body = plain(found[0]["body"])
            as_texts = sheet.in_texts or (lambda view: texts(sheet.fields, view, op.zone))
            opened = as_texts(body)
    return merged(sheet.fields, form, opened, sheet.stored)


def _stale(op: Operation, sheet: Sheet, both: Merged) -> Stale:
    by, at = "", ""
    if sheet.record_id is not None and sheet.version is not None:
        last = ledger.makers(op, sheet.noun, sheet.record_id)[-1]
        kind, _, id = last.actor.partition(":")
        by = access.names(op, [UUID(id)]).get(id, "") if kind == "client" else ""
        at = last.at.isoformat()
    differing = [
        (_label(sheet, field), field.in_words(mine), field.in_words(theirs))
        for field, mine, theirs in both.differing
    ]
    taken = [(_label(sheet, field), field.in_words(theirs)) for field, theirs in both.taken]
    return Stale(by, at, differing, taken)
