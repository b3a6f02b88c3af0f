"""Checking a clip: `/verify` for people, without a script, and `POST /api/v1/verify` for programs.

Knows nothing of what makes a file genuine (gallery/verify.py). A file that is sent, or fetched from
a link, lies in a folder of its own for as long as it is read. Two are looked at at a time, few are
on their way, of each address fewer, and each may ask some times in an hour, so that nobody fills the
disk or keeps others out.
"""

from __future__ import annotations

import asyncio
import errno
import json
import re
import shutil
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from accounts.models import new_id
from actions import Actions
from errors import (
    BadInput,
    BodyTooLarge,
    GreenlightError,
    NotFound,
    NotJson,
    StorageFull,
    TooMany,
)
from gallery import verify
from gallery.fetching import fetch, read_link
from gallery.pages import verify_page
from gallery.provenance import Signer
from gallery.reading import read_apart, read_said
from gallery.verify import Finding
from media import MediaStore, sha256_of
from moderation.reports import network_of
from web.reports import address_of

SLACK_BYTES: Final = 16 * 1024
"""What a form needs beside the file in it."""

_AT_ONCE: Final = 2
"""Files that are looked at; also those that one address may have on their way."""
_ON_THEIR_WAY: Final = 8
_HOUR_S: Final = 3600
_ADDRESSES: Final = 10_000
_UPLOAD_S: Final = 120.0
_OWN: Final = re.compile(
    r"/(?:clip|embed)/([\w-]+)|/media/([\w-]+)\.mp4|/files/([0-9a-f]{64})\.mp4"
)
_NEVER_KEPT: Final = {"Cache-Control": "private, no-store"}
_SHOWN: Final = 1000
_STEP: Final = "Send the mp4 as the field 'file', or a link as the field 'url'."


class VerifyBusy(GreenlightError):
    """As many files as there is room for are on their way or being looked at."""

    status = 503
    code = "verify_busy"
    says = "Other files are being checked at this moment."
    fix_says = "Wait {retry_after_s} seconds and send it again."


class NotMp4(BadInput):
    """Known by how it begins."""

    code = "not_mp4"
    says = "This is no mp4: clips of Greenlight are."
    fix_says = "Send the mp4 as it was downloaded."


def verify_routes(actions: Actions, media: MediaStore, signer: Signer) -> APIRouter:
    router = APIRouter()
    checking = Checking(actions, media, signer)
    address = actions.settings.address

    @router.api_route("/verify", methods=["GET", "HEAD"], response_class=HTMLResponse)
    def show_form(request: Request, url: str = "") -> HTMLResponse:
        """The form; `url` stands in it already."""
        return _page(request, None, url=url[:_SHOWN])

    @router.post("/verify", response_class=HTMLResponse)
    async def verify_for_people(request: Request) -> Response:
        """The same form, with what was found, or with what was wrong."""
        try:
            found, link = await checking.answer(request)
        except GreenlightError as error:
            return _page(request, None, error=error)
        return _page(request, found, url=link)

    @router.post("/api/v1/verify")
    async def verify_for_programs(request: Request) -> JSONResponse:
        """Whether a file was published here: `file` in a form, or `url` in a form or in JSON."""
        found, _ = await checking.answer(request)
        return JSONResponse(found.as_json(address), headers=_NEVER_KEPT)

    def _page(
        request: Request,
        found: Finding | None,
        *,
        url: str = "",
        error: GreenlightError | None = None,
    ) -> HTMLResponse:
        language = request.headers.get("accept-language", "")
        page = verify_page(
            found,
            language,
            address=address,
            url=url,
            error=error,
            limit_mb=actions.settings.verify_limit_mb,
        )
        headers = _NEVER_KEPT | {"Vary": "Accept-Language"}
        if error is not None and "retry_after_s" in error.facts:
            headers["Retry-After"] = str(error.facts["retry_after_s"])
        return HTMLResponse(page, error.status if error else 200, headers)

    return router


class Checking:
    """Takes in what is sent, has it judged, and leaves nothing behind."""

    def __init__(self, actions: Actions, media: MediaStore, signer: Signer) -> None:
        self._actions = actions
        self._media = media
        self._signer = signer
        self._limit_bytes = actions.settings.verify_limit_mb * 1024 * 1024
        self._pace = Pace(actions.settings.verify_per_hour)
        self._on_spaces = actions.settings.on_spaces
        self._on_their_way: Counter[str] = Counter()
        self._looking = threading.BoundedSemaphore(_AT_ONCE)
        for left in (media.folder / "work").glob("verify-*"):  # of a process that was killed
            shutil.rmtree(left, ignore_errors=True)

    async def answer(self, request: Request) -> tuple[Finding, str]:
        """What was found, and the link if one was sent. Raises GreenlightError."""
        asker = network_of(address_of(request, behind_proxies=self._on_spaces))
        self._pace.count(asker)
        with self._place(asker), _room_on_disk():
            sent = await _sent(request)
            try:
                if isinstance(sent, str):
                    return await run_in_threadpool(self.of_link, sent), sent
                return await run_in_threadpool(self._of_upload, sent), ""
            finally:
                if isinstance(sent, UploadFile):
                    await sent.close()

    @contextmanager
    def _place(self, asker: str) -> Iterator[None]:
        """One of the places; counted in the event loop alone, so there is nothing to lock. Whoever
        sends slowly holds one of their own, and none of those where files are looked at."""
        taken = self._on_their_way
        if taken[asker] >= _AT_ONCE or taken.total() >= _ON_THEIR_WAY:
            raise VerifyBusy(retry_after_s=5)
        taken[asker] += 1
        try:
            yield
        finally:
            taken[asker] -= 1
            if not taken[asker]:
                del taken[asker]

    def of_link(self, link: str) -> Finding:
        """Of our own addresses the file here; of any other what it leads to."""
        read_link(link)
        own = self._own_path(link)
        if own is not None:
            return self._of_own(own)
        with self._media.working(f"verify-{new_id()}") as folder:
            file = folder / "fetched.mp4"
            fetch(link, file, limit_bytes=self._limit_bytes)
            return self._of_file(file)

    def _of_upload(self, sent: UploadFile) -> Finding:
        with self._media.working(f"verify-{new_id()}") as folder:
            file = folder / "sent.mp4"
            with file.open("wb") as target:
                shutil.copyfileobj(sent.file, target)
            return self._of_file(file)

    def _of_file(self, file: Path) -> Finding:
        with file.open("rb") as content:
            begin = content.read(12)
        if not begin:
            raise BadInput(field="file", value="empty", rule="a file has bytes", step=_STEP)
        if begin[4:8] != b"ftyp":
            raise NotMp4()
        certificates = file.with_name("ours.pem")
        certificates.write_bytes(self._signer.certificates())
        with self._looking:
            sha256, said = sha256_of(file), read_apart(file, certificates)
        with self._actions.store.read() as session:
            return verify.judge(session, sha256, said)

    def _own_path(self, link: str) -> str | None:
        """The path of one of our own addresses; None for any other's."""
        ours, asked = urlsplit(self._actions.settings.address), urlsplit(link)
        if (asked.scheme, asked.netloc.lower()) != (ours.scheme, ours.netloc.lower()):
            return None
        return asked.path.removeprefix(ours.path)

    def _of_own(self, path: str) -> Finding:
        """Raises NotFound, whether there is no such clip or it is not shown."""
        parts = _OWN.fullmatch(path)
        if parts is None:
            raise NotFound()
        with self._actions.store.read() as session:
            clip_id = parts[1] or parts[2] or verify.clip_of_file(session, parts[3])
            found = verify.published_file(session, self._media, clip_id)
        if found is None:
            raise NotFound()
        if isinstance(found, Finding):
            return found
        with self._looking:
            try:
                sha256 = sha256_of(found)
                said = read_said(found, self._signer.certificates())
            except OSError as error:
                raise NotFound() from error
        with self._actions.store.read() as session:
            return verify.judge(session, sha256, said)


class Pace:
    """How often each address asks. Forgotten with the process, which is early enough."""

    def __init__(self, tries: int, window_s: float = _HOUR_S) -> None:
        self._tries = tries
        self._window_s = window_s
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, address: str) -> None:
        """Raises TooMany where it is once too often."""
        now = time.monotonic()
        times = self._seen.setdefault(address, deque())
        self._seen.move_to_end(address)
        while len(self._seen) > _ADDRESSES:
            self._seen.popitem(last=False)
        while times and times[0] <= now - self._window_s:
            times.popleft()
        if len(times) >= self._tries:
            left_s = int(times[0] + self._window_s - now) + 1
            raise TooMany(action="verify a clip", retry_after_s=left_s)
        times.append(now)


@contextmanager
def _room_on_disk() -> Iterator[None]:
    """Raises StorageFull where a file finds no room."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StorageFull() from error


async def _sent(request: Request) -> UploadFile | str:
    """The file or the link. Raises BadInput, NotJson."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind != "multipart/form-data":  # no file, so nothing large
            return _link(_fields(kind, await asyncio.wait_for(_small_body(request), _UPLOAD_S)))
        form = await asyncio.wait_for(request.form(max_files=1, max_fields=4), _UPLOAD_S)
    except asyncio.TimeoutError as error:
        raise BadInput(
            field="file",
            value="still on its way",
            rule=f"a file arrives within {_UPLOAD_S:g} seconds",
            step="Send its link instead.",
        ) from error
    except HTTPException as error:  # a form that cannot be read, as Starlette says it
        raise BadInput(
            field="the form", value="broken", rule=str(error.detail).lower().rstrip("."), step=_STEP
        ) from error
    except ClientDisconnect as error:  # nobody reads the answer
        raise BadInput(field="file", value="cut off", rule="it ends", step=_STEP) from error
    return await _chosen(form)


async def _chosen(form: FormData) -> UploadFile | str:
    """A form without a chosen file sends an empty one; the link counts then."""
    file = form.get("file")
    if isinstance(file, UploadFile) and (file.filename or file.size):
        return file
    await form.close()
    return _link({name: value for name, value in form.items() if isinstance(value, str)})


async def _small_body(request: Request) -> bytes:
    """Raises BodyTooLarge: the limit of the guard on this route is one for files."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > SLACK_BYTES:
            raise BodyTooLarge(limit_kb=SLACK_BYTES // 1024)
    return body


def _fields(kind: str, body: bytes) -> dict[str, Any]:
    if kind == "application/x-www-form-urlencoded":
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    if kind != "application/json":
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotJson(why=str(error)) from error
    if not isinstance(found, dict):
        raise NotJson(why="it is no object")
    return found


def _link(fields: dict[str, Any]) -> str:
    link = fields.get("url")
    if not isinstance(link, str) or not link.strip():
        raise BadInput(
            field="file", value="missing", rule="a file or a link is checked", step=_STEP
        )
    return link.strip()
