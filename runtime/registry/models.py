"""Models of a WeChat app and of a client, as their documents describe them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.registry.authorizers import Authorizer
from runtime.registry.client_secrets import matches
from runtime.registry.routes import Route
from runtime.web.origins import origin_of, parts_of

AUTHORIZED_KIND, COMPONENT_KIND = "authorized", "component"
"""Kinds of an app's document: settings of an account that has authorised a component,
and a component of the open platform itself."""

WECOM_KIND = "wecom"
"""Kind of an app of WeCom, or of another secret of a company there."""

PUSHED_KINDS = ("service", "subscription", "miniprogram", COMPONENT_KIND, WECOM_KIND)
"""Kinds of apps to which WeChat or WeCom pushes."""

ANYONE, KNOWN = "anyone", "known"
"""Words for `allow`: every user of WeChat, or those whom an operator has entered."""

TOKEN_READ = "token:read"
"""The scope for reading the real access_token; no path pattern covers it."""

_LOOPBACK = re.compile(r"http://(?:127\.0\.0\.1|\[::1\])")


@dataclass(frozen=True, slots=True)
class App:
    """An account of WeChat or an app of WeCom; `revision` is its document's version.

    `token_mode` is "stable" (/cgi-bin/stable_token) or "plain" (/cgi-bin/token),
    `subject` is "openid" or "unionid". `js_domains` are the hosts whose pages may use
    wx.config, `api_hosts` WeChat's hosts in the order in which they are tried.
    `oauth_scope` is the scope of a sign-in inside WeChat, "snsapi_userinfo" or the
    silent "snsapi_base". `domain_proofs` has the texts of files at the root by which
    others check whose domain this is, by name; `mp_verify` has those of MP_verify_X.txt
    by X alone, as version 0.1.0 wrote them.
    `token` and `encoding_aes_key` are those of pushes, with which WeChat signs and
    encrypts; without the key pushes are plain text. The previous ones are accepted too.
    `routes` say in their order which services get the pushes.

    A component has `authorized_defaults`: fields of the accounts that authorise it and
    have no document, whose `routes` are the component's. Such an account has no
    `secret`, and `authorizers` are its authorisations, of which `in_force` picks one.

    An app of WeCom is one secret of the company `corpid`: `name` is its agentid, or a
    word for what has none, and `appid` both with a hyphen between. `robots` are the
    webhook keys of group robots by name. `groups_from_departments` tells whether a
    member's departments are groups of the user. Its pushes are encrypted for the corpid
    or one of `receive_ids`, of which an empty text is that of a robot.
    """

    appid: str
    kind: str
    secret: str = field(default="", repr=False)
    revision: int = 0
    token_mode: str = "stable"
    subject: str = "openid"
    js_domains: tuple[str, ...] = ()
    api_hosts: tuple[str, ...] = ()
    oauth_scope: str = "snsapi_userinfo"
    mp_verify: tuple[str, ...] = ()
    domain_proofs: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default="", repr=False)
    encoding_aes_key: str = field(default="", repr=False)
    previous_token: str = field(default="", repr=False)
    previous_encoding_aes_key: str = field(default="", repr=False)
    routes: tuple[Route, ...] = ()
    authorized_defaults: Mapping[str, Any] = field(default_factory=dict)
    authorizers: tuple[Authorizer, ...] = ()
    corpid: str = ""
    name: str = ""
    robots: Mapping[str, str] = field(default_factory=dict, repr=False)
    groups_from_departments: bool = False
    receive_ids: tuple[str, ...] = ()

    @property
    def is_wecom(self) -> bool:
        """Tell whether it is WeCom that this app belongs to."""
        return self.kind == WECOM_KIND

    @property
    def agentid(self) -> str:
        """Return the agentid of an app of WeCom; "" of a secret without one."""
        return self.name if self.is_wecom and self.name.isdigit() else ""

    @property
    def is_authorized(self) -> bool:
        """Tell whether a component acts for this account, which has no secret here."""
        return bool(self.authorizers)

    @property
    def takes_pushes(self) -> bool:
        """Tell whether something pushes to this kind, and the app has a token for it.

        WeCom always encrypts.
        """
        if self.is_wecom:
            return bool(self.token and self.encoding_aes_key)
        return bool(self.token) and self.has_access_token

    @property
    def takes_component_events(self) -> bool:
        """Tell whether it is a component with the secrets of its pushes.

        An open platform always encrypts.
        """
        return self.kind == "component" and bool(self.token and self.encoding_aes_key)

    @property
    def has_access_token(self) -> bool:
        """Tell whether an access_token is issued for this kind of app."""
        return self.kind in ("service", "subscription", "miniprogram", WECOM_KIND)


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate limit: a token bucket of `burst`, refilled by `per_second`."""

    per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Client:
    """A business service: which app it may use for what, and how it authenticates.

    `scopes_by_app` maps an appid to path patterns such as `/cgi-bin/message/*`, and the
    word `token:read`. Tokens of an `epoch` other than the current one are invalid.
    `rate` None is no limit; `session_key` tells whether jscode2session returns it.

    A `public` client has no secret and authenticates by PKCE alone; `pkce` is
    "required" or, for other clients, "optional". A `native` one may use any port of
    127.0.0.1 in its callback URL. `home` is the page where its users start again,
    `logo` and `favicon` are data: URIs, `brand_colors` those of its buttons, `terms`
    and `privacy` URLs. `subject_type` is "public" or "pairwise"; a pairwise client
    gets identifiers of its own, made with `pairwise_salt`. `snapshot_users` is "page"
    or "deny". Pages of `frame_origins` may show the QR code in a frame of theirs. With
    an `email_domain` users get made-up addresses below that domain.
    `allow` says who may sign in: ANYONE, KNOWN, or the groups of which one is enough.
    `preset` names the kind of client that it was added as, "" for none.
    `default_apps` names, by corpid, the app of WeCom that its secret alone means.
    `introspects` names the clients of whose tokens it may learn the facts.
    With `openids` it is told a user's openids with all of its apps.

    With `page_qr` a computer shows a page's own address as a QR code even where there
    is a website app; with `account_qr` a QR code that the service account makes.
    `confirm` is "digits" or "tap": what either sign-in takes.
    `backchannel_logout_uri` is where it is told that a session has ended, by a token
    that always has the session's `sid`, whether that is required or not.
    """

    client_id: str
    name: str
    scopes_by_app: Mapping[str, tuple[str, ...]]
    secret_hashes: tuple[str, ...] = field(repr=False)
    origins: tuple[str, ...] = ()
    epoch: int = 1
    disabled: bool = False
    redirect_uris: tuple[str, ...] = ()
    rate: Rate | None = None
    session_key: bool = False
    public: bool = False
    native: bool = False
    pkce: str = "required"
    home: str = ""
    logo: str = ""
    favicon: str = ""
    brand_colors: tuple[str, ...] = ()
    terms: str = ""
    privacy: str = ""
    subject_type: str = "public"
    pairwise_salt: str = field(default="", repr=False)
    snapshot_users: str = "page"
    email_domain: str = ""
    page_qr: bool = False
    account_qr: bool = False
    confirm: str = "digits"
    js_domains: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    backchannel_logout_uri: str = ""
    backchannel_logout_session_required: bool = False
    frame_origins: tuple[str, ...] = ()
    allow: str | tuple[str, ...] = ANYONE
    openids: bool = False
    introspects: tuple[str, ...] = ()
    default_apps: Mapping[str, str] = field(default_factory=dict)
    preset: str = ""

    def owns(self, secret: str) -> bool:
        """Tell whether the secret is one of this client's."""
        found = [matches(secret, known) for known in self.secret_hashes]
        return any(found) and not self.disabled


def is_registered(client: Client, redirect_uri: str) -> bool:
    """Tell whether the client has registered this callback URL (RFC 9700, 2.1)."""
    if redirect_uri in client.redirect_uris:
        return True
    loopback = _LOOPBACK.match(redirect_uri) if client.native else None
    if loopback is None or parts_of(redirect_uri) is None:
        return False
    rest = redirect_uri[len(origin_of(redirect_uri)) :]
    return loopback[0] + rest in client.redirect_uris


def home_of(client: Client, address: str) -> str | None:
    """Return the client's home, or else the root page of this URL of its own.

    None for a native client without a home: its loopback server has no root page.
    """
    if client.home:
        return client.home
    origin = "" if client.native else origin_of(address)
    return f"{origin}/" if origin else None
