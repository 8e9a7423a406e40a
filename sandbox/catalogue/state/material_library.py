"""Permanent material of one account."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.errors import WeChatError


@dataclass(frozen=True, slots=True)
class Material:
    """One file; title and introduction are a video's, `at` is Unix time."""

    media_id: str
    kind: str
    at: float
    filename: str
    content_type: str
    body: bytes
    url: str = ""
    title: str = ""
    introduction: str = ""


class MaterialLibrary:
    """Material by media_id, in the order it came."""

    def __init__(self) -> None:
        self._material: dict[str, Material] = {}

    def put(self, material: Material) -> None:
        """Store one permanently."""
        self._material[material.media_id] = material

    def get(self, media_id: str) -> Material:
        """Return one; 40007 if unknown."""
        if media_id not in self._material:
            raise WeChatError(40007)
        return self._material[media_id]

    def delete(self, media_id: str) -> None:
        """Remove one; 40007 if unknown."""
        self.get(media_id)
        del self._material[media_id]

    def of_kind(self, kind: str) -> list[Material]:
        """Return all of a kind, the newest first."""
        return [m for m in reversed(self._material.values()) if m.kind == kind]
