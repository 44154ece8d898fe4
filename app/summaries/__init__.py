"""Chart summaries and letters: a patient's chart as a tagged PDF, for release to a recipient.

Nouns: a *summary* of a chart, its *recipient*, its *content* (everything that is printed), the
*press* (the process that writes the PDF).

Invariants: a summary is released only with the patient's consent or a reason that overrides it.
Before it is sent, the ledger says to whom it goes and why. Text that can't be printed is refused,
never dropped. Builds on `progress`, `safety` and what they build on.
"""
