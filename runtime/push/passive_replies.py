"""Replies to pushes: what a service may say, and whom it may address.

    text                       Content
    image, voice               Image or Voice: MediaId
    video                      Video: MediaId, Title, Description
    music                      Music: Title, Description, MusicUrl, HQMusicUrl,
                               ThumbMediaId
    news                       ArticleCount, Articles: item with Title, Description,
                               PicUrl, Url
    transfer_customer_service  TransInfo: KfAccount, or nothing
    miniprogrampage            Title, AppId, PagePath, ThumbMediaId

The last one is sent as a customer-service message only, and the last but one is
WeChat's answer to its request only: all that a mini program's may be. A mini program's
customer-service messages are text, image and miniprogrampage. An app of WeCom has types
of its own, see `wecom_replies`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from runtime.push.message_fields import (
    ITEM,
    Fields,
    read_fields,
    write_json,
    write_xml,
)
from runtime.push.push_message import Message, UnreadableMessage, read_message
from runtime.push.wecom_replies import (
    ROBOT_NEEDED,
    WECOM_MESSAGES,
    WECOM_NEEDED,
    WECOM_PASSIVE,
    is_of_robot,
    robot_type,
)
from runtime.registry.models import App

TRANSFER = "transfer_customer_service"

PAGE = "miniprogrampage"

LARGEST_REPLY = 64 * 1024

LONGEST_TEXT = 2048
"""Bytes of a text; that WeChat takes no more is not confirmed."""

Sender = Literal["account", "miniprogram", "wecom"]
"""Who replies: an account of WeChat, a mini program, or an app of WeCom."""

Reason = Literal[
    "unreadable",
    "signature",
    "key",
    "receive_id",
    "not_expected",
    "type",
    "fields",
    "addressee",
    "size",
]


class BadReply(Exception):
    """An answer that WeChat would not take; `reason` is for operators.

    `unreadable`: neither empty, `success`, XML nor JSON; `signature`: encrypted, and
    not signed with the route's token; `key`: not encrypted with the route's key;
    `receive_id`: encrypted for another account; `not_expected`: encrypted, and the
    route is plain; `type`: no MsgType that this account may answer with; `fields`:
    without what its type needs; `addressee`: FromUserName and ToUserName are not those
    of the push, swapped; `size`: larger than WeChat takes.
    """

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Reply:
    """A passive reply, in the form of its push, XML or JSON.

    `known_type` is its MsgType, if whoever makes it has read that already.
    """

    body: bytes = field(repr=False)
    is_json: bool
    known_type: str = field(default="", repr=False, compare=False)

    @property
    def fields(self) -> Fields:
        """Return its fields with all that lies within them."""
        return read_fields(read_message(self.body))

    @property
    def type(self) -> str:
        """Return its MsgType."""
        return self.known_type or read_message(self.body).msg_type

    def is_passive(self, sender: Sender) -> bool:
        """Tell whether it may be the answer to the platform's request."""
        return may_be_passive(self.type, sender)


def sender_for(app: App) -> Sender:
    """Return who replies for an app."""
    if app.kind == "miniprogram":
        return "miniprogram"
    return "wecom" if app.is_wecom else "account"


def may_be_passive(type_: str, sender: Sender) -> bool:
    """Tell whether a reply of this type may be the answer to the platform's request."""
    return type_ in _PASSIVE[sender]


def check_reply(
    body: bytes,
    push: Message,
    sender: Sender,
    *,
    may_send: bool = False,
    longest_text: float = LONGEST_TEXT,
) -> Reply:
    """Return the reply to the push; BadReply if it is none.

    It stays as it is, unless only one of both is JSON. With `may_send` it may also be
    one that is sent as a customer-service message only.
    """
    if len(body) > LARGEST_REPLY:
        raise BadReply("size")
    if sender == "wecom" and is_of_robot(push):
        return _robots_reply(body)
    try:
        message = read_message(body)
        fields = read_fields(message, root="xml")
        if message.is_json != push.is_json:
            body = write_json(fields) if push.is_json else write_xml(fields)
    except UnreadableMessage:
        raise BadReply("unreadable") from None
    kind = message.msg_type
    is_sent = may_send and kind in MESSAGES[sender]
    if kind not in _PASSIVE[sender] and not is_sent:
        raise BadReply("type")
    if (message.to_user, message.openid) != (push.openid, push.to_user):
        raise BadReply("addressee")
    has_its_fields = {**_NEEDED, **WECOM_NEEDED}.get(kind)
    if has_its_fields is None:  # a robot's, in an answer to an app's push
        raise BadReply("type")
    if not has_its_fields(fields):
        raise BadReply("fields")
    if len(message.content.encode(errors="replace")) > longest_text:
        raise BadReply("size")
    return Reply(body, push.is_json, kind)


def _robots_reply(body: bytes) -> Reply:
    """Return the reply to a push of a robot of WeCom, which names nobody."""
    try:
        message = read_message(body)
        fields = read_fields(message)
    except UnreadableMessage:
        raise BadReply("unreadable") from None
    if not message.is_json:
        raise BadReply("unreadable")
    kind = robot_type(fields)
    if kind not in ROBOT_NEEDED:
        raise BadReply("type")
    if not ROBOT_NEEDED[kind](fields):
        raise BadReply("fields")
    return Reply(body, True, kind)


def articles_of(fields: Fields) -> list[Any]:
    """Return the articles of a reply of the type `news`."""
    articles = fields.get("Articles")
    items = articles.get(ITEM) if isinstance(articles, Mapping) else articles
    if isinstance(items, Mapping):  # JSON may have one without a list
        return [items]
    return items if isinstance(items, list) else []


def _has_text(fields: Any, *names: str) -> bool:
    if not isinstance(fields, Mapping):
        return False
    return any(isinstance(fields.get(name), str) and fields[name] for name in names)


def _has_articles(fields: Fields) -> bool:
    articles = articles_of(fields)
    return (
        bool(articles)
        and all(_has_text(each, "Title", "Description", "Url") for each in articles)
        and str(fields.get("ArticleCount")) == str(len(articles))
    )


def _may_name_an_account(fields: Fields) -> bool:
    to = fields.get("TransInfo")
    return not to or _has_text(to, "KfAccount")


_NEEDED: Mapping[str, Callable[[Fields], bool]] = {
    "text": lambda fields: _has_text(fields, "Content"),
    "image": lambda fields: _has_text(fields.get("Image"), "MediaId"),
    "voice": lambda fields: _has_text(fields.get("Voice"), "MediaId"),
    "video": lambda fields: _has_text(fields.get("Video"), "MediaId"),
    "music": lambda fields: _has_text(
        fields.get("Music"), "MusicUrl", "MusicURL", "HQMusicUrl", "ThumbMediaId"
    ),
    "news": _has_articles,
    TRANSFER: _may_name_an_account,
    PAGE: lambda fields: (
        _has_text(fields, "PagePath") and _has_text(fields, "ThumbMediaId")
    ),
}

_OF_AN_ACCOUNT = frozenset(_NEEDED) - {TRANSFER, PAGE}

_PASSIVE: Mapping[Sender, frozenset[str]] = {
    "account": _OF_AN_ACCOUNT | {TRANSFER},
    "miniprogram": frozenset((TRANSFER,)),
    "wecom": WECOM_PASSIVE | frozenset(ROBOT_NEEDED),
}
"""Types that may answer the platform's request, by who replies."""

MESSAGES: Mapping[Sender, frozenset[str]] = {
    "account": _OF_AN_ACCOUNT | {PAGE},
    "miniprogram": frozenset(("text", "image", PAGE)),
    "wecom": WECOM_MESSAGES,
}
"""Types of messages that are sent apart from the request, by who replies."""
