"""Sign-in on a Hugging Face Space, with the Space's own variables set and its secret known here.

What cannot be tried here is Hugging Face itself: the session cookie is made as Gradio makes it
after a sign-in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from itsdangerous import TimestampSigner

from tests.server import Server

CLIENT_SECRET = "of-the-test-space"


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("space")
    with Server(
        folder,
        SYSTEM="spaces",
        SPACE_ID="lab/greenlight",
        SPACE_HOST="lab-greenlight.hf.space",
        OAUTH_CLIENT_ID="test",
        OAUTH_CLIENT_SECRET=CLIENT_SECRET,
        OAUTH_SCOPES="openid profile",
        OPENID_PROVIDER_URL="http://127.0.0.1:9",
        GREENLIGHT_REVIEWERS="rita, rob",
        GREENLIGHT_REVIEWER_ORG="museum",
    ) as server:
        yield server


def session(secret: str = CLIENT_SECRET, **profile: Any) -> dict[str, str]:
    """Gradio's signed session of somebody who signed in with Hugging Face."""
    info = {
        "userinfo": {"sub": profile["preferred_username"] + "-sub", **profile},
        "expires_at": time.time() + 3600,
    }
    key = hashlib.sha256((secret + "-v4").encode()).hexdigest()
    data = base64.b64encode(json.dumps({"oauth_info": info}).encode())
    return {"session": TimestampSigner(key).sign(data).decode()}


def role(space: Server, cookies: dict[str, str]) -> str:
    with httpx.Client(base_url=space.url, cookies=cookies) as client:
        answer: str = client.get("/api/v1/me").json()["role"]
        return answer


def test_the_owner_of_the_space_is_its_admin(space: Server) -> None:
    assert role(space, session(preferred_username="lab")) == "admin"


def test_a_named_reviewer_reviews(space: Server) -> None:
    assert role(space, session(preferred_username="rob")) == "reviewer"


def test_a_member_of_the_reviewing_organisation_reviews(space: Server) -> None:
    orgs = [{"sub": "1", "preferred_username": "museum", "name": "The Museum"}]
    assert role(space, session(preferred_username="curator", orgs=orgs)) == "reviewer"


def test_anybody_else_signed_in_is_nobody_here(space: Server) -> None:
    assert role(space, session(preferred_username="passer-by")) == "anon"


def test_a_session_signed_with_the_public_constant_is_worth_nothing(space: Server) -> None:
    assert role(space, session(secret="", preferred_username="lab")) == "anon"


def test_off_a_space_such_a_session_is_worth_nothing(server: Server) -> None:
    assert role(server, session(secret="", preferred_username="lab")) == "anon"


def test_an_invitation_is_accepted_by_the_account_that_is_signed_in(space: Server) -> None:
    link = space.manage("invite", "--role", "creator").replace(
        "https://lab-greenlight.hf.space", ""
    )
    cookies = session(preferred_username="ana")
    with httpx.Client(base_url=space.url, cookies=cookies) as client:
        client.post(link, data={}, headers={"Accept": "text/html"})
    assert role(space, cookies) == "creator"


def test_signing_in_goes_to_hugging_face(space: Server) -> None:
    answer = httpx.get(f"{space.url}/login")
    where = "/login/huggingface?_target_url=%2F"
    assert (answer.status_code, answer.headers["location"]) == (303, where)


def test_signing_in_leads_back_to_the_page_one_came_from(space: Server) -> None:
    answer = httpx.get(f"{space.url}/login", params={"next": "/?tab=review"})
    assert answer.headers["location"].endswith("?_target_url=%2F%3Ftab%3Dreview")


@pytest.mark.parametrize("hostile", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_leads_to_no_other_site(space: Server, hostile: str) -> None:
    answer = httpx.get(f"{space.url}/login", params={"next": hostile})
    assert answer.headers["location"].endswith("?_target_url=%2F")


def test_share_links_use_the_address_of_the_space(space: Server) -> None:
    assert space.manage("invite", "--role", "creator").startswith(
        "https://lab-greenlight.hf.space/"
    )


def test_signing_out_ends_the_session_of_this_browser(space: Server) -> None:
    answer = httpx.post(f"{space.url}/logout", cookies=session(preferred_username="rob"))
    said = answer.headers.get_list("set-cookie")
    assert any(each.startswith("session=null;") for each in said)
