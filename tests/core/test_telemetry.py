"""OpenTelemetry gets nothing about requests."""

from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from opentelemetry import _logs, metrics, trace

from app.core.db.database import Database
from app.main import create_app
from tests.ground import Api, create_clinic
from tests.wire import wired


class Ear:
    """A configured OpenTelemetry provider, which must not be called."""

    def get_tracer(self, *_: Any, **__: Any) -> NoReturn:
        raise AssertionError

    get_meter = get_logger = get_tracer


@pytest.fixture(name="overheard")
def somebody_listens(monkeypatch: pytest.MonkeyPatch, database: Database) -> Iterator[Api]:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    for api, kind in ((trace, "tracer"), (metrics, "meter"), (_logs, "logger")):
        monkeypatch.setattr(api, f"get_{kind}_provider", Ear)
    with wired(create_app(database)) as wire:
        yield Api(wire, create_clinic(database).key())


@pytest.mark.parametrize(
    "path", ["/v1/patients?identifier=a|b", "/v1/nothing", "/v1/sessions?no=1"]
)
def test_no_request_is_reported_to_telemetry(overheard: Api, path: str) -> None:
    assert overheard.get(path).status_code in {200, 404, 422}
