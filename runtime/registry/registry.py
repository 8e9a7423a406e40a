"""Registry of apps, clients and known users, read from their documents."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from runtime.documents.documents import (
    FIRST_SECONDS,
    FRESH_SECONDS,
    Document,
    Documents,
    Listing,
    UnreadableDocument,
)
from runtime.errors import ServiceUnavailable
from runtime.registry.alerts import KINDS, Alert
from runtime.registry.authorized_accounts import AuthorizedAccounts, Defaults
from runtime.registry.authorizers import KIND as AUTHORIZERS
from runtime.registry.authorizers import Authorizer, authorizer_from
from runtime.registry.authorizers import document_id as document_id_of
from runtime.registry.client_secrets import client_id_of
from runtime.registry.gateway_settings import DEFAULTS, GatewaySettings
from runtime.registry.gateway_settings import ID as SETTINGS_ID
from runtime.registry.gateway_settings import KIND as SETTINGS_KIND
from runtime.registry.known_users import KnownUser, admits, document_id
from runtime.registry.models import (
    ANYONE,
    AUTHORIZED_KIND,
    COMPONENT_KIND,
    KNOWN,
    TOKEN_READ,
    WECOM_KIND,
    App,
    Client,
    Rate,
)
from runtime.registry.routes import routes_of
from runtime.registry.subjects import groups_of
from runtime.state.stored_fields import known_fields

log = logging.getLogger("gateway.registry")

T = TypeVar("T")


class Registry:
    """Apps and clients by their ids, known users by their subs.

    ServiceUnavailable where the documents are away. UnreadableDocument where the one
    that is asked for cannot be read; listings leave such a one out.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._made: dict[tuple[str, str], tuple[Document, Any]] = {}
        self._apps: _Listed[App] | None = None
        self._clients: _Listed[Client] | None = None
        self._accounts = AuthorizedAccounts(self.components, self.authorizer)

    def app(self, appid: str) -> App | None:
        """Return the app, or None.

        An account without a secret of its own is one that has authorised a component:
        its authorisations are read by id, its settings from its document or else from
        the component's. Not for the appid that a stranger names: see `own_app`.
        """
        own = self.own_app(appid)
        if own is not None and own.kind != AUTHORIZED_KIND:
            return own
        return self._accounts.find(appid, own) or own

    def own_app(self, appid: str) -> App | None:
        """Return the app that has a document of its own, as that document has it.

        Unlike `app` it asks for no authorisation, so anybody may name the appid.
        """
        return self._of("apps", appid, _app)

    def authorizer(self, component: str, appid: str) -> Authorizer | None:
        """Return the authorisation that an account has given a component, or None."""
        id_ = document_id_of(component, appid)
        return self._of(AUTHORIZERS, id_, _authorizer)

    def authorized_ids(self, *, first: float) -> tuple[str, ...]:
        """Return the ids of all authorisations, for a timer: there may be thousands."""
        try:
            return self._documents.listed_ids(
                AUTHORIZERS, within=FRESH_SECONDS, first=first
            )
        except OSError:
            raise ServiceUnavailable from None

    def components(self, *, within: float = FRESH_SECONDS) -> tuple[App, ...]:
        """Return the components of the open platform, of a listing of that time."""
        apps = self._listed_apps(within, FIRST_SECONDS).all
        return tuple(app for app in apps if app.kind == COMPONENT_KIND)

    def scopes_of(self, client: Client, appid: str) -> tuple[str, ...] | None:
        """Return the client's scopes for an app, None if it may not use the app.

        The appid itself is looked for first, then `{component}-*` of a component that
        the account has authorised, which never includes token:read.
        """
        scopes = client.scopes_by_app.get(appid)
        if scopes is not None:
            return scopes
        keys = [key for key in client.scopes_by_app if key.endswith("-*")]
        app = self.app(appid) if keys else None
        authorizers = app.authorizers if app else ()
        known = {f"{each.component}-*" for each in authorizers}
        found = [client.scopes_by_app[key] for key in keys if key in known]
        if not found:
            return None
        both = dict.fromkeys(scope for scopes in found for scope in scopes)
        return tuple(scope for scope in both if scope != TOKEN_READ)

    def apps(self, *, first: float = FIRST_SECONDS) -> tuple[App, ...]:
        """Return all apps; a new one and a change are seen within two seconds.

        If the store is slow, they are seen later. `first` is how long a process waits
        that has never had a listing.
        """
        return self._listed_apps(FRESH_SECONDS, first).all

    def client(self, client_id: str) -> Client | None:
        """Return the client, or None."""
        return self._of("clients", client_id, _client)

    def clients(self) -> tuple[Client, ...]:
        """Return all clients, as `apps` does."""
        return self._listed_clients(FRESH_SECONDS).all

    def clients_of(self, appid: str) -> tuple[Client, ...]:
        """Return the clients that may use this app, by its appid or by `{component}-*`.

        Only where a client has such a key are authorisations of the app looked for.
        """
        by_app = self._listed_clients(FRESH_SECONDS).by_app
        named = by_app.get(appid, ())
        others = {
            client.client_id: client
            for key, clients in by_app.items()
            if key.endswith("-*")
            for client in clients
            if appid not in client.scopes_by_app
        }
        covered = [
            each for each in others.values() if self.scopes_of(each, appid) is not None
        ]
        return (*named, *covered)

    def known_user(self, sub: str) -> KnownUser | None:
        """Return the user with this sub if an operator has entered one.

        Read by id: there may be too many users for a listing.
        """
        return self.known_user_by_id(document_id(sub))

    def known_user_by_id(self, id_: str) -> KnownUser | None:
        """Return the user of the document `people/{id}`, or None."""
        return self._of("people", id_, _known_user)

    def alert(self, name: str) -> Alert | None:
        """Return the alert with this name, or None."""
        return self._of("alerts", name, _alert)

    def gateway_settings(self) -> GatewaySettings:
        """Return the settings that need no restart; the defaults without a document.

        The defaults as well where the document cannot be read, or is away: pages need
        them, and no page fails for them.
        """
        try:
            found = self._of(SETTINGS_KIND, SETTINGS_ID, _gateway_settings)
        except (ServiceUnavailable, UnreadableDocument):
            return DEFAULTS
        return found or DEFAULTS

    def alerts(self) -> tuple[Alert, ...]:
        """Return all alerts, as `apps` does."""
        listing = self._listing("alerts", FRESH_SECONDS, FIRST_SECONDS)
        return self._models("alerts", listing, _alert).all

    def admits(
        self, client: Client, sub: str, profile: Mapping[str, Any] | None = None
    ) -> bool:
        """Tell whether the user with this sub may sign in to the client.

        The profile has the departments of a member of WeCom, which are groups.
        """
        if client.allow == ANYONE:
            return True
        return admits(client, sub, self.known_user(sub), groups_of(profile or {}))

    def page_origins(self, *, within: float, at_once: float = 0.0) -> Set[str]:
        """Return the origins of enabled public clients, of a listing of that time.

        Of one of at most `at_once` seconds while it is renewed.
        """
        return self._listed_clients(within, at_once).origins

    def client_of(self, secret: str) -> Client | None:
        """Return the client that has this secret, or None."""
        client = self.client(client_id_of(secret))
        # An unknown client takes the same path as a wrong secret.
        known = client or _NOBODY
        return client if known.owns(secret) else None

    def apps_of(self, client: Client) -> list[App]:
        """Return the client's apps in the order of its document.

        UnreadableDocument if there is none that can be read, and one that cannot.
        """
        found: list[App] = []
        fault: UnreadableDocument | None = None
        for appid in client.scopes_by_app:
            if appid.endswith("*"):
                continue
            try:
                app = self.app(appid)
            except UnreadableDocument as error:
                fault = error
            else:
                found += [app] if app else []
        if fault and not found:
            raise fault
        return found

    def state_of(self, client_id: str) -> str:
        """Return "missing", "unreadable" if it or one of its apps is that, or "ok"."""
        try:
            client = self.client(client_id)
            for appid in client.scopes_by_app if client else ():
                self.app(appid)
        except UnreadableDocument:
            return "unreadable"
        return "ok" if client else "missing"

    def unreadable(self, *, within: float = FRESH_SECONDS) -> tuple[str, ...]:
        """Return the names of all documents that cannot be used."""
        apps = self._listed_apps(within, FIRST_SECONDS)
        return apps.unreadable + self._listed_clients(within).unreadable

    def _listed_apps(self, within: float, first: float) -> _Listed[App]:
        listing = self._listing("apps", within, first)
        known = self._apps
        if known is None or known.listing is not listing:
            known = self._apps = self._models("apps", listing, _app)
        return known

    def _listed_clients(self, within: float, at_once: float = 0.0) -> _Listed[Client]:
        listing = self._listing("clients", within, FIRST_SECONDS, at_once)
        known = self._clients
        if known is None or known.listing is not listing:
            known = self._models("clients", listing, _client)
            by_app: dict[str, tuple[Client, ...]] = {}
            for client in known.all:
                for appid in client.scopes_by_app:
                    by_app[appid] = (*by_app.get(appid, ()), client)
            origins = frozenset(
                origin
                for client in known.all
                if client.public and not client.disabled
                for origin in client.origins
            )
            known = self._clients = replace(known, by_app=by_app, origins=origins)
        return known

    def _listing(
        self, kind: str, within: float, first: float, at_once: float = 0.0
    ) -> Listing:
        try:
            return self._documents.listing(
                kind, within=within, first=first, at_once=at_once
            )
        except OSError:
            raise ServiceUnavailable from None

    def _models(
        self, kind: str, listing: Listing, make: Callable[[str, Document], T]
    ) -> _Listed[T]:
        found: list[T] = []
        unreadable = [f"{kind}/{id_}" for id_ in listing.unreadable]
        for id_, document in listing.documents.items():
            try:
                found.append(self._model(kind, id_, document, make))
            except UnreadableDocument:
                unreadable.append(f"{kind}/{id_}")
        return _Listed(listing, tuple(found), tuple(unreadable))

    def can_use(self, kind: str, id_: str, document: Document) -> bool:
        """Tell whether this version of a document has fields of the right types."""
        try:
            _MAKERS[kind](id_, document)
        except _UNUSABLE:
            return False
        return True

    def _of(self, kind: str, id_: str, make: Callable[[str, Document], T]) -> T | None:
        try:
            document = self._documents.read(kind, id_)
        except OSError:
            raise ServiceUnavailable from None
        return None if document is None else self._model(kind, id_, document, make)

    def _model(
        self,
        kind: str,
        id_: str,
        document: Document,
        make: Callable[[str, Document], T],
    ) -> T:
        # A document stays the same for two seconds, and a call reads it three times.
        made: T | None
        known, made = self._made.get((kind, id_), (None, None))
        if known is not document:
            try:
                made = make(id_, document)
            except _UNUSABLE:
                made = None
                name = f"{kind}/{id_}"
                log.warning("%s: version %d cannot be used", name, document.version)
            self._made[kind, id_] = document, made
        if made is None:
            raise UnreadableDocument(f"{kind}/{id_}")
        return made


@dataclass(frozen=True, slots=True)
class _Listed(Generic[T]):
    """A listing as models, with what is derived from it once."""

    listing: Listing
    all: tuple[T, ...]
    unreadable: tuple[str, ...]
    by_app: Mapping[str, tuple[T, ...]] = field(default_factory=dict)
    origins: frozenset[str] = frozenset()


def _app(appid: str, document: Document) -> App:
    fields = _fields(App, _without(document.content, "robots"))
    fields["routes"] = routes_of(fields.get("routes", ()))
    fields.pop("authorizers", None)
    if not fields.get("secret") and fields["kind"] != AUTHORIZED_KIND:
        raise ValueError("secret")
    if fields["kind"] == WECOM_KIND:
        fields |= _wecom_fields(appid, document.content)
    _fields(Defaults, fields.get("authorized_defaults", {}))
    return App(appid=appid, revision=document.version, **fields)


def _wecom_fields(appid: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an app of WeCom that are not as in the document."""
    if f"{content['corpid']}-{content['name']}" != appid:
        raise ValueError("corpid")
    keys = {each["name"]: each["key"] for each in content.get("robots", ())}
    _texts([*keys, *keys.values()])
    return {"oauth_scope": content.get("oauth_scope", "snsapi_base"), "robots": keys}


def _without(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return {key: value for key, value in content.items() if key != name}


def _client(client_id: str, document: Document) -> Client:
    fields = _fields(Client, document.content)
    scopes = document.content["scopes"]
    fields["scopes_by_app"] = {app: _texts(each) for app, each in scopes.items()}
    rate = fields.get("rate")
    fields["rate"] = Rate(**known_fields(Rate, rate)) if rate else None
    if isinstance(allow := fields.get("allow", ANYONE), tuple):
        _texts(allow)
    elif allow not in (ANYONE, KNOWN):
        # A word of a later version may mean fewer people than any of ours.
        raise ValueError("allow")
    return Client(client_id, **fields)


def _known_user(id_: str, document: Document) -> KnownUser:
    user = KnownUser(**_fields(KnownUser, document.content))
    if document_id(user.sub) != id_:
        raise ValueError("sub")
    return user


def _alert(name: str, document: Document) -> Alert:
    alert = Alert(name, **_fields(Alert, document.content))
    if alert.kind not in KINDS:
        raise ValueError("kind")
    return alert


def _gateway_settings(id_: str, document: Document) -> GatewaySettings:
    return GatewaySettings(**_fields(GatewaySettings, document.content))


def _authorizer(id_: str, document: Document) -> Authorizer:
    return authorizer_from(id_, document.version, document.content)


_MAKERS: Mapping[str, Callable[[str, Document], object]] = {
    "apps": _app,
    "clients": _client,
    "people": _known_user,
    "alerts": _alert,
    "authorizers": _authorizer,
    SETTINGS_KIND: _gateway_settings,
}
"""What makes the model of a kind."""

_UNUSABLE = (KeyError, ValueError, TypeError, AttributeError)
"""What they raise for a document that cannot be used."""


def _fields(kind: Any, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a model; TypeError for a value of another type."""
    fields = known_fields(kind, content)
    for name, value in fields.items():
        annotation = kind.__dataclass_fields__[name].type
        if annotation == "tuple[str, ...]":
            _texts(value)
        elif annotation == "Mapping[str, str]":
            _texts([*value.keys(), *value.values()])
        elif not isinstance(value, _TYPES.get(annotation, object)):
            raise TypeError(name)
    return fields


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (tuple, list)) or not all(
        isinstance(each, str) for each in value
    ):
        raise TypeError("no list of texts")
    return tuple(value)


_TYPES = {"str": str, "int": int, "bool": bool}


_NOBODY = Client("", "", {}, (f"sha256:{'0' * 32}:{'0' * 64}",))
