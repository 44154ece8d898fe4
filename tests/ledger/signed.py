"""Notes that others signed, notes that we sign, and the keys that verify them."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from app.ledger.format.note import Checkpoint, Note, Signature, SigningKey, VerifierKey, proof_text
from app.ledger.format.policy import Group, Policy
from app.ledger.format.tree import inclusion, node, root

# The examples of C2SP's signed-note, and of the package of Go that it describes.
FOO = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOO_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
"""  # noqa: E501 - a line of theirs
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""  # noqa: E501 - a line of theirs
# C2SP's example of a cosigned checkpoint; it doesn't publish the keys.
SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501 - a line of theirs
# A checkpoint of a public log, its key, and the keys that four of its witnesses publish.
ARCHE = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
"""  # noqa: E501 - a line of theirs
ARCHE_KEY = (
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
)
WITNESSES = {
    "garden": "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",  # noqa: E501 - a line of theirs
    "smartit": "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora": "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "mullvad": "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
}
ABSENT = "rgdd.se/poc-witness+db03732e+BCjJKlo6BU0xfIb8LutqerIFTWIXEA0L5n3tW3QyPFgG"

ORIGIN = "needlework.ledger/7d9f0f4e-5f0c-4b5e-9a53-0c7c6f7a1d11"
LOG = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
NEXT = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"\1" * 32))
SEEN = [
    SigningKey(
        f"witness.example/{number}", Ed25519PrivateKey.from_private_bytes(bytes([9, number]) * 16)
    )
    for number in range(5)
]
LEAVES = [hashlib.sha256(bytes([number])).digest() for number in range(7)]


def held(level: int, index: int) -> bytes:
    if level == 0:
        return LEAVES[index]
    return node(held(level - 1, 2 * index), held(level - 1, 2 * index + 1))


CHECKPOINT = Checkpoint(ORIGIN, 7, root(7, held))
SIGNED = Note(CHECKPOINT.text(), (LOG.sign(CHECKPOINT.text()),))
WITNESSED = Note(
    SIGNED.text,
    (*SIGNED.signatures, *(witness.cosign(SIGNED.text, 1_800_000_000) for witness in SEEN)),
)
PROOF = proof_text(3, inclusion(3, 7, held), SIGNED).encode()
NESTED = Policy(
    (LOG.verifier, NEXT.verifier),
    {f"w{number}": witness.cosigner for number, witness in enumerate(SEEN)},
    {
        "ours": Group(2, ("w0", "w1", "w2")),
        "theirs": Group(1, ("w3", "w4")),
        "both": Group(2, ("ours", "theirs")),
    },
    "both",
)


def pem(key: Ed25519PrivateKey, locked: KeySerializationEncryption | None = None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked or NoEncryption())


def forged(note: Note, key: VerifierKey) -> Note:
    """The note with one bit flipped in this key's signatures."""
    return Note(
        note.text,
        tuple(
            Signature(line.name, line.id, bytes([*line.value[:-1], line.value[-1] ^ 1]))
            if (line.name, line.id) == (key.name, key.id)
            else line
            for line in note.signatures
        ),
    )
