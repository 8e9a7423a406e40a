"""Real access_token of an app, and its place in the query of a call."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_plus

TOKEN_NAME = "access_token"


@dataclass(frozen=True, slots=True)
class RealToken:
    """A platform's real access_token of an app and how long it lives, in seconds.

    Neither the gateway token of a client nor a user's token: those are texts, and
    this type stands in no place of theirs.
    """

    value: str = field(repr=False)
    seconds: float


def put_in_query(
    target: str, token: RealToken, *, names: Collection[str] = (TOKEN_NAME,)
) -> str:
    """Return the target with the real token in the old one's place, or in front.

    >>> put_in_query("/cgi-bin/user/get?access_token=old&b", RealToken("new", 7200))
    '/cgi-bin/user/get?access_token=new&b'
    """
    path, _, query = target.partition("?")
    pairs = query.split("&") if query else []
    places = [place for place, each in enumerate(pairs) if _name(each) in names]
    name = _name(pairs[places[0]]) if places else TOKEN_NAME
    pair = f"{name}={quote(token.value, safe='')}"
    # A platform reads the first of two; the second would be one that is not ours.
    kept = [each for place, each in enumerate(pairs) if place not in places[1:]]
    if places:
        kept[places[0]] = pair
    else:
        kept.insert(0, pair)
    return f"{path}?{'&'.join(kept)}"


def without_parameter(target: str, name: str) -> str:
    """Return the target without the parameters of this name."""
    path, _, query = target.partition("?")
    kept = [each for each in query.split("&") if _name(each) != name]
    return f"{path}?{'&'.join(kept)}"


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])
