"""Rules of notes: how records become sentences, and sentences a text. Pure."""
