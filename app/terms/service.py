"""A clinic's own rows of vocabularies, as a kind of record."""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import bindparam

from app.core.operation import Operation
from app.core.values.faults import Fault, pointer
from app.records.appearances import Appearances, LeftOut
from app.records.kinds import Child, Facts, Kind
from app.records.service import create_one
from app.terms import rules
from app.terms.schemas import OwnWordBody, TermBody, TermFilters
from app.terms.views import TermView
from app.vocabularies.models import Term, TermWord
from app.vocabularies.queries import OwnRow, own_row, published_code, words_of
from app.vocabularies.rules import VocabularyName
from app.vocabularies.schemas import VOCABULARIES


def _row(view: TermView) -> OwnRow:
    return own_row({**view})


def _words(view: TermView) -> Iterator[dict[str, object]]:
    for word in words_of(_row(view).view):
        yield {"vocabulary": view["vocabulary"], "word": word}


class Terms(Kind[TermBody, TermView]):
    """A clinic's own rows of vocabularies."""

    noun = "terms"
    singular = "term"
    table = Term
    body = TermBody
    view = TermView
    filters = TermFilters
    children = (Child(TermWord, "term_id", _words),)
    conditions = {
        "vocabulary": Term.vocabulary == bindparam("vocabulary"),
        "status": Term.status == bindparam("status"),
    }
    appears = Appearances(
        rows=True,
        table=LeftOut("The tables of records have its code."),
        timeline=LeftOut("They belong to the clinic, not to a patient."),
        chart_summary=LeftOut("A record is shown with its code."),
        console=LeftOut("A record is shown with its code."),
        note=LeftOut("A record is shown with its name."),
    )

    def check(self, body: TermBody, facts: Facts, current: TermView | None) -> Iterator[Fault]:
        """Yield faults if a word is another row's, or if the code changes."""
        own = None if current is None else current["id"]
        known = VOCABULARIES[body.vocabulary].view.model_fields
        yield from rules.member_faults(body.model_dump(), known)
        yield from rules.parent_faults(body.parent)
        for name in ("vocabulary", "code"):
            if current is not None and getattr(body, name) != current[name]:
                yield Fault(pointer(name), "code_fixed", "The code of a row can't change.")
        words = [(pointer("code"), body.code), (pointer("name"), body.name)]
        words += [(pointer("synonyms", n), word) for n, word in enumerate(body.synonyms)]
        yield from rules.word_faults(words, lambda word: _is_taken(facts, body, word, own))

    def accepted(self, facts: Facts, view: TermView) -> None:
        """Let later records of the same operation use its words."""
        facts.words.add(view["vocabulary"], _row(view))


def _is_taken(facts: Facts, body: TermBody, word: str, own: UUID | None) -> bool:
    if published_code(body.vocabulary, word) is not None:
        return True
    return facts.words.owner(body.vocabulary, word) not in {None, own}


TERMS = Terms()


def add(op: Operation, noun: VocabularyName, body: OwnWordBody) -> tuple[TermView, bool]:
    """Add a row to a vocabulary. Return it, and whether it is new."""
    return create_one(op, TERMS, TermBody(vocabulary=noun, **body.model_dump()))
