"""Every knob of Greenlight, typed, and the only place that reads the environment.

Knows nothing of the rest of Greenlight except its error sentences. Limits: a value that is set
but cannot be honoured by this version stops the start with its name, instead of being ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from errors import BadSetting

VERSION = "0.1.0"

_PREFIX = "GREENLIGHT_"


@dataclass(frozen=True)
class MailServer:
    """Where e-mails are handed over, and as whom."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: Literal["none", "starttls", "implicit"]
    sender: str


class Settings(BaseSettings):
    """One frozen value per process. Names in the environment carry the prefix `GREENLIGHT_`."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        frozen=True,
        extra="ignore",
        populate_by_name=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,  # some of it is secret
    )

    data: Path = Field(Path("data"), description="folder for database, media and keys")
    database_url: str = Field("", description="default: SQLite in DATA")
    media_url: str = Field("", description="default: file:// in DATA")
    model: str = Field("embedded", description="preset name, Hub id or local pipeline folder")
    hf_token: SecretStr = Field(
        SecretStr(""),
        validation_alias=AliasChoices(_PREFIX + "HF_TOKEN", "HF_TOKEN", "hf_token"),
        description="token of Hugging Face, or of the provider itself, for remote clips",
    )
    engine: Literal["local", "remote"] = Field("local", description="where clips are made")
    provider: Literal["auto", "fal-ai", "novita", "replicate", "together", "wavespeed"] = Field(
        "auto", description="who makes remote clips; auto: the first that has the model"
    )
    remote_deadline_s: int = Field(
        900, ge=10, le=86400, description="seconds after which a remote clip is given up"
    )
    remote_endpoint: str = Field(
        "", description="gateway that stands before the provider; default: none"
    )
    hub_repo: str = Field("", description="dataset repo, owner/name, that published clips go to")
    hub_kind: Literal["dataset", "bucket"] = Field("dataset", description="what that repo is")
    hub_public: bool = Field(False, description="whether that repo may be public")
    hub_endpoint: str = Field("", description="another address of the Hub; default: its own")
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
    undo_s: float = Field(
        10, ge=0, le=60, description="seconds in which a reviewer can take a decision back"
    )
    review_due_h: float = Field(24, gt=0, le=8760, description="hours until a review is due")
    second_due_h: float = Field(24, gt=0, le=8760, description="hours until a second look is due")
    appeal_due_h: float = Field(48, gt=0, le=8760, description="hours until an appeal is due")
    late_h: float = Field(
        72, gt=0, le=8760, description="hours after that when the creator may take the clip home"
    )
    second_reasons: Annotated[frozenset[str], NoDecode] = Field(
        frozenset(), description="reason codes that need two approvals, such as real_person"
    )
    second_first_clips: int = Field(
        0, ge=0, le=1000, description="first clips of a creator that need two approvals"
    )
    second_advice: float = Field(
        0, ge=0, le=1, description="screening score from which two must approve; 0: never"
    )
    second_share: float = Field(
        0, ge=0, le=1, description="share of clips, drawn by lot, that need two approvals"
    )
    opinion_share: float = Field(
        0.05, ge=0, le=1, description="share of decided clips that a colleague judges again, blind"
    )
    golden_share: float = Field(
        0.02, ge=0, le=1, description="share of decisions after which a golden clip comes, hidden"
    )
    session_days: int = Field(30, ge=1, le=3650, description="days a sign-in lasts")
    invite_hours: int = Field(168, ge=1, le=87600, description="hours an invitation is good for")
    prompt_limit: int = Field(1000, ge=1, description="longest prompt, in characters")
    body_limit_kb: int = Field(256, ge=1, description="largest request body, in KiB")
    slots: int = Field(8, ge=1, description="clips in the making that a new creator may have")
    most_slots: int = Field(
        32, ge=1, description="the same for a creator whose clips are approved, at most"
    )
    clips_per_hour: int = Field(120, ge=1, description="clips that one person may send in an hour")
    gpu_seconds_per_day: float = Field(
        0, ge=0, description="seconds of the pipeline that one person may use in a day; 0: any"
    )
    own_backlog: int = Field(
        50, ge=1, description="unreviewed clips of one creator, above which new ones wait"
    )
    review_backlog: int = Field(
        500, ge=1, description="unreviewed clips of all together, above which new ones wait"
    )
    step_limit_s: float = Field(
        1800, gt=0, description="seconds without a sign of life after which a clip is given up"
    )
    smtp_url: SecretStr = Field(
        SecretStr(""), description="smtp://user:password@host:587/?starttls=1, or smtps://"
    )
    mail_from: str = Field(
        "", validate_default=True, description="sender of e-mails, Name <name@host>"
    )
    mails_per_hour: int = Field(20, ge=1, le=1000, description="most e-mails to one person")
    webhooks: Literal["public", "any", "off"] = Field(
        "public", description="where webhooks may lead; any: private addresses and http too"
    )
    webhooks_per_hour: int = Field(120, ge=1, le=10000, description="most calls of one webhook")
    c2pa_cert: Path | None = Field(
        None, description="PEM file with the certificates that published clips are signed with"
    )
    c2pa_key: Path | None = Field(None, validate_default=True, description="its private key, PEM")
    c2pa_tsa: str = Field("", description="time stamp authority that is asked at each signature")
    watermark: Literal["off", "corner", "invisible"] = Field(
        "off", description="a mark in the pixels of published clips"
    )
    files_cache: Literal["private", "public"] = Field(
        "private", description="who may keep public files: browsers, or shared caches too"
    )
    verify_limit_mb: int = Field(
        64, ge=1, le=4096, description="largest file that /verify takes, in MiB"
    )
    verify_per_hour: int = Field(
        120, ge=1, description="files or links that one address may have verified in an hour"
    )
    sqlite_full_sync: bool = Field(False, description="fsync every commit (survives power cuts)")
    # What a Hugging Face Space sets by itself.
    system: str = Field("", validation_alias=AliasChoices("SYSTEM", "system"))
    oauth_client_secret: SecretStr = Field(
        SecretStr(""), validation_alias=AliasChoices("OAUTH_CLIENT_SECRET", "oauth_client_secret")
    )
    space_id: str = Field("", validation_alias=AliasChoices("SPACE_ID", "space_id"))
    space_host: str = Field("", validation_alias=AliasChoices("SPACE_HOST", "space_host"))

    @field_validator("reviewers", "admins", "second_reasons", mode="before")
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

    @field_validator("hf_token")
    @classmethod
    def _one_word(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if not all("!" <= letter <= "~" for letter in token):
            raise ValueError("a token is one word of plain letters, digits and marks")
        return value

    @field_validator("engine")
    @classmethod
    def _has_token(cls, value: str, info: ValidationInfo) -> str:
        token = info.data.get("hf_token")
        if value == "remote" and token is not None and not token.get_secret_value():
            raise ValueError("a remote engine needs a token in GREENLIGHT_HF_TOKEN or HF_TOKEN")
        return value

    @field_validator("role")
    @classmethod
    def _known_role(cls, value: str) -> str:
        if value != "all":
            raise ValueError("this version runs everything in one process: role 'all'")
        return value

    @field_validator("hub_repo")
    @classmethod
    def _known_repo(cls, value: str, info: ValidationInfo) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", value):
            raise ValueError("write it as owner/name")
        token = info.data.get("hf_token")
        if value and token is not None and not token.get_secret_value():
            raise ValueError(
                "publishing to the Hub needs a token in GREENLIGHT_HF_TOKEN or HF_TOKEN"
            )
        return value

    @field_validator("hub_kind")
    @classmethod
    def _known_kind(cls, value: str) -> str:
        if value != "dataset":
            raise ValueError("this version publishes to a dataset repo only: dataset")
        return value

    @field_validator("c2pa_key")
    @classmethod
    def _with_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if "c2pa_cert" in info.data and (value is None) != (info.data["c2pa_cert"] is None):
            raise ValueError("a certificate and its key go together: set both, or neither")
        return value

    @field_validator("watermark")
    @classmethod
    def _known_watermark(cls, value: str) -> str:
        if value == "invisible":
            raise ValueError(
                "no maintained open library carries what an invisible mark needs: use off or corner"
            )
        return value

    @field_validator("public_url", "remote_endpoint", "c2pa_tsa", "hub_endpoint")
    @classmethod
    def _absolute(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc):
            raise ValueError("write it as https://host[:port]")
        return value.rstrip("/")

    @field_validator("smtp_url")
    @classmethod
    def _known_mail_server(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            _read_mail_server(value.get_secret_value(), sender="")
        return value

    @field_validator("mail_from")
    @classmethod
    def _one_sender(cls, value: str, info: ValidationInfo) -> str:
        smtp_url = info.data.get("smtp_url")
        if not value and smtp_url is not None and smtp_url.get_secret_value():
            raise ValueError("with a mail server, mails need a sender: Name <name@host>")
        _, address = parseaddr(value)
        name, at, host = address.rpartition("@")
        if value and not (name and at and host and value.isprintable()):
            raise ValueError("write it as Name <name@host>")
        return value

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
    def c2pa_files(self) -> tuple[Path, Path] | None:
        """The operator's certificate and its key; None: self-signed ones are made here."""
        if self.c2pa_cert is None or self.c2pa_key is None:
            return None
        return self.c2pa_cert, self.c2pa_key

    @property
    def marks_corner(self) -> bool:
        return self.watermark == "corner"

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

    @property
    def mail_server(self) -> MailServer | None:
        address = self.smtp_url.get_secret_value()
        return _read_mail_server(address, sender=self.mail_from) if address else None

    @property
    def sends_mail(self) -> bool:
        return bool(self.smtp_url.get_secret_value())


def _read_mail_server(address: str, *, sender: str) -> MailServer:
    """Raises ValueError with the rule, and never with the address: it carries a password."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or parts.scheme not in ("smtp", "smtps") or parts.path not in ("", "/"):
        raise ValueError("write it as smtp://user:password@host:587/?starttls=1 or smtps://…")
    asked = parse_qs(parts.query, keep_blank_values=True)
    if asked not in ({}, {"starttls": ["1"]}, {"starttls": ["0"]}):
        raise ValueError("the only thing after the question mark is starttls=1 or starttls=0")
    tls: Literal["none", "starttls", "implicit"] = "none"
    if parts.scheme == "smtps":
        tls = "implicit"
    elif asked.get("starttls") == ["1"]:
        tls = "starttls"
    if parts.username and tls == "none":
        raise ValueError("a password goes over TLS only: add ?starttls=1, or use smtps://")
    standard = {"none": 25, "starttls": 587, "implicit": 465}[tls]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return MailServer(host, port or standard, user, password, tls, sender)


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process. Raises BadSetting with the name, value and rule."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "OAUTH_CLIENT_SECRET"
        raise BadSetting(
            name=name if name.isupper() else _PREFIX + name.upper(),
            value=_shown(name, first["input"]) if first["loc"] else "",
            rule=first["msg"].removeprefix("Value error, "),
        ) from error


def _shown(name: str, value: object) -> str:
    """A bad value as an error may repeat it."""
    if any(word in name.upper() for word in ("TOKEN", "SECRET", "SMTP")):
        return "(not shown)"
    return str(value).partition("://")[0]  # an address can carry a password
