"""Pages that a server writes whole: share page of a clip, public numbers, invitation, sign-in, failure.

Knows nothing of who may see a clip: it is handed one that may be shown. All text is escaped by
the template engine; absolute links are built from the settings, never from a request.
"""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from accounts.models import Invite
from errors import GreenlightError, NotFound
from gallery import figures
from gallery.credit import credit_line, heading
from gallery.oembed import embed_code, shown_size
from gallery.qr import qr_code
from gallery.question import ORDERS
from gallery.reading import Said
from gallery.schema_org import item_list, video_object
from gallery.tombstone import Tombstone
from gallery.verify import Finding
from gallery.wall import Wall, parameters
from language import catalogue, choose, say

_TEMPLATES: Final = Path(__file__).parent / "templates"


def clip_page(
    clip: dict[str, Any],
    accept_language: str,
    *,
    address: str,
    report: dict[str, Any] | None = None,
    said: Said | None = None,
) -> str:
    """The share page of a published clip: player, prompt, credit, provenance, and what other sites
    read to show it: OpenGraph, player card, oEmbed discovery, JSON-LD.

    `said`: what its file says of itself; None while that is still being read.
    """
    language = choose(accept_language)
    width, height = shown_size(clip["width"], clip["height"])
    return _render(
        "clip.html",
        language,
        clip=clip,
        said=said,
        address=address,
        facts=video_object(clip, language, address=address),
        embed=embed_code(clip, address, width, height),
        player=(width, height),
        report=report,
        heading=heading(clip, language),
        by=say(language, "page.by", name=credit_line(clip, language)),
        qr=qr_code(f"{address}/clip/{clip['id']}"),
    )


def embed_page(clip: dict[str, Any], accept_language: str, *, address: str) -> str:
    """The player alone, for a frame in another page: the clip, its credit, and where it is from."""
    language = choose(accept_language)
    return _render(
        "embed.html", language, clip=clip, address=address, heading=heading(clip, language)
    )


def tombstone_page(stone: Tombstone, accept_language: str) -> str:
    """What is left where a clip was taken down."""
    language = choose(accept_language)
    since = stone.since.date().isoformat()
    return _render("tombstone.html", language, since=since, reasons=stone.reasons)


def verify_page(
    found: Finding | None,
    accept_language: str,
    *,
    address: str,
    url: str,
    error: GreenlightError | None,
    limit_mb: int,
) -> str:
    """The form to check a clip, and what was found of the one that was sent."""
    return _render(
        "verify.html",
        choose(accept_language),
        found=found,
        said=found.said if found else None,
        address=address,
        url=url,
        error=error,
        limit_mb=limit_mb,
    )


def wall_page(
    wall: Wall,
    accept_language: str,
    *,
    address: str,
    path: str,
    profile: dict[str, Any] | None = None,
) -> str:
    """The gallery, or a creator's works with their profile: whole without a script, a page at a
    time."""
    language = choose(accept_language)

    def style(name: str) -> str:
        return catalogue(language).get(f"style.{name}", name)

    return _render(
        "wall.html",
        language,
        wall=wall,
        address=address,
        link=f"{address}{path}",
        asked=parameters(wall.question),
        style=style,
        number=partial(figures.number, language),
        orders=ORDERS,
        profile=profile,
        heading=partial(heading, language=language),
    )


def programmes_page(
    found: dict[str, Any], accept_language: str, *, address: str, is_first: bool
) -> str:
    """The open programmes, a page at a time."""
    language = choose(accept_language)
    return _render(
        "programmes.html",
        language,
        programmes=found["items"],
        older=found["next"],
        is_first=is_first,
        address=address,
        number=partial(figures.number, language),
    )


def programme_page(programme: dict[str, Any], accept_language: str, *, address: str) -> str:
    """One open programme: its clips in order, with the curator's words."""
    return _programme("programme.html", programme, accept_language, address)


def screening_page(programme: dict[str, Any], accept_language: str, *, address: str) -> str:
    """The same to be watched in one go; without a script a list of players."""
    return _programme("screening.html", programme, accept_language, address)


def _programme(template: str, programme: dict[str, Any], accept_language: str, address: str) -> str:
    language = choose(accept_language)
    return _render(
        template,
        language,
        programme=programme,
        address=address,
        link=f"{address}/programme/{programme['slug']}",
        facts=item_list(programme, address=address),
        heading=partial(heading, language=language, longest=140),
        by=lambda clip: say(language, "page.by", name=credit_line(clip, language)),
        number=partial(figures.number, language),
        duration=figures.duration(language, programme["duration_s"]),
    )


@cache
def screening_script() -> str:
    """What plays the clips of a programme one after the other."""
    return (_TEMPLATES / "screening.js").read_text(encoding="utf-8")


@cache
def wall_script() -> str:
    """What plays a clip of the wall while it is pointed at."""
    return (_TEMPLATES / "wall.js").read_text(encoding="utf-8")


def invite_page(
    invite: Invite, accept_language: str, *, on_spaces: bool, signed_in_as: str, path: str
) -> str:
    return _render(
        "invite.html",
        choose(accept_language),
        invite=invite,
        on_spaces=on_spaces,
        signed_in_as=signed_in_as,
        path=path,
    )


def login_page(
    accept_language: str, *, back: str = "/", wrong: bool = False, name: str = ""
) -> str:
    """`back`: where it leads afterwards, a path that was checked."""
    return _render("login.html", choose(accept_language), back=back, wrong=wrong, name=name)


def stats_page(numbers: dict[str, Any], accept_language: str, *, address: str) -> str:
    """The public numbers about the gate (moderation/statistics.py), reason by reason."""
    language = choose(accept_language)

    def count(value: int | None) -> str:
        if value is None:
            return say(language, "stats.few", n=numbers["fewer_than"])
        return figures.number(language, value)

    return _render(
        "stats.html",
        language,
        numbers=numbers,
        address=address,
        count=count,
        number=partial(figures.number, language),
        percent=partial(figures.percent, language),
        duration=partial(figures.duration, language),
    )


def failure_page(error: GreenlightError, accept_language: str) -> str:
    missing = isinstance(error, NotFound)
    return _render("failure.html", choose(accept_language), error=error, missing=missing)


def render(template: str, language: str, **values: Any) -> str:
    """A page of another room (report_pages.py)."""
    return _render(template, language, **values)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _render(template: str, language: str, **values: Any) -> str:
    def t(key: str, **words: object) -> str:
        return say(language, key, **words)

    return _environment().get_template(template).render(t=t, language=language, **values)
