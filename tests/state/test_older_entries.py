"""A row from before a migration equals its older entry, which lacks the members added later."""

from typing import Any

import pytest

from app.core.operation import perform
from app.ledger import service as ledger
from app.state.compare import differences
from tests.ground import Api, Clinic

ADDED = {
    "sessions": {"identifiers", "overrides", "warnings"},
    "episodes": {"identifiers"},
}


@pytest.fixture
def older(api: Api, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A session and its episode, whose entries were written before these members existed."""
    record = ledger.record

    def without(op: Any, noun: str, view: Any, **more: Any) -> None:
        later = ADDED.get(noun, set())
        known = {name: view[name] for name in view if name not in later}
        if noun == "sessions":
            known["measurements"] = [
                {name: part[name] for name in part if name != "movement"}
                for part in view["measurements"]
            ]
        record(op, noun, known, **more)

    with monkeypatch.context() as patch:
        patch.setattr(ledger, "record", without)
        patient_id = api.patient()["id"]
        episode = api.create("/v1/episodes", patient_id=patient_id, complaint="c")
        measured = {"phase": "before", "instrument": "nprs", "value": 4}
        return api.session(patient_id=patient_id, episode_id=episode["id"], measurements=[measured])


def test_an_older_record_equals_its_entry_and_can_be_changed(
    api: Api, clinic: Clinic, older: dict[str, Any]
) -> None:
    op = clinic.operation()
    assert perform(clinic.database, op, lambda: list(differences(op))) == []
    path = f"/v1/sessions/{older['id']}"
    first = api.get(f"{path}/versions/1").json()
    assert first.keys().isdisjoint(ADDED["sessions"])
    assert "movement" not in first["measurements"][0]
    signed = api.post(f"{path}/sign", headers={"If-Match": '"1"'})
    assert signed.status_code == 200, signed.text
    changes = {"reason": "r", "kind": "correction", "changes": {"note": "n"}}
    amended = api.post(f"{path}/amend", changes, headers={"If-Match": '"2"'})
    assert [amended.json()[name] for name in sorted(ADDED["sessions"])] == [[], [], []]
    episode = api.get(f"/v1/episodes/{older['episode_id']}").json()
    assert api.change(episode, "/v1/episodes", complaint="d")["identifiers"] == []
    assert perform(clinic.database, op, lambda: list(differences(op))) == []
