"""Identifiers and secrets in WeChat's formats, all made from one seed."""

from __future__ import annotations

import base64
import random
import string

_HEX = "0123456789abcdef"
_WORD = string.ascii_letters + string.digits
_URL = _WORD + "_-"


class Ids:
    """Source of identifiers; the same seed gives the same ones in the same order."""

    def __init__(self, seed: int | str) -> None:
        self.seed = seed
        self._random = random.Random(seed)  # noqa: S311 - ids must be repeatable

    def text(self, alphabet: str, length: int) -> str:
        """Return that many characters of the alphabet."""
        return "".join(self._random.choices(alphabet, k=length))

    def number(self, low: int, high: int) -> int:
        """Return a number, both ends included."""
        return self._random.randint(low, high)

    def bytes(self, length: int) -> bytes:
        """Return that many random bytes."""
        return self._random.randbytes(length)

    def appid(self) -> str:
        """Return `wx` and 16 hex digits."""
        return "wx" + self.text(_HEX, 16)

    def secret(self) -> str:
        """Return an AppSecret: 32 hex digits."""
        return self.text(_HEX, 32)

    def original_id(self) -> str:
        """Return an account's user name: `gh_` and 12 hex digits."""
        return "gh_" + self.text(_HEX, 12)

    def push_token(self) -> str:
        """Return the Token with which pushes are signed."""
        return self.text(_WORD, 24)

    def encoding_aes_key(self) -> str:
        """Return 43 characters that are 32 bytes in base64 without its `=`."""
        while True:
            key = base64.b64encode(self.bytes(32)).decode()[:43]
            if key.isalnum():  # the console allows no `+` and no `/`
                return key

    def openid(self) -> str:
        """Return 28 characters beginning with `o`."""
        return "o" + self.text(_URL, 27)

    def unionid(self) -> str:
        """Return 28 characters beginning with `o`, like an openid."""
        return self.openid()

    def avatar(self) -> str:
        """Return the name of a user's picture."""
        return self.text(_WORD, 40)

    def access_token(self) -> str:
        """Return a number, `_` and 134 base64url characters."""
        return f"{self.number(70, 99)}_{self.text(_URL, 134)}"

    def code(self) -> str:
        """Return an OAuth or login code: 32 letters and digits."""
        return self.text(_WORD, 32)

    def ticket(self) -> str:
        """Return a jsapi or card ticket: 86 base64url characters."""
        return self.text(_URL, 86)

    def verify_ticket(self) -> str:
        """Return a component_verify_ticket."""
        return "ticket@@@" + self.text(_URL, 86)

    def pre_auth_code(self) -> str:
        """Return a code for a component's authorisation page."""
        return "preauthcode@@@" + self.text(_URL, 86)

    def auth_code(self) -> str:
        """Return the code of an account's authorisation."""
        return "queryauthcode@@@" + self.text(_URL, 86)

    def authorizer_refresh_token(self) -> str:
        """Return the refresh token of an account's authorisation."""
        return "refreshtoken@@@" + self.text(_URL, 43)

    def qrcode_ticket(self) -> str:
        """Return the ticket of a parametric QR code."""
        return "gQ" + self.text(_WORD, 92) + "=="

    def session_key(self) -> str:
        """Return a mini program's session_key: 16 bytes in base64."""
        return base64.b64encode(self.bytes(16)).decode()

    def phone_code(self) -> str:
        """Return a code of the button getPhoneNumber: 64 hex digits."""
        return self.text(_HEX, 64)

    def phone_number(self) -> str:
        """Return a mobile number as China has them: 11 digits."""
        return "13" + self.text(string.digits, 9)

    def media_id(self) -> str:
        """Return a temporary media_id: 64 base64url characters."""
        return self.text(_URL, 64)

    def material_id(self) -> str:
        """Return a permanent media_id: 43 base64url characters."""
        return self.text(_URL, 43)

    def template_id(self) -> str:
        """Return a message template's id: 43 base64url characters."""
        return self.text(_URL, 43)

    def msgid(self) -> int:
        """Return a 64-bit number beyond what JavaScript keeps exactly."""
        return self.number(10**17, 2**63 - 1)

    def uuid(self) -> str:
        """Return the id of a login QR code: 16 letters and digits."""
        return self.text(_WORD, 16)

    def rid(self, now: float) -> str:
        """Return a request id: the Unix time and two random groups, in hex."""
        return f"{int(now):08x}-{self.text(_HEX, 8)}-{self.text(_HEX, 8)}"
