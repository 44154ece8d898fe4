"""Safety: consent, screening, adverse events.

Nouns: a *consent* (what was disclosed, what was decided), a *screening* (contraindications
before one session: yes, no or unknown), an *adverse event* or *close call*.
Invariant: consent to treatment and consent to the use of data are two records. An answer that
nobody knows is `unknown`, never `no`.
"""
