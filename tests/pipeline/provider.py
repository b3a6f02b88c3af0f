"""A web server on this machine that speaks as the Hub and as five inference providers do.

Knows nothing of Greenlight. It answers what a test puts into `answers`, notes every request, and
can hold one for as long as the test likes.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final

import av
import numpy as np

HUB_TOKEN: Final = "hf_SecretThatNobodyMaySee0123456789"
OWN_KEY: Final = "k3y-secret-of-the-provider:0123456789"
MODEL: Final = "owner/model"
PROVIDERS: Final = ("fal-ai", "novita", "replicate", "together", "wavespeed")
FILE: Final = "/files/clip.mp4"


@dataclass(frozen=True)
class Answer:
    """What comes back: JSON when `body` is no bytes."""

    body: Any = field(default_factory=dict)
    status: int = 200
    kind: str = "application/json"


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # without the query
    query: str
    headers: dict[str, str]
    body: dict[str, Any]


Reply = Answer | Callable[[Request], Answer]


class Provider:
    """`with Provider() as provider:` listens on a free port. `answers` maps "METHOD /path"."""

    def __init__(self) -> None:
        self.answers: dict[str, Reply] = {}
        self.requests: list[Request] = []
        self.is_polled = threading.Event()
        self.release = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else {}
                path, _, query = self.path.partition("?")
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Request(self.command, path, query, headers, body)
                answer = outer.reply(asked)
                content = answer.body
                if not isinstance(content, bytes):
                    content = json.dumps(content).encode()
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A child that was killed leaves its connection open."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.gateway = f"{self.url}/gateway"

    def __enter__(self) -> Provider:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reply(self, asked: Request) -> Answer:
        self.requests.append(asked)
        reply = self.answers.get(f"{asked.method} {asked.path}", Answer({"error": "no"}, 404))
        return reply(asked) if callable(reply) else reply

    def hold(self, _asked: Request) -> Answer:
        """An answer that does not come while the test runs."""
        self.is_polled.set()
        self.release.wait()
        return Answer()

    def polled(self, body: dict[str, Any]) -> Callable[[Request], Answer]:
        """The same answer at each poll."""

        def answer(_asked: Request) -> Answer:
            self.is_polled.set()
            return Answer(body)

        return answer

    def sent(self, method: str = "POST") -> list[Request]:
        return [asked for asked in self.requests if asked.method == method]

    # ---- the wire of each provider ----------------------------------------------------------

    def offers(self, *providers: str) -> None:
        """The Hub's page of the model."""
        mapping = {
            name: {"status": "live", "providerId": f"{name}/wan", "task": "text-to-video"}
            for name in providers
        }
        page = {"id": MODEL, "inferenceProviderMapping": mapping}
        self.answers[f"GET /api/models/{MODEL}"] = Answer(page)

    def has_file(self, content: bytes, *, kind: str = "video/mp4", status: int = 200) -> str:
        self.answers[f"GET {FILE}"] = Answer(content, status, kind)
        return f"{self.url}{FILE}"

    def serves(self, provider: str, content: bytes) -> None:
        """`provider` makes every clip at once, and the Hub says that it has the model."""
        self.offers(provider)
        url = self.has_file(content)
        if provider == "fal-ai":
            self.fal(Answer(), Answer({"video": {"url": url}}), queued="COMPLETED")
            return
        bodies: dict[str, dict[str, Any]] = {
            "novita": {"video": {"video_url": url}},
            "replicate": {"status": "succeeded", "output": [url]},
            "together": {"id": "1", "status": "completed", "outputs": {"video_url": url}},
            "wavespeed": {"data": {"status": "created", "urls": {"get": f"{self.url}/api/v3/1"}}},
        }
        self.answers[f"POST {self.path_of(provider)}"] = Answer(bodies[provider])
        done = {"data": {"status": "completed", "outputs": [url]}}
        self.answers["GET /gateway/wavespeed/api/v3/1"] = Answer(done)

    def path_of(self, provider: str) -> str:
        """Where a request for a clip goes, by way of Hugging Face's router."""
        path = {
            "fal-ai": "fal-ai/wan",
            "novita": "v3/hf/novita/wan",
            "replicate": "v1/models/replicate/wan/predictions",
            "together": "v2/videos",
            "wavespeed": "api/v3/wavespeed/wan",
        }[provider]
        return f"/gateway/{provider}/{path}"

    def fal(
        self,
        status: Reply,
        result: Reply,
        *,
        queued: str = "IN_QUEUE",
        front: str = "/gateway/fal-ai",
    ) -> None:
        """The queue of fal: a request has an id, an address for its status, and one for the clip."""
        job = "/fal-ai/wan/requests/1"
        taken = {
            "request_id": "1",
            "status": queued,
            "response_url": f"https://queue.fal.run{job}",
        }
        self.answers[f"POST {front}/fal-ai/wan"] = Answer(taken)
        self.answers[f"GET {front}{job}/status"] = status
        self.answers[f"GET {front}{job}"] = result


def clip(
    *,
    frames: int = 12,
    width: int = 96,
    height: int = 64,
    fps: int = 12,
    sound: bool = False,
    kind: str = "mp4",
) -> bytes:
    """A file as a provider makes it: red, with a tone of 440 Hz when there is sound."""
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream: Any = container.add_stream({"mp4": "libx264", "webm": "libvpx-vp9"}[kind], rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        tone = container.add_stream("aac", rate=16000, layout="mono") if sound else None
        for _ in range(frames):
            picture = np.zeros((height, width, 3), np.uint8)
            picture[..., 0] = 230
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
        if tone is not None:
            at = np.arange(16000 * frames // fps) / 16000
            wave = (0.5 * np.sin(2 * np.pi * 440 * at)).astype(np.float32)[None]
            heard = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            heard.sample_rate, heard.time_base = 16000, Fraction(1, 16000)
            heard.pts = 0
            container.mux(tone.encode(heard))
            container.mux(tone.encode(None))
    return file.getvalue()
