"""A page with WeChat's JS-SDK, whose wx.config the gateway signs.

GATEWAY=http://127.0.0.1:8080 APPID=wx… CLIENT=demo SECRET=demo_… \\
    python examples/jssdk_page.py --port=8092
"""

from __future__ import annotations

import asyncio
import json
import os

from tornado.httpclient import AsyncHTTPClient
from tornado.httputil import url_concat
from tornado.options import define, options, parse_command_line
from tornado.web import Application, RequestHandler

PAGE = """<!doctype html>
<meta charset="utf-8">
<title>JS-SDK</title>
<script src="https://res.wx.qq.com/open/js/jweixin-1.6.0.js"></script>
<script>
var config = {};
config.jsApiList = ["updateAppMessageShareData"];
wx.config(config);
</script>
"""


class Page(RequestHandler):
    """The page; `/config` is what it gives to wx.config, for a look."""

    async def get(self, what: str) -> None:
        """Sign this page's own address: a service asks, never the browser."""
        gateway, appid = os.environ["GATEWAY"], os.environ["APPID"]
        answer = await AsyncHTTPClient().fetch(
            url_concat(
                f"{gateway}/wechat_api/{appid}/jssdk_config",
                {"url": self.request.full_url()},
            ),
            auth_username=os.environ["CLIENT"],
            auth_password=os.environ["SECRET"],
        )
        config = json.loads(answer.body)
        if what == "config":
            self.write(config)
        else:
            # `<` would end the script.
            text = json.dumps(config).replace("<", "\\u003c")
            self.write(PAGE.replace("{}", text, 1))


async def main() -> None:
    """Serve until the process is ended."""
    Application([("/(config|)", Page)]).listen(options.port, "127.0.0.1")
    print(f"ready http://127.0.0.1:{options.port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    define("port", 8092, int)
    parse_command_line()
    asyncio.run(main())
