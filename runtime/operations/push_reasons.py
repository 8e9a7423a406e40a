"""Reasons why a push, or a service's answer, is refused, each with what mends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from runtime.errors import N_
from runtime.registry.ids import WECOM_ID
from runtime.registry.models import WECOM_KIND

REFUSALS: Mapping[str, str] = {
    "signature": N_(
        "no token of the app has signed it: compare the Token in WeChat's "
        "console, or set it anew by app update APPID --push"
    ),
    "age": N_(
        "it is from another time than ours: check the clock of Redis' machine, "
        "which decides, and of this one for the check of a URL"
    ),
    "key": N_(
        "no AES key of the app decrypts it: compare the EncodingAESKey in WeChat's "
        "console, or set it anew by app update APPID --push"
    ),
    "receive_id": N_(
        "it was made for another account: the URL in the console names the "
        "appid of another one"
    ),
    "not_encrypted": N_(
        "it is plain text, and the app has an AES key: choose safe mode "
        "in the console, or app update APPID --clear encoding_aes_key "
        "previous_encoding_aes_key"
    ),
    "no_key": N_(
        "it is encrypted, and the app has no AES key: app update APPID --push, "
        "or choose plain text in the console"
    ),
    "unreadable": N_("it is neither JSON nor XML without a DTD"),
    "replayed": N_(
        "the signature of a plain push came before with another message: "
        "choose safe mode"
    ),
    "account": N_(
        "it is of another account than the path names, or of one that has not "
        "authorised the component: enter the URL as component status APPID prints it"
    ),
    "no_token": N_(
        "the app has no token, or is of a kind that takes no pushes: "
        "app update APPID --push"
    ),
}
"""By reason of a refused push: what it means, and the verb that mends it."""

_OF_WECOM: Mapping[str, str] = {
    "signature": N_(
        "no token of the app has signed it: compare the Token in WeCom's "
        "administration, or set it anew by app update APPID --push"
    ),
    "key": N_(
        "no AES key of the app decrypts it: compare the EncodingAESKey in WeCom's "
        "administration, or set it anew by app update APPID --push"
    ),
    "receive_id": N_(
        "it was made for no receiver, as a push of a robot is: if it is one, "
        "app update APPID --receive-id ''"
    ),
    "not_encrypted": N_("it is plain text, which WeCom never sends"),
}
"""The same of an app of WeCom, where it differs."""

_OTHER_RECEIVER = N_(
    "it was made for %(receiver)s, and the app takes pushes for its corpid and its "
    "receive_ids alone: if that is right, app update %(appid)s --receive-id "
    "%(receiver)s"
)


def refusal(
    outcome: str, appid: str, words: Callable[[str], str] = lambda sentence: sentence
) -> str:
    """Return the sentence for a refused push of this app, in the language of `words`.

    The outcome is a reason, of WeCom with the receiver for which the push was made.
    """
    reason, _, receiver = outcome.partition(" ")
    if receiver:
        return words(_OTHER_RECEIVER) % {"receiver": receiver, "appid": appid}
    of_wecom = re.fullmatch(WECOM_ID, appid) is not None
    sentences = {**REFUSALS, **_OF_WECOM} if of_wecom else REFUSALS
    return words(sentences.get(reason, reason)).replace("APPID", appid)


TARGETS: Mapping[str, str] = {
    "not_allowed": N_(
        "documents may not lead there: use a public https address, or add "
        "the network to PUSH_PRIVATE_NETWORKS"
    ),
    "unresolved": N_("the host has no address where the gateway runs"),
    "unreachable": N_("no connection: check host, port, certificate and firewall"),
    "timeout": N_("no answer in time"),
    "too_large": N_("the answer is larger than 64 kB"),
    "no_http": N_("what came is no HTTP answer, or the connection was cut"),
    "status": N_("a service answers a push with 200; of a copy any 2xx will do"),
}
"""By reason why a service did not take a push: what it means."""

ENDS: Mapping[str, str] = {
    "unknown": N_(
        "the process that asked the service is gone, so it may have had the push"
    ),
    "expired": N_("its target was paused for a day"),
    "client_disabled": N_("the route's client is disabled: client enable"),
    "no_route": N_("the route or the app is removed: push drop"),
    "cannot_open": N_("the key of MASTER_KEYS that encrypted it is missing"),
    "unknown_kind": N_("a later version of the gateway has stored it"),
    "error": N_("an error of the gateway: its log has a stack"),
}
"""By reason why a delivery ended, besides those of its target."""

LATE_REPLIES: Mapping[str, str] = {
    "errcode_45015": N_("the user has done nothing for 48 hours, or does not follow"),
    "errcode_45047": N_("too many messages since the user's last action"),
    "errcode_48001": N_(
        "the account may not send customer-service messages: "
        "push route update --late-reply off"
    ),
    "invaliduser": N_("WeCom knows no such member, or the member may not see the app"),
    "unlicenseduser": N_("the member has no licence for messages of this app"),
    "too_late": N_("the time in which the user may get the reply is over: push drop"),
    "wechat_away": N_("no token of WeChat, or no connection to it"),
}
"""By reason why a late reply was not sent: what it means."""

ANSWERS: Mapping[str, str] = {
    "unreadable": "the answer is neither empty, `success`, XML nor JSON",
    "signature": "the reply is not signed with the route's token: compare it, or "
    "push route update --new-secrets",
    "key": "the reply is not encrypted with the route's AES key: compare it, or push "
    "route update --new-secrets",
    "receive_id": "the reply is encrypted for another appid: the service must have "
    "that of the app",
    "not_expected": "the reply is encrypted, and the route is plain: push route "
    "update --no-plain, or let the service answer in plain text",
    "type": "WeChat takes no reply of this MsgType from this account: text, image, "
    "voice, video, music, news or transfer_customer_service, and of a mini program "
    "the last one alone",
    "fields": "the reply has not what its type needs, such as Content or MediaId",
    "addressee": "ToUserName must be the FromUserName of the push, and FromUserName "
    "its ToUserName",
    "size": "the reply is larger than WeChat takes: a text has PUSH_TEXT_BYTES "
    "at most, 2048 by default",
}
"""By reason why a service's reply is dropped: what it means."""


_WECOM_ANSWERS: Mapping[str, str] = {
    "type": "WeCom takes no reply of this type: text, image, voice, video, news, "
    "update_button or update_template_card, and of a robot text, stream, "
    "template_card, stream_with_template_card or update_template_card",
    "receive_id": "the reply is encrypted for another receiver: the service must have "
    "the corpid, or for a robot an empty text",
}


def reply_fault(reason: str, kind: str) -> str:
    """Return the sentence for a service's reply that is dropped."""
    if kind == WECOM_KIND and reason in _WECOM_ANSWERS:
        return _WECOM_ANSWERS[reason]
    return ANSWERS[reason]


def delivery(reason: str) -> str:
    """Return the sentence for a delivery that has failed."""
    if reason.startswith("status_"):
        return TARGETS["status"]
    if reason.startswith(("errcode_", "code_")) and reason not in LATE_REPLIES:
        return N_("WeChat, or the robot of an alert, has refused it: look the code up")
    return {**TARGETS, **ENDS, **LATE_REPLIES}.get(reason, "")
