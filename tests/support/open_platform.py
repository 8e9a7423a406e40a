"""An open platform as a function: codes that work once, and accounts that withdraw."""

from __future__ import annotations

from dataclasses import dataclass, field

from runtime.errors import WeChatRefused


@dataclass
class Platform:
    """Answers the component's calls; `asked` has each with what it was asked.

    `before` is called with each name before it is answered, `after` afterwards: a
    test raises there what a network or a killed process would do.
    """

    codes: dict[str, str] = field(default_factory=dict)
    standing: dict[str, dict] = field(default_factory=dict)
    asked: list[tuple[str, dict]] = field(default_factory=list)
    before: object = None
    after: object = None
    issued: int = 0

    def authorize(self, appid, code, *, sets=(1, 15), anew=True):
        """Let an account allow these sets; anew: with another refresh token."""
        old = self.standing.get(appid)
        token = old["token"] if old and not anew else f"refresh-{code}"
        known = bool(old and not anew and old["exchanged"])
        self.standing[appid] = {"token": token, "sets": sets, "exchanged": known}
        self.codes[code] = appid

    def withdraw(self, appid):
        del self.standing[appid]
        self.codes = {code: of for code, of in self.codes.items() if of != appid}

    def ask(self, component, name, content):
        assert content.pop("component_appid") == component.appid
        self.asked.append((name, dict(content)))
        if self.before:
            self.before(name)
        answer = getattr(self, f"_{name}")(**content)
        if self.after:
            self.after(name)
        return answer

    def times(self, name):
        return sum(each == name for each, _ in self.asked)

    def _api_query_auth(self, authorization_code):
        appid = self.codes.pop(authorization_code, None)
        if appid is None:
            raise WeChatRefused(61009, "code is invalid")
        self.standing[appid]["exchanged"] = True
        self.issued += 1
        return {
            "authorization_info": {
                **self._info(appid),
                "authorizer_access_token": f"access-{self.issued}",
                "expires_in": 7200,
            }
        }

    def _api_get_authorizer_info(self, authorizer_appid):
        info = self._info(authorizer_appid)
        described = {
            "nick_name": "A shop",
            "service_type_info": {"id": 2},
            "user_name": f"gh_{authorizer_appid[2:8]}",
        }
        return {"authorizer_info": described, "authorization_info": info}

    def _api_get_authorizer_list(self, offset, count):
        if count > 500:
            raise WeChatRefused(40170, "args count exceed count limit")
        entries = [
            {
                "authorizer_appid": appid,
                "auth_time": 1,
                **({"refresh_token": one["token"]} if one["exchanged"] else {}),
            }
            for appid, one in self.standing.items()
        ]
        return {"total_count": len(entries), "list": entries[offset : offset + count]}

    def _info(self, appid):
        one = self.standing.get(appid)
        if one is None:
            raise WeChatRefused(61003, "component is not authorized by this account")
        return {
            "authorizer_appid": appid,
            "authorizer_refresh_token": one["token"] if one["exchanged"] else "",
            "func_info": [{"funcscope_category": {"id": each}} for each in one["sets"]],
        }


@dataclass
class Tokens:
    """Records what custody is given."""

    done: list[tuple] = field(default_factory=list)

    def put(self, authorizer, token, seconds, *, since):
        self.done.append(("put", authorizer.appid, token, since is None))

    def drop(self, authorizer, *, since=None):
        self.done.append(("drop", authorizer.appid))
