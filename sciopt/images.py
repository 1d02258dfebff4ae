"""An image as a value: its bytes, or the address that a provider fetches it from."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from sciopt.errors import InvalidInput

LARGEST_IMAGE = 20_000_000
"""Bytes; a larger image is refused before it is sent anywhere."""
_KINDS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


@dataclass(frozen=True)
class Image:
    """PNG, JPEG, GIF or WebP. Either `data` or `url`; a URL is passed on to the provider and fetched by nobody here.

    >>> Image.of(b"\\x89PNG\\r\\n\\x1a\\n").media_type
    'image/png'
    """

    media_type: str = ""
    data: bytes = field(default=b"", repr=False)
    url: str = ""

    @classmethod
    def of(cls, source: bytes | str | Path) -> Image:
        """From bytes, from a path, or from an http(s) address; `InvalidInput` for anything else."""
        if isinstance(source, bytes):
            return cls(_kind(source), source)
        if isinstance(source, str) and source.startswith(("https://", "http://")):
            return cls(url=source)
        path = Path(source)
        try:
            if path.stat().st_size > LARGEST_IMAGE:
                raise InvalidInput(f"the image {path} is larger than {LARGEST_IMAGE // 10**6} MB: make it smaller")
            return cls(_kind(path.read_bytes()), path.read_bytes())
        except OSError as error:
            raise InvalidInput(
                f"the image {path} cannot be read: {error.strerror}; expected a file or a URL"
            ) from error

    @property
    def address(self) -> str:
        """As a provider takes it: the URL, or the bytes as a data URL."""
        return self.url or f"data:{self.media_type};base64,{base64.b64encode(self.data).decode()}"

    def __str__(self) -> str:
        """A short name of the content, for a prompt or a log; equal images have equal names."""
        if self.url:
            return f"[image {self.url}]"
        return f"[{self.media_type}, {len(self.data)} bytes, {hashlib.blake2b(self.data, digest_size=8).hexdigest()}]"


def _kind(data: bytes) -> str:
    if len(data) > LARGEST_IMAGE:
        raise InvalidInput(f"an image of {len(data)} bytes: expected at most {LARGEST_IMAGE // 10**6} MB")
    for start, kind in _KINDS.items():
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    raise InvalidInput(f"{len(data)} bytes that are no PNG, JPEG, GIF or WebP image (they begin with {data[:8]!r})")
