"""Settings: `NEEDLEWORK_*` variables, or the lines of a file `needlework.env`."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import PositiveInt, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set. Every setting has a default that works."""

    model_config = SettingsConfigDict(
        env_prefix="NEEDLEWORK_", env_file="needlework.env", extra="ignore"
    )

    database_url: str = "sqlite:///var/needlework.db"
    """A SQLAlchemy URL: SQLite, or PostgreSQL 15 to 18."""

    owner_url: str | None = None
    """PostgreSQL as the role that owns the tables, for `migrate` alone. The role in
    `database_url` then gets its rights from it, and can't alter what is append-only."""
    ledger_key: SecretStr | None = None
    """The private keys that sign the ledgers' checkpoints: Ed25519, PEM (PKCS #8). Two of them
    sign while one takes over from the other."""
    ledger_key_file: Path | None = None
    """The file that holds them otherwise; with SQLite, `ledger.pem` beside the database."""

    research_key: SecretStr | None = None
    """What pseudonyms in de-identified exports are made with: 32 characters or more, all secret."""
    research_key_file: Path | None = None
    """The file that holds it otherwise."""

    requests_per_minute: PositiveInt = 100_000
    """Of each client, in each process. What is above it is answered with 429."""
    token_requests_per_minute: PositiveInt = 60
    """For tokens, of each sender's address, in each process: nobody is known there yet."""
    public_url: str | None = None
    """Where clients reach this server: what a back end's request for a token has to name."""
    oidc_issuer: str | None = None
    """The identity provider that practitioners sign in with: its issuer, an `https` address."""
    oidc_audience: str | None = None
    """What its tokens for this server name as their audience."""
    paper: Literal["us-letter", "a4"] = "us-letter"
    """What chart summaries are printed on."""
    system_fonts: bool = True
    """Whether chart summaries use this machine's fonts for what the fonts that come along lack."""
    outgoing_to_loopback: bool = False
    """Whether keys may be fetched from this machine itself, by `http://127.0.0.1`."""


@lru_cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
