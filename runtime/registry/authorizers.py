"""Authorizers: accounts that have authorised a component of the open platform.

Their documents are `authorizers/{component}-{appid}`. There may be thousands, so they
are read by id and never listed to answer a request. A version is written only where
the refresh token, the permission sets or the state changes, or the user name becomes
known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from runtime.documents.documents import Documents, UnreadableDocument, VersionExists
from runtime.documents.secret_fields import Sealed
from runtime.errors import ServiceUnavailable
from runtime.registry.ids import APPID
from runtime.state.stored_fields import known_fields

KIND = "authorizers"

AUTHORIZED, UNAUTHORIZED = "authorized", "unauthorized"
"""States: the authorisation stands, or the account has withdrawn it."""

ATTEMPTS = 8
"""Of a change that meets other writers of the same document, one after the other."""


@dataclass(frozen=True, slots=True)
class Authorizer:
    """An account that has authorised a component; `revision` is the document's version.

    `kind` is what the account is: "service", "subscription" or "miniprogram".
    `permission_sets` are the ids of what it allows the component, `user_name` is its
    gh_ id, `service_type` WeChat's number. `authorized_at` is in seconds: of two
    components the newer authorisation counts. `unauthorized_at` is when the account has
    withdrawn the last time. Without API rights an account has no `refresh_token`.
    """

    component: str
    appid: str
    kind: str
    refresh_token: str = field(default="", repr=False)
    permission_sets: tuple[int, ...] = ()
    state: str = AUTHORIZED
    user_name: str = ""
    service_type: int = 0
    authorized_at: int = 0
    unauthorized_at: int = 0
    revision: int = 0

    @property
    def stands(self) -> bool:
        """Tell whether the account has not withdrawn its authorisation."""
        return self.state == AUTHORIZED

    @property
    def document_id(self) -> str:
        """Return the id of its document."""
        return document_id(self.component, self.appid)


def document_id(component: str, appid: str) -> str:
    """Return the id of an authorisation's document."""
    return f"{component}-{appid}"


def parties_of(id_: str) -> tuple[str, str] | None:
    """Return component and appid of a document's id; None if it is no such id."""
    found = re.fullmatch(f"({APPID})-({APPID})", id_)
    return (found[1], found[2]) if found else None


MESSAGES = (1, 19)
"""Permission sets with which a component gets an account's messages."""


def in_force(
    authorizers: Iterable[Authorizer], wanted: Iterable[int] = ()
) -> Authorizer | None:
    """Return the authorisation that counts: the newest that stands.

    Of those, first one that has any of the wanted permission sets. None if there is
    none that stands.
    """
    sets = frozenset(wanted)
    standing = sorted(
        (each for each in authorizers if each.stands),
        key=lambda each: (each.authorized_at, each.component),
        reverse=True,
    )
    granted = (each for each in standing if not sets.isdisjoint(each.permission_sets))
    return next(granted, standing[0] if standing else None)


def authorizer_from(id_: str, version: int, content: Mapping[str, Any]) -> Authorizer:
    """Return the model of a document; ValueError or TypeError if it cannot be one."""
    fields = known_fields(Authorizer, content)
    found = Authorizer(**{**fields, "revision": version})
    if found.document_id != id_:
        raise ValueError("component or appid")
    if not all(type(each) is int for each in found.permission_sets):
        raise TypeError("permission_sets")
    if not all(isinstance(each, str) for each in (found.kind, found.refresh_token)):
        raise TypeError("kind or refresh_token")
    if not all(
        type(each) is int for each in (found.authorized_at, found.unauthorized_at)
    ):
        raise TypeError("authorized_at or unauthorized_at")
    return found


Change = Callable[["Authorizer | None"], "Authorizer | None"]


class Authorizers:
    """Documents of authorisations: changed one by one, each by compare-and-swap."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def newest(self, component: str, appid: str) -> Authorizer | None:
        """Return the authorisation as the store has it now, not as a process saw it.

        ServiceUnavailable if the store is away, UnreadableDocument if it is damaged.
        """
        return self._newest(document_id(component, appid))[1]

    def change(self, component: str, appid: str, change: Change) -> Authorizer | None:
        """Write what `change` makes of the newest version, and return it.

        None from `change` leaves the document as it is. Nothing is written either where
        refresh token, permission sets and state stay the same, unless the user name was
        unknown. It is durable when this returns; ServiceUnavailable if the store is
        away.
        """
        id_ = document_id(component, appid)
        for _ in range(ATTEMPTS):
            version, found, content = self._newest(id_)
            wanted = change(found)
            if wanted is None or (found and _is_same(found, wanted)):
                return found
            if (wanted.component, wanted.appid) != (component, appid):
                raise ValueError("another authorisation's")
            made = {**content, **_content(wanted)}
            try:
                written = self._documents.write(KIND, id_, made, after=version)
            except VersionExists:
                continue
            except OSError:
                raise ServiceUnavailable from None
            return replace(wanted, revision=written)
        raise ServiceUnavailable

    def _newest(self, id_: str) -> tuple[int, Authorizer | None, Mapping[str, Any]]:
        try:
            version = self._documents.version(KIND, id_)
            document = (
                self._documents.version_in_part(KIND, id_, version) if version else None
            )
        except OSError:
            raise ServiceUnavailable from None
        except (ValueError, TypeError, AttributeError):
            raise UnreadableDocument(f"{KIND}/{id_}") from None
        if document is None:
            return version, None, {}
        content = {**document.content}
        if isinstance(content.get("refresh_token"), Sealed):
            # Its master key is gone. WeChat tells the token again, and until then the
            # account counts as one of which no code was exchanged.
            content["refresh_token"] = ""
        try:
            found = authorizer_from(id_, version, content)
        except (ValueError, TypeError):
            raise UnreadableDocument(f"{KIND}/{id_}") from None
        return version, found, content


def _is_same(found: Authorizer, wanted: Authorizer) -> bool:
    return (
        found.refresh_token == wanted.refresh_token
        and set(found.permission_sets) == set(wanted.permission_sets)
        and found.state == wanted.state
        and (bool(found.user_name) or not wanted.user_name)
    )


def _content(wanted: Authorizer) -> dict[str, Any]:
    return {
        "component": wanted.component,
        "appid": wanted.appid,
        "kind": wanted.kind,
        "refresh_token": wanted.refresh_token,
        "permission_sets": list(wanted.permission_sets),
        "state": wanted.state,
        "user_name": wanted.user_name,
        "service_type": wanted.service_type,
        "authorized_at": wanted.authorized_at,
        "unauthorized_at": wanted.unauthorized_at,
    }
