"""The environment, typed: every variable that this project reads, with its default and its reason."""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from leadmoves.errors import InvalidInput, Problem

HOME = Path("~/.lead-moves")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Settings(BaseSettings):
    """What the environment says. Secrets are `SecretStr`: printing a `Settings` shows no key."""

    model_config = SettingsConfigDict(frozen=True, populate_by_name=True, env_ignore_empty=True)

    key: SecretStr | None = Field(None, validation_alias="INSTANTLY_API_KEY")
    url: str = Field("https://api.instantly.ai", validation_alias="INSTANTLY_API_URL")
    ledger: SecretStr | None = Field(None, validation_alias="LEAD_MOVES_LEDGER")
    # The vendor allows 100/s and 6,000/min to a whole workspace: a fifth is left to its people.
    per_second: int = Field(80, validation_alias="INSTANTLY_REQUESTS_PER_SECOND", ge=1)
    per_minute: int = Field(4800, validation_alias="INSTANTLY_REQUESTS_PER_MINUTE", ge=1)
    # Longer than the request time-out plus the delay after which a new job shows in the API's list.
    settle: float = Field(60.0, validation_alias="LEAD_MOVES_SETTLE_SECONDS", ge=0, le=3600)
    lease: float = Field(20.0, validation_alias="LEAD_MOVES_LEASE_SECONDS", ge=1, le=3600)
    timeout: float = Field(30.0, validation_alias="LEAD_MOVES_REQUEST_TIMEOUT", gt=0, le=600)

    @field_validator("url")
    @classmethod
    def _refuse_plain_http(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http(s) URL such as https://api.instantly.ai")
        if parts.username is not None or parts.password is not None:
            raise ValueError("must not hold a user or a password: they would be sent instead of the key, and shown")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("plain http would show the key to the network: use https")
        return url.rstrip("/")

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger, drivers as this project runs them. May hold a password."""
        if self.ledger is None:
            return f"sqlite+aiosqlite:///{self.home}/ledger.sqlite"
        return async_url(self.ledger.get_secret_value())

    def at(self, url: str) -> "Settings":
        """The same settings for another URL, checked like the first."""
        return Settings.model_validate(self.model_dump() | {"url": url})

    @property
    def home(self) -> Path:
        return HOME.expanduser()

    def required_key(self) -> SecretStr:
        """The API key, or `InvalidInput` that says which variable to set."""
        if self.key is None:
            raise InvalidInput(Problem("INSTANTLY_API_KEY", "is not set: export it, or name a credentials block"))
        return self.key

    def workspace(self, key: SecretStr) -> str:
        """A short name for «this key at this URL»: a one-way hash, so that no file holds the key."""
        return hashlib.sha256(f"{self.url} {key.get_secret_value()}".encode()).hexdigest()[:12]


def async_url(url: str) -> str:
    """Name the async driver where a SQLAlchemy URL names none."""
    for plain, driven in (
        ("sqlite://", "sqlite+aiosqlite://"),
        ("postgresql://", "postgresql+asyncpg://"),
        ("postgres://", "postgresql+asyncpg://"),
    ):
        if url.startswith(plain):
            return driven + url.removeprefix(plain)
    return url


def read_settings() -> Settings:
    """Read the environment; `InvalidInput` names every variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise InvalidInput(*(_problem(e["loc"], e["msg"]) for e in error.errors())) from None


def _problem(loc: tuple[int | str, ...], message: str) -> Problem:
    return Problem(str(loc[0]) if loc else "environment", message.removeprefix("Value error, "))
