"""Greenlight, put together: settings → store → engine → jobs → routes → tabs → launch.

Knows nothing of rules: each stands in its own room (see the README's map).
"""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import OperationalError

from accounts import people
from accounts.identity import Identity
from accounts.models import Role
from actions import Actions
from audit import SYSTEM
from errors import CannotStart, GreenlightError, complain
from gallery.panel import Panels
from gallery.provenance import Signer
from hub.keeper import Keeper
from jobs import Jobs
from keys import read_key
from media import MediaStore
from moderation import amendment
from notices.deliver import Delivery
from notices.proofs import KEY_NAME
from pipeline.engine import DiffusersEngine, Engine
from pipeline.frame import FRAME_LIMIT_BYTES
from pipeline.presets import find_preset
from pipeline.remote import open_remote
from settings import VERSION, Settings, read_settings
from store import Store, only_process, open_store

log = logging.getLogger("greenlight")


@dataclass(frozen=True)
class Greenlight:
    """One running instance without its pages: what the app, the demo and the tests start from."""

    settings: Settings
    store: Store
    media: MediaStore
    engine: Engine
    jobs: Jobs
    actions: Actions
    identity: Identity
    signer: Signer
    panels: Panels


@contextlib.contextmanager
def running(
    settings: Settings, engine: Engine | None = None, *, restart: Callable[[], None] | None = None
) -> Iterator[Greenlight]:
    """An instance that owns its database and works through its jobs. Raises AnotherProcess.

    `restart`: what to do when the engine hangs; by default this process begins again.
    """
    with only_process(settings.database_file):
        store = open_store(settings)
        with store.write() as session:
            amendment.install(session)
        media = MediaStore(settings.media_folder)
        engine = engine or _engine(settings)
        signer = Signer(
            settings.keys_folder,
            f"Greenlight/{VERSION}",
            own=settings.c2pa_files,
            authority=settings.c2pa_tsa,
        )
        panels = Panels(media, signer.certificates)
        jobs = Jobs(settings, store, media, engine, signer, restart=restart or begin_again)
        identity = Identity(settings, store, read_key(settings.keys_folder, "cookie.key"))
        delivery = Delivery(settings, store, read_key(settings.keys_folder, KEY_NAME))
        keeper = Keeper(settings, store, media)
        try:
            jobs.launch()
            delivery.start()
            keeper.start()
            actions = Actions(settings, store, media, engine, jobs)
            with actions.finding.counts:
                yield Greenlight(
                    settings, store, media, engine, jobs, actions, identity, signer, panels
                )
        finally:
            panels.close()
            keeper.close()
            delivery.close()
            jobs.close()
            store.close()


def begin_again() -> None:
    """Replace this process by a fresh one of the same command; locks and sockets go with it."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  (our own command)


def _engine(settings: Settings) -> Engine:
    if settings.engine == "remote":
        return open_remote(settings)
    return DiffusersEngine(find_preset(settings.model), settings.data / "learned")


def launch(greenlight: Greenlight) -> Any:
    """Serve the tabs and the routes on one address. Returns Gradio's page, to close or to block."""
    import gradio as gr
    from starlette.middleware import Middleware

    from ui.screens import page_head, style_sheet
    from ui.tabs import build_page, texts
    from web.agreement import agreement_routes
    from web.api import api_routes, openapi_route
    from web.authorship import authorship_routes
    from web.bulk import bulk_routes
    from web.compression import Compression
    from web.desk import desk_routes
    from web.failures import failure_handlers
    from web.files import file_routes
    from web.gallery import gallery_routes
    from web.guard import Guard
    from web.hub import hub_routes
    from web.live import Live, live_routes
    from web.media import media_routes
    from web.notices import notice_routes
    from web.people import people_routes
    from web.programmes import programme_routes
    from web.reports import report_routes
    from web.share import share_routes
    from web.verify import SLACK_BYTES, verify_routes

    settings, actions, identity = greenlight.settings, greenlight.actions, greenlight.identity
    notices_key = read_key(settings.keys_folder, KEY_NAME)
    # Gradio's server exists once it is launched; open streams end when it is told to stop.
    live = Live(greenlight.store, is_closing=lambda: getattr(page.server, "should_exit", False))
    routers = [
        api_routes(actions, identity),
        authorship_routes(actions.authorship, identity),
        desk_routes(actions.reviewing, greenlight.store, identity),
        bulk_routes(actions.reviewing, identity),
        agreement_routes(greenlight.store, identity),
        hub_routes(greenlight.store, identity),
        live_routes(live, identity),
        notice_routes(greenlight.store, identity, settings, notices_key),
        media_routes(actions, identity, greenlight.media),
        file_routes(actions, greenlight.media),
        people_routes(actions, identity),
        report_routes(actions, identity),
        share_routes(actions, greenlight.panels),
        verify_routes(actions, greenlight.media, greenlight.signer),
        gallery_routes(actions.finding, actions.authorship.public_profile, settings.address),
        programme_routes(actions.curating, identity, settings.address),
    ]
    routers.append(openapi_route(routers))
    words = texts()
    page = build_page(actions, identity.current_user, words, expects_oauth=settings.on_spaces)
    page.queue(default_concurrency_limit=4, max_size=256, api_open=False)
    hosts = {settings.address.partition("://")[2]}
    hosts |= {host.strip() for host in settings.space_host.split(",") if host.strip()}
    page.launch(
        server_name=settings.host,
        server_port=settings.port,
        prevent_thread_lock=True,
        quiet=True,
        ssr_mode=False,
        run_history=False,
        footer_links=[],
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        share=False,
        show_error=False,
        i18n=words,
        theme=gr.themes.Base(
            primary_hue="green", neutral_hue="zinc", font=["system-ui", "sans-serif"]
        ),
        css=style_sheet(),
        head=page_head(),
        blocked_paths=[str(settings.data.resolve())],
        auth_dependency=lambda request: identity.current_user(request).name,
        app_kwargs={
            "routes": [route for router in routers for route in router.routes],
            "exception_handlers": failure_handlers(),
            "middleware": [
                Middleware(
                    Guard,
                    hosts=frozenset(host.lower() for host in hosts),
                    body_limit=settings.body_limit_kb * 1024,
                    picture_limit=FRAME_LIMIT_BYTES,
                    verify_limit=settings.verify_limit_mb * 1024 * 1024 + SLACK_BYTES,
                    https=settings.is_https,
                ),
                Middleware(Compression),
            ],
            "openapi_url": None,
        },
    )
    return page


def serve(greenlight: Greenlight) -> Any:
    """Begin to answer. On the first run the way in for the admin is said before, so that whoever
    sees the app answer finds it in the log."""
    invite_admin(greenlight)
    page = launch(greenlight)
    print(f"Greenlight is at {greenlight.settings.address}", flush=True)
    return page


def invite_admin(greenlight: Greenlight) -> None:
    """Print a link for the first admin, as long as there is none."""
    with greenlight.store.write() as session:
        if greenlight.settings.on_spaces or people.has_admin(session):
            return
        token = people.invite(session, role=Role.ADMIN, name=None, created_by=SYSTEM, hours=24)
    print(
        f"Admin link, good for one person and 24 hours: {greenlight.settings.address}/invite/{token}",
        flush=True,
    )


def main() -> int:
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for noisy in ("httpx", "alembic", "PIL"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    os.umask(0o077)  # held clips and keys are nobody else's on this machine
    try:
        with running(read_settings()) as greenlight:
            stopped = threading.Event()
            for number in (signal.SIGTERM, signal.SIGINT):  # before anyone can see that it runs
                signal.signal(number, lambda *_: stopped.set())
            page = serve(greenlight)
            # The model loads while people can already read the page and send prompts.
            threading.Thread(target=_load, args=[greenlight.engine], daemon=True).start()
            stopped.wait()
            page.close(verbose=False)
            greenlight.actions.finding.counts.close()
            # A clip that is being made goes on from its last finished step at the next start;
            # waiting for its thread here would only delay the stop.
            sys.stdout.flush()
            os._exit(0)
    except GreenlightError as error:
        return complain(error)
    except (OSError, OperationalError) as error:
        return complain(CannotStart(why=error))


def _load(engine: Engine) -> None:
    with contextlib.suppress(GreenlightError):  # logged by the engine, shown by /healthz
        engine.load()
    # What is there now stays: the model and the libraries, a million objects. Looked through at
    # each full collection they stop every thread for a quarter of a second (bench/RESULTS.md).
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
