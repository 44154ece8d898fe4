"""The whole job with the Python client, from a new practitioner to an export."""

import io
import json
import os
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from needlework_client import AuthenticatedClient
from needlework_client.api.alerts import alerts_acknowledge, alerts_list
from needlework_client.api.asks import asks_list
from needlework_client.api.changes import changes_list
from needlework_client.api.episodes import episodes_create
from needlework_client.api.exports import exports_read
from needlework_client.api.follow_ups import follow_ups_create
from needlework_client.api.imports import imports_create
from needlework_client.api.me import me_read
from needlework_client.api.patients import patients_create
from needlework_client.api.practitioners import practitioners_create
from needlework_client.api.progress import progress_read
from needlework_client.api.sessions import sessions_amend, sessions_create, sessions_sign
from needlework_client.models import (
    AcknowledgeBody,
    AlertAction,
    AlertStatus,
    AmendBody,
    AmendmentKind,
    EpisodeBody,
    ExportDataset,
    ExportFormat,
    FollowUpBody,
    Grasp,
    IdentifierBody,
    NeedleCountBody,
    NeedlingBody,
    PatientBody,
    PractitionerBody,
    Problem,
    RedFlag,
    Release,
    SessionBody,
    SessionMeasurementBody,
    SessionPatch,
    SessionPhase,
    Side,
    Technique,
)
from needlework_client.types import File

MUSCLES = (
    *("infraspinatus", "supraspinatus", "trapezius_upper"),
    *("levator_scapulae", "teres_minor", "subscapularis"),
)

T = TypeVar("T")


def done(answer: T | Problem | None) -> T:
    """Return the answer of an operation; raise `RuntimeError` if it is a problem."""
    if answer is None or isinstance(answer, Problem):
        raise RuntimeError(f"Refused: {answer}")
    return answer


client = AuthenticatedClient(os.environ["NEEDLEWORK_URL"], token=os.environ["NEEDLEWORK_KEY"])
me = done(me_read.sync(client=client))
print(f"I am {me.client.name}, of {me.clinic.name}.")

# A practitioner, a patient, and what the patient comes for.
practitioner = done(
    practitioners_create.sync(
        client=client, body=PractitionerBody(given_name="Kim", family_name="Moreno")
    )
)
chart = IdentifierBody(system="urn:example:chart", value="A-1")
patient = done(
    patients_create.sync(
        client=client,
        body=PatientBody(given_name="Rae", family_name="Lund", identifiers=[chart]),
    )
)
episode = done(
    episodes_create.sync(
        client=client, body=EpisodeBody(patient_id=patient.id, complaint="Shoulder pain")
    )
)

# A session of six needlings, three days ago. It is a draft until it is signed.
visited_at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
needlings = [
    NeedlingBody(
        muscle=muscle,
        side=Side.LEFT,
        depth_mm=20,
        grasp=Grasp.STRONG,
        twitches=3,
        ache=6,
        release=Release.PARTIAL,
    )
    for muscle in MUSCLES
]
pain = SessionMeasurementBody(phase=SessionPhase.BEFORE, instrument="nprs", value=7)
draft = done(
    sessions_create.sync(
        client=client,
        body=SessionBody(
            patient_id=patient.id,
            episode_id=episode.id,
            practitioner_id=practitioner.id,
            occurred_at=visited_at,
            technique=Technique.GUNN_IMS,
            measurements=[pain],
            needlings=needlings,
            needle_count=NeedleCountBody(opened=6, inserted=6, removed=6, disposed=6),
        ),
    )
)
session = done(sessions_sign.sync(draft.id, client=client, if_match=f'"{draft.version}"'))
assert session.signed_at is not None

# What the patient reports after one day and after two.
for hours, soreness in ((24, 5), (48, 2)):
    report = FollowUpBody(reported_at=visited_at + timedelta(hours=hours), soreness=soreness)
    done(follow_ups_create.sync(session.id, client=client, body=report))

# A red flag raises an alert, which somebody answers. The session keeps its version.
report = FollowUpBody(
    reported_at=visited_at + timedelta(hours=50), soreness=1, red_flags=[RedFlag.FAINTING]
)
done(follow_ups_create.sync(session.id, client=client, body=report))
[alert] = done(
    alerts_list.sync(client=client, patient_id=patient.id, status=AlertStatus.OPEN)
).items
assert alert.session_id == session.id
answer = AcknowledgeBody(action=AlertAction.CALLED, note="Had skipped breakfast. Feels well.")
acknowledged = done(alerts_acknowledge.sync(alert.id, client=client, body=answer))
assert acknowledged.status == AlertStatus.ACKNOWLEDGED

# Nobody asked the patient by message: they gave no consent to that.
assert done(asks_list.sync(client=client, patient_id=patient.id)).items == []

# What has changed so far.
progress = done(progress_read.sync(patient.id, client=client))
assert progress.dose.needlings == len(MUSCLES)
assert [measure.latest.value for measure in progress.measures if measure.latest] == [7]
assert [one.peak for one in progress.soreness.sessions] == [5]

# A signed session is amended; the earlier version stays readable.
amended = done(
    sessions_amend.sync(
        session.id,
        client=client,
        if_match=f'"{session.version}"',
        body=AmendBody(
            reason="A note on paper was left out.",
            kind=AmendmentKind.ADDENDUM,
            changes=SessionPatch(note="Home exercises shown."),
        ),
    )
)
assert amended.note == "Home exercises shown."

# The feed of changes, page by page. Keep the last cursor, and continue from it later.
operations: list[str] = []
cursor = "0"
while True:
    page = done(changes_list.sync(client=client, after=cursor, limit=5))
    operations += [one.operation for one in page.items if one.resource_id == session.id]
    cursor = page.cursor
    if page.next_cursor is None:
        break
assert operations == ["sessions.create", "sessions.sign", "sessions.amend"]

# Import a file of records, and export a table.
rows = [{"type": "patient", "given_name": name} for name in ("Ode", "Uma")]
lines = "\n".join(map(json.dumps, rows)).encode()
imported = done(imports_create.sync(client=client, body=File(payload=io.BytesIO(lines))))
assert (imported.created, imported.rejected) == (2, 0)
table = done(exports_read.sync(ExportDataset.NEEDLINGS, ExportFormat.CSV, client=client))
assert len(table.splitlines()) == 1 + len(MUSCLES)
print("Done.")
