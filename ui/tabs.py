"""The whole page: the bar on top and the five tabs, each shown to those it is of use to.

Knows nothing of rules. Hiding a tab is a kindness, not a lock: routes and events check by
themselves.
"""

from __future__ import annotations

import html
from typing import Any, Final
from urllib.parse import quote

import gradio as gr

from accounts.permissions import User
from actions import Actions
from errors import GreenlightError
from language import LANGUAGES, catalogue, choose, say
from ui.admin import admin_tab
from ui.create import create_tab
from ui.events import CurrentUser, asking, refusals_shown
from ui.offers import offers
from ui.screens import screen

TABS: Final = ("create", "mine", "review", "gallery", "admin")
MINE_PARTS: Final = (  # in the order in which they are read
    "progress",
    "remaining",
    "line",
    "why",
    "batch",
    "kin",
    "diff",
    "duet",
    "compare",
    "appeal",
    "words",
    "rewording",
    "yours",
    "acts",
    "pen",
    "remarks",
    "card",
    "question",
)
DESK_PARTS: Final = (
    "diff",
    "duet",
    "compare",
    "sitting",
    "sheet",
    "keys",
    "player",
    "strip",
    "pen",
    "marks",
    "stage",
    "facts",
    "story",
    "precedents",
    "golden",
    "agreement",
    "verdict",
    "undo",
    "handover",
    "claim",
    "posters",
    "bulk",
    "reports",
    "care",
    "queue",
    "health",
    "hub",
    "news",
)


def texts() -> gr.I18n:
    """A copy of the catalogues: the page adds the words of its preset."""
    return gr.I18n(**{language: dict(catalogue(language)) for language in LANGUAGES})


def build_page(
    actions: Actions, current_user: CurrentUser, t: gr.I18n, *, expects_oauth: bool
) -> gr.Blocks:
    with _page_class(expects_oauth)(
        title="Greenlight", analytics_enabled=False, fill_width=True
    ) as page:
        topbar = screen("topbar", elem_id="topbar", parts=("address",))
        with gr.Tabs(selected="gallery", elem_id="tabs") as tabs:
            with gr.Tab(t("tab.create"), id="create", elem_id="create", visible=False) as create:
                for language, words in offers(actions.engine.preset).items():
                    t.translations[language].update(words)
                form = create_tab(
                    actions.engine.preset,
                    t,
                    current_user=current_user,
                    create=actions.create,
                    prompt_limit=actions.settings.prompt_limit,
                )
            with gr.Tab(t("tab.mine"), id="mine", elem_id="mine", visible=False) as mine:
                screen("mine", elem_id="my-clips", parts=MINE_PARTS)
            with gr.Tab(t("tab.review"), id="review", elem_id="review", visible=False) as review:
                screen(
                    "desk",
                    elem_id="desk",
                    parts=DESK_PARTS,
                    facts={"claim_s": actions.settings.claim_s},
                )
            with gr.Tab(t("tab.gallery"), id="gallery", elem_id="gallery") as gallery:
                screen("curate", elem_id="curate", parts=("curate_draft",))
                screen("gallery", elem_id="published", parts=("filters",))
            with gr.Tab(t("tab.admin"), id="admin", elem_id="admin", visible=False) as admin:
                admin_tab(admin, t, actions, current_user)

        def boot(request: gr.Request) -> list[Any]:
            user = asking(current_user, request)
            shown = _tabs_of(user)
            wanted = request.query_params.get("tab") or next(iter(shown))
            selected = wanted if wanted in shown else next(iter(shown))
            updates = [gr.Tab(visible=name in shown) for name in TABS]
            return [*updates, gr.Tabs(selected=selected), *remixed(user, request)]

        def remixed(user: User, request: gr.Request) -> list[Any]:
            """The form, filled with the clip that the address names (`?remix=`); else left alone."""
            untouched: list[Any] = [gr.skip()] * len(form.fields)
            clip_id = request.query_params.get("remix")
            if not clip_id:
                return untouched
            if user.role is None:
                language = choose(request.headers.get("accept-language", ""))
                # With a link of its own: the message covers the button.
                back = quote(
                    f"/?tab=create&remix={clip_id}", safe=""
                )  # nor can it end the attribute
                way_in = f'<a href="/login?next={back}">{say(language, "top.signin")}</a>'
                gr.Info(f"{say(language, 'remix.sign_in')} {way_in}", title="")
                return untouched
            try:
                user.must("create clips")
                return form.values_of(actions.clip(user, clip_id))
            except GreenlightError as error:  # the page itself must still come up
                gr.Warning(html.escape(f"{error.message} {error.fix}".strip()), title="")
                return untouched

        def reuse(request: gr.Request, event: gr.EventData) -> list[Any]:
            """Fill the form with the settings of a clip that the asker may see."""
            with refusals_shown():
                clip_id = str((event._data or {}).get("id", ""))
                clip = actions.clip(asking(current_user, request), clip_id)
                return [*form.values_of(clip), gr.Tabs(selected="create")]

        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "undocumented"}
        shown_first = [create, mine, review, gallery, admin, tabs]
        page.load(boot, None, [*shown_first, *form.fields], **quiet)
        topbar.reuse(reuse, None, [*form.fields, tabs], **quiet)
    return page  # type: ignore[no-any-return]


def _page_class(expects_oauth: bool) -> type[gr.Blocks]:
    """Blocks with Hugging Face's sign-in routes, which Gradio adds only where its own button is.

    The flag must stand on the class: Gradio reads it while the page is being built.
    """
    return type("Page", (gr.Blocks,), {"expects_oauth": expects_oauth})


def _tabs_of(user: User) -> dict[str, None]:
    """Tabs in order of use to this person; the first one opens."""
    shown = []
    if user.may("see held clips"):
        shown.append("review")
    if user.may("create clips"):
        shown += ["create", "mine"]
    shown.append("gallery")
    if user.may("administer"):
        shown.append("admin")
    return dict.fromkeys(shown)
