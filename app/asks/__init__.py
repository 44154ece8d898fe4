"""Asks: how a patient is after a visit, asked a day later.

Nouns: an *ask* is the question to a patient about one visit. An *attempt* is one message that asks
it: the first one, the reminder, or one that a person sends again. The *planned moment* is when a
message may go: outside quiet hours, and nearest to 24 hours after the visit's end. The *asker* is
the thread that sends.

Invariants: nobody is asked without a consent to messages that is in force when the message is
claimed. A session asks its patient at most once, with one reminder. An attempt is stored before it
is made. No message goes after an answer, in quiet hours, or outside 18 to 60 hours after the visit,
but a person may send one again at any time of the day. An ask holds no address and no text. It
reacts to other kinds of record, which don't know it; it uses `safety`, `followups` and `sessions`.
"""
