"""`/v1/asks`: the server asks patients how they are, and people see to what needs them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from app.asks.errors import AskEnded, AskNotSendable
from app.asks.schemas import CancelBody, DeliveryBody
from app.asks.service import ASKS, actions
from app.asks.views import AskView
from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.records.routes import add_reads, answer

router = APIRouter(prefix="/v1/asks", tags=["asks"], route_class=Route)
add_reads(router, ASKS, Scope.ASKS_READ)
Writing = Annotated[Operation, Depends(Authorize(Scope.ASKS_WRITE))]


@router.post(
    "/{id:uuid}/send",
    operation_id="asks.send",
    responses=documented(NotFound, AskNotSendable),
)
def send(op: Writing, id: UUID) -> Answer[AskView]:
    """Send the message again, within seconds.

    It needs no `If-Match`. You decide, also in quiet hours and after a message that may have gone.
    But nobody is asked who answered, stopped messages, or must not be asked: the problem says why.
    """
    return answer(actions.send_again(op, id))


@router.post(
    "/{id:uuid}/cancel", operation_id="asks.cancel", responses=documented(NotFound, AskEnded)
)
def cancel(op: Writing, id: UUID, body: CancelBody) -> Answer[AskView]:
    """Cancel an ask: no further message goes.

    It needs no `If-Match`. A link that went already stays good: an answer still counts.
    """
    return answer(actions.cancel(op, id, body.note))


@router.post("/{id:uuid}/delivery", operation_id="asks.deliver", responses=documented(NotFound))
def deliver(op: Writing, id: UUID, body: DeliveryBody) -> Answer[AskView]:
    """Tell what became of a message: that it arrived, came back, or that the patient opted out.

    For the clinic's own sender, and for what reads bounced e-mails. It needs no `If-Match`. The
    same twice changes nothing.
    """
    return answer(actions.tell(op, id, body))
