"""Links to WeChat's page on which an account authorises a component.

WeChat wants them on a page of the component's registered host, which it knows by the
Referer, and takes the merchant's browser back to a URL on the same host.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

BOTH_KINDS = "3"
"""The auth_type of official accounts and mini programs; WeChat wants one."""


@dataclass(frozen=True, slots=True)
class Offered:
    """Choice of a merchant: kinds of accounts, one account, permission sets.

    In WeChat's own words: `auth_type` is a number, `biz_appid` wins over it, `category`
    has numbers of permission sets with `|` between them.
    """

    auth_type: str = ""
    biz_appid: str = ""
    category: str = ""


class EntryLinks:
    """Links for a computer, where WeChat shows a QR code, and for WeChat's browser."""

    def __init__(self, *, mp_url: str, open_url: str, base_url: str) -> None:
        self._mp_url = mp_url
        self._open_url = open_url
        self._base_url = base_url

    def on_computer(
        self, component: str, pre_auth_code: str, state: str, offered: Offered
    ) -> str:
        """Return the link for a browser on a computer."""
        query = self._query(component, pre_auth_code, state, offered)
        return f"{self._mp_url}/cgi-bin/componentloginpage?{query}"

    def in_wechat(
        self, component: str, pre_auth_code: str, state: str, offered: Offered
    ) -> str:
        """Return the link for WeChat's own browser, which wants the fragment."""
        query = self._query(component, pre_auth_code, state, offered)
        page = f"{self._open_url}/wxaopen/safe/bindcomponent"
        return f"{page}?action=bindcomponent&no_scan=1&{query}#wechat_redirect"

    def _query(
        self, component: str, pre_auth_code: str, state: str, offered: Offered
    ) -> str:
        back = f"{self._base_url}/oauth_callback/{component}/authorized?state={state}"
        pairs = {
            "component_appid": component,
            "pre_auth_code": pre_auth_code,
            "redirect_uri": back,
            "auth_type": offered.auth_type or BOTH_KINDS,
            "biz_appid": offered.biz_appid,
            "category_id_list": offered.category,
        }
        given = {name: value for name, value in pairs.items() if value}
        return urlencode(given, quote_via=quote, safe="")
