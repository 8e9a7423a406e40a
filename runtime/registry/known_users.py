"""Known users: those whom an operator has entered; and who may sign in to a client.

Their documents are `people/{id}`, and the id is the hash of the sub. There are no other
records of users: who is not entered is a stranger, whoever has signed in before.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from runtime.crypto.encoding import sha256_hex
from runtime.registry.models import ANYONE, KNOWN, Client

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


def admits(client: Client, user: KnownUser | None) -> bool:
    """Tell whether this user may sign in to the client; None is a stranger."""
    if client.allow == ANYONE:
        return True
    if user is None:
        return False
    return client.allow == KNOWN or not set(client.allow).isdisjoint(user.groups)
