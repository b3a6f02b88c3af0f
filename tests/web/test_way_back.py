"""Where a sign-in leads back to: our own pages, and never another site."""

from __future__ import annotations

import pytest

from web.way_back import way_back


@pytest.mark.parametrize(
    "page",
    [
        "/",
        "/?tab=review",
        "/?tab=create&remix=0123456789abcdef",
        "/?q=%C3%A9t%C3%A9+rouge",
        "/clip/0123456789abcdef",
        "/clip/0123456789abcdef?t=1.5",
        "/stats",
    ],
)
def test_a_page_of_ours_is_led_back_to(page: str) -> None:
    assert way_back(page) == page


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\\/evil.example",
        "/.//evil.example",
        "/%2F/evil.example",
        "/%2Fevil.example",
        "%2F%2Fevil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\n//evil.example",
        "/\r\nLocation: https://evil.example",
        "/?a=b\r\nSet-Cookie: a=b",
        "/\x00",
        " /",
        "/ ",
        "/\n",
        "/?a=\u2028",
        "https:evil.example",
        "https://evil.example",
        "HTTPS://evil.example/",
        "https:/evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/@evil.example",
        "/?next=https://evil.example",
        "/#//evil.example",
        "//127.0.0.1:7860/",
        "/\uff0fevil.example",
        "/clip/..%2f..",
        "/clip/../api/v1/me",
        "/logout",
        "/login?next=/",
        "/media/0123456789abcdef.mp4",
        "/?" + "a" * 500,
    ],
)
def test_anything_else_leads_to_the_front_page(hostile: str) -> None:
    assert way_back(hostile) == "/"
