"""Progress: what has changed over a patient's sessions, and how certain the change is.

Nouns: a *history* is everything known about one patient. A *course of care* is an episode, or
visits without one that follow each other closely; each figure belongs to one. A *course* in the
code is the attended visits in order. A *series* is the values of one measure, or of one muscle,
along the course. A *point* is one value of a series at one instant. A *verdict* says whether a
change is real and worthwhile. A *trend* says how much changes per week. A *flag* marks a course
that turned.

Invariant: progress is computed from the records on each read and never stored. It does not
depend on the order in which the records arrived. It says "changed by", never why.

It builds on `app.sessions`, `app.followups`, `app.measurements` and `app.safety`, and only
reads them. All decisions are in `rules`, which does not use the database.
"""
