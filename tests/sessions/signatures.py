"""A session that can be signed, and requests that sign and amend it."""

from typing import Any

from httpx2 import Response

from tests.ground import Api

Body = dict[str, Any]
AT = "2026-03-31T17:30:00-07:00"
COUNT = dict.fromkeys(("opened", "inserted", "removed", "disposed"), 2)
NEEDLING: Body = {
    "muscle": "infraspinatus",
    "side": "left",
    "needles": 2,
    "insertions": 2,
    "needle": {"diameter_mm": 0.3, "length_mm": 40},
    "depth_mm": 40,
}
DEEP = {"needlings": [NEEDLING | {"depth_mm": 41}]}


def visit(api: Api, **body: Any) -> Body:
    whole = {"occurred_at": AT, "needlings": [NEEDLING], "needle_count": COUNT, **body}
    return api.session(**whole)


def sign(api: Api, session: Body, *codes: str, body: Any = None) -> Response:
    """Sign a session, and override faults of these codes."""
    given = [{"code": code, "reason": f"Why {code}."} for code in codes]
    more: Body = {"json": {"overrides": given} if codes else body} if codes or body else {}
    held = {"If-Match": f'"{session["version"]}"'}
    return api("POST", f"/v1/sessions/{session['id']}/sign", headers=held, **more)


def amend(api: Api, session: Body, changes: Body, *codes: str) -> Response:
    body: Body = {"reason": "Misread.", "kind": "correction", "changes": changes}
    body["overrides"] = [{"code": code, "reason": f"Why {code}."} for code in codes]
    held = {"If-Match": f'"{session["version"]}"'}
    return api.post(f"/v1/sessions/{session['id']}/amend", body, headers=held)
