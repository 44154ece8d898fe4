"""Follow-ups: what the patient reports in the hours and days after the needles.

Nouns: a *follow-up* belongs to one session and says how sore the patient was, and when; its
*window* is the part of the course after the needles that it speaks for; a *red flag* in it
raises the session's alert.

Invariant: a report never overwrites another, and its hours are those that really passed, not
those at which an answer was wanted.

It stands on `app.sessions`.
"""
