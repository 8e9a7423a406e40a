"""Limits of uploads: sizes, formats, and the errcodes for violations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.call import Part
from sandbox.errors import WeChatError

MB = 1024 * 1024


def _is_mp3(body: bytes) -> bool:
    # A tag in front, or the eleven set bits every frame begins with.
    return body[:3] == b"ID3" or (body[:1] == b"\xff" and body[1:2] >= b"\xe0")


FORMATS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "jpg": ("image/jpeg", lambda body: body[:3] == b"\xff\xd8\xff"),
    "jpeg": ("image/jpeg", lambda body: body[:3] == b"\xff\xd8\xff"),
    "png": ("image/png", lambda body: body[:8] == b"\x89PNG\r\n\x1a\n"),
    "gif": ("image/gif", lambda body: body[:4] == b"GIF8"),
    "bmp": ("image/bmp", lambda body: body[:2] == b"BM"),
    "amr": ("audio/amr", lambda body: body[:5] == b"#!AMR"),
    "mp3": ("audio/mp3", _is_mp3),
    "mp4": ("video/mp4", lambda body: body[4:8] == b"ftyp"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of upload: its formats, the most bytes, the code for more of them.

    `unlike` is the code for a file that is not what its name says.
    """

    formats: tuple[str, ...]
    most: int
    too_large: int
    unlike: int = 40005

    def content_type(self, part: Part) -> str:
        """Return the content type of a file that keeps the rule; WeChatError else."""
        if not part.body:
            raise WeChatError(44001)
        if len(part.body) > self.most:
            raise WeChatError(self.too_large)
        suffix = extension(part)
        if suffix not in self.formats:
            raise WeChatError(40005)
        content_type, looks_like_it = FORMATS[suffix]
        if not looks_like_it(part.body):
            raise WeChatError(self.unlike)
        return content_type


# The documents give 2 MB as well as 10 MB for an image: the larger one holds here.
# A recording may last 60 seconds, which is not measured.
TEMPORARY = {
    "image": Rule(("png", "jpeg", "jpg", "gif"), 10 * MB, 40009, 40137),
    "voice": Rule(("amr", "mp3"), 2 * MB, 40010),
    "video": Rule(("mp4",), 10 * MB, 40011),
    "thumb": Rule(("jpg", "jpeg"), 64 * 1024, 40012, 40137),
}
PERMANENT = TEMPORARY | {
    "image": Rule(("bmp", "png", "jpeg", "jpg", "gif"), 10 * MB, 40009, 40137),
}
IN_ARTICLES = Rule(("jpg", "jpeg", "png"), MB, 40006, 40137)


def rule_for(kind: str | None, rules: dict[str, Rule]) -> Rule:
    """Return the rule for a `type`; 40004 if there is no such type."""
    if kind not in rules:
        raise WeChatError(40004)
    return rules[kind]


def extension(part: Part) -> str:
    """Return the end of a file's name in lower case; 41005 if it has none."""
    # Some SDKs send the whole path.
    name = part.filename.replace("\\", "/").rpartition("/")[2]
    _, dot, suffix = name.rpartition(".")
    if not (dot and suffix):
        raise WeChatError(41005)
    return suffix.lower()
