"""Quotas of an app's calls to an API: per day and per minute."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone

from sandbox.clock import Clock
from sandbox.errors import WeChatError

DAILY = {
    "/cgi-bin/token": 2_000,
    "/cgi-bin/stable_token": 500_000,
    # Limited; the number is not published.
    "/cgi-bin/component/api_component_token": 2_000,
    "/cgi-bin/menu/create": 1_000,
    "/cgi-bin/menu/get": 10_000,
    "/cgi-bin/message/custom/send": 500_000,
    "/cgi-bin/message/mass/sendall": 100,
    "/cgi-bin/user/get": 500,
    "/cgi-bin/user/info": 5_000_000,
}
A_MINUTE = {
    "/cgi-bin/stable_token": 10_000,
    "/sns/oauth2/access_token": 50_000,
    "/sns/oauth2/refresh_token": 50_000,
}
CLEARS_A_MONTH = 10

_BEIJING = timezone(timedelta(hours=8))


def day_of(now: float) -> int:
    """Return the number of the day on the platform's calendar, which is UTC+8."""
    return int((now + 8 * 3600) // 86400)


class Quota:
    """Counts of calls a day; days begin at 00:00 UTC+8."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._days: Counter[tuple[str, str, int]] = Counter()
        self._minutes: Counter[tuple[str, str, int]] = Counter()
        self._clears: Counter[tuple[str, str]] = Counter()

    def spend(self, appid: str, path: str) -> None:
        """Count one call; WeChatError 45009 (day) or 45011 (minute) if over."""
        now = self._clock.now()
        today = (appid, path, day_of(now))
        minute = (appid, path, int(now // 60))
        if path in DAILY and self._days[today] >= DAILY[path]:
            raise WeChatError(45009)
        if path in A_MINUTE and self._minutes[minute] >= A_MINUTE[path]:
            raise WeChatError(45011)
        self._days[today] += 1
        self._minutes[minute] += 1

    def used(self, appid: str, path: str) -> int:
        """Return today's calls of that API."""
        return self._days[appid, path, day_of(self._clock.now())]

    def clear(self, appid: str) -> None:
        """Forget the app's calls of today; WeChatError 48006 the 11th time a month."""
        now = self._clock.now()
        month = (appid, datetime.fromtimestamp(now, _BEIJING).strftime("%Y-%m"))
        if self._clears[month] >= CLEARS_A_MONTH:
            raise WeChatError(48006)
        self._clears[month] += 1
        for owner, path, day in list(self._days):
            if owner == appid:
                del self._days[owner, path, day]
