"""Follow-ups: what the patient reports in the hours and days after needling.

Nouns: a *follow-up* belongs to one session and says how sore the patient was, and when. Its
*window* is the part of the time after needling that it belongs to. A *red flag* in it
raises an alert.

Invariant: a report never overwrites another. Its hours are those that have really passed, not
those at which a report was planned.

It uses `app.alerts` and `app.sessions`.
"""
