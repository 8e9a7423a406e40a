"""Industries of message templates: class and branch by id."""

from __future__ import annotations

from typing import NamedTuple


class Industry(NamedTuple):
    """An industry in the words of the wire."""

    first_class: str
    second_class: str


_BRANCHES = {
    "IT科技": (
        "互联网/电子商务",
        "IT软件与服务",
        "IT硬件与设备",
        "电子技术",
        "通信与运营商",
        "网络游戏",
    ),
    "金融业": ("银行", "基金理财信托", "保险"),
    "餐饮": ("餐饮",),
    "酒店旅游": ("酒店", "旅游"),
    "运输与仓储": ("快递", "物流", "仓储"),
    "教育": ("培训", "院校"),
    "政府与公共事业": ("学术科研", "交警", "博物馆", "公共事业非盈利机构"),
    "医药护理": ("医药医疗", "护理美容", "保健与卫生"),
    "交通工具": ("汽车相关", "摩托车相关", "火车相关", "飞机相关"),
    "房地产": ("建筑", "物业"),
    "消费品": ("消费品",),
    "商业服务": ("法律", "会展", "中介服务", "认证", "审计"),
    "文体娱乐": ("传媒", "体育", "娱乐休闲"),
    "印刷": ("印刷",),
    "其它": ("其它",),
}

# Numbered from 1 in the order above; the list is not confirmed.
INDUSTRIES = dict(
    enumerate(
        (
            Industry(first, second)
            for first, branches in _BRANCHES.items()
            for second in branches
        ),
        start=1,
    )
)
