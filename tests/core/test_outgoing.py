"""Outgoing requests reach only public addresses, and nothing slow, large or redirected."""

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from app.core.http import outgoing
from app.core.http.outgoing import (
    TIMEOUT_S,
    Outgoing,
    Unreachable,
    fetch,
    is_public,
    resolve_public,
)
from app.core.values.clock import now
from tests.publishing import DRIP_S, Published, loopback_let_in, publishing

NEAR = (
    *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1"),  # noqa: S104 - refused
    *("169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
    *("255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
    *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::a00:1"),
    *("2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1", "::7f00:1"),
)


@pytest.fixture(name="other")
def serve_other() -> Iterator[Published]:
    with publishing() as other, loopback_let_in():
        yield other


@pytest.mark.parametrize("address", NEAR)
def test_an_address_that_is_not_public_is_never_connected_to(address: str) -> None:
    assert not is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(Unreachable, match="no public address"):
        fetch(f"https://{host}/")


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_a_public_address_is_one(address: str) -> None:
    assert is_public(ip_address(address))
    assert resolve_public(address, 443) == address


def answering(*addresses: str) -> Any:
    """Return a resolver's answer with these addresses."""
    kinds = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in addresses]
    return [
        (kind, socket.SOCK_STREAM, 6, "", (each, 443))
        for kind, each in zip(kinds, addresses, strict=True)
    ]


def test_a_host_with_one_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = answering("8.8.8.8", "10.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: said)
    with pytest.raises(Unreachable, match="no public address"):
        resolve_public("both.example", 443)


def test_a_host_is_resolved_once_and_the_connection_uses_that_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers, connected = iter([answering("8.8.8.8"), answering("127.0.0.1")]), []

    def connect(address: Any, *_: Any) -> socket.socket:
        connected.append(address)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: next(answers))
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Unreachable):
        fetch("https://rebinding.example/")
    assert connected == [("8.8.8.8", 443)]
    assert next(answers) == answering("127.0.0.1")


def test_the_setting_allows_loopback_addresses_but_no_names_of_them(other: Published) -> None:
    port = other.url.rpartition(":")[2]
    for name in (f"http://localhost:{port}/", f"https://localhost:{port}/", "http://10.0.0.1/"):
        with pytest.raises(Unreachable):
            fetch(name)
    assert other.asked == []


def test_a_loopback_address_is_fetched_only_if_the_settings_allow_it() -> None:
    with publishing() as other:
        other.pages["/keys"] = {"keys": []}
        with pytest.raises(Unreachable):
            fetch(f"{other.url}/keys")
        with loopback_let_in():
            assert fetch(f"{other.url}/keys") == {"keys": []}
    assert other.asked == ["/keys"]


def test_a_redirection_is_not_followed(other: Published) -> None:
    other.pages["/keys"] = {"keys": []}
    with pytest.raises(Unreachable, match="another status"):
        fetch(f"{other.url}/elsewhere")
    assert other.asked == ["/elsewhere"]


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b'"' + b"x" * 65_535 + b'"', "too much"),
        (b"<html>", "no JSON"),
        (b'{"a": 1, "a": 2}', "no JSON"),
        (b"\xff", "no JSON"),
        (None, "another status"),
    ],
)
def test_an_answer_that_is_large_or_not_json_is_refused(
    other: Published, page: Any, reason: str
) -> None:
    other.pages["/keys"] = page
    with pytest.raises(Unreachable, match=reason):
        fetch(f"{other.url}/keys")


def test_a_drip_of_bytes_is_cut_off(other: Published) -> None:
    with pytest.raises(Unreachable):
        fetch(f"{other.url}/drip")
    assert other.dripped < (TIMEOUT_S + 1) / DRIP_S


def test_a_silent_server_is_given_up_in_time(
    other: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "TIMEOUT_S", 0.1)  # nothing else ends this wait
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(Unreachable),
    ):
        anyio.run(Outgoing().json, f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert TIMEOUT_S <= 3
    assert other.asked == []


def test_a_self_signed_certificate_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with publishing(context) as other, loopback_let_in(), pytest.raises(Unreachable):
        fetch(f"{other.url}/keys")
    assert other.asked == []


def self_signed(folder: Path) -> Path:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now() - timedelta(days=1))
        .not_valid_after(now() + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return file


def test_an_answer_is_cached_and_fetched_at_most_once_a_minute(
    other: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, url = Outgoing(), f"{other.url}/keys"
    other.pages["/keys"] = 1

    def json(wanted: int) -> Any:
        return anyio.run(kept.json, url, lambda found: found == wanted)

    assert [json(1), json(1)] == [1, 1]
    other.pages["/keys"] = 2
    assert json(2) == 1  # fetched less than a minute ago
    assert len(other.asked) == 1
    monkeypatch.setattr(outgoing, "REFETCH_S", 0.0)
    kept = Outgoing()
    assert [json(2), json(3), json(2)] == [2, 2, 2]
    assert len(other.asked) == 3


def test_a_cached_answer_is_used_while_its_server_is_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outgoing, "REFETCH_S", 0.0)
    kept = Outgoing()
    with loopback_let_in():
        with publishing() as other:
            other.pages["/keys"] = 1
            assert anyio.run(kept.json, f"{other.url}/keys") == 1
        assert anyio.run(kept.json, f"{other.url}/keys", lambda found: found == 2) == 1
