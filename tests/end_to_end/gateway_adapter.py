"""requests' transport for an SDK that has WeChat's hosts in its code."""

from __future__ import annotations

from requests.adapters import HTTPAdapter

WECHAT = "https://api.weixin.qq.com"


class GatewayAdapter(HTTPAdapter):
    """Sends what is meant for WeChat's host to the gateway, as a hosts file would."""

    def __init__(self, url):
        super().__init__()
        self._url = url
        self.answers = []

    def send(self, request, **options):
        request.url = request.url.replace(WECHAT, self._url, 1)
        response = super().send(request, **options)
        self.answers.append(response.content)
        return response
