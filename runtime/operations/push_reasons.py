"""Reasons why a push, or a service's answer, is refused, each with what mends it."""

from __future__ import annotations

from collections.abc import Mapping

REFUSALS: Mapping[str, str] = {
    "signature": "no token of the app has signed it: compare the Token in WeChat's "
    "console, or set it anew by app update APPID --push",
    "age": "it is from another time than ours: check the clock of Redis' machine, "
    "which decides, and of this one for the check of a URL",
    "key": "no AES key of the app decrypts it: compare the EncodingAESKey in WeChat's "
    "console, or set it anew by app update APPID --push",
    "receive_id": "it was made for another account: the URL in the console names the "
    "appid of another one",
    "not_encrypted": "it is plain text, and the app has an AES key: choose safe mode "
    "in the console, or app update APPID --clear encoding_aes_key "
    "previous_encoding_aes_key",
    "no_key": "it is encrypted, and the app has no AES key: app update APPID --push, "
    "or choose plain text in the console",
    "unreadable": "it is neither JSON nor XML without a DTD",
    "replayed": "the signature of a plain push came before with another message: "
    "choose safe mode",
    "no_token": "the app has no token, or is of a kind that takes no pushes: "
    "app update APPID --push",
}
"""By reason of a refused push: what it means, and the verb that mends it."""


def refusal(reason: str, appid: str) -> str:
    """Return the sentence for a refused push, of this app."""
    return REFUSALS.get(reason, reason).replace("APPID", appid)
