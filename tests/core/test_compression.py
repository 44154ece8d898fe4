"""Answers are compressed where the client takes it, and mean the same as uncompressed ones."""

import hashlib
import re
from base64 import b64encode

import pytest
from httpx2 import Response

from app.core.http.middleware import COMPRESS_FROM_BYTES
from tests.ground import Api
from tests.summaries.charts import consent, released

PLAIN = {"Accept-Encoding": "identity"}
GZIP = {"Accept-Encoding": "gzip"}
DOCS_MAX_BYTES = 600_000


def both(api: Api, path: str, method: str = "GET") -> tuple[Response, Response]:
    """The answer as it is sent to a client that takes no compression, and to one that does."""
    return api(method, path, headers=PLAIN), api(method, path, headers=GZIP)


def sent_bytes(answer: Response) -> int:
    return int(answer.headers["content-length"])


@pytest.mark.parametrize("path", ["/v1/patients", "/v1/muscles", "/openapi.json", "/v1/changes"])
def test_a_long_answer_is_compressed_where_the_client_takes_it(api: Api, path: str) -> None:
    for _ in range(4):
        api.patient()
    plain, packed = both(api, path)
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert sent_bytes(packed) < sent_bytes(plain) == len(plain.content)
    for answer in (plain, packed):
        assert "accept-encoding" in answer.headers["vary"].lower()


def test_a_short_answer_is_not_compressed(api: Api) -> None:
    for path in ("/healthz", "/v1/clinic", "/v1/nothing"):
        answer = api.get(path, headers=GZIP)
        assert len(answer.content) < COMPRESS_FROM_BYTES
        assert "content-encoding" not in answer.headers


def test_a_head_has_the_headers_of_the_compressed_answer(api: Api) -> None:
    got, head = (api(method, "/v1/muscles", headers=GZIP) for method in ("GET", "HEAD"))
    assert head.content == b""
    for name in ("content-encoding", "content-length", "etag", "vary"):
        assert head.headers[name] == got.headers[name]


def test_a_version_has_one_etag_however_it_is_sent(api: Api) -> None:
    session = api.session(note="x" * COMPRESS_FROM_BYTES)
    path = f"/v1/sessions/{session['id']}"
    plain, packed = both(api, path)
    assert (plain.headers["etag"], packed.headers["etag"]) == ('"1"', '"1"')
    assert packed.headers["content-encoding"] == "gzip"
    held = api.get(path, headers={**GZIP, "If-None-Match": packed.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")
    assert "content-encoding" not in held.headers


@pytest.mark.parametrize("file", ["sessions.csv", "sessions.ndjson"])
def test_a_stream_is_compressed_as_it_is_sent(api: Api, file: str) -> None:
    for _ in range(3):
        api.session(note="x" * COMPRESS_FROM_BYTES)
    plain, packed = both(api, f"/v1/exports/{file}")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-length" not in packed.headers
    assert packed.content == plain.content


@pytest.mark.parametrize("path", ["/v1/exports/sessions.parquet", "/v1/audit/export"])
def test_media_that_are_compressed_already_are_sent_as_they_are(api: Api, path: str) -> None:
    api.session()
    assert "content-encoding" not in api.get(path, headers=GZIP).headers


def test_the_digest_of_a_summary_is_that_of_the_bytes_sent(api: Api) -> None:
    patient = api.patient()
    consent(api, patient["id"])
    answer = released(api, patient["id"])
    assert "content-encoding" not in answer.headers
    digest = b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert answer.headers["content-digest"] == f"sha-256=:{digest}:"


def test_the_document_is_sent_once_to_each_client(api: Api) -> None:
    first = api.wire.get("/openapi.json")
    assert first.headers["cache-control"] == "no-cache"
    held = api.wire.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")
    assert (
        api.wire.get("/openapi.json", headers={"If-None-Match": '"other"'}).json() == first.json()
    )


@pytest.mark.parametrize(
    "path",
    [
        "/v1/muscles",
        "/v1/muscles?q=infra&limit=3",
        "/v1/muscles/infraspinatus",
        "/v1/instruments",
        "/v1/instruments/nprs",
    ],
)
def test_reference_data_is_the_same_for_every_clinic_and_may_be_kept(
    api: Api, other_api: Api, path: str
) -> None:
    first, other = api.get(path), other_api.get(path)
    assert first.headers["etag"] == other.headers["etag"]
    assert re.fullmatch(r"private, max-age=\d+", first.headers["cache-control"])
    held = api.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")
    assert held.headers["etag"] == first.headers["etag"]
    changed = api.get(path, headers={"If-None-Match": 'W/"0123456789abcdef"'})
    assert changed.content == first.content


def test_other_content_has_another_etag(api: Api) -> None:
    paths = ("/v1/muscles?limit=1", "/v1/muscles?limit=2", "/v1/instruments?limit=1")
    assert len({api.get(path).headers["etag"] for path in paths}) == len(paths)


def test_records_may_not_be_kept(api: Api) -> None:
    for path in ("/v1/patients", f"/v1/patients/{api.patient()['id']}", "/v1/me"):
        assert api.get(path).headers["cache-control"] == "no-store"


def test_the_page_of_all_operations_is_loaded_once_and_is_small(api: Api) -> None:
    page = api.wire.get("/docs", headers=GZIP)
    addresses = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)
    assert len(addresses) == 4
    total = len(page.content) + sent_bytes(api.wire.get("/openapi.json", headers=GZIP))
    for address in addresses:
        answer = api.wire.get(f"/{address}", headers=GZIP)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        total += sent_bytes(answer)
    assert total < DOCS_MAX_BYTES


def test_a_file_without_its_version_is_checked_each_time(api: Api) -> None:
    for address in ("/docs/docs.js", "/docs/docs.js?v=0123456789abcdef"):
        answer = api.wire.get(address)
        assert answer.headers["cache-control"] == "no-cache"
        held = api.wire.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert held.status_code == 304
