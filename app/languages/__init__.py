"""Languages: what the program says to patients, in languages other than English.

Nouns: a *catalogue* holds the messages of one language, as gettext's .po file. A *domain* is a
group of messages with catalogues of its own, such as those for patients. A catalogue is *reviewed*
once a clinician who speaks the language has read it.

Invariant: English is the source of every message, and counts as reviewed. A language that is not
reviewed is offered only where the clinic switched it on. Nothing is translated by itself.

It knows no clinic and no database.
"""
