"""The report of a check: verdict, counts and findings, as text and as JSON.

Pure: needs only the standard library.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

# Severity to exit code, the worst first: that one decides.
EXITS: Final = {"tampered": 2, "incomplete": 3, "undecidable": 4}
VERDICTS: Final = {
    "clean": "CLEAN: nothing was altered, added or left out.",
    "tampered": "TAMPERED: this is not what the ledger recorded.",
    "incomplete": "INCOMPLETE: a part is missing, so the check can't be completed.",
    "undecidable": "UNDECIDABLE: the files here are not enough to decide.",
}
IN_ITSELF: Final = (
    "CLEAN IN ITSELF: nothing was altered, added or left out after this key signed. This check"
    " can't tell whose key it is."
)
ADVICE: Final = {
    "clean": "Keep the file `checkpoint` and this report where the clinic can't change them.",
    "tampered": (
        "What to do: get a new copy. If the result is the same, keep both copies as they are, and"
        " ask the clinic."
    ),
    "incomplete": (
        "What to do: get the export again. If the result is the same, treat it as tampered with."
    ),
    "undecidable": "What to do: fix what is named here, and check again.",
}
OF_A_KIND_MAX: Final = 20
NAMED_MAX: Final = 12


class Finding(NamedTuple):
    """One finding: `severity` is a key of `EXITS`, or `note` if it is harmless."""

    code: str
    severity: str
    sentence: str
    file: str | None = None
    entry: int | None = None


class Compared(NamedTuple):
    """A data export that was compared: its number of records, and the last entry that it shows.

    `at` is that entry's time (RFC 3339).
    """

    records: int
    entry: int
    at: str


@dataclass
class Report:
    """The result of a check. What was not checked keeps its empty value."""

    directory: str
    origin: str | None = None
    first: int = 1
    last: int = 0
    size: int | None = None
    """Entries of the whole log, according to its checkpoint."""
    made: str | None = None
    pinned: bool = False
    """Whether the auditor's policy contains the key."""
    foreign: bool = False
    """Whether the auditor's policy is about another ledger."""
    strange: bool = False
    """Whether the auditor gave a policy that doesn't contain the key."""
    keys: list[str] = field(default_factory=list)
    """The verifier keys that signed the manifest."""
    witnesses: dict[str, int] = field(default_factory=dict)
    """When each witness cosigned the checkpoint, in seconds since 1970."""
    held: int | None = None
    """Size of the earlier checkpoint that this export continues."""
    entries: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    actors: Counter[str] = field(default_factory=Counter)
    patients: set[str] = field(default_factory=set)
    bodies_destroyed: int = 0
    start: str = ""
    end: str = ""
    data: Compared | None = None
    """The data export that was compared with the ledger."""
    findings: list[Finding] = field(default_factory=list)
    unlisted: Counter[str] = field(default_factory=Counter)
    """For each code, how many findings are not listed."""

    def find(
        self, code: str, severity: str, sentence: str, file: str | None = None, **at: int
    ) -> None:
        """Add a finding. Only the first `OF_A_KIND_MAX` of each code are kept."""
        if sum(finding.code == code for finding in self.findings) < OF_A_KIND_MAX:
            self.findings.append(Finding(code, severity, sentence, file, at.get("entry")))
        else:
            self.unlisted[code] += 1

    @property
    def verdict(self) -> str:
        """`clean`, or the worst severity found."""
        found = {finding.severity for finding in self.findings}
        return next((severity for severity in EXITS if severity in found), "clean")

    @property
    def exit(self) -> int:
        """The exit code: 0 clean, 2 tampered, 3 incomplete, 4 undecidable."""
        return EXITS.get(self.verdict, 0)

    def document(self) -> dict[str, Any]:
        """The report for machines: plain JSON values."""
        return {
            "directory": self.directory,
            "verdict": self.verdict,
            "exit": self.exit,
            "origin": self.origin,
            "made": self.made,
            "entries": {"first": self.first, "last": self.last, "read": self.entries},
            "log_size": self.size,
            "pinned": self.pinned,
            "keys": self.keys,
            "witnesses": self.witnesses,
            "held_size": self.held,
            "kinds": dict(sorted(self.kinds.items())),
            "actors": dict(self.actors.most_common()),
            "patients": len(self.patients),
            "bodies_destroyed": self.bodies_destroyed,
            "period": [self.start or None, self.end or None],
            "data": self.data and self.data._asdict(),
            "findings": [finding._asdict() for finding in self.findings],
            "unlisted": dict(self.unlisted),
        }

    def json(self) -> str:
        """The document as indented JSON."""
        return json.dumps(self.document(), indent=2)

    def text(self) -> str:
        """The report for people."""
        in_itself = self.verdict == "clean" and not self.pinned
        verdict = IN_ITSELF if in_itself else VERDICTS[self.verdict]
        lines = [*self._account(), *self._trust(), "", verdict]
        lines += [_line(finding) for finding in self.findings]
        lines += [f"  ({more} more with the code {code})" for code, more in self.unlisted.items()]
        return "\n".join([*lines, ADVICE[self.verdict]])

    def _account(self) -> list[str]:
        if self.origin is None:
            return [f"Checked {_shown(self.directory)}."]
        of = "" if self.size is None else f" of the {self.size:,} that the ledger had"
        words = {"change": "changes", "access": "reads of records", "security": "security events"}
        counts = [f"{self.kinds[kind]:,} {what}" for kind, what in words.items()]
        lines = [
            f"Ledger {self.origin}",
            f"  exported {self.made}: entries {self.first:,} to {self.last:,}{of}",
            f"  read {self.entries:,}: {', '.join(counts)}; {len(self.patients):,} patients",
        ]
        if self.start:
            lines.append(f"  from {self.start} to {self.end}")
            named = [f"{_shown(who)} ({n:,})" for who, n in self.actors.most_common(NAMED_MAX)]
            more = len(self.actors) - len(named)
            lines.append(f"  by {', '.join(named)}" + (f" and {more:,} others" if more else ""))
        if self.bodies_destroyed:
            lines.append(f"  {self.bodies_destroyed:,} bodies destroyed")
        if self.data:
            records, number, at = self.data
            lines.append(
                f"  compared {records:,} records of a data export, as of entry {number:,} ({at})"
            )
        return lines

    def _trust(self) -> list[str]:
        if self.origin is None:
            return []
        whose = "the key you gave" if self.pinned else "the key that came with it, not confirmed"
        if self.strange:
            whose = "a key that isn't in your policy"
        lines = [f"  signed with {key}: {whose}" for key in self.keys]
        if self.held is None:
            lines.append(
                "  no earlier checkpoint: can't detect whether the clinic rewrote the ledger"
            )
        elif self.held == self.size:
            lines.append(
                "  the checkpoint you hold is as new as this one: it can't show earlier changes"
            )
        else:
            lines.append(f"  continues the checkpoint of {self.held:,} entries that you hold")
        lines += [f"  cosigned by {_shown(name)}" for name in self.witnesses]
        return lines if self.witnesses else [*lines, "  no witness"]


def _line(finding: Finding) -> str:
    marker = "" if finding.severity == "note" else f"{finding.severity}: "
    return f"  - {marker}{finding.sentence}"


def _shown(name: str) -> str:
    # The name is from an untrusted file, so escape control characters for the terminal.
    return name if name.isprintable() else ascii(name)
