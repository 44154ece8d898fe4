"""Create and change clinics."""

from typing import Any, Final, cast

from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import bindparam, insert, update

from app.clinics.models import Clinic
from app.clinics.queries import clinic
from app.clinics.schemas import ClinicBody, ClinicView
from app.core.operation import CLINIC, Operation
from app.core.values.wire import merge_patch, read
from app.ledger import service as ledger
from app.ledger.models import LedgerHead
from app.records.comparison import check_unaltered
from app.records.service import check_version

_UPDATE: Final = update(Clinic).where(Clinic.clinic_id == CLINIC)


BEFORE: Final = {
    "time_zone": "UTC",
    "whose_sessions": "own",
    "baseline_days": 14,
    "hours": [],
    "alert_recipients": [],
    "languages": [],
    "version": 1,
}
"""The members that older entries of a clinic don't know, as the migrations filled them."""


def add(op: Operation, name: str, time_zone: str = "UTC") -> ClinicView:
    """Create the operation's clinic and its ledger."""
    body = ClinicBody(name=name, time_zone=time_zone)
    members = {"id": op.clinic_id, **_content(body), "version": 1, "created_at": op.at}
    view = cast("ClinicView", members)
    op.db.execute(insert(Clinic), {**_row(view), "clinic_id": view["id"], "created_at": op.at})
    op.db.execute(insert(LedgerHead), {"clinic_id": op.clinic_id, "size": 0})
    ledger.record(op, "clinics", view)
    return view


def change(op: Operation, changes: dict[str, Any]) -> ClinicView:
    """Change the operation's clinic with a merge patch.

    Raises `Invalid`, `VersionMissing` or `VersionStale`.
    """
    current = clinic(op, for_update=True)
    check_version(op, current["version"])
    check_unaltered(op, "clinics", to_jsonable_python(current), BEFORE)
    content = {name: current[name] for name in ClinicBody.model_fields}  # type: ignore[literal-required]
    unknown = dict.fromkeys(changes.keys() - content.keys())
    # Merge patch drops a null for an unknown field. Keep it, so that validation refuses it.
    body = read(ClinicBody, to_json(merge_patch(content, changes) | unknown))
    changed = _content(body)
    if changed == content:
        return current
    view = cast("ClinicView", {**current, **changed, "version": current["version"] + 1})
    op.run(_UPDATE.values({name: bindparam(name) for name in _row(view)}), _row(view))
    ledger.record(op, "clinics", view)
    return view


def _content(body: ClinicBody) -> dict[str, Any]:
    """Return the members of a view that a client may change."""
    return body.model_dump(by_alias=True)


def _row(view: ClinicView) -> dict[str, Any]:
    """Return the columns that a change may set."""
    return {name: view[name] for name in (*ClinicBody.model_fields, "version")}  # type: ignore[literal-required]
