"""Mini programs: the client's mini program, and the user behind a js_code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from runtime.errors import GatewayError, WeChatUnavailable
from runtime.registry.authorizers import in_force
from runtime.registry.models import App, Client
from runtime.registry.registry import Registry
from runtime.registry.sign_in_apps import none_of_kind
from runtime.registry.subjects import subject_of
from runtime.wechat.api import WeChat
from runtime.wechat.component_errors import not_authorized
from runtime.wechat.session_keys import SessionKeys

if TYPE_CHECKING:
    from runtime.wechat.component_tokens import ComponentTokens

KIND = "miniprogram"


class UnknownMiniProgram(GatewayError):
    """The client has no such mini program, or several and none was named."""

    status = 400
    errcode = 40013
    code = "unknown_mini_program"
    message = "The client has no such mini program, or several and none was named."


@dataclass(frozen=True, slots=True)
class MiniProgramUser:
    """A user who signed in, in WeChat's terms; `unionid` is empty if it gave none."""

    openid: str
    unionid: str
    session_key: str = field(repr=False)

    def subject(self, app: App) -> str:
        """Return the user's subject at the gateway; see `subject_of`."""
        return subject_of(app, self.openid, self.unionid)


def mini_program_of(client: Client, appid: str | None, *, registry: Registry) -> App:
    """Return the client's mini program with this appid, or its only one without.

    One that has authorised a component has to be named, unless the client's scopes
    name it.
    """
    named = [key for key in client.scopes_by_app if not key.endswith("*")]
    if appid is not None:
        named = [appid] if registry.scopes_of(client, appid) is not None else []
    found = [app for app in map(registry.app, named) if app and app.kind == KIND]
    if len(found) != 1:
        raise UnknownMiniProgram(cause=none_of_kind(client, appid, found, KIND))
    return found[0]


class MiniPrograms:
    """Sign-in of users by their js_codes, whose session_keys are saved."""

    def __init__(
        self,
        wechat: WeChat,
        session_keys: SessionKeys,
        *,
        components: Callable[[], ComponentTokens] | None = None,
    ) -> None:
        self._wechat = wechat
        self._components = components
        self._session_keys = session_keys

    def sign_in(
        self,
        client: Client,
        app: App,
        js_code: str,
        *,
        check: Callable[[MiniProgramUser], None],
    ) -> MiniProgramUser:
        """Return the user behind a js_code; WeChatRefused with WeChat's reason.

        `check` raises for a user whom the client does not admit, before anything of
        the user is stored. Never retried: the first request spends the code.
        """
        answer = self._session(app, js_code)
        names = ("openid", "unionid", "session_key")
        found = [answer.get(name) or "" for name in names]
        if not all(isinstance(each, str) for each in found):
            raise WeChatUnavailable
        user = MiniProgramUser(*found)
        if not user.openid or not user.session_key:
            raise WeChatUnavailable
        check(user)
        self._session_keys.save(client, app.appid, user.openid, user.session_key)
        return user

    def _session(self, app: App, js_code: str) -> Mapping[str, Any]:
        query = {
            "appid": app.appid,
            "js_code": js_code,
            "grant_type": "authorization_code",
        }
        if app.secret or not self._components:
            query = {"appid": app.appid, "secret": app.secret, **query}
            target = f"/sns/jscode2session?{urlencode(query)}"
            return self._wechat.call("GET", target, hosts=app.api_hosts)
        authorizer = in_force(app.authorizers)
        if authorizer is None:
            raise not_authorized()
        path = "/sns/component/jscode2session"
        return self._components().on_behalf(authorizer, path, query)
