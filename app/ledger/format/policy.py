"""Whose checkpoints of a ledger to accept: the tlog-policy of C2SP. Pure.

Imports only the standard library and the modules beside it, so that an auditor's verifier can
share it. An invalid policy raises `NoteError`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from app.ledger.format.note import (
    ALGORITHMS,
    COSIGNATURE,
    NOTE,
    Checkpoint,
    Note,
    NoteError,
    VerifierKey,
    shown,
    whole_number,
)


@dataclass(frozen=True)
class Group:
    """Witnesses or groups; at least `threshold` of them must cosign."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """Whose checkpoints to accept: keys of the log, of witnesses, and how many must cosign.

    Names of witnesses and groups are local to the policy. `quorum` is such a name, or `none`.
    The URLs of logs and witnesses, which a policy may give, are not kept.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = "none"

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a tlog-policy."""
        reading = _PolicyReader()
        for line in _policy_lines(data):
            reading.read(line)
        if reading.quorum is None:
            raise NoteError("The policy has no quorum line.")
        return cls(tuple(reading.logs), reading.witnesses, reading.groups, reading.quorum)

    def encode(self) -> bytes:
        """The policy as bytes. Raises `NoteError` if these can't be parsed back."""
        lines = [f"log {key}" for key in self.logs]
        lines += [f"witness {name} {key}" for name, key in self.witnesses.items()]
        for name, group in self.groups.items():
            lines.append(f"group {name} {group.threshold} {' '.join(group.members)}")
        lines.append(f"quorum {self.quorum}")
        data = "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")
        if Policy.parse(data) != self:
            raise NoteError("A name in the policy has a space or a newline.")
        return data

    def signers(self, note: Note) -> list[VerifierKey]:
        """The log's keys that signed this note; raises `NoteError` for a false signature."""
        return [key for key in self.logs if _signed(note, key)]

    def cosigners(self, note: Note) -> dict[str, int]:
        """Which witnesses cosigned, and when (seconds since 1970).

        Raises `NoteError` for a false signature.
        """
        found = {name: key for name, key in self.witnesses.items() if _signed(note, key)}
        times = {name: note.cosigned_at(key) for name, key in found.items()}
        return {name: time_s for name, time_s in times.items() if time_s is not None}

    def quorate(self, names: Iterable[str]) -> bool:
        """Whether the cosignatures of these witnesses make the quorum."""
        agreed = {"none", *names}
        # In the order of definition: members come before their group.
        for name, group in self.groups.items():
            if len(agreed.intersection(group.members)) >= group.threshold:
                agreed.add(name)
        return self.quorum in agreed

    def checkpoint(self, note: Note) -> Checkpoint:
        """The checkpoint in this note; `NoteError` unless log and quorum signed it."""
        found = Checkpoint.parse(note.text)
        if found.origin not in {key.name for key in self.signers(note)}:
            raise NoteError("No key of the policy signed this checkpoint for its origin.")
        if not self.quorate(self.cosigners(note)):
            raise NoteError("Too few witnesses of the policy cosigned this checkpoint.")
        return found


class _PolicyReader:
    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()

    def read(self, line: str) -> None:
        match re.split(r"[ \t]+", line):
            case ["log", key] | ["log", key, _]:
                self.logs.append(_new_key(key, NOTE, self.logs))
            case ["witness", name, key] | ["witness", name, key, _]:
                self._check_new(name)
                known = self.witnesses.values()
                self.witnesses[name] = _new_key(key, COSIGNATURE, known)
            case ["group", name, threshold, *members] if members:
                self._check_new(name)
                self.groups[name] = self._group(threshold, members)
            case ["quorum", name] if self.quorum is None:
                self._check_known(name, "none")
                self.quorum = name
            case [word, *_]:
                raise NoteError(f"A line of the policy can't be read: {shown(word)} …")

    def _check_new(self, name: str) -> None:
        if name == "none" or name in self.witnesses or name in self.groups:
            raise NoteError(f"The policy defines {shown(name)} twice.")

    def _check_known(self, name: str, *others: str) -> None:
        if name not in self.witnesses and name not in self.groups and name not in others:
            raise NoteError(f"The policy uses {shown(name)} before it is defined.")

    def _group(self, threshold: str, members: list[str]) -> Group:
        for name in members:
            self._check_known(name)
            # A witness that is counted twice could make a quorum alone.
            if name in self._members:
                raise NoteError(f"The policy counts {shown(name)} twice.")
            self._members.add(name)
        counted = {"any": 1, "all": len(members)}.get(threshold) or whole_number(threshold)
        if not 1 <= counted <= len(members):
            raise NoteError("A group of the policy asks for more witnesses than it has, or for 0.")
        return Group(counted, tuple(members))


def _policy_lines(data: bytes) -> list[str]:
    # A file that is cut off in its last line could name another quorum.
    if not data.endswith(b"\n"):
        raise NoteError("A policy must end with a newline.")
    if re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", data):
        raise NoteError("A policy must not have control characters (lines end with LF only).")
    lines = [line.strip(" \t") for line in data.decode(errors="surrogateescape").split("\n")]
    return [line for line in lines if line and not line.startswith("#")]


def _new_key(text: str, algorithm: int, known: Iterable[VerifierKey]) -> VerifierKey:
    key = VerifierKey.parse(text)
    if key.algorithm != algorithm:
        raise NoteError(f"The policy gives a key where one for an {ALGORITHMS[algorithm]} belongs.")
    if key.public in {other.public for other in known}:
        raise NoteError("The policy gives the same key twice.")
    return key


def _signed(note: Note, key: VerifierKey) -> bool:
    if note.names(key) and not note.verified_by(key):
        raise NoteError(f"The signature of {shown(key.name)} is false.")
    return note.names(key)
