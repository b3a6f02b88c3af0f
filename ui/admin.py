"""The Admin tab: invitations, switches, people, and the review policy (static/policy.js).

Knows nothing of how any of it is stored. Seeing the tab proves nothing: every handler finds out
who is calling, and the acts refuse everybody but admins.
"""

from __future__ import annotations

import html
from typing import Any

import gradio as gr

from accounts.models import Person, Role
from accounts.permissions import User
from accounts.switches import WHAT
from actions import Actions
from language import choose, say
from store import as_text
from ui.events import CurrentUser, asking, refusals_shown
from ui.screens import screen


def admin_tab(tab: gr.Tab, texts: gr.I18n, actions: Actions, current_user: CurrentUser) -> None:
    with gr.Row(equal_height=True):
        role = gr.Dropdown(
            [each.value for each in Role],
            value=Role.CREATOR.value,
            label=texts("admin.role"),
            elem_id="invite-role",
        )
        name = gr.Textbox(
            label=texts("admin.name"),
            info=texts("admin.name_info"),
            max_lines=1,
            elem_id="invite-name",
        )
    invite = gr.Button(texts("admin.invite"), variant="primary", elem_id="invite-go")
    link = gr.Textbox(
        label=texts("admin.link"),
        info=texts("admin.link_info"),
        interactive=False,
        buttons=["copy"],
        elem_id="invite-link",
    )
    people = gr.HTML("", elem_id="people", apply_default_css=False)
    with gr.Row(equal_height=True):
        leaver = gr.Textbox(label=texts("admin.leaver"), max_lines=1, elem_id="revoke-name")
        revoke = gr.Button(texts("admin.revoke"), variant="stop", elem_id="revoke-go")
    paused = gr.HTML("", elem_id="paused", apply_default_css=False)
    with gr.Row(equal_height=True):
        what = gr.Dropdown([*WHAT, "all"], value="all", label=texts("admin.what"), elem_id="what")
        message = gr.Textbox(label=texts("admin.message"), max_lines=1, elem_id="message")
    with gr.Row():
        pause = gr.Button(texts("admin.pause"), elem_id="pause-go")
        resume = gr.Button(texts("admin.resume"), elem_id="resume-go")
    hub = gr.HTML("", elem_id="hub", apply_default_css=False)
    screen("policy", elem_id="policy", parts=("policy_draft",))

    def overview(user: User, request: gr.Request) -> tuple[str, str, str]:
        language = choose(request.headers.get("accept-language", ""))
        paused = actions.health()["paused"]
        hub = _hub(actions.hub(user, language), language)
        return _people(actions.people(user), language), _switches(paused, language), hub

    def show(request: gr.Request) -> tuple[str, str, str]:
        with refusals_shown():
            return overview(asking(current_user, request), request)

    def make_link(role: str, name: str, request: gr.Request) -> str:
        with refusals_shown():
            return actions.invite(asking(current_user, request), role=role, name=name)

    def close_access(name: str, request: gr.Request) -> tuple[str, str, str, str]:
        with refusals_shown():
            user = asking(current_user, request)
            actions.revoke(user, name)
            return "", *overview(user, request)

    def pause_it(what: str, message: str, request: gr.Request) -> tuple[str, str, str]:
        with refusals_shown():
            user = asking(current_user, request)
            actions.pause(user, what, message or None)
            return overview(user, request)

    def resume_it(what: str, request: gr.Request) -> tuple[str, str, str]:
        with refusals_shown():
            user = asking(current_user, request)
            actions.resume(user, what)
            return overview(user, request)

    shown = [people, paused, hub]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "undocumented"}
    tab.select(show, None, shown, **quiet)
    gr.on([invite.click, name.submit], make_link, [role, name], link, **quiet)
    revoke.click(close_access, leaver, [leaver, *shown], **quiet)
    pause.click(pause_it, [what, message], shown, **quiet)
    resume.click(resume_it, what, shown, **quiet)


def _people(everyone: list[Person], language: str) -> str:
    """A table; every value is escaped, because names are chosen by people."""
    rows = []
    for person in everyone:
        access = say(language, "admin.revoked") if person.locked_at else ""
        texts = (person.name, person.role, as_text(person.created_at)[:10], access)
        cells = "".join(f"<td>{html.escape(text)}</td>" for text in texts)
        rows.append(f"<tr>{cells}</tr>")
    return f'<table class="gl-people"><tbody>{"".join(rows)}</tbody></table>'


def _switches(paused: list[str], language: str) -> str:
    what = ", ".join(paused)
    words = say(language, "admin.paused", what=what) if paused else say(language, "admin.running")
    return f'<p class="gl-switches">{html.escape(words)}</p>'


def _hub(report: dict[str, Any], language: str) -> str:
    """Nothing, where nothing was ever published to the Hub."""
    if not report["places"]:
        return ""
    lines = [place["says"] for place in report["places"]]
    lines += [f"{each['clip_id']}: {each['says']}" for each in report["removals"]]
    lines += [f"{each['clip_id']}: {each['says']}" for each in report["troubled"]]
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    title = html.escape(say(language, "hub.title"))
    return f'<section class="gl-hub"><h3>{title}</h3><ul>{items}</ul></section>'
