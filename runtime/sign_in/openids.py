"""A user's openids by app, for clients that may know them.

Who signs in by QR code has an openid of the website app; a template message needs that
of the service account. Apps of one open platform give a user the same unionid, so each
sign-in with a unionid leaves its openid here for the others. This is no record of
users: it is found by the unionid alone, and ends 90 days after the last sign-in.

    gateway:openid:{HASH}:app:APPID    the user's openid with this app
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from runtime.crypto.encoding import sha256_hex
from runtime.state.redis_store import Entry, RedisStore

OPENID_SECONDS = 90 * 86400


class Openids:
    """Openids of users by app: stored at sign-in, found by a user's profile."""

    def __init__(self, store: RedisStore) -> None:
        self._store = store

    def entries(self, profile: Mapping[str, Any]) -> list[Entry]:
        """Return what a sign-in stores; nothing if WeChat gave no unionid."""
        unionid, appid = profile.get("wechat_unionid"), profile.get("wechat_appid")
        if not unionid or not appid:
            return []
        openid = str(profile["wechat_openid"]).encode()
        return [Entry(_key(unionid, appid), openid, OPENID_SECONDS)]

    def save(self, profile: Mapping[str, Any]) -> None:
        """Store the openid of a sign-in that stores nothing else at the same time."""
        if entries := self.entries(profile):
            self._store.put_all(entries)

    def of(self, profile: Mapping[str, Any], appids: Iterable[str]) -> dict[str, str]:
        """Return the user's openids with these apps, as far as they are known.

        A member of WeCom has none.
        """
        if profile.get("wecom_corpid"):
            return {}
        unionid, own = profile.get("wechat_unionid"), profile.get("wechat_appid")
        wanted = [appid for appid in appids if unionid or appid == own]
        found: dict[str, str] = {}
        if unionid and wanted:
            stored = self._store.get_all([_key(unionid, appid) for appid in wanted])
            pairs = zip(wanted, stored, strict=True)
            found = {appid: openid.decode() for appid, openid in pairs if openid}
        if own in wanted:
            found[own] = str(profile["wechat_openid"])
        return found


def _key(unionid: str, appid: str) -> str:
    user = f"gateway:openid:{{{sha256_hex(unionid)}}}"
    return f"{user}:app:{appid}"
