"""Known users: those whom an operator has entered; and who may sign in to a client.

Their documents are `people/{id}`, and the id is the hash of the sub. There are no other
records of users: who is not entered is a stranger, whoever has signed in before. Only a
company's own members need no document: WeCom knows them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from runtime.crypto.encoding import sha256_hex
from runtime.registry.models import ANYONE, KNOWN, Client
from runtime.registry.subjects import corpid_of

ROLES = ("viewer", "operator", "admin")


@dataclass(frozen=True, slots=True)
class KnownUser:
    """A user whom an operator has entered.

    `name` is for operators alone. `email` is an address that the operator vouches for.
    `role` is what the user may do in the console, empty for nothing.
    """

    sub: str = field(repr=False)
    name: str = field(default="", repr=False)
    groups: tuple[str, ...] = ()
    email: str = field(default="", repr=False)
    role: str = ""


def document_id(sub: str) -> str:
    """Return the id of a user's document: nobody can find the sub by it."""
    return sha256_hex(sub)


def admits(
    client: Client, sub: str, user: KnownUser | None, groups: Collection[str] = ()
) -> bool:
    """Tell whether this user may sign in to the client; without a document, a stranger.

    `groups` are those that WeCom knows of a member, besides the ones of the document.
    """
    if client.allow == ANYONE:
        return True
    if client.allow == KNOWN:
        return user is not None or is_own_member(client, sub)
    own = user.groups if user else ()
    return not set(client.allow).isdisjoint({*own, *groups})


def is_own_member(client: Client, sub: str) -> bool:
    """Tell whether the user is a member of a company of which the client has an app.

    A member of a linked company is none, though WeCom lets such a member in.
    """
    corpid = corpid_of(sub)
    return bool(corpid) and any(
        key.startswith(f"{corpid}-") and not key.endswith("*")
        for key in client.scopes_by_app
    )
