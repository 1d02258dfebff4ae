"""A provider on loopback that stands for a language model in notebook 03: fixed rules that know no chemistry.

It speaks OpenAI's chat completions over HTTP. Its answer proposes the edits that the prompt's findings name, in their
order, as a model would that takes every finding at its word.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NAME = "openai/scripted"
MOST = 6
_FINDING = re.compile(r"^(?P<id>[A-Z]+\d+) \|.*?^  Edit: (?P<edit>\S+)$", re.MULTILINE | re.DOTALL)


def proposals(prompt: str) -> list[dict[str, Any]]:
    """The edits of the findings in a prompt, each with the finding that it follows."""
    blocks = re.split(r"\n(?=[A-Z]+\d+ \|)", prompt)
    found = [match for block in blocks if (match := _FINDING.search(block))]
    return [{"text": each["edit"], "because": [each["id"]]} for each in found[:MOST]]


class _Handler(BaseHTTPRequestHandler):
    """One completion for each request."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = "\n".join(_text(message["content"]) for message in asked["messages"])
        answer = json.dumps({"proposals": proposals(prompt)})
        choice = {"index": 0, "message": {"role": "assistant", "content": answer}, "finish_reason": "stop"}
        counted = {"prompt_tokens": len(prompt) // 4, "completion_tokens": len(answer) // 4}
        counted["total_tokens"] = sum(counted.values())
        self._send(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 0,
                "model": "scripted",
                "choices": [choice],
                "usage": counted,
            }
        )

    def _send(self, data: dict[str, Any]) -> None:
        content = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing in the notebook."""


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


@contextmanager
def provider() -> Iterator[str]:
    """Its address, such as "http://127.0.0.1:41234/v1", while it runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
