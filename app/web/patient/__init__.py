"""The page behind a patient's link, `/r/{token}`: a form without an account, and its states.

Nouns: a *link* holds a token that only its message knows. Its *state* is what its page shows: open,
answered, expired and so on. A *submission* is one form that was shown: sent twice, one report.

Invariant: a GET changes nothing. No page names the patient or the clinic, loads a file, sets a
cookie or shows an earlier answer. Every page says what to do in an emergency.
"""
