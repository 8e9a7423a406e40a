"""API call as the endpoints receive it, and the answers they may give."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sandbox.errors import WeChatError
from sandbox.multipart import Section, sections_of

if TYPE_CHECKING:
    from sandbox.world import App, World

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a multipart body."""

    filename: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One request; header names are lower case, `now` is the platform's time."""

    method: str
    path: str
    query: Pairs = ()
    headers: Pairs = ()
    body: bytes = b""
    client_ip: str = "127.0.0.1"
    now: float = 0.0

    def argument(self, name: str) -> str | None:
        """Return a query argument; of a repeated one the first."""
        return next((value for key, value in self.query if key == name), None)

    def header(self, name: str) -> str | None:
        """Return the first header of that lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def origin(self) -> str:
        """Return the base URL of the request, without a trailing slash."""
        return f"http://{self.header('host') or '127.0.0.1'}"

    def json(self) -> Any:
        """Return the body as JSON; WeChatError 44002 if empty, 47001 if not JSON.

        The Content-Type is not looked at: the platform does not do so either.
        """
        if not self.body:
            raise WeChatError(44002)
        try:
            return json.loads(self.body.decode("utf-8"))
        except (ValueError, RecursionError):
            raise WeChatError(47001) from None

    def fields(self) -> dict[str, Any]:
        """Return the body as a JSON object; WeChatError 47001 if it is another."""
        content = self.json()
        if not isinstance(content, dict):
            raise WeChatError(47001)
        return content

    def part(self, name: str) -> Part:
        """Return the file of that name in a multipart body; WeChatError 41005."""
        for each in self._sections():
            if each.name == name and each.filename:
                return Part(each.filename, each.content_type, each.body)
        raise WeChatError(41005)

    def form(self, name: str) -> str | None:
        """Return a text field of a multipart body."""
        for each in self._sections():
            if each.name == name and not each.filename:
                return each.body.decode("utf-8", "replace")
        return None

    def argument_or_field(self, name: str) -> str | None:
        """Return a query argument, or the text field of that name."""
        found = self.argument(name)
        return self.form(name) if found is None else found

    def with_form(self) -> Call:
        """Return the call with the pairs of a posted form behind those of the query."""
        kind = (self.header("content-type") or "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return self
        text = self.body.decode("utf-8", "replace").strip()
        pairs = parse_qsl(text, keep_blank_values=True)
        return replace(self, query=(*self.query, *pairs))

    def _sections(self) -> list[Section]:
        content_type = self.header("content-type") or ""
        if not content_type.lower().startswith("multipart/form-data"):
            return []
        return sections_of(content_type, self.body)


@dataclass(frozen=True, slots=True)
class Binary:
    """An answer that is not JSON: an image, a recording, an empty 404."""

    body: bytes
    content_type: str
    filename: str | None = None
    status: int = 200


Answer = dict[str, Any] | Binary


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An API that takes an access_token; `kinds` are the app kinds it serves."""

    method: str
    path: str
    answer: Callable[[World, App, Call], Answer]
    kinds: tuple[str, ...] = ("service", "miniprogram")
    posted: bool = False
    """As of an OpenEndpoint."""


@dataclass(frozen=True, slots=True)
class OpenEndpoint:
    """An API without access_token; method `*` takes any."""

    method: str
    path: str
    answer: Callable[[World, Call], Answer]
    posted: bool = False
    """Tells that it is answered by POST as well, its arguments in query or form."""
