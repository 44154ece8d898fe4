"""Languages: what the program says in other languages than English.

Nouns: a *catalogue* holds the messages of one language, as gettext's .po file. A *domain* is a
group of messages with catalogues of its own, such as those for patients. A catalogue is *reviewed*
once a clinician who speaks the language has read it.

Invariant: English is the source of every message, and counts as reviewed. A language that is not
reviewed is offered to patients only where the clinic switched it on. A note in it says that nobody
has reviewed it. Nothing is translated by itself.

It knows no clinic and no database.
"""
