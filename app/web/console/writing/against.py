"""What is against a signature: in words, with a field for a reason, and the page that mends it."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.faults import Fault
from app.core.values.vocabularies import words_of
from app.muscles.queries import find
from app.records.queries import records
from app.safety.schemas import ScreeningFilters
from app.safety.service import SCREENINGS
from app.sessions.views import Overridable
from app.vocabularies.queries import Words
from app.web.console import correcting, pages
from app.web.console.heed import name_of
from app.web.console.wording import consent_words, field_words
from app.web.console.writing.fields import Field
from app.web.console.writing.sheets import Section

OVERRIDABLE: Final = frozenset(words_of(Overridable))
REASON: Final = "Give a reason to sign in spite of it, or mend it."
SCREENED: Final = "screening_of_concern"
CONSENTED: Final[Mapping[str, str]] = {
    "consent_refused": "The patient had refused",
    "consent_withdrawn": "The patient had withdrawn their consent",
}
Key = tuple[str, str]
"""A fault that a signer may override: its code and its JSON Pointer."""


class Fixed(NamedTuple):
    """A fault that nobody may override, in words, and the page that mends it."""

    words: str
    page: str = ""
    link: str = ""


class Against:
    """Says what is against the signature of a session."""

    def __init__(self, op: Operation, session: Mapping[str, Any]) -> None:
        self.op = op
        self.session = session
        """The session as JSON."""
        self._words = Words(op, inactive=True)

    def sections(self, rows: Iterable[Fault]) -> list[Section]:
        """Return a section for each fault that a signer may override, with a field."""
        return [
            Section(
                self._told(fault),
                (
                    Field(f"overrides.{row}.reason", "Sign in spite of it, because", "text"),
                    Field(f"overrides.{row}.code", "Code", "hidden"),
                    Field(f"overrides.{row}.pointer", "Place", "hidden"),
                ),
                row=f"overrides.{row}",
                is_fixed=True,
                mend=self._mended(fault.code, fault.pointer),
            )
            for row, fault in enumerate(rows)
        ]

    def fixed(self, faults: Iterable[Fault]) -> list[Fixed]:
        """Return the faults that nobody may override."""
        return [
            Fixed(
                self._told(one),
                *(self._mended(one.code, one.pointer) or ()),
            )
            for one in faults
            if one.code not in OVERRIDABLE
        ]

    def _told(self, fault: Fault) -> str:
        """Return a fault in words. A form that is sent knows only its code and its place."""
        place, detail = self._place(fault.pointer), fault.detail
        if fault.code == SCREENED:
            place, named = "Screening", ", ".join(map(self._question, fault.about))
            detail = detail and f"these answers of concern have no detail: {named}"
        elif fault.code in CONSENTED:
            place, named = "Consent", ", ".join(map(consent_words, fault.about))
            detail = detail and f"{CONSENTED[fault.code]}: {named}"
        return f"{place}: {(detail or fault.code.replace('_', ' ')).rstrip('.')}"

    def _question(self, code: str) -> str:
        return name_of(self._words, "contraindications", code)

    def _place(self, pointer: str) -> str:
        """Return the place of a fault in words: the muscle with its side, or the member."""
        steps = pointer.strip("/").split("/")
        if steps[0] == "needlings" and len(steps) > 1 and steps[1].isdecimal():
            for own in self.session["needlings"][int(steps[1]) : int(steps[1]) + 1]:
                muscle = find(own["muscle"])
                name = own["muscle"].replace("_", " ") if muscle is None else muscle.name
                return f"{name} {own['side']}"
        return field_words(steps[0])

    def _mended(self, code: str, pointer: str) -> tuple[str, str] | None:
        """Return the page that mends a fault, and its link; None for who may not open it."""
        may = self.op.caller.may
        if code == SCREENED:
            return self._screening()
        if code in CONSENTED:
            page = f"{pages.HOME}/patients/{self.session['patient_id']}/consents/new"
            return (page, "Store a later decision") if may(Scope.CONSENTS_WRITE) else None
        if self.session["status"] != "draft" or not may(Scope.SESSIONS_WRITE):
            return None
        steps = pointer.strip("/").split("/")
        field = "needle_count.opened" if steps == ["needle_count"] else ".".join(steps)
        return f"{pages.HOME}/sessions/{self.session['id']}/edit#{field}", "Mend it in the draft"

    def _screening(self) -> tuple[str, str] | None:
        if not set(correcting.SCREENING.scopes) <= set(filter(self.op.caller.may, Scope)):
            return None
        of_visit = ScreeningFilters(session_id=UUID(self.session["id"]))
        found = records(self.op, SCREENINGS, of_visit)[0]
        last = max(found, key=lambda one: one["decided_at"], default=None)
        return last and (correcting.SCREENING.page(last["id"]), "Correct the screening")
