"""A provider on loopback: a real HTTP server with OpenAI's chat completions, answering what a test tells it to.

`FAULTS` names the bad days of a provider, each as what it answers.
"""

from __future__ import annotations

import copy
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Response:
    """What the server does with a request.

    Args:
        body: JSON data, a text or bytes; "{authorization}" in a text becomes the header that the client sent.
        after_s: how long it lets the client wait before.
        sent: of the body, so many bytes are sent and the connection is cut; None sends all.
        reset: the connection is reset without a word.
        every_s: seconds between two bytes of the body; 0 sends it at once.
    """

    status: int = 200
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    sent: int | None = None
    reset: bool = False
    every_s: float = 0.0
    media_type: str = "application/json"

    @property
    def content(self) -> bytes:
        """The body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


Answer = Callable[[dict[str, Any]], "tuple[int, Any] | Response"]


def says(content: Any, *more: Any, finish: str = "stop") -> tuple[int, dict[str, Any]]:
    """A complete answer with this content; more of them are further choices."""
    choices = [
        {"index": index, "message": {"role": "assistant", "content": each}, "finish_reason": finish}
        for index, each in enumerate((content, *more))
    ]
    return 200, {
        "id": "1",
        "object": "chat.completion",
        "created": 0,
        "model": "local",
        "choices": choices,
        "usage": {"prompt_tokens": 30, "completion_tokens": 12, "total_tokens": 42},
    }


def _without(what: str) -> dict[str, Any]:
    body = copy.deepcopy(says("good")[1])
    body[what] = []
    return body


def error(message: str, **more: Any) -> dict[str, Any]:
    """An error in OpenAI's form."""
    return {"error": {"message": message, **more}}


_WHOLE = json.dumps(says("a good answer")[1])
FAULTS: dict[str, Response] = {
    "429": Response(429, error("slow down")),
    "429, seconds": Response(429, error("slow down"), {"Retry-After": "7"}),
    "429, date": Response(429, error("slow down"), {"Retry-After": "Sat, 01 Jan 2000 00:00:30 GMT"}),
    "408": Response(408, error("too late")),
    "500": Response(500, error("oops")),
    "502, HTML": Response(502, "<html><body>Bad gateway</body></html>", media_type="text/html"),
    "503": Response(503, error("overloaded"), {"Retry-After": "0"}),
    "529": Response(529, error("overloaded")),
    "200, HTML": Response(200, "<html><body>Sign in</body></html>", media_type="text/html"),
    "200, an error inside": Response(200, error("overloaded", code=503)),
    "empty body": Response(200, ""),
    "half a JSON": Response(200, _WHOLE[:70]),
    "no object": Response(200, "[1]"),
    "null": Response(200, "null"),
    "not UTF-8": Response(200, _WHOLE.encode().replace(b"good", b"\xff\xfe")),
    "cut": Response(200, _WHOLE, sent=60),
    "reset": Response(reset=True),
    "empty choices": Response(200, _without("choices")),
    "null content": Response(*says(None)),
    "blank content": Response(*says(" \n ")),
}
"""Those that pass and ask for no time; none of them holds a good answer."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


@contextmanager
def provider(answer: Answer) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Its base URL, and the requests that it got."""
    requests: list[dict[str, Any]] = []
    closing = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            requests.append(request)
            answered = answer(request)
            response = answered if isinstance(answered, Response) else Response(*answered)
            if response.after_s:
                closing.wait(response.after_s)
            if response.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
            else:
                self._send(response)

        def _send(self, response: Response) -> None:
            content = response.content.replace(b"{authorization}", str(self.headers["Authorization"]).encode())
            self.send_response(response.status)
            self.send_header("Content-Type", response.media_type)
            self.send_header("Content-Length", str(len(content)))
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if not response.every_s:
                self.wfile.write(content[: response.sent])
            for byte in content if response.every_s else b"":
                self.wfile.write(bytes([byte]))
                if closing.wait(response.every_s):
                    break

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", requests
    finally:
        closing.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
