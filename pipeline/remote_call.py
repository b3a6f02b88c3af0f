"""One request to an inference provider, in a process of its own: `python -m pipeline.remote_call`.

Knows nothing of Greenlight. It reads one line of JSON from its standard input, token included,
writes the provider's file where it was told, and says in JSON on its standard output how that
went. It ends when its standard input does, so no call outlives the app that asked for it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

log = logging.getLogger("greenlight.remote")

_POLL_S: Final = 0.5
_FAILED: Final = ("failed", "error", "canceled", "cancelled")


class Stopped(Exception):
    """The call is over without a file. `report` is what the app is told."""

    def __init__(self, outcome: str, says: str = "", *, status: int = 0, where: str = "") -> None:
        super().__init__(outcome)
        self.report = {"outcome": outcome, "says": says[:1000], "status": status, "where": where}


def main() -> int:
    said = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a library prints must not run into the report
    with open(0, "rb", buffering=0, closefd=False) as asked:
        call = json.loads(asked.readline())
    threading.Thread(target=_end_with_the_app, daemon=True).start()
    with said:
        json.dump(_carry_out(call), said)
    return 0


def _end_with_the_app() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


def _carry_out(call: dict[str, Any]) -> dict[str, Any]:
    wire = _Wire(call["endpoint"], call["limit_bytes"])
    try:
        answer = _ask(call, wire)
        if not isinstance(answer, bytes) or not answer:
            raise Stopped("strange", "the answer was empty")
        target = Path(call["target"])
        target.with_suffix(".part").write_bytes(answer)
        target.with_suffix(".part").replace(target)
    except Stopped as stopped:
        return stopped.report
    except Exception as error:
        log.exception("The call ended")
        return wire.explain(error).report
    return {"outcome": "made"}


def _ask(call: dict[str, Any], wire: _Wire) -> Any:
    from huggingface_hub import InferenceClient, constants

    # Nothing but the token that was handed over is sent, and to the provider alone: a token that
    # lies in this machine's cache is somebody's own.
    constants.HF_HUB_DISABLE_IMPLICIT_TOKEN = True
    wire.attach()
    client = InferenceClient(provider=call["provider"], token=call["token"])
    try:
        return client.text_to_video(
            call["prompt"],
            model=call["model"],
            extra_body=call["extra_body"],
            **call["parameters"],
        )
    except TimeoutError:
        if wire.unfinished is None:
            raise
        return wire.wait_for_prediction()


class _Wire:
    """What goes over the network: where it goes, what comes back, and how large that may be.

    The client polls for as long as the provider says nothing it knows and does not look at the
    status of the last answers; both are watched here, by the hooks of its HTTP session.
    """

    def __init__(self, endpoint: str, limit_bytes: int) -> None:
        self._endpoint = endpoint
        self._limit_bytes = limit_bytes
        self._is_asked = False
        self._http: Any = None  # httpx or httpx2, whichever this huggingface_hub speaks
        self.unfinished: Any = None  # a prediction of Replicate's that outlasted its first answer

    def attach(self) -> None:
        from huggingface_hub import get_session

        self._session = get_session()
        self._http = sys.modules[type(self._session).__module__.partition(".")[0]]
        hooks = self._session.event_hooks
        self._session.event_hooks = {
            "request": [*hooks["request"], self._before],
            "response": [*hooks["response"], self._after],
        }

    def explain(self, error: Exception) -> Stopped:
        kind, says = type(error).__name__, str(error)
        if isinstance(error, ConnectionError | self._http.TransportError):
            return Stopped("unreachable", kind, where="" if self._is_asked else "hub")
        if not self._is_asked and isinstance(error, ValueError | StopIteration):
            return Stopped("not_offered")  # the client found no way from the model to the provider
        if isinstance(error, TimeoutError) or "timed out" in says.lower():
            return Stopped("too_slow", says)
        return Stopped("strange", f"{kind}: {says}")

    def wait_for_prediction(self) -> Any:
        """Replicate holds a request for a minute; a clip that takes longer is asked for again."""
        url, headers = self.unfinished
        while True:
            time.sleep(_POLL_S)
            prediction = self._session.get(url, headers=headers).json()
            if prediction.get("status") == "succeeded":
                output = prediction["output"]
                address = output if isinstance(output, str) else output[0]
                return self._session.get(address).content

    def _before(self, request: Any) -> None:
        if "authorization" not in request.headers:
            return  # the Hub's page of the model, or the finished file
        self._is_asked = True
        if self._endpoint:
            base = self._http.URL(self._endpoint)
            if (base.scheme, base.netloc) != (request.url.scheme, request.url.netloc):
                path = base.raw_path.rstrip(b"/") + request.url.raw_path
                request.url = base.copy_with(raw_path=path)
                request.headers["Host"] = base.netloc.decode("ascii")

    def _after(self, response: Any) -> None:
        response.stream = self._limited(response.stream)
        is_of_provider = "authorization" in response.request.headers
        if response.status_code >= 400:
            where = "file" if self._is_asked else "hub"
            raise Stopped(
                "refused",
                _sentence(_read_json(response)),
                status=response.status_code,
                where="provider" if is_of_provider else where,
            )
        if is_of_provider:
            self._look_at(response)

    def _look_at(self, response: Any) -> None:
        said = _read_json(response)
        job = said["data"] if isinstance(said.get("data"), dict) else said
        status = str(job.get("status", "")).lower()
        if status in _FAILED or (status == "completed" and job.get("error")):
            raise Stopped("failed", _sentence(job))
        urls = job.get("urls")
        if status in ("starting", "processing") and isinstance(urls, dict) and urls.get("get"):
            # By way of a router the address has a part in front that the provider does not know.
            asked = response.request
            front = asked.url.path.partition("/v1/")[0]
            path = front + self._http.URL(urls["get"]).path
            headers = {"authorization": asked.headers["authorization"]}
            self.unfinished = (asked.url.copy_with(raw_path=path.encode()), headers)

    def _limited(self, stream: Any) -> Any:
        limit = self._limit_bytes
        base: Any = self._http.SyncByteStream

        class Limited(base):  # type: ignore[misc]
            def __iter__(self) -> Any:
                got = 0
                for piece in stream:
                    got += len(piece)
                    if got > limit:
                        raise Stopped("strange", f"the answer is larger than {limit >> 20} MiB")
                    yield piece

            def close(self) -> None:
                stream.close()

        return Limited()


def _read_json(response: Any) -> dict[str, Any]:
    """The body, when it is a JSON object; the finished file is left unread."""
    if "json" not in response.headers.get("content-type", ""):
        return {}
    response.read()
    try:
        said = response.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _sentence(said: Any) -> str:
    """The words in a provider's error; each puts them in another place."""
    if isinstance(said, str):
        return said
    if isinstance(said, list):
        return "; ".join(filter(None, map(_sentence, said)))
    if isinstance(said, dict):
        for name in ("error", "detail", "message", "msg", "title"):
            if found := _sentence(said.get(name)):
                return found
    return ""


if __name__ == "__main__":
    sys.exit(main())
