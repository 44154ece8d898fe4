"""The generated clients: for each, the commands that make it, check it and use it."""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

DOCUMENT: Final = "openapi.json"
WARNING: Final = re.compile(r"^.*(?:\bwarn|⚠).*$", re.IGNORECASE | re.MULTILINE)
NOT_GENERATED: Final = re.compile(r"^WARNING (parsing .*?)\n\n(.*?)\n\n", re.DOTALL | re.MULTILINE)


class Step(NamedTuple):
    """One command, as a user types it, and the warnings in its output."""

    command: str
    warning: re.Pattern[str] = WARNING
    known: Mapping[str, str] = {}
    """By the pattern of a warning, the reason why it stays. A step fails on any other warning,
    and if one of these no longer comes."""


class Client(NamedTuple):
    """One client, made and used in the folder of this name."""

    folder: str
    steps: tuple[Step, ...]


LINTERS: Final = Client(
    ".",
    (
        Step(f"redocly lint --config redocly.yaml {DOCUMENT}"),
        Step(f"spectral lint --ruleset spectral.yaml --fail-severity hint {DOCUMENT}"),
    ),
)
CLIENTS: Final = (
    Client(
        "python",
        (
            Step(
                f"openapi-python-client generate --path {DOCUMENT} --config config.yaml",
                NOT_GENERATED,
                {
                    r"parsing POST /v1/imports .* Unsupported content type text/csv": (
                        "Where a body has two types of file, the generated function sends any"
                        " file as the second type. So config.yaml maps only JSON lines."
                    )
                },
            ),
            Step("pip install --quiet --no-deps --no-build-isolation ./needlework-client"),
            Step("mypy --strict needlework-client/needlework_client job.py"),
            Step("python job.py"),
        ),
    ),
    Client(
        "openapi_fetch",
        (
            Step(f"openapi-typescript {DOCUMENT} --output schema.d.ts"),
            Step("tsc --project ."),
            Step("node built/job.js"),
        ),
    ),
    Client(
        "hey_api",
        (
            Step(f"openapi-ts --input {DOCUMENT} --output client"),
            Step("tsc --project ."),
            Step("node built/job.js"),
        ),
    ),
)


def unexpected(step: Step, output: str) -> list[str]:
    """The warnings that aren't known, and the known ones that don't come."""
    found = [" ".join(match) for match in map(_words, step.warning.finditer(output))]
    new = [f"new: {one}" for one in found if not any(re.fullmatch(k, one) for k in step.known)]
    gone = [f"gone: {k}" for k in step.known if not any(re.fullmatch(k, one) for one in found)]
    return new + gone


def _words(match: re.Match[str]) -> tuple[str, ...]:
    return match.groups() or (match[0],)
