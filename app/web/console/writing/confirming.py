"""What a person confirms by a tick: that it is another's session, or what a signature lacks."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from starlette.responses import Response

from app.core.operation import Operation
from app.core.values.faults import Fault
from app.core.values.problems import Invalid
from app.sessions.service import may_answer_for
from app.web.console import access
from app.web.console.kept import check_patient
from app.web.console.writing.sheets import Sheet, shown_again

TICK: Final = "for_another"
NAMELESS: Final = "another practitioner"
IN_SPITE: Final = "in_spite"
OPEN: Final = "Look at what is missing. Tick below that you sign in spite of it."
UNSAID: Final = "This is somebody else's session. Tick below that you do this for them."


def for_another(op: Operation, session: Mapping[str, Any], sheet: Sheet) -> Sheet:
    """Return the form of an act, which names the practitioner of somebody else's session."""
    practitioner_id = UUID(str(session["practitioner_id"]))
    is_own = op.caller.practitioner_id == practitioner_id
    if is_own or not may_answer_for(op, practitioner_id):  # these are refused
        return sheet._replace(more={**sheet.more, TICK: None})
    name = access.practitioners(op, [practitioner_id]).get(str(practitioner_id), NAMELESS)
    return sheet._replace(button=f"{sheet.button} for {name}", more={**sheet.more, TICK: name})


def unconfirmed(op: Operation, sheet: Sheet, form: Mapping[str, str]) -> Response | None:
    """Return the form again if a person left out a tick that it asks for; else None.

    A program that uses the console acts for the practitioner whom the session names.
    """
    asked = ((TICK, UNSAID), (IN_SPITE, OPEN))
    left = [told for tick, told in asked if sheet.more.get(tick) and tick not in form]
    if not left or op.caller.role is None:
        return None
    check_patient(form, None if sheet.patient is None else UUID(sheet.patient["id"]))
    faults = [Fault("", "missing", told) for told in left]
    return shown_again(op, sheet, form, faults, int(Invalid.status))
