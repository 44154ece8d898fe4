"""What people do with a session, as the ledger names it, whatever page or program did it. Pure."""

from typing import Final

SIGN: Final = "sessions.sign"
VOID: Final = "sessions.void"
