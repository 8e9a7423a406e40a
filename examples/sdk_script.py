"""A script with wechatpy: who follows the account. Only host and secret differ.

GATEWAY=http://127.0.0.1:8080 APPID=wx… SECRET=demo_… python examples/sdk_script.py
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wechatpy import WeChatClient  # type: ignore[import-untyped]

# Started by its path, Python would look for `client` only in this folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from client.sdk_hosts import point_requests


def main() -> None:
    """Print the followers' number, and the first of them."""
    sdk = WeChatClient(os.environ["APPID"], os.environ["SECRET"])
    point_requests(sdk._http, os.environ["GATEWAY"])
    followers = sdk.user.get_followers()
    first = sdk.user.get(followers["data"]["openid"][0])
    print(f"{followers['total']} followers, of whom one is {first['openid'][:4]}…")


if __name__ == "__main__":
    main()
