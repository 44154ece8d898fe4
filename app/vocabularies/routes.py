"""The lists of the vocabularies: `/v1/regions`, `/v1/event-kinds` and so on."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.core.http.answers import ASK_AGAIN, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.pages import slice_page
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.vocabularies import queries
from app.vocabularies.schemas import VOCABULARIES, Vocabulary, VocabularyFilters

LIST = """List {words}, or search them by code, name or synonym.

The clinic's own rows come last. The search allows typing errors. A body takes each code, name and
synonym, and stores the code."""

router = APIRouter(prefix="/v1", tags=["reference"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.VOCABULARIES_READ))]


def _add_list(vocabulary: Vocabulary) -> None:
    @router.get(
        f"/{vocabulary.path}",
        operation_id=f"{vocabulary.noun}.list",
        description=LIST.format(words=vocabulary.noun.replace("_", " ")),
        responses=documented(reusable=True),
    )
    def many(op: Reading, filters: Annotated[VocabularyFilters, Query()]) -> Page[vocabulary.view]:  # type: ignore[name-defined]
        own = queries.Words(op).active(vocabulary.noun)
        found = queries.search(vocabulary.noun, filters.q, own)
        return Page(*slice_page(found, filters), reusable=True, cache=ASK_AGAIN)


for each in VOCABULARIES.values():
    _add_list(each)
