"""Rules of sessions: their content, their signature, and what belongs to them. Pure."""
