"""Settings: `NEEDLEWORK_*` variables, or the lines of a file `needlework.env`."""

from functools import lru_cache

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator may set. Every setting has a default that works."""

    model_config = SettingsConfigDict(
        env_prefix="NEEDLEWORK_", env_file="needlework.env", extra="ignore"
    )

    database_url: str = "sqlite:///var/needlework.db"
    """A SQLAlchemy URL: SQLite, or PostgreSQL 15 to 18."""


@lru_cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
