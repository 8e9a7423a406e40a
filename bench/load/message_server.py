"""Message server of a company, which replies to each text with the same text.

    python -m bench.load.message_server wechatpy|WeRoBot APPID

Both are on Tornado, in safe mode, as their pages show it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from importlib import import_module
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

WECHATPY, WEROBOT = "wechatpy", "WeRoBot"

TOKEN, AES_KEY = "TokenOfTheServer", "k" * 42 + "A"


def wechatpy_handler(appid: str) -> type[RequestHandler]:
    """Return the handler of a server that is written with wechatpy."""
    wechatpy: Any = import_module("wechatpy")
    crypto = import_module("wechatpy.crypto").WeChatCrypto(TOKEN, AES_KEY, appid)

    class Handler(RequestHandler):
        def post(self) -> None:
            get = self.get_query_argument
            message = wechatpy.parse_message(
                crypto.decrypt_message(
                    self.request.body,
                    get("msg_signature"),
                    get("timestamp"),
                    get("nonce"),
                )
            )
            reply = wechatpy.create_reply(message.content, message).render()
            self.write(crypto.encrypt_message(reply, get("nonce")))

    return Handler


def werobot_handler(appid: str) -> Any:
    """Return the handler of a WeRoBot."""
    werobot: Any = import_module("werobot")
    tornado: Any = import_module("werobot.contrib.tornado")

    robot = werobot.WeRoBot(
        token=TOKEN, encoding_aes_key=AES_KEY, app_id=appid, enable_session=False
    )
    robot.add_handler(lambda message: str(message.content), type="text")
    return tornado.make_handler(robot)


async def main(kind: str, appid: str) -> None:
    """Serve until the process is ended."""
    logging.disable()
    made = {WECHATPY: wechatpy_handler, WEROBOT: werobot_handler}[kind](appid)
    sockets = bind_sockets(0, "127.0.0.1")
    HTTPServer(Application([("/", made)])).add_sockets(sockets)
    print(f"ready http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
