"""A bundle has everything about one patient, nothing about another, and can be checked."""

import hashlib
import io
import json
import re
import tracemalloc
import zipfile
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response

from app.bundles import service
from app.bundles.service import REASON, Chart
from app.core.operation import perform
from app.kinds import KINDS
from app.ledger import service as ledger
from app.notes.queries import language_of
from tests.ground import Api, Clinic
from tests.ledger.attacker import history
from tests.sweeps.world import World

MISSING = "\U00012000"  # cuneiform, which no font has
ENGLISH = language_of("en", [])
VERSIONS, LOOKED, MANIFEST = "versions.ndjson", "looked.ndjson", "manifest.json"


def asked(api: Api, patient_id: str, **more: Any) -> Response:
    return api.get(f"/v1/patients/{patient_id}/everything.zip", **more)


class Bundle:
    """The files of a bundle, in their order."""

    def __init__(self, answer: Response) -> None:
        assert answer.status_code == 200, answer.text
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.manifest = json.loads(self.files[MANIFEST])

    def lines(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.files[path].splitlines()]

    def records(self, noun: str) -> list[dict[str, Any]]:
        return self.lines(f"records/{noun}.ndjson")


def bundle(api: Api, patient_id: str, **more: Any) -> Bundle:
    return Bundle(asked(api, patient_id, **more))


def everything_of(api: Api) -> dict[str, dict[str, Any]]:
    """Make a record of each kind, and return it by the noun of its kind."""
    world = World(api)
    made = {}
    for kind in KINDS:
        path = f"/v1/{kind.noun.replace('_', '-')}"
        if kind.noun == "follow_ups":
            path = f"/v1/sessions/{world.known('sessions')}/follow-ups"
        if kind.noun in {"patients", "practitioners", "sessions", "episodes"}:
            made[kind.noun] = api.get(f"{path}/{world.known(kind.noun)}").json()
        else:
            made[kind.noun] = world.make(path)
    return made


def test_every_kind_of_record_is_in_the_bundle_of_its_patient_with_every_version(
    api: Api, clinic: Clinic
) -> None:
    made = everything_of(api)
    changes = [e for e in history(clinic) if e["kind"] == "change"]
    treated = made["sessions"]["patient_id"]
    shown: dict[str, Bundle] = {}
    for noun, record in made.items():
        own = record["id"] if noun == "patients" else record.get("patient_id")
        whose = own or treated
        found = shown[whose] = shown.get(whose) or bundle(api, whose)
        assert record["id"] in {each["id"] for each in found.records(noun)}, noun
        told = [
            (version["resource"], version["version"])
            for version in found.lines(VERSIONS)
            if version["resource_id"] == record["id"]
        ]
        there = [
            (entry["resource"], entry["version"])
            for entry in changes
            if str(entry["resource_id"]) == record["id"]
        ]
        assert told == (there if own else []), noun


def test_the_manifest_has_the_digest_and_the_count_of_every_file(api: Api, clinic: Clinic) -> None:
    session = api.session(note="It was easy.")
    found = bundle(api, session["patient_id"], headers={"X-Request-Id": "access-1"})
    manifest, listed = found.manifest, {f["path"]: f for f in found.manifest["files"]}
    assert [MANIFEST, *listed] == list(found.files)
    for path, described in listed.items():
        content = found.files[path]
        assert described["sha256"] == hashlib.sha256(content).hexdigest()
        assert described["bytes"] == len(content)
        if path.endswith(".ndjson"):
            assert described["records"] == len(content.splitlines())
    assert manifest["clinic"]["id"] == str(clinic.id)
    assert (manifest["patient_id"], manifest["request_id"]) == (session["patient_id"], "access-1")
    assert manifest["ledger"]["size"] == history(clinic)[-1]["number"]
    assert (manifest["left_out"], manifest["differs_from_ledger"]) == ([], [])
    assert found.files["chart.pdf"].startswith(b"%PDF")
    note = found.files[f"notes/{session['id']}.txt"].decode()
    assert "It was easy." in note
    assert "not shown" not in note
    again = bundle(api, session["patient_id"])
    assert list(again.files) == list(found.files)
    same = [name for name in found.files if name not in {MANIFEST, LOOKED, "chart.pdf"}]
    assert {name: again.files[name] for name in same} == {n: found.files[n] for n in same}


def test_the_bundle_is_a_disclosure_which_is_its_own_last_look(api: Api, clinic: Clinic) -> None:
    patient_id = api.patient()["id"]
    answer = asked(api, patient_id, headers={"X-Request-Id": "access-2"})
    assert answer.headers["cache-control"] == "no-store"
    name = rf'attachment; filename="everything-{patient_id[-8:]}-\d{{4}}-\d\d-\d\d\.zip"'
    assert re.fullmatch(name, answer.headers["content-disposition"])
    assert Bundle(answer).files["chart.pdf"].startswith(b"%PDF")
    [left] = [e for e in history(clinic) if e["request_id"] == "access-2"]
    assert (left["operation"], left["kind"]) == ("patients.everything", "access")
    assert (left["reason"], str(left["patient_id"])) == (REASON, patient_id)
    last = Bundle(answer).lines(LOOKED)[-1]
    assert (last["number"], last["reason"]) == (left["number"], REASON)
    disclosed = api.get(f"/v1/patients/{patient_id}/disclosures").json()["items"]
    assert disclosed[0] == last


def test_a_version_from_when_a_record_was_another_patients_is_left_out_and_counted(
    api: Api,
) -> None:
    wrong, right = api.patient()["id"], api.patient()["id"]
    session = api.session(patient_id=wrong, note="Entered for the wrong one.")
    api.change(session, "/v1/sessions", patient_id=right, note="Moved.")
    theirs, own = bundle(api, wrong), bundle(api, right)
    assert b"Entered" not in b"".join(theirs.files.values())
    assert theirs.manifest["left_out"] == [
        {"what": "versions of sessions", "count": 1, "reason": service.MOVED},
    ]
    versions = [v["version"] for v in own.lines(VERSIONS) if v["resource"] == "sessions"]
    assert versions == [2]
    assert b"Entered" not in b"".join(own.files.values())


def test_nothing_of_another_patient_or_clinic_is_in_it(api: Api, other_api: Api) -> None:
    others = [api.session(note="Secret"), other_api.session(note="Secret")]
    found = bundle(api, api.session()["patient_id"])
    everything = b"".join(found.files.values())
    for word in ["Secret", *(each[name] for each in others for name in ("id", "patient_id"))]:
        assert word.encode() not in everything
    assert len(found.records("practitioners")) == 1
    assert asked(api, others[1]["patient_id"]).status_code == 404


def test_a_chart_that_can_t_be_printed_is_left_out_with_the_reason(api: Api) -> None:
    found = bundle(api, api.session(note=MISSING)["patient_id"])
    assert found.manifest["left_out"] == [
        {"what": "chart.pdf", "count": 1, "reason": "unprintable"}
    ]
    assert MISSING in found.records("sessions")[0]["note"]
    assert "chart.pdf" not in found.files


@pytest.mark.alike
def test_the_notes_are_in_the_language_that_was_asked_for(api: Api) -> None:
    session = api.session()
    path = f"/v1/sessions/{session['id']}/note?language=fr"
    answer = asked(api, session["patient_id"], params={"language": "fr"})
    assert Bundle(answer).files[f"notes/{session['id']}.txt"] == api.get(path).content
    assert asked(api, session["patient_id"], params={"language": "xx"}).status_code == 422


def test_memory_does_not_grow_with_the_record(api: Api, clinic: Clinic) -> None:
    def peak() -> tuple[int, int]:
        op = clinic.operation("patients.everything")
        tracemalloc.start()
        pieces = service.bundle(op, clinic.database, UUID(patient_id), ENGLISH, Chart("x", None))
        size = sum(map(len, pieces))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size, most

    patient = api.patient()
    patient_id = patient["id"]
    peak()
    _, before = peak()
    op = clinic.operation("patients.update")

    def grow() -> None:
        for number in range(2, 3_000):
            view = {**patient, "id": UUID(patient_id), "version": number, "address": "x" * 6_000}
            ledger.record(op, "patients", view, patient_id=UUID(patient_id))

    perform(clinic.database, op, grow)
    size, after = peak()
    assert size > 20_000
    assert after - before < 6_000_000  # the versions have 18 MB
