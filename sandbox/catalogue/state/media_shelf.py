"""Temporary media of one account, stored for three days."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.errors import WeChatError

LIFE = 3 * 86_400


@dataclass(frozen=True, slots=True)
class Media:
    """One file, or the bodiless `news` of a mass message; `at` is Unix time."""

    media_id: str
    kind: str
    at: float
    filename: str = ""
    content_type: str = ""
    body: bytes = b""


class MediaShelf:
    """Media by media_id."""

    def __init__(self) -> None:
        self._media: dict[str, Media] = {}

    def put(self, media: Media) -> None:
        """Store one, and remove what has expired by then."""
        self._media = {
            media_id: kept
            for media_id, kept in self._media.items()
            if media.at < kept.at + LIFE
        }
        self._media[media.media_id] = media

    def get(self, media_id: str, *, now: float) -> Media:
        """Return one; 40007 if unknown or older than three days."""
        media = self._media.get(media_id)
        if media is None or now >= media.at + LIFE:
            raise WeChatError(40007)
        return media
