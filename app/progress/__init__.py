"""Progress: what has changed over a patient's sessions, and how sure one can be of it.

Nouns: a *history* is all that is known of one patient or episode; a *course* its attended
visits in order; a *series* the values of one measure, or of one muscle, along the course; a
*verdict* says whether a change is real and worthwhile; a *trend* says how much per week; a
*flag* marks a course that turned. A *point* is one series at one session.

Invariant: progress is computed on each reading from the records alone, never stored, and is
the same whatever the order in which they arrived. It says "changed by", never why.

It stands on `app.sessions`, `app.followups`, `app.measurements` and `app.safety`, and only
reads them. All judgement is in `rules`, which knows no database.
"""
