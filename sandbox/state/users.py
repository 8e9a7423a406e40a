"""Users of the platform, and their consents."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class User:
    """A user; `openid` and `subscribed` (Unix time of following) go by appid.

    `userid` goes by corpid, where the user is a member of a corp in WeCom.
    A `blocked` user is one whose sign-in to mini programs the platform refuses.
    """

    nickname: str
    avatar: str
    unionid: str
    openid: dict[str, str] = field(default_factory=dict)
    subscribed: dict[str, int] = field(default_factory=dict)
    blocked: bool = False
    phone_number: str = ""
    userid: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Consent:
    """The consent of a user; a `snapshot` one is the preview mode's virtual user."""

    appid: str
    user: User
    scope: str
    snapshot: bool = False

    @property
    def openid(self) -> str:
        """Return the user's openid at that app."""
        return self.user.openid[self.appid]

    @property
    def shows_profile(self) -> bool:
        """Tell whether nickname, picture and unionid were agreed to."""
        return self.scope in ("snsapi_userinfo", "snsapi_login")
