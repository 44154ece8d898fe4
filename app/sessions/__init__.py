"""Treatment sessions: what happened at one visit.

Nouns: a *session*, its *needlings* (one muscle on one side), *findings* (segmental signs),
*measurements* before and after, and its *needle count*.
Invariant: a session is a draft until it is signed. After that it changes only by an amendment or
a void, each with a reason. Every version stays readable. What the patient says (ache) or feels
(release), what the practitioner feels (grasp) and what both see (twitches) are separate fields.
"""
