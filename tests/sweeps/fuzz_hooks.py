"""Hooks of Schemathesis that put ids of existing records into the generated bodies.

Without them, few bodies would pass the check of references, and little would be stored.
"""

import json
import os
import re
from typing import Any

import schemathesis

KNOWN: dict[str, str] = json.loads(os.environ["NEEDLEWORK_FUZZ_KNOWN"])
"""Members whose value is replaced if it is a text."""
OWN = os.environ["NEEDLEWORK_FUZZ_OWN"]
"""The calling client: if it were revoked, its later requests would only get 401."""
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: KNOWN[name] if name in KNOWN and isinstance(member, str) else _known(member)
            for name, member in value.items()
        }
    return [_known(member) for member in value] if isinstance(value, list) else value


schemathesis.serializer.alias("application/x-ndjson", "application/octet-stream")


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    """Replace ids in the body by ids of existing records."""
    return _known(body)


@schemathesis.hook
def map_path_parameters(_context: Any, parameters: Any) -> Any:
    """Replace generated ids in the path by existing ones; leave invalid texts as they are."""
    return {
        name: KNOWN[name] if name in KNOWN and UUID_TEXT.fullmatch(str(value)) else value
        for name, value in (parameters or {}).items()
    }


@schemathesis.hook
def map_headers(_context: Any, headers: Any) -> Any:
    """Replace a given `If-Match` by a version that may be the current one."""
    if headers and re.fullmatch('"[0-9]+"', headers.get("If-Match", "")):
        headers["If-Match"] = f'"{len(headers["If-Match"]) % 2 + 1}"'
    return headers


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Skip requests that would revoke the calling client."""
    for name, value in (case.path_parameters or {}).items():
        if value == OWN:
            case.path_parameters[name] = KNOWN["patient_id"]
