"""A request in the form of OpenAI's chat completions, which litellm and all compatible servers take."""

from __future__ import annotations

from typing import Any

from sciopt.engines.chat import ChatRequest, Message
from sciopt.images import Image


def messages(request: ChatRequest) -> list[dict[str, Any]]:
    """A conversation, images by their addresses."""
    return [{"role": message.role, "content": _content(message)} for message in request.messages]


def _content(message: Message) -> str | list[dict[str, Any]]:
    """A plain text, which every server takes, unless there are images."""
    if not any(isinstance(part, Image) for part in message.parts):
        return clean(message.text)
    return [
        {"type": "image_url", "image_url": {"url": part.address}}
        if isinstance(part, Image)
        else {"type": "text", "text": clean(part)}
        for part in message.parts
    ]


def response_format(request: ChatRequest) -> dict[str, Any]:
    """The schema of a request; strict only where it is closed: providers refuse the others."""
    schema = dict(request.schema or {})
    strict = schema.get("additionalProperties") is False
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": strict}}


def clean(text: str) -> str:
    """Half a surrogate pair cannot be sent or stored."""
    return text.encode("utf-8", "replace").decode()
