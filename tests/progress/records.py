"""Made-up records of one patient, as they are sent, and as the rules of progress take them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from app.followups.rules import hours_after, window
from app.instruments.rules import Better
from app.progress.rules.history import (
    Episode,
    Event,
    History,
    Reading,
    Report,
    Scale,
    Thresholds,
    Visit,
)
from tests.progress.facts import Needled
from tests.progress.facts import needlings as needlings_of_rows

Record = dict[str, Any]

START = datetime(2026, 2, 20, 17, tzinfo=UTC)
AS_OF = START + timedelta(days=260)
"""In between, on 8 March and 1 November, the clocks in Vancouver change."""

ZONE = ZoneInfo("America/Vancouver")
"""The clinic's."""
ROOTS = {"multifidus_cervicis": "multifidus", "trapezius_upper": "trapezius"}
REPORTED = ("worst_soreness", "interference", "bruising", "fatigue", "headache", "change")
ZONES = (UTC, ZoneInfo("America/Vancouver"), timezone(timedelta(hours=5, minutes=45)))


def _scale(
    better: Better,
    best: float | None,
    worst: float,
    mdc: float | None = None,
    mcid: float | None = None,
) -> Scale:
    """A scale with its thresholds, if it has any."""
    used = Thresholds("by-hand", None, mdc, mcid, None, "by hand") if mdc or mcid else None
    return Scale(better, used, best=best, worst=worst)


def _of_a_movement(scale: Scale) -> Scale:
    """The same scale, whose values are only comparable within one movement."""
    return scale._replace(needs_movement=True)


SCALES = {
    "nprs": _scale("lower", 0, 10, 2.83, 2.0),
    "psfs": _scale("higher", 10, 0, 3.57, 2.3),
    "odi_pct": _scale("lower", 0, 100, 11.9, 10.0),
    "ndi_pct": _scale("lower", 0, 100, 20.4, 15.0),
    "rom_cervical": _of_a_movement(_scale("higher", None, 0, 8.092, None)),
    "rom_active": _of_a_movement(_scale("higher", None, 0)),
    "promis_pi": _scale("lower", 20, 80, 6.93, 3.5),
    "ppt": _scale("higher", None, 0),
}
"""The figures of the general default rows; the PSFS is rated by activity."""

PLAIN_SCALES = {
    instrument: {
        "better": scale.better,
        "best": scale.best,
        "worst": scale.worst,
        "mdc": scale.thresholds and scale.thresholds.mdc,
        "mcid": scale.thresholds and scale.thresholds.mcid,
    }
    for instrument, scale in SCALES.items()
}
"""The same as `second_opinion` takes them."""


def history_of(records: list[Record]) -> History:
    """The facts that the queries of progress would find for these records."""
    by_type: dict[str, list[Record]] = {"session": [], "measurement": [], "follow_up": []}
    for row in records:
        by_type.setdefault(row["type"], []).append(row)
    every = {row["id"]: row for row in by_type["session"]}
    sessions = {id: row for id, row in every.items() if row.get("status") != "void"}
    return History(
        scale=lambda code, *_: SCALES[code],
        visits=[_visit(row) for row in sessions.values()],
        voided={id: row.get("episode_id") for id, row in every.items() if id not in sessions},
        needlings=needlings_of_rows(
            Needled(session_id=row["id"], **needling)
            for row in sessions.values()
            for needling in row.get("needlings", [])
        ),
        readings=[
            _reading(reading | {"session_id": row["id"]}, row["occurred_at"])
            for row in sessions.values()
            for reading in row.get("measurements", [])
        ]
        + [_reading(reading, reading["taken_at"]) for reading in by_type["measurement"]],
        reports=[
            Report(
                session_id=row["session_id"],
                window=window(
                    hours_after(
                        _time(every[row["session_id"]]["occurred_at"]),
                        _time(row["reported_at"]),
                    )
                ),
                soreness=row["soreness"],
                **{name: row.get(name) for name in REPORTED},
            )
            for row in by_type["follow_up"]
        ],
        events=[
            Event(
                at=_time(row["occurred_at"]),
                kind=row.get("kind", "bruise"),
                severity=row["severity"],
                close_call=row["close_call"],
                session_id=row.get("session_id"),
                episode_id=row.get("episode_id"),
            )
            for row in by_type.get("adverse_event", [])
        ],
        episodes=[_episode(row) for row in by_type.get("episode", [])],
        zone=ZONE,
        root_of=lambda slug: ROOTS.get(slug, slug),
        days_of=lambda kind: 30 if kind == "infection" else 14,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _visit(row: Record) -> Visit:
    return Visit(
        session_id=row["id"],
        at=_time(row["occurred_at"]),
        attendance=row["attendance"],
        duration_min=row["duration_min"],
        status=row.get("status", "draft"),
        practitioner_id=row["practitioner_id"],
        episode_id=row.get("episode_id"),
    )


def _episode(row: Record) -> Episode:
    return Episode(
        episode_id=row["id"],
        region=row["region"],
        opened_at=_time(row["opened_at"]),
        closed_at=row["closed_at"] and _time(row["closed_at"]),
        planned_sessions=row["plan"]["sessions"],
        planned_per_week=row["plan"]["per_week"],
    )


def _reading(row: Record, at: str) -> Reading:
    return Reading(
        session_id=row.get("session_id"),
        phase=row["phase"],
        instrument=row["instrument"],
        activity=row.get("activity"),
        side=row.get("side"),
        muscle=row.get("muscle"),
        movement=row.get("movement"),
        value=row["value"],
        at=_time(at),
        episode_id=row.get("episode_id"),
    )


MINUTES = st.builds(
    lambda days, minutes: days * 24 * 60 + minutes,
    st.sampled_from([0, 0, 0, 95, 190, 190]),
    st.integers(0, 58 * 24 * 60),
)
"""Within one of three times, with gaps of up to four months between them."""
RELEASES = st.sampled_from([None, "none", "partial", "complete"])
FELT = ("partial", "complete")
"""The releases that took a time."""
SECONDS = st.none() | st.integers(0, 300)
ATTENDANCE = st.sampled_from(["attended"] * 6 + ["cancelled", "no_show", "declined"])


@st.composite
def times(draw: st.DrawFn, seconds: int = 0) -> str:
    """A time before `AS_OF`, with one of several offsets. Those of other seconds differ."""
    at = START + timedelta(minutes=draw(MINUTES), seconds=seconds)
    return at.astimezone(draw(st.sampled_from(ZONES))).isoformat()


def needlings() -> st.SearchStrategy[Record]:
    """A needling of one of few muscles, so that they come again."""
    return RELEASES.flatmap(
        lambda release: st.fixed_dictionaries(
            {
                "muscle": st.sampled_from(["infraspinatus", "multifidus", "trapezius_upper"]),
                "side": st.sampled_from(["left", "right"]),
                "spinal_level": st.sampled_from([None, "C5"]),
                "needles": st.integers(1, 2),
                "insertions": st.integers(2, 9),
                "twitches": st.none() | st.integers(0, 5),
                "ache": st.none() | st.integers(0, 10),
                "release": st.just(release),
                "grasp": st.sampled_from([None, "none", "mild", "moderate", "strong"]),
                "retention_s": SECONDS,
                "release_after_s": SECONDS if release in FELT else st.none(),
            }
        )
    )


def readings(*phases: str) -> st.SearchStrategy[Record]:
    """A measured value of one of few series."""
    scores, angles = st.integers(0, 10), st.sampled_from([40, 48.1, 60])
    kinds: list[tuple[Record, st.SearchStrategy[float]]] = [
        ({"instrument": "nprs"}, scores),
        ({"instrument": "psfs", "activity": "overhead reach"}, scores.map(lambda n: n / 2)),
        ({"instrument": "psfs", "activity": "sleeping"}, scores.map(lambda n: n / 10)),
        ({"instrument": "odi_pct"}, st.sampled_from([0, 10, 20, 40.1, 50.1])),
        ({"instrument": "ndi_pct"}, st.sampled_from([10, 25, 26, 45.4, 60])),
        ({"instrument": "rom_cervical", "side": "left"}, st.sampled_from([40, 46.8, 53.6])),
        ({"instrument": "rom_cervical", "side": "right"}, st.sampled_from([40, 46.8, 53.6])),
        *(
            ({"instrument": "rom_active", "side": "left", "movement": movement}, angles)
            for movement in ("cervical_rotation", "cervical_flexion")
        ),
        ({"instrument": "promis_pi"}, st.sampled_from([50.0, 60.0])),
        ({"instrument": "ppt", "side": "left", "muscle": "infraspinatus"}, scores),
        ({"instrument": "ppt", "side": "left", "muscle": "supraspinatus", "unit": "kPa"}, scores),
    ]
    return st.sampled_from(kinds).flatmap(
        lambda kind: st.builds(
            lambda phase, value: kind[0] | {"phase": phase, "value": value},
            st.sampled_from(phases),
            kind[1],
        )
    )


def one_of(rows: list[Record]) -> st.SearchStrategy[str | None]:
    """The id of one of these records, or none."""
    return st.sampled_from([None, *(row["id"] for row in rows)])


def sessions(number: int, episodes: list[Record]) -> st.SearchStrategy[Record]:
    """A session, with all that was recorded in it; a visit that was missed has only a time."""
    visit = {
        "type": st.just("session"),
        "id": st.just(f"session-{number}"),
        "episode_id": one_of(episodes),
        "occurred_at": times(number),
        "status": st.sampled_from(["draft", "signed", "signed", "void"]),
        "practitioner_id": st.sampled_from(["dana", "sam"]),
        "duration_min": st.none() | st.integers(30, 60),
    }
    attended = {
        "attendance": st.just("attended"),
        "needlings": st.lists(needlings(), max_size=3),
        "measurements": st.lists(readings("before", "before", "after"), max_size=4),
    }
    return ATTENDANCE.flatmap(
        lambda kind: st.fixed_dictionaries(
            visit | (attended if kind == "attended" else {"attendance": st.just(kind)})
        )
    )


def follow_ups(visits: list[Record]) -> st.SearchStrategy[Record]:
    """A report after one of these sessions, from at once to five days later."""
    return st.builds(
        lambda visit, minutes, zone, value, more: {
            "type": "follow_up",
            "session_id": visit["id"],
            "reported_at": (
                (_time(visit["occurred_at"]).astimezone(UTC) + timedelta(minutes=minutes))
                .astimezone(zone)
                .isoformat()
            ),
            "soreness": value,
            **more,
        },
        st.sampled_from(visits),
        st.sampled_from([30, 18 * 60 - 1, 18 * 60, 36 * 60, 60 * 60, 96 * 60, 7000]),
        st.sampled_from(ZONES),
        st.integers(0, 7),
        st.fixed_dictionaries(
            {
                "worst_soreness": st.none() | st.integers(7, 10),
                "interference": st.none() | st.integers(0, 10),
                **dict.fromkeys(("bruising", "fatigue", "headache"), st.none() | st.booleans()),
                "change": st.sampled_from([None, "much_worse", "worse", "same", "better"]),
            }
        ),
    )


@st.composite
def measurements(draw: st.DrawFn, visits: list[Record], episodes: list[Record]) -> Record:
    """A value from outside, perhaps on the occasion of a session, perhaps of an episode."""
    attended = [
        row for row in visits if row["attendance"] == "attended" and row["status"] != "void"
    ]
    visit = draw(st.sampled_from([None, None, *attended]))
    taken_at = draw(times())
    if visit is not None:
        away = timedelta(minutes=draw(st.sampled_from([-7 * 24 * 60, -100, 0, 1, 24 * 60])))
        at = _time(visit["occurred_at"]).astimezone(UTC) + away
        taken_at = at.astimezone(draw(st.sampled_from(ZONES))).isoformat()
    named = {"session_id": visit and visit["id"], "episode_id": draw(one_of(episodes))}
    reading = draw(readings("before", "between"))
    return {"type": "measurement", "taken_at": taken_at, **named, **reading}


@st.composite
def complaints(draw: st.DrawFn, number: int) -> Record:
    """An episode of one of few regions, so that they come again."""
    opened_at = draw(times(number))
    days = draw(st.none() | st.integers(0, 20))
    closed_at = days and (_time(opened_at).astimezone(UTC) + timedelta(days=days)).isoformat()
    sessions, per_week = st.none() | st.integers(1, 20), st.sampled_from([None, 0.5, 1, 2])
    return {
        "type": "episode",
        "id": f"episode-{number}",
        "region": draw(st.sampled_from([None, "knee", "knee", "wrist"])),
        "opened_at": opened_at,
        "closed_at": closed_at or None,
        "plan": {"sessions": draw(sessions), "per_week": draw(per_week)},
    }


@st.composite
def adverse_events(draw: st.DrawFn, visits: list[Record], episodes: list[Record]) -> Record:
    """An event, perhaps of a session, perhaps of an episode, perhaps of neither."""
    visit = draw(st.sampled_from([None, None, *visits]))
    occurred_at = draw(times())
    if visit is not None:
        later = timedelta(minutes=draw(st.sampled_from([0, 1, 24 * 60, 15 * 24 * 60])))
        occurred_at = (_time(visit["occurred_at"]).astimezone(UTC) + later).isoformat()
    return {
        "type": "adverse_event",
        "kind": draw(st.sampled_from(["bruise", "infection"])),
        "severity": draw(st.sampled_from(["mild", "significant", "serious"])),
        "close_call": draw(st.booleans()),
        "occurred_at": occurred_at,
        "session_id": draw(st.sampled_from([None, visit["id"]])) if visit else None,
        "episode_id": draw(one_of(episodes)),
    }


def at_once(visits: list[Record], at: list[int | None]) -> list[Record]:
    """Visits of which some are moved to the instant of an earlier one, with its practitioner."""
    found: list[Record] = []
    for visit, number in zip(visits, at, strict=True):
        moved = visit
        if number is not None and number < len(found):
            names = ("occurred_at", "practitioner_id")
            moved = visit | {name: found[number][name] for name in names}
        found.append(moved)
    return found


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """All records of one patient up to `AS_OF`: from none at all to nine visits."""
    episodes = [draw(complaints(number)) for number in range(draw(st.integers(0, 3)))]
    visits = [draw(sessions(number, episodes)) for number in range(draw(st.integers(0, 9)))]
    moved = st.sampled_from([*[None] * 8, 0, 1])
    visits = at_once(visits, [draw(moved) for _ in visits])
    reports = draw(st.lists(follow_ups(visits), max_size=12)) if visits else []
    return [
        *episodes,
        *visits,
        *reports,
        *draw(st.lists(measurements(visits, episodes), max_size=6)),
        *draw(st.lists(adverse_events(visits, episodes), max_size=4)),
    ]
