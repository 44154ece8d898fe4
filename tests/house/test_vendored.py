"""Files of others are as their makers shipped them."""

from hashlib import sha256

from tests.house.tree import ROOT

VENDORED = ROOT / "app" / "web" / "static" / "swagger-ui"
OURS = {"README.md", "SHA256SUMS"}


def test_every_vendored_file_is_as_it_was_shipped() -> None:
    lines = (VENDORED / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    found = {
        path.name: sha256(path.read_bytes()).hexdigest()
        for path in VENDORED.iterdir()
        if path.name not in OURS
    }
    assert found == listed
