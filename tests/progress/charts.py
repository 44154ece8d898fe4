"""One patient's chart, written and read by a client; days are counted from 0."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from app.progress.schemas import ProgressView
from tests.ground import Api

Record = dict[str, Any]

VANCOUVER = timezone(timedelta(hours=-8))
START = datetime(2026, 1, 5, 10, tzinfo=VANCOUVER)


def moment(day: float) -> str:
    """The time of a day; a fraction is a time between two of them."""
    return (START + timedelta(days=day)).isoformat()


AS_OF = moment(300)


def read(api: Api, patient_id: str, **asked: str) -> Record:
    """A patient's progress, checked against the published schema."""
    answer = api.get(f"/v1/patients/{patient_id}/progress", params={"as_of": AS_OF, **asked})
    assert answer.status_code == 200, answer.text
    ProgressView.model_validate_json(answer.content)
    shown: Record = answer.json()
    return shown


def take_in(api: Api, records: Iterable[Record]) -> None:
    """Import records; every row must be created."""
    content = "\n".join(map(json.dumps, records))
    headers = {"Content-Type": "application/x-ndjson"}
    report = api("POST", "/v1/imports", content=content, headers=headers).json()
    assert (report["errors"], report["rejected"]) == ([], 0)


class Chart:
    """A patient, and who treats them."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.patient_id = api.patient()["id"]
        self.practitioner_id = api.practitioner()["id"]

    def visit(self, day: float, *values: float, **body: Any) -> Record:
        """An attended session, with pain ratings from before the needles."""
        measured = [{"phase": "before", "instrument": "nprs", "value": value} for value in values]
        return self.api.session(
            patient_id=self.patient_id,
            practitioner_id=self.practitioner_id,
            **{"occurred_at": moment(day), "measurements": measured, **body},
        )

    def missed(self, day: float, attendance: str) -> Record:
        """A visit that did not take place."""
        return self.visit(
            day, attendance=attendance, technique=None, needlings=[], needle_count=None
        )

    def report(self, visit: Record, hours: float, soreness: int, **body: Any) -> Record:
        """A follow-up some hours after a visit."""
        at = datetime.fromisoformat(visit["occurred_at"]) + timedelta(hours=hours)
        path = f"/v1/sessions/{visit['id']}/follow-ups"
        told = {"reported_at": at.isoformat(), "soreness": soreness, "source": "patient_link"}
        return self.api.create(path, **told, **body)

    def measured(self, day: float, value: float, phase: str = "before", **body: Any) -> Record:
        """A pain rating outside of any session."""
        return self.api.create(
            "/v1/measurements",
            patient_id=self.patient_id,
            phase=phase,
            instrument="nprs",
            value=value,
            taken_at=moment(day),
            **body,
        )

    def event(self, day: float, severity: str = "mild", **body: Any) -> Record:
        """An adverse event."""
        return self.api.create(
            "/v1/adverse-events",
            patient_id=self.patient_id,
            kind="bruise",
            severity=severity,
            expected=True,
            causality="probable",
            occurred_at=moment(day),
            description="A bruise.",
            **body,
        )

    def episode(self, **body: Any) -> Record:
        """An episode of care."""
        return self.api.create(
            "/v1/episodes", patient_id=self.patient_id, complaint="Shoulder pain", **body
        )

    def act(self, visit: Record, action: str, body: Any = None) -> Record:
        """Sign, amend or void a session as it was read."""
        answer = self.api.post(
            f"/v1/sessions/{visit['id']}/{action}",
            body,
            headers={"If-Match": f'"{visit["version"]}"'},
        )
        assert answer.status_code == 200, answer.text
        record: Record = answer.json()
        return record

    def progress(self, **asked: str) -> Record:
        """The progress document."""
        return read(self.api, self.patient_id, **asked)

    def pain(self, **asked: str) -> list[float]:
        """The values of the pain ratings' series."""
        measures = self.progress(**asked)["measures"]
        return [point["value"] for one in measures for point in one["points"]]
