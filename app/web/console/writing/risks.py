"""The usual risks of needling, which one button ticks on the form of a consent."""

from collections.abc import Mapping
from typing import Final

from app.web.console.writing.fields import typed_in
from app.web.console.writing.sheets import MORE_ROWS, Sheet

USUAL: Final = "usual"
"""The value of the button."""
BUTTON: Final = (USUAL, "Tick the usual risks")
NEEDLING: Final = (
    *("bruise", "bleeding", "pain_during", "pain_after", "vasovagal", "skin_infection"),
    "nerve_injury",
)
RISKS: Final[Mapping[str, tuple[str, ...]]] = {
    "needling": NEEDLING,
    "thoracic_needling": (*NEEDLING, "pneumothorax"),
    "electrical": NEEDLING,
}
"""The usual risks of what is consented to, as codes of the kinds of events. The first four are the
commonest of Brady and others (2014); the others are this project's choice."""


def with_usual(sheet: Sheet, form: Mapping[str, str]) -> tuple[Sheet, dict[str, str]]:
    """Return a form with the usual risks ticked, if the person asked for it. The page says so."""
    if form.get(MORE_ROWS) != USUAL:
        return sheet, dict(form)
    fields = {field.name: field for field in sheet.fields}
    kinds = [kind.strip() for kind in typed_in(form, fields["kind"]).split(",")]
    offered = dict(fields["risks_disclosed"].choices)
    codes = dict.fromkeys(code for kind in kinds for code in RISKS.get(kind, ()) if code in offered)
    if codes:
        names = ", ".join(offered[code] for code in codes)
        told = [f"Ticked: {names}.", "Take away what was not explained. Nothing is stored yet."]
    else:
        told = ["Tick needling first, or what else is consented to: its usual risks follow."]
    go_on = ("risks_disclosed", "Go on to the risks")
    ticked = {f"risks_disclosed.{code}": "yes" for code in codes}
    return sheet._replace(more={**sheet.more, "filled": told, "go_on": go_on}), {**form, **ticked}
