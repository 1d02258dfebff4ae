"""A provider on loopback in a process of its own: OpenAI's chat completions over HTTP, after a fixed latency.

    python benchmarks/texts/provider.py SECONDS [PORT]

It prints its port. With a port of your choice it serves until Ctrl-C, else until its standard input is closed. Answers
follow fixed rules by the purpose of the call (`scripted.py`); there is no language model. `GET /count` says how many
requests came, and how many characters of prompts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from texts.scripted import improved, purpose


def answer(system_prompt: str, prompt: str, *, as_json: bool) -> str:
    """What is said, by the purpose of the call; a rewriting in the form that was asked for."""
    if as_json:
        return json.dumps({"reasoning": "", "value": "You answer in short sentences."})
    rules = {
        "forward": f"An answer to {prompt[-40:]!r}.",
        "judge": "The judgement: the third sentence is too long.",
        "backward": "Shorten what leads to the third sentence.",
        "update": improved("You answer in short sentences."),
    }
    return rules[purpose(system_prompt)]


class Handler(BaseHTTPRequestHandler):
    """One request, after the latency."""

    protocol_version = "HTTP/1.1"
    latency_s = 0.0
    calls, characters = 0, 0
    lock = threading.Lock()

    def do_GET(self) -> None:
        """The counters, which begin anew."""
        with self.lock:
            self._send({"calls": Handler.calls, "characters": Handler.characters})
            Handler.calls = Handler.characters = 0

    def do_POST(self) -> None:
        """A completion."""
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts = {message["role"]: _text(message["content"]) for message in request["messages"]}
        with self.lock:
            Handler.calls += 1
            Handler.characters += sum(len(_text(message["content"])) for message in request["messages"])
        time.sleep(self.latency_s)
        as_json = "response_format" in request
        content = answer(texts.get("system", ""), texts.get("user", ""), as_json=as_json)
        choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        head = {"id": "1", "object": "chat.completion", "created": 0, "model": "local"}
        self._send({**head, "choices": [choice], "usage": usage})

    def _send(self, data: Any) -> None:
        content = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


class Server(ThreadingHTTPServer):
    """Many clients may knock at one moment."""

    request_queue_size = 256
    daemon_threads = True


@contextmanager
def provider(latency_s: float) -> Iterator[str]:
    """Its address, while it runs."""
    command = [sys.executable, str(Path(__file__).resolve()), str(latency_s)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.stdin.close()
            process.wait(10)


def count(address: str) -> tuple[int, int]:
    """Requests and characters since the last time."""
    with urllib.request.urlopen(f"{address}/count", timeout=10) as reply:
        data = json.loads(reply.read())
    return data["calls"], data["characters"]


def main() -> None:
    """Serve until standard input ends, or until Ctrl-C on a chosen port."""
    Handler.latency_s = float(sys.argv[1])
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    server = Server(("127.0.0.1", chosen), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    try:
        threading.Event().wait() if chosen else sys.stdin.read()
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    server.shutdown()


if __name__ == "__main__":
    main()
