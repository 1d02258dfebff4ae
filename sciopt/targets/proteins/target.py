"""A protein target: a rigid receptor, the box that is searched, and where both are found again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sciopt.errors import ToolError

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Target:
    """A rigid receptor and the box that is searched.

    `center` and `size` are in A; `receptor` is an absolute path to a PDBQT file; `digest` is the start of the SHA-256
    of its bytes, so that two receptors of one name are never mistaken for each other. `folder` is where a custom
    target lies, and None for the built-in ones.
    """

    name: str
    receptor: Path
    center: Triple
    size: Triple
    digest: str
    title: str = ""
    group: str = ""
    source: str = ""
    folder: Path | None = None
    by_path: bool = False

    @property
    def reference(self) -> str:
        """What `catalog.target` finds it by: its name, or its folder where it was asked for by path."""
        return str(self.folder) if self.by_path and self.folder is not None else self.name

    @classmethod
    def from_files(
        cls,
        name: str,
        *,
        receptor: Path,
        center: Triple,
        size: Triple,
        title: str = "",
        group: str = "",
        source: str = "",
        folder: Path | None = None,
        by_path: bool = False,
    ) -> Target:
        """A target whose digest is computed from the receptor file; `ToolError` when it cannot be read."""
        try:
            digest = hashlib.sha256(receptor.read_bytes()).hexdigest()[:12]
        except OSError as error:
            raise ToolError(f"the receptor {receptor} of target {name} cannot be read: {error.strerror}") from error
        return cls(name, receptor.resolve(), center, size, digest, title, group, source, folder, by_path)
