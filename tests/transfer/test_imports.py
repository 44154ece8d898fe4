"""An import stores valid rows, reports invalid ones, and can always be repeated."""

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from httpx2 import Client, Response
from sqlalchemy.exc import IntegrityError

from app.core.values.access import Scope
from app.core.values.clock import uuid7
from app.transfer import again, service
from app.transfer.routes import FILE_MAX_BYTES
from tests.ground import Api, Clinic

NDJSON = {"Content-Type": "application/x-ndjson"}
PEOPLE = {Scope.PATIENTS_WRITE, Scope.PRACTITIONERS_WRITE, Scope.VOCABULARIES_WRITE}
Record = dict[str, Any]


def lines(rows: Iterable[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def post(api: Api, content: bytes, query: str = "", **headers: str) -> Response:
    return api("POST", f"/v1/imports{query}", content=content, headers=NDJSON | headers)


def imported(api: Api, content: bytes, query: str = "") -> Record:
    """The report of an import."""
    answer = post(api, content, query)
    assert answer.status_code == 200, answer.text
    report: Record = answer.json()
    assert report["received"] == report["created"] + report["unchanged"] + report["rejected"]
    return report


def counts(report: Record) -> tuple[int, int, int]:
    return report["created"], report["unchanged"], report["rejected"]


def changes(api: Api) -> list[Record]:
    """The whole feed."""
    found, after = [], 0
    while True:
        page = api.get(f"/v1/changes?limit=200&after={after}").json()
        found += page["items"]
        after = page["cursor"]
        if page["next"] is None:
            return found


def patients(number: int) -> list[Record]:
    return [{"type": "patient", "id": str(uuid7()), "given_name": f"P{n}"} for n in range(number)]


def test_the_cohort_is_imported_once(api: Api, cohort: Sequence[Record]) -> None:
    assert counts(imported(api, lines(cohort))) == (839, 0, 0)
    feed = changes(api)
    # The third entry is no change: it states the digest of the API key.
    assert [change["number"] for change in feed] == [1, 2, *range(4, len(feed) + 2)]
    made = Counter(c["resource"] for c in feed if c["operation"].endswith(".create"))
    assert made == {
        "clinics": 1,
        "clients": 1,
        "practitioners": 3,
        "patients": 48,
        "episodes": 48,
        "sessions": 319,
        "follow_ups": 417,
        "adverse_events": 4,
    }
    assert counts(imported(api, lines(cohort))) == (0, 839, 0)
    assert len(changes(api)) == len(feed)
    session = next(row for row in cohort if row["type"] == "session")
    read = api.get(f"/v1/sessions/{session['id']}").json()
    assert (read["occurred_at"], read["status"]) == (session["occurred_at"], "draft")


def broken(rows: Iterable[Record]) -> tuple[set[tuple[int, str]], set[str]]:
    """The references to rows that were not stored above, and the rows that are stored."""
    there: set[str] = set()
    faults = set()
    for line, row in enumerate(rows, 1):
        fields = ("patient_id", "episode_id", "practitioner_id", "session_id")
        lost = [name for name in fields if row.get(name) and row[name] not in there]
        faults |= {(line, f"/{name}") for name in lost}
        if not lost:
            there.add(row["id"])
    return faults, there


def test_rows_with_broken_references_are_rejected_and_the_others_stored(
    api: Api, cohort: Sequence[Record]
) -> None:
    shuffled = random.Random(7).sample(cohort, len(cohort))
    faults, there = broken(shuffled)
    report = imported(api, lines(shuffled))
    assert counts(report) == (len(there), 0, 839 - len(there))
    found = [(error["line"], error["pointer"]) for error in report["errors"]]
    assert set(found) == faults
    assert len(found) == len(faults)
    assert {error["code"] for error in report["errors"]} == {"unknown_reference"}
    assert counts(imported(api, lines(cohort))) == (839 - len(there), len(there), 0)


def test_a_dry_run_finds_the_same_and_stores_nothing(api: Api, cohort: Sequence[Record]) -> None:
    bad = {"type": "session", "patient_id": "x"}
    content = lines([*cohort, bad])
    before = changes(api)
    tried = imported(api, content, "?dry_run=true")
    assert counts(tried) == (839, 0, 1)
    assert changes(api) == before
    assert api.get("/v1/patients").json()["items"] == []
    done = imported(api, content)
    assert counts(done) == (839, 0, 1)
    assert done["errors"] == tried["errors"]
    assert counts(imported(api, content, "?dry_run=true")) == (0, 839, 1)


def test_every_fault_of_every_bad_row_is_listed_and_stops_no_other_row(api: Api) -> None:
    ada, ben = patients(2)
    content = b"\n".join(
        [
            lines([ada]).strip(),
            b"",
            b"{",
            b"[]",
            b'{"given_name": "A"}',
            b'{"type": "zebra"}',
            b'{"type": ["patient"]}',
            b'{"type": "patient", "given_name": "A", "given_name": "B"}',
            b'{"type": "patient", "given_name": "\\u0000"}',
            b'{"type": "patient", "given_name": "\xff"}',
            b'{"type": "patient", "sex": "x", "birth_date": "1980-02-30", "name": "A"}',
            b"x" * (1024 * 1024 + 1),
            lines([ben]).strip(),
        ]
    )
    report = imported(api, content)
    assert (report["received"], *counts(report)) == (12, 2, 0, 10)
    assert not report["more_errors"]
    assert [(e["line"], e["pointer"], e["code"]) for e in report["errors"]] == [
        (3, "", "json_invalid"),
        (4, "", "no_object"),
        (5, "/type", "unknown_type"),
        (6, "/type", "unknown_type"),
        (7, "/type", "unknown_type"),
        (8, "", "json_invalid"),
        (9, "/given_name", "nul_character"),
        (10, "", "not_utf8"),
        (11, "/birth_date", "date_parsing"),
        (11, "/sex", "literal_error"),
        (11, "/name", "extra_forbidden"),
        (12, "", "line_too_long"),
    ]
    assert all(error["detail"] for error in report["errors"])


def test_a_row_with_an_existing_id_or_identifier_is_rejected(api: Api) -> None:
    ada, ben = patients(2)
    chart = [{"system": "chart", "value": "7"}]
    report = imported(
        api,
        lines(
            [
                ada | {"identifiers": chart},
                ben | {"identifiers": chart},
                ada,
                ada | {"sex": "other"},
            ]
        ),
    )
    assert counts(report) == (1, 0, 3)
    assert [(e["line"], e["pointer"], e["code"]) for e in report["errors"]] == [
        (2, "/identifiers/0", "identifier-taken"),
        (3, "/id", "id-taken"),
        (4, "/id", "id-taken"),
    ]


def test_a_row_without_an_id_is_imported_once(api: Api, other_api: Api) -> None:
    rows = [
        {"type": "patient", "given_name": "Ada"},
        {"type": "patient", "given_name": "Ben"},
        {"type": "patient", "given_name": "Ada", "status": "active"},
    ]
    assert counts(imported(api, lines(rows))) == (2, 1, 0)
    assert counts(imported(api, lines(rows))) == (0, 3, 0)
    assert counts(imported(other_api, lines(rows))) == (2, 1, 0)


def test_a_session_that_was_signed_elsewhere_is_imported_as_signed(api: Api) -> None:
    session = {
        "type": "session",
        "id": str(uuid7()),
        "patient_id": api.patient()["id"],
        "practitioner_id": api.practitioner()["id"],
        "occurred_at": "2026-11-01T10:00:00-08:00",
        "technique": "gunn_ims",
        "needlings": [{"muscle": "infraspinatus", "side": "left"}],
        "needle_count": dict.fromkeys(("opened", "inserted", "removed", "disposed"), 1),
    }
    signature = {"signed_at": "2026-11-01T11:00:00-08:00", "signed_by": "Dana Demo"}
    rows = [
        session | {"status": "signed"} | signature | {"needle_count": None, "id": str(uuid7())},
        session | {"status": "signed", "id": str(uuid7())},
        session
        | {"status": "signed", "id": str(uuid7())}
        | (signature | {"signed_at": "2026-11-01T09:59:59-08:00"}),
        session
        | {"status": "signed", "id": str(uuid7())}
        | {"occurred_at": "2199-01-01T10:00:00Z"}
        | (signature | {"signed_at": "2199-01-01T11:00:00Z"}),
        session | {"status": "signed"} | signature,
    ]
    report = imported(api, lines(rows))
    assert counts(report) == (2, 0, 3)
    assert [(e["line"], e["pointer"], e["code"]) for e in report["errors"]] == [
        (2, "/signed_at", "signature_missing"),
        (2, "/signed_by", "signature_missing"),
        (3, "/signed_at", "before_session"),
        (4, "/occurred_at", "in_the_future"),
        (4, "/signed_at", "in_the_future"),
    ]
    incomplete = api.get(f"/v1/sessions/{rows[0]['id']}").json()
    assert incomplete["warnings"] == [{"pointer": "/needle_count", "code": "needle_count_missing"}]
    read = api.get(f"/v1/sessions/{session['id']}").json()
    assert read["status"] == "signed"
    assert {name: read[name] for name in signature} == signature
    assert (read["version"], read["late_entry"]) == (1, False)


def test_a_session_keeps_the_credentials_of_a_practitioner_who_comes_in_with_it(api: Api) -> None:
    patient, practitioner, session = (str(uuid7()) for _ in range(3))
    held = {"kind": "gunn_ims", "body": "Example College", "number": "IMS-41"}
    own = [
        held | {"valid_from": "2019-05-01", "valid_to": "2026-11-20"},
        held | {"valid_from": "2019-05-01", "valid_to": "2026-11-19"},
    ]
    dana = {"given_name": "Dana", "family_name": "Demo", "credentials": own}
    whose = {"patient_id": patient, "practitioner_id": practitioner}
    rows = [
        {"type": "patient", "id": patient},
        {"type": "practitioner", "id": practitioner, **dana},
        {"type": "session", "id": session, **whose, "occurred_at": "2026-11-20T10:00:00-08:00"},
    ]
    assert counts(imported(api, lines(rows))) == (3, 0, 0)
    assert api.get(f"/v1/sessions/{session}").json()["credentials"] == own[:1]


@pytest.mark.bound("import-faults")
def test_at_most_a_thousand_errors_are_listed(api: Api) -> None:
    report = imported(api, b"x\n" * 1001)
    assert (report["rejected"], len(report["errors"]), report["more_errors"]) == (1001, 1000, True)


def test_a_batch_with_a_conflict_is_repeated_row_by_row(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Simulate that each batch, and then one row, collides with ids of another writer."""
    rows = patients(5)

    def create(op: Any, items: Any) -> Any:
        if len(items) > 1 or str(items[0].ids[0]) == rows[2]["id"]:
            raise IntegrityError("insert", {}, Exception("another writer was first"))
        return again.create_items(op, items)

    monkeypatch.setattr(service, "create_items", create)
    for query in ("?dry_run=true", ""):
        report = imported(api, lines(rows), query)
        assert counts(report) == (4, 0, 1)
        assert [(e["line"], e["code"]) for e in report["errors"]] == [(3, "conflict")]


def test_an_empty_file_is_an_import_of_nothing(api: Api) -> None:
    assert counts(imported(api, b"")) == (0, 0, 0)
    assert counts(imported(api, b"\n\n")) == (0, 0, 0)


def test_csv_is_accepted_too(api: Api) -> None:
    content = (
        b"type,given_name,birth_date,phone\r\npatient,Ada,1980-01-01,5550100\r\npatient,Ben,x,\r\n"
    )
    answer = api("POST", "/v1/imports", content=content, headers={"Content-Type": "text/csv"})
    assert counts(answer.json()) == (1, 0, 1)
    assert [(e["line"], e["pointer"]) for e in answer.json()["errors"]] == [(3, "/birth_date")]
    [ada] = api.get("/v1/patients").json()["items"]
    assert (ada["given_name"], ada["birth_date"], ada["phone"]) == ("Ada", "1980-01-01", "5550100")
    answer = api("POST", "/v1/imports", content=b"name\n", headers={"Content-Type": "text/csv"})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["line"], error["code"]) == (1, "csv_header")


@pytest.mark.parametrize("media", ["application/json", "text/plain", ""])
def test_another_content_type_is_refused(api: Api, media: str) -> None:
    answer = post(api, b"", **{"Content-Type": media})
    assert answer.status_code == 415


def test_a_file_over_the_limit_is_refused_before_it_is_sent(api: Api) -> None:
    answer = post(api, b"", **{"Content-Length": str(FILE_MAX_BYTES + 1)})
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/too-large"


def test_a_file_over_the_limit_of_other_requests_is_accepted(api: Api) -> None:
    content = lines(patients(1)) + b" " * (3 * 1024 * 1024)
    assert counts(imported(api, content)) == (1, 0, 1)


def test_an_unknown_parameter_is_refused(api: Api) -> None:
    assert post(api, b"", "?dryrun=true").status_code == 422
    assert post(api, b"", "?dry_run=perhaps").status_code == 422


def test_an_import_needs_its_scope(wire: Client, clinic: Clinic) -> None:
    assert wire.post("/v1/imports", content=b"", headers=NDJSON).status_code == 401
    reader = Api(wire, clinic.key(set(Scope) - {Scope.IMPORTS_WRITE}))
    assert post(reader, lines(patients(1))).status_code == 403


@pytest.mark.parametrize("query", ["", "?dry_run=true"])
@pytest.mark.parametrize(
    ("missing", "refused"),
    [
        ({Scope.PATIENTS_WRITE}, [1]),
        ({Scope.PRACTITIONERS_WRITE}, [2]),
        ({Scope.PATIENTS_WRITE, Scope.PRACTITIONERS_WRITE}, [1, 2]),
        ({Scope.VOCABULARIES_WRITE}, [4]),
    ],
)
def test_rows_of_people_and_words_need_the_scope_to_write_them_and_others_go_on(
    api: Api, clinic: Clinic, query: str, missing: set[Scope], refused: list[int]
) -> None:
    importer = Api(api.wire, clinic.key({Scope.IMPORTS_WRITE, *PEOPLE} - missing))
    patient = api.patient()["id"]
    episode = {"type": "episode", "patient_id": patient, "complaint": "Shoulder pain"}
    practitioner = {"type": "practitioner", "given_name": "A", "family_name": "B"}
    term = {"type": "term", "vocabulary": "regions", "code": "own_scar", "name": "Scar"}
    report = imported(importer, lines([*patients(1), practitioner, episode, term]), query)
    assert counts(report) == (4 - len(refused), 0, len(refused))
    found = [(error["line"], error["pointer"], error["code"]) for error in report["errors"]]
    assert found == [(line, "/type", "scope_missing") for line in refused]


@pytest.mark.parametrize("number", ["3", "3.0", "3e0"])
@pytest.mark.parametrize(
    ("written", "value"),
    [
        *[(yes, True) for yes in ("true", "TRUE", "True", "1", "1.0", "yes", "YES", " true ")],
        *[(no, False) for no in ("false", "FALSE", "False", "0", "0.0", "no", "No")],
        ("", None),
    ],
)
def test_csv_takes_numbers_and_booleans_as_other_programs_write_them(
    api: Api, number: str, written: str, value: object
) -> None:
    session = api.session()
    content = (
        "type,session_id,reported_at,soreness,bruising\n"
        f"follow_up,{session['id']},2026-11-02T10:00:00-08:00,{number},{written}\n"
    )
    answer = api("POST", "/v1/imports", content=content, headers={"Content-Type": "text/csv"})
    assert counts(answer.json()) == (1, 0, 0), answer.text
    [stored] = api.get(f"/v1/sessions/{session['id']}/follow-ups").json()["items"]
    assert (stored["soreness"], stored["bruising"]) == (3, value)


@pytest.mark.parametrize(("number", "written"), [("3.5", "true"), ("3", "2"), ("3", "maybe")])
def test_csv_refuses_what_is_no_integer_or_boolean(api: Api, number: str, written: str) -> None:
    session = api.session()
    content = (
        "type,session_id,reported_at,soreness,bruising\n"
        f"follow_up,{session['id']},2026-11-02T10:00:00-08:00,{number},{written}\n"
    )
    answer = api("POST", "/v1/imports", content=content, headers={"Content-Type": "text/csv"})
    assert counts(answer.json()) == (0, 0, 1)
