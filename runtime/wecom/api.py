"""WeCom's API: its host and the paths of what custody holds."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from runtime.errors import WeComRefused, WeComSecretRefused
from runtime.registry.models import App
from runtime.upstream.platform_api import PlatformApi
from runtime.wecom.errors import REFUSED_SECRET

GET_TOKEN = "/cgi-bin/gettoken"

TICKET_TARGETS = {
    "jsapi": "/cgi-bin/get_jsapi_ticket",
    "agent_config": "/cgi-bin/ticket/get?type=agent_config",
}
"""By type of ticket: the corp's for wx.config, the app's for wx.agentConfig."""

BUSINESS_CALL = "/cgi-bin/get_api_domain_ip"
"""A call that changes nothing and is open to every app.

Unlike gettoken, which works from any address, it tells whether this one is trusted.
"""


class WeCom(PlatformApi):
    """WeCom's API host."""

    refused = WeComRefused

    def get_token(self, app: App) -> dict[str, Any]:
        """Return the answer to gettoken.

        WeComSecretRefused where no repetition can help, and each one counts towards a
        ban of the address.
        """
        query = urlencode({"corpid": app.corpid, "corpsecret": app.secret})
        try:
            return self.call("GET", f"{GET_TOKEN}?{query}")
        except WeComRefused as error:
            if error.errcode in REFUSED_SECRET:
                raise WeComSecretRefused(error.errcode, error.errmsg) from None
            raise
