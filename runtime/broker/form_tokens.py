"""CSRF protection of our own forms: a token that is signed for what the form is about.

The sign-out form is about a session, a form of another page about what it names.
"""

from __future__ import annotations

from runtime.crypto.signing import BadSignature
from runtime.errors import Forbidden
from runtime.gateway import Gateway
from runtime.sign_in.sessions import Session
from runtime.web.messages import Request, single

FORM_SECONDS = 3600


def form_token(gateway: Gateway, about: bytes) -> str:
    """Return the token for a form about this; it is valid for an hour."""
    return gateway.form_signer.sign(about, now=gateway.clock())


def check_form(request: Request, gateway: Gateway, about: bytes) -> None:
    """Raise Forbidden unless `_xsrf` or X-XSRFToken is the token for such a form."""
    token = request.header("x-xsrftoken") or single(request.form, "_xsrf") or ""
    try:
        signed = gateway.form_signer.verify(
            token, now=gateway.clock(), max_age=FORM_SECONDS
        )
    except BadSignature:
        raise Forbidden from None
    if signed != about:
        raise Forbidden


def sign_out_token(gateway: Gateway, session: Session) -> str:
    """Return the token for the form that ends this session."""
    return form_token(gateway, session.sid.encode())


def check_sign_out(request: Request, gateway: Gateway, session: Session) -> None:
    """Raise Forbidden if it is another site that ends this session."""
    # Another site cannot make a browser send a Bearer token.
    if session.by_cookie:
        check_form(request, gateway, session.sid.encode())
