"""Notes: one session in plain sentences, for the clinic's other records.

Nouns: a *note* has a *head* (what is true of the whole: whose visit, draft or signed, amended or
void) and *sections* of lines. A *form* is how it is written: plain text, Markdown or HTML.

Invariants: a note is complete and deterministic. Every member of a record stands in it, or a reason
says why not. What is unknown is left out, and never said to be absent. What the client may not read
is named as not shown. No word says why anything happened. What people wrote stands as they wrote
it. Builds on the kinds of record, `signing` and `languages`.
"""
