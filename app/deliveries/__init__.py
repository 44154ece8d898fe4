"""Deliveries: messages to people, such as those who are told of an alert.

Nouns: an *outbox item* is something that people must be told of. A *delivery* is one message to one
recipient, with all of its attempts. The *courier* is the thread that sends. A *round* tells each
recipient once.

Invariant: an item is stored in the transaction of what it tells of, and is sent until somebody has
seen to that. A message has no content, only a link. It uses `clinics`, who know the recipients.
"""
