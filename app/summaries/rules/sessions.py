"""Sessions as a summary shows them. Pure.

What the patient felt, what the practitioner felt and what both saw have separate columns.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from app.followups.views import FollowUpView
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
from app.summaries.rules.words import Names, Pair, counted, listed, moment, pairs, spelt

TIMES: Final = "\N{MULTIPLICATION SIGN}"


def session_content(
    session: SessionView,
    versions: Sequence[Version],
    reports: Sequence[FollowUpView],
    names: Names,
) -> dict[str, Any]:
    """One session. A void one shows only that it is void, and why."""
    void = session["status"] == "void"
    what = ("void",) if void else (spelt(session["attendance"]), _technique(session))
    return {
        "title": " · ".join(filter(None, (moment(session["occurred_at"]), *what))),
        "mark": _mark(session, reports),
        "line": "" if void else _line(session, names),
        "facts": ending(versions, names) if void else _facts(session, reports, names),
        "needlings": [] if void else [needling(row, names) for row in session["needlings"]],
        "amendments": [] if void else amendments(versions, names),
    }


def _technique(session: SessionView) -> str | None:
    return session["technique"] and spelt(session["technique"])


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
        parts.append(spelt(session["position"]))
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
    episode_id = session["episode_id"]
    return pairs(
        ("Episode", None if episode_id is None else names.episode(episode_id)),
        ("Measured", "\n".join(measured(each, names) for each in session["measurements"])),
        ("Findings (grade 0 to 3)", ", ".join(finding(each) for each in session["findings"])),
        ("Needles", session["needle_count"] and needles(session["needle_count"])),
        ("Signed although", "\n".join(override(each) for each in session["overrides"])),
        ("Contradictions", "\n".join(warning(each) for each in session["warnings"])),
        ("Other treatment", listed(session["co_interventions"])),
        ("Aftercare", listed(session["aftercare"])),
        ("Note", session["note"]),
        ("Plan", session["plan"]),
        ("Patient's reports", "\n".join(report(each, names) for each in reports)),
    )


def measured(reading: SessionMeasurementView, names: Names) -> str:
    """One measured value: phase, instrument, what was measured, value, and who reported it."""
    what = [names.instrument(reading["instrument"]), reading["activity"]]
    if reading["muscle"]:
        what.append(names.muscle(reading["muscle"]))
    moved = reading.get("movement")  # an older version lacks it
    what += [moved and spelt(moved), reading["side"]]
    value = f"{number(reading['value'])} {reading['unit'] or ''}".rstrip()
    parts = f"{reading['phase']}: {', '.join(filter(None, what))}: {value}"
    by = " (reported by the practitioner)" if reading["reported_by"] == "practitioner" else ""
    return parts + by


def finding(finding: FindingView) -> str:
    """One segmental sign, with its grade."""
    grade = "not examined" if finding["grade"] is None else str(finding["grade"])
    return f"{spelt(finding['sign'])} {finding['segment']} {finding['side']}: {grade}"


def needles(count: NeedleCountView) -> str:
    """The needle count."""
    counts = ", ".join(f"{count[what]} {what}" for what in ("opened", "inserted", "removed"))
    why = count["mismatch_reason"]
    return f"{counts}, {count['disposed']} disposed of" + (f" ({why})" if why else "")


def override(override: OverrideView) -> str:
    """One fault that the signer knew of, and their reason."""
    return f"{_contradiction(override['pointer'], override['code'])}: {override['reason']}"


def warning(warning: WarningView) -> str:
    """One fault that nobody overrode."""
    return _contradiction(warning["pointer"], warning["code"])


def _contradiction(place: str, code: str) -> str:
    """A fault in words, with the number of the needling that has it."""
    position, *_ = place.removeprefix("/needlings/").split("/")
    return f"{spelt(code)} (needling {int(position) + 1})" if position.isdecimal() else spelt(code)


def needling(row: NeedlingView, names: Names) -> list[str]:
    """The cells of one needling.

    They are the muscle, the place, what was done, what the patient felt, what the practitioner
    felt, and the twitches. A dash means "not recorded".
    """
    where = f"{row['side']} {row['spinal_level'] or ''}".rstrip()
    seen = NOTHING if row["twitches"] is None else str(row["twitches"])
    return [names.muscle(row["muscle"]), where, _done(row), _felt(row), spelt(row["grasp"]), seen]


def _done(row: NeedlingView) -> str:
    needle, current = row["needle"], row["electrical"]
    sizes = [number(needle[name]) for name in ("diameter_mm", "length_mm") if needle[name]]
    size = f"{TIMES.join(sizes)} mm" if sizes else ""
    stimulation = row["stimulation"] and f"{spelt(row['stimulation'])} stimulation"
    if current:
        stimulation = f"electrical {number(current['hz'])} Hz, {number(current['ma'])} mA"
    parts = (
        f"{counted(row['needles'], 'needle')} {size}".rstrip(),
        needle["lot"] and f"lot {needle['lot']}",
        counted(row["insertions"], "insertion"),
        f"{row['depth_mm']} mm deep" if row["depth_mm"] else None,
        stimulation,
        f"left in for {row['retention_s']} s" if row["retention_s"] else None,
        row["stopped_for"] and f"stopped for {row['stopped_for']}",
    )
    return ", ".join(filter(None, parts))


def _felt(row: NeedlingView) -> str:
    release = row["release"] and f"release {spelt(row['release'])}"
    if release and row["release_after_s"] is not None:
        release += f" after {row['release_after_s']} s"
    parts = (
        None if row["ache"] is None else f"ache {row['ache']}/10",
        None if row["sharp"] is None else f"sharp {row['sharp']}/10",
        listed(row["sensations"]),
        release,
        row["familiar_pain"] and f"familiar pain: {row['familiar_pain']}",
    )
    return ", ".join(filter(None, parts)) or NOTHING


def report(report: FollowUpView, names: Names) -> str:
    """One follow-up report, with the hours that passed since the session."""
    signs = [name for name in ("bruising", "fatigue", "headache") if report[name]]
    worst = report["worst_soreness"]
    parts = (
        f"{number(round(report['hours_after'], 1))} h after: soreness {report['soreness']}/10",
        None if worst is None else f"worst {worst}/10",
        ", ".join(names.muscle(slug) for slug in report["sore_muscles"]),
        None if report["interference"] is None else f"interference {report['interference']}/10",
        ", ".join(signs),
        report["change"] and f"change: {spelt(report['change'])}",
        f"RED FLAG: {listed(report['red_flags'])}" if report["red_flags"] else None,
        report["comment"],
        "answered by somebody for the patient" if report["reported_by"] == "for_patient" else None,
    )
    return "; ".join(filter(None, parts))
