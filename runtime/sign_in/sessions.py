"""Sessions: a signed cookie that proves who is signed in, and the profile in Redis.

The cookie is a signed value as Tornado makes it, so a Tornado service on the same
domain reads it by `get_signed_cookie`. It holds
`{"v":1,"sub","sid","at","amr":"wechat","app"}` and no profile: so it stays small, and
no request carries a name. Of a member of WeCom `amr` is "wecom". `"way"` is there where
the sign-in was one of the ways below. A mini program stores no cookies: it sends the
same value in base64url, as a Bearer token.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runtime.crypto.encoding import base64url, from_base64url
from runtime.crypto.keys import Keys
from runtime.errors import NotSignedIn
from runtime.sign_in.sign_outs import is_ended, key_of
from runtime.state.redis_store import Entry
from runtime.web.authorization_header import bearer_of
from runtime.web.cookies import read_cookie, set_cookie, sign_cookie
from runtime.web.messages import Request

if TYPE_CHECKING:
    from runtime.sign_in.sign_outs import SignOuts
    from runtime.state.redis_store import RedisStore

COOKIE = "gateway_session"

PAGE_QR = "page_qr"
"""The way of a computer whose page showed its own address as a QR code."""

ACCOUNT_QR = "account_qr"
"""The way of a computer whose page showed a QR code that the service account made."""

WECOM_CLIENT = "wecom"
"""The way of a member whose code was certainly issued inside WeCom's client."""

WEB_VIEW = "webview"
"""The way from a mini program into its web-view."""


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in user, as the cookie proves it; `at` is the sign-in's Unix time.

    `app` is the id of the app of WeChat or WeCom, which gives an openid its meaning;
    cookies of old versions have none. `by_cookie` tells that a browser sent it by
    itself, so a request that changes something needs a proof of its own. `way` is
    PAGE_QR, ACCOUNT_QR, WEB_VIEW, WECOM_CLIENT or empty.
    """

    sub: str
    sid: str
    at: int
    app: str = ""
    by_cookie: bool = True
    way: str = ""

    @property
    def may_open_console(self) -> bool:
        """Tell whether the operators' console may take it for its user's.

        Another person can talk a user into one of the other ways.
        """
        return self.way in ("", WECOM_CLIENT)


class Sessions:
    """Sessions of signed-in users: begun, read and ended."""

    def __init__(
        self,
        store: RedisStore,
        *,
        keys: Keys,
        secure: bool,
        seconds: float,
        sign_outs: SignOuts,
        domain: str = "",
        random: Callable[[int], str] = secrets.token_urlsafe,
        on_end: Callable[[str, str], int] = lambda sub, sid: 0,
    ) -> None:
        self._store = store
        self._keys = keys
        self._secure = secure
        self._seconds = seconds
        self._sign_outs = sign_outs
        self._domain = domain
        self._random = random
        self._on_end = on_end

    @property
    def cookie_name(self) -> str:
        """Return the name, bound to https and this host by a prefix where possible."""
        return f"__Host-{COOKIE}" if self._secure and not self._domain else COOKIE

    def begin(self, sub: str, profile: Mapping[str, Any], *, now: float) -> Session:
        """Store the profile under a new session id and return the session."""
        session, entry = self.make(sub, profile, now=now)
        self._store.put_all([entry])
        return session

    def make(
        self, sub: str, profile: Mapping[str, Any], *, now: float, way: str = ""
    ) -> tuple[Session, Entry]:
        """Return a new session, and what has to be stored before it is valid."""
        app = str(profile.get("wechat_appid", ""))
        session = Session(sub, self._random(16), int(now), app=app, way=way)
        return session, self.entry(session, profile)

    def entry(self, session: Session, profile: Mapping[str, Any]) -> Entry:
        """Return what has to be stored before the session is valid."""
        text = json.dumps(profile, ensure_ascii=False).encode()
        return Entry(key_of_session(session.sid), text, self._seconds)

    def cookie(self, session: Session, *, now: float) -> tuple[str, str]:
        """Return the Set-Cookie header for a session."""
        return self._set_cookie(
            self._signed(session, now=now), max_age=int(self._seconds)
        )

    def no_cookie(self) -> tuple[str, str]:
        """Return the Set-Cookie header that deletes the cookie."""
        return self._set_cookie("", max_age=0)

    def token(self, session: Session, *, now: float) -> str:
        """Return the session as a Bearer token, which lives as long as the cookie."""
        text = self._signed(session, now=now).encode()
        return base64url(text)

    def of(self, request: Request, *, now: float) -> Session | None:
        """Return the session that the request's cookie or token proves, or None."""
        token = bearer_of(request)
        sent = request.cookies.get(self.cookie_name)
        text = read_cookie(
            self.cookie_name,
            sent if token is None else _decoded(token),
            keys=self._keys,
            now=now,
            max_age=self._seconds,
        )
        if text is None:
            return None
        try:
            fields = json.loads(text)
            sub, sid, at = fields["sub"], fields["sid"], fields["at"]
            more = {"app": fields.get("app", ""), "way": fields.get("way", "")}
            return Session(sub, sid, at, **more, by_cookie=token is None)
        except (ValueError, KeyError, TypeError):
            return None

    def profile(self, session: Session) -> Mapping[str, Any]:
        """Return the profile; NotSignedIn if the session has been ended."""
        keys = [key_of_session(session.sid), key_of(session.sub)]
        text, signed_out = self._store.get_all(keys)
        if text is None or is_ended(signed_out, since=session.at):
            raise NotSignedIn
        profile: Mapping[str, Any] = json.loads(text)
        return profile

    def end(self, session: Session) -> int:
        """End the session everywhere; return how many clients deliver is to tell."""
        self._store.remove(key_of_session(session.sid))
        # After that, so that a client which is noted meanwhile finds the session ended.
        return self._on_end(session.sub, session.sid)

    def end_all(self, sub: str) -> int:
        """End all sessions and tokens of a user that began up to now; return when.

        Deliver tells the clients that use them.
        """
        at = self._sign_outs.end_all(sub)
        self._on_end(sub, "")
        return at

    def _signed(self, session: Session, *, now: float) -> str:
        fields = {"v": 1, "sub": session.sub, "sid": session.sid, "at": session.at}
        # Only the sub of a member has a colon.
        amr = "wecom" if ":" in session.sub else "wechat"
        fields |= {"amr": amr, "app": session.app}
        if session.way:
            fields["way"] = session.way
        text = json.dumps(fields, separators=(",", ":"))
        return sign_cookie(self.cookie_name, text, keys=self._keys, now=now)

    def _set_cookie(self, value: str, *, max_age: int) -> tuple[str, str]:
        return set_cookie(
            self.cookie_name,
            value,
            max_age=max_age,
            secure=self._secure,
            domain=self._domain,
        )


def _decoded(token: str) -> str | None:
    try:
        return from_base64url(token).decode("ascii")
    except ValueError:
        return None


def key_of_session(sid: str) -> str:
    """Return the key that is there as long as the session."""
    return f"gateway:session:{{{sid}}}"
