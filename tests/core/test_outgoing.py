"""Outgoing requests reach only public addresses, and nothing slow, large or redirected."""

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import anyio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.core.http import outgoing
from app.core.http.outgoing import (
    TIMEOUT_S,
    Outgoing,
    Unreachable,
    check_address,
    fetch,
    is_public,
    resolve_public,
)
from app.core.values.clock import now
from app.core.values.faults import RuleBroken
from app.settings import Settings, settings
from tests.publishing import DRIP_S, Published, loopback_let_in, publishing

# IANA's registries of special-purpose IPv4 and IPv6 addresses (RFC 6890, as of November 2026), with
# those of multicast and of deprecated addresses. Each range is tried at both ends.
SPECIAL = {
    "this network": "0.0.0.0/8",
    "private use A": "10.0.0.0/8",
    "shared address space": "100.64.0.0/10",
    "loopback": "127.0.0.0/8",
    "link-local, cloud metadata": "169.254.0.0/16",
    "private use B": "172.16.0.0/12",
    "IETF protocol assignments": "192.0.0.0/24",
    "IPv4 service continuity": "192.0.0.0/29",
    "IPv4 dummy address": "192.0.0.8/32",
    "port control anycast": "192.0.0.9/32",
    "TURN anycast": "192.0.0.10/32",
    "NAT64 discovery": "192.0.0.170/31",
    "documentation 1": "192.0.2.0/24",
    "AS112": "192.31.196.0/24",
    "AMT": "192.52.193.0/24",
    "6to4 relay": "192.88.99.0/24",
    "private use C": "192.168.0.0/16",
    "AS112, delegated": "192.175.48.0/24",
    "benchmarking": "198.18.0.0/15",
    "documentation 2": "198.51.100.0/24",
    "documentation 3": "203.0.113.0/24",
    "multicast": "224.0.0.0/4",
    "reserved": "240.0.0.0/4",
    "broadcast": "255.255.255.255/32",
    "IPv6 unspecified": "::/128",
    "IPv6 loopback": "::1/128",
    "IPv4-compatible": "::/96",
    "IPv4-mapped": "::ffff:0:0/96",
    "IPv4-translated": "::ffff:0:0:0/96",
    "NAT64": "64:ff9b::/96",
    "NAT64, local": "64:ff9b:1::/48",
    "discard-only": "100::/64",
    "IPv6 dummy prefix": "100:0:0:1::/64",
    "IPv6 protocol assignments": "2001::/23",
    "Teredo": "2001::/32",
    "IPv6 port control anycast": "2001:1::1/128",
    "IPv6 TURN anycast": "2001:1::2/128",
    "DNS-SD anycast": "2001:1::3/128",
    "IPv6 benchmarking": "2001:2::/48",
    "IPv6 AMT": "2001:3::/32",
    "IPv6 AS112": "2001:4:112::/48",
    "ORCHID": "2001:10::/28",
    "ORCHIDv2": "2001:20::/28",
    "drone remote id": "2001:30::/28",
    "IPv6 documentation": "2001:db8::/32",
    "6to4": "2002::/16",
    "IPv6 AS112, delegated": "2620:4f:8000::/48",
    "IPv6 documentation 2": "3fff::/20",
    "segment routing": "5f00::/16",
    "unique local": "fc00::/7",
    "IPv6 link-local": "fe80::/10",
    "site-local": "fec0::/10",
    "IPv6 multicast": "ff00::/8",
}
NEAR = (
    *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
    *("fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "::8.8.8.8"),
    *("64:ff9b::808:808", "2002:808:808::1", "4000::1", "1000::1"),
)
PUBLIC = (
    *("8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"),
    *("172.15.255.255", "172.32.0.0", "192.0.1.0", "192.88.98.255", "192.88.100.0", "198.17.0.1"),
    *("198.20.0.0", "223.255.255.255", "2606:4700:4700::1111", "2001:200::1", "2001:db9::1"),
    *("2003::1", "2a00:1450:4009::1", "3ffe:ffff::1"),
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


@pytest.mark.parametrize("name", SPECIAL)
def test_no_address_of_a_special_range_is_public(name: str) -> None:
    network = ip_network(SPECIAL[name])
    middle = network[network.num_addresses // 2]
    assert [is_public(each) for each in (network[0], middle, network[-1])] == [False] * 3


@given(st.ip_addresses())
def test_a_public_address_is_global_and_in_no_special_range(address: Any) -> None:
    special = any(address in ip_network(each) for each in SPECIAL.values())
    assert not (is_public(address) and (special or not address.is_global))


@pytest.mark.parametrize("url", ["https://127.0.0.1:22/", "https://8.8.8.8:8443/"])
def test_only_the_ports_of_the_settings_are_connected_to(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    with pytest.raises(Unreachable, match="no such address"):
        fetch(url)
    with pytest.raises(RuleBroken, match="port"):
        check_address(url)
    assert check_address("https://emr.example:443/keys") is None  # type: ignore[func-returns-value]
    monkeypatch.setenv("NEEDLEWORK_OUTGOING_PORTS", "443,8443")
    settings.cache_clear()
    try:
        assert settings().outgoing_ports == {443, 8443}
        assert check_address("https://emr.example:8443/keys") is None  # type: ignore[func-returns-value]
    finally:
        monkeypatch.undo()
        settings.cache_clear()


@pytest.mark.parametrize("ports", ["", "0", "65536", "https", "443;8443"])
def test_a_port_that_is_none_is_no_setting(monkeypatch: pytest.MonkeyPatch, ports: str) -> None:
    monkeypatch.setenv("NEEDLEWORK_OUTGOING_PORTS", ports)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_one(address: str) -> None:
    assert is_public(ip_address(address))
    assert resolve_public(address, 443) == address


@pytest.mark.parametrize(
    "host",
    [
        *("[::ffff:127.0.0.1]", "0x7f000001", "2130706433", "127.1", "localhost", "localhost."),
        *("LOCALHOST", "a.localhost", "[fd00::1]"),
        *("169.254.169.254", "100.64.0.1", "0.0.0.0"),  # noqa: S104 - refused
        *("0177.0.0.1", "0x7f.1", "127.0.0.1.", "10.1", "0", "0x", "4294967297", "1.2.3.4.5"),
        *("[fe80::1%25eth0]", "[::1]", "[::]", "192.168.0.1:443", "[64:ff9b::7f00:1]:443"),
    ],
)
def test_an_address_that_shows_that_it_is_not_public_is_refused_at_once(host: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        check_address(f"https://{host}/in")
    assert refused.value.code == "private_address"


@pytest.mark.parametrize("host", ["8.8.8.8", "0x08080808", "[2606:4700:4700::1111]", "a.example."])
def test_an_address_of_the_internet_is_taken_in_any_spelling(host: str) -> None:
    check_address(f"https://{host}/in")


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "10.0.0.1", "127.1"])
def test_letting_loopback_in_opens_no_other_private_address(host: str) -> None:
    with loopback_let_in():
        check_address("https://127.0.0.1/in")
        with pytest.raises(RuleBroken):
            check_address(f"https://{host}/in")


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
