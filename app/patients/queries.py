"""Finds patients: by names in any order, birth dates and identifiers, best first or page by page.

A search takes the words of `patient_words` in the order of their index. A name of several words
starts from its rarest one. So the cost of a search has a bound, however large the clinic is.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from app.core.db.dialects import among, among_texts
from app.core.http.pages import BAD_CURSOR, Filters, Order, page
from app.core.operation import CLINIC, Operation, rows
from app.core.values.problems import Invalid
from app.patients.models import Patient, PatientIdentifier, PatientWord
from app.patients.rules import asking
from app.patients.rules.likeness import Person, Resembling
from app.patients.rules.likeness import resembling as likeness
from app.patients.rules.misspellings import misspellings
from app.patients.rules.names import WORD_MAX, code_word, folded
from app.patients.service import PATIENTS
from app.patients.views import PatientView
from app.records.queries import records_for_answer

# The last Unicode character, which no name contains.
LAST_CHARACTER: Final = "\U0010ffff"
EMPTY: Final = literal_column("''", String())
SCANNED_MAX: Final = 1_000
"""So many words that begin like the rarest one of a name are looked at."""
FREQUENT: Final = 10_000
"""A page of patients with names that so many have is found by reading patients in order."""
COMPARED_MAX: Final = 50
"""With so many patients of alike names, and of one birth date, a new one is compared."""
ROWS_EACH: Final = 4
"""A patient may have so many words that begin alike, before a page gets shorter."""

Test = Literal["equals", "begins", "resembles"]
Source = Literal["births", "all", "rarest"]


_COMPARED: Final = rows(
    Patient, Patient.id, Patient.given_name, Patient.family_name, Patient.birth_date
).where(among(Patient.id, "ids"))


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


def resembling(op: Operation, new: Person) -> list[Resembling]:
    """Return the patients who may be a new one, as a search finds them, the most alike first.

    It records no access: whoever shows them reads them.
    """
    names = asking.named(new.names)[: asking.WORDS_MAX]
    ids: dict[UUID, None] = {}
    if names:
        by_name = asking.Asked(" ".join(names), names, None)
        for tier in _tiers(op, by_name, COMPARED_MAX):
            ids.update(dict.fromkeys(tier.ids))
    born = asking.born(new.birth_date)
    if born:
        by_birth = _tier(op, _named((), dated=True), COMPARED_MAX, "begins", born)
        ids.update(dict.fromkeys(by_birth.ids))
    found = op.all(_COMPARED, ids=list(ids)) if ids else ()
    stored = [Person(row.id, (row.given_name, row.family_name), row.birth_date) for row in found]
    return likeness(new, stored)


def _order(one: PatientView, rank: int, test: Test, place: int) -> tuple[int, int, int]:
    """Return what a patient is sorted by. Of equal words, those of the shortest name are first."""
    letters = sum(len(folded(name)) for name in (one["given_name"], one["family_name"]) if name)
    return rank, letters if test == "equals" else 0, place


def _tiers(op: Operation, asked: asking.Asked, wanted: int) -> Iterator[_Tier]:
    """Yield the patients that match, best first."""
    yield _identified(op, asked)
    born = asking.born(asked.birth_date)
    if not asked.names:
        yield _tier(op, _born_exactly(), wanted, "equals", {"birth_date": asked.birth_date})
        yield _tier(op, _named((), dated=True), wanted, "begins", born)
        return
    counts = dict(zip(asked.names, _counts(op, asked.names, SCANNED_MAX), strict=True))
    rarest = sorted(asked.names, key=counts.__getitem__)
    unknown = [name for name in rarest if not counts[name]]
    spellings = [] if unknown else [rarest]
    if len(rarest) > 1:
        spellings.append([asked.whole])
    tests: tuple[Test, ...] = ("equals", "begins")
    for test in tests:
        for words in spellings:
            statement = _named((test,) * len(words), dated=bool(born))
            tier = _tier(op, statement, wanted, test, born | _bound(words))
            # Of words that all are so frequent, not every pair was looked at.
            crowded = len(words) > 1 and not born and counts[words[0]] == SCANNED_MAX
            yield tier._replace(full=tier.full or crowded)
    for word in _wrong(rarest, unknown, counts):
        others = [name for name in rarest if name != word]
        frequent = bool(others) and not born and counts[others[0]] == SCANNED_MAX
        tier = _similar(op, word, others, born, wanted, from_word=frequent)
        yield tier._replace(full=tier.full or (frequent and bool(tier.ids)))
    if len(rarest) > 1:
        yield _similar(op, asked.whole, [], born, wanted)


def _wrong(
    rarest: Sequence[str], unknown: Sequence[str], counts: Mapping[str, int]
) -> Sequence[str]:
    """Return the words that may have a typing error.

    A second word that nobody has would be a second error. Where all words are frequent, an error
    is unlikely.
    """
    if unknown:
        return unknown if len(unknown) == 1 else ()
    return rarest if len(rarest) == 1 or counts[rarest[0]] < SCANNED_MAX else ()


def _similar(
    op: Operation,
    wrong: str,
    others: Sequence[str],
    born: Mapping[str, object],
    wanted: int,
    *,
    from_word: bool = False,
) -> _Tier:
    """Return the patients whose names match if one word has a typing error.

    The search starts from the rarest of the other words, or `from_word` if that is frequent.
    """
    near = misspellings(wrong, alone=not others)
    if not near:
        return _Tier(())
    tests: list[Test] = ["begins" for _ in others]
    words: list[object] = list(others)
    place = 0 if from_word else len(others)
    tests.insert(place, "resembles")
    words.insert(place, near)
    statement = _named(tuple(tests), dated=bool(born))
    return _tier(op, statement, wanted, "resembles", {**born, **_bound(words)})


def _tier(
    op: Operation, statement: Select[Any], wanted: int, test: Test, values: Mapping[str, object]
) -> _Tier:
    most = ROWS_EACH * wanted
    found = op.all(statement, rows_wanted=most, scanned_max=SCANNED_MAX, **values)
    full = len(found) == most
    return _Tier([row.patient_id for row in found], test, full)


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
    values = asking.born(birth_date)
    source: Source = "rarest" if birth_date is None else "births"
    if names:
        counts = _counts(op, [words[0] for words in names], FREQUENT)
        names = [words for _, words in sorted(zip(counts, names, strict=True))]
        for group, words in enumerate(names):
            values |= _bound([*words, "".join(words)[:WORD_MAX]], f"name_{group}")
        if birth_date is None and min(counts) == FREQUENT:
            source = "all"
    order, statement = _of_names(tuple(map(len, names)), source)
    selected = (order.after if filters.cursor else order.start)(statement)
    found, cursor = page(op, selected, order, filters, **values)
    ids = [row[0] for row in found]
    people = {one["id"]: one for one in records_for_answer(op, PATIENTS, ids)}
    items = [people[id_] for id_ in ids if id_ in people]
    return Found(items, more=cursor is not None, cursor=cursor)


def _bound(words: Sequence[object], name: str = "asked") -> dict[str, object]:
    return {f"{name}_{number}": word for number, word in enumerate(words)}


def _begins(column: Any, name: str) -> ColumnElement[bool]:
    """Return the condition that a column begins with a parameter. An index serves such a range."""
    beginning = bindparam(name, type_=String())
    return and_(column >= beginning, column < beginning.concat(LAST_CHARACTER))


def _meets(column: Any, test: Test, name: str) -> ColumnElement[bool]:
    if test == "resembles":
        return among_texts(column, name)
    return column == bindparam(name) if test == "equals" else _begins(column, name)


def _has(patient_id: Any, test: Test, name: str) -> ColumnElement[bool]:
    """Return the condition that a patient has a word that meets a test.

    It is no EXISTS, so that the planner can't read all words to join them. And only the key of the
    patient's few words may be used, so the test takes no column that has an index.
    """
    other = aliased(PatientWord)
    found = select(other.position).where(
        other.clinic_id == CLINIC,
        other.patient_id == patient_id,
        other.field.concat(EMPTY) == "name",
        _meets(other.word.concat(EMPTY), test, name),
    )
    return found.limit(literal_column("1")).scalar_subquery().is_not(None)


def _dated() -> Any:
    """Return the patients whose birth date may be the asked one. An index serves each part."""
    patient_id = Patient.id.label("patient_id")
    covering = Patient.birth_date.in_(bindparam("birth_date", expanding=True))
    within = _begins(Patient.birth_date, "birth_date_within")
    return _fenced(union_all(*(rows(Patient, patient_id).where(w) for w in (covering, within))))


def _fenced(statement: Any) -> Any:
    """Return a subquery. Its OFFSET keeps the planner from reading all patients to sort by id."""
    return statement.offset(literal_column("0")).subquery()


def _scanned(test: Test) -> Any:
    """Return the patients with a word that meets a test, in the order of words, and no more."""
    words = rows(PatientWord, PatientWord.patient_id, PatientWord.word).where(
        PatientWord.field == "name", _meets(PatientWord.word, test, "asked_0")
    )
    ordered = words.order_by(PatientWord.word, PatientWord.patient_id)
    return ordered.limit(bindparam("scanned_max")).subquery()


@lru_cache(maxsize=256)
def _named(tests: tuple[Test, ...], *, dated: bool) -> Select[Any]:
    """Select the patients who have a word for each test, and the birth date.

    The first test decides the order, unless a birth date is asked.
    """
    first = _dated() if dated else _scanned(tests[0])
    patient_id = first.c.patient_id
    beside = [
        _has(patient_id, test, f"asked_{number}")
        for number, test in enumerate(tests)
        if dated or number
    ]
    order = (patient_id,) if dated else (first.c.word, patient_id)
    return select(patient_id).where(*beside).order_by(*order).limit(bindparam("rows_wanted"))


@lru_cache(maxsize=1)
def _born_exactly() -> Select[Any]:
    patient_id = Patient.id.label("patient_id")
    exactly = _fenced(
        rows(Patient, patient_id).where(Patient.birth_date == bindparam("birth_date"))
    )
    return select(exactly.c.patient_id).order_by("patient_id").limit(bindparam("rows_wanted"))


@lru_cache(maxsize=256)
def _of_names(shape: tuple[int, ...], source: Source) -> tuple[Order, Select[Any]]:
    """Select the patients who have names of so many words, in the order of their ids.

    The last parameter of each name is the name as one word, which may be what the patient has.
    """
    patient_id = _source(source).c.patient_id
    statement = select(patient_id)
    for group, count in enumerate(shape):
        having = [_has(patient_id, "begins", f"name_{group}_{n}") for n in range(count)]
        if count > 1:
            whole = _has(patient_id, "begins", f"name_{group}_{count}")
            statement = statement.where(or_(and_(*having), whole))
        elif group or source != "rarest":  # else the source has the only word
            statement = statement.where(*having)
    return Order((patient_id,)), statement


def _source(source: Source) -> Any:
    """Return the patients among whom those with all names are."""
    if source == "births":
        return _dated()
    if source == "all":
        return rows(Patient, Patient.id.label("patient_id")).subquery()
    words = rows(PatientWord, PatientWord.patient_id).where(
        PatientWord.field == "name", _begins(PatientWord.word, "name_0_0")
    )
    return words.distinct().subquery()


def _counts(op: Operation, words: Sequence[str], most: int) -> list[int]:
    """Return how many words of the clinic's patients begin like each of these, up to a limit."""
    return list(op.one(_counted(len(words)), counted_max=most, **_bound(words)))


@lru_cache(maxsize=asking.WORDS_MAX)
def _counted(count: int) -> Select[Any]:
    def some(number: int) -> Any:
        words = rows(PatientWord, PatientWord.patient_id).where(
            PatientWord.field == "name", _begins(PatientWord.word, f"asked_{number}")
        )
        return select(func.count()).select_from(
            words.order_by(PatientWord.word).limit(bindparam("counted_max")).subquery()
        )

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
    .limit(SCANNED_MAX)
)
