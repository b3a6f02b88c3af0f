"""A Hub on this machine: a real HTTP server that speaks the wire format of one dataset repo.

Knows nothing of Greenlight. It keeps commits as trees of paths, large files apart from them (as LFS
does: deleting a pointer leaves the file), and every request with its body, so that a test can look
for words that must never have been sent. `answers` replaces the next answers to a kind of request.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Tree = dict[str, bytes | str]
"""Path → content, or the sha256 of a large file."""

_LARGE = (".mp4", ".jpg")


@dataclass
class Repo:
    private: bool
    commits: list[tuple[str, Tree]] = field(default_factory=list)
    reachable: dict[str, Tree] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
    made: int = 0

    @property
    def head(self) -> str:
        return self.commits[-1][0]

    @property
    def tree(self) -> Tree:
        return self.commits[-1][1]

    def add(self, tree: Tree) -> str:
        self.made += 1
        said = json.dumps([self.made, {path: str(what) for path, what in tree.items()}])
        commit = hashlib.sha1(said.encode()).hexdigest()  # noqa: S324  (as git names commits)
        self.commits.append((commit, tree))
        self.reachable[commit] = tree
        return commit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: bytes
    headers: dict[str, str]


@dataclass
class Answer:
    """Instead of what the Hub would say. `act` runs first, in the thread of the request; with
    `status` 0 the request is then carried out after all."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    act: Callable[[], object] = lambda: None
    is_late: bool = False  # carried out, and nothing is answered until the server closes
    drops: bool = False  # carried out, and the connection is closed without an answer


class HubServer:
    """`with HubServer() as hub:`; `hub.url` is its endpoint, `hub.token` the only good token."""

    def __init__(self) -> None:
        self.token = "hf_SecretThatNobodyMaySee"
        self.repos: dict[str, Repo] = {}
        self.requests: list[Request] = []
        self.answers: dict[str, list[Answer]] = defaultdict(list)
        self.finished: list[str] = []  # kinds of requests that are answered
        self.keeps_history = False  # old commits answer after a squash, as long as this is set
        self.lock = threading.RLock()
        self.closing = threading.Event()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.05])

    def __enter__(self) -> HubServer:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def make(self, name: str, *, private: bool = True, files: dict[str, str] | None = None) -> Repo:
        repo = Repo(private)
        repo.add(
            {
                ".gitattributes": b"*.mp4 filter=lfs",
                **{path: text.encode() for path, text in (files or {}).items()},
            }
        )
        self.repos[name] = repo
        return repo

    def said(self) -> bytes:
        """All that was ever sent here, bodies in base64 opened."""
        pieces = [each.method.encode() + each.path.encode() + each.body for each in self.requests]
        for each in self.requests:
            for found in re.findall(rb'"(?:content|sample)": ?"([A-Za-z0-9+/=]+)"', each.body):
                pieces.append(base64.b64decode(found))
        return b"\n".join(pieces)

    def count(self, kind: str) -> int:
        return sum(_kind(each.method, each.path) == kind for each in self.requests)

    def serves(self, name: str, revision: str, path: str) -> bool:
        """Whether the address of a file answers, the large file behind a pointer included."""
        repo = self.repos[name]
        tree = repo.tree if revision == "main" else repo.reachable.get(revision, {})
        what = tree.get(path)
        return what in repo.large if isinstance(what, str) else what is not None

    def content(self, name: str, path: str) -> bytes:
        what = self.repos[name].tree[path]
        return self.repos[name].large[what] if isinstance(what, str) else what

    def rows(self, name: str) -> list[dict[str, Any]]:
        paths = [path for path in self.repos[name].tree if path.endswith("metadata.jsonl")]
        lines = [line for path in paths for line in self.content(name, path).splitlines()]
        return [json.loads(line) for line in lines]


_KINDS = (
    ("POST", r"/api/repos/create", "create"),
    ("POST", r"/api/validate-yaml", "yaml"),
    ("GET", r"/api/datasets/([^/]+/[^/]+)", "look"),
    ("GET", r"/api/datasets/([^/]+/[^/]+)/revision/main", "look"),
    ("GET", r"/api/datasets/([^/]+/[^/]+)/tree/main", "tree"),
    ("POST", r"/api/datasets/([^/]+/[^/]+)/preupload/main", "preupload"),
    ("POST", r"/datasets/([^/]+/[^/]+)\.git/info/lfs/objects/batch", "batch"),
    ("PUT", r"/storage/([^/]+/[^/]+)/(\w+)", "storage"),
    ("POST", r"/api/datasets/([^/]+/[^/]+)/verify", "verify"),
    ("POST", r"/api/datasets/([^/]+/[^/]+)/commit/main", "commit"),
    ("POST", r"/api/datasets/([^/]+/[^/]+)/paths-info/main", "which"),
    ("GET", r"/api/datasets/([^/]+/[^/]+)/lfs-files", "lfs"),
    ("POST", r"/api/datasets/([^/]+/[^/]+)/lfs-files/batch", "purge"),
    ("POST", r"/api/datasets/([^/]+/[^/]+)/super-squash/main", "squash"),
    ("HEAD", r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", "resolve"),
)


def _kind(method: str, path: str) -> str:
    return _match(method, path)[0]


def _match(method: str, path: str) -> tuple[str, tuple[str, ...]]:
    for of, pattern, kind in _KINDS:
        if of == method and (found := re.fullmatch(pattern, urlsplit(path).path)):
            return kind, tuple(unquote(each) for each in found.groups())
    return "unknown", ()


class _Refused(Exception):
    def __init__(self, status: int, code: str = "", says: str = "") -> None:
        super().__init__(says)
        self.status, self.code, self.says = status, code, says


class _Handler(BaseHTTPRequestHandler):
    hub: HubServer
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        self.hub.requests.append(Request(self.command, self.path, body, dict(self.headers)))
        kind, found = _match(self.command, self.path)
        try:
            self._carry_out(kind, found, body)
        finally:
            self.hub.finished.append(kind)

    def _carry_out(self, kind: str, found: tuple[str, ...], body: bytes) -> None:
        planned = self.hub.answers[kind].pop(0) if self.hub.answers[kind] else Answer()
        planned.act()
        if planned.status:
            self._send(planned.status, planned.body, planned.headers)
            return
        status, said, headers = 200, {}, {}
        try:
            with self.hub.lock:
                said = getattr(self, f"_{kind}")(body, *found)
        except _Refused as refused:
            status, said = refused.status, {"error": refused.says}
            headers = {"X-Error-Code": refused.code} if refused.code else {}
        if planned.is_late:
            self.hub.closing.wait()
        if planned.is_late or planned.drops:
            self.close_connection = True
            return
        self._send(status, said, headers)

    do_GET = do_POST = do_PUT = do_HEAD = _serve  # noqa: N815

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, status: int, said: Any, headers: dict[str, str]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass

    # ---- the wire format ------------------------------------------------------------------

    def _repo(self, name: str) -> Repo:
        if self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            raise _Refused(401, says="Invalid credentials in Authorization header")
        if name not in self.hub.repos:
            raise _Refused(404, "RepoNotFound", "Repository not found")
        return self.hub.repos[name]

    def _unknown(self, _body: bytes) -> Any:
        raise _Refused(400, says=f"this server does not know {self.command} {self.path}")

    def _create(self, body: bytes) -> Any:
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}"
        if self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            raise _Refused(401, says="Invalid credentials in Authorization header")
        if name in self.hub.repos:
            raise _Refused(409, says="You already created this dataset repo")
        is_private = asked.get("visibility") == "private" or asked.get("private") is True
        self.hub.make(name, private=is_private)
        return {"url": f"{self.hub.url}/datasets/{name}"}

    def _yaml(self, body: bytes) -> Any:
        assert json.loads(body)["content"].startswith("---\n")
        return {"errors": [], "warnings": []}

    def _look(self, _body: bytes, name: str) -> Any:
        repo = self._repo(name)
        card = repo.tree.get("README.md", b"")
        tags = re.findall(rb"^- ([\w-]+)$", card if isinstance(card, bytes) else b"", re.M)
        facts = {"private": repo.private, "sha": repo.head, "tags": [tag.decode() for tag in tags]}
        return {"id": name, "_id": "1", **facts}

    def _tree(self, _body: bytes, name: str) -> Any:
        tops = {path.split("/")[0]: "/" in path for path in self._repo(name).tree}
        return [
            {"type": "directory" if is_folder else "file", "path": top, "oid": "0" * 40, "size": 1}
            for top, is_folder in tops.items()
        ]

    def _preupload(self, body: bytes, name: str) -> Any:
        repo = self._repo(name)
        files = []
        for each in json.loads(body)["files"]:
            is_large = each["path"].endswith(_LARGE)
            known = repo.tree.get(each["path"])
            oid = known
            if isinstance(known, bytes):
                blob = b"blob %d\0" % len(known) + known
                oid = hashlib.sha1(blob).hexdigest()  # noqa: S324  (as git names blobs)
            mode = {"uploadMode": "lfs" if is_large else "regular", "shouldIgnore": False}
            files.append({"path": each["path"], "oid": oid, **mode})
        return {"files": files}

    def _batch(self, body: bytes, name: str) -> Any:
        repo = self._repo(name)
        objects = []
        for each in json.loads(body)["objects"]:
            upload = {"href": f"{self.hub.url}/storage/{name}/{each['oid']}"}
            verify = {"href": f"{self.hub.url}/api/datasets/{name}/verify"}
            known = each["oid"] in repo.large
            objects.append(
                each if known else {**each, "actions": {"upload": upload, "verify": verify}}
            )
        return {"transfer": "basic", "objects": objects}

    def _storage(self, body: bytes, name: str, oid: str) -> Any:
        assert "Authorization" not in self.headers, "the storage is somebody else's"
        assert hashlib.sha256(body).hexdigest() == oid
        self.hub.repos[name].large[oid] = body
        return {}

    def _verify(self, body: bytes, name: str) -> Any:
        if json.loads(body)["oid"] not in self._repo(name).large:
            raise _Refused(404)
        return {}

    def _commit(self, body: bytes, name: str) -> Any:
        repo = self._repo(name)
        tree = dict(repo.tree)
        for line in body.splitlines():
            item = json.loads(line)
            key, value = item["key"], item["value"]
            if key == "header" and value.get("parentCommit", repo.head) != repo.head:
                raise _Refused(
                    412, says="A commit has happened since. Please refresh and try again."
                )
            if key == "file":
                tree[value["path"]] = base64.b64decode(value["content"])
            if key == "lfsFile":
                tree[value["path"]] = value["oid"]
            if key == "deletedFile":
                if value["path"] not in tree:
                    raise _Refused(404, "EntryNotFound", "A file with this name doesn't exist")
                del tree[value["path"]]
        commit = repo.add(tree)
        return {"commitOid": commit, "commitUrl": f"{self.hub.url}/datasets/{name}/commit/{commit}"}

    def _which(self, body: bytes, name: str) -> Any:
        asked = parse_qs(body.decode())["paths"]
        blank = {"type": "file", "oid": "0" * 40, "size": 1}
        return [{"path": path, **blank} for path in asked if path in self._repo(name).tree]

    def _lfs(self, _body: bytes, name: str) -> Any:
        stamp = {"pushedAt": "2026-01-01T00:00:00.000Z", "ref": "main", "oid": "0" * 40}
        return [
            {"fileOid": oid, "filename": "file", "size": len(content), **stamp}
            for oid, content in self._repo(name).large.items()
        ]

    def _purge(self, body: bytes, name: str) -> Any:
        repo = self._repo(name)
        asked = json.loads(body)["deletions"]
        for oid in asked["sha"]:
            repo.large.pop(oid, None)
        if asked["rewriteHistory"]:
            for tree in repo.reachable.values():
                for path in [path for path, what in tree.items() if what in asked["sha"]]:
                    del tree[path]
        return {}

    def _squash(self, _body: bytes, name: str) -> Any:
        repo = self._repo(name)
        tree = dict(repo.tree)
        repo.commits.clear()
        old = dict(repo.reachable)
        repo.add(tree)
        if not self.hub.keeps_history:
            for commit in old:
                repo.reachable.pop(commit, None)
        return {}

    def _resolve(self, _body: bytes, name: str, revision: str, path: str) -> Any:
        self._repo(name)
        if not self.hub.serves(name, revision, path):
            raise _Refused(404, "EntryNotFound")
        return {}
