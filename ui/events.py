"""What every Gradio event handler begins and ends with: who asks, and how a refusal is shown.

Knows nothing of the acts. A handler can be called by anyone who can reach the server, whatever
tab or button is hidden, so it finds the user from the request itself, every time.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import gradio as gr
from starlette.requests import HTTPConnection

from accounts.permissions import STRANGER, User
from errors import GreenlightError

CurrentUser = Callable[[HTTPConnection], User]


def asking(current_user: CurrentUser, request: gr.Request) -> User:
    """The user behind an event. An event without a request is a stranger's."""
    return current_user(request.request) if request.request is not None else STRANGER


@contextmanager
def refusals_shown() -> Iterator[None]:
    """Show one of our errors as Gradio's message. Its text is escaped: Gradio reads it as HTML."""
    try:
        yield
    except GreenlightError as error:
        words = html.escape(f"{error.message} {error.fix}".strip())
        raise gr.Error(words, title="", print_exception=False) from error
