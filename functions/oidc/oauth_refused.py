"""What the token endpoint refuses, in RFC 6749's own codes."""

from __future__ import annotations

from runtime.errors import GatewayError


class OAuthRefused(GatewayError):
    """The request is refused; `code` is one of RFC 6749, 5.2."""

    status = 400

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
