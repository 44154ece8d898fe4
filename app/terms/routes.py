"""`/v1/terms`, and `POST` to the address of each vocabulary, such as `/v1/regions`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import IdTaken
from app.records.routes import add_reads, add_writes, answer_stored
from app.terms import service
from app.terms.schemas import OwnWordBody
from app.terms.service import TERMS
from app.terms.views import TermView
from app.vocabularies.schemas import VOCABULARIES, Vocabulary

CREATE = """Add a row of the clinic to the {words}.

Its code begins with `own_`. Records can have it from then on. It is one of `/v1/terms`, where it
can be changed."""

router = APIRouter(prefix="/v1/terms", tags=["reference"], route_class=Route)
add_reads(router, TERMS, Scope.VOCABULARIES_READ)
add_writes(router, TERMS, Scope.VOCABULARIES_WRITE)

words = APIRouter(prefix="/v1", tags=["reference"], route_class=Route)
Writing = Annotated[Operation, Depends(Authorize(Scope.VOCABULARIES_WRITE))]


def _add_create(vocabulary: Vocabulary) -> None:
    @words.post(
        f"/{vocabulary.path}",
        status_code=201,
        operation_id=f"{vocabulary.noun}.create",
        description=CREATE.format(words=vocabulary.noun.replace("_", " ")),
        responses=documented(IdTaken),
    )
    def create(op: Writing, body: OwnWordBody) -> Answer[TermView]:
        view, is_new = service.add(op, vocabulary.noun, body)
        answer: Answer[Any] = answer_stored(view, is_new=is_new, folder=router.prefix)
        return answer


for each in VOCABULARIES.values():
    _add_create(each)
