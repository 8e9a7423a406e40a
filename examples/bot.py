"""A bot that answers what a user writes; it thinks as long as a language model does.

TOKEN=… AES_KEY=… APPID=wx… python examples/bot.py --port=8094 --think=12

TOKEN and AES_KEY are printed by `manage.py push route add APPID --client bot --url
http://127.0.0.1:8094/wechat --reply`, after `manage.py client add Bot`. The user of a
service account gets an answer that comes after WeChat's five seconds, too.
"""

from __future__ import annotations

import asyncio
import os

from tornado.options import define, options, parse_command_line
from tornado.web import Application, RequestHandler
from wechatpy import create_reply, parse_message  # type: ignore[import-untyped]
from wechatpy.crypto import WeChatCrypto  # type: ignore[import-untyped]


async def answer_to(text: str) -> str:
    """Return what the model says; this stand-in takes its time and repeats."""
    await asyncio.sleep(options.think)
    return f"You said: {text}"


class Bot(RequestHandler):
    """A message server as WeChat knows it, in safe mode."""

    async def post(self) -> None:
        """Answer a message of a user by a passive reply."""
        crypto = WeChatCrypto(
            os.environ["TOKEN"], os.environ["AES_KEY"], os.environ["APPID"]
        )
        names = ("msg_signature", "timestamp", "nonce")
        signature, timestamp, nonce = map(self.get_query_argument, names)
        opened = crypto.decrypt_message(self.request.body, signature, timestamp, nonce)
        message = parse_message(opened)
        if message.type != "text":
            self.finish("success")
            return
        reply = create_reply(await answer_to(message.content), message).render()
        self.finish(crypto.encrypt_message(reply, nonce, timestamp))


async def main() -> None:
    """Serve until the process is ended."""
    Application([("/wechat", Bot)]).listen(options.port, "127.0.0.1")
    print(f"ready http://127.0.0.1:{options.port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    define("port", 8094, int)
    define("think", 0.0, float, help="seconds until the answer")
    parse_command_line()
    asyncio.run(main())
