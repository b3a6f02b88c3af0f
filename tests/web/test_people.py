"""Coming in and going out over HTTP: invitations, cookies, passwords, throttling."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.server import Server

PASSWORD = "correct horse battery"


@pytest.fixture
def visitor(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def path_of(server: Server, link: str) -> str:
    assert link.startswith(f"{server.url}/invite/"), link
    return link.removeprefix(server.url)


def test_an_invitation_makes_a_person_with_its_role(server: Server, visitor: httpx.Client) -> None:
    path = path_of(server, server.manage("invite", "--role", "reviewer"))
    answer = visitor.post(path, json={"name": "Zoë"})
    assert (answer.status_code, visitor.get("/api/v1/me").json()["role"]) == (200, "reviewer")


def test_opening_an_invitation_does_not_use_it_up(server: Server, visitor: httpx.Client) -> None:
    path = path_of(server, server.manage("invite", "--role", "creator", "--name", "Opener"))
    assert [visitor.get(path).status_code for _ in range(3)] == [200, 200, 200]
    assert visitor.post(path, json={}).json() == {"name": "Opener", "role": "creator"}


def test_an_invitation_is_good_for_one_person(server: Server, visitor: httpx.Client) -> None:
    path = path_of(server, server.manage("invite", "--role", "creator"))
    assert visitor.post(path, json={"name": "First One"}).status_code == 200
    second = httpx.post(f"{server.url}{path}", json={"name": "Second One"})
    assert (second.status_code, second.json()["error"]["code"]) == (404, "invite_used")


def test_a_made_up_invitation_is_a_404(visitor: httpx.Client) -> None:
    assert visitor.get("/invite/nothing").status_code == 404


def test_the_cookie_cannot_be_read_by_scripts_or_sent_by_other_sites(
    server: Server, visitor: httpx.Client
) -> None:
    path = path_of(server, server.manage("invite", "--role", "creator"))
    said = visitor.post(path, json={"name": "Cookie"}).headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=lax" in said


def test_a_password_signs_in_again(server: Server, visitor: httpx.Client) -> None:
    path = path_of(server, server.manage("invite", "--role", "creator"))
    httpx.post(f"{server.url}{path}", json={"name": "Passy", "password": PASSWORD})
    answer = visitor.post("/login", data={"name": "passy", "password": PASSWORD})
    assert (answer.status_code, visitor.get("/api/v1/me").json()["name"]) == (200, "Passy")


def sign_in(visitor: httpx.Client, **fields: str) -> httpx.Response:
    """As the page's form does."""
    return visitor.post("/login", data=fields, headers={"Accept": "text/html"})


@pytest.fixture(scope="module")
def member(server: Server) -> dict[str, str]:
    path = path_of(server, server.manage("invite", "--role", "creator"))
    fields = {"name": "Wanderer", "password": PASSWORD}
    httpx.post(f"{server.url}{path}", json=fields).raise_for_status()
    return fields


def test_signing_in_leads_back_to_the_page_one_came_from(
    visitor: httpx.Client, member: dict[str, str]
) -> None:
    page = visitor.get("/login", params={"next": "/?tab=mine&clip=abc"}).text
    assert 'name="next" value="/?tab=mine&amp;clip=abc"' in page
    answer = sign_in(visitor, next="/?tab=mine&clip=abc", **member)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?tab=mine&clip=abc")


def test_a_wrong_password_on_the_way_does_not_lose_the_page(
    visitor: httpx.Client, member: dict[str, str]
) -> None:
    answer = sign_in(visitor, name=member["name"], password="wrong-password", next="/stats")
    assert answer.status_code == 401
    assert 'name="next" value="/stats"' in answer.text


@pytest.mark.parametrize("hostile", ["//evil.example", "/\\evil.example", "https://evil.example"])
def test_signing_in_leads_to_no_other_site(
    visitor: httpx.Client, member: dict[str, str], hostile: str
) -> None:
    assert "evil.example" not in visitor.get("/login", params={"next": hostile}).text
    assert sign_in(visitor, next=hostile, **member).headers["location"] == "/"


def test_signing_out_ends_the_session_of_this_browser(
    server: Server, visitor: httpx.Client
) -> None:
    path = path_of(server, server.manage("invite", "--role", "creator"))
    visitor.post(path, json={"name": "Leaver"})
    visitor.post("/logout")
    assert visitor.get("/api/v1/me").json()["role"] == "anon"


@pytest.mark.parametrize("name", ["Nobody At All", "ana"])
def test_a_wrong_name_or_password_is_the_same_401(name: str, visitor: httpx.Client) -> None:
    answer = visitor.post("/login", json={"name": name, "password": "wrong-password"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "wrong_password")


def test_guessing_is_stopped_with_a_time_to_come_back(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Server(tmp_path_factory.mktemp("guessing")) as own:
        answers = [
            httpx.post(f"{own.url}/login", json={"name": "ana", "password": "wrong-password"})
            for _ in range(11)
        ]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0


def test_a_browser_gets_pages_where_a_script_gets_json(visitor: httpx.Client) -> None:
    page = visitor.get("/clip/nothing", headers={"Accept": "text/html", "Accept-Language": "fr"})
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert '<html lang="fr">' in page.text
