"""The talk with the Hub, in a process of its own: `python -m hub.call`.

Knows nothing of Greenlight. It reads commands, one line of JSON each and the token in the first,
from its standard input, and answers each with one line on its standard output. It ends when its
input does. A process of its own, because huggingface_hub has one HTTP session for everything, waits
without an end, and repeats by itself: here each request is made once and within a time, and when to
try again is decided by those who keep the list (copies.py).
"""

from __future__ import annotations

import email.utils
import json
import os
import queue
import re
import threading
import time
from collections.abc import Callable
from typing import Any, Final, NoReturn

Json = dict[str, Any]

_KIND: Final = "dataset"
_REQUEST_S: Final = 60.0
_GONE: Final = (404, 410)


class Over(Exception):
    """A request that came to nothing. `failure` is what the app is told; nobody's words are in it."""

    def __init__(self, code: str, *, status: int = 0, wait_s: float = 0.0) -> None:
        super().__init__(code)
        self.failure: Json = {"failure": code, "status": status, "wait_s": wait_s}


def main() -> NoReturn:
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not run into the answers
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=[lines], daemon=True).start()
    talk: Talk | None = None
    while True:
        asked = json.loads(lines.get())
        try:
            if talk is None:
                talk, answer = Talk(**asked), {}
            else:
                answer = talk.carry_out(asked)
        except Exception as error:  # noqa: BLE001  (whatever it is: the app must hear of it)
            answer = explain(error)
        said.write(json.dumps(answer) + "\n")
        said.flush()


def _listen(lines: queue.SimpleQueue[bytes]) -> None:
    """End with the app: nothing may reach the Hub that nobody would remember."""
    with open(0, "rb", buffering=0, closefd=False) as source:
        for line in source:
            lines.put(line)
    os._exit(1)


class Talk:
    """Commands on one dataset repo, with one token."""

    def __init__(self, endpoint: str, token: str, repo: str) -> None:
        from huggingface_hub import HfApi, constants

        # No token but the one that was handed over; and plain uploads: what a take-down has to
        # delete afterwards is known by its sha256 then, and nothing but HTTP is spoken.
        constants.HF_HUB_DISABLE_IMPLICIT_TOKEN = True
        constants.HF_HUB_DISABLE_XET = True
        ask_once()
        self._api = HfApi(endpoint=endpoint or None, token=token, library_name="greenlight")
        self._of: Json = {"repo_id": repo, "repo_type": _KIND}
        self._additions: dict[str, Any] = {}
        self._commands: dict[str, Callable[..., Json]] = {
            "look": self.look,
            "create": self.create,
            "upload": self.upload,
            "commit": self.commit,
            "which": self.which,
            "purge": self.purge,
            "squash": self.squash,
            "answers": self.answers,
        }

    def carry_out(self, asked: Json) -> Json:
        return self._commands[asked.pop("do")](**asked)

    def look(self) -> Json:
        """Whether the repo is there, is private, has our tag, and what lies at its root."""
        from huggingface_hub.errors import RepositoryNotFoundError

        try:
            info = self._api.dataset_info(
                self._of["repo_id"], expand=["private", "sha", "tags"], timeout=_REQUEST_S
            )
        except RepositoryNotFoundError as error:
            if error.response.status_code == 401:
                raise Over("unauthorized", status=401) from error
            return {"exists": False}
        root = [entry.path for entry in self._api.list_repo_tree(**self._of)]
        return {
            "exists": True,
            "private": bool(info.private),
            "head": info.sha or "",
            "tags": list(info.tags or []),
            "root": root[:100],
        }

    def create(self, private: bool) -> Json:
        self._api.create_repo(**self._of, private=private)
        return {}

    def upload(self, files: dict[str, str]) -> Json:
        """Path in the repo → file here. Nothing is to be seen of it before the commit."""
        from huggingface_hub import CommitOperationAdd

        self._additions = {path: CommitOperationAdd(path, file) for path, file in files.items()}
        self._api.preupload_lfs_files(
            additions=self._additions.values(), free_memory=False, **self._of
        )
        return {}

    def commit(
        self, *, only: list[str], texts: dict[str, str], delete: list[str], head: str, says: str
    ) -> Json:
        """`head`: what the newest revision must be. A commit that was given up because it took too
        long, and arrives after all, finds another one and does nothing."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        operations = [
            *(self._additions[path] for path in only),
            *(CommitOperationAdd(path, text.encode()) for path, text in texts.items()),
            *(CommitOperationDelete(path) for path in delete),
        ]
        made = self._api.create_commit(
            operations=operations, commit_message=says, parent_commit=head or None, **self._of
        )
        return {"commit": made.oid}

    def which(self, paths: list[str]) -> Json:
        """Those of the paths that the newest revision has."""
        return {"paths": [each.path for each in self._api.get_paths_info(paths=paths, **self._of)]}

    def purge(self, sha256: list[str]) -> Json:
        """Delete large files for good, with the pointers to them in the whole history."""
        left, doomed = set(sha256), []
        for listed in self._api.list_lfs_files(**self._of):
            if listed.file_oid in left:
                doomed.append(listed)
                left.discard(listed.file_oid)
            if not left:
                break  # a large repo has thousands of pages
        self._api.permanently_delete_lfs_files(lfs_files=doomed, **self._of)
        return {}

    def squash(self) -> Json:
        self._api.super_squash_history(**self._of, commit_message="The gallery as it is now")
        return {}

    def answers(self, places: list[list[str]]) -> Json:
        """Which of these (revision, path) still answer with something."""
        from huggingface_hub import get_session, hf_hub_url

        headers = {"authorization": f"Bearer {self._api.token}"}
        found = []
        for revision, path in places:
            url = hf_hub_url(
                self._of["repo_id"],
                path,
                repo_type=_KIND,
                revision=revision,
                endpoint=self._api.endpoint,
            )
            answer = get_session().head(url, headers=headers, follow_redirects=False)
            if answer.status_code in (401, 403):
                raise refusal(answer)
            if answer.status_code not in _GONE:
                found.append([revision, path])
        return {"found": found}


def ask_once() -> None:
    """Each request is made once, within a time. The library would repeat what fails, for as long
    as a minute, and wait for an answer as long as there is none."""
    from huggingface_hub import get_session, set_client_factory

    plain = get_session()
    base: Any = type(plain)  # of httpx or httpx2, whichever this huggingface_hub speaks

    class Once(base):  # type: ignore[misc]
        def send(self, request: Any, **options: Any) -> Any:
            try:
                answer = super().send(request, **options)
            except Exception as error:  # noqa: BLE001  (whatever it is: it is not made again)
                raise _silence(error) from None  # a request has the token in it
            if answer.status_code == 429 or answer.status_code >= 500:
                raise refusal(answer)
            return answer

    hooks = plain.event_hooks
    set_client_factory(lambda: Once(event_hooks=hooks, follow_redirects=True, timeout=_REQUEST_S))


def refusal(answer: Any) -> Over:
    status = answer.status_code
    codes = {
        401: "unauthorized",
        403: "forbidden",
        402: "forbidden",
        409: "conflict",
        412: "conflict",
        429: "limited",
    }
    code = codes.get(status, "failing" if status >= 500 else "refused")
    return Over(code, status=status, wait_s=_asked_wait_s(answer.headers))


def explain(error: BaseException) -> Json:
    """What went wrong, from the innermost cause that says it."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, Over):
            return seen.failure
        answer = getattr(seen, "response", None)
        if answer is not None:
            return refusal(answer).failure
        seen = seen.__cause__ or seen.__context__
    return _silence(error).failure


def _silence(error: BaseException) -> Over:
    kind = type(error).__name__
    if isinstance(error, Over):
        return error
    if "Offline" in kind:
        return Over("offline")
    if "Timeout" in kind:
        return Over("too_slow")
    if isinstance(error, OSError) or _is_of_the_wire(error):
        return Over("no_answer")
    return Over("strange")


def _is_of_the_wire(error: BaseException) -> bool:
    return any(kind.__name__ == "TransportError" for kind in type(error).__mro__)


def _asked_wait_s(headers: Any) -> float:
    """Seconds that the Hub asks for, in any of its ways; 0 where it asks for none."""
    said = str(headers.get("retry-after", "")).strip()
    if said.isdigit():
        return float(said)
    if said and (moment := email.utils.parsedate_tz(said)):
        return max(0.0, email.utils.mktime_tz(moment) - time.time())
    used_up = re.search(r";\s*r\s*=\s*0\s*;\s*t\s*=\s*(\d+)", str(headers.get("ratelimit", "")))
    return float(used_up.group(1)) if used_up else 0.0


if __name__ == "__main__":
    main()
