"""Settings, from the environment variables `NEEDLEWORK_*` or from a file `needlework.env`."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, PositiveInt, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _split(given: object) -> object:
    if not isinstance(given, str):
        return given
    return [part for part in (part.strip() for part in given.split(",")) if part]


Port = Annotated[int, Field(ge=1, le=65_535)]
Ports = Annotated[frozenset[Port], Field(min_length=1), NoDecode, BeforeValidator(_split)]
Origin = Annotated[str, Field(pattern=r"^https?://[a-z0-9.\-\[\]:]+$")]
Origins = Annotated[frozenset[Origin], NoDecode, BeforeValidator(_split)]


def _mail_server(given: SecretStr) -> SecretStr:
    """Check the URL of a mail server, without quoting it: it may hold a password."""
    try:
        parts = urlsplit(given.get_secret_value())
        is_log = given.get_secret_value() == "log:"
        good = parts.port != 0 and bool(parts.hostname) and parts.scheme in MAIL_SCHEMES
    except ValueError:
        is_log = good = False
    if not (is_log or good):
        raise ValueError("give smtps://host, smtp://host, smtp+plain://host or log:")
    if parts.scheme == "smtp+plain" and parts.password:
        raise ValueError("a password needs TLS: give smtps:// or smtp://")
    return given


MAIL_SCHEMES: Final = ("smtps", "smtp", "smtp+plain")
MailServer = Annotated[SecretStr, AfterValidator(_mail_server)]


class Settings(BaseSettings):
    """The settings that an operator can change. Every one has a default that works."""

    model_config = SettingsConfigDict(
        env_prefix="NEEDLEWORK_",
        env_file="needlework.env",
        extra="ignore",
        hide_input_in_errors=True,  # it may hold a password
    )

    database_url: str = "sqlite:///var/needlework.db"
    """A SQLAlchemy URL: SQLite, or PostgreSQL 15 to 18."""

    owner_url: str | None = None
    """PostgreSQL URL of the role that owns the tables; `migrate`, `backup` and `restore` use it.
    `migrate` then grants rights to the role in `database_url`, which can't alter append-only
    tables."""
    ledger_key: SecretStr | None = None
    """The private keys that sign the ledgers' checkpoints: Ed25519, PEM (PKCS #8). With two keys,
    both sign, while one replaces the other."""
    ledger_key_file: Path | None = None
    """A file with these keys, instead; with SQLite by default `ledger.pem` beside the database."""

    research_key: SecretStr | None = None
    """The secret key for pseudonyms in de-identified exports: 32 characters or more."""
    research_key_file: Path | None = None
    """A file with this key, instead."""

    walk_rows_per_minute: PositiveInt = 300
    """How many rows a minute are compared with the ledger while the server runs; more, if a whole
    day would not be enough for all of them."""
    requests_per_minute: PositiveInt = 100_000
    """Requests per minute, per client and process; above it: 429."""
    token_requests_per_minute: PositiveInt = 60
    """Token requests per minute, per address and process: no client is known yet; above it: 429."""
    public_url: str | None = None
    """The URL where clients reach this server. A back end's assertion must name it as `aud`."""
    metrics_key: Annotated[SecretStr, Field(min_length=32)] | None = None
    """The key that `/metrics` asks for, as a bearer token: 32 characters or more. By default it
    asks for none."""
    cors_origins: Origins = frozenset()
    """The origins whose pages may call the API from a browser, separated by commas."""
    oidc_issuer: str | None = None
    """The issuer URL (`https`) of the identity provider that practitioners sign in with."""
    oidc_audience: str | None = None
    """The audience (`aud`) that its tokens for this server name."""
    oidc_client_id: str | None = None
    """The id under which the identity provider knows this server. With it, people sign in to the
    console with the provider."""
    oidc_client_secret: SecretStr | None = None
    """The secret for that id, if the provider gave one."""
    oidc_token_minutes_max: PositiveInt = 90
    """How many minutes a token of the identity provider may be valid in all; a longer one: 401."""
    paper: Literal["us-letter", "a4"] = "us-letter"
    """The paper size of chart summaries."""
    system_fonts: bool = True
    """Whether chart summaries use this machine's fonts for characters the bundled fonts lack."""
    outgoing_to_loopback: bool = False
    """Whether keys may be fetched from this machine itself, over `http://127.0.0.1`, and messages
    posted to it."""
    outgoing_ports: Ports = frozenset({443})
    """The ports of other servers from which keys may be fetched, and to which messages may be
    posted, separated by commas."""
    smtp_url: MailServer | None = None
    """The mail server that takes messages, as a URL with its user and password: `smtps://` for TLS
    from the start, `smtp://` for STARTTLS, `smtp+plain://` for none. `log:` sends nothing, and
    writes a line into the log instead, for trying."""
    mail_from: Annotated[str, Field(pattern=r"^[!-?A-~]+@[!-?A-~]+$", max_length=254)] | None = None
    """The sender of e-mails."""
    post_key: Annotated[SecretStr, Field(min_length=32)] | None = None
    """The secret from which the keys follow that sign posted messages: 32 characters or more."""


SECRETS_DIR: Final = "NEEDLEWORK_SECRETS_DIR"
"""The variable with the folder of secrets: a file for a setting, named like its variable."""


@lru_cache
def settings() -> Settings:
    """The settings of this process. `SystemExit` if the folder of secrets is missing."""
    folder = os.environ.get(SECRETS_DIR)
    if folder and not Path(folder).is_dir():
        # Without it, the server would start with defaults: with a new SQLite file, say.
        raise SystemExit(f"{SECRETS_DIR} names no folder.")
    # The type has no member for this documented argument of pydantic-settings.
    return Settings(_secrets_dir=folder or None)  # type: ignore[call-arg]
