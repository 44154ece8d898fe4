"""A back end that requests tokens."""

from typing import Any

from httpx2 import Response
from joserfc.jwk import ECKey, RSAKey

from tests.ground import Api
from tests.signing import claims, key_set, signed

ADDRESS = "http://testserver/oauth/token"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
KEY, OTHER = ECKey.generate_key("P-384"), ECKey.generate_key("P-384")
RSA = RSAKey.generate_key(2048)
HELD = ["patients:read", "patients:write"]


class BackEnd:
    """A client that holds the private halves of `a` (EC) and `b` (RSA)."""

    def __init__(self, api: Api, **more: Any) -> None:
        body = {"name": "EMR", "kind": "backend", "scopes": HELD, "jwks": key_set(KEY, RSA)}
        self.api = api
        self.id: str = api.create("/v1/clients", **(body | more))["id"]

    def claims(self, **other: Any) -> dict[str, Any]:
        return claims(self.id, ADDRESS, **other)

    def assertion(self, **other: Any) -> str:
        return signed(KEY, self.claims(**other))

    def ask(self, assertion: str, **form: Any) -> Response:
        whole = {
            "grant_type": "client_credentials",
            "client_assertion_type": JWT_BEARER,
            "client_assertion": assertion,
            **form,
        }
        sent = {name: value for name, value in whole.items() if value is not None}
        return self.api.wire.post("/oauth/token", data=sent)

    def token(self, **form: Any) -> dict[str, Any]:
        answer = self.ask(self.assertion(), **form)
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.json()
        return given

    def tried(self) -> list[str]:
        """The reasons for this client's refusals, from the ledger."""
        path = f"/v1/audit/entries?kind=security&limit=200&actor=client:{self.id}"
        return [entry["reason"] for entry in self.api.get(path).json()["items"]]


def refusal(answer: Response) -> tuple[int, str]:
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()["error"]
