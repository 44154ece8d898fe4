"""What was recorded beside a session: consents, screenings, reports and events. Pure."""

from collections.abc import Iterator
from typing import Final

from app.followups.views import FollowUpView
from app.notes.rules.words import Words, listed, written
from app.safety.views import AdverseEventView, AnswerView, ConsentView, ScreeningView

SYMPTOMS: Final = ("bruising", "fatigue", "headache")
HOUR_DECIMALS: Final = 1
ANSWERS: Final = ("yes", "unknown", "no")
"""The answers of a screening, in the order in which a reader needs them."""
GIVEN_BY: Final = "The patient"
"""What the console's form of a consent begins with, for who decided."""
BY_THEMSELVES: Final = frozenset((GIVEN_BY.casefold(), "patient"))
"""What is written of patients who decide themselves."""
OF_CONSOLE: Final = "console-1"
"""The rule set of a screening that was asked with the console's form."""


def consent(said: ConsentView, words: Words) -> str:
    """Return the line of a consent: the decision, who gave and obtained it, and what was said."""
    return words.labelled(words.code("consent", said["kind"]), "; ".join(_consented(said, words)))


def _consented(said: ConsentView, words: Words) -> Iterator[str]:
    _, specific, other = (
        words.gettext,
        said["patient_specific_risks"],
        said["alternatives_discussed"],
    )
    decided = words.code("consent_decision", said["decision"])
    yield f"{decided}, {words.code('consent_form', said['form'])}"
    is_theirs = said["given_by"].casefold() in BY_THEMSELVES
    people = {
        "at": words.moment(said["obtained_at"]),
        "by": written(said["obtained_by"]),
        "given": _("the patient") if is_theirs else written(said["given_by"]),
    }
    yield _("%(at)s, obtained by %(by)s from %(given)s") % people
    if said["withdrawn_at"] is not None:
        yield _("withdrawn %(at)s") % {"at": words.moment(said["withdrawn_at"])}
    if said["valid_until"] is not None:
        yield _("valid until %(day)s") % {"day": said["valid_until"]}
    if said["episode_id"]:
        yield _("for this episode")
    if said["risks_disclosed"]:
        risks = (words.term("event_kinds", risk) for risk in said["risks_disclosed"])
        yield words.labelled(_("risks disclosed"), listed(risks))
    if specific is not None:
        yield words.labelled(_("risks of this patient"), written(specific))
    if other is not None:
        yield words.labelled(_("alternatives"), written(other))


def screening(asked: ScreeningView, words: Words) -> str:
    """Return the line of a screening: its decision, then each answer.

    `yes` comes first, then what isn't known. A plain `no` stands last, with all its questions.
    """
    _ = words.gettext
    made = {"at": words.moment(asked["decided_at"]), "by": written(asked["decided_by"])}
    if asked["rule_set"] == OF_CONSOLE:
        how = _("%(at)s, by %(by)s, with the console's questions") % made
    else:
        made["rules"] = written(asked["rule_set"])
        how = _("%(at)s, by %(by)s, with the rules %(rules)s") % made
    said = [words.labelled(words.code("screening_decision", asked["decision"]), how)]
    if asked["override_reason"] is not None:
        said.append(words.labelled(_("reason"), written(asked["override_reason"])))
    answers = sorted(asked["answers"], key=lambda each: ANSWERS.index(each["answer"]))
    plain = [each for each in answers if each["answer"] == "no" and not each["detail"]]
    said += [_answer(each, words) for each in answers if each not in plain]
    if plain:
        names = listed(words.term("contraindications", each["code"]) for each in plain)
        said.append(words.labelled(words.code("answer", "no"), names))
    return "; ".join(said)


def _answer(given: AnswerView, words: Words) -> str:
    asked = words.term("contraindications", given["code"])
    detail = given["detail"]
    return words.labelled(
        asked, listed([words.code("answer", given["answer"]), detail and written(detail)])
    )


def follow_up(report: FollowUpView, words: Words) -> str:
    """Return the line of a report, with the hours since the visit as they really were."""
    _ = words.gettext
    hours = words.number(round(report["hours_after"], HOUR_DECIMALS))
    who = report.get("reported_by")  # an older version lacks it
    when = {"at": words.moment(report["reported_at"]), "n": hours}
    label = listed(
        [
            _("%(at)s, %(n)s h after the visit") % when,
            words.code("source", report["source"]),
            who and words.code("informant", who),
        ]
    )
    return words.labelled(label, "; ".join(filter(None, _reported(report, words))))


def _reported(report: FollowUpView, words: Words) -> Iterator[str | None]:
    _ = words.gettext
    worst, interference, change = (
        report["worst_soreness"],
        report["interference"],
        report["change"],
    )
    yield _("soreness %(n)s") % {"n": words.score(report["soreness"])}
    yield None if worst is None else _("worst soreness %(n)s") % {"n": words.score(worst)}
    sore = listed(words.placed(slug, None) for slug in report["sore_muscles"])
    yield sore and words.labelled(_("sore muscles"), sore)
    yield (
        None if interference is None else _("interference %(n)s") % {"n": words.score(interference)}
    )
    yield words.flag(_("bruising"), report["bruising"])
    yield words.flag(_("fatigue"), report["fatigue"])
    yield words.flag(_("headache"), report["headache"])
    yield change and words.labelled(_("compared with before"), words.code("change", change))
    flags = listed(words.code("red_flag", each) for each in report["red_flags"])
    yield words.labelled(_("RED FLAGS"), flags) if flags else _("no red flag reported")
    comment = report["comment"]
    yield comment and words.labelled(_("comment"), written(comment))


def adverse_event(event: AdverseEventView, words: Words) -> str:
    """Return the line of an adverse event. It says nothing of why it happened."""
    _ = words.gettext
    kind = words.term("event_kinds", event["kind"])
    label = f"{words.moment(event['occurred_at'])}, {kind}"
    return words.labelled(label, "; ".join(filter(None, _happened(event, words))))


def where(event: AdverseEventView, words: Words) -> str | None:
    """Return the muscle and the side of an adverse event; that a side is missing is told."""
    muscle, side = event["muscle"], event["side"]
    if muscle and side is None:
        told = {"muscle": words.placed(muscle, None)}
        return words.gettext("%(muscle)s (side not recorded)") % told
    return words.placed(muscle, side) if muscle else side and words.code("side", side)


def _happened(event: AdverseEventView, words: Words) -> Iterator[str | None]:
    _ = words.gettext
    action, outcome = event["action"], event["outcome"]
    yield _("close call, nobody was harmed") if event["close_call"] else None
    yield words.code("severity", event["severity"])
    yield _("expected") if event["expected"] else _("not expected")
    yield where(event, words)
    detected = event["detected_at"]
    yield None if detected is None else _("detected %(at)s") % {"at": words.moment(detected)}
    yield written(event["description"])
    yield action and words.labelled(_("action"), written(action))
    yield outcome and words.labelled(_("outcome"), written(outcome))
