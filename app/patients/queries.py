"""Finds patients: by names in any order, birth dates and identifiers, best first or page by page.

A search takes the words of `patient_words` in the order of their index. A name of several words
starts from its rarest one, so that few patients are looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.core.db.dialects import among_texts
from app.core.http.pages import BAD_CURSOR, Filters, Order, page
from app.core.operation import CLINIC, Operation, rows
from app.core.values.problems import Invalid
from app.patients.models import Patient, PatientIdentifier, PatientWord
from app.patients.rules import asking
from app.patients.rules.misspellings import misspellings
from app.patients.rules.names import WORD_MAX, code_word, folded
from app.patients.service import PATIENTS
from app.patients.views import PatientView
from app.records.queries import records_for_answer

# The last Unicode character, which no name contains.
LAST_CHARACTER: Final = "\U0010ffff"
COUNTED_MAX: Final = 2_000
"""Words are counted up to here, to find the rarest."""
ROWS_EACH: Final = 4
"""A patient may have so many words that begin alike, before a page gets shorter."""

Test = Literal["equals", "begins", "resembles"]


class Found(NamedTuple):
    """What a search found."""

    items: Sequence[PatientView]
    similar: Sequence[UUID] = ()
    """Those of the items that were found only by forgiving a typing error."""
    more: bool = False
    """Whether more patients match."""
    cursor: str | None = None


class _Tier(NamedTuple):
    """Patients who match equally well."""

    ids: Sequence[UUID]
    test: Test = "equals"
    full: bool = False
    """Whether there may be more of them."""


def best(op: Operation, asked: asking.Asked, filters: Filters) -> Found:
    """Return the patients that a text asks for, best first, and record the access.

    First come those with this identifier, then those with these very words, then those whose
    names begin so, and last those whose names differ by one typing error. `Invalid` with a cursor.
    """
    if filters.cursor is not None:
        raise Invalid([BAD_CURSOR], "query")
    ranks: dict[UUID, tuple[int, Test, int]] = {}
    full = False
    for rank, tier in enumerate(_tiers(op, asked, filters.limit + 1)):
        for place, id_ in enumerate(tier.ids):
            ranks.setdefault(id_, (rank, tier.test, place))
        full = full or tier.full
        if len(ranks) > filters.limit:
            break
    shown = list(ranks)[: filters.limit]
    items = sorted(
        records_for_answer(op, PATIENTS, shown), key=lambda one: _order(one, *ranks[one["id"]])
    )
    similar = [one["id"] for one in items if ranks[one["id"]][1] == "resembles"]
    return Found(items, similar, full or len(ranks) > len(shown))


def _order(one: PatientView, rank: int, test: Test, place: int) -> tuple[int, int, int]:
    """Return what a patient is sorted by. Of equal words, those of the shortest name are first."""
    letters = sum(len(folded(name)) for name in (one["given_name"], one["family_name"]) if name)
    return rank, letters if test == "equals" else 0, place


def _tiers(op: Operation, asked: asking.Asked, wanted: int) -> Iterator[_Tier]:
    """Yield the patients that match, best first."""
    yield _identified(op, asked)
    born = asking.born(asked.birth_date)
    if not asked.names:
        yield _tier(op, _born_on(), wanted, "begins", born)
        return
    counts = _counts(op, asked.names)
    order = sorted(range(len(counts)), key=counts.__getitem__)
    names = tuple(asked.names[place] for place in order)
    unknown = sum(count == 0 for count in counts)
    spellings = [names] if not unknown else []
    if len(names) > 1:
        spellings.append((asked.whole,))
    tests: tuple[Test, ...] = ("equals", "begins")
    for test in tests:
        for words in spellings:
            yield _tier(
                op, _named(test, len(words), bool(born)), wanted, test, born | _bound(words)
            )
    yield from _similar(op, asked, names, unknown, wanted)


def _similar(
    op: Operation, asked: asking.Asked, names: Sequence[str], unknown: int, wanted: int
) -> Iterator[_Tier]:
    """Yield the patients whose names match if one word has a typing error."""
    born = asking.born(asked.birth_date)
    spellings: list[Sequence[str]] = [(asked.whole,)] if len(names) > 1 else []
    if unknown <= 1:  # a second word that nobody has would be a second error
        wrong = names[:1] if unknown else names
        spellings += [(word, *(other for other in names if other != word)) for word in wrong]
    for first, *others in spellings:
        near = misspellings(first, alone=not others)
        values = born | _bound(("", *others)) | {"word_0": near}
        yield _tier(
            op, _named("resembles", 1 + len(others), bool(born)), wanted, "resembles", values
        )


def _tier(
    op: Operation, statement: Select[Any], wanted: int, test: Test, values: Mapping[str, object]
) -> _Tier:
    most = ROWS_EACH * wanted
    found = op.all(statement, rows_wanted=most, **values)
    return _Tier([row[0] for row in found], test, full=len(found) == most)


def _identified(op: Operation, asked: asking.Asked) -> _Tier:
    """Return the patients with this identifier, or else those with one that folds alike."""
    found = op.all(_IDENTIFIED, code=asked.code)
    exact = [row.patient_id for row in found if row.value == asked.text]
    return _Tier(exact or [row.patient_id for row in found if code_word(row.value) == asked.code])


def each(
    op: Operation, names: Sequence[Sequence[str]], birth_date: str | None, filters: Filters
) -> Found:
    """Return a page of the patients who have all of these names, and record the access.

    `names` has the folded words of each name, or none.
    """
    born = asking.born(birth_date)
    order, statement, values = Order((Patient.id,)), _born_on(ordered=False), born
    if names:
        counts = _counts(op, [words[0] for words in names])
        by_count = sorted(zip(counts, names, strict=True))
        shape = tuple(len(words) for _, words in by_count)
        order, statement = _of_names(shape, dated=bool(born))
        values = born | {
            name: word
            for group, (_, words) in enumerate(by_count)
            for name, word in _bound([*words, "".join(words)[:WORD_MAX]], f"name_{group}").items()
        }
    selected = (order.after if filters.cursor else order.start)(statement)
    found, cursor = page(op, selected, order, filters, **values)
    ids = [row[0] for row in found]
    people = {one["id"]: one for one in records_for_answer(op, PATIENTS, ids)}
    items = [people[id_] for id_ in ids if id_ in people]
    return Found(items, more=cursor is not None, cursor=cursor)


def _bound(words: Sequence[str], name: str = "word") -> dict[str, object]:
    return {f"{name}_{number}": word for number, word in enumerate(words)}


def _begins(column: Any, name: str) -> ColumnElement[bool]:
    """Return the condition that a column begins with a parameter. An index serves such a range."""
    beginning = bindparam(name, type_=String())
    return and_(column >= beginning, column < beginning.concat(LAST_CHARACTER))


def _meets(column: Any, test: Test, name: str) -> ColumnElement[bool]:
    if test == "resembles":
        return among_texts(column, name)
    return column == bindparam(name) if test == "equals" else _begins(column, name)


def _has(first: type[PatientWord], test: Test, name: str) -> ColumnElement[bool]:
    """Return the condition that the patient has another word that meets a test."""
    other = aliased(PatientWord)
    return exists().where(
        other.clinic_id == CLINIC,
        other.patient_id == first.patient_id,
        other.field == "name",
        _meets(other.word, test, name),
    )


def _is_born(patient_id: Any = None) -> ColumnElement[bool]:
    """Return the condition of a birth date, on patients or on the patients of other rows."""
    born = or_(
        Patient.birth_date.in_(bindparam("birth_date", expanding=True)),
        _begins(Patient.birth_date, "birth_date_within"),
    )
    if patient_id is None:
        return born
    return exists().where(Patient.clinic_id == CLINIC, Patient.id == patient_id, born)


@lru_cache(maxsize=2)
def _born_on(*, ordered: bool = True) -> Select[Any]:
    statement = rows(Patient, Patient.id).where(_is_born())
    if not ordered:
        return statement
    return statement.order_by(Patient.birth_date, Patient.id).limit(bindparam("rows_wanted"))


@lru_cache(maxsize=128)
def _named(test: Test, count: int, dated: bool) -> Select[Any]:  # noqa: FBT001 - a key of the cache
    """Select the patients whose words meet the test: the first word by it, the others beside it."""
    first = aliased(PatientWord)
    beside: Test = "equals" if test == "equals" else "begins"
    statement = rows(first, first.patient_id).where(
        first.field == "name",
        _meets(first.word, test, "word_0"),
        *(_has(first, beside, f"word_{number}") for number in range(1, count)),
    )
    if dated:
        statement = statement.where(_is_born(first.patient_id))
    return statement.order_by(first.word, first.patient_id).limit(bindparam("rows_wanted"))


@lru_cache(maxsize=256)
def _of_names(shape: tuple[int, ...], *, dated: bool) -> tuple[Order, Select[Any]]:
    """Select the patients who have names of so many words, in the order of their ids.

    The last parameter of each name is the name as one word, which may be what the patient has.
    """
    first = aliased(PatientWord)
    statement = rows(first, first.patient_id).where(
        first.field == "name", _begins(first.word, "name_0_0")
    )
    for group, count in enumerate(shape):
        begun = 1 if group == 0 else 0
        having = [_has(first, "begins", f"name_{group}_{n}") for n in range(begun, count)]
        if count > 1:
            whole = _has(first, "begins", f"name_{group}_{count}")
            having = [or_(and_(*having), whole)]
        statement = statement.where(*having)
    if dated:
        statement = statement.where(_is_born(first.patient_id))
    return Order((first.patient_id,)), statement.distinct()


def _counts(op: Operation, words: Sequence[str]) -> list[int]:
    """Return how many words of the clinic's patients begin like each of these, up to a limit."""
    return list(op.one(_counted(len(words)), **_bound(words)))


@lru_cache(maxsize=asking.WORDS_MAX)
def _counted(count: int) -> Select[Any]:
    def some(number: int) -> Any:
        words = rows(PatientWord, PatientWord.patient_id).where(
            PatientWord.field == "name", _begins(PatientWord.word, f"word_{number}")
        )
        return select(func.count()).select_from(words.limit(COUNTED_MAX).subquery())

    return select(*(some(number).scalar_subquery() for number in range(count)))


_IDENTIFIED: Final = (
    rows(PatientWord, PatientWord.patient_id, PatientIdentifier.value)
    .join(
        PatientIdentifier,
        and_(
            PatientIdentifier.clinic_id == PatientWord.clinic_id,
            PatientIdentifier.owner_id == PatientWord.patient_id,
        ),
    )
    .where(PatientWord.field == "identifier", PatientWord.word == bindparam("code"))
    .order_by(PatientWord.patient_id)
    .limit(COUNTED_MAX)
)
