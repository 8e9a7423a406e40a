"""Permission sets that a merchant grants to a component, and the calls they open."""

from __future__ import annotations

from sandbox.errors import WeChatError

NAMES: dict[str, dict[int, str]] = {
    "service": {
        1: "消息管理",
        2: "用户管理",
        3: "账号服务",
        4: "网页服务",
        6: "微信多客服",
        7: "群发与通知",
        11: "素材管理",
        15: "菜单管理",
        24: "开放平台账号管理",
    },
    "miniprogram": {
        17: "获取小程序码",
        18: "开发管理与数据分析",
        19: "客服管理",
        25: "开放平台账号管理",
        30: "基本信息管理",
    },
}
"""Names of the sets by the kind of account; the platform has many more."""

MESSAGES = {"service": 1, "miniprogram": 19}
"""The set with which a component receives an account's messages."""

# The platform tells the sets on the page of each API. The longest prefix counts, any
# one of the sets opens the call, and a path that is not here needs none.
_OPENED_BY: dict[str, tuple[int, ...]] = {
    "/cgi-bin/message/custom/": (1, 6, 19),
    "/cgi-bin/customservice/": (1, 6),
    "/customservice/": (1, 6),
    "/cgi-bin/user/": (2,),
    "/cgi-bin/tags/": (2,),
    "/cgi-bin/qrcode/": (3,),
    "/cgi-bin/shorten/": (3,),
    "/cgi-bin/ticket/": (4,),
    "/cgi-bin/template/": (7,),
    "/cgi-bin/message/template/": (7,),
    "/cgi-bin/material/": (11,),
    "/cgi-bin/media/": (1, 7, 11, 19),
    "/cgi-bin/menu/": (15,),
    "/cgi-bin/open/": (24, 25),
    "/wxa/getwxacode": (17, 18),
    "/wxa/": (18,),
}
_BY_LENGTH = sorted(_OPENED_BY, key=len, reverse=True)


def check_permission(granted: tuple[int, ...], path: str) -> None:
    """Refuse a call that none of the granted sets opens with WeChatError 61007."""
    prefix = next((one for one in _BY_LENGTH if path.startswith(one)), None)
    if prefix is not None and not set(granted) & set(_OPENED_BY[prefix]):
        raise WeChatError(61007)
