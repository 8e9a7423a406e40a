"""CSRF protection of the sign-out form: a token that is signed for the session."""

from __future__ import annotations

from runtime.crypto.signing import BadSignature
from runtime.errors import Forbidden
from runtime.gateway import Gateway
from runtime.sign_in.sessions import Session
from runtime.web.messages import Request, single

FORM_SECONDS = 3600


def form_token(gateway: Gateway, session: Session) -> str:
    """Return the token for a form of this session; it is valid for an hour."""
    return gateway.form_signer.sign(session.sid.encode(), now=gateway.clock())


def check_form(request: Request, gateway: Gateway, session: Session) -> None:
    """Raise Forbidden unless `_xsrf` or X-XSRFToken is this session's token."""
    if not session.by_cookie:
        # Another site cannot make a browser send a Bearer token.
        return
    token = request.header("x-xsrftoken") or single(request.form, "_xsrf") or ""
    try:
        signed = gateway.form_signer.verify(
            token, now=gateway.clock(), max_age=FORM_SECONDS
        )
    except BadSignature:
        raise Forbidden from None
    if signed != session.sid.encode():
        raise Forbidden
