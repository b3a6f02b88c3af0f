"""Every knob of Greenlight, typed, and the only place that reads the environment.

Knows nothing of the rest of Greenlight except its error sentences. Limits: a value that is set
but cannot be honoured by this version stops the start with its name, instead of being ignored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from errors import BadSetting

VERSION = "0.1.0"

_PREFIX = "GREENLIGHT_"


class Settings(BaseSettings):
    """One frozen value per process. Names in the environment carry the prefix `GREENLIGHT_`."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        env_ignore_empty=True,
    )

    data: Path = Field(Path("data"), description="folder for database, media and keys")
    database_url: str = Field("", description="default: SQLite in DATA")
    media_url: str = Field("", description="default: file:// in DATA")
    model: str = Field("embedded", description="preset name, Hub id or local pipeline folder")
    engine: Literal["local", "remote"] = Field("local", description="where clips are made")
    public_url: str = Field("", description="address people use, for share links")
    role: Literal["all", "web", "worker"] = Field("all", description="what this process does")
    reviewers: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(), description="Hugging Face names that review (Spaces)"
    )
    admins: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(), description="Hugging Face names that administer (Spaces)"
    )
    reviewer_org: str = Field("", description="Hugging Face organisation that reviews (Spaces)")
    host: str = Field(
        "127.0.0.1",
        validation_alias=AliasChoices(_PREFIX + "HOST", "GRADIO_SERVER_NAME", "host"),
        description="address to listen on",
    )
    port: int = Field(
        7860,
        ge=1,
        le=65535,
        validation_alias=AliasChoices(_PREFIX + "PORT", "GRADIO_SERVER_PORT", "PORT", "port"),
        description="port to listen on",
    )
    claim_s: int = Field(
        300, ge=10, le=86400, description="seconds a reviewer's claim lasts without renewal"
    )
    session_days: int = Field(30, ge=1, le=3650, description="days a sign-in lasts")
    invite_hours: int = Field(168, ge=1, le=87600, description="hours an invitation is good for")
    prompt_limit: int = Field(1000, ge=1, description="longest prompt, in characters")
    body_limit_kb: int = Field(256, ge=1, description="largest request body, in KiB")
    poll_s: float = Field(
        0.05, gt=0, le=5, description="seconds between looks at the job queue while there is work"
    )
    sqlite_full_sync: bool = Field(False, description="fsync every commit (survives power cuts)")
    # What a Hugging Face Space sets by itself.
    system: str = Field("", validation_alias=AliasChoices("SYSTEM", "system"))
    oauth_client_secret: SecretStr = Field(
        SecretStr(""), validation_alias=AliasChoices("OAUTH_CLIENT_SECRET", "oauth_client_secret")
    )
    space_id: str = Field("", validation_alias=AliasChoices("SPACE_ID", "space_id"))
    space_host: str = Field("", validation_alias=AliasChoices("SPACE_HOST", "space_host"))

    @field_validator("reviewers", "admins", mode="before")
    @classmethod
    def _comma_list(cls, value: Any) -> Any:
        if isinstance(value, str):
            return frozenset(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        path = value.removeprefix("sqlite:///")
        if value and (path == value or not path or path.startswith(":")):
            raise ValueError("this version stores in SQLite only: sqlite:///PATH")
        return value

    @field_validator("media_url")
    @classmethod
    def _known_media(cls, value: str) -> str:
        if value and not value.startswith("file:///"):
            raise ValueError("this version keeps media on a local disk only: file:///PATH")
        return value

    @field_validator("engine")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if value != "local":
            raise ValueError("this version makes clips with the local engine only")
        return value

    @field_validator("role")
    @classmethod
    def _known_role(cls, value: str) -> str:
        if value != "all":
            raise ValueError("this version runs everything in one process: role 'all'")
        return value

    @field_validator("public_url")
    @classmethod
    def _absolute(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc):
            raise ValueError("write it as https://host[:port]")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _space_signs_in(self) -> Settings:
        # Without the secret Gradio signs its session with a constant that anyone can read.
        if self.on_spaces and not self.oauth_client_secret.get_secret_value():
            raise ValueError("this Space has no sign-in: add `hf_oauth: true` to its README")
        return self

    @property
    def on_spaces(self) -> bool:
        """Both, as Gradio asks: with the id alone it would pretend its sign-in, for everyone."""
        return self.system == "spaces" and bool(self.space_id)

    @property
    def database(self) -> str:
        """SQLAlchemy address of the database."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'greenlight.db'}"

    @property
    def database_file(self) -> Path:
        return Path(self.database.removeprefix("sqlite:///"))

    @property
    def media_folder(self) -> Path:
        if self.media_url:
            return Path(self.media_url.removeprefix("file://"))
        return self.data.resolve() / "media"

    @property
    def keys_folder(self) -> Path:
        return self.data.resolve() / "keys"

    @property
    def address(self) -> str:
        """Base of every absolute link. Never taken from a request, whose Host anyone can write."""
        if self.public_url:
            return self.public_url
        if self.space_host:
            return "https://" + self.space_host.split(",")[0].strip()
        host = "127.0.0.1" if self.host in ("0.0.0.0", "::") else self.host  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def is_https(self) -> bool:
        return self.address.startswith("https://")


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process. Raises BadSetting with the name, value and rule."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "OAUTH_CLIENT_SECRET"
        raise BadSetting(
            name=name if name.isupper() else _PREFIX + name.upper(),
            # An address can carry a password: its first part says enough.
            value=str(first["input"]).partition("://")[0] if first["loc"] else "",
            rule=first["msg"].removeprefix("Value error, "),
        ) from error
