"""A record from its first version to its last."""

from tests.ground import Api


def test_a_record_is_read_as_it_was_sent(api: Api) -> None:
    session = api.session(note="a note")
    read = api.get(f"/v1/sessions/{session['id']}")
    assert read.status_code == 200
    assert read.json() == session
    assert read.headers["etag"] == '"1"'
    assert session["occurred_at"] == "2026-11-01T10:00:00-08:00"
