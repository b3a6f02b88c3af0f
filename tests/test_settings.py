"""Every knob: its default, its name in the environment, and the start that a bad value stops."""

from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

from errors import BadSetting
from settings import Settings, read_settings

TOKEN = "hf_SecretThatNobodyMaySee"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        ours = name.startswith(("GREENLIGHT_", "GRADIO_SERVER_", "SPACE_"))
        if ours or name in ("PORT", "HF_TOKEN"):
            monkeypatch.delenv(name)


def with_environment(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return read_settings()


def test_everything_has_a_default() -> None:
    settings = read_settings()
    assert (settings.data, settings.model, settings.host, settings.port) == (
        Path("data"),
        "embedded",
        "127.0.0.1",
        7860,
    )
    assert not settings.on_spaces


def test_everything_stands_in_the_folder_of_the_instance(tmp_path: Path) -> None:
    settings = read_settings(data=tmp_path)
    assert settings.database == f"sqlite:///{tmp_path}/greenlight.db"
    assert settings.database_file == tmp_path / "greenlight.db"
    assert settings.media_folder == tmp_path / "media"
    assert settings.keys_folder == tmp_path / "keys"


def test_a_relative_folder_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_settings().database_file == tmp_path / "data" / "greenlight.db"


def test_a_database_and_media_elsewhere_are_used(tmp_path: Path) -> None:
    settings = read_settings(
        database_url=f"sqlite:///{tmp_path}/other.db", media_url=f"file://{tmp_path}/files"
    )
    assert settings.database_file == tmp_path / "other.db"
    assert settings.media_folder == tmp_path / "files"


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("GREENLIGHT_DATA", "/srv/x", "data", Path("/srv/x")),
        ("GREENLIGHT_PORT", "8000", "port", 8000),
        ("GRADIO_SERVER_PORT", "8001", "port", 8001),
        ("GREENLIGHT_HOST", "0.0.0.0", "host", "0.0.0.0"),  # noqa: S104
        ("GRADIO_SERVER_NAME", "::", "host", "::"),
        ("GREENLIGHT_REVIEWERS", "a, b,,c ", "reviewers", frozenset("abc")),
        ("GREENLIGHT_ADMINS", "a", "admins", frozenset("a")),
        ("GREENLIGHT_SQLITE_FULL_SYNC", "true", "sqlite_full_sync", True),
        ("GREENLIGHT_STEP_LIMIT_S", "0.5", "step_limit_s", 0.5),
        ("GREENLIGHT_PROVIDER", "fal-ai", "provider", "fal-ai"),
        ("GREENLIGHT_REMOTE_DEADLINE_S", "60", "remote_deadline_s", 60),
        ("GREENLIGHT_REMOTE_ENDPOINT", "http://g/x/", "remote_endpoint", "http://g/x"),
        ("GREENLIGHT_PUBLIC_URL", "https://a.example/", "public_url", "https://a.example"),
        ("GREENLIGHT_PORT", "", "port", 7860),
        ("GREENLIGHT_HUB_PUBLIC", "true", "hub_public", True),
        ("GREENLIGHT_HUB_ENDPOINT", "http://h/", "hub_endpoint", "http://h"),
        ("GREENLIGHT_WEBHOOKS", "any", "webhooks", "any"),
        ("GREENLIGHT_MAILS_PER_HOUR", "5", "mails_per_hour", 5),
        ("GREENLIGHT_WEBHOOKS_PER_HOUR", "7", "webhooks_per_hour", 7),
        ("GREENLIGHT_MAIL_FROM", "G <a@b.example>", "mail_from", "G <a@b.example>"),
    ],
)
def test_a_name_in_the_environment_sets_a_knob(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, field: str, expected: object
) -> None:
    assert getattr(with_environment(monkeypatch, **{name: value}), field) == expected


def test_our_own_name_goes_before_gradios(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = with_environment(monkeypatch, GREENLIGHT_PORT="8000", GRADIO_SERVER_PORT="9000")
    assert settings.port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GREENLIGHT_PORT", "many"),
        ("GREENLIGHT_PORT", "70000"),
        ("GREENLIGHT_PORT", "-1"),
        ("GREENLIGHT_CLAIM_S", "5"),
        ("GREENLIGHT_SESSION_DAYS", "0"),
        ("GREENLIGHT_INVITE_HOURS", "0"),
        ("GREENLIGHT_PROMPT_LIMIT", "0"),
        ("GREENLIGHT_STEP_LIMIT_S", "0"),
        ("GREENLIGHT_PUBLIC_URL", "clips.example"),
        ("GREENLIGHT_PUBLIC_URL", "ftp://clips.example"),
        ("GREENLIGHT_ENGINE", "remote"),
        ("GREENLIGHT_ENGINE", "other"),
        ("GREENLIGHT_PROVIDER", "hf-inference"),
        ("GREENLIGHT_REMOTE_DEADLINE_S", "5"),
        ("GREENLIGHT_REMOTE_ENDPOINT", "gateway.example"),
        ("GREENLIGHT_ROLE", "web"),
        ("GREENLIGHT_DATABASE_URL", "mysql://db"),
        ("GREENLIGHT_MEDIA_URL", "s3://bucket"),
        ("GREENLIGHT_SQLITE_FULL_SYNC", "perhaps"),
        ("GREENLIGHT_HUB_REPO", "gallery"),
        ("GREENLIGHT_HUB_REPO", "owner/na/me"),
        ("GREENLIGHT_HUB_REPO", "owner/gallery"),  # without a token
        ("GREENLIGHT_HUB_KIND", "bucket"),
        ("GREENLIGHT_HUB_ENDPOINT", "hub.example"),
        ("GREENLIGHT_WEBHOOKS", "some"),
        ("GREENLIGHT_MAILS_PER_HOUR", "0"),
        ("GREENLIGHT_WEBHOOKS_PER_HOUR", "-1"),
        ("GREENLIGHT_MAIL_FROM", "nobody"),
        ("GREENLIGHT_MAIL_FROM", "Greenlight <clips@>"),
    ],
)
def test_a_bad_value_stops_the_start_with_its_name_and_value(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(BadSetting) as stopped:
        with_environment(monkeypatch, **{name: value})
    assert stopped.value.message.startswith(f"{name} is ")
    assert value.partition("://")[0] in stopped.value.message
    assert name in stopped.value.fix


def test_a_password_in_an_address_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    address = "postgresql://user:hunter2secret@db/greenlight"
    with pytest.raises(BadSetting) as stopped:
        with_environment(monkeypatch, GREENLIGHT_DATABASE_URL=address)
    assert "hunter2secret" not in str(stopped.value)


@pytest.mark.parametrize("name", ["GREENLIGHT_HF_TOKEN", "HF_TOKEN"])
def test_a_remote_engine_takes_its_token_from_either_name(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    settings = with_environment(monkeypatch, **{name: TOKEN, "GREENLIGHT_ENGINE": "remote"})
    assert (settings.engine, settings.hf_token.get_secret_value()) == ("remote", TOKEN)


def test_our_own_token_goes_before_the_hubs(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = with_environment(monkeypatch, GREENLIGHT_HF_TOKEN=TOKEN, HF_TOKEN="hf_b")
    assert settings.hf_token.get_secret_value() == TOKEN


def test_a_remote_engine_without_a_token_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match="GREENLIGHT_HF_TOKEN or HF_TOKEN"):
        with_environment(monkeypatch, GREENLIGHT_ENGINE="remote")


def test_publishing_to_the_hub_takes_the_same_token(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"HF_TOKEN": TOKEN, "GREENLIGHT_HUB_REPO": "owner/gallery"}
    settings = with_environment(monkeypatch, **values)
    assert (settings.hub_repo, settings.hub_public) == ("owner/gallery", False)


def test_a_bucket_is_refused_with_what_works(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match="a dataset repo only"):
        with_environment(monkeypatch, GREENLIGHT_HUB_KIND="bucket")


def test_the_token_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = with_environment(monkeypatch, HF_TOKEN=TOKEN)
    assert TOKEN not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize("name", ["GREENLIGHT_HF_TOKEN", "HF_TOKEN"])
def test_a_token_that_cannot_be_one_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with pytest.raises(BadSetting, match="a token is one word") as stopped:
        with_environment(monkeypatch, **{name: f"{TOKEN}\nand more"})
    told = "".join(traceback.format_exception(stopped.value))
    assert TOKEN not in told
    assert name in stopped.value.message


def test_another_bad_setting_does_not_show_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"HF_TOKEN": TOKEN, "SPACE_ID": "owner/space", "SYSTEM": "spaces"}
    with pytest.raises(BadSetting, match="hf_oauth") as stopped:
        with_environment(monkeypatch, **values)
    assert TOKEN not in "".join(traceback.format_exception(stopped.value))


def test_settings_do_not_change_while_the_process_runs() -> None:
    settings = read_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1


@pytest.mark.parametrize(
    ("values", "address"),
    [
        ({}, "http://127.0.0.1:7860"),
        ({"host": "0.0.0.0", "port": 80}, "http://127.0.0.1:80"),  # noqa: S104
        ({"public_url": "https://clips.example/"}, "https://clips.example"),
        ({"space_host": "a-b.hf.space"}, "https://a-b.hf.space"),
        ({"space_host": "a-b.hf.space,c.example"}, "https://a-b.hf.space"),
        ({"public_url": "https://x.example", "space_host": "y"}, "https://x.example"),
    ],
)
def test_links_begin_with_the_address_that_people_use(
    values: dict[str, object], address: str
) -> None:
    settings = read_settings(**values)
    assert settings.address == address
    assert settings.is_https is address.startswith("https")


def test_a_space_is_one_by_both_of_its_signs() -> None:
    """With the id alone Gradio itself would pretend its sign-in."""
    assert not read_settings(space_id="owner/space").on_spaces
    whole = read_settings(space_id="owner/space", system="spaces", oauth_client_secret="s")
    assert whole.on_spaces


def test_a_space_without_its_sign_in_does_not_start() -> None:
    with pytest.raises(BadSetting, match="hf_oauth: true"):
        read_settings(space_id="owner/space", system="spaces")


# ---- the mail server ----------------------------------------------------------------------

MAIL_FROM = "Greenlight <clips@house.example>"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("smtp://mail.example", ("mail.example", 25, "", "", "none")),
        ("smtp://mail.example:2525/?starttls=0", ("mail.example", 2525, "", "", "none")),
        ("smtp://mail.example/?starttls=1", ("mail.example", 587, "", "", "starttls")),
        ("smtps://mail.example", ("mail.example", 465, "", "", "implicit")),
        (
            "smtp://us:p%40ss@mail.example/?starttls=1",
            ("mail.example", 587, "us", "p@ss", "starttls"),
        ),
        ("smtps://us%40a.example:p@[::1]:466", ("::1", 466, "us@a.example", "p", "implicit")),
    ],
)
def test_a_mail_server_in_its_parts(address: str, expected: tuple[object, ...]) -> None:
    settings = read_settings(smtp_url=address, mail_from=MAIL_FROM)
    server = settings.mail_server
    assert server is not None
    assert (server.host, server.port, server.user, server.password, server.tls) == expected
    assert (server.sender, settings.sends_mail) == (MAIL_FROM, True)


def test_without_a_mail_server_no_mail_is_sent() -> None:
    settings = read_settings()
    assert (settings.mail_server, settings.sends_mail) == (None, False)


@pytest.mark.parametrize(
    ("address", "rule"),
    [
        ("smtp://us:hunter2@mail.example", "a password goes over TLS only"),
        ("smtp://us:hunter2@mail.example/?starttls=0", "a password goes over TLS only"),
        ("https://us:hunter2@mail.example", "write it as smtp://"),
        ("us:hunter2@mail.example", "write it as smtp://"),
        ("smtp://us:hunter2@", "write it as smtp://"),
        ("smtp://us:hunter2@mail.example:x", "write it as smtp://"),
        ("smtps://us:hunter2@mail.example/inbox", "write it as smtp://"),
        ("smtps://us:hunter2@mail.example/?tls=no", "the only thing after the question mark"),
    ],
)
def test_a_mail_server_that_cannot_be_used_stops_the_start_without_its_password(
    monkeypatch: pytest.MonkeyPatch, address: str, rule: str
) -> None:
    with pytest.raises(BadSetting, match=rule) as stopped:
        with_environment(monkeypatch, GREENLIGHT_SMTP_URL=address, GREENLIGHT_MAIL_FROM=MAIL_FROM)
    assert stopped.value.message.startswith("GREENLIGHT_SMTP_URL is ")
    assert "hunter2" not in str(stopped.value)


def test_a_mail_server_needs_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSetting, match="GREENLIGHT_MAIL_FROM is '': with a mail server"):
        with_environment(monkeypatch, GREENLIGHT_SMTP_URL="smtp://mail.example")


def test_the_password_of_the_mail_server_is_in_no_text_of_the_settings() -> None:
    settings = read_settings(smtp_url="smtps://us:hunter2@mail.example", mail_from=MAIL_FROM)
    assert "hunter2" not in repr(settings) + str(settings.mail_server)
