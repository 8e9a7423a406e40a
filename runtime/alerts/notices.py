"""Notices: conditions that have begun or are over, and their texts for a chat.

A text has each notice in Chinese and in English: the first line for people in a hurry,
then what exactly is wrong, and what mends it. No text has an openid or a secret.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from runtime.state.stored_fields import known_fields

MOST_BYTES = 3800
"""Of a text; WeCom takes 4,096 bytes, and others take more."""

LONGEST_SENTENCE = 300

TITLE = "微信网关告警 / WeChat gateway alert"

_NAMES: Mapping[str, tuple[str, str]] = {
    "credential_refused": ("凭证获取失败", "Credential cannot be fetched"),
    "address_not_allowed": ("IP 不在白名单", "IP address not allowed"),
    "quota_gone": ("接口调用额度用完", "Quota used up"),
    "ticket_old": ("component_verify_ticket 过期未到", "Verify ticket is old"),
    "dead_letters": ("推送投递失败待处理", "Dead letters"),
    "unreadable": ("配置文档无法读取", "Document unreadable"),
    "away": ("依赖服务连接失败", "Cannot be reached"),
    "other_deployment": ("Redis 属于另一个部署", "Redis of another deployment"),
    "sample": ("测试消息", "Sample"),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A condition that has begun, or is over; `of` is what it is about.

    `since` is when it began, in seconds of Unix time, `seconds` how long it lasted.
    """

    condition: str
    of: str
    says: str
    mend: str
    since: int
    is_over: bool = False
    seconds: int = 0

    def over(self, *, now: float) -> Notice:
        """Return the notice that the condition is over."""
        return replace(self, is_over=True, seconds=max(0, round(now - self.since)))


def sample(*, now: float) -> Notice:
    """Return the notice that `alert test` sends."""
    says = "This is a test: nothing is wrong."
    return Notice("sample", "alert test", says, "nothing to do", since=int(now))


def to_payload(notices: Sequence[Notice]) -> str:
    """Return the notices as text, from which `from_payload` makes them again."""
    return json.dumps([asdict(each) for each in notices], ensure_ascii=False)


def from_payload(payload: str) -> list[Notice]:
    """Return the notices that `to_payload` has written."""
    return [notice_from(each) for each in json.loads(payload)]


def notice_from(stored: Mapping[str, Any]) -> Notice:
    """Return the stored notice, without fields of a later version."""
    return Notice(**known_fields(Notice, stored))


def lines_of(notices: Iterable[Notice], *, gateway: str) -> list[str]:
    """Return the text of notices in lines.

    `gateway` is the URL of the one they tell of. What does not fit is counted.
    """
    lines, left = [TITLE, gateway], 0
    for each in notices:
        more = _lines(each)
        size = sum(len(line.encode()) + 2 for line in (*lines, *more))
        if left or size > MOST_BYTES:
            left += 1
        else:
            lines += more
    if left:
        lines.append(f"另有 {left} 条 / {left} more: manage.py status")
    return lines


def _lines(notice: Notice) -> list[str]:
    chinese, english = _NAMES.get(notice.condition, (notice.condition,) * 2)
    if notice.is_over:
        lasted = f"{max(1, round(notice.seconds / 60))} min"
        return [
            f"✅ 已恢复 / over ({lasted}): {chinese} / {english}: {notice.of}",
        ]
    return [
        f"⚠️ {chinese} / {english}: {notice.of}",
        notice.says[:LONGEST_SENTENCE],
        f"处理 / to do: {notice.mend[:LONGEST_SENTENCE]}",
    ]
