"""An override belongs to one fault at one place, and ends with it."""

from tests.ground import Api
from tests.records.bodies import faults
from tests.sessions.signatures import COUNT, DEEP, NEEDLING, Body, amend, sign, visit

OTHER: Body = NEEDLING | {"muscle": "supraspinatus", "side": "right"}
TWO_DEEP = [NEEDLING | {"depth_mm": 41}, OTHER | {"depth_mm": 42}]
DEEPER = "deeper_than_needle"
TWICE = dict.fromkeys(COUNT, 4)


def reasons(session: Body) -> dict[str, str]:
    return {each["pointer"]: each["reason"] for each in session["overrides"]}


def test_an_override_may_be_given_for_each_place(api: Api) -> None:
    session = visit(api, needlings=TWO_DEEP, needle_count=TWICE)
    first = {"pointer": "/needlings/0/depth_mm", "code": DEEPER, "reason": "One."}
    refused = sign(api, session, body={"overrides": [first]})
    assert faults(refused) == {"/needlings/1/depth_mm": DEEPER}
    elsewhere = [first, first | {"pointer": "/needlings/2/depth_mm"}]
    refused = sign(api, session, body={"overrides": elsewhere})
    assert faults(refused) == {
        "/needlings/1/depth_mm": DEEPER,
        "/overrides/1/code": "nothing_to_override",
    }
    rest = {"code": DEEPER, "reason": "All others."}
    signed = sign(api, session, body={"overrides": [first, rest]}).json()
    assert reasons(signed) == {
        "/needlings/0/depth_mm": "One.",
        "/needlings/1/depth_mm": "All others.",
    }


def test_an_override_covers_no_later_fault_of_another_needling(api: Api) -> None:
    session = visit(api, needlings=[TWO_DEEP[0], OTHER], needle_count=TWICE)
    signed = sign(api, session, DEEPER).json()
    refused = amend(api, signed, {"needlings": TWO_DEEP})
    assert faults(refused) == {"/changes/needlings/1/depth_mm": DEEPER}
    moved = amend(api, signed, {"needlings": [NEEDLING, TWO_DEEP[1]]})
    assert faults(moved) == {"/changes/needlings/1/depth_mm": DEEPER}
    body: Body = {"reason": "Misread.", "kind": "correction", "changes": {"needlings": TWO_DEEP}}
    body["overrides"] = [{"code": DEEPER, "reason": "Another."}]
    held = {"If-Match": '"2"'}
    amended = api.post(f"/v1/sessions/{signed['id']}/amend", body, headers=held).json()
    assert reasons(amended) == {
        "/needlings/0/depth_mm": f"Why {DEEPER}.",
        "/needlings/1/depth_mm": "Another.",
    }


def test_an_override_follows_its_needling_to_another_position(api: Api) -> None:
    session = visit(api, needlings=[TWO_DEEP[0], OTHER], needle_count=TWICE)
    signed = sign(api, session, DEEPER).json()
    turned = amend(api, signed, {"needlings": [OTHER, TWO_DEEP[0]]}).json()
    assert reasons(turned) == {"/needlings/1/depth_mm": f"Why {DEEPER}."}


def test_an_override_ends_with_its_fault(api: Api) -> None:
    signed = sign(api, visit(api, **DEEP), DEEPER).json()
    corrected = amend(api, signed, {"needlings": [NEEDLING]}).json()
    assert (corrected["overrides"], corrected["warnings"]) == ([], [])
    assert faults(amend(api, corrected, DEEP)) == {"/changes/needlings/0/depth_mm": DEEPER}
    again = amend(api, corrected, {"note": "n"}, DEEPER)
    assert faults(again) == {"/overrides/0/code": "nothing_to_override"}
