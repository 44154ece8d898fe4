"""The codes of faults, each with its meaning."""

from collections.abc import Mapping
from typing import Final, get_args

from pydantic_core.core_schema import ErrorType

OWN: Final[Mapping[str, str]] = {
    "activity_forbidden": "This instrument is not about an activity.",
    "address": "Give an https address, without a name or a fragment in it.",
    "after_session": "A measurement or screening is more than 24 hours after its session.",
    "after_to": "`from` is larger than `to`.",
    "before_birth": "It happened before the patient's birth.",
    "before_session": "A signature or a report is before the session.",
    "beyond_ledger": "The ledger has fewer entries.",
    "closed_at_missing": "A finished episode needs closed_at.",
    "closed_before_opened": "closed_at is before opened_at.",
    "consent_refused": "The patient had refused this treatment. The signer may override it.",
    "consent_withdrawn": (
        "The patient had withdrawn their consent to this treatment. The signer may override it."
    ),
    "contradicts_status": (
        "An active practitioner has no inactive_from that is today or past, and an"
        " inactive one none in the future."
    ),
    "csv_header": "The first line must name each column once, with `type` among them.",
    "csv_invalid": "Not CSV: a quote is out of place, or a field is too long.",
    "csv_width": "The row and the header have different numbers of fields.",
    "cursor": "This is not a cursor of this list.",
    "deeper_than_needle": "depth_mm is larger than the needle's length_mm.",
    "electrical_missing": "Electrical stimulation needs hz and ma.",
    "ends_before_it_begins": "valid_to is before valid_from.",
    "fewer_insertions_than_needles": "There must be at least as many insertions as needles.",
    "group_is_entry": "A name in a data file is both a group and an entry.",
    "id_fixed": "The id of a record can't change.",
    "in_the_future": "The date or time is in the future.",
    "items_count": "The number of answers is not the one that the instrument is scored from.",
    "items_scale": "An answer is not on the instrument's scale.",
    "key": "The Idempotency-Key is too long or has characters that it may not have.",
    "label": "An area is closed and has a place for its label.",
    "level_not_of_muscle": "The muscle doesn't reach that spinal level.",
    "line_too_long": "A line of an import is too long.",
    "lopsided": "A shape on the midline has two equal halves.",
    "mismatch": "Data files contradict each other.",
    "needle_count_missing": "Count the needles before signing.",
    "needles_not_disposed": "Fewer needles were disposed of than removed.",
    "needles_not_inserted": "The needlings have more needles than were inserted.",
    "needles_not_opened": "Fewer needles were opened than inserted.",
    "needles_unaccounted": (
        "Needles removed differ from needles inserted: count again or give mismatch_reason."
    ),
    "no_change": "These changes leave the session as it is.",
    "no_figure": "Give a figure, or leave the row out.",
    "no_key": "This key can't verify RS384 or ES384 signatures.",
    "no_key_source": "Only a back end can have jwks or jwks_url.",
    "no_object": "A row must be one JSON object.",
    "no_release": "Only a partial or complete release has a time.",
    "none_and_more": "Give none alone, or the sensations that were felt.",
    "not_a_table": "Records can't be de-identified: export tables.",
    "not_attended": "That visit was not attended.",
    "not_csv": "Only CSV has a form for Excel: export CSV, or leave this out.",
    "not_electrical": "Only electrical stimulation has a current.",
    "not_held": "You don't hold this scope yourself.",
    "not_signed": "A draft has no signature.",
    "not_the_score": "The value is not the score of the items.",
    "not_utf8": "It isn't UTF-8.",
    "not_void": "Only a void session has voided_at.",
    "not_withdrawn": "Only a withdrawn consent has withdrawn_at.",
    "nothing_asked": "Give a letter or a digit.",
    "nul_character": "A NUL character can't be stored.",
    "off_scale": "The value is not on the instrument's scale.",
    "one_key_source": "A back end needs jwks or jwks_url, not both.",
    "opened_at_missing": "A finished episode needs opened_at.",
    "other_patient": "It belongs to another patient.",
    "out_of_order": "The end is before the beginning.",
    "outlives_maker": "It would expire later than the client that makes it.",
    "outside": "The shape leaves the frame.",
    "past": "The time is past.",
    "patient_named": "Leave the name out: the record has the patient's name.",
    "period_too_long": "The period is longer than this operation takes.",
    "port": "This server doesn't connect to this port.",
    "practitioner_inactive": "The practitioner was inactive on that day.",
    "recipient_unnamed": "Name the recipient.",
    "released_after_retention": "release_after_s is larger than retention_s.",
    "repeated": "Something is given twice that may be there once.",
    "repeated_identifier": "The same identifier is given twice.",
    "scope_missing": "A row needs a scope that you lack.",
    "screening_of_concern": (
        "An answer of concern in the screening needs a detail, or another decision."
        " The signer may override it."
    ),
    "segment_order": "List each segment once, from the head downwards.",
    "session_void": "That session is void.",
    "side_not_of_muscle": "A muscle of a limb is on the left or on the right.",
    "signature_missing": "A signed session needs signed_at and signed_by.",
    "spinal_level_forbidden": "Only a paraspinal muscle has a spinal level.",
    "spinal_level_missing": "A paraspinal muscle needs its spinal level.",
    "still_active": "An active episode has no closed_at.",
    "technique_missing": "A signed session needs a technique.",
    "too_large": "No entry has so large a number.",
    "too_precise": "The number has too many decimals. Nothing is rounded.",
    "unit": "The instrument is not recorded in this unit.",
    "unknown": "A word in a data file is unknown.",
    "unknown_instrument": "There is no instrument with this code.",
    "unknown_muscle": "The catalogue has no muscle with this slug.",
    "unknown_reference": "This clinic has no record with this id.",
    "unknown_type": "A row has a `type` that no record has.",
    "unprintable": "A chart summary has a character that no font can print.",
    "voided_at_missing": "A void session needs voided_at.",
    "withdrawn_at_missing": "A withdrawn consent needs withdrawn_at.",
    "worst_below_soreness": "worst_soreness is less than soreness.",
    "wrong_side": "The shape crosses the midline of its view.",
    "year_out_of_range": "The year is out of the range that can be stored.",
}
"""The codes of our own rules. A test compares them with the code."""
OF_TYPES: Final[tuple[str, ...]] = get_args(ErrorType)
"""Pydantic's codes: a value has the wrong type, or is out of a limit that the schema states."""
FAULT_CODES: Final = tuple(sorted({*OWN, *OF_TYPES}))
