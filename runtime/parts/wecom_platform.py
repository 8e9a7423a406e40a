"""The WeCom platform: its API, and calls for its apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.parts.foundation import lazy
from runtime.parts.wechat_platform import WeChatPlatform

if TYPE_CHECKING:
    from runtime.api_calls.token_calls import TokenCalls
    from runtime.registry.models import App
    from runtime.wecom.api import WeCom
    from runtime.wecom.calls import WeComCalls
    from runtime.wecom.reach import WeComReach
    from runtime.wecom.refused_addresses import RefusedAddresses


class WeComPlatform(WeChatPlatform):
    """Members that call WeCom; deployments without an app of it import none."""

    @lazy
    def wecom(self) -> WeCom:
        """Return the client of WeCom's API, for sign-ins and credentials."""
        return self._make_wecom()

    def _make_wecom(self, *, streams: bool = False) -> WeCom:
        from runtime.upstream.transport import pooled_transport
        from runtime.wecom.api import WeCom

        return WeCom(
            self.settings.wecom_api_url,
            self.transport
            or pooled_transport(streams=streams, proxy=self.wechat_proxy),
            seconds=self.settings.wechat_deadline_seconds,
        )

    @lazy
    def wecom_calls(self) -> WeComCalls:
        """Return the calls of WeCom's API with an app's token."""
        from runtime.wecom.calls import WeComCalls

        return WeComCalls(
            self.wecom,
            self.custody,
            proxied=self._make_wecom(streams=True),
            refused=self.refused_addresses,
        )

    @lazy
    def refused_addresses(self) -> RefusedAddresses:
        """Return the addresses that WeCom has refused, by app."""
        from runtime.wecom.refused_addresses import RefusedAddresses

        return RefusedAddresses(self.redis_store)

    @lazy
    def wecom_reach(self) -> WeComReach:
        """Return the state of WeCom as a business call finds it."""
        from runtime.wecom.reach import WeComReach

        return WeComReach(
            lambda: self.wecom_calls,
            self.wecom_apps,
            refused=lambda: self.refused_addresses.all(),
        )

    def wecom_apps(self) -> tuple[App, ...]:
        """Return all apps of WeCom."""
        return tuple(app for app in self.registry.apps() if app.is_wecom)

    def calls_of(self, app: App) -> TokenCalls:
        """Return the calls of the platform that the app belongs to."""
        return self.wecom_calls if app.is_wecom else self.calls
