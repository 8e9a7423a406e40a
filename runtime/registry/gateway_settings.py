"""Settings that need no restart: the one document `gateway/settings`."""

from __future__ import annotations

from dataclasses import dataclass

KIND = "gateway"
ID = "settings"

REDIRECT, SERVE = "redirect", "serve"


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Settings of the document, or the defaults where there is none.

    `default_language` is that of pages for who states no language. `other_hosts` tells
    whether a page that is asked for at another host than that of PUBLIC_BASE_URL leads
    there, or is served.
    """

    default_language: str = "zh_CN"
    other_hosts: str = REDIRECT

    @property
    def leads_on(self) -> bool:
        """Tell whether pages at another host lead to that of PUBLIC_BASE_URL."""
        return self.other_hosts == REDIRECT


DEFAULTS = GatewaySettings()
