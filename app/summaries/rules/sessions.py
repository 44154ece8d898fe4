"""Sessions as a summary shows them. Pure.

What the patient felt, what the practitioner felt and what both saw have separate columns.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from app.followups.views import FollowUpView
from app.measurements.views import MeasurementView
from app.notes.rules import needlings as noted
from app.progress.rules.wording import NOTHING, number
from app.sessions.views import (
    FindingView,
    NeedleCountView,
    NeedlingView,
    OverrideView,
    SessionMeasurementView,
    SessionView,
    WarningView,
)
from app.summaries.rules.amendments import Version, amendments, ending
from app.summaries.rules.words import Names, Pair, listed_texts, moment, pairs


def session_content(
    session: SessionView,
    versions: Sequence[Version],
    reports: Sequence[FollowUpView],
    names: Names,
) -> dict[str, Any]:
    """One session. A void one shows only that it is void, and why."""
    void = session["status"] == "void"
    what = ("void",) if void else _visit(session, names)
    return {
        "title": " · ".join(filter(None, (moment(session["occurred_at"]), *what))),
        "mark": _mark(session, reports),
        "line": "" if void else _line(session, names),
        "facts": ending(versions, names) if void else _facts(session, reports, names),
        "needlings": [] if void else [needling(row, names) for row in session["needlings"]],
        "amendments": [] if void else amendments(versions, names),
    }


def _visit(session: SessionView, names: Names) -> list[str | None]:
    technique, code = session["technique"], names.words.code
    return [code("attendance", session["attendance"]), technique and code("technique", technique)]


def _mark(session: SessionView, reports: Iterable[FollowUpView]) -> str:
    if session["status"] == "void":
        return "VOID: this session does not count."
    if session["status"] == "draft":
        return "DRAFT: nobody has signed it yet."
    reported = any(report["red_flags"] for report in reports)
    return "The patient reported a red flag after this session." if reported else ""


def _line(session: SessionView, names: Names) -> str:
    """The practitioner, duration, position and setting, and who signed the session when."""
    parts = [names.practitioner(session["practitioner_id"])]
    if session["duration_min"] is not None:
        parts.append(f"{session['duration_min']} min")
    if session["position"] is not None:
        parts.append(names.words.code("position", session["position"]))
    if session["setting"] is not None:
        parts.append(session["setting"])
    if session["signed_at"] is not None and session["signed_by"] is not None:
        parts.append(f"signed {moment(session['signed_at'])} by {_signer(session, names)}")
    if session["late_entry"]:
        parts.append(f"late entry, recorded {moment(session['recorded_at'])}")
    return " · ".join(parts)


def _signer(session: SessionView, names: Names) -> str:
    """Who signed; of a program or other staff, also the practitioner for whom it acts."""
    signed_by = str(session["signed_by"])
    signer = names.actor(signed_by)
    if not signed_by.startswith("client:"):
        return signer
    return f"{signer} for {names.practitioner(session['practitioner_id'])}"


def _facts(session: SessionView, reports: Iterable[FollowUpView], names: Names) -> list[Pair]:
    episode_id, term = session["episode_id"], names.words.term
    done = session["co_interventions"]
    return pairs(
        ("Episode", None if episode_id is None else names.episode(episode_id)),
        ("Measured", "\n".join(measured(each, names) for each in session["measurements"])),
        (
            "Findings (grade 0 to 3)",
            ", ".join(finding(each, names) for each in session["findings"]),
        ),
        ("Needles", session["needle_count"] and needles(session["needle_count"])),
        ("Signed although", "\n".join(override(each, names) for each in session["overrides"])),
        ("Contradictions", "\n".join(warning(each, names) for each in session["warnings"])),
        ("Other treatment", listed_texts(term("co_interventions", it) for it in done)),
        ("Aftercare", listed_texts(term("aftercare", it) for it in session["aftercare"])),
        ("Note", session["note"]),
        ("Plan", session["plan"]),
        ("Patient's reports", "\n".join(report(each, names) for each in reports)),
    )


def apart(measurement: MeasurementView, names: Names) -> str:
    """One value that was measured apart from a visit, with its time."""
    return f"{moment(measurement['taken_at'])}, {measured(measurement, names)}"


def measured(reading: SessionMeasurementView | MeasurementView, names: Names) -> str:
    """One measured value: phase, instrument, what was measured, value, and who reported it."""
    what = [names.instrument(reading["instrument"]), reading["activity"]]
    if reading["muscle"]:
        what.append(names.muscle(reading["muscle"]))
    moved = reading.get("movement")  # an older version lacks it
    side, words = reading["side"], names.words
    what += [moved and words.term("movements", moved), side and words.code("side", side)]
    value = f"{number(reading['value'])} {reading['unit'] or ''}".rstrip()
    parts = f"{words.code('phase', reading['phase'])}: {', '.join(filter(None, what))}: {value}"
    by = " (reported by the practitioner)" if reading["reported_by"] == "practitioner" else ""
    return parts + by


def finding(finding: FindingView, names: Names) -> str:
    """One segmental sign, with its grade."""
    grade = "not examined" if finding["grade"] is None else str(finding["grade"])
    code = names.words.code
    where = f"{finding['segment']} {code('side', finding['side'])}"
    return f"{code('sign', finding['sign'])} {where}: {grade}"


def needles(count: NeedleCountView) -> str:
    """The needle count."""
    counts = ", ".join(f"{count[what]} {what}" for what in ("opened", "inserted", "removed"))
    why = count["mismatch_reason"]
    return f"{counts}, {count['disposed']} disposed of" + (f" ({why})" if why else "")


def override(override: OverrideView, names: Names) -> str:
    """One fault that the signer knew of, and their reason."""
    told = _contradiction(override["pointer"], override["code"], names)
    return f"{told}: {override['reason']}"


def warning(warning: WarningView, names: Names) -> str:
    """One fault that nobody overrode."""
    return _contradiction(warning["pointer"], warning["code"], names)


def _contradiction(place: str, code: str, names: Names) -> str:
    """A fault in words, with the number of the needling that has it."""
    position, *_ = place.removeprefix("/needlings/").split("/")
    said = names.words.code("fault", code)
    return f"{said} (needling {int(position) + 1})" if position.isdecimal() else said


def needling(row: NeedlingView, names: Names) -> list[str]:
    """The cells of one needling.

    They are the muscle, the place, what was done, what the patient felt, what the practitioner
    felt, and the twitches. A dash means "not recorded".
    """
    words, grasp = names.words, row["grasp"]
    where = f"{words.code('side', row['side'])} {row['spinal_level'] or ''}".rstrip()
    return [
        names.muscle(row["muscle"]),
        where,
        noted.done(row, words),
        noted.said(row, words) or NOTHING,
        words.code("grasp", grasp) if grasp else NOTHING,
        NOTHING if row["twitches"] is None else str(row["twitches"]),
    ]


def report(report: FollowUpView, names: Names) -> str:
    """One follow-up report, with the hours that passed since the session."""
    signs = [name for name in ("bruising", "fatigue", "headache") if report[name]]
    worst, code = report["worst_soreness"], names.words.code
    flags = listed_texts(code("red_flag", flag) for flag in report["red_flags"])
    parts = (
        f"{number(round(report['hours_after'], 1))} h after: soreness {report['soreness']}/10",
        None if worst is None else f"worst {worst}/10",
        ", ".join(names.muscle(slug) for slug in report["sore_muscles"]),
        None if report["interference"] is None else f"interference {report['interference']}/10",
        ", ".join(signs),
        report["change"] and f"change: {code('change', report['change'])}",
        f"RED FLAG: {flags}" if flags else None,
        report["comment"],
        "answered by somebody for the patient" if report["reported_by"] == "for_patient" else None,
    )
    return "; ".join(filter(None, parts))
